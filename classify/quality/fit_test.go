package quality_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint/classify/quality"
	"counterpoint/classify/threshold"
)

// The table in the program is the one that its own command makes, from the model and the packs in the program.
func TestThresholdsComeFromTheData(t *testing.T) {
	rows, err := quality.Fit(t.Context(), stage(t), shared(t, "hate"), quality.FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := threshold.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, err := threshold.New(rows)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version() != want.Version() {
		t.Errorf("a model, a pack or a rule changed, and the thresholds with them; run\n"+
			"make tables\ngot\n%s", threshold.Format(rows))
	}
}

// data is a folder of invented rows: so many hateful and as many fine ones, some of which are called hateful.
func data(t *testing.T, hateful, mislabelled int) string {
	t.Helper()
	dir := t.TempDir()
	var b strings.Builder
	row := func(i, hate int, text string) {
		fmt.Fprintf(&b, `{"id":"x-%d","source":"made_up","lang":"eng","text":%q,"labels":{"hate":%d,"offensive":null,"violence":null,"dehumanization":null},"split":"dev"}`+"\n", i, text, hate)
	}
	for i := range hateful {
		row(i, 1, fmt.Sprintf("women only want your money and then leave you like all %d of them", i))
	}
	for i := range hateful {
		text, hate := fmt.Sprintf("the market opens at nine and rice is %d francs today", i), 0
		if i < mislabelled {
			text = fmt.Sprintf("women only want your money and then leave you like all %d of them", i)
		}
		row(hateful+i, hate, text)
	}
	if err := os.WriteFile(filepath.Join(dir, "made_up.jsonl"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func fitted(t *testing.T, dir string, o quality.FitOptions) *threshold.Table {
	t.Helper()
	rows, err := quality.Fit(t.Context(), stage(t), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := threshold.New(rows)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestFitHoldsTheBudget(t *testing.T) {
	clean := fitted(t, data(t, 250, 0), quality.FitOptions{})
	if cut, ok := clean.Cut("hate", "eng", ""); !ok || cut > 0.95 {
		t.Errorf("clean labels: cut %v, %v; want one that the hateful sentences reach", cut, ok)
	}
	if e := clean.Expect("hate", "eng", "", 0.01); e.Sensitivity.Value < 0.9 {
		t.Errorf("clean labels: sensitivity %+v", e.Sensitivity)
	}
	for _, r := range fitted(t, data(t, 250, 100), quality.FitOptions{}).Rows() {
		if r.Head == "hate" && (r.Alarms > 0 || r.Hits > 100) {
			t.Errorf("labels that contradict each other: cut %v flags %d of 250 that are called fine, want none", r.Cut, r.Alarms)
		}
	}
	if cut, ok := fitted(t, data(t, 100, 0), quality.FitOptions{}).Cut("hate", "eng", ""); ok {
		t.Errorf("100 hateful rows: a cut of %v, want none: too few", cut)
	}
}

// What people decided moves the expectation and leaves the cut.
func TestFitCountsReviews(t *testing.T) {
	dir := data(t, 250, 0)
	reviews := filepath.Join(t.TempDir(), "reviews.jsonl")
	var b strings.Builder
	for i := range 60 {
		fmt.Fprintf(&b, `{"id":"r%d","source":"reviews","lang":"eng","text":"women only want your money and then leave you like all %d of them","labels":{"hate":0,"offensive":null,"violence":null,"dehumanization":null},"split":"dev","raw":{"kind":"radio"}}`+"\n", i, i)
	}
	if err := os.WriteFile(reviews, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after := fitted(t, dir, quality.FitOptions{}), fitted(t, dir, quality.FitOptions{Reviews: []string{reviews}})
	x, y := before.Expect("hate", "eng", "", 0.5), after.Expect("hate", "eng", "", 0.5)
	if *x.Cut != *y.Cut || y.Reviewed < 50 || y.Expected.Value > x.Expected.Value/2 {
		t.Errorf("before %+v %+v, after 60 rejections %+v %+v", x, x.Expected, y, y.Expected)
	}
}
