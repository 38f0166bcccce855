// Package nearcopy tells texts that are one text but for small changes: a wire copy with another headline, a repost
// with a link, a sentence cut off. It is pure: words in, numbers out, the same on every machine and for ever, because
// what it makes lies in stored data.
package nearcopy

import (
	"math"
	"slices"
)

// Version stands in the name of every bucket. Whoever changes what Buckets makes of a text raises it, and the index is
// built anew.
const Version = 1

const (
	// MinWords is how many words a text must have to be a near-copy of another. In a shorter one, one word may be all
	// that matters (who, when, not), so only the same words are the same.
	MinWords = 12
	// Threshold is the share of word triples in common, of all that either has, from which texts are near-copies.
	Threshold = 0.7
)

// A signature has Bands x Rows numbers. Two texts with the share j of their triples in common agree in a number with
// probability j, and meet in a bucket with probability 1-(1-j^Rows)^Bands: 0.965 for j = 0.7, 0.997 for 0.8, 0.2 for 0.3.
// Of real reposts, edited by hand or by us, these find 99.2 %; twice the buckets found 99.7 % (TestPlantedEdits).
const (
	Bands = 8
	Rows  = 3
)

// Text is a text as it is compared.
type Text struct {
	words   []string
	triples []uint64 // sorted, each once
}

// New is the text of the words, as the index's analysis folds them.
func New(words []string) Text {
	t := Text{words: words}
	if len(words) < 3 {
		return t
	}
	t.triples = make([]uint64, 0, len(words)-2)
	for i := range len(words) - 2 {
		t.triples = append(t.triples, hash(words[i:i+3]))
	}
	slices.Sort(t.triples)
	t.triples = slices.Compact(t.triples)
	return t
}

// Long reports whether the text has words enough to be a near-copy.
func (t Text) Long() bool { return len(t.words) >= MinWords }

// Has reports whether the text has the word.
func (t Text) Has(word string) bool { return slices.Contains(t.words, word) }

// Buckets are what the text is looked up by: near-copies share one of them nearly always, others seldom. One that is
// not Long has none.
func (t Text) Buckets() []uint64 {
	if !t.Long() {
		return nil
	}
	sig := t.signature()
	out := make([]uint64, Bands)
	for b := range out {
		h := uint64(b)
		for _, n := range sig[b*Rows : (b+1)*Rows] {
			h = mix(h ^ n)
		}
		out[b] = h
	}
	return out
}

// signature is the MinHash of the triples: of each of the functions, the smallest value. One permutation cut into
// bins would be cheaper, but a passage has fewer triples than there would be bins, and most would be empty.
func (t Text) signature() [Bands * Rows]uint64 {
	var sig [Bands * Rows]uint64
	for i := range sig {
		least, f := uint64(math.MaxUint64), functions[i]
		for _, h := range t.triples {
			least = min(least, h*f.times+f.plus)
		}
		sig[i] = least
	}
	return sig
}

// Jaccard is the share of triples in common, of all that either text has.
func (t Text) Jaccard(o Text) float64 {
	both, i, j := 0, 0, 0
	for i < len(t.triples) && j < len(o.triples) {
		switch a, b := t.triples[i], o.triples[j]; {
		case a < b:
			i++
		case a > b:
			j++
		default:
			both, i, j = both+1, i+1, j+1
		}
	}
	either := len(t.triples) + len(o.triples) - both
	if either == 0 {
		return 0
	}
	return float64(both) / float64(either)
}

// Alike reports whether both texts are long enough and near enough.
func (t Text) Alike(o Text) bool {
	return t.Long() && o.Long() && t.Jaccard(o) >= Threshold
}

// Differs is how many words of one text the other does not have, of the text with more of them: one for a word that
// is left out, put in or replaced, none where only the order is another.
func (t Text) Differs(o Text) int {
	left := map[string]int{}
	for _, w := range t.words {
		left[w]++
	}
	more := 0
	for _, w := range o.words {
		if left[w] == 0 {
			more++
			continue
		}
		left[w]--
	}
	less := 0
	for _, n := range left {
		less += n
	}
	return max(more, less)
}

// hash is FNV-1a of the words, mixed.
func hash(words []string) uint64 {
	h := uint64(14695981039346656037)
	for _, w := range words {
		for i := range len(w) {
			h = (h ^ uint64(w[i])) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211 // in no UTF-8 text
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(h uint64) uint64 {
	h += 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// functions stand for permutations of the hashes.
var functions = func() (out [Bands * Rows]struct{ times, plus uint64 }) {
	for i := range out {
		out[i].times, out[i].plus = mix(uint64(2*i))|1, mix(uint64(2*i+1))
	}
	return out
}()
