package language

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"counterpoint/classify/linear"

	"golang.org/x/text/unicode/norm"
)

// maxWord cuts what is no word: Han without spaces, a megabyte of one letter. Its pieces are read one by one.
const maxWord = 32

// wordSeed starts the hash of a whole word, so that it differs from the n-gram of the same letters.
const wordSeed = linear.Hash + 77

// reader takes a text apart into words and words into features. It holds its buffers, so that reading costs no
// allocation. A word is letters and marks in lower case; apostrophes of every shape count as one.
type reader struct {
	maxGram int
	word    [maxWord + 2]rune // in marks of beginning and end
	low     int               // runes in word
	hashes  []uint64          // of the features of the word at hand
	slots   []int32           // of those that have a row
}

// next reads the next word of the text at or after byte at. It returns where the word begins and where reading
// goes on; ok is false at the end. Handles, links and e-mail addresses are in no language and are passed over.
func (r *reader) next(text string, at int) (from, to int, ok bool) {
	r.word[0], r.low = '<', 1
	from = at
	for i := at; i < len(text); {
		if r.low == 1 && (i == 0 || text[i-1] <= ' ') {
			if j := address(text, i); j > i {
				i = j
				continue
			}
		}
		c, size := fold(text, i)
		if c > utf8.RuneSelf && r.low > 1 && apart(r.word[r.low-1], c) {
			if r.letters() {
				return from, i, true
			}
			r.low = 1
		}
		switch {
		case c > 0 && r.low <= maxWord:
			if r.low == 1 {
				from = i
			}
			r.add(c)
		case c > 0, c == 0 && r.low > 1: // too long, or the word's end
			if r.letters() {
				return from, i, true
			}
			r.low = 1
			if c > 0 {
				continue
			}
		}
		i += size
	}
	return from, len(text), r.low > 1 && r.letters()
}

// apart reports whether two letters are of scripts so far from each other that no word has both.
func apart(a, b rune) bool { return block(a) != block(b) && block(a) >= 0 && block(b) >= 0 }

// block is the part of Unicode a letter is of, coarsely; negative for marks and apostrophes, which go with any.
func block(c rune) int {
	switch {
	case c == '\'' || 0x300 <= c && c < 0x370:
		return -1
	case c < 0x590, 0x1d00 <= c && c < 0x2000:
		return 0
	case c < 0x900:
		return 1 // Arabic, Hebrew, N'Ko
	case c < 0x1100:
		return 2 // India, South-East Asia
	case 0x1200 <= c && c < 0x13a0, 0x2d80 <= c && c < 0x2de0:
		return 3 // Ethiopic
	case c >= 0x2e80 && c < 0xa4d0:
		return 4 // Han, kana
	}
	return -1
}

// add puts a letter to the word; of a letter drawn out ("noooo") two stay.
func (r *reader) add(c rune) {
	if n := r.low; n > 2 && r.word[n-1] == c && r.word[n-2] == c {
		return
	}
	if 0x300 <= c && c < 0x370 && r.low > 1 {
		if whole, ok := composed()[[2]rune{r.word[r.low-1], c}]; ok {
			r.word[r.low-1] = whole
			return
		}
	}
	r.word[r.low] = c
	r.low++
}

// composed are letters with their marks by letter and mark, so that both ways of writing them read alike.
var composed = sync.OnceValue(func() map[[2]rune]rune {
	m := map[[2]rune]rune{}
	for _, block := range [][2]rune{{0xc0, 0x250}, {0x1e00, 0x1f00}, {0x400, 0x530}, {0x370, 0x400}} {
		for c := block[0]; c < block[1]; c++ {
			last := []rune(norm.NFD.String(string(c)))
			if n := len(last); n > 1 {
				base := []rune(norm.NFC.String(string(last[:n-1])))
				if len(base) == 1 {
					m[[2]rune{base[0], last[n-1]}] = c
				}
			}
		}
	}
	return m
})

// letters reports whether the word has more than apostrophes and marks.
func (r *reader) letters() bool {
	for _, c := range r.word[1:r.low] {
		if c != '\'' && (c < 0x300 || unicode.IsLetter(c)) {
			return true
		}
	}
	return false
}

// fold is the letter at byte i of the text as the model sees it: 0 for what ends a word, negative for what is
// invisible and is passed over.
func fold(text string, i int) (c rune, size int) {
	if b := text[i]; b < utf8.RuneSelf {
		return rune(asciiFold[b]), 1
	}
	c, size = utf8.DecodeRuneInString(text[i:])
	if c < foldsKept {
		return folds()[c], size
	}
	return foldRune(c), size
}

// foldsKept is up to which letter fold looks up what it says: all of Latin, Cyrillic, Arabic and Ethiopic.
const foldsKept = 0x2000

var folds = sync.OnceValue(func() *[foldsKept]rune {
	var t [foldsKept]rune
	for c := range t {
		t[c] = foldRune(rune(c))
	}
	return &t
})

func foldRune(c rune) rune {
	switch {
	case c == utf8.RuneError:
		return 0
	case c == '’' || c == 'ʼ' || c == '‘' || c == 'ʻ' || c == 'ꞌ' || c == '´':
		return '\''
	case c < 0x250, unicode.IsLetter(c):
		if !unicode.IsLetter(c) {
			if c == 0xad { // soft hyphen
				return -1
			}
			return 0
		}
		return unicode.ToLower(c)
	case unicode.IsMark(c):
		return c
	case unicode.Is(unicode.Cf, c): // zero width and bidi marks
		return -1
	}
	return 0
}

var asciiFold = func() (t [utf8.RuneSelf]byte) {
	for b := 'a'; b <= 'z'; b++ {
		t[b], t[b-'a'+'A'] = byte(b), byte(b)
	}
	t['\''], t['`'] = '\'', '\''
	return t
}()

// address is where the handle, link or e-mail address that begins at byte i ends; i where none begins.
func address(text string, i int) int {
	b := text[i]
	if b != '@' && b|0x20 != 'h' && b|0x20 != 'w' {
		return i
	}
	end := i
	for end < len(text) && text[end] > ' ' {
		end++
	}
	token := text[i:end]
	switch {
	case b == '@' && len(token) > 1,
		hasPrefixFold(token, "http://"), hasPrefixFold(token, "https://"), hasPrefixFold(token, "www."):
		return end
	}
	return i
}

func hasPrefixFold(s, prefix string) bool {
	if len(s) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// features are the hashes of the n-grams of the word at hand and of the word itself.
func (r *reader) features() []uint64 {
	r.word[r.low] = '>'
	word := r.word[:r.low+1]
	r.hashes = r.hashes[:0]
	whole := wordSeed
	for i, c := range word {
		whole = linear.Mix(whole, c)
		h := linear.Hash
		for n := 0; n < r.maxGram && i+n < len(word); n++ {
			h = linear.Mix(h, word[i+n])
			if n > 0 || i > 0 && i < len(word)-1 {
				r.hashes = append(r.hashes, spread(h+uint64(n)))
			}
		}
	}
	r.hashes = append(r.hashes, spread(whole))
	return r.hashes
}

// spread makes every bit of a running hash depend on every rune.
func spread(h uint64) uint64 {
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}
