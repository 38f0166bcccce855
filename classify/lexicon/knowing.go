package lexicon

import "math/bits"

// Knowing are the languages whose packs may know at least this share of a text's words and have not read it. It is quick
// and errs on the side of too many: Reading.Known is the true share. The answer lives as long as the text.
func (l *Lexicon) Knowing(text *Text, share float64) []string {
	x := l.all()
	asks := x.asks &^ text.heard
	left := x.knowing(text, share, false, asks&^x.split) | x.knowing(text, share, true, asks&x.split)
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
	if alive = perhaps(toks, hides, asked, most, alive); alive == 0 {
		return 0
	}
	var strange, names tally
	for i := range toks {
		t := &toks[i]
		knows := asked[i].words | asked[i].parts
		if hides != nil {
			for _, h := range hides[i] {
				_, k := x.ask(h)
				knows |= k.words | k.parts
			}
		}
		lost := alive &^ knows
		for rest := lost & asked[i].loose; rest != 0; rest &= rest - 1 {
			k := bits.TrailingZeros64(rest)
			if _, ok := x.packs[k].lookOnto(t.word); ok {
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

// perhaps leaves of the packs those that may know enough words: what may be a name, hides a spelling or may have
// something written onto it counts as known.
func perhaps(toks []token, hides [][]string, asked []knowing, most float64, alive uint64) uint64 {
	var strange tally
	for i := range toks {
		if hides != nil && hides[i] != nil || toks[i].capital {
			continue
		}
		strange.add(alive &^ (asked[i].words | asked[i].parts | asked[i].loose))
		if i%8 == 7 {
			if alive &^= strange.over(most, i+1); alive == 0 {
				return 0
			}
		}
	}
	return alive &^ strange.over(most, len(toks))
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

// may reports whether a pack of the index can be in the set; one that is in no index always can.
func (p *pack) may(set uint64) bool { return p.bit == 0 || set&p.bit != 0 }
