package lexicon

import (
	"math/bits"
	"slices"
)

// index says of every word which packs know it and what it is to them, so that a text asks all packs with one look.
type index struct {
	packs  []*pack
	of     map[string]*pack // by language
	asks   uint64           // packs that are asked whether they know a text unasked
	split  uint64           // packs whose apostrophe ends a word
	people uint64           // packs that take a capital at the head of a text for a name
	slots  []slot           // by hash; as many as a power of two, a third of them free at least
	terms  []term           // all words; the first is of none
	texts  []string         // and as they are written
	knowns []known          // what is known alike of many words
	words  []word           // what they are to the packs that know them, pack after pack
	tones  []tone           // the same of tone files
	opened []opens          // and of phrases
	runs   []runs           // of phrases of tone files
	heads  [pairs]uint64    // packs with something to write onto words that begins so
	tails  [pairs]uint64    // and that ends so
}

// slot is the place of a term, 0 for none. Its key is the word itself where eight bytes hold it, else a hash of it.
type slot struct {
	key  uint64
	term int32
	long bool
}

// term is where what packs say of one word begins. The first is of no word.
type term struct {
	known                      int32 // which packs know it
	words, tones, opened, runs int32
}

// known are the packs that know a word, one bit each. The zero known is of a word nobody knows.
type known struct {
	words    uint64 // as a word
	parts    uint64 // as a word of a phrase
	opens    uint64 // as the first of one
	tones    uint64 // in their tone file
	tonesRun uint64 // as the first of a phrase there
}

// opens are the phrases of a pack that begin with a word, and the terms of their second words, 0 for a gap.
type opens struct {
	phrases []phrase
	seconds []int32
}

// runs are the phrases of a tone file that begin with a word, and the terms of their second words.
type runs struct {
	phrases []tonePhrase
	seconds []int32
}

// knowing is what an index says of a word of a text.
type knowing struct {
	*known
	term  int32
	loose uint64 // packs that may know it by what is written onto it
}

// mostIndexed is how many packs one word of bits holds; more are read as if they knew nothing unasked.
const mostIndexed = 64

// all builds the index when it is first needed.
func (l *Lexicon) all() *index {
	l.index.Do(func() {
		x, words := &index{of: map[string]*pack{}}, map[string]*known{}
		for _, lang := range l.langs {
			if p, err := l.pack(lang); err == nil && len(x.packs) < mostIndexed {
				x.add(p, words) // Read says what is wrong with a pack that cannot be read
			}
		}
		x.build(words)
		l.known = x
	})
	return l.known
}

// add gives the pack its bit and notes its words.
func (x *index) add(p *pack, words map[string]*known) {
	p.bit, p.index = uint64(1)<<len(x.packs), x
	x.packs, x.of[p.lang] = append(x.packs, p), p
	of := func(w string) *known {
		if words[w] == nil {
			words[w] = &known{}
		}
		return words[w]
	}
	for w := range p.words {
		of(w).words |= p.bit
	}
	for w := range p.inPhrase {
		of(w).parts |= p.bit
	}
	for w := range p.phrases {
		of(w).opens |= p.bit
	}
	if t := p.tones; t != nil {
		t.bit, t.index = p.bit, x
		t.settle()
		for w := range t.words {
			of(w).tones |= p.bit
		}
		for w := range t.phrases {
			of(w).tonesRun |= p.bit
		}
	}
	x.describe(p)
}

func (x *index) describe(p *pack) {
	if !p.sparse && len(p.words)+len(p.phrases) > 0 { // so few words of a dictionary know no text
		x.asks |= p.bit
	}
	if p.split {
		x.split |= p.bit
	}
	if p.people != "" {
		x.people |= p.bit
	}
	for _, a := range p.affixes {
		x.loose(p, a.prefix, a.suffix)
	}
	for _, c := range p.clitics {
		x.loose(p, c, "")
	}
}

// build lays out the terms.
func (x *index) build(words map[string]*known) {
	x.terms, x.texts, x.knowns = make([]term, 1, len(words)+1), make([]string, 1, len(words)+1), make([]known, 1)
	x.slots = make([]slot, 1<<bits.Len(uint(len(words)*3/2+1)))
	shared := map[known]int32{}
	for w, k := range words {
		if shared[*k] == 0 {
			shared[*k] = int32(len(x.knowns))
			x.knowns = append(x.knowns, *k)
		}
		x.place(w, int32(len(x.terms)))
		x.terms = append(x.terms, term{shared[*k], int32(len(x.words)), int32(len(x.tones)), int32(len(x.opened)), int32(len(x.runs))})
		x.texts = append(x.texts, w)
		for set := k.words; set != 0; set &= set - 1 {
			x.words = append(x.words, x.packs[bits.TrailingZeros64(set)].words[w])
		}
		for set := k.tones; set != 0; set &= set - 1 {
			x.tones = append(x.tones, x.packs[bits.TrailingZeros64(set)].tones.words[w])
		}
		for set := k.opens; set != 0; set &= set - 1 {
			x.opened = append(x.opened, opens{phrases: x.packs[bits.TrailingZeros64(set)].phrases[w]})
		}
		for set := k.tonesRun; set != 0; set &= set - 1 {
			x.runs = append(x.runs, runs{phrases: x.packs[bits.TrailingZeros64(set)].tones.phrases[w]})
		}
	}
	for i := range x.opened {
		x.opened[i].number(x)
	}
	for i := range x.runs {
		x.runs[i].number(x)
	}
}

// number finds the terms of second words.
func (o *opens) number(x *index) {
	for _, ph := range o.phrases {
		second := int32(0)
		if ph.words[1] != "_" {
			second = x.find(ph.words[1])
		}
		o.seconds = append(o.seconds, second)
	}
}

