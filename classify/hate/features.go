package hate

import "counterpoint/classify/linear"

const (
	charBits  = 18 // buckets of character n-grams
	wordBits  = 16 // buckets of words and pairs of words
	buckets   = 1<<charBits + 1<<wordBits
	minGram   = 2
	maxGram   = 5
	textLimit = 20000 // bytes a score looks at
)

// scratch holds what scoring one text needs, so that the next text needs nothing new.
type scratch struct {
	words []word
	buf   []rune
	at    []int
}

// hits is the number of n-grams, and calls f with each one's bucket and the words it spans: character n-grams
// inside a word and its boundaries, words, and pairs of neighbours.
func each(words []word, f func(bucket uint32, first, last int)) {
	var before uint64
	for i, w := range words {
		chars(w.runes, func(b uint32) { f(b, i, i) })
		h := linear.Hash
		for _, r := range w.runes {
			h = linear.Mix(h, r)
		}
		f(1<<charBits+linear.Bucket(h, wordBits), i, i)
		if i > 0 {
			f(1<<charBits+linear.Bucket(linear.Mix(before, ' ')^h*3, wordBits), i-1, i)
		}
		before = h
	}
}

func chars(w []rune, f func(uint32)) {
	at := func(i int) rune {
		if i == 0 || i == len(w)+1 {
			return ' '
		}
		return w[i-1]
	}
	n := len(w) + 2
	for i := range n {
		h := linear.Hash
		for k := 0; k < maxGram && i+k < n; k++ {
			h = linear.Mix(h, at(i+k))
			if k+1 >= minGram {
				f(linear.Bucket(h+uint64(k), charBits))
			}
		}
	}
}
