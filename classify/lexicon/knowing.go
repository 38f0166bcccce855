package lexicon

import "math/bits"

// index says of every word which packs know it, so that a text asks all packs with one look.
type index struct {
	packs  []*pack
	asks   uint64 // packs that are asked whether they know a text unasked
	split  uint64 // packs whose apostrophe ends a word
	people uint64 // packs that take a capital at the head of a text for a name
	words  map[string]*known
	heads  [pairs]uint64 // packs with something to write onto words that begins so
	tails  [pairs]uint64 // and that ends so
}

// known are the packs that know a word, one bit each. The zero known is of a word nobody knows.
type known struct {
	words    uint64 // as a word
	parts    uint64 // as a word of a phrase
	opens    uint64 // as the first of one
	tones    uint64 // in their tone file
	tonesRun uint64 // as the first of a phrase there
}

// knowing is what an index says of a word of a text.
type knowing struct {
	*known
	loose uint64 // packs that may know it by what is written onto it
}

// mostIndexed is how many packs one word of bits holds; more are read as if they knew nothing unasked.
const mostIndexed = 64

// all builds the index when it is first needed.
func (l *Lexicon) all() *index {
	l.index.Do(func() {
		x := &index{words: map[string]*known{}}
		for _, lang := range l.langs {
			if p, err := l.pack(lang); err == nil && len(x.packs) < mostIndexed {
				x.add(p) // Read says what is wrong with a pack that cannot be read
			}
		}
		x.share()
		l.known = x
	})
	return l.known
}

