package classify_test

import (
	"math"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/threshold"
)

func cuts(t *testing.T, rows ...threshold.Row) func(*classify.Options) {
	t.Helper()
	tab, err := threshold.New(rows)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *classify.Options) { o.Thresholds = tab }
}

// Urgent is for recall: whatever the thresholds, a call of the grammar is flagged, and at the level it had.
func TestNoThresholdHidesACall(t *testing.T) {
	strict := newStage(t, cuts(t, threshold.Row{Head: "hate", Cut: 1}))
	calls := 0
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for _, c := range cases(t, lang) {
			if c.kind != "call" {
				continue
			}
			calls++
			a := judge(t, strict, c.text, classify.Input{Lang: lang, Kind: counterpoint.Radio})
			if a.Level != 3 || !a.Flag || a.Threshold == nil || a.Threshold.Head != threshold.Call || a.Threshold.Cut != nil {
				t.Errorf("%s: level %d flag %v threshold %+v", c.text, a.Level, a.Flag, a.Threshold)
			}
		}
	}
	if calls < 100 {
		t.Errorf("%d calls: the cases test nothing", calls)
	}
}

// Only words that the heads hear and no cue does depend on the cut, by language and kind of source.
func TestScoresFlagFromTheCutOn(t *testing.T) {
	const text = "women only want your money and then leave you like all of them"
	head, scores, err := newStage(t, nil).Raising(text, "eng", counterpoint.Social)
	score := scores[counterpoint.Hate]
	if err != nil || head != "" || score < 0.5 {
		t.Fatalf("Raising = %q, %v, %v: the sentence tests nothing", head, scores, err)
	}
	row := threshold.Row{Head: "hate", Lang: "eng", Positives: 100, Hits: 50, Negatives: 100, Alarms: 1}
	f := func(cut float64, kind string, want bool) {
		t.Helper()
		row := row
		row.Cut, row.Kind = cut, kind
		a := judge(t, newStage(t, cuts(t, row)), text, classify.Input{Lang: "eng", Kind: counterpoint.Social})
		if a.Flag != want || a.Flag != (a.Threshold != nil) {
			t.Errorf("score %.3f, cut %v for kind %q: flag %v, threshold %+v; want %v", score, cut, kind, a.Flag, a.Threshold, want)
		}
		if a.Flag && (a.Threshold.Head != "hate" || *a.Threshold.Cut != cut || a.Threshold.Expected == nil || a.Threshold.Prevalence != threshold.DefaultPrevalence) {
			t.Errorf("threshold %+v", a.Threshold)
		}
	}
	f(math.Floor(score*1000)/1000, "", true)
	f(math.Floor(score*1000)/1000, "social", true)
	f(math.Floor(score*1000)/1000, "radio", false)
	f(math.Ceil(score*1000)/1000, "", false)
	f(math.NaN(), "", false)
}

func TestVersionsNameThresholdsAndPrevalence(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range []float64{0, 0.05} {
		s := newStage(t, func(o *classify.Options) { o.Prevalence = p })
		v := s.Versions()["thresholds"]
		if !strings.HasPrefix(v, "thresholds-") || seen[v] {
			t.Errorf("prevalence %v: version %q", p, v)
		}
		seen[v] = true
		a := s.Assess(counterpoint.Item{ID: "i", Lang: "eng", Segments: []counterpoint.Segment{{Text: "We must drive the Velari out of the valley and burn their houses."}}}, noon)
		if len(a.Sightings) != 1 || a.Sightings[0].Threshold == nil || a.Sightings[0].Versions["thresholds"] != v {
			t.Errorf("sightings %+v, want one with its threshold and version %s", a.Sightings, v)
		}
	}
	o, err := options()
	if err != nil {
		t.Fatal(err)
	}
	o.Prevalence = 1.5
	if _, err := classify.New(o); err == nil {
		t.Error("a prevalence of 1.5 is taken")
	}
}
