package hate_test

import (
	"testing"

	"counterpoint"

	"pgregory.net/rapid"
)

// disguise writes a word as somebody would who hides it from a machine. No disguise adds a gap.
func disguise(t *rapid.T, word string) []rune {
	var out []rune
	for i, r := range word {
		switch rapid.IntRange(0, 9).Draw(t, "how") {
		case 0:
			r = r - 'a' + 'A'
		case 1:
			if i > 0 {
				out = append(out, 0x200b) // zero width
			}
		case 2:
			out = append(out, r, r, r) // stretched
		case 3:
			r = r - 'a' + 0xff41 // full width
		case 4:
			if a, ok := map[rune]rune{'a': 'а', 'e': 'е', 'o': 'о', 'i': 'і', 's': 'ѕ'}[r]; ok {
				r = a // Cyrillic
			}
		case 5:
			// A digit after $ is money, so that US$100 stays two words.
			if a, ok := map[rune]rune{'a': '4', 'e': '3', 'o': '0', 'i': '1', 's': '$'}[r]; ok && i > 0 && i < len(word)-1 && out[len(out)-1] != '$' {
				r = a
			}
		}
		out = append(out, r)
	}
	return out
}

// Every word of the model, however it is spelled, lies where it stands in the original.
func TestWordsLieInTheOriginal(t *testing.T) {
	m := model(t)
	words := []string{"kill", "them", "people", "market", "rice", "poison", "brothers", "tonight"}
	gaps := []string{" ", ", ", " — ", "\n", " @someone ", "… ", " https://example.org/x "}
	rapid.Check(t, func(t *rapid.T) {
		var text []rune
		var want [][2]int
		for range rapid.IntRange(1, 8).Draw(t, "words") {
			from := len(text)
			text = append(text, disguise(t, rapid.SampledFrom(words).Draw(t, "word"))...)
			want = append(want, [2]int{from, len(text)})
			text = append(text, []rune(rapid.SampledFrom(gaps).Draw(t, "gap"))...)
		}
		got := m.Words(string(text), "eng", counterpoint.Web, counterpoint.Hate)
		if len(got) != len(want) {
			t.Fatalf("%q: %d words, want %d", string(text), len(got), len(want))
		}
		for i, w := range got {
			if w.Start != want[i][0] || w.End != want[i][1] {
				t.Fatalf("%q: word %d lies at %d–%d, want %d–%d", string(text), i, w.Start, w.End, want[i][0], want[i][1])
			}
		}
	})
}
