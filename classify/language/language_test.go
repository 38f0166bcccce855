package language_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"

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
	want := []language.Span{{Start: 0, End: 33, Lang: "eng"}, {Start: 33, End: 78, Lang: "ara"}}
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
	all := detector(f, language.Known()...)
	own, err := language.New(language.Options{Languages: language.Known(), Alone: true}) // lingua-go adds up in no fixed order
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, declared, country string) {
		covers(t, text, d.Detect(text, language.Prior{Declared: declared, Country: country}))
		a := all.Detect(text, language.Prior{})
		covers(t, text, a)
		if letters(text) < 2 && a.Lang != counterpoint.Undetermined && a.DecidedBy != "script" {
			t.Fatalf("%q: answered %+v of a letter or none", text, a)
		}
		if diff := cmp.Diff(own.Detect(text, language.Prior{}), own.Detect(text, language.Prior{})); diff != "" {
			t.Fatalf("%q: a second answer differs: %s", text, diff)
		}
		all.Explain(text, language.Prior{})
	})
}

func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

// Where there is no language there is no answer, let alone a confident one.
func TestNoLanguageIsNotGuessed(t *testing.T) {
	d := detector(t, language.Known()...)
	f := func(name, text string) {
		t.Helper()
		a := d.Detect(text, language.Prior{})
		if a.Lang != counterpoint.Undetermined {
			t.Errorf("%s: answered %s at %.2f by %s", name, a.Lang, a.Confidence, a.DecidedBy)
		}
		covers(t, text, a)
	}
	f("nothing", "")
	f("space", " \t\n ")
	f("one letter", "a")
	f("one letter of another alphabet", "ш")
	f("emoji", "😀👍🏾🇨🇩🙂")
	f("digits", "2026 11 45 007")
	f("invalid UTF-8", "\xff\xfe\xfa\x80")
	f("bidi marks", "\u202e\u2066\u200f\u2069")
	f("zero width", "\u200b\u200d\ufeff\u2060")
	f("marks alone", "\u0301\u0308\u064b")
	f("keys", "sdfg hjkl qwrt zxcv bnm xcvb wrtz")
	f("a megabyte of one letter", strings.Repeat("x", 1<<20))
	f("a megabyte of signs", strings.Repeat("=-", 1<<19))
	f("links and handles", "@amani_wa_mtaa https://example.org/habari/za/leo www.example.org")
}

// What is invisible changes nothing: the same words with and without marks, in either composition.
func TestInvisibleMarksChangeNothing(t *testing.T) {
	d := detector(t, language.Known()...)
	want := d.Detect("Le marché ouvre à sept heures et la route est fermée.", language.Prior{})
	f := func(text string) {
		t.Helper()
		a := d.Detect(text, language.Prior{})
		if a.Lang != want.Lang || a.Lang != "fra" || a.Confidence != want.Confidence {
			t.Errorf("%+q: %s %.4f, want %s %.4f", text, a.Lang, a.Confidence, want.Lang, want.Confidence)
		}
	}
	f("\u202aLe mar\u200bché ouvre à sept heures et la route est fermée.\u202c")
	f("LE MARCHÉ OUVRE À SEPT HEURES ET LA ROUTE EST FERMÉE")
	f("Le marche\u0301 ouvre a\u0300 sept heures et la route est ferme\u0301e.")
}

func TestDetectAllocatesNothing(t *testing.T) {
	d, err := language.New(language.Options{Languages: language.Known(), Alone: true})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"Soko linafunguliwa saa moja asubuhi na barabara ya daraja imefungwa kwa siku tatu.",
		"The market opens at seven today. يفتح السوق في الساعة السابعة وطريق الجسر مغلق",
		"Soko linafunguliwa saa moja asubuhi, mais la route du pont est fermée depuis trois jours.",
	}
	var a language.Answer
	p := language.Prior{Country: "CD", Languages: []string{"swa", "fra"}}
	read := func() {
		for _, text := range texts {
			d.DetectInto(&a, text, p)
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n > 0.5 { // a collection may empty the pool
		t.Errorf("%v allocations a run, want none", n)
	}
}

func TestMixedSpeechIsSplit(t *testing.T) {
	d := detector(t, language.Known()...)
	text := "Soko linafunguliwa saa moja asubuhi na watu wengi mais la route du pont est fermée depuis trois jours"
	a := d.Detect(text, language.Prior{Country: "CD"})
	if len(a.Spans) != 2 || a.Spans[0].Lang != "swa" || a.Spans[1].Lang != "fra" {
		t.Fatalf("spans %v, want swa then fra", a.Spans)
	}
	cut := len([]rune("Soko linafunguliwa saa moja asubuhi na watu wengi "))
	if at := a.Spans[1].Start; at < cut-8 || at > cut+8 {
		t.Errorf("French begins at rune %d, want about %d", at, cut)
	}
}

// Kirundi and Kinyarwanda, and the like: one is answered, the other stands beside it.
func TestNeighboursStandBeside(t *testing.T) {
	d := detector(t, language.Known()...)
	a := d.Detect("Abantu benshi baje ku isoko", language.Prior{})
	if a.Best != "kin" && a.Best != "run" {
		t.Fatalf("best %+v, want kin or run", a)
	}
	other := map[string]string{"kin": "run", "run": "kin"}[a.Best]
	for _, s := range a.Also {
		if s.Lang == other && s.Score > 0 && s.Score <= a.Confidence {
			return
		}
	}
	t.Errorf("%+v does not tell of %s", a, other)
}

func TestExperimentalIsNeverAnsweredOfItself(t *testing.T) {
	some := language.Experimental()
	for _, want := range []string{"bfa", "shk", "fvr"} {
		if !slices.Contains(some, want) {
			t.Errorf("%s is not experimental: %v", want, some)
		}
	}
	for _, settled := range []string{"swa", "sag", "nus", "taq", "kam"} {
		if slices.Contains(some, settled) {
			t.Errorf("%s is experimental", settled)
		}
	}
	d := detector(t, language.Known()...)
	text := "Ngutu giri a yungwe 'bo ku lijong ko a rieta kulya" // Bari, from no source: letters and words like it
	if a := d.Detect(text, language.Prior{}); slices.Contains(some, a.Lang) {
		t.Errorf("answered %+v", a)
	}
	if a := d.Detect(text, language.Prior{Declared: "bfa"}); a.Lang != "bfa" {
		t.Errorf("declared Bari is %+v", a)
	}
}

func TestExplainNamesWhatWeighed(t *testing.T) {
	d := detector(t, "swa", "eng", "fra", "som")
	e := d.Explain("Soko linafunguliwa saa moja asubuhi na barabara ya daraja imefungwa.", language.Prior{})
	if e.Script != "Latin" || len(e.Own) == 0 || e.Own[0].Lang != "swa" || len(e.Grams) == 0 {
		t.Fatalf("%+v", e)
	}
	for i, g := range e.Grams {
		if g.Weight <= 0 || i > 0 && g.Weight > e.Grams[i-1].Weight {
			t.Errorf("n-gram %d %+v: want falling weights above zero", i, g)
		}
		if piece := strings.Trim(g.Text, "<>"); !strings.Contains("soko linafunguliwa saa moja asubuhi na barabara ya daraja imefungwa", piece) {
			t.Errorf("n-gram %q is not of the text", g.Text)
		}
	}
	if e := d.Explain("오늘 시장은 일곱 시에 문을 연다", language.Prior{}); e.Script != "Hangul" {
		t.Errorf("%+v", e)
	}
	if e := d.Explain("", language.Prior{}); e.Script != "" || e.Own == nil {
		t.Errorf("%+v", e)
	}
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
