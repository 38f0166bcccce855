package quality_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify/quality"
	"counterpoint/classify/threshold"
)

// The whole stage on all dev rows: what `counterpoint eval hate` says. What must not be lost is checked beside the table.
func TestStage(t *testing.T) {
	r, err := quality.Evaluate(t.Context(), stage(t), quality.EvaluateOptions{}, shared(t, "hate"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "stage.golden", b.String())
	ece := func(lang string, label counterpoint.Label, most float64) {
		t.Helper()
		for _, l := range r.Languages {
			if l.Lang == lang && l.Label == label && l.ECE.Value > most {
				t.Errorf("%s, %s: calibration error %v, want at most %v", lang, label, l.ECE, most)
			}
		}
	}
	ece("eng", counterpoint.Hate, 0.03)
	ece("eng", counterpoint.Offensive, 0.03)
	ece("por", counterpoint.Offensive, 0.03)
	for _, f := range r.Fairness {
		if f.Flagged.Value > 0 {
			t.Errorf("%s: %v of the friendly sentences about groups are flagged, want none", f.Lang, f.Flagged)
		}
	}
	for _, q := range r.Everyday {
		if q.Flagged.Value > 0.01 || q.Calls > 3 {
			t.Errorf("%s, %s: %v flagged, %d calls; want at most 1 in 100, and 3", q.Set, q.Lang, q.Flagged, q.Calls)
		}
	}
}

// The worst mistakes are named, the worst first, and no more than were asked for.
func TestMistakes(t *testing.T) {
	dir := data(t, 30, 10)
	r, err := quality.Evaluate(t.Context(), stage(t), quality.EvaluateOptions{Mistakes: 3}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Mistakes) != 3 {
		t.Fatalf("%d mistakes, want 3 false alarms and none missed: %+v", len(r.Mistakes), r.Mistakes)
	}
	for i, m := range r.Mistakes {
		if m.Kind != "false alarm" || m.Score < 0.5 || !strings.Contains(m.Text, "women") || i > 0 && m.Score > r.Mistakes[i-1].Score {
			t.Errorf("mistake %d: %+v", i, m)
		}
	}
	if none, err := quality.Evaluate(t.Context(), stage(t), quality.EvaluateOptions{}, dir); err != nil || len(none.Mistakes) > 0 {
		t.Errorf("%d mistakes with their words though nobody asked, %v", len(none.Mistakes), err)
	}
	var b bytes.Buffer
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "hate, false alarm") {
		t.Errorf("%v: %s", err, b.String())
	}
}

// The curves in the program are those that their own command makes; they are not in the way of a level.
func TestCalibrationComesFromTheData(t *testing.T) {
	curves, err := quality.Calibrate(t.Context(), stage(t), shared(t, "hate"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := threshold.ParseCurves(threshold.FormatCurves(curves))
	if err != nil {
		t.Fatal(err)
	}
	want, err := threshold.LoadCurves()
	if err != nil {
		t.Fatal(err)
	}
	if got.Version() != want.Version() {
		t.Errorf("a model or a pack changed, and the calibration with it; run\n"+
			"make tables\ngot\n%s", threshold.FormatCurves(curves))
	}
	if !slices.ContainsFunc(curves, func(c threshold.Curve) bool { return c.Label == counterpoint.Hate && c.Lang == "eng" }) {
		t.Error("no curve for hate in English")
	}
}
