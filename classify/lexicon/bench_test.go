package lexicon_test

import (
	"testing"

	"counterpoint/classify/lexicon"
)

// What the stage asks of the packs for one text: its language, what is said everywhere, the tone, and which other
// packs know the words.
func BenchmarkText(b *testing.B) {
	l := open(b)
	l.Knowing(lexicon.Cut("warm"), 0.6)
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		texts := cases(b, lang)
		b.Run(lang, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				cut := lexicon.Cut(texts[i%len(texts)].text)
				for _, code := range append([]string{lang, "mul"}, l.Knowing(cut, 0.6)...) {
					if _, err := l.Read(code, cut, lexicon.Context{}); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := l.Tone(lang, cut); err != nil {
					b.Fatal(err)
				}
				cut.Release()
			}
		})
	}
}
