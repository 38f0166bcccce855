package classify_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// options are the real classifiers.
var options = sync.OnceValues(func() (classify.Options, error) {
	detector, err1 := language.New(language.Options{})
	model, err2 := hate.Load()
	packs, err3 := lexicon.Open()
	return classify.Options{Languages: detector, Model: model, Lexicon: packs, Now: func() time.Time { return noon }}, errors.Join(err1, err2, err3)
})

func newStage(t testing.TB, change func(*classify.Options)) *classify.Stage {
	t.Helper()
	o, err := options()
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&o)
	}
	s, err := classify.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func judge(t testing.TB, s *classify.Stage, text string, in classify.Input) counterpoint.SegmentAssessment {
	t.Helper()
	a, err := s.Judge(text, in)
	if err != nil {
		t.Errorf("Judge(%q): %v", text, err)
	}
	return a
}

type labelled struct{ kind, text string }

func cases(t testing.TB, lang string) []labelled {
	t.Helper()
	f, err := os.Open(filepath.Join("lexicon", "testdata", lang+".tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []labelled
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if kind, text, ok := strings.Cut(sc.Text(), "\t"); ok {
			out = append(out, labelled{kind, text})
		}
	}
	return out
}

// The functional cases through the whole stage: with the language declared every one must come out right;
// where the detector has to find it, nearly every one.
func TestFunctionalCases(t *testing.T) {
	s := newStage(t, nil)
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for _, declared := range []string{lang, ""} {
			t.Run(lang+"/declared="+declared, func(t *testing.T) {
				wrong, all := 0, 0
				for _, c := range cases(t, lang) {
					a := judge(t, s, c.text, classify.Input{Lang: declared, Kind: counterpoint.Radio})
					all++
					if !right(c.kind, a) {
						wrong++
						t.Logf("%s: level %d flag %v %s, %s (best %s), basis %s: %s", c.kind, a.Level, a.Flag, a.Stance, a.Lang, a.Best, a.Basis, c.text)
					}
				}
				if limit := map[bool]int{true: 0, false: all / 50}[declared != ""]; wrong > limit {
					t.Errorf("%d of %d wrong, at most %d may be", wrong, all, limit)
				}
			})
		}
	}
}

func right(kind string, a counterpoint.SegmentAssessment) bool {
	switch kind {
	case "call":
		return a.Level == 3 && a.Flag
	case "grave", "hate":
		return a.Flag
	}
	return !a.Flag
}

func TestScoresStandOnTheRightSide(t *testing.T) {
	s := newStage(t, nil)
	f := func(text, lang string, label counterpoint.Label, high bool) {
		t.Helper()
		a := judge(t, s, text, classify.Input{Lang: lang})
		if got := a.Scores[label]; got >= .5 != high {
			t.Errorf("%s of %q = %.3f, want at least one half: %v", label, text, got, high)
		}
		if len(a.Scores) != len(counterpoint.Scored) {
			t.Errorf("scores of %q = %v, want every scored label", text, a.Scores)
		}
	}
	f("Tuwaue Wavelari wote.", "swa", counterpoint.Incitement, true)
	f("Tuwaue Wavelari wote.", "swa", counterpoint.Violence, true)
	f("Tusiwaue Wavelari.", "swa", counterpoint.Incitement, false)
	f("Tusiwaue Wavelari.", "swa", counterpoint.Violence, false)
	f("Les Velari sont des cafards.", "fra", counterpoint.Dehumanization, true)
	f("Les Velari sont des cafards.", "fra", counterpoint.Incitement, false)
	f("We will kill the Velari.", "eng", counterpoint.Violence, true)
	f("Good morning, dear listeners.", "eng", counterpoint.Hate, false)
}

func TestAgainstNeverStandsInFindings(t *testing.T) {
	s := newStage(t, nil)
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for _, c := range cases(t, lang) {
			a := judge(t, s, c.text, classify.Input{Lang: lang})
			for _, f := range a.Findings {
				if f.Contribution < 0 || f.Cue == "NEGATION" || f.Cue == "CONDEMN" || f.Cue == "REPORT" || f.Cue == "OBJECT" {
					t.Errorf("%q has %s (%.1f) among the findings", c.text, f.Cue, f.Contribution)
				}
			}
			for _, f := range a.Against {
				if f.Contribution >= 0 {
					t.Errorf("%q has %s (%.1f) among what speaks against", c.text, f.Cue, f.Contribution)
				}
			}
			if a.Level == 3 && len(a.Findings) == 0 {
				t.Errorf("%q is of level 3 without a finding", c.text)
			}
		}
	}
}