func (x *index) add(p *pack) {
	p.bit = uint64(1) << len(x.packs)
	x.packs = append(x.packs, p)
	for w := range p.words {
		x.word(w).words |= p.bit
	}
	for w := range p.inPhrase {
		x.word(w).parts |= p.bit
	}
	for w := range p.phrases {
		x.word(w).opens |= p.bit
	}
	if t := p.tones; t != nil {
		t.bit = p.bit
		for w := range t.words {
			x.word(w).tones |= p.bit
		}
		for w := range t.phrases {
			x.word(w).tonesRun |= p.bit
		}
	}
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

func (x *index) word(w string) *known {
	k := x.words[w]
	if k == nil {
		k = &known{}
		x.words[w] = k
	}
	return k
}

// share keeps what is known of many words alike once.
func (x *index) share() {
	seen := map[known]*known{}
	for w, k := range x.words {
		if seen[*k] == nil {
			seen[*k] = k
		}
		x.words[w] = seen[*k]
	}
}

// pairs is how many slots pairs of bytes share.
const pairs = 1024

func pair(a, b byte) int { return (int(a)*31 + int(b)) % pairs }

// loose notes what the pack has that is written onto words.
func (x *index) loose(p *pack, prefix, suffix string) {
	for b := range 256 {
		switch {
		case len(prefix) > 1:
			x.heads[pair(prefix[0], prefix[1])] |= p.bit
		case len(prefix) == 1:
			x.heads[pair(prefix[0], byte(b))] |= p.bit
		}
		switch n := len(suffix); {
		case n > 1:
			x.tails[pair(suffix[n-2], suffix[n-1])] |= p.bit
		case n == 1:
			x.tails[pair(byte(b), suffix[0])] |= p.bit
		}
	}
	if prefix == "" {
		for i := range x.heads {
			x.heads[i] |= p.bit
		}
	}
	if suffix == "" {
		for i := range x.tails {
			x.tails[i] |= p.bit
		}
	}
}

var unknown known

// ask looks a word up.
func (x *index) ask(w string) knowing {
	k := knowing{known: x.words[w]}
	if k.known == nil {
		k.known = &unknown
	}
	if n := len(w); n > 2 { // nothing is written onto less
		k.loose = x.heads[pair(w[0], w[1])] & x.tails[pair(w[n-2], w[n-1])]
	}
	return k
}

// asked is what the index knows of every word of a text.
func (t *Text) asked(x *index, split bool) []knowing {
	c := t.cutting(split)
	if c.index == x {
		return c.asked
	}
	c.asked, c.index = c.asked[:0], x
	for i := range c.toks {
		c.asked = append(c.asked, x.ask(c.toks[i].word))
	}
	return c.asked
}

// Knowing are the languages whose packs may know at least this share of a text's words. It is quick and errs on
// the side of too many: Reading.Known is the true share. The answer lives as long as the text.
func (l *Lexicon) Knowing(text *Text, share float64) []string {
	x := l.all()
	left := x.knowing(text, share, false, x.asks&^x.split) | x.knowing(text, share, true, x.asks&x.split)
	text.langs = text.langs[:0]
	for ; left != 0; left &= left - 1 {
		text.langs = append(text.langs, x.packs[bits.TrailingZeros64(left)].lang)
	}
	return text.langs
}

// knowing gives up a pack as soon as too many words are strange to it.
func (x *index) knowing(text *Text, share float64, split bool, alive uint64) uint64 {
	if alive == 0 {
		return 0
	}
	toks, hides, asked := text.tokens(split), text.spellings(split), text.asked(x, split)
	most := (1 - share) * float64(len(toks))
	var strange, names tally
	for i := range toks {
		t := &toks[i]
		knows := asked[i].words | asked[i].parts
		if hides != nil {
			for _, h := range hides[i] {
				if k := x.words[h]; k != nil {
					knows |= k.words | k.parts
				}
			}
		}
		lost := alive &^ knows
		for rest := lost & asked[i].loose; rest != 0; rest &= rest - 1 {
			if k := bits.TrailingZeros64(rest); x.packs[k].lookLoose(t.word) {
				lost &^= 1 << k
			}
		}
		if t.capital && t.edge == joined {
			named := lost
			if i == 0 {
				named &= x.people
			}
			names.add(named)
			lost &^= named
		}
		strange.add(lost)
		if i%8 == 7 {
			if alive &^= strange.over(most, i+1); alive == 0 {
				return 0
			}
		}
	}
	alive &^= strange.over(most, len(toks))
	for rest := alive; rest != 0; rest &= rest - 1 {
		k := bits.TrailingZeros64(rest)
		if float64(strange.of(k)) > (1-share)*float64(len(toks)-names.of(k)) {
			alive &^= 1 << k
		}
	}
	return alive
}

// tally counts for every pack: bit i of plane k is bit k of the count of pack i.
type tally [tallyPlanes]uint64

// tallyPlanes hold as many words as a text of the longest kind has, and more.
const tallyPlanes = 24

// add counts the packs of the set.
func (t *tally) add(set uint64) {
	for k := 0; set != 0 && k < tallyPlanes; k++ {
		t[k], set = t[k]^set, t[k]&set
	}
}

// of is the count of a pack.
func (t *tally) of(pack int) int {
	n := 0
	for k, plane := range t {
		n |= int(plane>>pack&1) << k
	}
	return n
}

// over are the packs whose count is over a number. None has counted more than the words that were read.
func (t *tally) over(most float64, read int) uint64 {
	n, above, equal := int(most), uint64(0), ^uint64(0)
	for k := bits.Len(uint(max(n, read))) - 1; k >= 0; k-- {
		if n>>k&1 == 0 {
			above |= equal & t[k]
			equal &^= t[k]
		} else {
			equal &= t[k]
		}
	}
	return above
}

// lookLoose reports whether the pack knows a word by what is written onto it.
func (p *pack) lookLoose(w string) bool {
	if len(p.clitics) > 0 {
		_, ok := p.lookPlain(w)
		return ok
	}
	_, ok := p.lookAffix(w)
	return ok
}

// may reports whether a pack of the index can be in the set; one that is in no index always can.
func (p *pack) may(set uint64) bool { return p.bit == 0 || set&p.bit != 0 }
