package crawl_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"counterpoint/ingest/crawl"
	"counterpoint/ingest/guard"
)

// world is a local web: pages by path, and what was asked of them.
type world struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]http.HandlerFunc
	asked []string
}

func newWorld(t testing.TB) *world {
	w := &world{pages: map[string]http.HandlerFunc{}}
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

// ServeHTTP serves what there is.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked = append(w.asked, r.URL.RequestURI())
	h := w.pages[r.URL.RequestURI()]
	w.mu.Unlock()
	if h == nil {
		http.NotFound(out, r)
		return
	}
	h(out, r)
}

func (w *world) set(path string, h http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pages[path] = h
}

// text serves the same words with an entity tag.
func (w *world) text(path, kind, body string) {
	w.set(path, func(out http.ResponseWriter, r *http.Request) {
		tag := fmt.Sprintf(`W/"%x"`, len(body))
		out.Header().Set("ETag", tag)
		out.Header().Set("Content-Type", kind)
		if r.Header.Get("If-None-Match") == tag {
			out.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(out, body)
	})
}

// took lists what was asked since the last time, in order of name.
func (w *world) took() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.asked
	w.asked = nil
	slices.Sort(a)
	return a
}

const words = "The market of Bolo opened again on Monday morning after the rains, and the traders came back with maize and salt. "

func article(title string, links ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<html><head><title>%s</title><meta property="article:published_time" content="2026-03-02T08:00:00Z"></head><body><nav>`, title)
	for _, l := range links {
		fmt.Fprintf(&b, `<a href="%s">more</a> `, l)
	}
	fmt.Fprintf(&b, `</nav><article><h1>%s</h1><p>%s</p><p>%s %s</p></article></body></html>`, title, words, words, title)
	return b.String()
}

// crawler is a crawler on a world with a clock of its own.
type crawler struct {
	*crawl.Crawler
	frontier *crawl.Frontier
	world    *world
	site     crawl.Site
	mu       sync.Mutex
	found    []crawl.Found
	now      time.Time
	refuse   error // of Emit
}

func newCrawler(t testing.TB, w *world, dir string) *crawler {
	t.Helper()
	f, err := crawl.OpenFrontier(filepath.Join(dir, "crawl.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	a, err := guard.ParseAllowed(w.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := &crawler{frontier: f, world: w, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	c.site = crawl.Site{Source: "site-x", Start: []string{w.URL + "/"}, Delay: -1, Parallel: 4}
	c.Crawler, err = crawl.New(crawl.Options{Guard: guard.New(guard.Options{Allow: []guard.Allowed{a}, Timeout: 10 * time.Second}), Frontier: f, Emit: c.emit,
		Now: func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }, Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *crawler) emit(_ context.Context, f crawl.Found) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil {
		return false, c.refuse
	}
	c.found = append(c.found, f)
	return true, nil
}

// round crawls one round, later, and lists the titles it found.
func (c *crawler) round(t testing.TB, later time.Duration) (crawl.Visit, []string) {
	t.Helper()
	c.mu.Lock()
	c.now, c.found = c.now.Add(later), nil
	c.mu.Unlock()
	v, err := c.Round(t.Context(), c.site)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, f := range c.found {
		titles = append(titles, f.Article.Title)
	}
	slices.Sort(titles)
	return v, titles
}

// TestRound crawls a small site, and again later: what did not change is asked for with its tag, and less and less.
func TestRound(t *testing.T) {
	w := newWorld(t)
	w.text("/robots.txt", "text/plain", "User-agent: *\nDisallow: /private\nSitemap: /map.xml")
	w.text("/map.xml", "text/xml", "<urlset><url><loc>"+w.URL+"/from-map</loc></url><url><loc>https://other.example/x</loc></url></urlset>")
	w.text("/", "text/html", `<a href=/a>A</a><a href=/private/p>P</a><a href=/pic.jpg>J</a><a href=//other.example/>O</a><a href=/gone>G</a>`)
	w.text("/a", "text/html; charset=utf-8", article("Story A", "/b", "/a#x"))
	w.text("/b", "text/html", article("Story B", "/c?utm_source=b"))
	w.text("/c", "text/html", article("Story C", "/d"))
	w.text("/d", "text/html", article("Story D"))
	w.text("/from-map", "text/html", article("Story M"))
	c := newCrawler(t, w, t.TempDir())

	v, titles := c.round(t, 0)
	if d := cmp.Diff([]string{"Story A", "Story B", "Story C", "Story M"}, titles); d != "" {
		t.Errorf("the first round found: %s", d)
	}
	if d := cmp.Diff([]string{"/", "/a", "/b", "/c", "/from-map", "/gone", "/map.xml", "/robots.txt"}, w.took()); d != "" {
		t.Errorf("the first round asked for: %s", d)
	}
	if v.Requests != 6 || v.Items != 4 || v.Reason != "" || v.Success.IsZero() || !v.Due.Equal(c.now.Add(time.Hour)) {
		t.Errorf("%+v", v)
	}
	for _, f := range c.found {
		if f.Article.Title == "Story C" && f.URL != w.URL+"/c" {
			t.Errorf("the name of C is %s", f.URL)
		}
	}

	if _, titles := c.round(t, time.Hour); titles != nil || !slices.Equal(w.took(), []string{"/", "/map.xml"}) {
		t.Errorf("an hour later there is %v", titles)
	}
	w.text("/a", "text/html", article("Story A, and more"))
	w.text("/", "text/html", `<a href=/a>A</a><a href=/new>N</a>`)
	w.text("/new", "text/html", article("News"))
	_, titles = c.round(t, 4*time.Hour)
	if d := cmp.Diff([]string{"News", "Story A, and more"}, titles); d != "" {
		t.Errorf("five hours later: %s", d)
	}
	failed, err := c.frontier.Failed(t.Context(), "site-x", 10)
	if err != nil || len(failed) != 2 {
		t.Errorf("%+v, %v", failed, err)
	}
}

