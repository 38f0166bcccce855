// Package index makes what the logs say visible: it turns items, assessments and decisions into documents that
// people list, search and count. Store is the contract of a backend (indextest.Run proves it), Projector
// applies the logs to it, Terms is the one analysis that every backend, query and highlight goes through.
package index

import (
	"strings"
	"unicode/utf8"

	"counterpoint"
)

// Term is a word as it is indexed, with where it stands in the text.
type Term struct {
	Text string
	Span counterpoint.Span // runes of the text
}

// Terms turns text into the terms it is found by. Every store indexes these, and queries and highlights pass
// through it, so all engines answer alike. A term is a run of letters, marks and digits, folded as foldRune
// says. Scripts written without spaces give one term a sign (a letter with its marks); a run of them in a
// query is a phrase. Apostrophes join (don't, ng'ombe, go'aan) except after an elided particle (l'eau, n'abantu).
//
// The terms of a term are the term itself.
func Terms(text string) []Term {
	var a analysis
	at := 0
	for _, r := range text {
		a.rune(at, r)
		at++
	}
	a.flush()
	return a.terms
}

// Join is the terms as stores take them: separated by one space. A term has letters, marks and digits only,
// lower-case where ASCII, so FTS5's ascii tokenizer and Elasticsearch's whitespace analyzer keep it whole.
func Join(terms []Term) string {
	var b strings.Builder
	for i, t := range terms {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}

// Joined is Join of the Terms of a text, made without them.
func Joined(text string) string {
	a := analysis{flat: true, out: make([]byte, 0, len(text)+8)}
	at := 0
	for _, r := range text {
		a.rune(at, r)
		at++
	}
	a.flush()
	return string(a.out)
}

type analysis struct {
	terms  []Term
	flat   bool   // terms go to out instead
	out    []byte // joined
	word   []rune
	span   counterpoint.Span // of word
	quote  bool              // an apostrophe follows the word so far
	sign   bool              // the last term is a sign that may take marks
	folded [24]rune
}

func (a *analysis) rune(at int, r rune) {
	if r >= 0 && r < tableEnd && !a.quote {
		switch f := &table[r]; {
		case f.plain != 0:
			a.append(at, f.plain)
			return
		case f.gap:
			a.flush()
			return
		}
	}
	a.any(at, r)
}

// any takes a rune whatever it is.
func (a *analysis) any(at int, r rune) {
	if apostrophe(r) {
		a.quote, a.sign = len(a.word) > 0, false
		return
	}
	for _, c := range foldRune(a.folded[:0], r) {
		if !apostrophe(c) { // ŉ is one letter
			a.add(at, c)
		}
	}
	a.after(at, r)
}

// after looks at the rune as written: a mark that folding dropped still belongs to what it marks.
func (a *analysis) after(at int, r rune) {
	if r < 0x300 || len(a.word) == 0 || !isMark(r) {
		return
	}
	if a.span.End == at {
		a.span.End = at + 1
	}
}

func (a *analysis) add(at int, c rune) {
	mark := isMark(c)
	switch {
	case !mark && !isLetter(c):
		a.flush()
	case mark && a.sign:
		a.extend(at, c)
	case unspaced(c):
		a.flush()
		a.term(counterpoint.Span{Start: at, End: at + 1}, c)
		a.sign = true
	default:
		a.letter(at, c)
	}
}

func (a *analysis) letter(at int, c rune) {
	if a.quote && elided(a.word, c) {
		a.flush()
	}
	for n := len(a.word) - 1; n > 0 && homorganic(a.word[n], c); n-- {
		a.word = a.word[:n]
	}
	a.append(at, c)
}

func (a *analysis) append(at int, c rune) {
	if len(a.word) == 0 {
		a.span.Start = at
	}
	a.word = append(a.word, c)
	a.span.End = at + 1
	a.quote, a.sign = false, false
}

func (a *analysis) flush() {
	if len(a.word) > 0 {
		a.term(a.span, a.word...)
	}
	a.word, a.quote, a.sign = a.word[:0], false, false
}

func (a *analysis) term(span counterpoint.Span, word ...rune) {
	if !a.flat {
		a.terms = append(a.terms, Term{string(word), span})
		return
	}
	if len(a.out) > 0 {
		a.out = append(a.out, ' ')
	}
	for _, r := range word {
		a.out = utf8.AppendRune(a.out, r)
	}
}

// extend adds a mark to the last term.
func (a *analysis) extend(at int, mark rune) {
	if a.flat {
		a.out = utf8.AppendRune(a.out, mark)
		return
	}
	last := &a.terms[len(a.terms)-1]
	last.Text += string(mark)
	last.Span.End = at + 1
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', '`', '´', '′', 'ʼ', 'ʻ', 'ʹ', 'ʽ', 'ʾ', 'ʿ', 'ˈ', 'Ꞌ', 'ꞌ', '՚', '׳', '״', '＇', '‛':
		return true
	}
	return false
}

// elided reports whether word is a particle that lost its vowel before the next word: l'eau, qu'il, n'abantu,
// ly'obuntu. Other apostrophes are part of one word.
func elided(word []rune, next rune) bool {
	if !strings.ContainsRune("aeiouyh", next) {
		return false
	}
	w := string(word)
	if strings.HasSuffix(w, "qu") {
		return true
	}
	return len(word) <= 2 && w != "ng" && !strings.ContainsAny(w, "aeiou")
}

// unspaced reports whether the rune is of a script that puts no spaces between words.
func unspaced(r rune) bool {
	switch {
	case r < 0x0E00:
		return false
	case r <= 0x0EFF, // Thai, Lao
		r >= 0x1000 && r <= 0x109F, r >= 0x1780 && r <= 0x17FF, // Myanmar, Khmer
		r >= 0x1950 && r <= 0x19FF, r >= 0x1A20 && r <= 0x1AAF, r >= 0xAA80 && r <= 0xAADF, // Tai
		r >= 0x1B00 && r <= 0x1B7F, r >= 0xA980 && r <= 0xA9FF, r >= 0xAA60 && r <= 0xAA7F, // Bali, Java, Myanmar
		r >= 0x2E80 && r <= 0x3098, r >= 0x309B && r <= 0x30FF, r >= 0x31F0 && r <= 0x31FF, // kana
		r >= 0x3400 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF, r >= 0x20000 && r <= 0x3FFFF: // Han
		return true
	}
	return false
}

// firstNasal is where the scripts begin that homorganic is about.
const firstNasal = 0x0900

// homorganic reports whether the letter n is the nasal of the row of stops that c stands in, in a script that
// could have written an anusvara for it. (Tamil has none; in U+0900..U+0D7F the rows are laid out alike.)
func homorganic(n, c rune) bool {
	if n < firstNasal || n >= 0x0D80 || n&^0x7F == 0x0B80 || n&^0x7F != c&^0x7F {
		return false
	}
	switch n & 0x7F {
	case 0x19, 0x1E, 0x23, 0x28, 0x2E:
		before := n&0x7F - c&0x7F
		return before >= 1 && before <= 4
	}
	return false
}
