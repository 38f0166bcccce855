package quality_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
	"counterpoint/classify/quality"
)

func stage(t *testing.T) *classify.Stage {
	t.Helper()
	detector, err := language.New(language.Options{})
	if err != nil {
		t.Fatal(err)
	}
	model, err := hate.Load()
	if err != nil {
		t.Fatal(err)
	}
	packs, err := lexicon.Open()
	if err != nil {
		t.Fatal(err)
	}
	s, err := classify.New(classify.Options{Languages: detector, Model: model, Lexicon: packs})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Functional cases of our own through the whole stage: a case that ends in _h is of level 1 or more, one that ends
// in _nh is of level 0. The words of the cases and of the packs come from the same hands, so the table flatters; a
// native reader has seen none of it. What it is for is to show what a change breaks.
func TestFunctional(t *testing.T) {
	cases, err := quality.Cases()
	if err != nil || len(cases) < 200 {
		t.Fatalf("%d functional cases, %v", len(cases), err)
	}
	s := stage(t)
	var langs []string
	right, all, wrong := map[string][2]int{}, map[string][2]int{}, map[string][2][]string{}
	for _, c := range cases {
		if !strings.HasSuffix(c.Name, "_h") && !strings.HasSuffix(c.Name, "_nh") {
			t.Fatalf("%s: %q ends neither in _h nor in _nh", c.Lang, c.Name)
		}
		a, err := s.Judge(c.Text, classify.Input{Lang: c.Lang, Kind: counterpoint.Social})
		if err != nil {
			t.Error(err)
		}
		if !slices.Contains(langs, c.Lang) {
			langs = append(langs, c.Lang)
		}
		k := 0
		if strings.HasSuffix(c.Name, "_nh") {
			k = 1
		}
		n, m, w := all[c.Lang], right[c.Lang], wrong[c.Lang]
		if n[k]++; a.Level >= 1 == (k == 0) {
			m[k]++
		} else {
			w[k] = append(w[k], c.Name)
		}
		all[c.Lang], right[c.Lang], wrong[c.Lang] = n, m, w
	}
	var b strings.Builder
	fmt.Fprintf(&b, "lang what right of wrong\n")
	for _, lang := range langs {
		for k, what := range [2]string{"hateful", "fine"} {
			n, m, w := all[lang][k], right[lang][k], wrong[lang][k]
			slices.Sort(w)
			fmt.Fprintf(&b, "%s %s %d %d %s\n", lang, what, m, n, strings.Join(w, " "))
			if 10*m < 7*n {
				t.Errorf("%s: %d of %d %s cases right, want at least 7 of 10", lang, m, n, what)
			}
		}
	}
	golden(t, "functional.golden", b.String())
}

// Cases that somebody wrote without knowledge of packs and code, by language. The half that nobody looked at is what may
// be expected of others like them; its floors are what must not be lost.
func TestFunctionalBlind(t *testing.T) {
	cases, err := quality.BlindCases()
	if err != nil || len(cases) < 1300 {
		t.Fatalf("%d blind cases, %v", len(cases), err)
	}
	lines, err := quality.JudgeBlind(stage(t))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s %s %d/%d %d/%d %.3f %s\n", l.Set, l.Half, l.HatefulRight, l.Hateful, l.FineRight, l.Fine, l.MacroF1, l.Worst)
	}
	golden(t, "blind.golden", b.String())
	f := func(set string, accuracy, fine, macroF1 float64) {
		t.Helper()
		i := slices.IndexFunc(lines, func(l quality.Blind) bool { return l.Set == set && l.Half == quality.Unseen })
		if i < 0 {
			t.Fatalf("no unseen half of %s", set)
		}
		l := lines[i]
		if l.Accuracy.Value < accuracy || float64(l.FineRight) < fine*float64(l.Fine) || l.MacroF1 < macroF1 {
			t.Errorf("%s, unseen: accuracy %v, fine %d/%d, macro-F1 %.3f; want at least %.2f, %.2f, %.2f", set, l.Accuracy, l.FineRight, l.Fine, l.MacroF1, accuracy, fine, macroF1)
		}
		if 10*l.Calls > l.Objecting {
			t.Errorf("%s, unseen: %d of %d denials and objections are of level 3, want at most 1 in 10", set, l.Calls, l.Objecting)
		}
	}
	f("eng", 0.77, 0.70, 0.75)
	f("emoji", 0.75, 0.70, 0.75)
	f("fra", 0.75, 0.80, 0.75)
	f("spa", 0.70, 0.80, 0.70)
	f("por", 0.70, 0.80, 0.70)
	f("ara", 0.65, 0.80, 0.65)
}

// Every second case is unseen, and none of those is also an open one or one of our own.
func TestBlindHalves(t *testing.T) {
	cases, err := quality.BlindCases()
	if err != nil {
		t.Fatal(err)
	}
	own, err := quality.Cases()
	if err != nil {
		t.Fatal(err)
	}
	seen, n := map[string]string{}, map[string]int{}
	for _, c := range own {
		seen[c.Lang+"\t"+c.Text] = "own"
	}
	for _, c := range cases {
		if other := seen[c.Lang+"\t"+c.Text]; other != "" && (c.Half == quality.Unseen || other == quality.Unseen) {
			t.Errorf("%s, %s: a case is also %s", c.Set, c.Half, other)
		}
		seen[c.Lang+"\t"+c.Text] = c.Half
		n[c.Set]++
		if want := [2]string{quality.Unseen, quality.Open}[n[c.Set]%2]; c.Half != want {
			t.Errorf("case %d of %s is %s, want %s", n[c.Set], c.Set, c.Half, want)
		}
	}
}
