package language

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"counterpoint/classify/linear"

	"golang.org/x/text/unicode/norm"
)

// window is some neighbouring words of a text: what is heard is shorter than what is printed. Of scripts without
// spaces it is a few letters.
func (t *trainer) window(text string) string {
	n := 1 + t.rand.Intn(10)
	if t.rand.Float() < t.o.Short {
		n = 1 + t.rand.Intn(4)
	}
	starts := wordStarts(text)
	if len(starts) > n {
		from := t.rand.Intn(len(starts) - n)
		return text[starts[from]:starts[from+n]]
	}
	if len(starts) <= 2 && len(text) > 60 {
		return t.letters(text, 3*n)
	}
	return text
}

func wordStarts(text string) []int {
	var starts []int
	for i := range len(text) {
		if text[i] != ' ' && (i == 0 || text[i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	return starts
}

func (t *trainer) letters(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	from := t.rand.Intn(len(runes) - n)
	return string(runes[from : from+n])
}

// hurry is the text as a recogniser or a hasty writer would put it: a word lost, doubled or taken from another
// sentence of the language, a letter lost, doubled or swapped, all accents gone.
func (t *trainer) hurry(text string, label int) string {
	if t.rand.Float() < 0.25 {
		text = bare(text)
	}
	rate := 0.05 + 0.10*t.rand.Float()
	words := strings.Fields(spelled(text, t.m.labels[label]))
	out := words[:0]
	for _, w := range words {
		if t.rand.Float() >= rate {
			out = append(out, w)
			continue
		}
		switch t.rand.Intn(5) {
		case 0: // lost
		case 1:
			other := strings.Fields(t.texts[label][t.rand.Intn(len(t.texts[label]))])
			if len(other) > 0 {
				out = append(out, other[t.rand.Intn(len(other))])
			}
		default:
			out = append(out, t.slip(w))
		}
	}
	if len(out) == 0 {
		return text
	}
	return strings.Join(out, " ")
}

// slip is the word with one letter lost, doubled or swapped with the next.
func (t *trainer) slip(word string) string {
	r := []rune(word)
	if len(r) < 3 {
		return word
	}
	i := t.rand.Intn(len(r) - 1)
	switch t.rand.Intn(3) {
	case 0:
		return string(append(r[:i], r[i+1:]...))
	case 1:
		r[i], r[i+1] = r[i+1], r[i]
		return string(r)
	}
	return string(r[:i+1]) + string(r[i:])
}

// bare is the text without accents, as a keyboard without them gives it. Only Latin letters lose them.
func bare(text string) string {
	var b strings.Builder
	latin := false
	for _, r := range norm.NFD.String(text) {
		if latin && unicode.Is(unicode.Mn, r) {
			continue
		}
		latin = r < utf8.RuneSelf || unicode.Is(unicode.Latin, r)
		b.WriteRune(r)
	}
	return norm.NFC.String(b.String())
}

// nonsense is text of no language: the letters of some words shuffled, letters at random, or one drawn out.
func (t *trainer) nonsense() string {
	var b strings.Builder
	texts := t.texts[t.rand.Intn(t.babble)]
	words := strings.Fields(texts[t.rand.Intn(len(texts))])
	kind := t.rand.Intn(3)
	for range 1 + t.rand.Intn(8) {
		switch {
		case kind == 0 && len(words) > 0:
			letters := []rune(words[t.rand.Intn(len(words))])
			linear.Shuffle(&t.rand, letters)
			b.WriteString(string(letters))
		case kind == 1:
			for range 2 + t.rand.Intn(9) {
				b.WriteByte(byte('a' + t.rand.Intn(26)))
			}
		default:
			c := byte('a' + t.rand.Intn(26))
			for range 1 + t.rand.Intn(5) {
				b.WriteByte(c)
				b.WriteByte(byte('a' + t.rand.Intn(26)))
			}
		}
		b.WriteByte(' ')
	}
	return b.String()
}
