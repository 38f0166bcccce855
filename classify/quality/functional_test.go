package quality_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
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
	files, err := filepath.Glob("testdata/functional/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no functional cases", err)
	}
	s := stage(t)
	var b strings.Builder
	fmt.Fprintf(&b, "lang what right of wrong\n")
	for _, file := range files {
		lang := strings.TrimSuffix(filepath.Base(file), ".tsv")
		right, all, wrong := [2]int{}, [2]int{}, [2][]string{}
		eachCase(t, file, func(name, text string) {
			a, err := s.Judge(text, classify.Input{Lang: lang, Kind: counterpoint.Social})
			if err != nil {
				t.Error(err)
			}
			k := 0
			if strings.HasSuffix(name, "_nh") {
				k = 1
			}
			if all[k]++; a.Level >= 1 == (k == 0) {
				right[k]++
			} else {
				wrong[k] = append(wrong[k], name)
			}
		})
		for k, what := range [2]string{"hateful", "fine"} {
			slices.Sort(wrong[k])
			fmt.Fprintf(&b, "%s %s %d %d %s\n", lang, what, right[k], all[k], strings.Join(wrong[k], " "))
			if 10*right[k] < 7*all[k] {
				t.Errorf("%s: %d of %d %s cases right, want at least 7 of 10", lang, right[k], all[k], what)
			}
		}
	}
	golden(t, "functional.golden", b.String())
}

func eachCase(t *testing.T, file string, f func(name, text string)) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for sc := bufio.NewScanner(in); sc.Scan(); {
		name, text, ok := strings.Cut(sc.Text(), "\t")
		if !ok {
			continue
		}
		if !strings.HasSuffix(name, "_h") && !strings.HasSuffix(name, "_nh") {
			t.Fatalf("%s: %q ends neither in _h nor in _nh", file, name)
		}
		f(name, text)
	}
}
