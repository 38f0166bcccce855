package lexicon

import "math/bits"

// index says of every word which packs know it, so that a text asks all packs with one look.
type index struct {
	packs []*pack
	words map[string]uint64 // the packs that know the word, or have it in a phrase
	split uint64            // packs whose apostrophe ends a word
}

// mostIndexed is how many packs one word of bits holds; more are read as if they knew nothing unasked.
const mostIndexed = 64

// all builds the index when it is first needed. Packs of a dictionary are not in it: so few words know no text.
func (l *Lexicon) all() *index {
	l.index.Do(func() {
		x := &index{words: map[string]uint64{}}
		for _, lang := range l.langs {
			if p, err := l.pack(lang); err == nil && !p.sparse && len(p.words)+len(p.phrases) > 0 && len(x.packs) < mostIndexed {
				x.add(p) // Read says what is wrong with a pack that cannot be read
			}
		}
		l.known = x
	})
	return l.known
}

func (x *index) add(p *pack) {
	bit := uint64(1) << len(x.packs)
	for w := range p.words {
		x.words[w] |= bit
	}
	for w := range p.inPhrase {
		x.words[w] |= bit
	}
	if p.split {
		x.split |= bit
	}
	x.packs = append(x.packs, p)
}

// Knowing are the languages whose packs may know at least this share of a text's words. It is quick and errs on
// the side of too many: Reading.Known is the true share.
func (l *Lexicon) Knowing(text *Text, share float64) []string {
	x := l.all()
	alive := uint64(1)<<len(x.packs) - 1
	if len(x.packs) == mostIndexed {
		alive = ^uint64(0)
	}
	left := x.knowing(text, share, false, alive&^x.split) | x.knowing(text, share, true, alive&x.split)
	var out []string
	for ; left != 0; left &= left - 1 {
		out = append(out, x.packs[bits.TrailingZeros64(left)].lang)
	}
	return out
}

// knowing gives up a pack as soon as too many words are strange to it.
func (x *index) knowing(text *Text, share float64, split bool, alive uint64) uint64 {
	if alive == 0 {
		return 0
	}
	toks, hides := text.tokens(split), text.spellings(split)
	most := (1 - share) * float64(len(toks))
	var strange, names [mostIndexed]int
	for i := range toks {
		t := &toks[i]
		known := x.words[t.word]
		if hides != nil {
			for _, h := range hides[i] {
				known |= x.words[h]
			}
		}
		for rest := alive &^ known; rest != 0; rest &= rest - 1 {
			k := bits.TrailingZeros64(rest)
			switch p := x.packs[k]; {
			case p.lookLoose(t.word):
			case t.capital && t.edge == joined && (i > 0 || p.people != ""):
				names[k]++
			default:
				if strange[k]++; float64(strange[k]) > most {
					alive &^= 1 << k
				}
			}
		}
		if alive == 0 {
			return 0
		}
	}
	for rest := alive; rest != 0; rest &= rest - 1 {
		k := bits.TrailingZeros64(rest)
		if float64(strange[k]) > (1-share)*float64(len(toks)-names[k]) {
			alive &^= 1 << k
		}
	}
	return alive
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
