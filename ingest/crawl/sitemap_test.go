package crawl_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint/ingest/crawl"
)

func sitemap(text string) (all []crawl.Entry, err error) {
	err = crawl.Sitemap(strings.NewReader(text), func(e crawl.Entry) bool {
		all = append(all, e)
		return true
	})
	return all, err
}

func packed(text string) string {
	var b bytes.Buffer
	gz := gzip.NewWriter(&b)
	io.WriteString(gz, text)
	gz.Close()
	return b.String()
}

// TestSitemap reads the forms that sites have.
func TestSitemap(t *testing.T) {
	const set = `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
		xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
		<url><loc> https://s.example/1 </loc><lastmod>2026-03-01</lastmod></url>
		<url><image:image><image:loc>https://s.example/i.jpg</image:loc></image:image><loc>https://s.example/2?a=1&amp;b=2</loc><news:news>
		<news:publication><news:name>S</news:name></news:publication><news:publication_date>2026-03-02T08:00:00+01:00</news:publication_date>
		<news:title>A title</news:title></news:news></url><url></url></urlset>`
	want := []crawl.Entry{
		{URL: "https://s.example/1", Mod: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)},
		{URL: "https://s.example/2?a=1&b=2", Mod: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC), Title: "A title"},
	}
	for name, text := range map[string]string{"plain": set, "packed": packed(set), "without namespaces": strings.ReplaceAll(set, ` xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"`, ""), "after white space": "\n\n" + set} {
		got, err := sitemap(text)
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, d)
		}
	}
	got, err := sitemap(`<sitemapindex><sitemap><loc>https://s.example/a.xml.gz</loc><lastmod>bad</lastmod></sitemap></sitemapindex>`)
	if d := cmp.Diff([]crawl.Entry{{URL: "https://s.example/a.xml.gz", Index: true}}, got); d != "" || err != nil {
		t.Errorf("an index: %v %s", err, d)
	}
	got, err = sitemap("\xef\xbb\xbfhttps://s.example/1\r\n\r\nhttps://s.example/2\r\n")
	if err != nil || len(got) != 2 {
		t.Errorf("a list: %v %v", got, err)
	}
	got, err = sitemap(`<urlset><url><loc>https://s.example/1</loc></url><url><loc>https://s.exa`)
	if !errors.Is(err, crawl.ErrSitemap) || len(got) != 1 {
		t.Errorf("cut off: %v %v", got, err)
	}
	for _, bad := range []string{"", "<html></html>", "not found", "\x1f\x8bnot gzip", `<?xml version="1.0" encoding="x-none"?><urlset>`} {
		if got, err := sitemap(bad); len(got) > 0 || !errors.Is(err, crawl.ErrSitemap) && bad != "" {
			t.Errorf("%.20q: %v, %v", bad, got, err)
		}
	}
}

// TestSitemapBombs holds that what is read of a hostile one is bounded.
func TestSitemapBombs(t *testing.T) {
	entities := `<?xml version="1.0"?><!DOCTYPE u [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>
		<urlset><url><loc>https://s.example/&b;&f;</loc></url></urlset>`
	got, _ := sitemap(entities)
	for _, e := range got {
		if strings.Contains(e.URL, "root:") || len(e.URL) > 100 {
			t.Errorf("an entity was expanded: %.200q", e.URL)
		}
	}
	n := 0
	many := &endless{head: "<urlset>", body: "<url><loc>https://s.example/1</loc></url>"}
	if err := crawl.Sitemap(many, func(crawl.Entry) bool { n++; return true }); err != nil || n != 50_000 {
		t.Errorf("%d entries, %v", n, err)
	}
	empty := &endless{head: "<urlset>", body: "<url></url>"}
	if err := crawl.Sitemap(empty, func(crawl.Entry) bool { return true }); !errors.Is(err, crawl.ErrSitemap) || empty.sent > 11<<20 {
		t.Errorf("%d bytes were read, %v", empty.sent, err)
	}
}

// endless repeats its body for ever.
type endless struct {
	head, body string
	sent       int
}

// Read never ends.
func (e *endless) Read(p []byte) (int, error) {
	s := e.body
	if e.sent == 0 {
		s = e.head
	}
	n := copy(p, s)
	if n < len(s) {
		return 0, fmt.Errorf("a read of %d bytes", len(p))
	}
	e.sent += n
	return n, nil
}

// FuzzSitemap holds that every input ends in entries or a reason.
func FuzzSitemap(f *testing.F) {
	f.Add([]byte("<urlset><url><loc>http://a</loc></url>"))
	f.Add([]byte(packed("<sitemapindex><sitemap><loc>x</loc></sitemap>")))
	f.Add([]byte("https://a.example/\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := crawl.Sitemap(bytes.NewReader(b), func(e crawl.Entry) bool {
			if e.URL == "" || len(e.URL) > 8<<10 {
				t.Errorf("entry %+v", e)
			}
			return true
		})
		if err != nil && !errors.Is(err, crawl.ErrSitemap) {
			t.Errorf("an error of another kind: %v", err)
		}
	})
}
