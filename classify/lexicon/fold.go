package lexicon

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// foldRune is a rune as packs spell it: lower case, without marks, with one letter for each family of Arabic
// letters that writers swap; empty for what is not seen at all (marks, tatweel, zero-width and bidi signs).
func foldRune(r rune) string {
	if r >= 0 && r < foldedRunes {
		return folded()[r]
	}
	return workOutFold(r)
}

// foldedRunes are those whose folding is worked out once: the scripts of all packs, and signs.
const foldedRunes = 0x2100

var folded = sync.OnceValue(func() *[foldedRunes]string {
	var t [foldedRunes]string
	for r := range t {
		t[r] = workOutFold(rune(r))
	}
	return &t
})

func workOutFold(r rune) string {
	if r < 0x80 {
		return string(unicode.ToLower(r))
	}
	switch r {
	case 'أ', 'إ', 'آ', 'ٱ':
		return "ا"
	case 'ى', 'ی', 'ئ':
		return "ي"
	case 'ة':
		return "ه"
	case 'ؤ':
		return "و"
	case 'ک':
		return "ك"
	case 'ـ', 'ء':
		return ""
	case 'œ', 'Œ':
		return "oe"
	case 'æ', 'Æ':
		return "ae"
	case '’', 'ʼ', '‘', '`':
		return "'"
	}
	if unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Mn, r) {
		return ""
	}
	if r >= 0x1200 && r < 0x1380 {
		return string(ethiopic(r))
	}
	if latin, ok := lookalikes[unicode.ToLower(r)]; ok {
		return latin
	}
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(r)) {
		if unicode.Is(unicode.Mn, d) || unicode.Is(unicode.Cf, d) {
			continue
		}
		if d >= 0x620 && d <= 0x6ff && d != r {
			b.WriteString(workOutFold(d))
			continue
		}
		b.WriteRune(unicode.ToLower(d))
	}
	return b.String()
}

// ethiopic gives one letter for each family that is said alike in Amharic and written either way.
func ethiopic(r rune) rune {
	for from, to := range map[rune]rune{0x1210: 0x1200, 0x1280: 0x1200, 0x1220: 0x1230, 0x12d0: 0x12a0, 0x1340: 0x1338} {
		if r >= from && r < from+7 {
			r = to + r - from
			break
		}
	}
	if r == 0x1203 || r == 0x12a3 { // ha and a of the fourth order, said like the first
		r -= 3
	}
	return r
}

// lookalikes are Cyrillic and Greek letters that pass for Latin ones, and the hooked letters of West Africa, which
// are often typed without the hook.
var lookalikes = map[rune]string{
	'ƙ': "k", 'ɗ': "d", 'ɓ': "b", 'ƴ': "y",
	'а': "a", 'е': "e", 'о': "o", 'р': "p", 'с': "c", 'у': "y", 'х': "x", 'і': "i", 'ѕ': "s", 'ј': "j", 'к': "k",
	'α': "a", 'ο': "o", 'ι': "i", 'ν': "v", 'κ': "k", 'ρ': "p", 'τ': "t", 'ε': "e",
}

var leet = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

// arabicLeet are the figures that stand for Arabic letters by their form or sound, in two ways where there are two.
var arabicLeet = [2]*strings.Replacer{
	strings.NewReplacer("1", "ا", "١", "ا", "3", "ع", "٣", "ع", "5", "ه", "٥", "ه", "0", "ه", "7", "ح", "٧", "ح", "٨", "ح", "2", "ء", "٤", "ع", "9", "ق", "٩", "و", "6", "ط"),
	strings.NewReplacer("1", "ل", "١", "ل", "3", "ع", "٣", "ع", "5", "خ", "٥", "ه", "0", "ه", "7", "ح", "٧", "ح", "٨", "ح", "2", "ا", "٤", "ع", "9", "ص", "٩", "و", "6", "ط"),
}

// unleetArabic gives the spellings of a word in Arabic letters that figures stand in.
func unleetArabic(w string) []string {
	if w < "ء" && w > ":" || !figured(w) || !strings.ContainsFunc(w, func(r rune) bool { return r >= 'ء' && r <= 'ي' }) {
		return nil
	}
	return []string{foldWord(arabicLeet[0].Replace(w)), foldWord(arabicLeet[1].Replace(w))}
}

// figured reports whether a figure stands in a word, European or Arabic; by bytes, for it is asked of every word.
func figured(w string) bool {
	for i := range len(w) {
		if b := w[i]; b <= '9' && b >= '0' || b == 0xd9 && i+1 < len(w) && w[i+1] >= 0xa0 && w[i+1] <= 0xa9 {
			return true
		}
	}
	return false
}

// unleet spells a word that mixes letters with figures or signs as letters alone; it reports false for a word
// that does not.
func unleet(w string) (string, bool) {
	if !strings.ContainsAny(w, "013457@$") || strings.Trim(w, "0123456789@$") == "" {
		return "", false
	}
	return leet.Replace(w), true
}

// unstretch gives the spellings a stretched word may stand for: every run of three or more the same letter once
// and twice. It gives none for a word without such a run.
func unstretch(w string) []string {
	if !hasRun(w) {
		return nil
	}
	out := []string{""}
	from := 0 // of what no spelling has yet
	for i := 0; i < len(w); {
		_, size := utf8.DecodeRuneInString(w[i:])
		one, j := w[i:i+size], i+size
		for strings.HasPrefix(w[j:], one) {
			j += size
		}
		if j-i < 3*size {
			i = j
			continue
		}
		for k := range out {
			out[k] += w[from:i] + one
		}
		if len(out) <= 8 {
			for k := range len(out) {
				out = append(out, out[k]+one)
			}
		}
		i, from = j, j
	}
	for k := range out {
		out[k] += w[from:]
	}
	return out
}

// hasRun reports whether a word has the same letter three times in a row.
func hasRun(w string) bool {
	var last rune
	n := 0
	for _, r := range w {
		if r != last {
			last, n = r, 0
		}
		if n++; n == 3 {
			return true
		}
	}
	return false
}
