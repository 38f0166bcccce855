package respond

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"counterpoint"
)

// word is a word as alignment compares it.
type word struct {
	text   string
	number bool // digits: a recogniser may have written them as words, or the other way round
}

// wordsOf are the words of a text, folded: case, punctuation and marks (accents, Arabic vowels, tone) are gone,
// since recognisers often leave them out. Scripts that put no spaces between words go letter by letter.
func wordsOf(text string) []word {
	var out []word
	for _, f := range strings.Fields(counterpoint.Fold(unmarked(contractions.Replace(strings.ToLower(text))))) {
		for _, w := range cut(f) {
			out = append(out, word{w, strings.ContainsFunc(w, unicode.IsDigit)})
		}
	}
	return out
}

// contractions are written out, since a recogniser writes either.
var contractions = strings.NewReplacer("can't", "can not", "can’t", "can not", "won't", "will not", "won’t", "will not", "cannot", "can not", "n't", " not", "n’t", " not")

func unmarked(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if !unicode.Is(unicode.Mn, r) && r != 'ـ' && !unicode.Is(unicode.Cf, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan}

// cut parts a word at every letter of an unspaced script.
func cut(f string) []string {
	if strings.IndexFunc(f, func(r rune) bool { return unicode.In(r, unspaced...) }) < 0 {
		return []string{f}
	}
	var out []string
	run := ""
	for _, r := range f {
		if unicode.In(r, unspaced...) {
			if run != "" {
				out, run = append(out, run), ""
			}
			out = append(out, string(r))
			continue
		}
		run += string(r)
	}
	if run != "" {
		out = append(out, run)
	}
	return out
}

// alike reports whether a recogniser may have heard one word for the other: one letter apart in words of five
// and more, two in words of ten and more. The first two letters must be the same, because many languages negate
// in front (unsafe, havina, impossible).
func alike(a, b string) bool {
	if a == b {
		return true
	}
	x, y := []rune(a), []rune(b)
	n := min(len(x), len(y))
	if n < 5 || x[0] != y[0] || x[1] != y[1] {
		return false
	}
	most := 1
	if n >= 10 {
		most = 2
	}
	return distance(x, y, most) <= most
}

// distance is how many letters must be put in, taken out or changed to make b of a; more than most is most+1.
func distance(a, b []rune, most int) int {
	if d := len(a) - len(b); d > most || -d > most {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal, least := row[0], i+1
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
			least = min(least, row[j+1])
		}
		if least > most {
			return most + 1
		}
	}
	return min(row[len(b)], most+1)
}

// negations are the words whose coming or going turns a sentence round, as wordsOf folds them. Languages that
// negate inside the verb have prefixes instead.
var negations = map[string]string{
	"eng": "not no never nobody none nothing neither nor without stop",
	"fra": "pas jamais personne aucun aucune rien ni non sans",
	"ara": "لا ليس ليست لم لن ما غير بدون",
	"swa": "si sio siyo hapana wala usi bila kamwe hakuna hamna",
	"por": "nao nunca ninguem nada nem sem",
	"spa": "no nunca nadie nada ni sin",
	"som": "ma aan maya aanay",
	"lug": "nedda si te",
	"hau": "ba babu kada",
	"lin": "te",
	"sag": "ape pepe",
}

// negatingPrefixes are longer than one letter so that plain slips of the ear are not taken for them.
var negatingPrefixes = map[string]string{
	"eng": "un non dis im in ir", "fra": "im in ir mal non", "swa": "ha hatu hawa hazi havi haya hai hau", "por": "in im des", "spa": "in im des",
}

// polarity knows what negates in a language.
type polarity struct {
	words    map[string]bool
	prefixes []string
}

// polarityOf is that of the language; of one without a list, all lists together, which errs on the side of
// asking a person.
func polarityOf(lang string) polarity {
	p := polarity{words: map[string]bool{}}
	list, known := negations[lang]
	if !known {
		for _, l := range negations {
			list += " " + l
		}
	}
	for _, w := range strings.Fields(list) {
		p.words[w] = true
	}
	p.prefixes = strings.Fields(negatingPrefixes[lang])
	return p
}

// turned reports whether the two words differ by a negating prefix, or one of them negates by itself.
func (p polarity) turned(a, b string) bool {
	if p.words[a] != p.words[b] {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, x := range p.prefixes {
		if rest, ok := strings.CutPrefix(b, x); ok && len(a) > 2 && (rest == a || strings.HasSuffix(a, rest) && len(rest) > 3 && len(a)-len(rest) <= 2) {
			return true
		}
	}
	return false
}
