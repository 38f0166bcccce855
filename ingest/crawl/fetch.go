package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gocolly/colly/v2"

	"counterpoint/ingest/guard"
	"counterpoint/ingest/page"
)

// Agent is the name by which a robots.txt calls us.
const Agent = "Counterpoint"

// UserAgent is what we say of ourselves with each request: who asks, and where its people can be written to.
func UserAgent(contact string) string {
	if contact == "" {
		contact = "media monitoring for the protection of civilians"
	}
	return Agent + "/1.0 (+" + strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune("()", r) {
			return -1
		}
		return r
	}, contact) + ")"
}

// response is an answer read whole.
type response struct {
	status         int
	body           []byte
	kind           string // Content-Type
	etag, modified string
	retry          string // Retry-After
	url            *url.URL
}

func answerOf(res *http.Response) *response {
	r := &response{status: res.StatusCode, url: res.Request.URL}
	r.header(res.Header)
	return r
}

func (r *response) header(h http.Header) {
	r.kind, r.etag, r.modified, r.retry = h.Get("Content-Type"), h.Get("ETag"), h.Get("Last-Modified"), h.Get("Retry-After")
	if len(r.etag) > 500 {
		r.etag = ""
	}
	if len(r.modified) > 100 {
		r.modified = ""
	}
}

// retryAfter is how long a server wants to be left alone: an hour at most.
func (r *response) retryAfter(now time.Time) time.Duration {
	d := time.Duration(0)
	if s, err := strconv.Atoi(r.retry); err == nil {
		d = time.Duration(min(s, 1e6)) * time.Second
	} else if at, err := http.ParseTime(r.retry); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), time.Hour)
}

// fetcher is one worker's colly collector. Colly makes the request; when, whether and what becomes of it is ours.
type fetcher struct {
	ctx     context.Context // of the round: colly has one for each collector only
	timeout time.Duration
	c       *colly.Collector
	allow   func(*url.URL) error // asked of each redirect
	got     *response
}

// errAway refuses a redirect that leaves the site: what stands there is somebody else's.
var errAway = errors.New("leads to another site")

// errKind refuses what is no page by its type.
var errKind = errors.New("is no page")

func newFetcher(ctx context.Context, g *guard.Guard, userAgent string, allow func(*url.URL) error) *fetcher {
	f := &fetcher{ctx: ctx, c: colly.NewCollector(), allow: allow}
	// Set here, not as options: colly reads its options from the environment after those.
	f.c.UserAgent, f.c.CacheDir, f.c.MaxBodySize, f.c.MaxDepth, f.c.MaxRequests = userAgent, "", 0, 0, 0
	f.c.AllowURLRevisit, f.c.IgnoreRobotsTxt, f.c.ParseHTTPErrorResponse = true, true, true // the frontier knows, rules asks, judge reads
	f.c.DetectCharset, f.c.CheckHead, f.c.Async, f.c.TraceHTTP = false, false, false, false
	f.c.AllowedDomains, f.c.DisallowedDomains, f.c.URLFilters, f.c.DisallowedURLFilters = nil, nil, nil, nil
	client := g.Client()
	f.timeout, client.Timeout = client.Timeout, 0 // by context, which costs no goroutines
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if err := g.CheckRedirect(req, via); err != nil {
			return err
		}
		return f.allow(req.URL)
	}
	f.c.SetClient(client)
	f.c.OnResponseHeaders(func(r *colly.Response) {
		f.got = &response{status: r.StatusCode, url: r.Request.URL}
		f.got.header(*r.Headers)
		r.Headers.Del("Content-Type") // colly would decode by it, and page does
		if r.StatusCode == http.StatusOK && !isPage(f.got.kind) {
			r.Request.Abort()
		}
	})
	f.c.OnResponse(func(r *colly.Response) { f.got.body = r.Body })
	return f
}

// get asks for a page. With an error of the body there may be a response too.
func (f *fetcher) get(p Page) (*response, error) {
	f.got = nil
	ctx, cancel := context.WithTimeout(f.ctx, f.timeout)
	defer cancel()
	f.c.Context = ctx
	h := http.Header{"Accept": {"text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}}
	conditions(h, p)
	err := f.c.Request(http.MethodGet, p.URL, nil, nil, h)
	if errors.Is(err, colly.ErrAbortedAfterHeaders) {
		err = fmt.Errorf("%w: %.60s", errKind, f.got.kind)
	}
	err = bare(err)
	if err == nil && f.got == nil {
		err = errors.New("no answer")
	}
	return f.got, err
}

// bare is the error without the address, which is known.
func bare(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

// isPage is true of the types of pages, and of none at all: then the look of it decides.
func isPage(kind string) bool {
	kind, _, _ = strings.Cut(strings.ToLower(kind), ";")
	switch strings.TrimSpace(kind) {
	case "", "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream", "unknown/unknown":
		return true
	}
	return false
}

// canonicalOf is where an answer came from, as the frontier writes it.
func canonicalOf(r *response) string {
	c, _ := page.Canonical(nil, r.url.String())
	return c
}