func TestCuesWorkWithoutTrainingData(t *testing.T) {
	s := newStage(t, nil)
	if a := judge(t, s, "Tuwachome wote usiku huu", classify.Input{Lang: "swa"}); a.Level != 3 || a.Basis != counterpoint.ByCues || a.Imminence != 3 {
		t.Errorf("level %d, basis %s, imminence %d; want 3, cues, 3", a.Level, a.Basis, a.Imminence)
	}
}

// Marks of a rumour are shown and raise no flag: they say nothing of the truth.
func TestRumoursAreMarkedAndNotFlagged(t *testing.T) {
	s := newStage(t, nil)
	f := func(lang, text string, want bool) {
		t.Helper()
		a := judge(t, s, text, classify.Input{Lang: lang})
		if got := slices.Contains(a.Labels(), counterpoint.MisinformationCue); got != want || a.Flag {
			t.Errorf("%q: labels %v, flag %v; want a rumour marked: %v, and no flag", text, a.Labels(), a.Flag, want)
		}
	}
	f("eng", "Forwarded as received: I heard that the bridge was closed, share this before it is too late.", true)
	f("fra", "Message urgent, faites tourner : il paraît que le pont est fermé.", true)
	f("swa", "Nimesikia kwamba daraja limefungwa, sambazeni.", true)
	f("por", "Encaminhado como recebido: ouvi dizer que envenenaram a água.", true)
	f("spa", "Urgente, reenvíen a todos: dicen que cerraron el puente.", true)
	f("hau", "Na ji cewa an rufe gada, ku yada.", true)
	f("ara", "عاجل: سمعنا ان الجسر مغلق، انشروها", true)
	f("eng", "Urgent: 40 dead at the bridge.", true) // a figure without a source, and haste
	f("eng", "Urgent: 40 dead at the bridge, according to the ministry.", false)
	f("eng", "Urgent, very urgent: the bridge is closed.", false) // twice the same is one mark
	f("eng", "I heard that the bridge was closed.", false)
	f("eng", "The ministry says the bridge is closed until Monday.", false)
}

func TestTranscriptGate(t *testing.T) {
	s := newStage(t, nil)
	f := func(q counterpoint.Quality, want bool) {
		t.Helper()
		a := judge(t, s, "Kill all the Velari tonight.", classify.Input{Lang: "eng", Quality: q})
		if a.Flag != want || a.Quality != q {
			t.Errorf("%s: flag %v, quality %s; want %v", q, a.Flag, a.Quality, want)
		}
	}
	f(counterpoint.Good, true)
	f(counterpoint.Weak, true)
	f(counterpoint.Unusable, false)
}

func item(texts ...string) counterpoint.Item {
	it := counterpoint.Item{ID: "item_1", Source: "src_1", Kind: counterpoint.Radio, Lang: "eng", Revision: "r", Part: 1, Parts: 1, Seen: noon.Add(-time.Minute)}
	for i, text := range texts {
		start, end := int64(i*5000), int64(i*5000+4000)
		it.Segments = append(it.Segments, counterpoint.Segment{Seq: i, Text: text, StartMS: &start, EndMS: &end, Quality: counterpoint.Good})
	}
	return it
}

func TestAssessMakesPassages(t *testing.T) {
	s := newStage(t, nil)
	it := item("Good morning.", "Kill all the Velari.", "Burn their houses.", "Now the weather.", "It will rain.", "Until tomorrow.")
	a := s.Assess(it, noon)
	if len(a.Segments) != 6 || len(a.Sightings) != 1 {
		t.Fatalf("%d segments, %d sightings; want 6 and 1", len(a.Segments), len(a.Sightings))
	}
	g := a.Sightings[0]
	if g.From != 1 || g.To != 2 || g.Level != 3 || g.Text != "Kill all the Velari.\nBurn their houses." {
		t.Errorf("sighting %d-%d of level %d: %q", g.From, g.To, g.Level, g.Text)
	}
	for _, f := range g.Findings {
		if f.Cue == "HARM" && f.Segment == 2 {
			if got := string([]rune(g.Text)[f.Start:f.End]); got != "Burn" {
				t.Errorf("finding points at %q, want Burn", got)
			}
		}
	}
	if d := cmp.Diff(a, s.Assess(it, noon)); d != "" {
		t.Errorf("the same part is judged in two ways:\n%s", d)
	}
	if a.Item != it.ID || a.Source != it.Source || a.Revision != "r" || !a.At.Equal(noon) || a.Versions["lexicon"] == "" {
		t.Errorf("assessment does not say of what: %+v", a)
	}
}

