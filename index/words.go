package index

import (
	"slices"
	"strings"
	"unicode"

	"counterpoint"
)

// MaxWords and MaxTerms bound a query: in scripts without spaces one word is a phrase of many terms.
const (
	MaxWords = 64
	MaxTerms = 1024
)

// Words is a query's text, analysed: every phrase must occur.
type Words []Phrase

// Phrase is terms that follow one another. Where Prefix is set the last one may go on.
type Phrase struct {
	Terms  []string
	Prefix bool
}

// ParseWords reads what people type: words, "a phrase", prefix*. A word that is several terms (l'eau, 中国) is
// a phrase. A quotation mark that is never closed holds to the end. A text with nothing to search for is
// counterpoint.ErrInvalid.
func ParseWords(q string) (Words, error) {
	var ws Words
	n := 0
	for _, c := range chunks(q) {
		p := Phrase{Prefix: strings.HasSuffix(c, "*")}
		for _, t := range Terms(c) {
			p.Terms = append(p.Terms, t.Text)
		}
		if len(p.Terms) > 0 {
			ws = append(ws, p)
		}
		n += len(p.Terms)
	}
	switch {
	case n == 0:
		return nil, counterpoint.Invalid{{Field: "q", Message: `has no word to search for; write words, "a phrase" or prefix*`}}
	case len(ws) > MaxWords || n > MaxTerms:
		return nil, counterpoint.Invalid{{Field: "q", Message: "has too many words; search for at most 64"}}
	}
	return ws, nil
}

// chunks cuts a query at spaces outside quotation marks.
func chunks(q string) []string {
	var out []string
	var b strings.Builder
	quoted := false
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
		}
		b.Reset()
	}
	for _, r := range q {
		switch {
		case strings.ContainsRune(`"“”„«»`, r):
			flush()
			quoted = !quoted
		case !quoted && unicode.IsSpace(r):
			flush()
		default:
			b.WriteRune(r)
		}
	}
	flush()
	return out
}

// Highlights are where the phrases stand in the text, in order, without overlaps.
func (ws Words) Highlights(text string) []counterpoint.Span {
	terms := Terms(text)
	var spans []counterpoint.Span
	for i := range terms {
		for _, p := range ws {
			if p.at(terms[i:]) {
				spans = append(spans, counterpoint.Span{Start: terms[i].Span.Start, End: terms[i+len(p.Terms)-1].Span.End})
			}
		}
	}
	return merge(spans)
}

// Match reports whether every phrase occurs in the text.
func (ws Words) Match(text string) bool {
	terms := Terms(text)
	for _, p := range ws {
		if !p.in(terms) {
			return false
		}
	}
	return true
}

func (p Phrase) in(terms []Term) bool {
	for i := range terms {
		if p.at(terms[i:]) {
			return true
		}
	}
	return false
}

func (p Phrase) at(terms []Term) bool {
	if len(terms) < len(p.Terms) {
		return false
	}
	last := len(p.Terms) - 1
	for i, t := range p.Terms {
		if terms[i].Text != t && !(i == last && p.Prefix && strings.HasPrefix(terms[i].Text, t)) {
			return false
		}
	}
	return true
}

func merge(spans []counterpoint.Span) []counterpoint.Span {
	slices.SortFunc(spans, func(a, b counterpoint.Span) int { return a.Start - b.Start })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
