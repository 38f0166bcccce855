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
