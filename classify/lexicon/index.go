package lexicon

import "math/bits"

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

// slot is the place of a term, 0 for none, and which packs know it. Its key is the word itself where eight bytes hold it,
// else a hash of it: then the term is below 0.
type slot struct {
	key   uint64
	term  int32
	known int32
}

// term is where what packs say of one word begins. The first is of no word.
type term struct{ words, tones, opened, runs int32 }

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
		x.place(w, int32(len(x.terms)), shared[*k])
		x.terms = append(x.terms, term{int32(len(x.words)), int32(len(x.tones)), int32(len(x.opened)), int32(len(x.runs))})
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
			second = x.find(ph.words[1]).term
		}
		o.seconds = append(o.seconds, second)
	}
}

func (r *runs) number(x *index) {
	for _, ph := range r.phrases {
		r.seconds = append(r.seconds, x.find(ph.words[1]).term)
	}
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
