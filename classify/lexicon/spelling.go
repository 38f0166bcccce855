package lexicon

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Words that are misspelt or run together, as the tone reader finds them. Both are looked for only where they would
// make a difference, and what they say counts less than what is spelt right.

// leastMisspelt is how many letters a name or a bad word has at least whose misspelling is forgiven: one less where two
// letters are swapped, or where no word that is known begins like it.
const leastMisspelt = 6

// forgiven reports whether a misspelling of a word of a class is looked for at all.
func forgiven(c tone) bool {
	return c&(toneGood|toneDouble|toneOther|toneCounter) == 0 && c&(toneGroup|toneEvil|toneSlur) != 0
}

// inflected are the endings that a stem may have for its misspellings to be found.
func inflected(stem string) []string {
	if stem >= "ء" {
		return []string{"", "ه", "ون", "ين", "ات", "وا"}
	}
	return []string{"", "s", "es", "e", "o", "os", "a", "as", "ing", "ed", "er", "ers", "ent", "ant", "ants", "ee", "ees", "ado", "ados", "ida", "idas"}
}

// misspelt are the names of groups and the bad words with one letter left out or two swapped. The first letter
// is seldom wrong.
func (t *tones) misspelt() *misspellings {
	out, begin := map[uint64]tone{}, &heads{}
	add := func(w string, c tone, least int) {
		if n := utf8.RuneCountInString(w); (n >= least || n == least-1 && t.odd(w)) && !t.ordinary(w) {
			out[wordHash(w)] |= c
			begin.add(w[:min(len(w), headKey)])
		}
	}
	each := func(w string, c tone, endings []string) {
		letters := []rune(w)
		swapped := leastMisspelt - 1
		if c&toneHate != 0 { // "haet"
			swapped--
		}
		for i := 1; forgiven(c) && i < len(letters); i++ {
			for _, e := range endings {
				add(string(letters[:i])+string(letters[i+1:])+e, c, leastMisspelt-1)
				if i+1 < len(letters) {
					add(string(letters[:i])+string(letters[i+1])+string(letters[i])+string(letters[i+2:])+e, c, swapped)
				}
			}
		}
	}
	for w, c := range t.words {
		each(w, c, []string{""})
	}
	for _, list := range t.stems {
		for _, s := range list {
			each(s.text, s.tone, inflected(s.text))
		}
	}
	return &misspellings{begin, hashedOf(out)}
}

// misspellings are classes by misspelt words.
type misspellings struct {
	begin   *heads // of them
	classes *hashed[tone]
}

// of is the class of what a word is a misspelling of.
func (m *misspellings) of(w string) tone {
	if !m.begin.has(w[:min(len(w), headKey)]) {
		return 0
	}
	return m.classes.of(wordHash(w))
}

// ordinary reports whether a word is known as it is.
func (t *tones) ordinary(w string) bool {
	return t.pack.knows(w) || t.plain(w) != 0
}

// odd reports whether no word that is known begins with the same two letters.
func (t *tones) odd(w string) bool {
	n := 0
	for i := range w {
		if n == 2 {
			return t.pieces().of(hashOf(w[:i])) == 0
		}
		n++
	}
	return false
}

// lapse is the class of the group's name or bad word that a word is, with a letter left out or two swapped; of one that
// the pack knows, only by what stands after a clitic.
func (t *tones) lapse(w string, known bool) tone {
	if len(w) < leastMisspelt-2 || w[0] >= 0xd8 && len(w) < 2*(leastMisspelt-2) {
		return 0
	}
	if !known {
		if c := t.lapses().of(w); c != 0 {
			return c
		}
	}
	for _, c := range t.clitics {
		if rest, ok := strings.CutPrefix(w, c); ok && utf8.RuneCountInString(rest) >= leastMisspelt-1 {
			return t.lapses().of(rest)
		}
	}
	return 0
}

// exactly is the class of a word, or of a stem with a short ending.
func (t *tones) exactly(w string) tone {
	if c, ok := t.word(w); ok || len(w) < stemKey || !t.keys.has(w) {
		return c
	}
	for _, s := range t.stemsOf(w) {
		if rest, ok := strings.CutPrefix(w, s.text); ok && utf8.RuneCountInString(rest) <= 3 {
			return s.tone
		}
	}
	return 0
}

