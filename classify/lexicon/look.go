package lexicon

import (
	"math/bits"
	"slices"
)

func (x *index) place(w string, term, known int32) {
	key, long := keyOf(w)
	i := x.first(key)
	for x.slots[i].term != 0 {
		i = (i + 1) & (len(x.slots) - 1)
	}
	if long {
		term = -term
	}
	x.slots[i] = slot{key, term, known}
}

// first is the slot from which on a key may stand.
func (x *index) first(key uint64) int { return int(mixed(key)) & (len(x.slots) - 1) }

// find is the slot of a word; an empty one where nobody knows it.
func (x *index) find(w string) slot {
	key, long := keyOf(w)
	i := x.first(key)
	return x.findFrom(w, i, key, long, x.slots[i])
}

// findFrom is find, from the slot i on. The term that it answers is not below 0.
func (x *index) findFrom(w string, i int, key uint64, long bool, s slot) slot {
	for s.term != 0 {
		if s.key == key && (s.term < 0) == long {
			if !long {
				return s
			}
			if s.term = -s.term; x.texts[s.term] == w {
				return s
			}
		}
		i = (i + 1) & (len(x.slots) - 1)
		s = x.slots[i]
	}
	return slot{}
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
		c.found[i] = found{x.slots[at], key, at, long}
	}
	c.any = 0
	for i := range c.toks {
		w, f := c.toks[i].word, &c.found[i]
		s := x.findFrom(w, f.at, f.key, f.long, f.slot)
		k := knowing{known: &x.knowns[s.known], term: s.term}
		if n := len(w); n > 2 { // nothing is written onto less
			k.loose = x.heads[pair(w[0], w[1])] & x.tails[pair(w[n-2], w[n-1])]
		}
		c.asked[i] = k
		c.any |= k.words | k.parts | k.loose
	}
}

// found is the first slot in which a word with a key may stand, and its place.
type found struct {
	slot slot
	key  uint64
	at   int
	long bool
}

// ask is what an index knows of a word.
func (x *index) ask(w string) (*term, *known) {
	s := x.find(w)
	return &x.terms[s.term], &x.knowns[s.known]
}