// TestForbidden holds what a site without, with and with a broken robots.txt means.
func TestForbidden(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   int // pages asked for
	}{
		"none": {404, "", 2}, "forbidden": {403, "", 2}, "ill": {503, "", 0}, "busy": {429, "", 0}, "closed": {200, "User-agent: *\nDisallow: /", 0},
		"open to us": {200, "User-agent: *\nDisallow: /\n\nUser-agent: counterpoint\nDisallow: /x", 2},
	} {
		w := newWorld(t)
		w.set("/robots.txt", func(out http.ResponseWriter, r *http.Request) {
			out.WriteHeader(c.status)
			io.WriteString(out, c.body)
		})
		w.text("/", "text/html", `<a href=/a>A</a>`)
		w.text("/a", "text/html", article("A"))
		x := newCrawler(t, w, t.TempDir())
		v, _ := x.round(t, 0)
		if v.Requests != c.want || (v.Reason == "") != (c.want > 0) {
			t.Errorf("%s: %d requests, reason %q, asked for %v", name, v.Requests, v.Reason, w.took())
		}
	}
}

// TestRobotsHolds keeps to what was read before while the server is ill, and asks again when it is old.
func TestRobotsHolds(t *testing.T) {
	w := newWorld(t)
	w.text("/robots.txt", "text/plain", "User-agent: *\nDisallow: /no")
	w.text("/", "text/html", `<a href=/no>N</a>`)
	dir := t.TempDir()
	c := newCrawler(t, w, dir)
	c.round(t, 0)
	w.set("/robots.txt", func(out http.ResponseWriter, r *http.Request) { out.WriteHeader(500) })
	w.took()
	if v, _ := c.round(t, 25*time.Hour); v.Requests != 1 {
		t.Errorf("after a day, with the server ill: %+v", v)
	}
	if d := cmp.Diff([]string{"/", "/robots.txt", "/sitemap.xml"}, w.took()); d != "" {
		t.Error(d)
	}
	if v, _ := c.round(t, 31*24*time.Hour); v.Requests != 0 || !strings.Contains(v.Reason, "robots.txt") {
		t.Errorf("after a month: %+v", v)
	}
}

