package lexicon_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify/lexicon"
)

// wants is what each kind of case asks of a reading.
var wants = map[string]func(lexicon.Reading) bool{
	"call":    func(r lexicon.Reading) bool { return r.Level == 3 },
	"no":      func(r lexicon.Reading) bool { return r.Level == 0 || gatedStance(r.Stance) },
	"neutral": func(r lexicon.Reading) bool { return r.Level == 0 },
	"grave":   func(r lexicon.Reading) bool { return r.Level == 2 },
	"hate":    func(r lexicon.Reading) bool { return r.Level >= 1 },
}

func gatedStance(s counterpoint.Stance) bool {
	return s == counterpoint.Condemn || s == counterpoint.Quote || s == counterpoint.ReportOn
}

type testCase struct {
	line       int
	kind, text string
}

func cases(t testing.TB, lang string) []testCase {
	t.Helper()
	f, err := os.Open("testdata/" + lang + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []testCase
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		if line := sc.Text(); line != "" && line[0] != '#' {
			kind, text, ok := strings.Cut(line, "\t")
			if !ok || wants[kind] == nil {
				t.Fatalf("testdata/%s.tsv:%d: want a kind, a tab and a text", lang, n)
			}
			out = append(out, testCase{n, kind, text})
		}
	}
	return out
}

func open(t testing.TB) *lexicon.Lexicon {
	t.Helper()
	l, err := lexicon.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCases(t *testing.T) {
	l := open(t)
	files, err := filepath.Glob("testdata/*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		lang := strings.TrimSuffix(filepath.Base(file), ".tsv")
		t.Run(lang, func(t *testing.T) {
			seen, failed := map[string]int{}, map[string]int{}
			for _, c := range cases(t, lang) {
				r, err := l.Read(lang, lexicon.Cut(c.text), lexicon.Context{})
				if err != nil {
					t.Fatal(err)
				}
				seen[c.kind]++
				if !wants[c.kind](r) {
					failed[c.kind]++
					t.Errorf("%s.tsv:%d: %s: level %d (%d), %s: %s %v", lang, c.line, c.kind, r.Level, r.Raw, r.Stance, c.text, cuesOf(r))
				}
			}
			if seen["call"] < 8 || seen["no"] < 8 || seen["neutral"] < 8 {
				t.Errorf("cases = %v; want at least 8 calls, 8 that are none, 8 neutral", seen)
			}
			t.Logf("cases %v, failed %v", seen, failed)
		})
	}
}

func cuesOf(r lexicon.Reading) []string {
	var out []string
	for _, h := range r.Hits {
		out = append(out, "+"+h.Cue+"/"+h.Entry)
	}
	for _, h := range r.Against {
		out = append(out, "-"+h.Cue+"/"+h.Entry)
	}
	return out
}
