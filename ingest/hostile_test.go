package ingest_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gocolly/colly/v2"
	"github.com/mmcdole/gofeed"
	"golang.org/x/net/dns/dnsmessage"

	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
	"counterpoint/ingest/guard"
)

// What no attack may cost.
const (
	mostBody   = 2 << 20
	mostMemory = 64 << 20
	mostTime   = 15 * time.Second
)

// kind is the way by which an attack comes: a page that somebody links to, a site, a feed.
type kind int

const (
	onPage kind = iota // an address out of a feed, which may be anywhere
	onSite
	onFeed
)

// attack is one thing that a hostile server does. Start is where it begins: a path of the hostile server, or a whole
// address with {host} for its address and {port}, {victim} for its port and that of what must not be reached.
type attack struct {
	name  string
	kind  kind
	start string
	serve map[string]http.HandlerFunc // by path
	want  string                      // part of the reason why it is refused; empty where it is read
	reads string                      // part of what is read; for a site, how many requests are made at most
}

// attacks are the 13 of the first list, and 28 more.
func attacks() []attack {
	to := func(location string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", fill(location, r.Host))
			w.WriteHeader(http.StatusFound)
		}
	}
	at := func(h http.HandlerFunc) map[string]http.HandlerFunc { return map[string]http.HandlerFunc{"/x": h} }
	html := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			io.WriteString(w, fill(body, r.Host))
		}
	}
	raw := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		}
	}
	packed := func(encoding string, bomb []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			w.Write(bomb)
		}
	}
	endless := func(chunk string, size int64, header func(http.Header)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			if header != nil {
				header(w.Header())
			}
			for sent := int64(0); sent < size; sent += int64(len(chunk)) {
				if _, err := io.WriteString(w, chunk); err != nil {
					return
				}
			}
		}
	}
	long := strings.Repeat("x", 64<<10)
	story := `<html><body><article><p>` + strings.Repeat("The market of Bolo opened again on Monday morning after the rains. ", 12) + `</p></article>`
	return []attack{
		{name: "redirect to a service on loopback", start: "/x", serve: at(to("http://127.0.0.1:{victim}/latest/meta-data/")), want: "internet"},
		{name: "localhost", start: "http://localhost:{victim}/", want: "internet"},
		{name: "0.0.0.0", start: "http://0.0.0.0:{victim}/", want: "internet"},
		{name: "mapped IPv6", start: "http://[::ffff:127.0.0.1]:{victim}/", want: "internet"},
		{name: "address as one number", start: "http://2130706433:{victim}/", want: "2130706433"},
		{name: "gzip bomb of 300 MiB", start: "/x", serve: at(packed("gzip", gzipBomb(300))), want: "larger"},
		{name: "gzip bomb named .xml.gz", start: "/x.xml.gz", serve: map[string]http.HandlerFunc{"/x.xml.gz": packed("", gzipBomb(300))}, want: "no page"},
		{name: "body of 200 MB", start: "/x", serve: at(endless(long, 200<<20, func(h http.Header) { h.Set("Content-Length", strconv.Itoa(200<<20)) })), want: "larger"},
		{name: "drip", start: "/x", serve: at(func(w http.ResponseWriter, r *http.Request) {
			for n := 0; n < 600 && r.Context().Err() == nil; n++ {
				io.WriteString(w, "drip")
				w.(http.Flusher).Flush()
				select {
				case <-time.After(100 * time.Millisecond):
				case <-r.Context().Done():
				}
			}
		}), want: "deadline exceeded|while reading body"},
		{name: "links without end", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": manyLinks}, reads: "50"},
		{name: "redirect loop", start: "/x", serve: at(to("/x")), want: "redirects"},
		{name: "400,000 nested elements", start: "/x", serve: at(html(strings.Repeat("<div>", 400_000))), want: "more tags"},
		{name: "headers of 3 MB", start: "/x", serve: at(func(w http.ResponseWriter, r *http.Request) {
			for i := range 48 {
				w.Header().Set(fmt.Sprintf("X-Long-%d", i), long)
			}
		}), want: "header"},

		{name: "name server that changes its mind", start: "http://rebind.example:{port}/x", serve: at(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			http.NotFound(w, r)
		}), want: "internet"},
		{name: "name with only a private IPv6 address", start: "http://loopback6.example:{port}/x", want: "internet"},
		{name: "name on the private network", start: "http://private.example/x", want: "internet"},
		{name: "name behind NAT64", start: "http://nat64.example/x", want: "internet"},
		{name: "name behind 6to4", start: "http://6to4.example/x", want: "internet"},
		{name: "user name before the host", start: "/x", serve: at(to("http://site.example@127.0.0.1:{victim}/")), want: "user name"},
		{name: "tab and line end in the host", start: "/x", serve: at(to("http://127.0.0.1\t:{victim}/\r\n")), want: ""},
		{name: "port of another protocol", start: "/x", serve: at(to("http://1.1.1.1:6379/")), want: "another protocol"},
		{name: "redirect to a file", start: "/x", serve: at(to("file:///etc/passwd")), want: "scheme"},
		{name: "redirect to gopher", start: "/x", serve: at(to("gopher://127.0.0.1:{victim}/_GET")), want: "scheme"},
		{name: "robots.txt of a gigabyte", start: "/x", serve: map[string]http.HandlerFunc{"/x": html(story),
			"/robots.txt": endless("User-agent: *\nDisallow: /private\n"+strings.Repeat("# nothing\n", 6000), 1<<30, func(h http.Header) { h.Set("Content-Length", strconv.Itoa(1<<30)) })}, reads: "market of Bolo"},
		{name: "robots.txt that leads inside", start: "/x", serve: map[string]http.HandlerFunc{"/x": html(story), "/robots.txt": to("http://127.0.0.1:{victim}/robots.txt")}, want: "internet"},
		{name: "10,000 redirects", start: "/x", serve: map[string]http.HandlerFunc{"/x": to("/hop/1"), "/hop/": func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/hop/"))
			http.Redirect(w, r, fmt.Sprintf("/hop/%d", n+1), http.StatusFound)
		}}, want: "redirects"},
		{name: "cookies by the hundred", start: "/x", serve: at(func(w http.ResponseWriter, r *http.Request) {
			for i := range 400 {
				http.SetCookie(w, &http.Cookie{Name: fmt.Sprint("c", i), Value: long[:4000]})
			}
			io.WriteString(w, story)
		}), want: "header"},
		{name: "chunks without end", start: "/x", serve: at(endless(long, 1<<40, nil)), want: "larger"},
		{name: "Content-Length that lies", start: "/x", serve: at(func(w http.ResponseWriter, r *http.Request) {
			c, b, err := http.NewResponseController(w).Hijack()
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(b, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n%s", story)
			b.Flush()
			c.Close()
		}), want: "EOF"},
		{name: "deflate bomb", start: "/x", serve: at(packed("deflate", deflateBomb())), want: "packed"},
		{name: "brotli, not asked for", start: "/x", serve: at(packed("br", []byte("\x1b\x00\x00"))), want: "packed"},
		{name: "zstd, not asked for", start: "/x", serve: at(packed("zstd", []byte("\x28\xb5\x2f\xfd"))), want: "packed"},
		{name: "gzip in gzip", start: "/x", serve: at(packed("gzip, gzip", gzipBomb(1))), want: "packed"},
		{name: "entity bomb in a feed", kind: onFeed, start: "/x", serve: at(raw("text/xml", entityBomb("rss", "channel><item><title", "title></item></channel"))), want: ""},
		{name: "foreign file in a feed", kind: onFeed, start: "/x", serve: at(raw("text/xml", `<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY g SYSTEM "http://127.0.0.1:{victim}/">]>
			<rss><channel><item><title>a &f; &g;</title></item></channel></rss>`)), want: ""},
		{name: "entity bomb in a sitemap", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html("nothing"),
			"/sitemap.xml": raw("text/xml", entityBomb("urlset", "url><loc", "loc></url"))}, reads: "2"},
		{name: "sitemaps that name each other", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html("nothing"), "/sitemap.xml": sitemapLoop, "/map/": sitemapLoop}, reads: "1"},
		{name: "sitemap bomb", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html("nothing"), "/sitemap.xml": packed("", gzipBomb(300))}, reads: "1"},
		{name: "calendar without end", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": calendar}, reads: "50"},
		{name: "sessions in addresses", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": sessions}, reads: "2"},
		{name: "every address is a page", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html(story + `<a href="deeper/">on</a>`)}, reads: "7"},
		{name: "base of another host", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html(`<base href="http://127.0.0.1:{victim}/"><a href="in">in</a>`)}, reads: "2"},
		{name: "refresh to a service on loopback", kind: onSite, start: "/x/", serve: map[string]http.HandlerFunc{"/x/": html(`<meta http-equiv=refresh content="0;url=http://127.0.0.1:{victim}/"><iframe src="http://127.0.0.1:{victim}/"></iframe>`)}, reads: "1"},
		{name: "UTF-7", start: "/x", serve: at(raw("text/html; charset=utf-7", strings.ReplaceAll(story, "<p>", "<p>+ADw-script+AD4- "))), reads: "+ADw-script+AD4-"},
		{name: "UTF-16 without a mark", start: "/x", serve: at(raw("text/html", utf16le(story))), reads: "market of Bolo"},
		{name: "title of 1.9 MB", start: "/x", serve: at(html("<title>" + strings.Repeat("title ", 320_000) + "</title>" + story)), reads: "market of Bolo"},
		{name: "page of 2 MiB of words", start: "/x", serve: at(html("<article>" + strings.Repeat("<p>"+story[24:600]+"</p>", 3500))), reads: "market of Bolo"},
		{name: "page of 39,000 tags", start: "/x", serve: at(html("<article>" + strings.Repeat("<p>Bolo ok", 39_000))), want: "no article"},
		{name: "page of 2,900 elements", start: "/x", serve: at(html("<article>" + strings.Repeat("<p>Bolo ok", 2_900))), reads: "Bolo ok"},
		{name: "NUL between the letters", start: "/x", serve: at(raw("text/html; charset=utf-8", strings.ReplaceAll(story, "market", "m\x00a\x00rket"))), reads: "market of Bolo"},
		{name: "overlong UTF-8", start: "/x", serve: at(raw("text/html; charset=utf-8", strings.ReplaceAll(story, "Bolo", "B\xc0\xafolo"))), reads: "\uFFFD"},
	}
}

