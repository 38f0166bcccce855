package hate

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// word is a run of letters, digits and emoji as the model sees it: folded, with the range of runes of the
// original text it came from.
type word struct {
	runes []rune
	start int
	end   int // exclusive
}

// words cuts text into folded words. Case, punctuation, vowel marks, stretched letters and digits written for
// letters do not reach the model, so that what is said on the radio and what is written look alike to it.
// The slices are reused by the next call of the same scratch.
func (s *scratch) cut(text string) []word {
	if text == s.text {
		return s.words
	}
	s.text = text
	s.words, s.buf, s.singles, s.spelled = s.words[:0], s.buf[:0], 0, false
	first, start, last := 0, -1, 0
	known := folds()
	i := -1
	for at := 0; at < len(text); {
		if start < 0 {
			if n, runes := masked(text[at:]); n > 0 {
				at, i = at+n, i+runes
				continue
			}
		}
		r, size := rune(text[at]), 1
		switch {
		case r < utf8.RuneSelf:
		case r >= 0xc2 && r < 0xe0 && at+1 < len(text) && text[at+1]&0xc0 == 0x80: // of two bytes, as most that are not ASCII
			r, size = r&0x1f<<6|rune(text[at+1]&0x3f), 2
		default:
			r, size = utf8.DecodeRuneInString(text[at:])
		}
		at += size
		i++
		f := folded{}
		if r < foldsKept {
			f = known[r]
		} else {
			f.rune, f.kind = fold(r)
		}
		switch f.kind {
		case skip:
			if start >= 0 {
				last = i
			}
			continue
		case sign: // $, @, * and ! stand for letters inside words only
			if start >= 0 && letterAt(text, at) {
				break
			}
			fallthrough
		case gap:
			first, start = s.end(first, start, last)
			continue
		case alone:
			first, start = s.end(first, start, last)
			if name, ok := emoji[f.rune]; ok {
				first, start = s.named(name, i)
				continue
			}
		}
		if start < 0 {
			start = i
		}
		last = i
		if n := len(s.buf); n-first >= 2 && s.buf[n-1] == f.rune && s.buf[n-2] == f.rune {
			continue // looove
		}
		s.buf = append(s.buf, f.rune)
		if f.kind == alone || len(s.buf)-first >= maxWord {
			first, start = s.end(first, start, last)
		}
	}
	s.end(first, start, last)
	if s.singles > 2 {
		s.words = joined(s.words)
	}
	return s.words
}

// end adds the word whose runes began at first, if there is one, and says where the next one begins: nowhere yet.
func (s *scratch) end(first, start, last int) (next, none int) {
	if n := len(s.buf); n > first {
		if n == first+1 {
			s.singles++
		}
		s.words = append(s.words, word{s.buf[first:n:n], start, last + 1})
	}
	return len(s.buf), -1
}

// named adds a word of one rune of the original.
func (s *scratch) named(name string, at int) (next, none int) {
	first := len(s.buf)
	for _, r := range name {
		s.buf = append(s.buf, r)
	}
	return s.end(first, at, at)
}

// joined makes one word of letters that are spelled out: k i l l, k.i.l.l, k-i-l-l.
func joined(words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && single(words[i]) && single(words[j]) && words[j].start-words[j-1].end == 1 {
			j++
		}
		if j-i < 3 {
			out = append(out, words[i])
			i++
			continue
		}
		w := word{start: words[i].start, end: words[j-1].end}
		for _, one := range words[i:j] {
			w.runes = append(w.runes, one.runes...)
		}
		out = append(out, w)
		i = j
	}
	return out
}

func single(w word) bool {
	return w.end-w.start == 1 && len(w.runes) == 1 && unicode.IsLetter(w.runes[0])
}

const maxWord = 40

// masked is the length, in bytes and runes, of an address or handle at the beginning of text: they say who and
// where, not what.
func masked(text string) (bytes, runes int) {
	switch text[0] {
	case '<':
		for _, mask := range [...]string{"<url>", "<email>", "<number>", "<user>"} {
			if strings.HasPrefix(text, mask) {
				return len(mask), len(mask)
			}
		}
		return 0, 0
	case '@':
		if len(text) < 2 || spaced(text[1]) {
			return 0, 0
		}
	case 'h':
		if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
			return 0, 0
		}
	case 'w':
		if !strings.HasPrefix(text, "www.") {
			return 0, 0
		}
	default:
		return 0, 0
	}
	for bytes < len(text) && !spaced(text[bytes]) {
		bytes++
	}
	return bytes, utf8.RuneCountInString(text[:bytes])
}

func spaced(b byte) bool { return b == ' ' || b == '\n' || b == '\t' }

type kind uint8

const (
	gap   kind = iota // ends a word
	skip              // is not seen at all: marks, tatweel, joiners
	part              // of a word
	sign              // part of a word between letters, else gap
	alone             // a word by itself: emoji
)

