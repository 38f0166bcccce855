package page_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest/page"
)

func parse(t testing.TB, at, contentType, body string) *page.Page {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	p, err := page.Parse([]byte(body), contentType, u)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCanonical is a table of what is the same page, and what is none.
func TestCanonical(t *testing.T) {
	base, _ := url.Parse("https://Site.Example/news/today/index.html?x=1")
	f := func(ref, want string) {
		t.Helper()
		got, ok := page.Canonical(base, ref)
		if got = map[bool]string{true: got}[ok]; got != want {
			t.Errorf("Canonical(%q) = %q, want %q", ref, got, want)
		}
	}
	f("", "https://site.example/news/today/index.html?x=1")
	f("a.html#top", "https://site.example/news/today/a.html")
	f("../b", "https://site.example/news/b")
	f("/c/../d/./e", "https://site.example/d/e")
	f("//Other.Example:443/", "https://other.example/")
	f("HTTP://other.example:80", "http://other.example/")
	f("http://other.example:8080/x", "http://other.example:8080/x")
	f("http://other.example.", "http://other.example/")
	f("/a?utm_source=x&id=7&fbclid=y&utm_medium=z", "https://site.example/a?id=7")
	f("/a?UTM_campaign=x", "https://site.example/a")
	f("/a?PHPSESSID=0af", "https://site.example/a")
	f("/a;jsessionid=0af?b=1", "https://site.example/a?b=1")
	f("/a?b=2&a=1", "https://site.example/a?b=2&a=1")
	f("/%7euser/%c3%a9", "https://site.example/~user/%C3%A9")
	f("/é x", "https://site.example/%C3%A9%20x")
	f(" /a\n", "https://site.example/a")
	f("/a\tb", "https://site.example/ab")
	f("/100%", "")
	f("http://пример.example/", "http://xn--e1afmkfd.example/")
	f("http://[2600::1]:80/", "http://[2600::1]/")
	f("http://[2600::1]:8080/", "http://[2600::1]:8080/")
	f("mailto:a@b.example", "")
	f("javascript:alert(1)", "")
	f("ftp://site.example/", "")
	f("http://a@site.example/", "")
	f("http://site.example:x/", "")
	f("/a/b/a/b/a/b/a/b/", "")
	f("/"+strings.Repeat("x/", 30), "")
	f("/"+strings.Repeat("x", 3000), "")
}

// TestLinks reads what a page says about others and itself.
func TestLinks(t *testing.T) {
	p := parse(t, "https://www.site.example/news/1?utm_source=x", "text/html", `<html><head>
		<base href="/other/"><base href="https://evil.example/">
		<link rel="canonical" href="https://site.example/news/1">
		<link rel="alternate" type="application/rss+xml" href="/feed.xml">
		<meta http-equiv="Refresh" content="0; url='/moved'">
		</head><body><a href="a">A</a><a href="a#b">again</a><a rel="external nofollow" href="n">N</a><area href="/map">
		<a href="javascript:x()">J</a><a>none</a><iframe src="http://127.0.0.1/"></iframe><a href="http://[bad">B</a>`)
	want := page.Links{
		To: []string{"https://www.site.example/moved", "https://www.site.example/other/a", "https://www.site.example/map",
			"http://127.0.0.1/"}, // refused when it is dialled
		Canonical: "https://site.example/news/1", Feeds: []string{"https://www.site.example/feed.xml"},
	}
	if d := cmp.Diff(want, p.Links()); d != "" {
		t.Error(d)
	}
	f := func(at, head, want string) {
		t.Helper()
		if got := parse(t, at, "", "<head>"+head).Links().Canonical; got != want {
			t.Errorf("%s with %s: %q, want %q", at, head, got, want)
		}
	}
	f("https://site.example/a?x=1", `<link rel=canonical href="/a">`, "https://site.example/a")
	f("https://site.example/a", `<link rel=canonical href="https://other.example/a">`, "https://site.example/a")
	f("https://site.example/a", `<link rel=canonical href="/">`, "https://site.example/a")
	f("https://site.example/", `<link rel=canonical href="https://www.site.example/">`, "https://www.site.example/")
	if l := parse(t, "https://s.example/", "", `<meta name=robots content="noindex, nofollow">`).Links(); !l.NoIndex || !l.NoFollow {
		t.Errorf("meta robots: %+v", l)
	}
	many := parse(t, "https://s.example/", "", strings.Repeat(`<a href=x>`, 10)+links(5000))
	if n := len(many.Links().To); n != 2000 {
		t.Errorf("%d links of one page", n)
	}
}

func links(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("<a href=/p")
		b.WriteString(strings.Repeat("i", i%50))
		b.WriteString(strings.Repeat("j", i/50))
		b.WriteString("></a>")
	}
	return b.String()
}

