package feed_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
	"counterpoint/ingest/guard"
)

func parse(t testing.TB, body string) feed.Feed {
	t.Helper()
	at, _ := url.Parse("https://site.example/feed.xml")
	f, err := feed.Parse([]byte(body), "", at, fetched)
	if err != nil {
		t.Fatalf("%.80s: %v", body, err)
	}
	return f
}

func rss(items string) string {
	return `<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>
		<language>sg</language><ttl>120</ttl>` + items + `</channel></rss>`
}

// TestKinds reads the four kinds alike.
func TestKinds(t *testing.T) {
	day := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for kind, body := range map[string]string{
		"rss": rss(`<item><title>Market</title><link>/a?utm_source=rss</link><guid isPermaLink="false">n1</guid><pubDate>Sun, 01 Mar 2026 09:00:00 +0100</pubDate>
			<description>short</description><content:encoded><![CDATA[<p>One.</p><p>Two.</p>]]></content:encoded></item>`),
		"atom": `<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>Market</title><id>n1</id><link href="https://site.example/a"/>
			<published>2026-03-01T08:00:00Z</published><updated>2026-03-02T08:00:00Z</updated><content type="html">&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</content></entry></feed>`,
		"rdf": `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
			xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title></channel><item rdf:about="n1"><title>Market</title>
			<link>https://site.example/a</link><dc:date>2026-03-01T08:00:00Z</dc:date><content:encoded>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;</content:encoded></item></rdf:RDF>`,
		"json": `{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"n1","url":"https://site.example/a","title":"Market",
			"date_published":"2026-03-01T08:00:00Z","content_html":"<p>One.</p><p>Two.</p>"}]}`,
	} {
		f := parse(t, body)
		want := feed.Entry{Locator: "n1", URL: "https://site.example/a", Title: "Market", Published: &day, Precision: counterpoint.Second, Text: []string{"One.", "Two."}}
		if kind == "rdf" {
			want.Locator = f.Entries[0].Locator // RDF has no guid; its address is its name
			if want.Locator != want.URL && want.Locator != "n1" {
				t.Errorf("rdf: locator %q", want.Locator)
			}
		}
		if len(f.Entries) != 1 {
			t.Fatalf("%s: %+v", kind, f)
		}
		if d := cmp.Diff(want, f.Entries[0]); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
		if d := cmp.Diff([]string{"Market", "One.", "Two."}, f.Entries[0].Paragraphs()); d != "" {
			t.Errorf("%s: %s", kind, d)
		}
	}
	if f := parse(t, rss("")); f.Every != 2*time.Hour || f.Lang != "sg" || f.Kind != "rss" {
		t.Errorf("%+v", f)
	}
}

// TestNames holds what an entry is called by, when guids are missing, shared, or addresses.
func TestNames(t *testing.T) {
	f := func(items string, want ...string) {
		t.Helper()
		var got []string
		for _, e := range parse(t, rss(items)).Entries {
			got = append(got, e.Locator)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", items, d)
		}
	}
	f(`<item><guid>a</guid></item><item><guid>b</guid><link>/b</link></item>`, "a", "b")
	f(`<item><guid>a</guid><link>/1</link></item><item><guid>a</guid><link>/2</link></item>`, "https://site.example/1", "https://site.example/2")
	f(`<item><link>/1?fbclid=2</link><title>x</title></item>`, "https://site.example/1")
	f(`<item><guid isPermaLink="true">HTTP://Site.example/1#c</guid></item>`, "http://site.example/1")
	f(`<item></item>`)
	one := parse(t, rss(`<item><title>A</title></item><item><title>B</title></item>`)).Entries
	if len(one) != 2 || one[0].Locator == one[1].Locator {
		t.Errorf("entries without a name: %+v", one)
	}
}

// TestDates holds what a date that cannot be true becomes.
func TestDates(t *testing.T) {
	f := func(date string, want string, precision counterpoint.Precision, doubt string) {
		t.Helper()
		e := parse(t, rss(`<item><guid>a</guid><pubDate>`+date+`</pubDate></item>`)).Entries[0]
		got := ""
		if e.Published != nil {
			got = e.Published.Format(time.RFC3339)
		}
		if got != want || e.Precision != precision || !strings.Contains(e.Doubt, doubt) || (doubt == "") != (e.Doubt == "") {
			t.Errorf("%s: %q %q %q, want %q %q %q", date, got, e.Precision, e.Doubt, want, precision, doubt)
		}
	}
	f("Mon, 02 Mar 2026 08:00:00 GMT", "2026-03-02T08:00:00Z", counterpoint.Second, "")
	f("Mon, 02 Mar 2026 12:00:00 +0300", "2026-03-02T09:00:00Z", counterpoint.Second, "")
	f("Mon, 02 Mar 2026 12:00:00 GMT", "2026-03-02T09:00:00Z", counterpoint.Day, "ahead")
	f("Mon, 09 Mar 2026 08:00:00 GMT", "", "", "has not come")
	f("Fri, 31 Dec 9999 23:59:59 GMT", "", "", "has not come")
	f("Thu, 01 Jan 1970 00:00:00 GMT", "", "", "before there were feeds")
	f("yesterday", "", "", "cannot be read")
	f("", "", "", "")
}