func TestAssessReadsTheTurnBefore(t *testing.T) {
	s := newStage(t, nil)
	f := func(first string, want int) {
		t.Helper()
		a := s.Assess(item(first, "Kill them before they spread."), noon)
		if got := a.Segments[1].Level; got != want {
			t.Errorf("after %q level %d, want %d", first, got, want)
		}
	}
	f("The locusts are in the millet again.", 0)
	f("The Velari came back last night.", 3)
}

func TestContextBelongsToItsOwnPart(t *testing.T) {
	s := newStage(t, nil)
	it := item("Good evening.", "Now the weather.")
	it.Context = []counterpoint.Segment{{Seq: -1, Text: "Kill all the Velari.", Quality: counterpoint.Good}}
	a := s.Assess(it, noon)
	if len(a.Segments) != 2 || len(a.Sightings) != 0 {
		t.Errorf("%d segments, %d sightings; want 2 and none", len(a.Segments), len(a.Sightings))
	}
}

func TestLongTextsAreJudgedWhole(t *testing.T) {
	s := newStage(t, nil)
	talk := strings.Repeat("The harvest was good and the market is open. ", 300)
	text := talk + "Kill all the Velari tonight. " + talk
	a := judge(t, s, text, classify.Input{Lang: "eng"})
	if a.Level != 3 || !a.Flag {
		t.Fatalf("level %d, flag %v", a.Level, a.Flag)
	}
	i := slices.IndexFunc(a.Findings, func(f counterpoint.Finding) bool { return f.Cue == "GROUP" })
	if i < 0 {
		t.Fatal("no group found")
	}
	if got := string([]rune(text)[a.Findings[i].Start:a.Findings[i].End]); got != "Velari" {
		t.Errorf("finding points at %q, want Velari", got)
	}
	if a := judge(t, s, talk, classify.Input{Lang: "eng"}); a.Flag {
		t.Errorf("everyday talk is flagged: level %d", a.Level)
	}
}

// broken is a lexicon that fails as told.
type broken struct{ classify.Lexicon }

func (broken) Read(string, *lexicon.Text, lexicon.Context) (lexicon.Reading, error) {
	panic("out of order")
}

func TestABrokenClassifierIsRecordedAndTheLineGoesOn(t *testing.T) {
	s := newStage(t, func(o *classify.Options) { o.Lexicon = broken{o.Lexicon} })
	a := s.Assess(item("Kill all the Velari.", "Good morning."), noon)
	if len(a.Segments) != 2 || len(a.Errors) != 1 || !strings.Contains(a.Errors[0], "lexicon: panic: out of order") {
		t.Errorf("%d segments, errors %q; want 2 and the panic, once", len(a.Segments), a.Errors)
	}
}

// feed gives its batches, then the end of the context.
type feed struct {
	batches [][]counterpoint.Entry[counterpoint.Item]
	acked   int
	stop    context.CancelFunc
}

func (f *feed) Read(ctx context.Context, max int) ([]counterpoint.Entry[counterpoint.Item], func(context.Context) error, error) {
	if len(f.batches) == 0 {
		f.stop()
		return nil, nil, ctx.Err()
	}
	b := f.batches[0]
	f.batches = f.batches[1:]
	return b, func(context.Context) error { f.acked++; return nil }, nil
}

type sink struct {
	got   []counterpoint.Assessment
	fail  error
	acked func() int
	order []int // how many batches were acknowledged when each came
}

func (s *sink) Publish(_ context.Context, as ...counterpoint.Assessment) error {
	if s.fail != nil {
		return s.fail
	}
	s.got, s.order = append(s.got, as...), append(s.order, s.acked())
	return nil
}

