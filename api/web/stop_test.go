package web_test

import (
	"context"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// TestNobodyReadsWhatWasTakenBack withdraws a message that has slots to come and late, and looks at every page that a
// presenter reads from: the words are gone, and nobody is asked to accept them.
func TestNobodyReadsWhatWasTakenBack(t *testing.T) {
	p := newPlace(t)
	radio := p.signIn("Radio Sango team")
	late, offered := p.airings(counterpoint.Accepted)[0], p.airings(counterpoint.Offered)[0]
	m := apitest.Get[counterpoint.Message](p.book, late.Message)
	before := radio.get("/today").is(200)
	before.says("Maji ya visima", "فُحصت مياه", "One is late")
	p.must(p.desk.WithdrawMessage(context.Background(), api.Call{By: p.by("Radio Sango team"), Version: m.Version}, m.ID, "the water was tested again"))

	for _, path := range []string{"/today", "/today?station=radio-lumo", "/today/sheet", "/airings/" + late.ID, "/airings/" + offered.ID} {
		a := radio.get(path).is(200)
		a.says("Withdrawn: do not read")
		for _, words := range []string{"Maji ya visima", "فُحصت مياه", "One is late", "/accept"} {
			if strings.Contains(a.body, words) {
				t.Errorf("%s: still has %q", path, words)
			}
		}
		if len(a.all("s")) == 0 {
			t.Errorf("%s: the slot is not struck out", path)
		}
	}
	if today := radio.get("/today").is(200); today.find("form", "action", "/airings/"+late.ID+"/prove") != nil || today.find("a", "href", "/airings/"+late.ID) == nil {
		t.Error("the list asks whether the late slot went out, or does not lead to where that can be said")
	}
	if sheet := radio.get("/today/sheet").is(200); strings.Contains(sheet.body, "☐") {
		t.Error("the sheet has boxes for a slot that is not to be read")
	}
	if message := radio.get("/messages/" + m.ID).is(200); strings.Contains(message.body, "/accept") {
		t.Error("the message's page still offers the slot for acceptance")
	}
	// That it went out all the same is a fact, and can be said.
	said := radio.fill(radio.get("/airings/"+late.ID).is(200), "/airings/"+late.ID+"/prove", "grade", "D").is(200)
	said.says("Reported today")
	if got := apitest.Get[counterpoint.Airing](p.book, late.ID); got.State != counterpoint.Aired {
		t.Errorf("the slot is %s, want aired", got.State)
	}
}

// TestNobodyReadsWhatWasClosed closes a message of which slots are still to come.
func TestNobodyReadsWhatWasClosed(t *testing.T) {
	p := newPlace(t)
	m := apitest.Get[counterpoint.Message](p.book, p.airings(counterpoint.Offered)[0].Message)
	p.must(p.desk.CloseMessage(context.Background(), api.Call{By: p.by("Radio Sango team"), Version: m.Version}, m.ID, ""))
	w := p.signIn("Radio Sango team")
	for _, path := range []string{"/today", "/today/sheet"} {
		a := w.get(path).is(200)
		a.says("Closed: do not read")
		if strings.Contains(a.body, "فُحصت مياه") {
			t.Errorf("%s: shows the words of a closed message", path)
		}
	}
}

// TestNobodyReadsWhatIsNotApproved changes a message that was offered: its new words are not read before they are
// approved.
func TestNobodyReadsWhatIsNotApproved(t *testing.T) {
	p := newPlace(t)
	ctx, radio, emre := context.Background(), p.by("Radio Sango team"), p.by("Emre Aksoy")
	draft := counterpoint.MessageDraft{Narrative: p.story, Kind: counterpoint.Correction, Audience: "All", Variants: []counterpoint.Variant{{Lang: "eng", Script: "The bridge is open."}}}
	m := p.must(p.desk.WriteMessage(ctx, api.Call{By: radio}, draft)).ID
	p.must(p.desk.SubmitMessage(ctx, api.Call{By: radio, Version: 1}, m))
	p.must(p.desk.ApproveMessage(ctx, api.Call{By: emre, Version: 2}, m))
	p.must(p.desk.OfferAiring(ctx, api.Call{By: radio}, m, "eng", "radio-lumo", p.now.Add(3600e9)))
	w := p.signIn("Radio Sango team")
	w.get("/today/sheet").is(200).says("The bridge is open.")
	draft.Variants[0].Script = "The bridge is closed."
	p.must(p.desk.EditMessage(ctx, api.Call{By: radio, Version: 3}, m, draft))
	for _, path := range []string{"/today", "/today/sheet"} {
		a := w.get(path).is(200)
		a.says("not approved any more: do not read")
		if strings.Contains(a.body, "The bridge is") {
			t.Errorf("%s: shows words that nobody approved", path)
		}
	}
}

// TestNobodyTypesTheBestProof checks that a person can give their word or quote a log, and no more: that it was heard on
// air is for the transcript to say.
func TestNobodyTypesTheBestProof(t *testing.T) {
	p := newPlace(t)
	radio := p.signIn("Radio Sango team")
	late := p.airings(counterpoint.Accepted)[0]
	page, prove := radio.get("/airings/"+late.ID).is(200), "/airings/"+late.ID+"/prove"
	var offered []string
	for n := range page.find("select", "name", "grade").Descendants() {
		if n.Data == "option" {
			offered = append(offered, attr(n, "value"))
		}
	}
	if got := strings.Join(offered, " "); got != "C D" {
		t.Errorf("the page offers proofs %q, want C and D", got)
	}
	for _, grade := range []string{"A", "B", ""} {
		radio.fill(page, prove, "grade", grade).is(422).says("better proofs come from our own transcript")
	}
	radio.fill(page, prove, "grade", "C").is(422).says("quote the line of the playout log")
	radio.fill(page, prove, "grade", "C", "evidence", "08:40:00;SPOT;WELLS-SW;00:00:21").is(200)
	if got := apitest.Get[counterpoint.Airing](p.book, late.ID); got.Grade != counterpoint.Logged {
		t.Errorf("the slot has proof %q, want C", got.Grade)
	}
	p.signIn("Radio Sango team").get("/help").is(200).says("heard on air, in a transcript of our own")
}