// misspelled finds the group that something bad is said of where no name is spelt right, and what is bad where only the
// name is.
func (r *toneReader) misspelled(t *tones) {
	if !t.forgives {
		return
	}
	bad, named := false, false
	for _, c := range r.at {
		bad, named = bad || c&toneEvil != 0, named || c&(toneGroup|toneSlur|toneOther) != 0
	}
	want := toneGroup | toneSlur
	if named && !bad {
		want = toneEvil | toneSlur
	} else if named || !bad {
		return
	}
	for i := range r.toks {
		if r.at[i] != 0 {
			continue
		}
		c := t.lapse(r.toks[i].word, r.known[i]) | t.spelled(r.toks[i]) | r.parted(t, i)
		if c &= want; c != 0 {
			r.at[i], r.lapsed = c, r.lapsed || named
		}
	}
}

// leastSpelled is how many letters a word spelled out has at least, with the one that came after it.
const leastSpelled = 5

// spelled is the class of a word spelled out that a word of one letter came after: "h a t e a man".
func (t *tones) spelled(k token) tone {
	if k.end-k.start < 2*leastSpelled-1 {
		return 0
	}
	n := utf8.RuneCountInString(k.word)
	if n < leastSpelled || k.end-k.start < 2*n-1 {
		return 0
	}
	_, last := utf8.DecodeLastRuneInString(k.word)
	return t.exactly(k.word[:len(k.word)-last])
}

// parted is the class of a word that spaces were put into, from the token at i on. One of its first two parts is short
// and no word by itself.
func (r *toneReader) parted(t *tones, i int) tone {
	if i+1 == len(r.toks) || r.toks[i+1].edge != joined || r.at[i+1] != 0 || !r.scrap(i) && !r.scrap(i+1) {
		return 0
	}
	var room [2 * limit]byte
	word := append(room[:0], r.toks[i].word...)
	for j := i + 1; j < len(r.toks) && j < i+maxPieces && r.toks[j].edge == joined && r.at[j] == 0 && len(word) < limit; j++ {
		if word = append(word, r.toks[j].word...); utf8.RuneCount(word) < leastMisspelt {
			continue
		}
		if !t.partial().may(string(word[:headKey])) {
			return 0
		}
		if c := t.exactly(string(word)); forgiven(c) {
			return c
		}
	}
	return 0
}

// scrap reports whether a word is short and not known.
func (r *toneReader) scrap(i int) bool {
	w := r.toks[i].word
	return !r.known[i] && len(w) <= 6
}

// leastGlued is how many letters a word has at least that may be several run together.
const leastGlued = 8

// gluable reports whether a word is long enough to be several: twice as many bytes where letters have two.
func gluable(w string, least int) bool {
	return len(w) >= least && (w[0] < 0x80 || len(w) >= 2*least)
}

const (
	begins uint8 = 1 << iota // a known word begins so
	whole                    // it is one
)

// beginnings are the known words and all their beginnings, by hash.
func (t *tones) beginnings() *hashed[uint8] {
	out := map[uint64]uint8{}
	add := func(w string) { // hashOf, with all that comes before
		h := hashStart
		for i := range len(w) {
			h = hashNext(h, w[i])
			out[h] |= begins
		}
		out[h] |= whole
	}
	for w := range t.pack.words {
		add(w)
	}
	for w := range t.pack.inPhrase {
		add(w)
	}
	for w := range t.words {
		add(w)
	}
	for _, list := range t.stems {
		for _, s := range list {
			for _, e := range inflected(s.text) {
				add(s.text + e)
			}
		}
	}
	return hashedOf(out)
}

