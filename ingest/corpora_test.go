package ingest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/ingest"
)

// corpus unpacks archives of the data folder beside the repository, or skips.
func corpus(t *testing.T, name string) string {
	t.Helper()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
		root = filepath.Dir(root)
	}
	archives, _ := filepath.Glob(filepath.Join(root, "..", "shared", "data", "corpora", name, "*.tar.xz"))
	if len(archives) == 0 {
		t.Skipf("the corpus %s is not beside the repository", name)
	}
	dir := t.TempDir()
	for _, a := range archives {
		if out, err := exec.Command("tar", "xJf", a, "-C", dir).CombinedOutput(); err != nil {
			t.Skipf("tar with xz is needed to unpack %s: %v: %s", filepath.Base(a), err, out)
		}
	}
	return dir
}

// TestCaptionsCorpus holds what becomes of each real caption file, good and broken.
func TestCaptionsCorpus(t *testing.T) {
	dir := corpus(t, "captions")
	refused := map[string]string{ // by name or ending; everything else is read
		".ttml": "convert to WebVTT", ".stl": "convert to WebVTT", ".ssa": "convert to WebVTT", ".sbv": "convert to SRT",
		"broken-1-in.vtt": "no WebVTT caption", "no_captions.vtt": "no WebVTT caption", "empty.vtt": "is empty",
		"invalid_format1.srt": "no SRT caption", "invalid_format2.srt": "no SRT caption", "invalid_format3.srt": "no SRT caption",
		"invalid_format4.srt": "no SRT caption",
	}
	rejected := map[string]int{"invalid_timeframe.vtt": 1, "missing_timeframe.vtt": 1} // cues, in files that are read
	files, err := ingest.Files(dir)
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		base := filepath.Base(file)
		l := &line{}
		r, err := newDoor(t, l, t.TempDir()).AcceptFile(t.Context(), sahil, file, ingest.FileOptions{})
		if err != nil {
			t.Errorf("%s: %v", base, err)
			continue
		}
		want, bad := refused[base]
		if !bad {
			want, bad = refused[filepath.Ext(base)]
		}
		switch {
		case bad && (r.Accepted != 0 || len(r.Rejected) == 0 || !strings.Contains(r.Rejected[len(r.Rejected)-1].Reason, want)):
			t.Errorf("%s: %+v, want it refused: %s", base, r, want)
		case !bad && (r.Accepted != 1 || len(r.Rejected) != rejected[base] || len(l.parts[0].Segments) == 0):
			t.Errorf("%s: %+v, want it read with %d cues rejected", base, r, rejected[base])
		}
	}
}

// TestKallaamaCorpus reads every programme twice, as Transcriber wrote it and as it was exported to STM: both
// are the same recording, and the STM says nothing that the TRS does not. (It leaves out where two speak at once.)
func TestKallaamaCorpus(t *testing.T) {
	dir := corpus(t, "radio-kallaama")
	files, err := ingest.Files(dir)
	if err != nil || len(files) != 86 {
		t.Fatalf("%d files, %v; want 86", len(files), err)
	}
	programmes := map[string]map[string]counterpoint.Item{}
	segments, words := 0, 0
	for _, file := range files {
		l := &line{}
		r, err := newDoor(t, l, t.TempDir()).AcceptFile(context.Background(), sahil, file, ingest.FileOptions{})
		if err != nil || r.Accepted != 1 {
			t.Errorf("%s: %+v, %v", filepath.Base(file), r, err)
			continue
		}
		if len(r.Rejected) > 0 || len(r.Notes) > 0 {
			t.Logf("%s: rejected %v, notes %v", filepath.Base(file), r.Rejected, r.Notes)
		}
		it := joinParts(l.parts)
		if programmes[it.ID] == nil {
			programmes[it.ID] = map[string]counterpoint.Item{}
		}
		programmes[it.ID][it.Format] = it
		segments += len(it.Segments)
		words += wordCount(it)
	}
	t.Logf("%d programmes, %d segments, %d words", len(programmes), segments, words)
	for _, p := range programmes {
		trs, stm := p["trs"], p["stm"]
		a, b := wordCount(trs), wordCount(stm)
		if share := float64(b) / float64(max(a, 1)); share < .5 || share > 1.02 {
			t.Errorf("%s: %d words in TRS and %d in STM", trs.Locator, a, b)
		}
		if missing := b - common(trs, stm); missing > b/50 {
			t.Errorf("%s: %d of %d words of the STM are not in the TRS", stm.Locator, missing, b)
		}
	}
}

// common is how many words two items share, each as often as both have it.
func common(a, b counterpoint.Item) int {
	seen := map[string]int{}
	for _, s := range a.Segments {
		for w := range strings.FieldsSeq(counterpoint.Fold(s.Text)) {
			seen[w]++
		}
	}
	n := 0
	for _, s := range b.Segments {
		for w := range strings.FieldsSeq(counterpoint.Fold(s.Text)) {
			if seen[w] > 0 {
				seen[w]--
				n++
			}
		}
	}
	return n
}

func joinParts(parts []counterpoint.Item) counterpoint.Item {
	it := parts[0]
	for _, p := range parts[1:] {
		it.Segments = append(it.Segments, p.Segments...)
	}
	return it
}

func wordCount(it counterpoint.Item) int {
	n := 0
	for _, s := range it.Segments {
		n += len(strings.Fields(counterpoint.Fold(s.Text)))
	}
	return n
}
