package guard_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterpoint/ingest/guard"
)

// site starts a server and a guard that may reach it, and nothing else on this machine.
func site(t *testing.T, o guard.Options, h http.HandlerFunc) (*guard.Guard, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	a, err := guard.ParseAllowed(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	o.Allow = append(o.Allow, a)
	g := guard.New(o)
	t.Cleanup(g.Close)
	return g, s.URL
}

func fetch(t *testing.T, g *guard.Guard, u string) (string, error) {
	t.Helper()
	res, err := g.Client().Get(u)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

// TestRefusesSpecialAddresses dials one address of each special prefix, and as many spellings of loopback as resolvers
// take. Nothing is listening there, so an error of another kind means that it was dialled.
func TestRefusesSpecialAddresses(t *testing.T) {
	g := guard.New(guard.Options{Timeout: 5 * time.Second})
	for _, host := range []string{
		"0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"240.0.0.1", "255.255.255.255", "localhost",
		"[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]",
		"[100::1]", "[2001::1]", "[2001:db8::1]", "[2002:7f00:1::]", "[3fff::1]", "[5f00::1]", "[fc00::1]", "[fd12::1]",
		"[fe80::1]", "[fec0::1]", "[ff02::1]",
	} {
		if _, err := fetch(t, g, "http://"+host+":8080/"); !errors.Is(err, guard.ErrAddress) {
			t.Errorf("%s: %v, want ErrAddress", host, err)
		}
	}
}

// TestOpenInternet looks at the addresses next to the special ones: they are somebody's host.
func TestOpenInternet(t *testing.T) {
	for _, a := range []string{
		"1.1.1.1:443", "9.255.255.255:80", "11.0.0.0:80", "100.63.255.255:80", "100.128.0.0:80", "126.255.255.255:80", "128.0.0.0:80",
		"172.15.255.255:80", "172.32.0.0:80", "192.0.1.0:80", "198.17.255.255:80", "198.20.0.0:80", "223.255.255.255:8080",
		"[2600::1]:443", "[2a00:1450::1]:443", "[2001:200::1]:443",
	} {
		if err := guard.Check(guard.Options{}, a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, port := range []int{25, 6379, 9200, 11211} {
		if err := guard.Check(guard.Options{}, fmt.Sprintf("1.1.1.1:%d", port)); !errors.Is(err, guard.ErrAddress) {
			t.Errorf("port %d: %v", port, err)
		}
	}
}

// TestAllowedNetwork opens what is named and nothing beside it.
func TestAllowedNetwork(t *testing.T) {
	f := func(entry, address string, want bool) {
		t.Helper()
		a, err := guard.ParseAllowed(entry)
		if err != nil {
			t.Fatal(err)
		}
		if err := guard.Check(guard.Options{Allow: []guard.Allowed{a}}, address); (err == nil) != want {
			t.Errorf("%s with %s open: %v", address, entry, err)
		}
	}
	f("10.20.0.0/16", "10.20.3.4:80", true)
	f("10.20.3.4/16", "10.20.200.1:80", true)
	f("10.20.0.0/16", "10.21.0.1:80", false)
	f("10.20.0.0/16", "[::ffff:10.20.0.1]:80", true)
	f("10.20.0.0/16", "10.20.3.4:6379", false)
	f("10.20.0.7", "10.20.0.7:8000", true)
	f("10.20.0.7", "10.20.0.8:8000", false)
	f("10.20.0.7:8000", "10.20.0.7:8000", true)
	f("10.20.0.7:8000", "10.20.0.7:8001", false)
	f("10.20.0.7:6379", "10.20.0.7:6379", true)
	f("fd00:1::/32", "[fd00:1::5]:80", true)
	for _, bad := range []string{"", "station.example", "10.20.0.0/33", "0.0.0.0/0", "::/0", "224.0.0.1", "10.20.0.7:x"} {
		if a, err := guard.ParseAllowed(bad); err == nil {
			t.Errorf("ParseAllowed(%q) = %v, want an error", bad, a)
		}
	}
}

// TestRedirects follows to the end of a chain, and refuses one that is too long or leads inside.
func TestRedirects(t *testing.T) {
	var inside atomic.Int64
	private := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { inside.Add(1) }))
	defer private.Close()
	g, at := site(t, guard.Options{MaxRedirects: 3}, func(w http.ResponseWriter, r *http.Request) {
		var n int
		switch fmt.Sscanf(r.URL.Path, "/%d", &n); {
		case r.URL.Path == "/inside":
			http.Redirect(w, r, private.URL, http.StatusFound)
		case r.URL.Path == "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case n > 0:
			http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
		default:
			io.WriteString(w, "the end")
		}
	})
	if got, err := fetch(t, g, at+"/3"); err != nil || got != "the end" {
		t.Errorf("three redirects: %q, %v", got, err)
	}
	if _, err := fetch(t, g, at+"/4"); !errors.Is(err, guard.ErrRedirect) {
		t.Errorf("four redirects: %v", err)
	}
	if _, err := fetch(t, g, at+"/inside"); !errors.Is(err, guard.ErrAddress) || inside.Load() != 0 {
		t.Errorf("a redirect to another port of this machine: %v, %d requests", err, inside.Load())
	}
	if _, err := fetch(t, g, at+"/file"); !errors.Is(err, guard.ErrURL) {
		t.Errorf("a redirect to a file: %v", err)
	}
}

// TestBodies counts unpacked bytes.
func TestBodies(t *testing.T) {
	g, at := site(t, guard.Options{MaxBody: 1000, MaxHeader: 4 << 10}, func(w http.ResponseWriter, r *http.Request) {
		n := 1000
		if strings.HasSuffix(r.URL.Path, "more") {
			n++
		}
		switch body := strings.Repeat("x", n); {
		case strings.HasPrefix(r.URL.Path, "/packed"):
			w.Header().Set("Content-Encoding", "gzip")
			gz := gzip.NewWriter(w)
			io.WriteString(gz, body)
			gz.Close()
		case strings.HasPrefix(r.URL.Path, "/chunked"):
			io.WriteString(w, body[:10])
			w.(http.Flusher).Flush()
			io.WriteString(w, body[10:])
		case r.URL.Path == "/brotli":
			w.Header().Set("Content-Encoding", "br")
		case r.URL.Path == "/twice":
			w.Header().Add("Content-Encoding", "gzip")
			w.Header().Add("Content-Encoding", "gzip")
		case r.URL.Path == "/304":
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(http.StatusNotModified)
		case r.URL.Path == "/headers":
			w.Header().Set("X-Long", strings.Repeat("h", 64<<10))
		default:
			io.WriteString(w, body)
		}
	})
	for _, path := range []string{"/plain", "/chunked", "/packed"} {
		if got, err := fetch(t, g, at+path); err != nil || len(got) != 1000 {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
		if got, err := fetch(t, g, at+path+"more"); !errors.Is(err, guard.ErrTooLarge) || len(got) > 1000 {
			t.Errorf("%smore: %d bytes, %v", path, len(got), err)
		}
	}
	for _, path := range []string{"/brotli", "/twice"} {
		if _, err := fetch(t, g, at+path); !errors.Is(err, guard.ErrEncoding) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if got, err := fetch(t, g, at+"/304"); err != nil || got != "" {
		t.Errorf("304: %q, %v", got, err)
	}
	if _, err := fetch(t, g, at+"/headers"); err == nil {
		t.Error("64 KiB of headers were taken")
	}
	req, _ := http.NewRequestWithContext(guard.WithLimit(t.Context(), 2000), "GET", at+"/packedmore", nil)
	res, err := g.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || len(b) != 1001 {
		t.Errorf("with a limit of its own: %d bytes, %v", len(b), err)
	}
}

// TestTimeEnds cuts off an answer whose body never ends, through the bare transport too.
func TestTimeEnds(t *testing.T) {
	g, at := site(t, guard.Options{Timeout: 50 * time.Millisecond}, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "a little")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	if _, err := fetch(t, g, at); err == nil {
		t.Error("the client waited for the end of an endless answer")
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", at, nil)
	res, err := g.RoundTrip(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the transport: %v", err)
	}
}

// TestNoProxy holds that the environment's proxy is not asked.
func TestNoProxy(t *testing.T) {
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"} {
		t.Setenv(name, proxy.URL)
	}
	a, _ := guard.ParseAllowed(proxy.Listener.Addr().String())
	g := guard.New(guard.Options{Allow: []guard.Allowed{a}, Timeout: time.Second})
	if _, err := fetch(t, g, "http://192.0.2.1/"); !errors.Is(err, guard.ErrAddress) || asked.Load() != 0 {
		t.Errorf("%v, and the proxy was asked %d times", err, asked.Load())
	}
}

// TestURLs looks at addresses as they come out of pages.
func TestURLs(t *testing.T) {
	f := func(raw string, ok bool) {
		t.Helper()
		u, err := url.Parse(raw)
		if err == nil {
			err = guard.CheckURL(u)
		}
		if (err == nil) != ok {
			t.Errorf("%q: %v", raw, err)
		}
	}
	f("http://site.example/a?b", true)
	f("https://[2600::1]/", true)
	f("ftp://site.example/", false)
	f("file:///etc/passwd", false)
	f("gopher://site.example/", false)
	f("http://a@site.example/", false)
	f("http://a:b@site.example/", false)
	f("http://site.example\\@inside.example/", false)
	f("http://site\t.example/", false)
	f("http:///path", false)
	f("//site.example/", false)
}

// TestUserAgent holds that the guard says who asks, and that a caller's own name wins.
func TestUserAgent(t *testing.T) {
	g, at := site(t, guard.Options{UserAgent: "Ours/1"}, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.UserAgent()) })
	if got, err := fetch(t, g, at); err != nil || got != "Ours/1" {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzParseAllowed holds that no entry opens what names no host.
func FuzzParseAllowed(f *testing.F) {
	for _, s := range []string{"10.0.0.0/8", "::1", "[fd00::1]:80", "0.0.0.0/0", "fe80::1%eth0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := guard.ParseAllowed(s)
		if err == nil && (a.Prefix.Contains(netip.MustParseAddr("0.0.0.0")) || a.Prefix.Contains(netip.MustParseAddr("224.0.0.1"))) {
			t.Errorf("ParseAllowed(%q) = %v", s, a)
		}
	})
}

// TestDial: a configured server of another protocol is dialled whatever its port, and where it may not be, refused.
func TestDial(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	allowed, err := guard.ParseAllowed("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	c, err := guard.New(guard.Options{Allow: []guard.Allowed{allowed}}).Dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatalf("an allowed address: %v", err)
	}
	c.Close()
	strict := guard.New(guard.Options{Timeout: time.Second})
	for _, host := range []string{"127.0.0.1:25", "localhost:587", "10.1.2.3:587", "[::1]:465", "[::ffff:127.0.0.1]:25", "169.254.169.254:25"} {
		if _, err := strict.Dial(t.Context(), "tcp", host); !errors.Is(err, guard.ErrAddress) {
			t.Errorf("Dial(%s) = %v, want ErrAddress", host, err)
		}
	}
	if err := guard.CheckPort(guard.Options{}, "1.1.1.1:587", nil); err != nil {
		t.Errorf("a mail server on the open internet: %v", err)
	}
}
