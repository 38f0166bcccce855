package hate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify/hate"
)

func model(t testing.TB) *hate.Model {
	t.Helper()
	m, err := hate.Load()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestScoreTellsThreatFromTalk(t *testing.T) {
	m := model(t)
	f := func(text string, label counterpoint.Label, want bool) {
		t.Helper()
		s := m.Score(text, "eng", counterpoint.Radio)
		if got := s.P(label) >= 0.5; got != want || !s.Trained {
			t.Errorf("Score(%q)[%s] = %.3f, trained %v; want over a half: %v", text, label, s.P(label), s.Trained, want)
		}
	}
	f("you are a stupid idiot and your mother is a pig", counterpoint.Offensive, true)
	f("these people are filthy subhuman scum and should all be deported", counterpoint.Hate, true)
	f("someone should shoot them all", counterpoint.Violence, true)
	f("the market opens at seven and the price of rice has gone down", counterpoint.Hate, false)
	f("the market opens at seven and the price of rice has gone down", counterpoint.Offensive, false)
	f("the fire killed twelve people and the minister visited the hospital", counterpoint.Violence, false)
	f("we welcome the refugees who arrived in our town yesterday", counterpoint.Hate, false)
}

func TestUntrainedLanguagesRaiseNothing(t *testing.T) {
	m := model(t)
	for _, lang := range []string{"sag", "swa", "und", ""} {
		a, b := m.Score("stupid scum", lang, counterpoint.Web), m.Score("bara ala kwe", lang, counterpoint.Web)
		for _, l := range hate.Heads {
			if a.Trained || a.Has(l) || a.P(l) != b.P(l) {
				t.Errorf("%q: trained %v, %v and %v; want one low value for every text", lang, a.Trained, a.P(l), b.P(l))
			}
			if p := a.P(l); p <= 0 || p > 0.2 {
				t.Errorf("%q: P[%s] = %v, want a low value above 0", lang, l, p)
			}
		}
		if f := m.Explain("stupid scum", lang, counterpoint.Web, counterpoint.Hate, 3); f != nil {
			t.Errorf("%q: Explain = %v, want none", lang, f)
		}
	}
}

// What differs between a transcript and a post never reaches the heads; it moves hate a little, for the gate guesses
// by it where a text is from.
func TestRadioStyleScoresAlike(t *testing.T) {
	m := model(t)
	a := m.Score("You are STUPID, filthy scum!!! Get out, noooooow… @someone https://example.org/x", "eng", counterpoint.Social)
	b := m.Score("you are stupid filthy scum get out noow", "eng", counterpoint.Radio)
	if d := a.P(counterpoint.Hate) - b.P(counterpoint.Hate); math.Abs(d) > 0.1 {
		t.Errorf("hate %.3f and %.3f", a.P(counterpoint.Hate), b.P(counterpoint.Hate))
	}
	for _, l := range hate.Heads {
		if l != counterpoint.Hate && a.P(l) != b.P(l) {
			t.Errorf("%s %v and %v", l, a.P(l), b.P(l))
		}
	}
}

func TestExplainPointsAtTheOriginal(t *testing.T) {
	m := model(t)
	text := "Dé 🙂 — You are a STU\u200bPID idiot, and the weather is fine."
	s := m.Score(text, "eng", counterpoint.Web)
	found := m.Explain(text, "eng", counterpoint.Web, counterpoint.Offensive, 2)
	if len(found) == 0 {
		t.Fatal("nothing found")
	}
	var words strings.Builder
	for _, f := range found {
		words.WriteString(string([]rune(text)[f.Start:f.End]) + "|")
		if f.Score != s.P(counterpoint.Offensive) || f.Contribution <= 0 || f.Reason == "" || f.Label != counterpoint.Offensive {
			t.Errorf("finding %+v", f)
		}
	}
	if !strings.Contains(words.String(), "STU\u200bPID") || strings.Contains(words.String(), "weather") {
		t.Errorf("spans %q, want the insult and not the weather", words.String())
	}
}

// The contributions of all words and the constant are the logit, exactly.
func TestContributionsSumToTheLogit(t *testing.T) {
	m := model(t)
	for i, text := range []string{"you idiot", "what a fine day it is, you filthy pig", "get out you dogs, all of you"} {
		kind := []counterpoint.SourceKind{counterpoint.Web, counterpoint.Radio}[i%2]
		s := m.Score(text, "eng", kind)
		for _, l := range hate.Heads {
			sum := m.Constant(text, "eng", kind, l)
			for _, w := range m.Words(text, "eng", kind, l) {
				sum += w.Contribution
			}
			if d := sum - s.Logit(l); math.Abs(d) > 1e-9 {
				t.Errorf("%q %s: words sum to %v, logit %v", text, l, sum, s.Logit(l))
			}
		}
	}
}

func TestReadRefusesWhatIsNoModel(t *testing.T) {
	for _, file := range [][]byte{nil, []byte("CPHATE1\n"), []byte("CPHATE1\n\xff\xff\xff\xff{}"), bytes.Repeat([]byte("x"), 2000)} {
		if _, err := hate.Read(file); err == nil || !strings.Contains(err.Error(), "train hate") {
			t.Errorf("Read(%d bytes) = %v, want an error that says how to make a model", len(file), err)
		}
	}
}

func shared(t testing.TB, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			path := filepath.Join(append([]string{dir, "..", "shared"}, elem...)...)
			if _, e := os.Stat(path); e != nil {
				t.Skipf("no labelled data: %s is not there", filepath.Join(append([]string{"../shared"}, elem...)...))
			}
			return path
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		err = errors.New("no go.mod above")
	}
	t.Fatal(err)
	return ""
}