// TestRefusals say why, and what to do.
func TestRefusals(t *testing.T) {
	at, _ := url.Parse("https://site.example/")
	f := func(body, want string) {
		t.Helper()
		if _, err := feed.Parse([]byte(body), "text/html", at, fetched); !errors.Is(err, feed.ErrFeed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want %q", body, err, want)
		}
	}
	f("", "empty")
	f("<html><head><link rel=alternate type=application/rss+xml href=/rss></head></html>", "https://site.example/rss")
	f("<html></html>", "neither RSS")
	f("<rss><channel><item>", "syntax error")
	f(`{"version":"https://jsonfeed.org/version/1.1","items":[`, "")
}

// TestRepairs reads what XML forbids and servers send.
func TestRepairs(t *testing.T) {
	f := func(body string) {
		t.Helper()
		if e := parse(t, body).Entries; len(e) != 1 || e[0].Title != "été x" {
			t.Errorf("%.80q: %+v", body, e)
		}
	}
	f(rss("<item><guid>1</guid><title>été\x0b x</title></item>"))
	f(rss("<item><guid>1</guid><title>\xe9t\xe9 x</title></item>"))
	f(strings.Replace(rss("<item><guid>1</guid><title>\xe9t\xe9 x</title></item>"), `"1.0"`, `"1.0" encoding="iso-8859-1"`, 1))
	f(rss("<item><guid>1</guid><title>&eacute;t&eacute;&nbsp;x</title></item>"))
	f("\n\n" + rss("<item><guid>1</guid><title>&lt;b&gt;été&lt;/b&gt; x</title></item>"))
}

// TestBombs holds that entities are not expanded and files not read.
func TestBombs(t *testing.T) {
	at, _ := url.Parse("https://site.example/")
	bomb := `<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "lollollollollol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
		<!ENTITY f SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><item><guid>1</guid><title>&c;&f;</title></item></channel></rss>`
	f, err := feed.Parse([]byte(bomb), "", at, fetched)
	if err == nil && (len(f.Entries) != 1 || len(f.Entries[0].Title) > 100 || strings.Contains(f.Entries[0].Title, "root:")) {
		t.Errorf("%+v", f)
	}
	many := rss(strings.Repeat("<item><title>x</title></item>", 5000))
	if f := parse(t, many); len(f.Entries) != 500 || f.Left != 4500 {
		t.Errorf("%d entries of 5000, %d left", len(f.Entries), f.Left)
	}
}

