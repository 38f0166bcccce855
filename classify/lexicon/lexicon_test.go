package lexicon_test

import (
	"math"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/classify/lexicon"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, l *lexicon.Lexicon, lang, text string, c lexicon.Context) lexicon.Reading {
	t.Helper()
	r, err := l.Read(lang, lexicon.Cut(text), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSpansPointAtTheOriginal(t *testing.T) {
	l := open(t)
	f := func(lang, text, cue, want string) {
		t.Helper()
		for _, h := range read(t, l, lang, text, lexicon.Context{}).Hits {
			if h.Cue == cue {
				if got := string([]rune(text)[h.Start:h.End]); got != want {
					t.Errorf("%s in %q = %q, want %q", cue, text, got, want)
				}
				return
			}
		}
		t.Errorf("no %s in %q", cue, text)
	}
	f("eng", "  Kiiill all the Velari!", "HARM", "Kiiill")
	f("eng", "k i l l all the Velari", "HARM", "k i l l")
	f("eng", "Burn the Velari out of here", "GROUP", "Velari")
	f("eng", "🔥🔥 burn down their houses", "HARM", "burn down")
	f("fra", "Alors, brûlez‑les tous", "HARM", "brûlez")
	f("fra", "E\u0301gorgez tous les Velari", "HARM", "E\u0301gorgez")
	f("ara", "\u200fاُقْتُلُوا الفيلاري", "HARM", "اُقْتُلُوا")
	f("ara", "اقتلـــوا الفيلاري", "HARM", "اقتلـــوا")
	f("swa", "Jamani, tuwa\u200bchome wote", "HARM", "tuwa\u200bchome")
}

func TestContextSaysWhatAPronounMeans(t *testing.T) {
	l := open(t)
	f := func(lang, before, text string, want int) {
		t.Helper()
		c := lexicon.Context{Before: []lexicon.Before{{Text: before, Same: true}}}
		if r := read(t, l, lang, text, c); r.Level != want {
			t.Errorf("after %q, %q has level %d, want %d", before, text, r.Level, want)
		}
	}
	f("eng", "The locusts are in the millet again.", "Kill them before they spread.", 0)
	f("eng", "The Velari came back last night.", "Kill them before they spread.", 3)
	f("eng", "A man in the crowd shouted:", "kill all the Velari", 0)
	f("fra", "Les chenilles mangent le mil.", "Tuez-les vite.", 0)
	f("fra", "Les Velari sont revenus.", "Tuez-les vite.", 3)
}

func TestStanceIsNamed(t *testing.T) {
	l := open(t)
	f := func(text string, want counterpoint.Stance) {
		t.Helper()
		if r := read(t, l, "eng", text, lexicon.Context{}); r.Stance != want {
			t.Errorf("stance of %q = %s, want %s", text, r.Stance, want)
		}
	}
	f("Kill all the Velari.", counterpoint.Assert)
	f("We condemn those who say kill the Velari.", counterpoint.Condemn)
	f("Police said a man shouted kill all the Velari.", counterpoint.ReportOn)
	f("The slogan reads \"kill the Velari\".", counterpoint.Quote)
	f("Our leader said kill all the Velari.", counterpoint.Uncertain)
	f("Why would anybody kill the Velari?", counterpoint.Question)
}

func TestEndorsedQuotationsAreAsserted(t *testing.T) {
	l := open(t)
	if r := read(t, l, "eng", "They say we must kill the Velari and they are right.", lexicon.Context{}); r.Level != 3 {
		t.Errorf("level = %d, want 3", r.Level)
	}
}

func TestIdentityWordsAreNoCue(t *testing.T) {
	l := open(t)
	for _, text := range []string{"Muslims", "the Velari", "refugees", "I am a Velari woman.", "Christians and Muslims", "The herders are here."} {
		if r := read(t, l, "eng", text, lexicon.Context{}); r.Raw != 0 || len(r.Hits) != 0 {
			t.Errorf("%q: level %d, hits %v; want none", text, r.Raw, r.Hits)
		}
	}
}

func TestUnsureEntriesNeedASecondCue(t *testing.T) {
	l, err := lexicon.OpenFS(fstest.MapFS{"xxx/terms.tsv": {Data: []byte(
		"!source a test\nbad\tSLUR\tgrumbak\ta bad word\t\tambiguous\nsure\tSLUR\tzorbak\ta bad word\nfolk\tGROUP\tmirren\ta people\nfar\tSLUR\tfarbak\ta word of one country\t\tread\tKE\n")}})
	if err != nil {
		t.Fatal(err)
	}
	f := func(text, country string, want int) {
		t.Helper()
		if r := read(t, l, "xxx", text, lexicon.Context{Country: country}); r.Level != want {
			t.Errorf("%q in %q: level %d, want %d", text, country, r.Level, want)
		}
	}
	f("a grumbak came", "", 0)
	f("a grumbak mirren came", "", 1)
	f("a zorbak came", "", 1)
	f("a farbak came", "KE", 1)
	f("a farbak came", "ML", 0)
}

func TestPackFaultsNameTheLine(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		l, err := lexicon.OpenFS(fstest.MapFS{"xxx/a.tsv": {Data: []byte("# pack\n" + line + "\n")}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Check(); err == nil || !strings.Contains(err.Error(), "xxx/a.tsv:2") || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of %q = %v, want a line and %q", line, err, want)
		}
	}
	f("id\tNOTAG\tword\tgloss", "NOTAG")
	f("id\tHARM", "columns")
	f("id\tHARM\t{a|b\tgloss", "not closed")
	f("id\tHARM\t%no(x)\tgloss", "paradigm")
	f("!nothing", "unknown setting")
	f("id\tHARM\tw\tg\ts\tsure", "status")
}

func TestEveryEntryHasASourceAndAGloss(t *testing.T) {
	l := open(t)
	for _, lang := range l.Languages() {
		entries, err := l.Entries(lang)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Source == "" || e.Gloss == "" {
				t.Errorf("%s has no source or no gloss", e.ID)
			}
		}
	}
}

func TestVersionFollowsThePacks(t *testing.T) {
	version := func(data string) string {
		l, err := lexicon.OpenFS(fstest.MapFS{"xxx/a.tsv": {Data: []byte(data)}})
		if err != nil {
			t.Fatal(err)
		}
		return l.Version()
	}
	again := version("# a\n")
	if version("# b\n") == again || version("# a\n") != again {
		t.Error("the version does not follow the packs")
	}
}

func TestReadIsPure(t *testing.T) {
	l := open(t)
	for _, c := range cases(t, "swa") {
		a, b := read(t, l, "swa", c.text, lexicon.Context{}), read(t, l, "swa", c.text, lexicon.Context{})
		if d := cmp.Diff(a, b); d != "" {
			t.Fatalf("%q is read in two ways:\n%s", c.text, d)
		}
	}
}

// A text made to be slow takes minutes where the time grows with its square or cube, and a blink where it does not.
func TestLongTextsTakeLinearTime(t *testing.T) {
	l := open(t)
	for _, s := range []string{"kill ", "they say kill them ", "do not think kill ", "wrong to say \"kill\" ", "rats are "} {
		took := func(letters int) time.Duration {
			best := time.Duration(math.MaxInt64)
			for range 5 { // the cheapest of five, in CPU: the machine may be busy
				start := spent(t)
				read(t, l, "eng", strings.Repeat(s, letters/len(s)), lexicon.Context{})
				best = min(best, spent(t)-start)
			}
			return best
		}
		one, four := took(15_000), took(60_000)
		if four > 12*one+50*time.Millisecond { // a square would be sixteen times
			t.Errorf("of %q, 15,000 letters took %s, 60,000 took %s: more than linear", s, one, four)
		}
	}
}

// spent is the CPU time of the process.
func spent(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func FuzzRead(f *testing.F) {
	l := open(f)
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for i, c := range cases(f, lang) {
			if i%7 == 0 {
				f.Add(lang, c.text, "The locusts said:")
			}
		}
	}
	f.Add("eng", "\"kill 'them\" all\x00 \xff them them the the", "")
	f.Fuzz(func(t *testing.T, lang, text, before string) {
		if !l.Has(lang) || !utf8.ValidString(text) {
			t.Skip()
		}
		r, err := l.Read(lang, lexicon.Cut(text), lexicon.Context{Before: []lexicon.Before{{Text: before, Same: true}}})
		if err != nil {
			t.Fatal(err)
		}
		n := utf8.RuneCountInString(text)
		for _, h := range append(r.Hits, r.Against...) {
			if h.Start < 0 || h.End > n || h.Start >= h.End {
				t.Errorf("%s of %q lies at %d:%d of %d", h.Cue, text, h.Start, h.End, n)
			}
		}
		if r.Level < 0 || r.Level > r.Raw || r.Raw > 3 {
			t.Errorf("level %d of raw %d for %q", r.Level, r.Raw, text)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	l := open(b)
	texts := cases(b, "eng")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := l.Read("eng", lexicon.Cut(texts[i%len(texts)].text), lexicon.Context{}); err != nil {
			b.Fatal(err)
		}
	}
}

// Animals that people are called by are pests in most sentences. Called for against all of them, or these, and now,
// they are put before a person.
func TestCodedAnimals(t *testing.T) {
	l := open(t)
	f := func(lang, text string, want int) {
		t.Helper()
		if r := read(t, l, lang, text, lexicon.Context{}); r.Level != want {
			t.Errorf("%s %q: level %d, want %d", lang, text, r.Level, want)
		}
	}
	f("eng", "Kill these cockroaches tonight.", 2)
	f("fra", "Il faut tuer ces cafards ce soir.", 2)
	f("swa", "Ua mende wote usiku huu.", 2)
	f("ara", "اقتلوا هذه الصراصير الليلة", 2)
	f("eng", "Do not kill these cockroaches tonight.", 0)
	f("eng", "They said: kill these cockroaches tonight. That is wrong.", 0)
	f("eng", "Kill the rats in the granary before the harvest.", 0)
	f("fra", "Il faut tuer les rats du magasin.", 0)
	f("eng", "Set traps for these rats tonight.", 0)
}