// cutUp gives the ends of the known words that a word is made of, from the byte at on, or nil.
func cutUp(known *hashed[uint8], w string, at int, ends []int) []int {
	if at == len(w) {
		return ends
	}
	if len(ends) == maxPieces {
		return nil
	}
	var stops [limit]int
	n := 0
	for h, i := hashStart, at; i < len(w) && n < len(stops); i++ {
		h = hashNext(h, w[i])
		k := known.of(h)
		if k == 0 {
			break
		}
		if k&whole != 0 {
			stops[n] = i + 1
			n++
		}
	}
	for n--; n >= 0; n-- { // the longest first
		if found := cutUp(known, w, stops[n], append(ends, stops[n])); found != nil {
			return found
		}
	}
	return nil
}

// maxPieces is of how many words run together one may be made.
const maxPieces = 6

// unglue cuts words that are run together, where a group is named and something bad said of it, or one of both beside
// small words: "ihatewomen", "killall". "Deadline" and "homesick" are no such words.
func (r *toneReader) unglue(t *tones) {
	if !t.glued {
		return
	}
	for i := 0; i < len(r.toks); i++ {
		w := r.toks[i].word
		if r.known[i] || !gluable(w, leastGlued) || r.at[i] != 0 && (!gluable(w, leastGlued+4) || t.exactly(w) != 0) {
			continue
		}
		if !t.mayTell(w) {
			continue
		}
		var room [maxPieces]int
		ends := cutUp(t.pieces(), w, 0, room[:0])
		if len(ends) < 2 || !t.tells(w, ends) {
			continue
		}
		r.replace(i, r.toks[i].cut(ends), t)
		i += len(ends) - 1
	}
}

// mayTell reports whether a word that tells something may begin in one.
func (t *tones) mayTell(w string) bool {
	telling := t.telling()
	for i := range len(w) - stemKey + 1 {
		if telling.may(w[i:]) {
			return true
		}
	}
	return false
}

// smallWords are what stands between a name and what is said of it.
var smallWords = []tag{tAll, tThem, tDet, tDem, tCop, tBe, tOf, tNeg, tNegAfter, tWe, tUs, tThey, tTheir, tConj, tAux, tFut, tAim, tModal, tHort}

// tells reports whether the pieces of a word say something that they do not say as one.
func (t *tones) tells(w string, ends []int) bool {
	bad, named, small, single, from := false, false, true, false, 0
	for i, end := range ends {
		piece := w[from:end]
		single = single || end-from == 1
		from = end
		switch c := t.stemmed(piece); {
		case c&(toneGroup|toneSlur) != 0:
			named = true
		case c&toneEvil != 0 && len(piece) > 3:
			if bad = true; i == 1 && len(ends) == 2 && small && !named && (len(piece) < 7 || ends[0] < 3) && !t.pack.tagged(w[:ends[0]]).has(tCop) {
				return false // "therapist"
			}
		default:
			small = small && (c&tonePlain != 0 || t.pack.tagged(piece).any(smallWords...))
		}
	}
	return bad && named || (bad || named) && small && !single
}

// cut makes several tokens of one. Where the word is not spelt as it is folded, all have the place of the whole.
func (k token) cut(ends []int) []token {
	out := make([]token, len(ends))
	exact := k.end-k.start == utf8.RuneCountInString(k.word)
	from := 0
	for i, end := range ends {
		out[i] = k
		out[i].word = k.word[from:end]
		if exact {
			out[i].start = k.start + utf8.RuneCountInString(k.word[:from])
			out[i].end = k.start + utf8.RuneCountInString(k.word[:end])
		}
		if i > 0 {
			out[i].edge, out[i].colon, out[i].capital = joined, false, false
		}
		from = end
	}
	return out
}

// replace puts words in the place of the one at i.
func (r *toneReader) replace(i int, words []token, t *tones) {
	at, known := make([]tone, len(words)), make([]bool, len(words))
	for k := range words {
		at[k], known[k] = t.look(words[k].word), t.pack.knows(words[k].word)
	}
	r.toks = slices.Replace(slices.Clone(r.toks), i, i+1, words...)
	r.at = slices.Replace(r.at, i, i+1, at...)
	r.known = slices.Replace(r.known, i, i+1, known...)
	r.long = slices.Replace(r.long, i, i+1, make([]uint8, len(words))...)
}
