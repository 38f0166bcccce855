package counterpoint_test

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"counterpoint"
)

func TestLang(t *testing.T) {
	f := func(code, want string) {
		t.Helper()
		if got, ok := counterpoint.Lang(code); got != want || ok != (want != "") {
			t.Errorf("Lang(%q) = %q, %v; want %q", code, got, ok, want)
		}
	}
	f("sw", "swa")
	f("swh", "swa")
	f("swc", "swa")
	f(" SW_KE ", "swa")
	f("ar-SS", "ara")
	f("apc", "ara")
	f("arb", "ara")
	f("pga", "pga") // Juba Arabic is a language of its own
	f("gaz", "orm")
	f("om", "orm")
	f("fre", "fra")
	f("per", "fas")
	f("zh-Hant-TW", "zho")
	f("Swahili", "swa")
	f("haitian", "hat")
	f("nob", "nob")
	f("sag", "sag")
	f("iw", "heb")
	f("in", "ind")
	f("mo", "ron")
	f("und", "und")
	f("", "")
	f("x", "")
	f("xx", "")
	f("en9", "")
	f("-en", "")
	f("klingon", "")
	f("e\u0301n", "")
}

func TestLangStaysWhatItIs(t *testing.T) {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	check := func(code string) {
		got, ok := counterpoint.Lang(code)
		if !ok {
			return
		}
		if again, ok := counterpoint.Lang(got); !ok || again != got {
			t.Errorf("%s is %s, and that is %s", code, got, again)
		}
		if back, ok := counterpoint.Lang(counterpoint.BCP47(got)); !ok || back != got {
			t.Errorf("%s has the tag %s, and that is %s", got, counterpoint.BCP47(got), back)
		}
	}
	for _, a := range letters {
		for _, b := range letters {
			check(string(a) + string(b))
			for _, c := range letters {
				check(string(a) + string(b) + string(c))
			}
		}
	}
}

func TestBCP47(t *testing.T) {
	for lang, want := range map[string]string{"swa": "sw", "yid": "yi", "heb": "he", "jav": "jv", "aka": "ak", "ron": "ro", "ind": "id", "sag": "sg", "nqo": "nqo", "": "und", "und": "und"} {
		if got := counterpoint.BCP47(lang); got != want {
			t.Errorf("BCP47(%q) = %q, want %q", lang, got, want)
		}
	}
}

func FuzzLang(f *testing.F) {
	for _, s := range []string{"sw", "ara", "zh-Hant", "Swahili", "", "-", "ß", "K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		got, ok := counterpoint.Lang(code)
		if ok && (len(got) != 3 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyz") != "") || !ok && got != "" {
			t.Errorf("Lang(%q) = %q, %v", code, got, ok)
		}
	})
}

func TestFold(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := counterpoint.Fold(text); got != want {
			t.Errorf("Fold(%q) = %q, want %q", text, got, want)
		}
	}
	f("  The WELLS, are—clean!  ", "the wells are clean")
	f("ሰላም፡ለሁሉም።", "ሰላም ለሁሉም")
	f("لا تَقتُلوا", "لا تَقتُلوا")
	f("3 wells", "3 wells")
	f("?!", "")
	f("İstanbul", "istanbul")
}

func TestFoldTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		once := counterpoint.Fold(s)
		if again := counterpoint.Fold(once); again != once || strings.Contains(once, "  ") || strings.TrimSpace(once) != once {
			t.Fatalf("%q folds to %q and then to %q", s, once, again)
		}
		if shouted := counterpoint.Fold("  " + s + " !\n"); shouted != once {
			t.Fatalf("spacing and punctuation changed %q to %q", once, shouted)
		}
	})
}

func TestID(t *testing.T) {
	if counterpoint.ID("x", "ab", "c") == counterpoint.ID("x", "a", "bc") || counterpoint.ID("x", "a") == counterpoint.ID("x", "a", "") {
		t.Error("two lists of parts share an id")
	}
	if got, want := counterpoint.ItemID("radio", "file.wav"), counterpoint.ItemID("radio", "file.wav"); got != want || len(got) != len("item_")+26 {
		t.Errorf("%s and %s", got, want)
	}
	seen := map[string]bool{}
	for range 1000 {
		id := counterpoint.NewID("evt")
		if seen[id] || !strings.HasPrefix(id, "evt_") {
			t.Fatalf("%s twice or misshapen", id)
		}
		seen[id] = true
	}
}

func TestAiringCode(t *testing.T) {
	seen := map[string]int{}
	for range 2000 {
		code := counterpoint.AiringCode(counterpoint.NewID("air"))
		if len(code) != 6 || strings.ContainsAny(code, "01ILO") {
			t.Fatalf("code %q", code)
		}
		seen[code]++
	}
	if len(seen) < 1998 {
		t.Errorf("%d codes for 2000 airings", len(seen))
	}
}

// TestFoldOfEachRune holds the looked up answers to Unicode's own.
func TestFoldOfEachRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		want := ""
		if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) {
			want = string(unicode.ToLower(r))
		}
		if got := counterpoint.Fold(string(r)); got != want {
			t.Fatalf("Fold(%U) = %q, want %q", r, got, want)
		}
	}
}
