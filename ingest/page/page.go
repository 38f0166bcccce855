// Package page reads one web page: bytes become text of a known character set and one tree, parsed once, that serves
// its links, its own name and its article. Everything in it comes from strangers and is bounded.
package page

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// What a page may be. Beyond that it is refused rather than read in part: a page of 20,000 tags is a long one, and
// the tree of a body that is nothing but tags takes sixty times its bytes.
const (
	maxTags  = 40_000
	maxLinks = 2_000
	maxTitle = 1_000 // bytes
)

// ErrTags refuses a page that is nearly all markup.
var ErrTags = errors.New("more tags than a page has")

// ErrBinary refuses what only says that it is a page.
var ErrBinary = errors.New("is no page but a file")

// binary is true of the beginnings of pictures, sound, archives and documents.
func binary(body []byte) bool {
	kind := http.DetectContentType(body)
	return kind != "application/octet-stream" && !strings.HasPrefix(kind, "text/")
}

// Page is a page as it was parsed. Its tree is read, never changed.
type Page struct {
	URL *url.URL // where it was found, after redirects
	Doc *html.Node
}

// Parse reads a body by the character set that it, its server or its look declares.
func Parse(body []byte, contentType string, at *url.URL) (*Page, error) {
	if binary(body) {
		return nil, ErrBinary
	}
	text := UTF8(body, contentType)
	if n := bytes.Count(text, []byte("<")); n > maxTags {
		return nil, fmt.Errorf("%w: %d, at most %d", ErrTags, n, maxTags)
	}
	doc, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("parse the page: %w", err)
	}
	return &Page{at, doc}, nil
}

// Fragment reads a piece of HTML such as a feed carries, and returns its paragraphs.
func Fragment(markup string) []string {
	if strings.Count(markup, "<") > maxTags {
		return nil
	}
	if !strings.ContainsAny(markup, "<&") {
		return Plain(markup)
	}
	in := &html.Node{Type: html.ElementNode, Data: "body", DataAtom: atom.Body}
	nodes, err := html.ParseFragment(strings.NewReader(markup), in)
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		in.AppendChild(n)
	}
	return Paragraphs(in)
}

// each walks the tree in the order of the page, without recursion: how deep it is, is the page's to say.
func each(root *html.Node, see func(*html.Node) (into bool)) {
	for n := root; n != nil; {
		if see(n) && n.FirstChild != nil {
			n = n.FirstChild
			continue
		}
		for n != root && n.NextSibling == nil {
			n = n.Parent
		}
		if n == root {
			return
		}
		n = n.NextSibling
	}
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// Lang is the language that the page declares for itself.
func (p *Page) Lang() (lang string) {
	each(p.Doc, func(n *html.Node) bool {
		if n.DataAtom == atom.Html && lang == "" {
			lang = attr(n, "lang")
		}
		return n.Type == html.DocumentNode
	})
	return lang
}
