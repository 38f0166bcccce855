// Package guard is the one transport under every outgoing request of the program: crawls, feeds, webhooks. What it
// asks is decided by strangers (a link, a redirect, a name server), so it looks at the address itself when it dials,
// and bounds what an answer may cost: time, headers, redirects, and bytes as they are after unpacking.
package guard

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// The reasons for which the guard itself refuses. All are final: the same request would be refused again.
var (
	ErrAddress  = errors.New("the address is not of the open internet")
	ErrTooLarge = errors.New("the answer is larger than is kept")
	ErrEncoding = errors.New("the answer is packed in a way that was not asked for")
	ErrRedirect = errors.New("too many redirects")
	ErrURL      = errors.New("not an address that is fetched")
)

// Options bound what a request may reach and cost. The zero value is strict.
type Options struct {
	Allow        []Allowed     // of the mission's own network; empty is none
	Timeout      time.Duration // of a fetch with its redirects and body; 0 is 15 s
	MaxBody      int64         // bytes of an unpacked body; 0 is 2 MiB
	MaxHeader    int64         // bytes of the headers of an answer; 0 is 64 KiB
	MaxRedirects int           // 0 is 5
	PerHost      int           // connections to one host at a time; 0 is 8
	UserAgent    string        // of requests that name none
	Resolver     *net.Resolver // nil is the system's; tests bring their own
}

func (o Options) filled() Options {
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.MaxBody == 0 {
		o.MaxBody = 2 << 20
	}
	if o.MaxHeader == 0 {
		o.MaxHeader = 64 << 10
	}
	if o.MaxRedirects == 0 {
		o.MaxRedirects = 5
	}
	if o.PerHost == 0 {
		o.PerHost = 8
	}
	return o
}

// Guard makes guarded requests. It is safe for use by many goroutines.
type Guard struct {
	o         Options
	transport *http.Transport
}

var _ http.RoundTripper = (*Guard)(nil)

// New makes a guard.
func New(o Options) *Guard {
	g := &Guard{o: o.filled()}
	dialer := &net.Dialer{Timeout: min(g.o.Timeout, 10*time.Second), KeepAlive: 30 * time.Second, ControlContext: g.control, Resolver: o.Resolver}
	g.transport = &http.Transport{
		Proxy:                  nil, // a proxy of the environment would dial for us, unguarded
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // unpacked here, where the bytes are counted
		MaxResponseHeaderBytes: g.o.MaxHeader,
		ResponseHeaderTimeout:  g.o.Timeout,
		TLSHandshakeTimeout:    min(g.o.Timeout, 10*time.Second),
		MaxConnsPerHost:        g.o.PerHost,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    g.o.PerHost,
		IdleConnTimeout:        30 * time.Second,
	}
	return g
}

// Client is an HTTP client on the guard, for libraries that want one. It keeps no cookies.
func (g *Guard) Client() *http.Client {
	return &http.Client{Transport: g, Timeout: g.o.Timeout, CheckRedirect: g.CheckRedirect}
}

// Close closes the connections that are kept for a next request.
func (g *Guard) Close() { g.transport.CloseIdleConnections() }

// CheckRedirect ends a chain of redirects that is too long, and one to what is not fetched at all. Where the next
// hop leads to is looked at when it is dialled.
func (g *Guard) CheckRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > g.o.MaxRedirects {
		return fmt.Errorf("%w: more than %d", ErrRedirect, g.o.MaxRedirects)
	}
	return CheckURL(req.URL)
}

// CheckURL refuses what is not plain http or https to a host: other schemes, passwords in the address, and host
// names with what no host name has.
func CheckURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: scheme %.20q", ErrURL, u.Scheme)
	case u.User != nil:
		return fmt.Errorf("%w: it carries a user name", ErrURL)
	case u.Hostname() == "" || len(u.Host) > 260 || strings.ContainsFunc(u.Hostname(), strange):
		return fmt.Errorf("%w: host %.80q", ErrURL, u.Host)
	}
	return nil
}

func strange(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`<>"\^{|}/?#@%`, r) }

// control is called with the address that is about to be dialled: after the name was resolved, so that a name
// server has no second answer to give, and anew for each redirect.
func (g *Guard) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	return g.o.check(address)
}

// Dial connects to a configured server that speaks another protocol than HTTP, such as one for mail: its port is
// whichever was configured, its address is looked at as any.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: min(g.o.Timeout, 10*time.Second), Resolver: g.o.Resolver}
	d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
		return g.o.checkPort(address, nil)
	}
	return d.DialContext(ctx, network, address)
}

// limitKey is the key of a request's own limit.
type limitKey struct{}

// WithLimit lets the bodies of a context's requests be of so many unpacked bytes instead of the guard's own limit.
func WithLimit(ctx context.Context, bytes int64) context.Context {
	return context.WithValue(ctx, limitKey{}, bytes)
}

// RoundTrip makes one request of a chain. The answer's body is unpacked, counted, and cut off with an error at the
// limits of size and time.
func (g *Guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := CheckURL(req.URL); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(req.Context(), g.o.Timeout)
	out := req.Clone(ctx)
	out.Header.Set("Accept-Encoding", "gzip")
	if g.o.UserAgent != "" && out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", g.o.UserAgent)
	}
	res, err := g.transport.RoundTrip(out)
	if err != nil {
		cancel()
		return nil, err
	}
	if err := g.bound(req, res, cancel); err != nil {
		res.Body.Close()
		cancel()
		return nil, err
	}
	return res, nil
}

// bound puts the counted, unpacked body in place of the answer's.
func (g *Guard) bound(req *http.Request, res *http.Response, cancel context.CancelFunc) error {
	limit := g.o.MaxBody
	if own, ok := req.Context().Value(limitKey{}).(int64); ok {
		limit = own
	}
	b := &body{raw: res.Body, cancel: cancel, left: limit, limit: limit}
	b.r = res.Body
	switch encoding := strings.ToLower(strings.TrimSpace(strings.Join(res.Header.Values("Content-Encoding"), ","))); encoding {
	case "", "identity":
		if res.ContentLength > limit && req.Method != http.MethodHead {
			return fmt.Errorf("%w: it says %d bytes, at most %d", ErrTooLarge, res.ContentLength, limit)
		}
	case "gzip", "x-gzip":
		b.r = &unpacker{src: io.LimitReader(res.Body, limit+1)}
		res.ContentLength = -1
	default:
		return fmt.Errorf("%w: %.40q", ErrEncoding, encoding)
	}
	res.Header.Del("Content-Encoding")
	res.Header.Del("Content-Length")
	res.Uncompressed = true // so that nobody above unpacks again, as colly does for names that end in .xml.gz
	res.Body = b
	return nil
}

// unpacker opens the gzip stream at the first read: an answer without a body, such as 304, has none.
type unpacker struct {
	src io.Reader
	gz  *gzip.Reader
}

// Read unpacks.
func (u *unpacker) Read(p []byte) (int, error) {
	if u.gz == nil {
		gz, err := gzip.NewReader(u.src)
		if err != nil {
			return 0, err
		}
		u.gz = gz
	}
	return u.gz.Read(p)
}

// body is an answer's body within its limits.
type body struct {
	r           io.Reader
	raw         io.Closer
	cancel      context.CancelFunc
	left, limit int64
}

// Read reads until the limit. A body of exactly the limit is whole.
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, b.over()
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, b.over()
	}
	return n, err
}

func (b *body) over() error { return fmt.Errorf("%w: over %d bytes", ErrTooLarge, b.limit) }

// Close ends the request and its time limit.
func (b *body) Close() error {
	err := b.raw.Close()
	b.cancel()
	return err
}