func TestTrainingIsTheSameOnAnyNumberOfCores(t *testing.T) {
	dir := shared(t, "data", "hate")
	train := func(cores int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		var b bytes.Buffer
		if err := hate.Train(t.Context(), dir, hate.TrainOptions{Rows: 300, Epochs: 1}, &b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	one, two := train(1), train(2)
	if !bytes.Equal(one, two) {
		t.Error("one core and two cores made different models")
	}
	var other bytes.Buffer
	if err := hate.Train(t.Context(), dir, hate.TrainOptions{Rows: 300, Epochs: 1, Seed: 2}, &other); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one, other.Bytes()) {
		t.Error("another seed made the same model: the comparison shows nothing")
	}
}

// What people decided is further data: it makes another model, the same each time.
func TestTrainReadsReviews(t *testing.T) {
	dir := shared(t, "data", "hate")
	reviews := filepath.Join(t.TempDir(), "reviews.jsonl")
	var rows strings.Builder
	for i := range 50 {
		fmt.Fprintf(&rows, `{"source":"reviews","lang":"eng","text":"they are a plague of zimbots, all %d of them","labels":{"hate":1,"offensive":null,"violence":null,"dehumanization":null},"split":"train"}`+"\n", i)
	}
	if err := os.WriteFile(reviews, []byte(rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	train := func(o hate.TrainOptions) *hate.Model {
		t.Helper()
		var b bytes.Buffer
		o.Rows, o.Epochs = 300, 1
		if err := hate.Train(t.Context(), dir, o, &b); err != nil {
			t.Fatal(err)
		}
		m, err := hate.Read(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	with := hate.TrainOptions{Reviews: []string{reviews}}
	before, after, again := train(hate.TrainOptions{}), train(with), train(with)
	if after.Version() != again.Version() {
		t.Error("the same reviews made two models")
	}
	if before.Version() == after.Version() || slices.Contains(before.Sources, "reviews") || !slices.Contains(after.Sources, "reviews") {
		t.Errorf("%s from %v, with reviews %s from %v", before.Version(), before.Sources, after.Version(), after.Sources)
	}
}

func TestTrainStopsAndRefuses(t *testing.T) {
	if err := hate.Train(t.Context(), t.TempDir(), hate.TrainOptions{}, &bytes.Buffer{}); err == nil {
		t.Error("an empty folder made a model")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := hate.Train(ctx, shared(t, "data", "hate"), hate.TrainOptions{}, &bytes.Buffer{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled run ended with %v", err)
	}
}

func FuzzScore(f *testing.F) {
	for _, s := range []string{"", "a", "@", "<url", "h", "STU\u200bPID!", "\xff\xfe", "😀😀 سلام é̀ f*ck $", strings.Repeat("ab ", 50)} {
		f.Add(s)
	}
	m := model(f)
	f.Fuzz(func(t *testing.T, text string) {
		n := len([]rune(text))
		for _, lang := range []string{"eng", "ara"} {
			s := m.Score(text, lang, counterpoint.Web)
			for _, l := range hate.Heads {
				if p := s.P(l); !(p >= 0 && p <= 1) {
					t.Fatalf("P[%s] = %v", l, p)
				}
				for _, x := range m.Explain(text, lang, counterpoint.Web, l, 5) {
					if x.Start < 0 || x.End <= x.Start || x.End > n {
						t.Fatalf("span %d–%d of %d runes", x.Start, x.End, n)
					}
				}
			}
		}
	})
}

func BenchmarkScore(b *testing.B) {
	m := model(b)
	text := "the market opens at seven and the price of rice has gone down since the road was repaired last week"
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m.Score(text, "eng", counterpoint.Radio)
	}
}
