package corpus

import (
	"hash/fnv"
	"strings"
	"unicode"

	"counterpoint/classify/linear"
)

// Radio is the text as a recogniser of speech might put it: lower case, no signs, and one letter in ten wrong. The
// same text always comes out alike.
func Radio(text string) string {
	h := fnv.New64a()
	h.Write([]byte(text))
	rand := linear.Rand(h.Sum64())
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '\'' && r != '’'
	})
	var letters []rune
	for _, w := range words {
		for _, r := range w {
			if unicode.IsLetter(r) {
				letters = append(letters, r)
			}
		}
	}
	for i, w := range words {
		words[i] = misheard(w, letters, &rand)
	}
	return strings.Join(words, " ")
}

// misheard drops, replaces or doubles one letter in ten.
func misheard(word string, letters []rune, rand *linear.Rand) string {
	var b strings.Builder
	for _, r := range word {
		if !unicode.IsLetter(r) || rand.Intn(10) > 0 {
			b.WriteRune(r)
			continue
		}
		switch rand.Intn(3) {
		case 0:
		case 1:
			b.WriteRune(letters[rand.Intn(len(letters))])
		default:
			b.WriteRune(r)
			b.WriteRune(r)
		}
	}
	return b.String()
}
