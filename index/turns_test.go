package index

import (
	"bufio"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var updateTurns = flag.Bool("update", false, "write turns.tsv")

// turning are the tags and classes of the packs that speak against what is said.
var turning = []string{"NEG", "NEGQ", "NEGV", "NEGAFTER", "STOP", "CONDEMN", "NOT", "COUNTER"}

func isTurning(tags []string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return slices.Contains(turning, t) })
}

// packForms are the forms of a line of a pack that turn what is said; expressions with gaps and paradigms are left out.
func packForms(file, line string) []string {
	cols := strings.Split(line, "\t")
	if line == "" || strings.ContainsRune("#!%", rune(line[0])) || len(cols) < 2 {
		return nil
	}
	tags, forms := strings.Fields(cols[0]), cols[1]
	if filepath.Base(file) != "tone.tsv" {
		if len(cols) < 3 {
			return nil
		}
		tags, forms = strings.Fields(cols[1]), cols[2]
	}
	var out []string
	for _, f := range strings.Split(forms, ",") {
		own := tags
		if tag, rest, ok := strings.Cut(strings.TrimSpace(f), ":"); ok {
			own, f = append(strings.Split(tag, "."), tags...), rest
		}
		if isTurning(own) && !strings.ContainsAny(f, "_%$") {
			out = append(out, expand(strings.TrimSpace(f))...)
		}
	}
	return out
}

func expand(f string) []string {
	before, rest, ok := strings.Cut(f, "{")
	if !ok {
		return []string{f}
	}
	inner, after, _ := strings.Cut(rest, "}")
	var out []string
	for _, choice := range strings.Split(inner, "|") {
		out = append(out, expand(before+choice+after)...)
	}
	return out
}

func folded(form string) string {
	stem, star := strings.CutSuffix(form, "*")
	if form = Joined(stem); form != "" && star && !strings.Contains(form, " ") {
		form += "*"
	}
	return form
}

// allForms is every form by language, as turns.tsv has it.
func allForms(t *testing.T) []string {
	t.Helper()
	var out []string
	files, err := filepath.Glob("../classify/lexicon/packs/*/*.tsv")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d packs, %v", len(files), err)
	}
	for _, file := range files {
		lang := filepath.Base(filepath.Dir(file))
		for _, line := range linesOf(t, file) {
			for _, f := range packForms(file, line) {
				out = append(out, lang+"\t"+folded(f))
			}
		}
	}
	for _, line := range linesOf(t, "turns_own.tsv") {
		if lang, f, ok := strings.Cut(line, "\t"); ok {
			out = append(out, lang+"\t"+folded(f))
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return strings.HasSuffix(s, "\t") })
	slices.Sort(out)
	return slices.Compact(out)
}

func linesOf(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		out = append(out, sc.Text())
	}
	if sc.Err() != nil {
		t.Fatal(sc.Err())
	}
	return out
}

// TestTurns: turns.tsv has every word of the packs that negates or objects. Run with -update after a change of a pack; an
// index that stands takes it in as passages come, all of it with a rebuild.
func TestTurns(t *testing.T) {
	want := strings.Join(allForms(t), "\n") + "\n"
	if *updateTurns {
		if err := os.WriteFile("turns.tsv", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("turns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("turns.tsv is not what the packs say: run go test ./index -run TestTurns -update")
	}
}

// TestTurnedApart: a passage with any one of the turning words of its language more is not turned like the passage
// without, wherever it is put, though nearly all words are shared.
func TestTurnedApart(t *testing.T) {
	passage := strings.Fields("aa bb cc dd ee ff gg hh jj kk ll mm oo pp qq rr ss tt uu vv ww xx yy zz")
	plain := newWording(passage)
	n := 0
	for _, line := range allForms(t) {
		lang, form, _ := strings.Cut(line, "\t")
		words := strings.Fields(strings.TrimSuffix(form, "*"))
		for _, at := range []int{0, len(passage) / 2, len(passage)} {
			turned := newWording(slices.Concat(passage[:at], words, passage[at:]))
			if slices.Equal(plain.turned(lang), turned.turned(lang)) {
				t.Errorf("%s: %q at word %d does not turn the passage", lang, form, at)
			}
			if slices.Equal(plain.turned("und"), turned.turned("und")) {
				t.Errorf("%q at word %d does not turn a passage of unknown language", form, at)
			}
		}
		n++
	}
	if n < 500 {
		t.Errorf("only %d forms", n)
	}
}