// TestBudgets ends a round at each budget; the next one goes on from there.
func TestBudgets(t *testing.T) {
	w := newWorld(t)
	endless := func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(out, `<a href="%s/0">0</a><a href="%s/1">1</a>`, strings.TrimSuffix(r.URL.Path, "/"), strings.TrimSuffix(r.URL.Path, "/"))
	}
	handler := w.Config.Handler
	w.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" || r.URL.Path == "/sitemap.xml" {
			handler.ServeHTTP(out, r)
			return
		}
		w.mu.Lock()
		w.asked = append(w.asked, r.URL.Path)
		w.mu.Unlock()
		endless(out, r)
	})
	c := newCrawler(t, w, t.TempDir())
	c.site.Pages, c.site.Depth = 20, 100
	if v, _ := c.round(t, 0); v.Requests != 20 {
		t.Errorf("%d requests, the budget is 20", v.Requests)
	}
	c.site.Depth, c.site.Source, c.site.Pages = 2, "site-y", 1000
	if v, _ := c.round(t, 0); v.Requests != 7 {
		t.Errorf("%d pages within two links of the start", v.Requests)
	}
	c.site.Depth, c.site.Source, c.site.Bytes = 9, "site-z", 200
	if v, _ := c.round(t, 0); v.Requests > 15 {
		t.Errorf("%d requests for 200 bytes", v.Requests)
	}
	c.site.Bytes, c.site.Source, c.site.Known = 0, "site-k", 10
	if v, _ := c.round(t, 0); v.Known > 10 || v.Requests > 11 {
		t.Errorf("%d addresses are known, %d were asked for", v.Known, v.Requests)
	}
}

// TestRedirects stays within the site.
func TestRedirects(t *testing.T) {
	w, other := newWorld(t), newWorld(t)
	w.text("/", "text/html", `<a href=/moved>1</a><a href=/away>2</a><a href=/loop>3</a><a href=/shut>4</a>`)
	w.text("/robots.txt", "text/plain", "User-agent: *\nDisallow: /shut/")
	for from, to := range map[string]string{"/moved": "/here", "/away": other.URL + "/x", "/loop": "/loop", "/shut": "/shut/in"} {
		w.set(from, func(out http.ResponseWriter, r *http.Request) { http.Redirect(out, r, to, http.StatusMovedPermanently) })
	}
	w.text("/here", "text/html", article("Here"))
	c := newCrawler(t, w, t.TempDir())
	_, titles := c.round(t, 0)
	if !slices.Equal(titles, []string{"Here"}) || c.found[0].URL != w.URL+"/here" {
		t.Errorf("%v", c.found)
	}
	if got := other.took(); got != nil {
		t.Errorf("the other site was asked for %v", got)
	}
	if slices.Contains(w.took(), "/shut/in") {
		t.Error("a redirect led where robots.txt forbids")
	}
	reasons := map[string]string{}
	failed, _ := c.frontier.Failed(t.Context(), "site-x", 10)
	for _, p := range failed {
		reasons[strings.TrimPrefix(p.URL, w.URL)] = p.Reason
	}
	for path, want := range map[string]string{"/away": "another site", "/loop": "redirects", "/shut": "robots.txt"} {
		if !strings.Contains(reasons[path], want) {
			t.Errorf("%s: %q", path, reasons[path])
		}
	}
}

// TestDoorAway writes nothing of a page whose article could not be handed on: it is fetched again.
func TestDoorAway(t *testing.T) {
	w := newWorld(t)
	w.text("/", "text/html", `<a href=/a>A</a>`)
	w.text("/a", "text/html", article("A"))
	c := newCrawler(t, w, t.TempDir())
	c.refuse = errors.New("away")
	if _, err := c.Round(t.Context(), c.site); err == nil {
		t.Fatal("the round did not say that nobody took the article")
	}
	c.refuse = nil
	w.took()
	if _, titles := c.round(t, time.Second); !slices.Equal(titles, []string{"A"}) {
		t.Errorf("then: %v", titles)
	}
	if d := cmp.Diff([]string{"/a"}, w.took()); d != "" {
		t.Errorf("asked again: %s", d)
	}
}

// TestGoroutines holds their number while many pages wait.
func TestGoroutines(t *testing.T) {
	w := newWorld(t)
	var links strings.Builder
	for i := range 300 {
		fmt.Fprintf(&links, "<a href=/p%d>x</a>", i)
		w.text(fmt.Sprintf("/p%d", i), "text/html", article(fmt.Sprint("P", i)))
	}
	w.text("/", "text/html", links.String())
	most, at := 0, sync.Mutex{}
	handler := w.Config.Handler
	w.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		at.Lock()
		most = max(most, runtime.NumGoroutine())
		at.Unlock()
		handler.ServeHTTP(out, r)
	})
	c := newCrawler(t, w, t.TempDir())
	before := runtime.NumGoroutine()
	v, titles := c.round(t, 0)
	// The server in this process has a goroutine or two for each of our connections.
	if limit := before + 4*c.site.Parallel + 50 + 2*8; most > limit || v.Requests != 301 || len(titles) != 300 {
		t.Errorf("%d goroutines, at most %d; %d requests, %d articles", most, limit, v.Requests, len(titles))
	}
}

