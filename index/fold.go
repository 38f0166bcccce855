package index

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folding decides which spellings are one word. It errs towards finding: where people leave a mark out, type
// the plain letter for the hooked one, or write one sound with several letters, the spellings are one.
//
//   - All scripts: compatibility forms (NFKD), case, invisible characters, digits of every script.
//   - Latin, Greek, Cyrillic: all combining marks go; hooked and other letters that phones lack become their
//     plain ones (ɓ b, ɗ d, ƙ k, ŋ n, ɛ e, ɔ o): Hausa, Dinka, Ewe or Bambara are mostly typed without them.
//   - Arabic: harakat, Koranic marks and tatweel go; alef forms, hamza seats, ya and alef maqsura, ta marbuta
//     and ha, Persian kaf and ya are one each. Hebrew loses its points, Syriac its vowels.
//   - N'Ko and Adlam: tone, length, nasal and gemination marks go.
//   - Ethiopic: the letters of one sound are one (ሀሐኀ, ሰሠ, አዐ, ጸፀ with all their forms; ሃ as ሀ, ኣ as አ;
//     labialised ቈኰጐ as ቆኮጎ); gemination marks go.
//   - Devanagari and its sisters: nukta, virama, candrabindu, anusvara, visarga and the nasal before
//     a stop of its row (हिन्दी, हिंदी) go, as they are left out or written several ways. Vowel signs stay: they are
//     the word's vowels, and without them most words would be one.
//   - Thai, Lao, Khmer, Myanmar, kana, Tibetan and the rest keep their marks: those are part of the spelling.
func workOutFold(dst []rune, r rune) []rune {
	if r < utf8.RuneSelf {
		return append(dst, unicode.ToLower(r))
	}
	if r >= 0xAC00 && r <= 0xD7A3 { // Hangul syllables are composed by rule, not by table
		return foldHangul(dst, r)
	}
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	d := norm.NFKD.Properties(buf[:n]).Decomposition()
	if d == nil {
		return foldPlain(dst, r)
	}
	for len(d) > 0 {
		c, size := utf8.DecodeRune(d)
		d = d[size:]
		dst = foldPlain(dst, c)
	}
	return dst
}

func foldHangul(dst []rune, r rune) []rune {
	i := r - 0xAC00
	dst = append(dst, 0x1100+i/588, 0x1161+i%588/28)
	if t := i % 28; t > 0 {
		dst = append(dst, 0x11A7+t)
	}
	return dst
}

// foldPlain folds a rune that has no decomposition. What it returns folds to itself.
func foldPlain(dst []rune, r rune) []rune {
	switch {
	case left(r):
		return dst
	case unicode.IsDigit(r):
		return append(dst, '0'+digit(r))
	case unicode.Is(unicode.Ethiopic, r):
		return append(dst, foldEthiopic(r))
	}
	r = unicode.ToLower(r)
	if s, ok := letters[r]; ok {
		return append(dst, []rune(s)...)
	}
	return append(dst, r)
}

// left reports whether the rune is one that people leave out.
func left(r rune) bool {
	switch {
	case r == 0x0640, r == 0x07FA, r == 0x07F4, r == 0x07F5: // tatweel; N'Ko extender and tone apostrophes
		return true
	case unicode.Is(unicode.Cf, r):
		return true
	case r == 0x3099 || r == 0x309A: // voiced kana are other letters
		return false
	case r >= 0x0900 && r <= 0x0DFF:
		return leftIndic(r)
	case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Me, r):
		return unicode.In(r, unicode.Inherited, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew,
			unicode.Syriac, unicode.Nko, unicode.Adlam, unicode.Ethiopic, unicode.Tifinagh, unicode.Coptic, unicode.Bamum)
	}
	return false
}

// leftIndic works for all of U+0900..U+0DFF, whose blocks of 128 are laid out alike.
func leftIndic(r rune) bool {
	if r == 0x0A70 || r == 0x0A71 || r == 0x0951 || r == 0x0952 || r == 0x0953 || r == 0x0954 { // Gurmukhi tippi, addak; Vedic accents
		return true
	}
	if !unicode.Is(unicode.M, r) {
		return false
	}
	switch r & 0x7F {
	case 0x00, 0x01, 0x02, 0x03, 0x3C, 0x4D: // candrabindu, anusvara, visarga, nukta, virama
		return true
	}
	return r == 0x0DCA // Sinhala al-lakuna
}

func digit(r rune) rune {
	for _, g := range unicode.Nd.R16 {
		if r >= rune(g.Lo) && r <= rune(g.Hi) {
			return (r - rune(g.Lo)) % 10
		}
	}
	for _, g := range unicode.Nd.R32 {
		if r >= rune(g.Lo) && r <= rune(g.Hi) {
			return (r - rune(g.Lo)) % 10
		}
	}
	return 0
}

func foldEthiopic(r rune) rune {
	switch row := r &^ 7; row {
	case 0x1210, 0x1280: // ሐ, ኀ
		r = 0x1200 + r&7
	case 0x1220: // ሠ
		r = 0x1230 + r&7
	case 0x12D0: // ዐ
		if r&7 < 7 {
			r = 0x12A0 + r&7
		}
	case 0x1340: // ፀ
		r = 0x1338 + r&7
	}
	switch r {
	case 0x1203: // ሃ
		return 0x1200
	case 0x12A3: // ኣ
		return 0x12A0
	case 0x1248, 0x12B0, 0x1310: // ቈ, ኰ, ጐ
		return r - 2
	case 0x1288: // ኈ
		return 0x1206
	}
	return r
}

// letters are what folds to other letters though Unicode sees no likeness.
var letters = func() map[rune]string {
	m := map[rune]string{}
	for s, from := range map[string]string{
		"b": "ɓƀƃ", "c": "ƈ", "d": "ɗɖđð", "e": "ɛəǝɘ", "f": "ƒ", "g": "ɠɣǥ", "h": "ħɦ", "i": "ıɩɨ", "j": "ɟʝ", "k": "ƙ", "l": "łɫƚ",
		"n": "ŋɲƞ", "o": "ɔøɵ", "p": "ƥ", "t": "ƭŧʈ", "u": "ʉ", "v": "ʋⱱ", "y": "ƴ", "z": "ƶʒ", "ae": "æ", "oe": "œ", "th": "þ", "ss": "ß",
		"σ": "ς", "ا": "ٱ", "ي": "ىیےې", "ه": "ةہھەۃ", "ك": "ک",
		"ണ": "ൺ", "ന": "ൻ", "ര": "ർ", "ല": "ൽ", "ള": "ൾ", "ക": "ൿ", "ত": "ৎ",
	} {
		for _, r := range from {
			m[r] = s
		}
	}
	return m
}()
