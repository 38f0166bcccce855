package page

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Links is what a page says about others and about itself.
type Links struct {
	To        []string // canonical, each once, in the order of the page
	Canonical string   // the page's own name for itself, or where it was found
	Feeds     []string // that it offers
	NoIndex   bool     // it asks not to be kept
	NoFollow  bool     // it asks that its links are not followed
}

// Links reads them off the tree. A page may name only itself: another address of the same host, and not the front page
// for all of them.
func (p *Page) Links() Links {
	own, _ := Canonical(nil, p.URL.String())
	l := Links{Canonical: own}
	base, seen := p.base(), map[string]bool{}
	add := func(ref string) {
		if to, ok := Canonical(base, ref); ok && !seen[to] && len(l.To) < maxLinks {
			seen[to] = true
			l.To = append(l.To, to)
		}
	}
	each(p.Doc, func(n *html.Node) bool {
		switch n.DataAtom {
		case atom.A, atom.Area:
			if href := attr(n, "href"); href != "" && !has(attr(n, "rel"), "nofollow") {
				add(href)
			}
		case atom.Iframe, atom.Frame:
			if src := attr(n, "src"); src != "" {
				add(src)
			}
		case atom.Link:
			l.link(n, base, own)
		case atom.Meta:
			l.meta(n, add)
		}
		return true
	})
	return l
}

// base is where links are relative to. A base of another host would lend its name to all links.
func (p *Page) base() *url.URL {
	base := p.URL
	found := false
	each(p.Doc, func(n *html.Node) bool {
		if n.DataAtom == atom.Base && !found {
			found = true
			if u, err := parse(p.URL, attr(n, "href")); err == nil && u.Host == p.URL.Host {
				base = u
			}
		}
		return !found
	})
	return base
}

func (l *Links) link(n *html.Node, base *url.URL, own string) {
	rel, href := attr(n, "rel"), attr(n, "href")
	to, ok := Canonical(base, href)
	if href == "" || !ok {
		return
	}
	switch {
	case has(rel, "canonical") && namesItself(own, to):
		l.Canonical = to
	case has(rel, "alternate") && isFeed(attr(n, "type")):
		l.Feeds = append(l.Feeds, to)
	}
}

// namesItself reports whether a page found at own may be called to.
func namesItself(own, to string) bool {
	a, errA := url.Parse(own)
	b, errB := url.Parse(to)
	if errA != nil || errB != nil || SameSite(a.Host) != SameSite(b.Host) {
		return false
	}
	return b.Path != "/" || b.RawQuery != "" || a.Path == "/"
}

// SameSite is the host without www, by which a site is told from others.
func SameSite(host string) string { return strings.TrimPrefix(strings.ToLower(host), "www.") }

func isFeed(kind string) bool {
	switch strings.ToLower(kind) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		return true
	}
	return false
}

func (l *Links) meta(n *html.Node, add func(string)) {
	content := strings.ToLower(attr(n, "content"))
	switch {
	case strings.EqualFold(attr(n, "name"), "robots"):
		l.NoIndex = l.NoIndex || has(content, "noindex") || has(content, "none")
		l.NoFollow = l.NoFollow || has(content, "nofollow") || has(content, "none")
	case strings.EqualFold(attr(n, "http-equiv"), "refresh"):
		if _, to, ok := strings.Cut(attr(n, "content"), "="); ok {
			add(strings.Trim(to, `'" `)) // a link like others: what it leads to is looked at when it is dialled
		}
	}
}

func has(list, word string) bool {
	for _, w := range strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' }) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
