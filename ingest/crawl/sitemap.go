package crawl

import (
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/net/html/charset"
)

// What of sitemaps is read in one round of a site.
const (
	maxSitemaps   = 50
	maxEntries    = 50_000   // of one file, as the protocol has it
	sitemapBytes  = 50 << 20 // of one file unpacked, as the protocol has it; it is read as a stream
	packedSitemap = 10 << 20
)

// Entry is an address that a sitemap names.
type Entry struct {
	URL   string
	Mod   time.Time // zero where it does not say
	Title string    // of the news extension
	Index bool      // it is another sitemap
}

// ErrSitemap refuses what is no sitemap.
var ErrSitemap = errors.New("not a sitemap")

// Sitemap reads a sitemap or an index of them, packed or not, XML or a plain list, and emits its entries as they come.
// It never keeps the file: a hostile one is as long as its server likes. Entities of its own are not expanded.
func Sitemap(r io.Reader, emit func(Entry) bool) error {
	in := bufio.NewReaderSize(io.LimitReader(r, packedSitemap), 4096)
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		gz, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSitemap, err)
		}
		in = bufio.NewReaderSize(io.LimitReader(gz, sitemapBytes), 4096)
	}
	if head, _ := in.Peek(64); !strings.HasPrefix(strings.TrimLeft(strings.TrimPrefix(string(head), "\xef\xbb\xbf"), " \t\r\n"), "<") {
		return plainList(in, emit)
	}
	return sitemapXML(in, emit)
}

// plainList is the protocol's other form: an address a line.
func plainList(in io.Reader, emit func(Entry) bool) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 8<<10)
	for n := 0; lines.Scan() && n < maxEntries; n++ {
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\xef\xbb\xbf"))
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			return fmt.Errorf("%w: line %d is no address", ErrSitemap, n+1)
		}
		if !emit(Entry{URL: line}) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrSitemap, err)
	}
	return nil
}

// sitemapXML reads tags by their local names: prefixes and namespaces are often wrong. What came before a fault counts.
func sitemapXML(in io.Reader, emit func(Entry) bool) error {
	d := xml.NewDecoder(in)
	d.Strict, d.CharsetReader = false, charset.NewReaderLabel
	var e Entry
	var text strings.Builder
	var root string
	for n := 0; n < maxEntries; {
		t, err := d.Token()
		if errors.Is(err, io.EOF) && root != "" {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSitemap, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if root == "" {
				if root = t.Name.Local; root != "urlset" && root != "sitemapindex" {
					return fmt.Errorf("%w: it begins with <%.40s>", ErrSitemap, root)
				}
			}
			text.Reset()
			if t.Name.Local == "url" || t.Name.Local == "sitemap" {
				e = Entry{Index: t.Name.Local == "sitemap"}
			}
		case xml.CharData:
			if text.Len()+len(t) <= 8<<10 {
				text.Write(t)
			}
		case xml.EndElement:
			if e.end(t.Name, strings.TrimSpace(text.String())) {
				if n++; !emit(e) {
					return nil
				}
				e = Entry{}
			}
			text.Reset()
		}
	}
	return nil
}

// end takes the text of an element that closes; it reports whether that was a whole entry.
func (e *Entry) end(name xml.Name, text string) bool {
	switch name.Local {
	case "loc":
		if e.URL == "" && !strings.Contains(name.Space, "image") && !strings.Contains(name.Space, "video") {
			e.URL = text
		}
	case "lastmod", "publication_date":
		if at, ok := w3cTime(text); ok {
			e.Mod = at
		}
	case "title":
		if strings.Contains(name.Space, "news") {
			e.Title = text
		}
	case "url", "sitemap":
		return e.URL != ""
	}
	return false
}

// w3cTime reads the forms of dates that sitemaps have.
func w3cTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
