package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rules by which a term is dropped, on invented words.
func TestChoose(t *testing.T) {
	classes, err := readClasses("# a comment\nHARM INF\tkill, burn\nMODAL\tmust\nTHEM\tthem\nTHING\tfood\n")
	if err != nil {
		t.Fatal(err)
	}
	often := map[string]float64{"ubi": 0.02, "zorbak": 0.0001}
	f := func(english, term string, want bool) {
		t.Helper()
		lines := choose(classes, mapped(term, english), often)
		if got := slices.ContainsFunc(lines, func(l line) bool { return l.tags != "THING" && slices.Contains(l.forms, term) }); got != want {
			t.Errorf("%s for %s is taken: %v, want %v", term, english, got, want)
		}
	}
	f("kill", "zorbak", true)
	f("kill", "zorbak (animals)", false) // a note
	f("kill", "zorbak/zarbak", false)    // alternatives
	f("kill", "za zor bak", false)       // too many words
	f("kill", "ku", false)               // too short
	f("kill", "ubi", false)              // a function word, by how often it is said
	f("kill", "-orbak", false)           // an affix
	f("must", "lazim na ku", true)       // an obligation may have three words
	f("must", "ubi", false)              // too frequent even for one
	f("kill;burn", "zorbak", true)       // one class
	f("kill;food", "zorbak", false)      // two classes
	f("kill;a;b;c", "zorbak", false)     // four meanings
}

// mapped are the terms of a list in which one word stands for several English ones.
func mapped(text, english string) []term {
	var out []term
	for e := range strings.SplitSeq(english, ";") {
		out = append(out, term{e, text})
	}
	return out
}

// What speaks against a call is taken whatever else it means.
func TestChooseTakesWhatSpeaksAgainst(t *testing.T) {
	classes, err := readClasses("HARM INF\tkill\nTHING\tfood\n")
	if err != nil {
		t.Fatal(err)
	}
	lines := choose(classes, mapped("zarb", "food;kill"), nil)
	if len(lines) != 1 || lines[0].tags != "THING" {
		t.Errorf("lines %v; want the thing alone", lines)
	}
}

func TestRunWritesPacksThatMakeACall(t *testing.T) {
	dir := t.TempDir()
	list, text, packs := filepath.Join(dir, "list.tsv.gz"), filepath.Join(dir, "text"), filepath.Join(dir, "packs")
	zip(t, list, "lang\tenglish\tterm\nxxx\tKill\tzorbak\nxxx\tmust\tlazim\nxxx\tthem\tndo\nyyy\tkill\tkurb\n")
	if err := os.Mkdir(text, 0o755); err != nil {
		t.Fatal(err)
	}
	zip(t, filepath.Join(text, "a.jsonl.gz"), `{"lang":"xxx","text":"ubi ndo"}`+"\n")
	if err := run(list, text, packs, nil); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(packs, "xxx", "dictionary.tsv"))
	if err != nil || !strings.Contains(string(got), "d-kill\tHARM INF\tzorbak\tkill\n") || !strings.Contains(string(got), "!status dictionary") {
		t.Errorf("the pack is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Join(packs, "yyy")); !os.IsNotExist(err) {
		t.Errorf("a language with a verb of harm alone got a pack: %v", err)
	}
	zip(t, list, "xxx\tkill\n")
	if err := run(list, text, packs, nil); err == nil || !strings.Contains(err.Error(), "list.tsv.gz:1") {
		t.Errorf("error %v, want file and line", err)
	}
}

func zip(t *testing.T, path, content string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}
