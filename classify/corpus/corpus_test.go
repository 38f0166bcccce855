package corpus_test

import (
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint/classify/corpus"

	"github.com/google/go-cmp/cmp"
)

type row struct{ Text string }

func write(t *testing.T, path, content string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		if _, err := f.WriteString(content); err != nil {
			t.Fatal(err)
		}
		return
	}
	z := gzip.NewWriter(f)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReadsAllFilesInOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.jsonl"), "{\"text\":\"b1\"}\n\n{\"text\":\"b2\"}")
	write(t, filepath.Join(dir, "a.jsonl.gz"), "{\"text\":\"a\"}\n")
	write(t, filepath.Join(dir, "README.md"), "no rows")
	files, err := corpus.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		if err := corpus.Each(t.Context(), f, func(r row) error { got = append(got, r.Text); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"a", "b1", "b2"}, got); d != "" {
		t.Error(d)
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.jsonl")
	write(t, bad, "{\"text\":\"x\"}\n{\"text\":\n")
	err := corpus.Each(context.Background(), bad, func(row) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "bad.jsonl, line 2") {
		t.Errorf("error %v, want one naming bad.jsonl, line 2", err)
	}
	if _, err := corpus.Files(t.TempDir()); err == nil {
		t.Error("an empty folder gave no error")
	}
	if _, err := corpus.Files(filepath.Join(dir, "none")); err == nil {
		t.Error("a missing folder gave no error")
	}
}

func TestRadio(t *testing.T) {
	const text = "The Mayor's car, they SAID, was parked near the old bridge at 9; nobody saw who left it there that evening!"
	got := corpus.Radio(text)
	if again := corpus.Radio(text); got != again {
		t.Errorf("twice: %q, %q", got, again)
	}
	if strings.ContainsAny(got, ",;!") || got != strings.ToLower(got) || !strings.Contains(got, "9") {
		t.Errorf("Radio = %q, want lower case without signs", got)
	}
	want := strings.ToLower(strings.NewReplacer(",", "", ";", "", "!", "").Replace(text))
	if got == want || len(got) < len(want)*8/10 || len(got) > len(want)*12/10 {
		t.Errorf("Radio = %q, want some letters wrong", got)
	}
	if corpus.Radio("…") != "" {
		t.Errorf("Radio of signs alone = %q", corpus.Radio("…"))
	}
}
