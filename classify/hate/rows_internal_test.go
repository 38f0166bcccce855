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
	chars, words := shippedWeights(t)
	s := &scratch{}
	for _, text := range []string{
		"", "x", "the market opens at seven", "k i l l them, @user said: \"GO home\" 🐍 🏿 <number> times!!!",
		strings.Repeat("a long text of many words, all of them the same. ", 300), "افتح السوق في السابعة", "وَالسُّوقُ #ሰላም",
	} {
		cut := s.cut(text)
		list := s.each(cut, "eng")
		style := s.mannered(text)
		want := loopSums(m, chars, words, list, style)
		if got := m.all(text, "eng"); got != want {
			t.Errorf("%.40q: sums %v, want %v", text, got, want)
		}
		letters, pairs := s.buckets(cut, "eng")
		if got := m.outcome(letters, pairs, s.marks(text)); got != want {
			t.Errorf("%.40q: outcome %v, want %v", text, got, want)
		}
	}
}

// shippedWeights are those of characters and words as they stand in the file.
func shippedWeights(t *testing.T) (chars, words []byte) {
	file, err := unpacked(modelFile)
	if err != nil {
		t.Fatal(err)
	}
	weights := file[len(file)-charSize-wordSize-styleSize-tagSize:]
	return weights[:charSize], weights[charSize : charSize+wordSize]
}

func loopSums(m *Model, letterWeights, wordWeights []byte, list []gram, style []uint32) (z [cols]float64) {
	var chars, words [cols]int
	for _, g := range list {
		for i := range z {
			if g.word {
				words[i] += int(int8(wordWeights[int(g.at)+i]))
			} else {
				chars[i] += int(int8(letterWeights[int(g.at)+i]))
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
