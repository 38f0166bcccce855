package index_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
)

// TestEveryScript takes words out of lines of every language of the training data, writes them as people also
// do (without marks, with marks more, in capitals, decomposed) and searches for them: each must find its line.
func TestEveryScript(t *testing.T) {
	lines := sampleLines(t)
	s, err := embedded.Open(filepath.Join(t.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Update(t.Context(), nil, func(tx index.Tx) error {
		for _, l := range lines {
			v := counterpoint.SegmentView{ID: counterpoint.SegmentID(l.id, 0), Item: l.id, Text: l.Text, Lang: l.Lang}
			if err := tx.Put(counterpoint.KindSegment, v.ID, v); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	searches, scripts := 0, map[string]int{}
	for _, l := range lines {
		for _, word := range someWords(l.Text) {
			scripts[scriptOf(word)]++
			for _, q := range spellings(word) {
				p, err := s.Search(t.Context(), counterpoint.Query{Text: `"` + q + `"`, Item: []string{l.id}})
				searches++
				if err != nil || len(p.Data) != 1 || len(p.Data[0].Highlights) == 0 {
					t.Errorf("%s (%s): %q for %q found %d lines, %v; terms %v, line %v", l.Lang, l.file, q, word, len(p.Data), err, index.Terms(q), index.Terms(l.Text))
				}
			}
		}
	}
	if searches == 0 || len(scripts) < 10 {
		t.Errorf("only %d searches in the scripts %v", searches, scripts)
	}
	t.Logf("%d lines, %d searches, words by script: %v", len(lines), searches, scripts)
}

type sampleLine struct {
	Lang, Text string
	id, file   string
}

// sampleLines are two lines of each language of each file.
func sampleLines(t *testing.T) []sampleLine {
	t.Helper()
	dir := filepath.Join(repository(t), "..", "shared", "data", "langid")
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Skip("no ../shared/data/langid beside the repository")
	}
	var out []sampleLine
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		had := map[string]int{}
		for sc := bufio.NewScanner(z); sc.Scan(); {
			var l sampleLine
			if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if had[l.Lang]++; had[l.Lang] <= 2 {
				l.file = filepath.Base(path)
				l.id = counterpoint.ItemID(l.file, l.Text)
				out = append(out, l)
			}
		}
	}
	return out
}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
	}
	t.Fatal("no go.mod above the test")
	return ""
}

// someWords are three words of the line, as its spaces cut them.
func someWords(line string) []string {
	words := slices.DeleteFunc(strings.Fields(line), func(w string) bool {
		return strings.ContainsAny(w, `"*“”„«»`) || len(index.Terms(w)) == 0
	})
	if len(words) > 3 {
		words = []string{words[0], words[len(words)/2], words[len(words)-1]}
	}
	return words
}

// optional are the marks that people leave out, by script; extra is one they might add after its first letter.
var optional = []struct {
	script *unicode.RangeTable
	left   func(rune) bool
	extra  string
}{
	{unicode.Latin, anyMark, "\u0301"},
	{unicode.Greek, anyMark, "\u0301"},
	{unicode.Cyrillic, anyMark, "\u0301"},
	{unicode.Arabic, anyMark, "\u064e"},
	{unicode.Hebrew, anyMark, "\u05b7"},
	{unicode.Nko, anyMark, "\u07eb"},
	{unicode.Ethiopic, anyMark, "\u135f"},
	{unicode.Adlam, anyMark, "\U0001e945"},
	{unicode.Tifinagh, anyMark, ""},
	{unicode.Devanagari, oneOf("\u0901\u0902\u093c\u094d"), "\u093c"},
	{unicode.Bengali, oneOf("\u0981\u0982\u09bc\u09cd"), "\u09bc"},
	{unicode.Gujarati, oneOf("\u0a81\u0a82\u0abc\u0acd"), "\u0abc"},
	{unicode.Gurmukhi, oneOf("\u0a02\u0a3c\u0a4d\u0a70\u0a71"), "\u0a3c"},
	{unicode.Tamil, oneOf("\u0bcd"), ""},
	{unicode.Telugu, oneOf("\u0c02\u0c4d"), ""},
	{unicode.Kannada, oneOf("\u0c82\u0ccd"), ""},
	{unicode.Malayalam, oneOf("\u0d02\u0d4d"), ""},
}

// anyMark is any but the voicing of kana, which may stand in one word with Latin letters.
func anyMark(r rune) bool { return unicode.Is(unicode.Mn, r) && r != 0x3099 && r != 0x309a }

func oneOf(marks string) func(rune) bool {
	return func(r rune) bool { return strings.ContainsRune(marks, r) }
}

func spellings(word string) []string {
	out := []string{word, norm.NFD.String(word), norm.NFC.String(word), strings.ToUpper(word), "\u202b" + word + "\u200f"}
	for _, o := range optional {
		i := strings.IndexFunc(word, func(r rune) bool { return unicode.Is(o.script, r) })
		if i < 0 {
			continue
		}
		bare := strings.Map(func(r rune) rune {
			if o.left(r) {
				return -1
			}
			return r
		}, norm.NFD.String(word))
		out = append(out, bare)
		first := []rune(word[i:])[0]
		out = append(out, word[:i]+string(first)+o.extra+word[i+len(string(first)):])
	}
	return out
}

func scriptOf(word string) string {
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(table, r) }) {
			return name
		}
	}
	return "none"
}
