package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/api"

	"github.com/google/go-cmp/cmp"
)

// Decisions come out as labelled data: what was decided, as it was judged, without what leads to a person.
func TestExportReviews(t *testing.T) {
	h := newHouse(t)
	h.book.AddSource(counterpoint.Source{ID: "radio-x"})
	h.book.AddSource(counterpoint.Source{ID: "reporter-12", Kind: counterpoint.Report})
	reviewer := h.book.AddAccount("Rita", counterpoint.Reviewer)
	part := counterpoint.Part{Rating: counterpoint.Met, Evidence: "heard"}
	rabat := counterpoint.Rabat{Context: part, Speaker: part, Intent: part, Content: part, Extent: part, Likelihood: part}
	flag := func(source, text string, example bool) counterpoint.Flag {
		it := h.book.AddItem(counterpoint.ItemView{Title: text, Source: source, Example: example, Segments: []counterpoint.SegmentView{{Text: text, Speaker: "Caller Amadou", Lang: "hau"}}})
		s, err := it.Passage(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.Level, s.Threshold, s.Versions = 2, &counterpoint.Threshold{Head: "cues"}, map[string]string{"hate": "hate-1"}
		return h.book.AddFlag(s)
	}
	confirm := func(f counterpoint.Flag) {
		if _, err := h.desk.ConfirmFlag(t.Context(), api.Call{By: reviewer, Version: f.Version}, f.ID, rabat, "", ""); err != nil {
			t.Fatal(err)
		}
	}
	confirm(flag("radio-x", "call +234 803 555 01 23 or 0803\u20135550124 or write to a.b@example.org or @amadou_x, see https://example.org/x, t.me/amadou", false))
	f := flag("radio-x", "talk of a film", false)
	if _, err := h.desk.RejectFlag(t.Context(), api.Call{By: reviewer, Version: f.Version}, f.ID, "a film"); err != nil {
		t.Fatal(err)
	}
	flag("radio-x", "nobody decided this", false)
	confirm(flag("radio-x", "made up for the example", true))
	confirm(flag("reporter-12", "written in confidence", false))

	if th, _ := h.want(200, "viewer", "GET", "/api/v1/flags/"+f.ID, nil).body["threshold"].(map[string]any); th["head"] != "cues" || th["expected_precision"] != nil {
		t.Errorf("the flag's threshold is %v", th)
	}
	a := h.want(200, "analyst", "GET", "/api/v1/export/reviews.jsonl", nil)
	h.want(403, "reviewer", "GET", "/api/v1/export/reviews.jsonl", nil)
	h.want(422, "analyst", "GET", "/api/v1/export/reviews.jsonl?limit=3", nil)
	type row struct {
		Source, Lang, Text, Split string
		Labels                    map[string]*int
		Raw                       map[string]any
	}
	got := map[string]string{}
	for line := range strings.Lines(a.text) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"hate", "offensive", "violence", "dehumanization"} {
			if v, ok := r.Labels[key]; !ok || (v != nil) != (key == "hate") {
				t.Errorf("%q: label %s is %v, there %v", r.Text, key, v, ok)
			}
		}
		if r.Source != "reviews" || r.Lang != "hau" && r.Lang != "und" || r.Split != "train" && r.Split != "dev" || r.Raw["kind"] != "radio" || r.Raw["head"] != "cues" {
			t.Errorf("row %+v", r)
		}
		got[r.Text] = fmt.Sprint(*r.Labels["hate"])
	}
	want := map[string]string{"call <number> or <number> or write to <email> or @user, see <url> <url>": "1", "talk of a film": "0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, private := range []string{"Amadou", "Rita", "reporter-12", "radio-x", reviewer.ID} {
		if strings.Contains(a.text, private) {
			t.Errorf("%q stands in the export", private)
		}
	}
}
