package hate

import (
	"maps"
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

// The sentences of a text whose words people marked are offensive where a mark is, and are no rows for the gate. Marks
// are counted in runes.
func TestMarkedTextsAreCutIntoSentences(t *testing.T) {
	const text = "Good day té all… Nobody asked you, idiot!! The bus is late\nOk. Fools run this town?"
	at := func(word string) [2]int {
		from := len([]rune(text[:strings.Index(text, word)]))
		return [2]int{from, from + len([]rune(word))}
	}
	d := data{sources: []string{"marked"}, train: []example{{text: text, lang: "eng", spans: [][2]int{at("idiot"), at("Fools")}}, {text: "Not marked."}}}
	d.marked()
	offensive := map[string]int8{}
	for _, e := range d.train[2:] {
		if e.y[0] != -1 || !e.part || e.domain != guests-1 {
			t.Errorf("%q: labels %v, part %t, domain %d", e.text, e.y, e.part, e.domain)
		}
		offensive[strings.TrimSpace(e.text)] = e.y[1]
	}
	want := map[string]int8{"Good day té all… Nobody asked you, idiot!!": 1, "The bus is late": 0, "Fools run this town?": 1}
	if !maps.Equal(offensive, want) {
		t.Errorf("%v, want %v", offensive, want)
	}
	if got := strings.Join(sentences(text), ""); got != text {
		t.Errorf("the sentences make %q", got)
	}
}