// fill puts addresses into a text: those of the server that was asked, and of the victim.
func fill(text, host string) string {
	_, port, _ := net.SplitHostPort(host)
	return strings.NewReplacer("{victim}", victimPort.Load().(string), "{port}", port).Replace(text)
}

var victimPort atomic.Value

func manyLinks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	for i := range 20 {
		fmt.Fprintf(w, `<a href="/x/%s%d/">x</a>`, strings.TrimPrefix(r.URL.Path, "/x/"), i)
	}
}

func calendar(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	n, _ := strconv.Atoi(r.URL.Query().Get("month"))
	fmt.Fprintf(w, `<a href="?month=%d">next</a><a href="?month=%d">before</a>`, n+1, n-1)
}

func sessions(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	for i := range 100 {
		fmt.Fprintf(w, `<a href="/x/a?PHPSESSID=%d%d">x</a><a href="/x/a;jsessionid=%d">y</a>`, i, time.Now().UnixNano(), i)
	}
}

func sitemapLoop(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, "<sitemapindex>")
	for i := range 100 {
		fmt.Fprintf(w, "<sitemap><loc>http://%s/map/%d%d</loc></sitemap>", r.Host, i, len(r.URL.Path))
	}
	fmt.Fprintf(w, "<sitemap><loc>http://%s/sitemap.xml</loc></sitemap></sitemapindex>", r.Host)
}

