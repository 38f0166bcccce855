package hate

import (
	"strings"
	"sync"
	"unicode"

	"counterpoint/classify/linear"
)

const (
	charBits  = 18 // buckets of character n-grams
	wordBits  = 17 // buckets of words and pairs of words, for all languages and again for each
	minGram   = 2
	maxGram   = 5
	textLimit = 20000 // bytes a score looks at
)

// The columns of the weights: every n-gram has one for each head, for each expert, and for each guest of the gate
// (gate.go). Sixteen bytes are what one vector instruction adds.
const (
	cols     = heads + experts + guests
	charSize = cols << charBits
	wordSize = cols << wordBits
	// Marks of style, such as "@" or a space before a full stop, tell the gate where a text is from. No head
	// reads them: they say nothing of what is said. The experts do.
	styleBits = 11
	styleCols = experts + guests
	styleSize = styleCols << styleBits
)

// scratch holds what scoring one text needs, so that the next text needs nothing new.
type scratch struct {
	table table  // that the rows will be read from, where it is known
	text  string // that was cut into the words
	words []word
	buf   []rune
	// singles is how many words of one letter there are.
	singles int

	grams []gram
	style []uint32

	charRows, wordRows, styleRows []int32 // buckets
	tagged                        []int32 // those of the tagger
	odds                          []float64

	// spelled is whether the letters of the words are in charRows, up to ends of each, and the words in hashes.
	spelled bool
	ends    []int32
	hashes  []uint64
}

// gram is one n-gram of a text: its first weight, and the words it spans.
type gram struct {
	at          uint32
	first, last int32
	word        bool // in the table of words
}

// hashWord is the running hash of a whole word.
func hashWord(w word) uint64 {
	h := linear.Hash
	for _, r := range w.runes {
		h = linear.Mix(h, r)
	}
	return h
}

// hashLang tells a language's own copy of a word from the copy all languages share.
func hashLang(lang string) uint64 {
	h := linear.Hash
	for _, r := range lang {
		h = linear.Mix(h, r)
	}
	return h
}

// each lists the n-grams of words: character n-grams inside a word and its boundaries, words, and pairs of
// neighbours; words and pairs once for all languages and once for their own.
func (s *scratch) each(words []word, lang string) []gram {
	s.grams = s.grams[:0]
	own := hashLang(lang)
	var before uint64
	for i, w := range words {
		at := int32(i)
		s.chars(w.runes, at)
		h := hashWord(w)
		s.word(h, at, at)
		s.word(h^own, at, at)
		if i > 0 {
			pair := linear.Mix(before, ' ') ^ h*3
			s.word(pair, at-1, at)
			s.word(pair^own, at-1, at)
		}
		before = h
	}
	return s.grams
}

func (s *scratch) word(h uint64, first, last int32) {
	s.grams = append(s.grams, gram{linear.Bucket(h, wordBits) * cols, first, last, true})
}

func (s *scratch) chars(w []rune, word int32) {
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
				s.grams = append(s.grams, gram{linear.Bucket(h+uint64(k), charBits) * cols, word, word, false})
			}
		}
	}
}

// mannered lists the marks of style of a text: signs with what stands on either side of them, and capitals.
func (s *scratch) mannered(text string) []uint32 {
	s.style = s.style[:0]
	marks := manners()
	before, last, word := byte('s'), rune(0), 0
	var seen [0x80]bool
	for _, r := range text {
		c := byte(0)
		if r < foldsKept {
			c = marks.classes[r]
		} else {
			c = byte(class(r))
		}
		if c == 'p' {
			last = r
			if r < 0x80 {
				seen[r] = true
				s.style = append(s.style, marks.sign[before][r])
			} else {
				s.style = append(s.style, styleOf('<', rune(before), r))
			}
		} else if before == 'p' {
			if last < 0x80 {
				s.style = append(s.style, marks.after[c][last])
			} else {
				s.style = append(s.style, styleOf('>', last, rune(c)))
			}
		}
		switch {
		case c == 's' && word > 0:
			s.style = append(s.style, marks.word[word])
			word = 0
		case c == 'u':
			word |= 1
		case c == 'l':
			word |= 2
		case c == 'd':
			word |= 4
		}
		before = c
	}
	for _, mask := range [...]string{"@user", "<url>", "<number>", "#", "\""} {
		if seen[mask[0]] && strings.Contains(text, mask) {
			s.style = append(s.style, styleOf('m', rune(len(mask)), rune(mask[0])))
		}
	}
	return s.style
}

// manner is what mannered looks up instead of working it out: classes, and marks of signs of ASCII by what stands
// before and after.
type manner struct {
	classes     [foldsKept]byte
	sign, after ['u' + 1][]uint32 // by class and sign
	word        [8]uint32
}

var manners = sync.OnceValue(func() *manner {
	m := &manner{}
	for _, c := range "sludp" {
		for r := range rune(0x80) {
			m.sign[c], m.after[c] = append(m.sign[c], styleOf('<', c, r)), append(m.after[c], styleOf('>', r, c))
		}
	}
	for r := range m.classes {
		m.classes[r] = byte(class(rune(r)))
	}
	for w := range m.word {
		m.word[w] = styleOf('w', rune(w), 0)
	}
	return m
})

// marks are the buckets of the marks of style.
func (s *scratch) marks(text string) []int32 {
	s.styleRows = s.styleRows[:0]
	for _, at := range s.mannered(text) {
		s.styleRows = append(s.styleRows, int32(at/styleCols))
	}
	return s.styleRows
}

func styleOf(a, b, c rune) uint32 {
	return linear.Bucket(linear.Mix(linear.Mix(linear.Mix(linear.Hash, a), b), c), styleBits) * styleCols
}

// class sorts runes: space, lower or upper letter, digit, else a sign.
func class(r rune) rune {
	switch {
	case r == ' ' || r == '\n' || r == '\t':
		return 's'
	case 'a' <= r && r <= 'z':
		return 'l'
	case 'A' <= r && r <= 'Z':
		return 'u'
	case '0' <= r && r <= '9':
		return 'd'
	case r < 0x80:
		return 'p'
	case unicode.IsLetter(r):
		return 'l'
	}
	return 'p'
}

// scales make a long text weigh as much as a short one: of character n-grams, and of words, which count as much
// as all their letters together.
func scales(grams []gram) [2]float64 {
	words := 0
	for _, g := range grams {
		if g.word {
			words++
		}
	}
	return [2]float64{scale(len(grams) - words), scale(words)}
}
