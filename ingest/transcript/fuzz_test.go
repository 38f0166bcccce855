package transcript_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/ingest/transcript"

	"bytes"
)

func FuzzVTT(f *testing.F)     { fuzz(f, "vtt") }
func FuzzSRT(f *testing.F)     { fuzz(f, "srt") }
func FuzzWhisper(f *testing.F) { fuzz(f, "whisper") }
func FuzzTRS(f *testing.F)     { fuzz(f, "trs") }
func FuzzSTM(f *testing.F)     { fuzz(f, "stm") }
func FuzzText(f *testing.F)    { fuzz(f, "text") }
func FuzzJSONL(f *testing.F)   { fuzz(f, "jsonl") }

// fuzz feeds any bytes: a parser refuses or emits items that hold what the rest of the line counts on.
func fuzz(f *testing.F, format string) {
	files, _ := filepath.Glob("testdata/" + format + "-*.in")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := parsers[format](bytes.NewReader(data), transcript.Options{}, func(p transcript.Parsed) error {
			check(t, p)
			return nil
		})
		var refusal *transcript.Refusal
		if err != nil && !errors.As(err, &refusal) {
			t.Fatalf("bytes in memory cannot fail to be read: %v", err)
		}
	})
}

func check(t *testing.T, p transcript.Parsed) {
	t.Helper()
	if len(p.Segments) == 0 {
		t.Error("an item without segments")
	}
	for i, s := range p.Segments {
		switch {
		case s.Seq != i:
			t.Errorf("segment %d has seq %d", i, s.Seq)
		case s.Text == "" || !utf8.ValidString(s.Text) || !utf8.ValidString(s.Speaker):
			t.Errorf("segment %d: text %q, speaker %q", i, s.Text, s.Speaker)
		case len(s.Text) > 8<<10:
			t.Errorf("segment %d has %d bytes", i, len(s.Text))
		case s.Quality == "" || s.Quality != counterpoint.Good && s.Doubt == "":
			t.Errorf("segment %d: quality %q without a doubt", i, s.Quality)
		case s.StartMS != nil && s.EndMS != nil && (*s.StartMS < 0 || *s.EndMS < *s.StartMS):
			t.Errorf("segment %d: %d to %d", i, *s.StartMS, *s.EndMS)
		}
		runes := utf8.RuneCountInString(s.Text)
		for _, w := range s.Weak {
			if w.Start < 0 || w.End <= w.Start || w.End > runes {
				t.Errorf("segment %d: weak span %v in %d runes", i, w, runes)
			}
		}
	}
}
