package page

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/markusmobius/go-trafilatura"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"counterpoint"
)

// Article is what a page has to say, without what stands around it.
type Article struct {
	Title      string
	Author     string // as the page has it; the door makes a pseudonym of it
	Lang       string // as the page declares it; guesses are the detector's
	Published  *time.Time
	Precision  counterpoint.Precision // of Published
	Paragraphs []string
}

// ErrNoArticle is what a page without running text is refused with.
var ErrNoArticle = errors.New("no article in it")

// Article finds the main text, title, author and date. It is the one place that knows which extractor does so:
// go-trafilatura without its fallback, the best score for its time. A page that the extractor trips over is refused.
func (p *Page) Article() (a Article, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the extractor gave up: %v", ErrNoArticle, r)
		}
	}()
	if words, elements := p.size(); words > maxWords || elements > maxElements {
		return p.long()
	}
	found, err := trafilatura.ExtractDocument(p.Doc, trafilatura.Options{OriginalURL: p.URL, ExcludeComments: true, HtmlDateMode: trafilatura.Fast})
	if err != nil {
		return a, fmt.Errorf("%w: %w", ErrNoArticle, err)
	}
	a = Article{Title: cut(found.Metadata.Title), Author: cut(found.Metadata.Author), Lang: p.Lang(), Paragraphs: Paragraphs(found.ContentNode)}
	if len(a.Paragraphs) == 0 {
		return a, ErrNoArticle
	}
	if at := p.stamp(); at != nil {
		a.Published, a.Precision = at, counterpoint.Second
	} else if day := found.Metadata.Date; !day.IsZero() {
		day = day.UTC()
		a.Published, a.Precision = &day, counterpoint.Day
	}
	return a, nil
}

// What of a page the extractor is given: it takes seventy bytes of memory for each of text and ten thousand for each
// element, and its time grows faster than they do. Three of 265 real pages are larger.
const (
	maxWords    = 512 << 10
	maxElements = 3_000
)

// size is how many bytes of text the page has, its title among them, and how many elements.
func (p *Page) size() (words, elements int) {
	each(p.Doc, func(x *html.Node) bool {
		switch x.Type {
		case html.TextNode:
			words += len(x.Data)
		case html.ElementNode:
			elements++
		}
		return x.DataAtom != atom.Script && x.DataAtom != atom.Style
	})
	return words, elements
}

// long is the article of a page with more text than the extractor is given: its long paragraphs.
func (p *Page) long() (Article, error) {
	a := Article{Lang: p.Lang()}
	each(p.Doc, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.P:
			if text := strings.Join(Paragraphs(n), " "); len(text) > 60 {
				a.Paragraphs = append(a.Paragraphs, text)
			}
			return false
		case atom.Title:
			if n.FirstChild != nil && a.Title == "" {
				a.Title = cut(n.FirstChild.Data[:min(len(n.FirstChild.Data), 2*maxTitle)])
			}
		}
		return !silent[n.DataAtom] || n.DataAtom == atom.Head
	})
	if at := p.stamp(); at != nil {
		a.Published, a.Precision = at, counterpoint.Second
	}
	if len(a.Paragraphs) == 0 {
		return a, ErrNoArticle
	}
	return a, nil
}

func cut(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxTitle {
		s = strings.ToValidUTF8(s[:maxTitle], "")
	}
	return s
}

// published finds the date of publication in the data that pages carry for search engines.
var published = regexp.MustCompile(`"datePublished"\s*:\s*"([^"]{10,40})"`)

// stamp is the exact time of publication, where the page declares one; the extractor knows days only.
func (p *Page) stamp() (at *time.Time) {
	each(p.Doc, func(n *html.Node) bool {
		switch {
		case at != nil:
		case n.DataAtom == atom.Meta && (attr(n, "property") == "article:published_time" || attr(n, "itemprop") == "datePublished"):
			at = exact(attr(n, "content"))
		case n.DataAtom == atom.Script && attr(n, "type") == "application/ld+json" && n.FirstChild != nil:
			if m := published.FindStringSubmatch(n.FirstChild.Data); m != nil {
				at = exact(m[1])
			}
		}
		return at == nil
	})
	return at
}

// exact reads a time with its zone; without one it is no more than a day.
func exact(s string) *time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil && counterpoint.CredibleTime(t) {
			t = t.UTC()
			return &t
		}
	}
	return nil
}
