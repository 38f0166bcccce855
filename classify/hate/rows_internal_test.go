package hate

import (
	"strings"
	"testing"
)

// What vectors add up from laid out rows is what a loop adds up from the weights, in every bit; and the buckets that
// are listed for it are those of the n-grams that training and explanations list.
func TestOutcomeIsTheSumOfTheWeights(t *testing.T) {
	m, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	s := &scratch{}
	for _, text := range []string{
		"", "x", "the market opens at seven", "k i l l them, @user said: \"GO home\" 🐍 🏿 <number> times!!!",
		strings.Repeat("a long text of many words, all of them the same. ", 300), "افتح السوق في السابعة", "وَالسُّوقُ #ሰላም",
	} {
		words := s.cut(text)
		list := s.each(words, "eng")
		style := s.mannered(text)
		want := loopSums(m, list, style)
		if got := m.sums(list, style); got != want {
			t.Errorf("%.40q: sums %v, want %v", text, got, want)
		}
		chars, pairs := s.buckets(words, "eng")
		if got := m.outcome(chars, pairs, s.marks(text)); got != want {
			t.Errorf("%.40q: outcome %v, want %v", text, got, want)
		}
	}
}

func loopSums(m *Model, list []gram, style []uint32) (z [wordCols]float64) {
	var chars, words [wordCols]int
	for _, g := range list {
		for i := range z {
			if g.word {
				words[i] += int(m.words[int(g.at)+i])
			} else {
				chars[i] += int(m.chars[int(g.at)+i])
			}
		}
	}
	x := scales(list)
	for i := range z {
		z[i] = m.Bias[i] + float64(m.Step[i]*(float64(x[0]*float64(chars[i]))+float64(x[1]*float64(words[i]))))
	}
	for i := range styleCols {
		n := 0
		for _, at := range style {
			n += int(m.style[int(at)+i])
		}
		z[heads+i] += float64(scale(len(style)) * m.StyleStep * float64(n))
	}
	return z
}