func entries(n int) []counterpoint.Entry[counterpoint.Item] {
	out := make([]counterpoint.Entry[counterpoint.Item], n)
	for i := range out {
		it := item("Good morning.")
		it.ID = fmt.Sprint("item_", i)
		out[i].Value = it
	}
	return out
}

// TestRunPublishesAsItGoes holds that long items do not wait for all that was read with them, and that what was read
// is acknowledged after the last.
func TestRunPublishesAsItGoes(t *testing.T) {
	s := newStage(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	list := entries(4)
	for i := range list {
		list[i].Value.Segments = slices.Repeat(list[i].Value.Segments, 400)
	}
	in := &feed{batches: [][]counterpoint.Entry[counterpoint.Item]{list}, stop: stop}
	out := &sink{acked: func() int { return in.acked }}
	if err := s.Run(ctx, in, out); !errors.Is(err, context.Canceled) {
		t.Fatalf("Run = %v, want canceled", err)
	}
	if d := cmp.Diff([]int{0, 0}, out.order); d != "" || in.acked != 1 || len(out.got) != 4 {
		t.Errorf("%d assessments in parts of which %v were acknowledged before, %d after; want 4, two parts of 0, 1", len(out.got), out.order, in.acked)
	}
}

func TestRunPublishesInOrderThenAcknowledges(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := newStage(t, func(o *classify.Options) { o.Registerer = reg })
	ctx, stop := context.WithCancel(t.Context())
	in := &feed{batches: [][]counterpoint.Entry[counterpoint.Item]{entries(5), nil, entries(3)}, stop: stop}
	out := &sink{acked: func() int { return in.acked }}
	if err := s.Run(ctx, in, out); !errors.Is(err, context.Canceled) {
		t.Fatalf("Run = %v, want canceled", err)
	}
	var ids []string
	for _, a := range out.got {
		ids = append(ids, a.Item)
	}
	if d := cmp.Diff([]string{"item_0", "item_1", "item_2", "item_3", "item_4", "item_0", "item_1", "item_2"}, ids); d != "" {
		t.Errorf("assessments (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]int{0, 2}, out.order); d != "" || in.acked != 3 {
		t.Errorf("acknowledged %d batches, before publishing %v; want 3 and 0, 2", in.acked, out.order)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, f := range families {
		if c := f.GetMetric()[0].GetCounter(); c != nil {
			counts[f.GetName()] = c.GetValue()
		} else {
			counts[f.GetName()] = float64(f.GetMetric()[0].GetHistogram().GetSampleCount())
		}
	}
	want := map[string]float64{
		"counterpoint_classify_in_total": 8, "counterpoint_classify_out_total": 8, "counterpoint_classify_errors_total": 0,
		"counterpoint_classify_seconds": 8, "counterpoint_classify_age_seconds": 8,
	}
	if d := cmp.Diff(want, counts); d != "" {
		t.Errorf("metrics (-want +got):\n%s", d)
	}
}

func TestRunAcknowledgesNothingThatWasNotPublished(t *testing.T) {
	s := newStage(t, nil)
	full := errors.New("the disk is full")
	in := &feed{batches: [][]counterpoint.Entry[counterpoint.Item]{entries(2)}}
	if err := s.Run(t.Context(), in, &sink{fail: full}); !errors.Is(err, full) || in.acked != 0 {
		t.Errorf("Run = %v with %d acknowledged; want the disk full and none", err, in.acked)
	}
}

func TestNewWantsEveryPart(t *testing.T) {
	if _, err := classify.New(classify.Options{}); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("New without classifiers = %v", err)
	}
}

func FuzzJudge(f *testing.F) {
	s := newStage(f, nil)
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for i, c := range cases(f, lang) {
			if i%11 == 0 {
				f.Add(c.text, lang)
			}
		}
	}
	f.Add("\xff\xfe kill \u202ethem all\u202c", "zz")
	f.Add(strings.Repeat("a", 5000), "")
	f.Fuzz(func(t *testing.T, text, lang string) {
		a, err := s.Judge(text, classify.Input{Lang: lang, Kind: counterpoint.Social})
		if err != nil {
			t.Fatal(err)
		}
		n := utf8.RuneCountInString(strings.ToValidUTF8(text, "\uFFFD"))
		for _, x := range append(slices.Clone(a.Findings), a.Against...) {
			if x.Start < 0 || x.End > n || x.Start >= x.End {
				t.Errorf("%s of %q lies at %d:%d of %d", x.Cue, text, x.Start, x.End, n)
			}
			if x.Score < 0 || x.Score > 1 {
				t.Errorf("score %g of %q", x.Score, text)
			}
		}
		for l, p := range a.Scores {
			if !(p >= 0 && p <= 1) {
				t.Errorf("%s of %q = %g", l, text, p)
			}
		}
		if a.Flag && a.Level == 0 || a.Level < 0 || a.Level > 3 {
			t.Errorf("level %d, flag %v for %q", a.Level, a.Flag, text)
		}
	})
}

// plainDetector says English of everything: the benchmark leaves out the language.
type plainDetector struct{}

func (plainDetector) Detect(string, language.Prior) language.Answer {
	return language.Answer{Lang: "eng", Best: "eng", Confidence: 1, DecidedBy: "own"}
}
func (plainDetector) Version() string { return "plain" }

func BenchmarkJudge(b *testing.B) {
	texts := cases(b, "eng")
	run := func(name string, s *classify.Stage) {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if _, err := s.Judge(texts[i%len(texts)].text, classify.Input{Kind: counterpoint.Radio}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "segments/s")
		})
	}
	run("without-language", newStage(b, func(o *classify.Options) { o.Languages = plainDetector{} }))
	run("whole", newStage(b, nil))
}

