package web_test

import (
	"net/url"
	"testing"

	"counterpoint"
)

// TestUnknownLanguageIsEverybodysQueue checks that a call for harm in a language nobody could tell is seen by a
// reviewer who reads some languages only: in the list, in its counts, in the banner and when the next ten are taken.
func TestUnknownLanguageIsEverybodysQueue(t *testing.T) {
	p := newPlace(t)
	it := p.book.AddItem(counterpoint.ItemView{Title: "Night call", Source: "radio-lumo", Lang: counterpoint.Undetermined, Example: true, Segments: []counterpoint.SegmentView{{Text: "zzub wakra lumo", Lang: counterpoint.Undetermined, Level: 3, Assessed: true}}})
	unknown := p.passage(it, 0, 0, 3, 3, counterpoint.Undetermined, p.now)
	w := p.signIn("Nadia Okello")
	w.fill(w.get("/me"), "/me", "languages", "fra, swa").is(200)

	queue := w.get("/").is(200)
	queue.says("zzub wakra", "2 open", "2 open passages call for harm", "language unknown")
	if queue.find("option", "value", counterpoint.Undetermined) == nil {
		t.Error("the filter does not offer passages in an unknown language")
	}
	// Filtering by something else keeps the person's languages, and does not narrow the list to one of them.
	v := valuesOf(queue.find("form", "action", "/"))
	if v.Set("level", "3"); v.Get("lang") != "" {
		t.Errorf("the filter starts with language %q, want the person's own", v.Get("lang"))
	}
	w.get("/?"+v.Encode()).is(200).says("zzub wakra", "2 open passages call for harm")
	w.get("/?"+url.Values{"lang": {counterpoint.Undetermined}}.Encode()).is(200).says("zzub wakra", "1 open")
	for _, a := range []answer{w.get("/search"), w.get("/trends")} {
		if a.is(200).find("option", "value", counterpoint.Undetermined) == nil {
			t.Errorf("%s: the filter does not offer passages in an unknown language", a.path)
		}
	}

	w.fill(queue, "/lease").is(200)
	if held := w.get("/flags/" + unknown.ID).is(200); held.find("form", "action", "/flags/"+unknown.ID+"/lease") != nil {
		t.Error("taking the next ten left the passage in an unknown language")
	}
}