// site is a local feed with a reader.
type site struct {
	*feed.Reader
	frontier *crawl.Frontier
	server   *httptest.Server
	handle   http.HandlerFunc
	now      time.Time
	got      []feed.Entry
	refuse   error
	sub      feed.Subscription
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{now: fetched}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handle(w, r) }))
	t.Cleanup(s.server.Close)
	var err error
	if s.frontier, err = crawl.OpenFrontier(filepath.Join(t.TempDir(), "crawl.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.frontier.Close() })
	a, _ := guard.ParseAllowed(s.server.Listener.Addr().String())
	now := func() time.Time { return s.now }
	c, err := crawl.New(crawl.Options{Guard: guard.New(guard.Options{Allow: []guard.Allowed{a}}), Frontier: s.frontier, Now: now,
		Emit: func(context.Context, crawl.Found) (bool, error) { return false, nil }})
	if err != nil {
		t.Fatal(err)
	}
	s.Reader, err = feed.New(feed.Options{Crawler: c, Frontier: s.frontier, Now: now, Emit: func(_ context.Context, _, _ string, _ time.Time, e feed.Entry) (bool, error) {
		if s.refuse != nil {
			return false, s.refuse
		}
		s.got = append(s.got, e)
		return true, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.sub = feed.Subscription{Source: "feed-x", URL: s.server.URL + "/feed", Delay: -1}
	return s
}

func (s *site) look(t *testing.T, later time.Duration) crawl.Visit {
	t.Helper()
	s.now, s.got = s.now.Add(later), nil
	v, err := s.Look(t.Context(), s.sub)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestConditional asks with what the server said, also after an answer of 304 without it; and not before all entries
// were taken.
func TestConditional(t *testing.T) {
	s := newSite(t)
	var asked []string
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+" "+r.Header.Get("If-Modified-Since"))
		if r.Header.Get("If-None-Match") == `W/"1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `W/"1"`)
		w.Header().Set("Last-Modified", "Sun, 01 Mar 2026 08:00:00 GMT")
		io.WriteString(w, rss(`<item><guid>1</guid><title>x</title></item>`))
	}
	s.refuse = errors.New("away")
	if _, err := s.Look(t.Context(), s.sub); err == nil {
		t.Error("nobody took the entry, and the look is fine")
	}
	s.refuse = nil
	if v := s.look(t, time.Minute); v.Items != 1 || len(s.got) != 1 {
		t.Errorf("%+v", v)
	}
	for range 2 {
		if v := s.look(t, time.Hour); v.Items != 0 || v.Reason != "" || !v.Success.Equal(s.now) {
			t.Errorf("%+v", v)
		}
	}
	known := `W/"1" Sun, 01 Mar 2026 08:00:00 GMT`
	if d := cmp.Diff([]string{" ", " ", known, known}, asked); d != "" {
		t.Error(d)
	}
}

// TestBackOff asks a feed that fails less and less often, and one that is well at its own pace.
func TestBackOff(t *testing.T) {
	s := newSite(t)
	status := 500
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		if status == 429 {
			w.Header().Set("Retry-After", "3000")
		}
		w.WriteHeader(status)
		io.WriteString(w, rss(`<item><guid>1</guid><title>x</title></item>`))
	}
	var pauses []time.Duration
	look := func() {
		v := s.look(t, 48*time.Hour)
		pauses = append(pauses, v.Due.Sub(s.now))
		if (v.Reason == "") != (status == 200) {
			t.Errorf("%d: reason %q", status, v.Reason)
		}
	}
	for range 8 {
		look()
	}
	status = 200
	look()
	status = 429
	look()
	want := []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 16 * time.Hour, 24 * time.Hour, 24 * time.Hour,
		2 * time.Hour /* its ttl */, 50 * time.Minute}
	if d := cmp.Diff(want, pauses); d != "" {
		t.Error(d)
	}
}

// TestFullText takes an entry's words from its page, once, and its own where the page cannot be had.
func TestFullText(t *testing.T) {
	s := newSite(t)
	asked := map[string]int{}
	long := strings.Repeat("The market of Bolo opened again on Monday morning after the rains. ", 10)
	s.handle = func(w http.ResponseWriter, r *http.Request) {
		asked[r.URL.Path]++
		switch r.URL.Path {
		case "/feed":
			io.WriteString(w, rss(`<item><guid>1</guid><title>One</title><link>/1</link><description>teaser one</description></item>
				<item><guid>2</guid><title>Two</title><link>/2</link><description>teaser two</description></item>
				<item><guid>3</guid><title>Three</title><link>/closed/3</link><description>teaser three</description></item>`))
		case "/robots.txt":
			io.WriteString(w, "User-agent: *\nDisallow: /closed/")
		case "/1":
			fmt.Fprintf(w, "<html><body><article><p>%s</p></article></body></html>", long)
		default:
			w.WriteHeader(500)
		}
	}
	s.sub.FullText = true
	s.look(t, 0)
	var got []string
	for _, e := range s.got {
		got = append(got, strings.Join(e.Text, "\n"))
	}
	if d := cmp.Diff([]string{strings.TrimSpace(long), "teaser two", "teaser three"}, got); d != "" {
		t.Error(d)
	}
	for range 5 {
		s.look(t, time.Hour)
	}
	if asked["/1"] != 1 || asked["/2"] != 3 || asked["/closed/3"] != 0 {
		t.Errorf("asked for %v", asked)
	}
}

// FuzzFeed holds that every input is a feed or refused, and that its text is text.
func FuzzFeed(f *testing.F) {
	f.Add([]byte(rss(`<item><guid>a</guid><pubDate>x</pubDate></item>`)))
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><content type="xhtml"><div>x</div></content></entry></feed>`))
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1","items":[{"id":1}]}`))
	at, _ := url.Parse("https://site.example/")
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := feed.Parse(body, "", at, fetched)
		if err != nil {
			if !errors.Is(err, feed.ErrFeed) {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		for _, e := range got.Entries {
			if e.Locator == "" || !utf8.ValidString(strings.Join(e.Paragraphs(), "")) || e.Published != nil && e.Published.After(fetched) {
				t.Errorf("%+v", e)
			}
		}
	})
}