// gzipBomb is so many MiB of zeros, made of one MiB packed once.
func gzipBomb(mib int) []byte {
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	gz.Write(make([]byte, 1<<20))
	gz.Close()
	return bytes.Repeat(b.Bytes(), mib)
}

func deflateBomb() []byte {
	var b bytes.Buffer
	z, _ := flate.NewWriter(&b, flate.BestSpeed)
	z.Write(make([]byte, 32<<20))
	z.Close()
	return b.Bytes()
}

func entityBomb(root, open, shut string) string {
	var b strings.Builder
	b.WriteString(`<!DOCTYPE x [<!ENTITY a0 "lollollollollollollol">`)
	for i := range 12 {
		fmt.Fprintf(&b, `<!ENTITY a%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 10))
	}
	fmt.Fprintf(&b, "]><%s><%s>http://site.example/&a12;</%s></%s>", root, open, shut, root)
	return b.String()
}

func utf16le(s string) string {
	b := make([]byte, 0, 2*len(s))
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return string(b)
}

// battlefield is the hostile server, what it wants to reach, and a name server that lies.
type battlefield struct {
	attack   attack
	site     *httptest.Server
	reached  atomic.Int64
	resolver *net.Resolver
	answers  atomic.Int64 // of rebind.example
}

func newBattlefield(t testing.TB, a attack) *battlefield {
	b := &battlefield{attack: a}
	reach := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { b.reached.Add(1) })
	b.site = httptest.NewUnstartedServer(http.HandlerFunc(b.serve))
	b.site.Config.ErrorLog = nil
	b.site.Start()
	t.Cleanup(func() { b.site.CloseClientConnections(); b.site.Close() })
	victim := httptest.NewServer(reach)
	t.Cleanup(victim.Close)
	_, port, _ := net.SplitHostPort(victim.Listener.Addr().String())
	victimPort.Store(port)
	_, sitePort, _ := net.SplitHostPort(b.site.Listener.Addr().String())
	if l, err := net.Listen("tcp", "127.0.0.2:"+sitePort); err == nil { // where rebind.example leads the second time
		other := httptest.NewUnstartedServer(reach)
		other.Listener.Close()
		other.Listener = l
		other.Start()
		t.Cleanup(other.Close)
	}
	b.startNames(t)
	return b
}

// serve answers by the longest path of the attack. A robots.txt of its own there is only where the attack has one.
func (b *battlefield) serve(w http.ResponseWriter, r *http.Request) {
	best := ""
	for path := range b.attack.serve {
		if (r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)) && len(path) > len(best) {
			best = path
		}
	}
	if strings.HasPrefix(r.Host, "rebind.") {
		w.Header().Set("Connection", "close")
	}
	if best == "" {
		http.NotFound(w, r)
		return
	}
	b.attack.serve[best](w, r)
}

// startNames starts the name server.
func (b *battlefield) startNames(t testing.TB) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if answer, err := b.name(buf[:n]); err == nil {
				c.WriteTo(answer, from)
			}
		}
	}()
	b.resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", c.LocalAddr().String())
	}}
}

func (b *battlefield) name(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil || len(m.Questions) != 1 {
		return nil, errors.New("not a question")
	}
	q := m.Questions[0]
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	addr := map[string]string{"loopback6.example.": "::1", "private.example.": "10.1.2.3", "nat64.example.": "64:ff9b::7f00:1", "6to4.example.": "2002:7f00:1::1"}[q.Name.String()]
	if q.Name.String() == "rebind.example." && q.Type == dnsmessage.TypeA {
		addr = "127.0.0.1"
		if b.answers.Add(1) > 1 {
			addr = "127.0.0.2"
		}
	}
	head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 0}
	switch ip, _ := netip.ParseAddr(addr); {
	case ip.Is4() && q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}}}
	case ip.Is6() && q.Type == dnsmessage.TypeAAAA:
		m.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
	case addr == "" && q.Name.String() != "rebind.example.":
		m.RCode = dnsmessage.RCodeNameError
	}
	return m.Pack()
}

// start is the address at which the attack begins.
func (b *battlefield) start() string {
	if strings.HasPrefix(b.attack.start, "http") {
		return fill(b.attack.start, b.site.Listener.Addr().String())
	}
	return b.site.URL + b.attack.start
}

// result is what an attack came to.
type result struct {
	read     string // the words that were kept
	err      error
	requests int
	body     int // bytes kept of the largest body
	reached  int64
	memory   uint64 // growth of the heap
	took     time.Duration
}

// measure runs a defence and looks at what it cost.
func (b *battlefield) measure(defend func(*result)) (r result) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	runtime.GC()
	metrics.Read(sample)
	before, most := sample[0].Value.Uint64(), uint64(0)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(2 * time.Millisecond); ; {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	began := time.Now()
	defend(&r)
	r.took = time.Since(began)
	close(stop)
	<-done
	r.memory = most - min(most, before)
	r.reached = b.reached.Load()
	return r
}

// broken lists the limits that an attack broke.
func (r result) broken() (all []string) {
	if r.reached > 0 {
		all = append(all, fmt.Sprintf("a private address was reached %d times", r.reached))
	}
	if r.body > mostBody {
		all = append(all, fmt.Sprintf("%d bytes were kept", r.body))
	}
	if r.memory > mostMemory {
		all = append(all, fmt.Sprintf("memory grew by %d MiB", r.memory>>20))
	}
	if r.took > mostTime {
		all = append(all, fmt.Sprintf("it took %s", r.took.Round(100*time.Millisecond)))
	}
	return all
}

// ours defends with what the program runs.
func (b *battlefield) ours(t testing.TB) func(*result) {
	a, err := guard.ParseAllowed(b.site.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	g := guard.New(guard.Options{Allow: []guard.Allowed{a}, Timeout: 3 * time.Second, Resolver: b.resolver})
	f, err := crawl.OpenFrontier(filepath.Join(t.TempDir(), "crawl.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close(); g.Close() })
	var kept sync.Mutex
	var words []string
	keep := func(text []string) {
		kept.Lock()
		defer kept.Unlock()
		words = append(words, text...)
	}
	c, err := crawl.New(crawl.Options{Guard: g, Frontier: f, Emit: func(_ context.Context, x crawl.Found) (bool, error) { keep(x.Article.Paragraphs); return true, nil }})
	if err != nil {
		t.Fatal(err)
	}
	r, err := feed.New(feed.Options{Crawler: c, Frontier: f, Emit: func(_ context.Context, _, _ string, _ time.Time, e feed.Entry) (bool, error) {
		keep(e.Paragraphs())
		return true, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return func(out *result) {
		switch b.attack.kind {
		case onPage:
			article, _, err := c.Article(t.Context(), b.start(), -1)
			keep(append(article.Paragraphs, article.Title))
			out.err, out.requests = err, 1
		case onSite:
			v, err := c.Round(t.Context(), crawl.Site{Source: "x", Start: []string{b.start()}, Pages: 50, Depth: 30, Delay: -1, Time: 10 * time.Second})
			out.err, out.requests = err, v.Requests
		case onFeed:
			v, err := r.Look(t.Context(), feed.Subscription{Source: "x", URL: b.start(), FullText: true, Delay: -1})
			out.requests = v.Requests
			if out.err = err; err == nil && v.Reason != "" {
				out.err = errors.New(v.Reason)
			}
		}
		out.read = strings.Join(words, "\n")
		out.body = len(out.read)
	}
}

// TestHostile lets each attack of a hostile web server at what the program runs: none reaches a private address, or
// costs more than its share of memory, time or words kept.
func TestHostile(t *testing.T) {
	all := attacks()
	if len(all) < 38 {
		t.Fatalf("only %d attacks", len(all))
	}
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			b := newBattlefield(t, a)
			r := b.measure(b.ours(t))
			t.Logf("%d requests, %d bytes kept, heap +%d MiB, %s, %v", r.requests, r.body, r.memory>>20, r.took.Round(time.Millisecond), r.err)
			for _, what := range r.broken() {
				t.Error(what)
			}
			switch most, err := strconv.Atoi(a.reads); {
			case a.kind == onSite && (err != nil || r.err != nil || r.requests > most || r.requests == 0):
				t.Errorf("%d requests, at most %s are due; %v", r.requests, a.reads, r.err)
			case a.kind == onSite:
			case a.want != "" && !reasons(r.err, a.want):
				t.Errorf("the reason is %v, want %q", r.err, a.want)
			case a.reads != "" && (r.err != nil || !strings.Contains(r.read, a.reads)):
				t.Errorf("read %.200q, %v; want %q", r.read, r.err, a.reads)
			}
			if strings.Contains(r.read, "root:") || strings.Contains(r.read, "lollollol") || strings.ContainsRune(r.read, 0) {
				t.Errorf("what was kept holds what it must not: %.200q", r.read)
			}
		})
	}
}

// reasons reports whether an error says one of these.
func reasons(err error, any string) bool {
	for _, want := range strings.Split(any, "|") {
		if err != nil && strings.Contains(err.Error(), want) {
			return true
		}
	}
	return false
}

// BenchmarkHostilePeers lets the same attacks at colly and gofeed as they come, for the table in docs/RELIABILITY.md.
// It takes a gigabyte of memory and some minutes.
func BenchmarkHostilePeers(t *testing.B) {
	failed := 0
	for _, a := range attacks() {
		b := newBattlefield(t, a)
		peer := b.measure(b.peer(t))
		own := newBattlefield(t, a)
		mine := own.measure(own.ours(t))
		verdict := "ok"
		if broken := peer.broken(); len(broken) > 0 {
			failed++
			verdict = strings.Join(broken, ", ")
		}
		fmt.Printf("| %s | %s; %d requests, %d KB, +%d MiB, %s | %s; %d KB, +%d MiB, %s |\n", a.name, verdict, peer.requests, peer.body>>10, peer.memory>>20, peer.took.Round(10*time.Millisecond),
			map[bool]string{true: "ok", false: strings.Join(mine.broken(), ", ")}[len(mine.broken()) == 0], mine.body>>10, mine.memory>>20, mine.took.Round(10*time.Millisecond))
	}
	fmt.Printf("as they come, %d of %d fail\n", failed, len(attacks()))
}

// peer is colly with its defaults, following links of a site, and gofeed for feeds. Both get the name server only.
func (b *battlefield) peer(t testing.TB) func(*result) {
	dialer := &net.Dialer{Resolver: b.resolver}
	transport := &http.Transport{DialContext: dialer.DialContext}
	return func(out *result) {
		if b.attack.kind == onFeed {
			p := gofeed.NewParser()
			p.Client = &http.Client{Transport: transport}
			f, err := p.ParseURLWithContext(b.start(), t.Context())
			out.err, out.requests = err, 1
			if f != nil {
				for _, it := range f.Items {
					out.body += len(it.Title) + len(it.Description)
				}
			}
			return
		}
		c := colly.NewCollector()
		c.WithTransport(transport)
		until := time.Now().Add(16 * time.Second)
		c.OnRequest(func(r *colly.Request) {
			out.requests++
			if time.Now().After(until) {
				r.Abort()
			}
		})
		c.OnResponse(func(r *colly.Response) { out.body = max(out.body, len(r.Body)) })
		if b.attack.kind == onSite {
			c.OnHTML("a[href]", func(e *colly.HTMLElement) {
				if time.Now().Before(until) {
					e.Request.Visit(e.Attr("href"))
				}
			})
			c.OnHTML("iframe[src]", func(e *colly.HTMLElement) { e.Request.Visit(e.Attr("src")) })
		}
		out.err = c.Visit(b.start())
	}
}

// TestAttackNames holds that the attacks can be told apart.
func TestAttackNames(t *testing.T) {
	var names []string
	for _, a := range attacks() {
		names = append(names, a.name)
	}
	slices.Sort(names)
	if n := len(slices.Compact(slices.Clone(names))); n != len(names) {
		t.Errorf("%d names of %d attacks", n, len(names))
	}
}
