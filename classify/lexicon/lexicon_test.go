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
	f("id\tHARM\tw\tg\ts\town\t\t3.4.2024", "2006-01-02")
	f("id\tHARM\tw\tg\ts\town\t\t2024-05-01\t2024-04-01", "before the first")
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
	for _, lang := range []string{"eng", "fra", "swa", "ara", "hau", "amh", "som", "kin", "lin", "sag", "hat", "por", "spa"} {
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

// Words of a dictionary make level 2 where three of them stand together, and never more.
func TestDictionaryWordsCountOnlyTogether(t *testing.T) {
	l, err := lexicon.OpenFS(fstest.MapFS{"xxx/dictionary.tsv": {Data: []byte("!source a list\n!status dictionary\n" +
		"k\tHARM INF\tzorbak\tkill\nm\tMODAL\tlazim\tmust\nt\tTHEM\tndo\tthem\nh\tHEAD GROUP\twandu\tpeople\n" +
		"n\tNEG\tsiyo\tnot\nr\tTHING ANIMAL\tpanka\trat\ns\tSAY\tsema\tsaid\nd\tTIME\tleyo\ttonight\n")}})
	if err != nil {
		t.Fatal(err)
	}
	f := func(text string, want int) {
		t.Helper()
		r := read(t, l, "xxx", text, lexicon.Context{})
		if r.Level != want || want > 0 && r.Stance != counterpoint.Uncertain {
			t.Errorf("%q: level %d, %s, %v; want %d, unclear", text, r.Level, r.Stance, cuesOf(r), want)
		}
	}
	f("lazim zorbak ndo", 2)
	f("lazim abu zorbak wandu leyo", 2)
	f("lazim zorbak leyo", 2)
	f("zorbak ndo", 0)
	f("lazim zorbak", 0)
	f("lazim ndo", 0)
	f("wandu", 0)
	f("siyo lazim zorbak ndo", 0)
	f("lazim zorbak panka", 0)
	f("Abu sema lazim zorbak ndo", 0)
	f("lazim zorbak ndo?", 0)
	f("lazim zorbak. Abu abu. ndo", 0)
	f("lazim aa bb cc dd ee zorbak ndo", 0)
}

// What a pack of recalled words says alone is not believed; with another word it is.
func TestRecalledCallsNeedASecondCue(t *testing.T) {
	l := open(t)
	f := func(lang, text string, want int) {
		t.Helper()
		if r := read(t, l, lang, text, lexicon.Context{}); r.Level != want {
			t.Errorf("%s %q: level %d, %v; want %d", lang, text, r.Level, cuesOf(r), want)
		}
	}
	f("kin", "Tubice.", 0)
	f("kin", "Tubice bose.", 3)
	f("amh", "ግደሏቸው።", 0)
	f("amh", "ሁሉንም ግደሏቸው።", 3)
	f("kin", "Bazatwica.", 0)
	f("kin", "Abavelari bazatwica.", 2)
	f("spa", "Mátenlos.", 0)
	f("spa", "Mátenlos esta noche.", 3)
}

// A mark is the whole phrase, not its first word.
func TestMarksShowWholePhrases(t *testing.T) {
	l := open(t)
	f := func(lang, text, cue, want string) {
		t.Helper()
		for _, h := range read(t, l, lang, text, lexicon.Context{}).Hits {
			if got := string([]rune(text)[h.Start:h.End]); h.Cue == cue && got == want {
				return
			}
		}
		t.Errorf("%s: no %s over %q in %q", lang, cue, want, text)
	}
	f("fra", "Tuez tous les Velari ce soir.", "TIME", "ce soir")
	f("fra", "Il faut tuer tous les Velari.", "CALL", "Il faut")
	f("spa", "Hay que matar a todos los Velari esta noche.", "TIME", "esta noche")
	f("hau", "Ku kashe su duka.", "CALL", "Ku kashe")
}

// A pack may be like another: Kirundi reads what is said of Kinyarwanda.
func TestAPackMayBeLikeAnother(t *testing.T) {
	l, err := lexicon.OpenFS(fstest.MapFS{
		"xxx/a.tsv": {Data: []byte("!source a test\nslur\tSLUR\tzorbak\ta bad word\n")},
		"yyy/a.tsv": {Data: []byte("!like xxx\n")}, "zzz/a.tsv": {Data: []byte("!like www\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := read(t, l, "yyy", "a zorbak came", lexicon.Context{}); r.Level != 1 {
		t.Errorf("level %d, want 1", r.Level)
	}
	if err := l.Check(); err == nil || !strings.Contains(err.Error(), "www") {
		t.Errorf("Check = %v, want it to name the pack that is not there", err)
	}
}

// An order to attack a place and leave nobody alive names no group: level 2. So do animals after a turn that names one.
func TestOrdersThatNameNobody(t *testing.T) {
	l := open(t)
	f := func(lang, before, text string, want int) {
		t.Helper()
		c := lexicon.Context{}
		if before != "" {
			c.Before = []lexicon.Before{{Text: before, Same: true}}
		}
		if r := read(t, l, lang, text, c); r.Level != want {
			t.Errorf("%s %q: level %d, %v; want %d", lang, text, r.Level, cuesOf(r), want)
		}
	}
	f("eng", "", "Attack the village, leave nobody alive.", 2)
	f("eng", "", "They attacked the village and left nobody alive.", 0)
	f("eng", "", "The flood left nobody alive in the village.", 0)
	f("fra", "", "Attaquez le village, ne laissez personne en vie.", 2)
	f("spa", "", "Ataquen la aldea, no dejen a nadie vivo.", 2)
	f("por", "", "Ataquem a aldeia, não deixem ninguém vivo.", 2)
	f("eng", "The refugees are in the school.", "Kill all the cockroaches.", 2)
	f("eng", "The kitchen is dirty.", "Kill all the cockroaches.", 0)
}

// A word that means harm for a time only is not heard outside of it, and its harmless sense stands beside it.
func TestEntriesHaveTheirTimeAndHarmlessSense(t *testing.T) {
	l, err := lexicon.OpenFS(fstest.MapFS{"xxx/a.tsv": {Data: []byte(
		"!source a test\nz\tSLUR\tzorbak\ta bad word\t\tread\tKE\t2024-01-01\t2024-12-31\ta kind of bread\tneighbour\n")}})
	if err != nil {
		t.Fatal(err)
	}
	f := func(day string, want int) {
		t.Helper()
		r := read(t, l, "xxx", "a zorbak came", lexicon.Context{Day: day})
		if r.Level != want {
			t.Errorf("on %q: level %d, want %d", day, r.Level, want)
		}
		if want > 0 && !strings.Contains(r.Hits[0].Reason, "a kind of bread") {
			t.Errorf("reason %q; want the harmless sense in it", r.Hits[0].Reason)
		}
	}
	f("", 1)
	f("2024-01-01", 1)
	f("2024-12-31", 1)
	f("2023-12-31", 0)
	f("2025-01-01", 0)
	if e, err := l.Entries("xxx"); err != nil || e[0].Instead != "neighbour" {
		t.Errorf("entries %+v, %v; want what to say instead", e, err)
	}
}
