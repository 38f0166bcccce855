package lexicon

import (
	"unicode"
	"unicode/utf8"
)

// edge says what stands before a token.
type edge uint8

const (
	joined   edge = iota // nothing, a space or a hyphen
	clause               // a comma, colon, dash or bracket, or a quotation mark
	sentence             // a full stop, question or exclamation mark, or a new line
)

// token is a word with its place in the original text.
type token struct {
	word       string // folded
	start, end int    // runes of the original, end exclusive
	tags       tags
	entry      int // index of the pack's entry that gave the tags, or -1
	edge       edge
	colon      bool // a colon stands before it
	quoted     bool // between quotation marks
	capital    bool
	acronym    bool // a capital inside: SARS, CoV
	question   bool // its sentence ends with a question mark
}

// limit keeps hostile input from becoming a slow one: longer words are read as far as this.
const limit = 64

// tokenize cuts text into words. With split, an apostrophe ends a word (l'eau, qu'on), else it is left out of
// it (don't, let's).
func tokenize(text string, split bool) []token {
	t := tokenizer{split: split, toks: make([]token, 0, len(text)/5+1)}
	pos := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		next, _ := utf8.DecodeRuneInString(text[i+size:])
		t.read(r, next, pos)
		pos++
		i += size
	}
	t.flush(pos)
	t.endSentence(false)
	if t.quoted { // never closed: an apostrophe, or the quotation goes on elsewhere
		for i := t.opened; i < len(t.toks); i++ {
			t.toks[i].quoted = false
		}
	}
	return joinLetters(shout(t.toks))
}

// shout forgets the capitals of a text that is written in capitals throughout.
func shout(toks []token) []token {
	for _, t := range toks {
		if !t.acronym && t.end-t.start > 1 {
			return toks
		}
	}
	for i := range toks {
		toks[i].acronym, toks[i].capital = false, false
	}
	return toks
}

// joinLetters makes one word of letters spelled out: k i l l, k.i.l.l.
func joinLetters(toks []token) []token {
	out := toks[:0]
	for i := 0; i < len(toks); {
		j := i
		for j < len(toks) && toks[j].end-toks[j].start == 1 && (j == i || toks[j].start-toks[j-1].end == 1) {
			j++
		}
		if j-i < 3 {
			out = append(out, toks[i])
			i++
			continue
		}
		t := toks[i]
		for _, u := range toks[i+1 : j] {
			t.word += u.word
		}
		t.end = toks[j-1].end
		out = append(out, t)
		i = j
	}
	return out
}

type tokenizer struct {
	split    bool
	toks     []token
	word     []byte
	from     int
	capital  bool
	acronym  bool
	edge     edge
	colon    bool
	quoted   bool
	opened   int // first token after the quotation mark that is open
	sentence int // first token of the running sentence
}

func (t *tokenizer) read(r, next rune, pos int) {
	if r >= 0x1f170 && r <= 0x1f17f {
		r = squared[r-0x1f170]
	}
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r), (r == '@' || r == '$') && (len(t.word) > 0 || unicode.IsLetter(next)):
		if len(t.word) == 0 {
			t.from, t.capital, t.acronym = pos, unicode.IsUpper(r), false
		} else if unicode.IsUpper(r) {
			t.acronym = true
		}
		if len(t.word) < limit {
			t.word = append(t.word, foldRune(r)...)
		}
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), r == 'ـ':
	case (r == '\'' || r == '’' || r == 'ʼ') && len(t.word) > 0 && unicode.IsLetter(next):
		if t.split {
			t.flush(pos)
		}
	default:
		t.flush(pos)
		t.mark(r, next)
	}
}

// squared are the emoji of letters, from U+1F170, which hide a word from a machine and not from a reader.
var squared = [16]rune{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'}

func (t *tokenizer) mark(r, next rune) {
	switch r {
	case '?', '؟', '፧':
		t.endSentence(true)
	case '!', '\n', '۔', '።', '¡', '¿':
		t.endSentence(false)
	case '.':
		if !unicode.IsDigit(next) {
			t.endSentence(false)
		}
	case ':':
		t.edge, t.colon = max(t.edge, clause), true
	case ',', ';', '،', '؛', '፣', '፤', '፥', '—', '–', '(', ')', '[', ']', '/', '…':
		t.edge = max(t.edge, clause)
	case '"', '“', '”', '«', '»', '„', '‟':
		t.quote(r == '“' || r == '„' || r == '«' || r == '"' && !t.quoted)
	case '\'', '‘', '’':
		// An apostrophe that ends a word looks like a closing quotation mark; one that opens a word is one.
		if unicode.IsLetter(next) {
			t.quote(true)
		} else if t.quoted {
			t.quote(false)
		}
	}
}

func (t *tokenizer) quote(open bool) {
	t.edge, t.quoted = max(t.edge, clause), open
	if open {
		t.opened = len(t.toks)
	}
}

func (t *tokenizer) flush(pos int) {
	if len(t.word) == 0 {
		return
	}
	t.toks = append(t.toks, token{
		word: string(t.word), start: t.from, end: pos, entry: -1,
		edge: t.edge, colon: t.colon, quoted: t.quoted,
		capital: t.capital, acronym: t.acronym,
	})
	t.word, t.edge, t.colon = t.word[:0], joined, false
}

func (t *tokenizer) endSentence(question bool) {
	if question {
		for i := t.sentence; i < len(t.toks); i++ {
			t.toks[i].question = true
		}
	}
	t.sentence, t.edge = len(t.toks), sentence
}