// TestPaces gives out moments a pause apart, and lets a server rest.
func TestPaces(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var got []time.Duration
	for _, at := range crawl.Moments(now, 2*time.Second, 3, 10*time.Second) {
		got = append(got, at.Sub(now))
	}
	if d := cmp.Diff([]time.Duration{0, 2 * time.Second, 4 * time.Second, 10 * time.Second}, got); d != "" {
		t.Error(d)
	}
}

// TestUserAgent says who we are, whatever the configuration holds.
func TestUserAgent(t *testing.T) {
	w := newWorld(t)
	var agent string
	w.set("/", func(out http.ResponseWriter, r *http.Request) { agent = r.UserAgent() })
	t.Setenv("COLLY_USER_AGENT", "somebody else")
	c := newCrawler(t, w, t.TempDir())
	c.round(t, 0)
	if agent != crawl.UserAgent("") || !strings.HasPrefix(agent, "Counterpoint/") {
		t.Errorf("asked as %q", agent)
	}
	if got := crawl.UserAgent("monitor@mission.example\r\nX: y"); strings.ContainsAny(got, "\r\n") {
		t.Errorf("%q", got)
	}
}

// TestPackedSitemaps reads an index of packed sitemaps, the news first.
func TestPackedSitemaps(t *testing.T) {
	w := newWorld(t)
	w.text("/robots.txt", "text/plain", "Sitemap: "+w.URL+"/index.xml\nSitemap: https://other.example/s.xml")
	w.text("/index.xml", "text/xml", "<sitemapindex><sitemap><loc>"+w.URL+"/one.xml.gz</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap></sitemapindex>")
	w.set("/one.xml.gz", func(out http.ResponseWriter, r *http.Request) {
		gz := gzip.NewWriter(out)
		fmt.Fprintf(gz, "<urlset><url><loc>%s/old</loc><lastmod>2020-01-01</lastmod></url><url><loc>%s/new</loc><lastmod>2026-03-01</lastmod></url></urlset>", w.URL, w.URL)
		gz.Close()
	})
	w.text("/", "text/html", "")
	w.text("/old", "text/html", article("Old"))
	w.text("/new", "text/html", article("New"))
	c := newCrawler(t, w, t.TempDir())
	c.site.Pages, c.site.Parallel = 2, 1
	if _, titles := c.round(t, 0); !slices.Equal(titles, []string{"New"}) {
		t.Errorf("the first round: %v", titles)
	}
	if _, titles := c.round(t, time.Hour); !slices.Equal(titles, []string{"Old"}) {
		t.Errorf("the second: %v", titles)
	}
}

// TestScope is a table of what belongs to a site.
func TestScope(t *testing.T) {
	f := func(start, address string, want bool) {
		t.Helper()
		s, err := crawl.Site{Source: "x", Start: []string{start}}.Check()
		if err != nil {
			t.Fatal(err)
		}
		if s.Has(address) != want {
			t.Errorf("%s has %s: %v", start, address, !want)
		}
	}
	f("https://site.example/", "https://www.site.example/a", true)
	f("https://www.site.example/", "http://site.example/a", true)
	f("https://site.example/", "https://sub.site.example/a", false)
	f("https://site.example/", "https://site.example:8443/a", false)
	f("https://site.example/sw", "https://site.example/sw", true)
	f("https://site.example/sw", "https://site.example/sw/a", true)
	f("https://site.example/sw/", "https://site.example/swim", false)
	f("https://site.example/sw/index.php", "https://site.example/sw/a", true)
	f("https://site.example/sw/", "https://site.example/fr/a", false)
	f("https://site.example/", "https://site.example/a.MP3", false)
	if _, err := (crawl.Site{Start: []string{"site.example"}}).Check(); err == nil {
		t.Error("an address without a scheme was taken")
	}
}
