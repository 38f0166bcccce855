package index_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"counterpoint/index"
)

func TestTerms(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		var got []string
		for _, term := range index.Terms(text) {
			got = append(got, term.Text)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Terms(%q) (-want +got):\n%s", text, d)
		}
	}
	f("")
	f("  …!? ")
	f("Peace, for ALL of us 24/7", "peace", "for", "all", "of", "us", "24", "7")
	f("don't DON’T", "dont", "dont")
	f("l'eau qu'il aujourd'hui", "l", "eau", "qu", "il", "aujourdhui")
	f("ng'ombe go'aan n'abantu ly'obuntu", "ngombe", "goaan", "n", "abantu", "ly", "obuntu")
	f("'quoted' words'", "quoted", "words")
	f("soft\u00adhyphen zero\u200bwidth \u202bbidi\u202c", "softhyphen", "zerowidth", "bidi")
	f("Straße ﬁn ½", "strasse", "fin", "1", "2")
	f("中国人 か が", "中", "国", "人", "か", "か\u3099")
	f("ที่นี่", "ท\u0e35\u0e48", "น\u0e35\u0e48")
	f("٢٠٢٦ ߁߂ १२", "2026", "12", "12")
	f("bad\xffbytes", "bad", "bytes")
}

// TestFound: what people type differs from what was written; both find each other.
func TestFound(t *testing.T) {
	f := func(spellings ...string) {
		t.Helper()
		for _, text := range spellings {
			for _, q := range spellings {
				words, err := index.ParseWords(q)
				if err != nil {
					t.Errorf("ParseWords(%q): %v", q, err)
					continue
				}
				if !words.Match("x " + text + " y") {
					t.Errorf("%q does not find %q: terms %v and %v", q, text, index.Terms(q), index.Terms(text))
				}
			}
		}
	}
	f("école", "e\u0301cole", "ecole", "ÉCOLE")
	f("Ɓarawo", "barawo", "ɓarawo")
	f("ŋun kɔc ɛ", "nun koc e")
	f("ọmọ Yorùbá", "omo yoruba", "ọmọ́ YORÙBÁ")
	f("السَّلَامُ", "السلام", "الســـلام")
	f("أحمد", "احمد", "إحمد", "آحمد")
	f("مدرسة", "مدرسه")
	f("على", "علي", "علی")
	f("کتاب", "كتاب")
	f("ߒߞߏ߫", "ߒߞߏ", "ߒ߭ߞߏ")
	f("ሠላም", "ሰላም")
	f("ፀሐይ", "ጸሀይ", "ጸሃይ")
	f("ዓለም", "አለም", "ኣለም", "ዐለም")
	f("ሰላ፟ም", "ሰላም")
	f("हिन्दी", "हिंदी", "हिदी")
	f("ज़मीन", "जमीन", "\u091c\u093cमीन")
	f("हँसी", "हंसी", "हसी")
	f("সংগীত", "সঙ্গীত")
	f("തന്\u200d", "തൻ")
	f("𞤊𞤵\U0001e944𞤤𞤢", "𞤬𞤵𞤤𞤢")
	f("ⴰⵎ\u2d7fⴰⵣⵉⵖ", "ⴰⵎⴰⵣⵉⵖ")
	f("שָׁלוֹם", "שלום")
	f("한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165")
	f("می\u200cخواهم", "میخواهم")
	f("ёлка", "елка")
	f("ΛΌΓΟΣ", "λογος")
	f("o'zbek", "oʻzbek", "oʼzbek", "ozbek")
}

// TestApart: what is not the same word stays apart.
func TestApart(t *testing.T) {
	f := func(a, b string) {
		t.Helper()
		if index.Join(index.Terms(a)) == index.Join(index.Terms(b)) {
			t.Errorf("%q and %q are one: %v", a, b, index.Terms(a))
		}
	}
	f("का", "की")
	f("में", "मैं")
	f("か", "が")
	f("ก่า", "ก้า")
	f("ሰላም", "ሸላም")
	f("حرب", "خرب")
	f("pin", "bin")
}

