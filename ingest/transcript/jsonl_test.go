package transcript_test

import (
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/ingest/transcript"
)

func TestJSONLKeyInTheWrongPlace(t *testing.T) {
	f := func(line, want string) {
		t.Helper()
		var got []string
		o := transcript.Options{Reject: func(r counterpoint.Rejection, _ bool) { got = append(got, r.Reason) }}
		err := transcript.JSONL(strings.NewReader(line), o, func(transcript.Parsed) error { return nil })
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s = %q, %v; want %q", line, got, err, want)
		}
	}
	f(`{"id":"1","text":"Good morning."}`, `key "text" belongs into segments: "segments":[{"text":…}]`)
	f(`{"id":"1","Speaker":"A","segments":[]}`, `key "Speaker" belongs into segments: "segments":[{"speaker":…}]`)
	f(`{"id":"1","segments":[{"text":"Good morning.","url":"https://x.example/"}]}`, `key "url" belongs to the item, beside segments and not into one`)
	f(`{"id":"1","segmnets":[]}`, `unknown key "segmnets"; did you mean "segments"?`)
}
