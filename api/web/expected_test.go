package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/api"
)

// A flag says how often such a flag is right and what judged it, or that nobody knows; a call for harm comes first in
// any language.
func TestFlagSaysHowOftenItIsRight(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	english := w.get("/flags/" + p.flags[4].ID).is(200)
	english.says("About 8.1 in 100 (4.3 to 11)", "where 1 in 100 passages are hateful", "Not good enough to auto-prioritise: every flag",
		"flags 10 in 100, of all else 1.1 in 100, measured on 2,527 and 9,873 texts", "hate hate-1f00", "lexicon lexicon-2e11", "thresholds thresholds-3d22@0.01")
	swahili := w.get("/flags/" + p.flag.ID).is(200)
	swahili.says("Not good enough to auto-prioritise: no labelled data in this language.", "Calls for harm come first all the same.")
	if strings.Contains(swahili.body, "every flag needs") {
		t.Error("a language without data has a figure")
	}
}

// Once people decided enough flags of a source in a language, their decisions are the figure, on the page and in the
// API.
func TestDecisionsSayHowOftenFlagsAreRight(t *testing.T) {
	p := newPlace(t)
	nadia := p.by("Nadia Okello")
	for i := range counterpoint.EnoughDecided {
		it := p.book.AddItem(counterpoint.ItemView{Title: fmt.Sprint("Call ", i), Source: "addis-fm", Lang: "eng", Segments: []counterpoint.SegmentView{{Text: fmt.Sprint("they poison the wells, ", i), Lang: "eng", Assessed: true}}})
		f := p.passage(it, 0, 0, 1, 1, "eng", p.now)
		call := api.Call{By: nadia, Version: f.Version}
		if i%3 == 0 {
			p.must(p.desk.RejectFlag(t.Context(), call, f.ID, "talk of a film"))
		} else {
			p.must(p.desk.ConfirmFlag(t.Context(), call, f.ID, rabat(), "", ""))
		}
	}
	it := p.book.AddItem(counterpoint.ItemView{Title: "One more", Source: "addis-fm", Lang: "eng", Segments: []counterpoint.SegmentView{{Text: "they poison the wells again", Lang: "eng", Assessed: true}}})
	f := p.passage(it, 0, 0, 1, 1, "eng", p.now)
	page := p.signIn("Nadia Okello").get("/flags/" + f.ID).is(200)
	page.says("Of 100 flags of this source in this language about 67 (49 to 81), as people decided 30 of them.")
	if strings.Contains(page.body, "Not good enough") {
		t.Error("two of three flags are right, and the page calls that not good enough")
	}
	got, err := p.desk.Flag(t.Context(), f.ID)
	if err != nil || got.Threshold.Here != 30 || got.Threshold.Prevalence < 0.1 {
		t.Errorf("threshold %+v, %v; want 30 decisions and the prevalence they speak of", got.Threshold, err)
	}
	b, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(b), `"expected_precision":{"value":0.66`) || !strings.Contains(string(b), `"prevalence":0.1`) {
		t.Errorf("%v: %s", err, b)
	}
}
