package transcript_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest/transcript"
)

var update = flag.Bool("update", false, "write the golden files")

var parsers = map[string]transcript.Parser{
	"vtt": transcript.VTT, "srt": transcript.SRT, "whisper": transcript.Whisper, "trs": transcript.TRS,
	"stm": transcript.STM, "text": transcript.Text, "jsonl": transcript.JSONL,
}

// outcome is all that a parser said about an input.
type outcome struct {
	Items    []transcript.Parsed
	Rejected []string
	Notes    []string
	Refused  string
}

func parse(t testing.TB, p transcript.Parser, data []byte) outcome {
	t.Helper()
	var out outcome
	err := p(bytes.NewReader(data), transcript.Options{
		Pseudonym: func(name string) string { return "p(" + name + ")" },
		Note:      func(n string) { out.Notes = append(out.Notes, n) },
		Reject:    func(r counterpoint.Rejection, _ bool) { out.Rejected = append(out.Rejected, r.String()) },
	}, func(p transcript.Parsed) error {
		out.Items = append(out.Items, p)
		return nil
	})
	var refusal *transcript.Refusal
	switch {
	case errors.As(err, &refusal):
		out.Refused = refusal.Error()
	case err != nil:
		t.Fatalf("parse: %v", err)
	}
	return out
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.in")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata (%v)", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			format, _, _ := strings.Cut(filepath.Base(file), "-")
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			enc := json.NewEncoder(&b)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(parse(t, parsers[format], data)); err != nil {
				t.Fatal(err)
			}
			compare(t, strings.TrimSuffix(file, ".in")+".golden", b.Bytes())
		})
	}
}

func compare(t *testing.T, golden string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v; make it with go test -update and read it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", golden, diff)
	}
}
