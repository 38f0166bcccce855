package threshold_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify/threshold"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var none = math.NaN()

func table(t *testing.T, rows ...threshold.Row) *threshold.Table {
	t.Helper()
	tab, err := threshold.New(rows)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestCutFallsBackToTheParent(t *testing.T) {
	tab := table(t,
		threshold.Row{Head: "hate", Cut: none},
		threshold.Row{Head: "hate", Lang: "eng", Cut: 0.9},
		threshold.Row{Head: "hate", Lang: "eng", Kind: "radio", Cut: 0.8},
	)
	f := func(head, lang string, kind counterpoint.SourceKind, want float64, ok bool) {
		t.Helper()
		if got, found := tab.Cut(head, lang, kind); found != ok || ok && got != want {
			t.Errorf("Cut(%s, %s, %s) = %v, %v; want %v, %v", head, lang, kind, got, found, want, ok)
		}
	}
	f("hate", "eng", counterpoint.Radio, 0.8, true)
	f("hate", "eng", counterpoint.Social, 0.9, true)
	f("hate", "eng", "", 0.9, true)
	f("hate", "sag", counterpoint.Radio, 0, false)
	f("hate", "und", "", 0, false)
	f("violence", "eng", counterpoint.Web, 0, false)
}

func TestExpectSaysWhatWasMeasured(t *testing.T) {
	tab := table(t,
		threshold.Row{Head: "hate", Cut: none, Positives: 1000, Hits: 500, Negatives: 1000, Alarms: 10},
		threshold.Row{Head: "hate", Lang: "eng", Cut: 0.9, Positives: 980, Hits: 490, Negatives: 980, Alarms: 0, Everyday: 1000, Disturbed: 10},
		threshold.Row{Head: "hate", Lang: "por", Cut: 0.9, Positives: 30, Hits: 30, Negatives: 30, Alarms: 0},
	)
	e := tab.Expect("hate", "eng", "", 0.01)
	// 490 of 980 and half of the parent's twenty; alarms: half of (0 + .01·20)/1000 and half of 10 in 1,000
	want := 0.01 * 0.5 / (0.01*0.5 + 0.99*(0.0002+0.01)/2)
	if e.Expected == nil || math.Abs(e.Expected.Value-want) > 1e-4 || e.Good() || *e.Cut != 0.9 || e.Lang != "eng" || e.Prevalence != 0.01 {
		t.Errorf("eng: %+v, expected %+v; want a precision of %.4f that is not good enough", e, e.Expected, want)
	}
	if e.Expected.Low >= e.Expected.Value || e.Expected.High <= e.Expected.Value {
		t.Errorf("eng: interval %+v", e.Expected)
	}
	if e := tab.Expect("hate", "eng", "", 0.5); !e.Good() {
		t.Errorf("eng at one half: %+v is not good enough", e.Expected)
	}
	if e := tab.Expect("hate", "por", "", 0.01); math.Abs(e.Sensitivity.Value-0.8) > 1e-4 { // (30 + .5·20) of 50
		t.Errorf("por: sensitivity %v of 30 rows, want it mixed with the parent's: .8", e.Sensitivity)
	}
	few := table(t, threshold.Row{Head: "call", Lang: "ara", Cut: none, Positives: 75, Negatives: 251, Alarms: 1})
	if e := few.Expect("call", "ara", "", 0.01); e.Expected != nil || e.Positives != 75 || e.FalseAlarms == nil {
		t.Errorf("one flag was seen: %+v, want no expectation", e)
	}
	e = tab.Expect("hate", "sag", counterpoint.Radio, 0.01)
	if e.Expected != nil || e.Lang != "" || e.Good() {
		t.Errorf("a language without data: %+v, want nothing measured", e)
	}
}

// What people decided outweighs the rule once there are many decisions, and hardly counts while there are few.
func TestReviewsMoveTheExpectation(t *testing.T) {
	f := func(confirmed, rejected int, low, high float64) {
		t.Helper()
		tab := table(t, threshold.Row{Head: "cues", Lang: "eng", Cut: none, Positives: 100, Hits: 10, Negatives: 1000, Alarms: 10, Confirmed: confirmed, Rejected: rejected})
		e := tab.Expect("cues", "eng", "", 0.01)
		if e.Expected.Value < low || e.Expected.Value > high || e.Reviewed != confirmed+rejected || e.Cut != nil {
			t.Errorf("%d confirmed, %d rejected: %+v, want %v to %v", confirmed, rejected, e.Expected, low, high)
		}
	}
	f(0, 0, 0.09, 0.1)
	f(2, 0, 0.1, 0.2)
	f(180, 20, 0.8, 0.9)
	f(0, 200, 0, 0.02)
}

func TestFormatIsReadBack(t *testing.T) {
	rows := []threshold.Row{
		{Head: "hate", Cut: none, Positives: 3, Hits: 1, Negatives: 4, Data: "all"},
		{Head: "hate", Lang: "eng", Kind: "radio", Cut: 0.973, Positives: 3, Hits: 1, Negatives: 4, Alarms: 2, Everyday: 9, Disturbed: 1, Confirmed: 5, Rejected: 6, Data: "a b"},
	}
	got := table(t, rows...).Rows()
	if d := cmp.Diff(rows, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if a, b := table(t, rows...), table(t, rows[:1]...); a.Version() == b.Version() {
		t.Errorf("two tables are both %s", a.Version())
	}
}

func TestParseNamesTheLine(t *testing.T) {
	header := "head\tlang\tkind\tcut\tpositives\thits\tnegatives\talarms\teveryday\tdisturbed\tconfirmed\trejected\tdata\n"
	f := func(file, want string) {
		t.Helper()
		_, err := threshold.Parse([]byte(file))
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("Parse(%q): %v, want %q", file, err, want)
		}
	}
	f("", "train thresholds")
	f("head\tlang\n", "line 1: want the columns")
	f(header+"hate\teng\t*\t0.5\n", "line 2: 4 fields, want 13")
	f(header+"love\teng\t*\t0.5\t1\t1\t1\t1\t0\t0\t0\t0\tx\n", `line 2: head "love"`)
	f(header+"hate\t*\tradio\t0.5\t1\t1\t1\t1\t0\t0\t0\t0\tx\n", "needs a language")
	f(header+"# note\nhate\teng\t*\thigh\t1\t1\t1\t1\t0\t0\t0\t0\tx\n", `line 3: cut "high"`)
	f(header+"hate\teng\t*\tNaN\t1\t1\t1\t1\t0\t0\t0\t0\tx\n", `cut "NaN"`)
	f(header+"hate\teng\t*\t0.5\t-1\t1\t1\t1\t0\t0\t0\t0\tx\n", "positives")
	f(header+"hate\teng\t*\t0.5\t1\t2\t1\t1\t0\t0\t0\t0\tx\n", "more rows are flagged than there are")
	f(header+strings.Repeat("hate\teng\t*\t0.5\t1\t1\t1\t1\t0\t0\t0\t0\tx\n", 2), "line 3: hate eng * stands twice")
}

func TestShippedTable(t *testing.T) {
	tab, err := threshold.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, head := range threshold.Heads {
		_, flags := tab.Cut(head, "eng", counterpoint.Radio)
		flags = flags || head == threshold.Call || head == threshold.Cues
		if e := tab.Expect(head, "eng", counterpoint.Radio, 0.01); (e.Expected != nil) != flags || e.Positives == 0 {
			t.Errorf("%s in English: flags %v, expected %v of %d rows", head, flags, e.Expected, e.Positives)
		}
		if _, ok := tab.Cut(head, "sag", counterpoint.Radio); ok {
			t.Errorf("%s: a score flags Sango, which has no labelled data", head)
		}
	}
}

func TestCurvesRiseThroughTheOrigin(t *testing.T) {
	c, err := threshold.ParseCurves(threshold.FormatCurves([]threshold.Curve{
		{Label: counterpoint.Hate, Lang: "eng", Rows: 9, Knots: [][2]float64{{-2, -1}, {0, 0}, {1, 0.5}, {3, 2.5}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	f := func(label counterpoint.Label, lang string, z, want float64) {
		t.Helper()
		if got := c.At(label, lang, z); math.Abs(got-want) > 1e-9 {
			t.Errorf("At(%s, %s, %v) = %v, want %v", label, lang, z, got, want)
		}
	}
	f(counterpoint.Hate, "eng", 0, 0)
	f(counterpoint.Hate, "eng", -1, -0.5)
	f(counterpoint.Hate, "eng", -4, -2) // as the last piece goes on
	f(counterpoint.Hate, "eng", 2, 1.5)
	f(counterpoint.Hate, "eng", 5, 4.5)
	f(counterpoint.Hate, "fra", 2, 2)
	f(counterpoint.Violence, "eng", 2, 2)
}

// The origin is met exactly, whatever the knots beside it: a score of one half is neither more nor less.
func TestTheOriginStaysWhereItIs(t *testing.T) {
	for i := range 1000 {
		x, y := -0.001*float64(i+1), -0.0007*float64(1000-i)
		c, err := threshold.ParseCurves(threshold.FormatCurves([]threshold.Curve{
			{Label: counterpoint.Hate, Lang: "eng", Knots: [][2]float64{{x, y}, {0, 0}, {-x, -y}}},
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.At(counterpoint.Hate, "eng", 0); got != 0 {
			t.Fatalf("knots at %v:%v: At(0) = %v", x, y, got)
		}
	}
}

func TestParseCurvesNamesTheLine(t *testing.T) {
	const header = "label\tlang\trows\tknots\n"
	f := func(file, want string) {
		t.Helper()
		if _, err := threshold.ParseCurves([]byte(file)); err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, counterpoint.ErrInvalid) {
			t.Errorf("ParseCurves(%q): %v, want %q", file, err, want)
		}
	}
	f("x\n", "line 1: want the columns")
	f(header+"hate\teng\n", "line 2: 2 fields")
	f(header+"love\teng\t3\t-1:-1 1:1\n", `label "love"`)
	f(header+"hate\teng\t3\t1:1 0:0\n", `knot "0:0" does not rise`)
	f(header+"hate\teng\t3\t0:0\n", "two knots")
	f(header+strings.Repeat("hate\teng\t3\t-1:-1 0:0 1:1\n", 2), "line 3: hate eng stands twice")
	f("", "train calibration")
	f(header+"hate\teng\t3\t-1:0 1:1\n", "no knot is 0:0")
	f(header+"hate\teng\t3\t-1:x 1:1\n", "two numbers")
}
