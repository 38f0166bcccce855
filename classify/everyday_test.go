package classify_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"counterpoint"
	"counterpoint/classify"
)

// shared is the folder of data beside the repository, or a skip.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skip("the corpora are not here (../shared): the rate of false alarms is not measured")
	}
	return path
}

// Everyday text of twelve languages (news, health advice, stories, posts, the Declaration of Human Rights), its
// language not declared, must raise next to no flag: at most one in a thousand, and hardly one of level 3.
func TestEverydayTextRaisesNextToNoFlag(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "langid"), "*.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, nil)
	langs := []string{"eng", "fra", "ara", "swa", "hau", "kin", "lin", "som", "por", "spa", "ful", "wol"}
	n, all, flags, calls := 0, 0, 0, 0
	for _, name := range files {
		if filepath.Base(name) == "gatitos.jsonl.gz" { // words without sentences
			continue
		}
		eachLine(t, name, func(lang, text string) {
			if n++; !slices.Contains(langs, lang) || n%16 != 0 {
				return
			}
			all++
			a := judge(t, s, text, classify.Input{Kind: counterpoint.Web})
			if !a.Flag {
				return
			}
			flags++
			if a.Level == 3 {
				calls++
			}
			t.Logf("%s: level %d, basis %s", lang, a.Level, a.Basis)
		})
	}
	t.Logf("%d flags, %d of level 3, of %d lines", flags, calls, all)
	if all < 1000 || flags*1000 > all || calls*5000 > all {
		t.Errorf("%d flags, %d of level 3, of %d lines; want at most 1 in 1,000 and 1 in 5,000", flags, calls, all)
	}
}

func eachLine(t *testing.T, name string, do func(lang, text string)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var row struct{ Lang, Text string }
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		do(row.Lang, row.Text)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
}
