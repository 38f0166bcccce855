package lexicon

import (
	"strings"
	"sync"
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
	odd        bool // it may hide another spelling: it has a figure, a sign or a letter drawn out
	picture    bool // an emoji that stands for a word
}

// limit keeps hostile input from becoming a slow one: longer words are read as far as this.
const limit = 64

// tokenize cuts text into words. With split, an apostrophe ends a word (l'eau, qu'on), else it is left out of
// it (don't, let's).
func tokenize(text string, split bool) []token {
	var t tokenizer
	t.tokenize(text, split)
	return t.toks
}

func (t *tokenizer) tokenize(text string, split bool) {
	*t = tokenizer{split: split, toks: t.toks[:0], folded: t.folded[:0], ends: t.ends[:0]}
	shapes := runeShapes()
	for i := 0; i < len(text); t.pos++ {
		r, size := rune(text[i]), 1
		switch {
		case r < utf8.RuneSelf:
		case r >= 0xc2 && r < 0xe0 && i+1 < len(text) && text[i+1]&0xc0 == 0x80: // of two bytes, as most that are not ASCII
			r, size = r&0x1f<<6|rune(text[i+1]&0x3f), 2
		default:
			r, size = utf8.DecodeRuneInString(text[i:])
		}
		i += size
		var s shape
		if r < foldedRunes {
			s = shapes[r]
		} else {
			r, s = t.beyond(r)
		}
		switch kind := s.kind; {
		case kind == letter|plain && size == 1:
			n := t.small(text[i-1:]) - 1
			i, t.pos = i+n, t.pos+n
		case kind&letter != 0:
			t.letter(r, s)
		case r == ' ':
			t.flush()
		case kind&unseen != 0:
		default:
			t.sign(r, text[i:])
		}
	}
	t.flush()
	t.endSentence(false)
	if t.quoted { // never closed: an apostrophe, or the quotation goes on elsewhere
		for i := t.opened; i < len(t.toks); i++ {
			t.toks[i].quoted = false
		}
	}
	t.spell()
	if t.toks = shout(t.toks); t.singles > 2 {
		t.toks = joinLetters(t.toks)
	}
}

// spell gives the tokens their words, which lie in one string.
func (t *tokenizer) spell() {
	all, from := string(t.folded), 0
	for i, end := range t.ends {
		t.toks[i].word = all[from:end]
		from = int(end)
	}
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
		t.end, t.odd = toks[j-1].end, true
		out = append(out, t)
		i = j
	}
	return out
}

type tokenizer struct {
	split    bool
	toks     []token
	folded   []byte  // all words, one after the other
	ends     []int32 // of each in folded
	pos      int     // runes read
	begin    int     // of the word at hand in folded
	from     int     // and in the text
	last     rune    // its last letter
	run      int     // how often that stands in a row
	kinds    runeKind
	capital  bool
	acronym  bool
	edge     edge
	colon    bool
	quoted   bool
	parted   bool // an apostrophe stands between letters
	pictures bool // there may be emoji
	singles  int  // words of one letter
	opened   int  // first token after the quotation mark that is open
	sentence int  // first token of the running sentence
}

// runeKind is what a rune does to words.
type runeKind uint8

const (
	letter runeKind = 1 << iota // or a digit
	upper
	unseen    // marks, tatweel, joiners
	strange   // a figure or sign that may stand for a letter
	number    // any figure or such a sign
	plain     // a small letter of ASCII; of a word, that it is more than figures
	stretched // of a word, that a letter stands three times in a row
	arabic    // a letter of the Arabic alphabet, among which any figure may stand for one
)

func kindOf(r rune) (k runeKind) {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		if k = letter; unicode.IsUpper(r) {
			k |= upper
		}
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r), r == 'ـ':
		return unseen
	}
	switch {
	case 'a' <= r && r <= 'z':
		k |= plain
	case r < utf8.RuneSelf && strings.ContainsRune("013457@$", r):
		k |= strange | number
	case '0' <= r && r <= '9':
		k |= number
	case '٠' <= r && r <= '٩':
		k |= strange
	case 'ء' <= r && r <= 'ي':
		k |= arabic
	}
	return k
}

// shape is what a rune does to words, what it does to the one it stands in as it is folded, and its folding where that
// is one rune, else 0.
type shape struct {
	kind, within runeKind
	folded       rune
}

