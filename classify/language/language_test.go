package language_test

import (
	"testing"

	"counterpoint"
	"counterpoint/classify/language"

	"github.com/google/go-cmp/cmp"
)

func detector(t testing.TB, langs ...string) *language.Detector {
	t.Helper()
	d, err := language.New(language.Options{Languages: langs})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Sentences of our own; no native reader has checked those that are not English or French.
func TestDetect(t *testing.T) {
	d := detector(t)
	f := func(text, want string) {
		t.Helper()
		if a := d.Detect(text, language.Prior{}); a.Lang != want {
			t.Errorf("Detect(%q) = %+v, want %s", text, a, want)
		}
	}
	f("The market opens at seven and the road to the bridge is closed today.", "eng")
	f("they said the market opens at seven and the road is closed", "eng")
	f("Le marché ouvre à sept heures et la route du pont est fermée.", "fra")
	f("Soko linafunguliwa saa moja asubuhi na barabara ya daraja imefungwa.", "swa")
	f("يفتح السوق في الساعة السابعة وطريق الجسر مغلق اليوم", "ara")
	f("O mercado abre às sete e a estrada da ponte está fechada.", "por")
	f("El mercado abre a las siete y el camino del puente está cerrado.", "spa")
	f("Suuqa wuxuu furmaa toddobada subaxnimo, waddada buundada waa la xiray maanta.", "som")
	f("오늘 시장은 일곱 시에 문을 연다", "kor")
	f("ตลาดเปิดเจ็ดโมงเช้า", "tha")
	f("", "und")
	f("2026 — 11:45 🙂🙂", "und")
	f("\xff\xfe\xfa", "und")
	// Languages that nobody asked for are not taken for their neighbours.
	f("Isoko rifungura saa moya za mu gitondo kandi umuhanda ujya ku kiraro urafunze uyu munsi.", "und") // Kinyarwanda
	f("Zando efungwamaka na ngonga ya nsambo mpe nzela ya gbagba ekangami lelo.", "und")                 // Lingala
	f("Kasuwa tana buɗewa da ƙarfe bakwai na safe kuma an rufe hanyar gada yau.", "und")                 // Hausa
	f("ገበያው ዛሬ ጠዋት ይከፈታል", "und")                                                                        // Amharic
}

func TestPriorDecidesWhereTheTextDoesNot(t *testing.T) {
	d := detector(t)
	f := func(text string, p language.Prior, want, by string) {
		t.Helper()
		if a := d.Detect(text, p); a.Lang != want || (by != "" && a.DecidedBy != by) {
			t.Errorf("Detect(%q, %+v) = %+v, want %s by %s", text, p, a, want, by)
		}
	}
	f("Isoko rifungura saa moya za mu gitondo kandi umuhanda urafunze.", language.Prior{Country: "RW"}, "kin", "own")
	f("Isoko rifungura saa moya za mu gitondo kandi umuhanda urafunze.", language.Prior{Languages: []string{"rw"}}, "kin", "own")
	f("ገበያው ዛሬ ጠዋት ይከፈታል", language.Prior{Declared: "am"}, "amh", "script")
	f("ⵜⴰⵎⴰⵛⴻⵇ ⵜⴰⵎⴰⵛⴻⵇ", language.Prior{Country: "ML"}, "taq", "script")
	f("ok", language.Prior{Declared: "swc"}, "swa", "")                                                   // a member of the macro-language
	f("jonga lolo", language.Prior{Declared: "zne"}, "zne", "declared")                                   // nothing known of it here
	f("Le marché ouvre à sept heures et la route est fermée.", language.Prior{Declared: "en"}, "fra", "") // overruled
	f("يفتح السوق في الساعة السابعة", language.Prior{Declared: "eng"}, "ara", "")                         // cannot be
}

func TestUnknownCodeIsNoted(t *testing.T) {
	d := detector(t)
	a := d.Detect("Le marché ouvre à sept heures.", language.Prior{Declared: "qqz"})
	if a.Lang != "fra" || a.Note == "" {
		t.Errorf("got %+v, want fra with a note", a)
	}
	if _, err := language.New(language.Options{Languages: []string{"swa", "klingonese"}}); err == nil {
		t.Error("an unknown language was accepted")
	}
}

func TestSpansFollowTheScriptAndTheSentence(t *testing.T) {
	d := detector(t)
	text := "The market opens at seven today. يفتح السوق في الساعة السابعة وطريق الجسر مغلق"
	want := []language.Span{{Start: 0, End: 32, Lang: "eng"}, {Start: 32, End: 78, Lang: "ara"}}
	if d := cmp.Diff(want, d.Detect(text, language.Prior{}).Spans); d != "" {
		t.Error(d)
	}
	if s := d.Detect("", language.Prior{}).Spans; s == nil || len(s) != 0 {
		t.Errorf("an empty text has spans %v, want none", s)
	}
}

func TestValid(t *testing.T) {
	f := func(code, want string, ok bool) {
		t.Helper()
		if got, is := language.Valid(code); got != want || is != ok {
			t.Errorf("Valid(%q) = %q, %v, want %q, %v", code, got, is, want, ok)
		}
	}
	f("sw", "swa", true)
	f("swh", "swa", true)
	f("apc", "ara", true)
	f("sag", "sag", true)
	f("pt-BR", "por", true)
	f("fre", "fra", true)
	f("zz", "", false)
	f("qqz", "", false)
	f("", "", false)
}

func FuzzDetect(f *testing.F) {
	for _, s := range []string{"", "a", "hello world. bonjour le monde", "ⴰⵣⵓⵍ ok ሰላም!\n\nمرحبا", "\xff\x00é̀", "😀😀", "漢字かな한글"} {
		f.Add(s, "sw", "CD")
	}
	d := detector(f)
	f.Fuzz(func(t *testing.T, text, declared, country string) {
		a := d.Detect(text, language.Prior{Declared: declared, Country: country})
		covers(t, text, a)
	})
}

func covers(t *testing.T, text string, a language.Answer) {
	t.Helper()
	at := 0
	for _, s := range a.Spans {
		if s.Start != at || s.End <= s.Start || s.Lang == "" {
			t.Fatalf("%q: spans %v have a gap, an empty span or no language", text, a.Spans)
		}
		at = s.End
	}
	if n := len([]rune(text)); at != n {
		t.Fatalf("%q: spans %v end at %d of %d runes", text, a.Spans, at, n)
	}
	if _, ok := counterpoint.Lang(a.Lang); !ok || !(a.Confidence >= 0 && a.Confidence <= 1) || a.Best == "" {
		t.Fatalf("%q: answer %+v", text, a)
	}
}

func BenchmarkDetect(b *testing.B) {
	d := detector(b)
	for b.Loop() {
		d.Detect("Soko linafunguliwa saa moja asubuhi na barabara ya daraja imefungwa kwa siku tatu.", language.Prior{})
	}
}