// The part that a transcript gives a speaker reaches the packs: a host who agrees with a caller's call is heard.
func TestTheStageTellsHostAndCallerApart(t *testing.T) {
	s := newStage(t, nil)
	f := func(first, second counterpoint.Role, text string, want int, stance counterpoint.Stance) {
		t.Helper()
		it := item("We must kill all the Velari.", text)
		it.Lang = "eng"
		it.Segments[0].Speaker, it.Segments[0].Role = "A", first
		it.Segments[1].Speaker, it.Segments[1].Role = "B", second
		if a := s.Assess(it, noon).Segments[1]; a.Level != want || a.Stance != stance {
			t.Errorf("%s after %s, %q: level %d, %s; want %d, %s", second, first, text, a.Level, a.Stance, want, stance)
		}
	}
	f(counterpoint.Caller, counterpoint.Host, "He is right.", 2, counterpoint.Uncertain)
	f(counterpoint.Caller, counterpoint.Host, "Kill all the Velari.", 3, counterpoint.Uncertain)
	f(counterpoint.Reporter, counterpoint.Guest, "Kill all the Velari.", 3, counterpoint.Assert)
}

// A community reporter who writes "on the radio they said: drive them out tonight" names tonight: what others called for
// is as urgent as if we had heard it. From anybody else reported words raise no flag, and name nothing.
func TestReportedCallsKeepTheirTime(t *testing.T) {
	s := newStage(t, nil)
	f := func(kind counterpoint.SourceKind, lang, text string, level, imminence int) {
		t.Helper()
		a := judge(t, s, text, classify.Input{Kind: kind, Lang: lang})
		if a.Level != level || a.Imminence != imminence || a.Stance != counterpoint.ReportOn {
			t.Errorf("%s, %q: level %d, imminence %d, stance %s; want %d, %d, report", kind, text, a.Level, a.Imminence, a.Stance, level, imminence)
		}
		named := slices.ContainsFunc(a.Findings, func(f counterpoint.Finding) bool { return f.Cue == "TIME" })
		if named != (imminence == 3) {
			t.Errorf("%s, %q: a time is shown: %t: %+v", kind, text, named, a.Findings)
		}
	}
	f(counterpoint.Report, "swa", "Kwenye redio walisema tuwafukuze Wavelari wote leo usiku", 3, 3)
	f(counterpoint.Report, "swa", "Kwenye redio walisema tuwafukuze Wavelari wote", 3, 2)
	f(counterpoint.Report, "fra", "Ils ont dit à la radio : il faut chasser tous les Velari ce soir", 3, 3)
	f(counterpoint.Radio, "swa", "Kwenye redio walisema tuwafukuze Wavelari wote leo usiku", 0, 1)
}