func (r *runs) number(x *index) {
	for _, ph := range r.phrases {
		r.seconds = append(r.seconds, x.find(ph.words[1]))
	}
}

func (x *index) place(w string, term int32) {
	key, long := keyOf(w)
	i := x.first(key)
	for x.slots[i].term != 0 {
		i = (i + 1) & (len(x.slots) - 1)
	}
	x.slots[i] = slot{key, term, long}
}

// first is the slot from which on a key may stand.
func (x *index) first(key uint64) int { return int(mixed(key)) & (len(x.slots) - 1) }

// find is the term of a word, 0 where nobody knows it.
func (x *index) find(w string) int32 {
	key, long := keyOf(w)
	i := x.first(key)
	return x.findFrom(w, i, slot{key: key, long: long}, x.slots[i])
}

// findFrom is find, from the slot i on.
func (x *index) findFrom(w string, i int, want, s slot) int32 {
	for s.term != 0 {
		if s.key == want.key && s.long == want.long && (!s.long || x.texts[s.term] == w) {
			return s.term
		}
		i = (i + 1) & (len(x.slots) - 1)
		s = x.slots[i]
	}
	return 0
}

// keyOf is the bytes of a word of eight at most, none of which is 0, and a hash of a longer one.
func keyOf(w string) (key uint64, long bool) {
	switch n := len(w); {
	case n > 8:
		return longKey(w), true
	case n >= 4:
		return four(w) | four(w[n-4:])<<(8*(n-4)), false
	}
	for i := range len(w) {
		key |= uint64(w[i]) << (8 * i)
	}
	return key, false
}

// longKey mixes the bytes of a word of eight or more.
func longKey(w string) uint64 {
	h := uint64(len(w))
	last := w[len(w)-8:]
	for ; len(w) > 8; w = w[8:] {
		h = mixed(h ^ (four(w) | four(w[4:])<<32))
	}
	return mixed(h ^ (four(last) | four(last[4:])<<32))
}

func four(w string) uint64 {
	return uint64(w[0]) | uint64(w[1])<<8 | uint64(w[2])<<16 | uint64(w[3])<<24
}

func mixed(h uint64) uint64 {
	high, low := bits.Mul64(h^0x2545f4914f6cdd1d, 0x9e3779b97f4a7c15)
	return high ^ low
}

// rank is how many packs of a set come before one.
func rank(set, bit uint64) int32 { return int32(bits.OnesCount64(set & (bit - 1))) }

// word is what a word is to a pack that knows it.
func (x *index) word(k knowing, p *pack) word {
	return x.words[x.terms[k.term].words+rank(k.words, p.bit)]
}

// tone is what a word is to the tone file that knows it.
func (x *index) tone(k knowing, t *tones) tone {
	return x.tones[x.terms[k.term].tones+rank(k.tones, t.bit)]
}

// phrases are those of a pack that begin with a word.
func (x *index) phrases(k knowing, p *pack) *opens {
	return &x.opened[x.terms[k.term].opened+rank(k.opens, p.bit)]
}

// run are the phrases of a tone file that begin with a word.
func (x *index) run(k knowing, t *tones) *runs {
	return &x.runs[x.terms[k.term].runs+rank(k.tonesRun, t.bit)]
}

// pairs is how many slots pairs of bytes share.
const pairs = 1024

func pair(a, b byte) int { return (int(a)*31 + int(b)) % pairs }

// loose notes what the pack has that is written onto words.
func (x *index) loose(p *pack, prefix, suffix string) {
	n := len(suffix)
	for i := range x.heads {
		if prefix == "" {
			x.heads[i] |= p.bit
		}
		if n == 0 {
			x.tails[i] |= p.bit
		}
	}
	for b := range 256 {
		if len(prefix) == 1 {
			x.heads[pair(prefix[0], byte(b))] |= p.bit
		}
		if n == 1 {
			x.tails[pair(byte(b), suffix[0])] |= p.bit
		}
	}
	if len(prefix) > 1 {
		x.heads[pair(prefix[0], prefix[1])] |= p.bit
	}
	if n > 1 {
		x.tails[pair(suffix[n-2], suffix[n-1])] |= p.bit
	}
}

// asked is what the index knows of every word of a text.
func (t *Text) asked(x *index, split bool) []knowing {
	c := t.cutting(split)
	if c.index != x {
		c.index = x
		c.ask(x)
	}
	return c.asked
}

// ask looks every word up: first all slots, so that the next is fetched while the one before is on its way.
func (c *cutting) ask(x *index) {
	c.asked = slices.Grow(c.asked[:0], len(c.toks))[:len(c.toks)]
	c.found = slices.Grow(c.found[:0], len(c.toks))[:len(c.toks)]
	for i := range c.toks {
		key, long := keyOf(c.toks[i].word)
		at := x.first(key)
		c.found[i] = found{slot{key: key, long: long}, x.slots[at], at}
	}
	c.any = 0
	for i := range c.toks {
		w, f := c.toks[i].word, &c.found[i]
		k := knowing{term: x.findFrom(w, f.at, f.want, f.slot)}
		k.known = &x.knowns[x.terms[k.term].known]
		if n := len(w); n > 2 { // nothing is written onto less
			k.loose = x.heads[pair(w[0], w[1])] & x.tails[pair(w[n-2], w[n-1])]
		}
		c.asked[i] = k
		c.any |= k.words | k.parts | k.loose
	}
}

// found is the first slot in which a word may stand.
type found struct {
	want, slot slot
	at         int
}

// ask is what an index knows of a word.
func (x *index) ask(w string) (*term, *known) {
	t := &x.terms[x.find(w)]
	return t, &x.knowns[t.known]
}
