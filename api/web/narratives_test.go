package web_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// TestWhatWentOutBeforeIsNoAnswer proves an airing years before the story was heard, as a slip of the pen does: the pages
// say "before", and praise nobody for an answer.
func TestWhatWentOutBeforeIsNoAnswer(t *testing.T) {
	p := newPlace(t)
	ctx, radio, emre, nadia := context.Background(), p.by("Radio Sango team"), p.by("Emre Aksoy"), p.by("Nadia Okello")
	story := p.must(p.desk.MakeNarrative(ctx, api.Call{By: nadia}, "The bridge is said to be mined", "", nil)).ID
	p.must(p.desk.LinkFlag(ctx, api.Call{By: nadia, Version: p.flags[1].Version}, p.flags[1].ID, story))
	m := p.must(p.desk.WriteMessage(ctx, api.Call{By: radio}, counterpoint.MessageDraft{Narrative: story, Kind: counterpoint.Correction, Audience: "All", Variants: []counterpoint.Variant{{Lang: "eng", Script: "The bridge is open."}}})).ID
	p.must(p.desk.SubmitMessage(ctx, api.Call{By: radio, Version: 1}, m))
	p.must(p.desk.ApproveMessage(ctx, api.Call{By: emre, Version: 2}, m))
	air := p.must(p.desk.OfferAiring(ctx, api.Call{By: radio}, m, "eng", "radio-lumo", p.now)).ID
	heard := p.now.Add(-26 * time.Hour)
	p.must(p.desk.ProveAiring(ctx, api.Call{By: radio, Version: 1}, air, counterpoint.Attested, "read by the host", heard.AddDate(0, 0, -2522)))

	w := p.signIn("Nadia Okello")
	for _, path := range []string{"/narratives", "/narratives/" + story} {
		a := w.get(path).is(200)
		a.says("Went out 2,522 days before the story was first heard.")
		if strings.Contains(a.body, "after 2,522 days") {
			t.Errorf("%s: says that the story was answered after 2,522 days", path)
		}
	}
	w.get("/narratives/"+p.story).is(200).says("Answered after 19 h 47 min.", "Proof C: playout log.")
}