// letterAt reports whether a letter follows, whatever is not seen between.
func letterAt(text string, at int) bool {
	for _, r := range text[at:] {
		if _, kind := fold(r); kind != skip {
			return unicode.IsLetter(r)
		}
	}
	return false
}

// folded is a rune as words have it, and what it does to them.
type folded struct {
	rune rune
	kind kind
}

// foldsKept is up to which rune cut looks up what fold says: the scripts of Europe, Africa and Arabia, and signs.
const foldsKept = 0x2100

var folds = sync.OnceValue(func() *[foldsKept]folded {
	var t [foldsKept]folded
	for r := range t {
		t[r].rune, t[r].kind = fold(rune(r))
	}
	return &t
})

func fold(r rune) (rune, kind) {
	switch {
	case 'a' <= r && r <= 'z':
		return r, part
	case 'A' <= r && r <= 'Z':
		return r | 0x20, part
	case r == ' ':
		return r, gap
	case r < 0x80:
		return foldASCII(r)
	case r == 0x640 || r == 0x200b || r == 0x200c || r == 0x200d || r == 0xfe0f || r == 0xad || r == 0x2060:
		return r, skip
	case unicode.Is(unicode.Mn, r):
		return r, skip
	case unicode.IsLetter(r):
		return foldLetter(unicode.ToLower(r)), part
	case unicode.IsDigit(r):
		return '0', part
	case 0x1f170 <= r && r <= 0x1f17f: // emoji of letters
		return 'a' + r - 0x1f170, part
	case unicode.Is(unicode.So, r) || 0x1f1e6 <= r && r <= 0x1faff:
		return r, alone
	case r == '’':
		return '\'', skip
	}
	return r, gap
}

func foldASCII(r rune) (rune, kind) {
	switch r {
	case '\'':
		return r, skip
	case '$':
		return 's', sign
	case '@':
		return 'a', sign
	case '!':
		return 'i', sign
	case '*':
		return '*', sign
	case '0':
		return 'o', part
	case '1':
		return 'i', part
	case '3':
		return 'e', part
	case '4':
		return 'a', part
	case '5':
		return 's', part
	}
	if unicode.IsDigit(r) {
		return r, part
	}
	return r, gap
}

// foldLetter takes accents and the forms of Arabic letters away: recognisers and phones write with and without.
func foldLetter(r rune) rune {
	if to, ok := plain[r]; ok {
		return to
	}
	if r >= 0x2100 { // full-width, mathematical and other letters in disguise
		for _, d := range norm.NFKD.String(string(r)) {
			return unicode.ToLower(d)
		}
	}
	return r
}

var plain = func() map[rune]rune {
	m := map[rune]rune{'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ٱ': 'ا', 'ى': 'ي', 'ئ': 'ي', 'ؤ': 'و', 'ة': 'ه', 'ی': 'ي', 'ک': 'ك'}
	for to, from := range map[rune]string{'a': "àáâãäå", 'e': "èéêë", 'i': "ìíîï", 'o': "òóôõö", 'u': "ùúûü", 'c': "ç", 'n': "ñ", 'y': "ýÿ"} {
		for _, r := range from {
			m[r] = to
		}
	}
	for to, from := range map[rune]string{'a': "аα", 'e': "еε", 'o': "оο", 'p': "рρ", 'c': "с", 'y': "у", 'x': "х", 'i': "іιı", 's': "ѕ", 'j': "ј", 'k': "кκ", 't': "τ", 'v': "ν"} {
		for _, r := range from {
			m[r] = to // look-alikes from the Cyrillic and Greek alphabets
		}
	}
	for to, from := range map[rune]string{'ሀ': "ሐኀኸ", 'ሁ': "ሑኁኹ", 'ሂ': "ሒኂኺ", 'ሃ': "ሓኃኻ", 'ሄ': "ሔኄኼ", 'ህ': "ሕኅኽ", 'ሆ': "ሖኆኾ", 'ሰ': "ሠ", 'ሱ': "ሡ", 'ሲ': "ሢ", 'ሳ': "ሣ",
		'ሴ': "ሤ", 'ስ': "ሥ", 'ሶ': "ሦ", 'አ': "ዐ", 'ኡ': "ዑ", 'ኢ': "ዒ", 'ኣ': "ዓ", 'ኤ': "ዔ", 'እ': "ዕ", 'ኦ': "ዖ", 'ጸ': "ፀ", 'ጹ': "ፁ", 'ጺ': "ፂ", 'ጻ': "ፃ", 'ጼ': "ፄ", 'ጽ': "ፅ", 'ጾ': "ፆ"} {
		for _, r := range from {
			m[r] = to // Ethiopic letters that sound alike and are written one for another
		}
	}
	return m
}()
