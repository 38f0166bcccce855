package page

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// blocks are the elements that stand on lines of their own.
var blocks = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Main: true, atom.Aside: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Ul: true, atom.Ol: true, atom.Li: true,
	atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Blockquote: true, atom.Pre: true, atom.Table: true, atom.Tr: true, atom.Figure: true, atom.Figcaption: true, atom.Hr: true, atom.Body: true, atom.Form: true, atom.Address: true,
}

// silent are the elements whose text nobody reads.
var silent = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Iframe: true, atom.Object: true, atom.Svg: true,
	atom.Head: true, atom.Title: true, atom.Textarea: true, atom.Select: true, atom.Math: true,
}

// Paragraphs is the text under a node, a paragraph each for what stands on lines of its own. Two line breaks in a row
// end a paragraph too, as posts write them.
func Paragraphs(root *html.Node) []string {
	if root == nil {
		return nil
	}
	w := &lines{}
	for n := root; n != nil; {
		w.enter(n)
		if n.FirstChild != nil && !silent[tag(n)] {
			n = n.FirstChild
			continue
		}
		for {
			w.leave(n)
			if n == root {
				w.end()
				return w.done
			}
			if n.NextSibling != nil {
				n = n.NextSibling
				break
			}
			n = n.Parent
		}
	}
	return w.done
}

// lines collects paragraphs.
type lines struct {
	done   []string
	b      strings.Builder
	breaks int
}

func (w *lines) enter(n *html.Node) {
	switch {
	case n.Type == html.TextNode:
		if strings.TrimSpace(n.Data) != "" {
			w.breaks = 0
		}
		w.b.WriteString(n.Data)
	case tag(n) == atom.Br:
		if w.breaks++; w.breaks > 1 {
			w.end()
		}
		w.b.WriteByte(' ')
	case tag(n) == atom.Td, tag(n) == atom.Th:
		w.b.WriteByte(' ') // a row is a line
	case blocks[tag(n)]:
		w.end()
	}
}

// tag is the element's name. Nodes that an extractor made carry it as text only.
func tag(n *html.Node) atom.Atom {
	if n.DataAtom == 0 && n.Type == html.ElementNode {
		return atom.Lookup([]byte(n.Data))
	}
	return n.DataAtom
}

func (w *lines) leave(n *html.Node) {
	if blocks[tag(n)] {
		w.end()
	}
}

func (w *lines) end() {
	if text := strings.Join(strings.Fields(w.b.String()), " "); text != "" {
		w.done = append(w.done, text)
	}
	w.b.Reset()
	w.breaks = 0
}

// Plain is text without markup: a paragraph for each block between empty lines.
func Plain(text string) []string {
	var all []string
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			all = append(all, p)
		}
	}
	return all
}