func TestParseWords(t *testing.T) {
	f := func(q string, want index.Words) {
		t.Helper()
		got, err := index.ParseWords(q)
		if err != nil {
			t.Fatalf("ParseWords(%q): %v", q, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("ParseWords(%q) (-want +got):\n%s", q, d)
		}
	}
	f("drive out", index.Words{{Terms: []string{"drive"}}, {Terms: []string{"out"}}})
	f(`"drive out" now`, index.Words{{Terms: []string{"drive", "out"}}, {Terms: []string{"now"}}})
	f(`“drive out”`, index.Words{{Terms: []string{"drive", "out"}}})
	f(`«drive out`, index.Words{{Terms: []string{"drive", "out"}}})
	f("driv* *", index.Words{{Terms: []string{"driv"}, Prefix: true}})
	f("l'eau", index.Words{{Terms: []string{"l", "eau"}}})
	for _, q := range []string{"", `""`, "*", "—", `" * "`, strings.Repeat("a ", 65)} {
		if _, err := index.ParseWords(q); err == nil {
			t.Errorf("ParseWords(%q) gave no error", q)
		}
	}
}

func TestHighlights(t *testing.T) {
	f := func(q, text string, want ...string) {
		t.Helper()
		words, err := index.ParseWords(q)
		if err != nil {
			t.Fatalf("ParseWords(%q): %v", q, err)
		}
		var got []string
		for _, s := range words.Highlights(text) {
			got = append(got, string([]rune(text)[s.Start:s.End]))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("highlights of %q in %q (-want +got):\n%s", q, text, d)
		}
	}
	f("ecole", "À l'école, e\u0301cole!", "école", "e\u0301cole")
	f(`"drive them"`, "Drive them; drive all of them", "Drive them")
	f("driv*", "They drive, driven, derive", "drive", "driven")
	f("中国", "在中国的中", "中国")
	f("سلام", "قال سَلَامٌ", "سَلَامٌ")
	f("हिंदी", "वह हिन्दी है", "हिन्दी")
	f("out now", "out out now here", "out", "out", "now")
	f("none", "nothing here")
}

func FuzzTerms(f *testing.F) {
	for _, s := range []string{"l'eau", "हिन्दी ज़", "ﷺ ﬁ", "ที่นี่中ا", "a\u0301\u3099'b", "İSTANBUL ẞ", "\xff\xfe'", "각ᄀ", "ߒߞߏ߫", "qu'à", "ŉ", "अननद"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := index.Terms(text)
		if want, got := index.Join(terms), index.Joined(text); want != got {
			t.Fatalf("Joined(%q) = %q, want %q", text, got, want)
		}
		n, last := utf8.RuneCountInString(text), 0
		for _, term := range terms {
			if term.Span.Start < 0 || term.Span.End > n || term.Span.Start >= term.Span.End {
				t.Fatalf("Terms(%q): %q has span %v of %d runes", text, term.Text, term.Span, n)
			}
			if term.Span.Start < last {
				t.Fatalf("Terms(%q): %q starts at %d, before %d", text, term.Text, term.Span.Start, last)
			}
			last = term.Span.Start
			if strings.ContainsAny(term.Text, " \"*'-") || term.Text == "" {
				t.Fatalf("Terms(%q): bad term %q", text, term.Text)
			}
			again := index.Terms(term.Text)
			if len(again) != 1 || again[0].Text != term.Text {
				t.Fatalf("Terms(%q) has %q, whose terms are %v", text, term.Text, again)
			}
		}
		words, err := index.ParseWords(text)
		if err != nil {
			return
		}
		for _, s := range words.Highlights(text) {
			if s.Start < 0 || s.End > n || s.Start >= s.End {
				t.Fatalf("highlight %v of %d runes of %q", s, n, text)
			}
		}
	})
}

// TestEveryRune: each rune of Unicode, alone and inside a word, gives terms that are their own terms.
func TestEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for _, text := range []string{string(r), "अन" + string(r) + "ब", "a" + string(r) + "b"} {
			for _, term := range index.Terms(text) {
				if again := index.Terms(term.Text); len(again) != 1 || again[0].Text != term.Text {
					t.Fatalf("U+%04X: Terms(%q) has %q, whose terms are %v", r, text, term.Text, again)
				}
			}
		}
	}
}