func shapeOf(r rune) shape {
	s := shape{kind: kindOf(r)}
	if s.kind&(letter|strange) == 0 {
		return s
	}
	if s.within = s.kind; s.kind&number == 0 {
		s.within |= plain
	}
	text := foldRune(r)
	for _, c := range text {
		if r >= utf8.RuneSelf && c < foldedRunes { // it may be a figure in disguise
			s.within |= kindOf(c)
		}
	}
	if c, n := utf8.DecodeRuneInString(text); n > 0 && n == len(text) {
		s.folded = c
	}
	return s
}

// runeShapes are worked out once.
var runeShapes = sync.OnceValue(func() *[foldedRunes]shape {
	var t [foldedRunes]shape
	for r := range t {
		t[r] = shapeOf(rune(r))
	}
	return &t
})

// beyond is the rune and its shape where neither stands in the tables.
func (t *tokenizer) beyond(r rune) (rune, shape) {
	if r >= 0x1f170 && r <= 0x1f17f {
		r = squared[r-0x1f170]
	}
	t.pictures = t.pictures || r >= firstPicture
	return r, shapeOf(r)
}

// small is letter for the small letters of ASCII that a text begins with, and says how many there are.
func (t *tokenizer) small(text string) int {
	n, have := 1, len(t.folded)-t.begin
	for n < len(text) && text[n] >= 'a' && text[n] <= 'z' {
		n++
	}
	if have == 0 {
		t.start(false)
	}
	if have < limit {
		kept := text[:min(n, limit-have)]
		t.folded, t.kinds = append(t.folded, kept...), t.kinds|plain
		for i := range len(kept) {
			t.drawn(rune(kept[i]))
		}
	}
	return n
}

// start begins a word.
func (t *tokenizer) start(capital bool) {
	t.from, t.capital, t.acronym, t.run, t.kinds = t.pos, capital, false, 0, 0
}

func (t *tokenizer) letter(r rune, s shape) {
	n := len(t.folded) - t.begin
	switch {
	case n == 0:
		t.start(s.kind&upper != 0)
	case s.kind&upper != 0:
		t.acronym = true
	}
	if n >= limit {
		return
	}
	t.kinds |= s.within
	if s.folded != 0 {
		t.folded = utf8.AppendRune(t.folded, s.folded)
		t.drawn(s.folded)
		return
	}
	for _, c := range foldRune(r) {
		t.folded = utf8.AppendRune(t.folded, c)
		t.drawn(c)
	}
}

// drawn counts how often a letter stands in a row.
func (t *tokenizer) drawn(r rune) {
	if r != t.last {
		t.last, t.run = r, 0
	}
	if t.run++; t.run == 3 {
		t.kinds |= stretched
	}
}

// sign reads what is no letter by itself; rest is the text after it.
func (t *tokenizer) sign(r rune, rest string) {
	switch r {
	case '@', '$':
		if len(t.folded) > t.begin || unicode.IsLetter(first(rest)) {
			t.letter(r, runeShapes()[r])
			return
		}
	case '\'', '’', 'ʼ':
		if len(t.folded) > t.begin && unicode.IsLetter(first(rest)) {
			if t.parted = true; t.split {
				t.flush()
			}
			return
		}
	}
	t.flush()
	t.mark(r, rest)
}

// first is the first rune of a text, and no letter where there is none.
func first(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}

// squared are the emoji of letters, from U+1F170, which hide a word from a machine and not from a reader.
var squared = [16]rune{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p'}

func (t *tokenizer) mark(r rune, rest string) {
	switch r {
	case '?', '؟', '፧':
		t.endSentence(true)
	case '!', '\n', '۔', '።', '¡', '¿':
		t.endSentence(false)
	case '.':
		if !unicode.IsDigit(first(rest)) {
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
		if unicode.IsLetter(first(rest)) {
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

func (t *tokenizer) flush() {
	if len(t.folded) == t.begin {
		return
	}
	t.toks = append(t.toks, token{
		start: t.from, end: t.pos, entry: -1, edge: t.edge, colon: t.colon, quoted: t.quoted,
		capital: t.capital, acronym: t.acronym, odd: t.odd(),
	})
	if t.pos-t.from == 1 {
		t.singles++
	}
	t.begin = len(t.folded)
	t.ends = append(t.ends, int32(t.begin))
	t.edge, t.colon = joined, false
}

// odd reports whether the word at hand may hide another.
func (t *tokenizer) odd() bool {
	return t.kinds&stretched != 0 || t.kinds&(strange|plain) == strange|plain || t.kinds&(arabic|number) == arabic|number
}

func (t *tokenizer) endSentence(question bool) {
	if question {
		for i := t.sentence; i < len(t.toks); i++ {
			t.toks[i].question = true
		}
	}
	t.sentence, t.edge = len(t.toks), sentence
}
