package indextest

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// Line is a sentence in a known language.
type Line struct {
	Lang string `json:"lang"`
	Text string `json:"text"`
}

// Lines are n real sentences in all languages of the training data, those of one language side by side. It skips
// the test where the data is not there.
func Lines(t testing.TB, n int) []Line {
	t.Helper()
	shelves, err := shelves()
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no ../shared/data/langid beside the repository: there is no real text to ask about")
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := sample(shelves, n)
	if len(lines) < n {
		t.Fatalf("%d lines in ../shared/data/langid, want %d", len(lines), n)
	}
	return lines
}

// shelfSize is how many lines of one language in one file are looked at.
const shelfSize = 400

// shelves are the lines by file and language.
func shelves() ([][]Line, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "..", "shared", "data", "langid", "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, os.ErrNotExist)
	}
	var out [][]Line
	for _, path := range files {
		list, err := shelvesOf(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, list...)
	}
	return out, nil
}

func shelvesOf(path string) ([][]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	var out [][]Line
	at := map[string]int{}
	sc := bufio.NewScanner(z)
	for sc.Scan() {
		var l Line
		if err := json.Unmarshal(sc.Bytes(), &l); err != nil {
			return nil, err
		}
		i, ok := at[l.Lang]
		if !ok {
			i, at[l.Lang] = len(out), len(out)
			out = append(out, nil)
		}
		if len(out[i]) < shelfSize {
			out[i] = append(out[i], l)
		}
	}
	return out, sc.Err()
}

// sample takes as many from each shelf as make n, and spells some of the Manding and Fula lines in the scripts
// made for these languages, which the data lacks.
func sample(shelves [][]Line, n int) []Line {
	var out []Line
	for each := 1; each <= shelfSize && len(out) < n; each++ {
		out = out[:0]
		for _, s := range shelves {
			out = append(out, s[:min(each, len(s))]...)
		}
	}
	out = out[:min(n, len(out))]
	slices.SortStableFunc(out, func(a, b Line) int { return strings.Compare(a.Lang, b.Lang) })
	for i, l := range out {
		switch {
		case i%2 == 0 && slices.Contains([]string{"bam", "dyu", "kau"}, l.Lang):
			out[i].Text = respell(l.Text, nko)
		case i%2 == 0 && slices.Contains([]string{"ful", "fuv", "fuc"}, l.Lang):
			out[i].Text = respell(l.Text, adlam)
		}
	}
	return out
}

// The letters are those of the alphabets' tables; tone and length marks come by place, so that they vary.
var (
	nko = map[rune]string{
		'a': "ߊ߫", 'e': "ߋ", 'i': "ߌ߬", 'ɛ': "ߍ", 'u': "ߎ߲", 'o': "ߏ", 'ɔ': "ߐ߫", 'b': "ߓ", 'p': "ߔ", 't': "ߕ", 'j': "ߖ", 'c': "ߗ",
		'd': "ߘ", 'r': "ߙ", 's': "ߛ", 'g': "ߜ", 'f': "ߝ", 'k': "ߞ", 'l': "ߟ", 'm': "ߡ", 'n': "ߣ", 'ɲ': "ߢ", 'h': "ߤ", 'w': "ߥ", 'y': "ߦ",
	}
	adlam = map[rune]string{
		'a': "𞤢𞥄", 'd': "𞤣", 'l': "𞤤", 'm': "𞤥", 'b': "𞤦", 's': "𞤧", 'p': "𞤨", 'ɓ': "𞤩", 'r': "𞤪", 'e': "𞤫𞥅", 'f': "𞤬", 'i': "𞤭",
		'o': "𞤮", 'ɗ': "𞤯", 'y': "𞤰", 'w': "𞤱", 'n': "𞤲", 'k': "𞤳", 'j': "𞤶", 'c': "𞤷", 'h': "𞤸", 'g': "𞤺", 't': "𞤼", 'u': "𞤵",
	}
)

func respell(text string, letters map[rune]string) string {
	var b strings.Builder
	for i, r := range []rune(text) {
		s, ok := letters[unicode.ToLower(r)]
		if !ok {
			b.WriteRune(r)
			continue
		}
		rs := []rune(s)
		if i%3 == 0 { // as most people type: without marks
			rs = rs[:1]
		}
		b.WriteString(string(rs))
	}
	return b.String()
}