// TestCharset reads one sentence as the web writes it.
func TestCharset(t *testing.T) {
	const want = "<p>Le marché à midi, été</p>"
	var le, be []byte
	for _, u := range utf16.Encode([]rune(want)) {
		le = append(le, byte(u), byte(u>>8))
		be = append(be, byte(u>>8), byte(u))
	}
	latin := strings.NewReplacer("é", "\xe9", "à", "\xe0").Replace(want)
	f := func(what, body, contentType string) {
		t.Helper()
		if got := string(page.UTF8([]byte(body), contentType)); got != want {
			t.Errorf("%s: %q", what, got)
		}
	}
	f("utf-8, undeclared", want, "")
	f("utf-8, with a mark", "\xef\xbb\xbf"+want, "")
	f("utf-8, declared as latin", want, "text/html; charset=iso-8859-1")
	f("latin, undeclared", latin, "")
	f("latin, declared", latin, "text/html; charset=ISO-8859-1")
	f("utf-16, with a mark", "\xff\xfe"+string(le), "")
	f("utf-16 without a mark", string(le), "text/html")
	f("utf-16 of the other end", string(be), "text/html")
	f("NUL between letters", strings.ReplaceAll(want, "m", "\x00m"), "")
	if got := string(page.UTF8([]byte("<meta charset=windows-1256>\xe3\xd1\xcd\xc8\xc7"), "")); !strings.HasSuffix(got, "مرحبا") {
		t.Errorf("windows-1256: %q", got)
	}
	if got := string(page.UTF8([]byte("over\xc0\xaflong"), "text/html; charset=utf-8")); !utf8.ValidString(got) || strings.Contains(got, "/") {
		t.Errorf("overlong UTF-8: %q", got)
	}
}

const story = `The market of Bolo opened again on Monday morning after the rains, and the traders came back with maize and salt from the villages along the river. `

// TestArticle finds text, title, author, date and language of a page.
func TestArticle(t *testing.T) {
	p := parse(t, "https://site.example/2026/03/market.html", "text/html", `<!doctype html><html lang="en-GB"><head><title>Market opens | Site</title>
		<meta property="og:title" content="Market opens"><meta name="author" content="Ama Deri">
		<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-03-02T07:30:00+01:00"}</script></head>
		<body><nav><a href=/>Home</a> <a href=/sport>Sport</a></nav><article><h1>Market opens</h1><p>`+story+`</p><p>`+story+`Second.</p></article>
		<footer>All rights reserved</footer></body></html>`)
	a, err := p.Article()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 6, 30, 0, 0, time.UTC)
	text := strings.TrimSpace(story)
	want := page.Article{Title: "Market opens", Author: "Ama Deri", Lang: "en-GB", Published: &at, Precision: counterpoint.Second,
		Paragraphs: []string{"Market opens", text, text + " Second."}}
	if d := cmp.Diff(want, a); d != "" {
		t.Error(d)
	}
	if _, err := parse(t, "https://s.example/", "", "<p></p>").Article(); !errors.Is(err, page.ErrNoArticle) {
		t.Errorf("an empty page: %v", err)
	}
	u, _ := url.Parse("https://s.example/")
	if _, err := page.Parse([]byte(strings.Repeat("<p>", 50_000)), "", u); !errors.Is(err, page.ErrTags) {
		t.Errorf("a page of tags: %v", err)
	}
	deep := strings.Repeat("<div>", 30_000) + "<p>" + story
	if _, err := page.Parse([]byte(deep), "", u); err == nil {
		parse(t, "https://s.example/", "", deep).Article() // ends, whatever it says
	}
}

// TestFragment reads what feeds carry.
func TestFragment(t *testing.T) {
	f := func(markup string, want ...string) {
		t.Helper()
		if d := cmp.Diff(want, page.Fragment(markup)); d != "" {
			t.Errorf("%q: %s", markup, d)
		}
	}
	f("one two", "one two")
	f("one\n\ntwo\nthree", "one", "two three")
	f("<p>one <b>two</b></p>three<br>four<br><br>five", "one two", "three four", "five")
	f("a &lt;b&gt; &amp; c", "a <b> & c")
	f("<script>x</script><style>y</style><!-- z -->seen", "seen")
	f("<table><tr><td>a<td>b<tr><td>c</table>", "a b", "c")
	f("", []string(nil)...)
}

// FuzzCanonical holds that a canonical address is its own, and that it never leads anywhere odd.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"/a/../b?c#d", "//x:80/%7e%zz", "http://é/", "http://[::1]/", "/a;jsessionid=1", "?utm_a=1&b", "http://a%2fb/", "/..//./x"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://site.example/a/b")
	f.Fuzz(func(t *testing.T, ref string) {
		once, ok := page.Canonical(base, ref)
		if !ok {
			return
		}
		twice, ok := page.Canonical(base, once)
		if !ok || twice != once {
			t.Errorf("Canonical(%q) = %q, and of that %q, %v", ref, once, twice, ok)
		}
		if u, err := url.Parse(once); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			t.Errorf("Canonical(%q) = %q", ref, once)
		}
	})
}

// FuzzPage holds that no page breaks the reader, and that what it gives is text.
func FuzzPage(f *testing.F) {
	f.Add([]byte("<p>a<br><br>b<script>c"), "text/html")
	f.Add([]byte("\xff\xfe<\x00p\x00>\x00"), "text/html; charset=utf-16")
	f.Add([]byte(`<base href="//x"><a href=" y ">`), "")
	u, _ := url.Parse("https://site.example/")
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		p, err := page.Parse(body, contentType, u)
		if err != nil {
			return
		}
		p.Links()
		a, err := p.Article()
		if err != nil {
			return
		}
		for _, para := range a.Paragraphs {
			if !utf8.ValidString(para) || strings.Contains(para, "\x00") || strings.TrimSpace(para) == "" {
				t.Errorf("paragraph %q", para)
			}
		}
	})
}
