package report

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"counterpoint"
)

// What stands in the place of what is masked.
const (
	maskNumber = "[number]"
	maskMail   = "[e-mail]"
	maskHandle = "[handle]"
	maskPlace  = "[place]"
)

var (
	mail   = regexp.MustCompile(`[\pL\pN._%+-]+\s?@\s?[\pL\pN-]+(\.[\pL\pN-]+)+`)
	handle = regexp.MustCompile(`(^|[^\pL\pN@])@[\pL\pN_.]{2,}`)
	// digits with what people and telephones put between them, dashes and signs that cannot be seen too. Letters that look
	// like digits are not looked for.
	number = regexp.MustCompile(`[+(]?\p{Nd}(?:[\s./()\p{Pd}\p{Zs}\p{Cf}]{0,3}\p{Nd}){6,}`)
	date   = regexp.MustCompile(`^(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|1[0-2])[-/.](?:19|20)\d\d)$`)
	// degrees with decimals, two of them: nobody writes so but who says where they stand.
	degrees = regexp.MustCompile(`[+-]?\p{Nd}{1,3}[.,]\p{Nd}{3,}°?\s*[NSns]?\s*[,;/\s]\s*[+-]?\p{Nd}{1,3}[.,]\p{Nd}{3,}(?:°|\s*[EWOewo]\b)?`)
)

// Mask takes out of a text what leads to a person: telephone numbers, e-mail addresses, handles, and coordinates. Dates
// stay. It is strict: a sum of seven digits goes too.
func Mask(text string) string {
	text = mail.ReplaceAllString(text, maskMail)
	text = degrees.ReplaceAllString(text, maskPlace)
	text = handle.ReplaceAllString(text, "${1}"+maskHandle)
	return number.ReplaceAllStringFunc(text, func(s string) string {
		if date.MatchString(s) {
			return s
		}
		return maskNumber
	})
}

// titles are words before the name of a person, folded.
var titles = strings.Fields(`mr mrs ms miss dr prof sir madam chief imam sheikh sheik pastor reverend rev father bishop colonel general captain major
	sergeant commander mayor governor deputy minister monsieur madame mademoiselle mme mlle m docteur abbé père pasteur chef maire préfet gouverneur colonel
	général capitaine commandant ministre député imam bwana bibi mzee mwalimu mchungaji askofu السيد السيدة الشيخ الدكتور العقيد ato weyzero alhaji alhadji el hadj`)

// MayName reports whether a text seems to name people: a title before a word, or two words with capitals in a row where
// no sentence begins. It is a hint for the reader and misses names in scripts without capitals.
func MayName(text string) bool {
	words := strings.Fields(text)
	for i, w := range words {
		if i+1 < len(words) && slices.Contains(titles, counterpoint.Fold(w)) && named(words[i+1]) {
			return true
		}
		if i > 0 && i+1 < len(words) && !ends(words[i-1]) && !ends(w) && capital(w) && capital(words[i+1]) {
			return true
		}
	}
	return false
}

// named reports whether a word may be a name: one with a capital, or of a script that has none.
func named(w string) bool {
	for _, r := range w {
		if unicode.IsLetter(r) {
			return !unicode.IsLower(r)
		}
	}
	return false
}

func capital(w string) bool {
	rest := false
	for i, r := range strings.TrimFunc(w, unicode.IsPunct) {
		if i == 0 && !unicode.IsUpper(r) {
			return false
		}
		rest = rest || i > 0 && unicode.IsLower(r)
	}
	return rest
}

func ends(w string) bool { return strings.ContainsAny(w[len(w)-1:], ".!?:;") }
