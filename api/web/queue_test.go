package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

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

// TestQuestionsComeBack sets passages aside with a question each: the list and the page say whom was asked and until
// when, and an answer that did not come is counted and linked in everybody's queue.
func TestQuestionsComeBack(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	ask := func(i int, whom, due string) {
		t.Helper()
		path := "/flags/" + p.flags[i].ID
		w.fill(w.get(path), path+"/needs-context", "asked", whom, "due", due, "reason", "who is meant?").is(200).says("Set aside.")
	}
	ask(0, "the liaison officer", "2026-03-10T13:30") // of the place: 12:30 UTC
	ask(1, "the water office", "2026-03-10T11:00")
	ask(2, "anybody", "")
	if queue := w.get("/").is(200); strings.Contains(queue.body, "overdue") {
		t.Error("an answer that is not due yet is called overdue")
	}
	aside := w.get("/?state=needs-context&lang=all").is(200)
	aside.says("Asked: the liaison officer · by today 13:30", "Asked: the water office", "Asked: anybody · no time was set")

	p.now = p.now.Add(5 * time.Hour) // 14:30 UTC
	queue := w.get("/").is(200)
	queue.says("2 answers overdue")
	late := w.get(queue.one("/", url.Values{"state": {"needs-context"}, "overdue": {"1"}})).is(200)
	late.says("overdue by 2 h", "overdue by 4 h 30 min")
	if first := late.find("a", "class", "open"); !strings.HasPrefix(attr(first, "href"), "/flags/"+p.flags[1].ID) {
		t.Errorf("the first is %s, want the longest overdue", attr(first, "href"))
	}
	if strings.Contains(late.body, "anybody") || len(late.all("tr", "class", "row")) != 2 {
		t.Error("the list of what is overdue has others")
	}
	w.get("/flags/"+p.flags[0].ID).is(200).says("Asked: the liaison officer", "overdue by 2 h", "who is meant?")

	w.fill(w.get("/me"), "/me", "languages", "swa").is(200)
	w.get("/").is(200).says("1 answer overdue")
	path := "/flags/" + p.flags[0].ID
	w.fill(w.get(path), path+"/reject", "reason", "a song").is(200)
	if strings.Contains(w.get("/").is(200).body, "overdue") {
		t.Error("what was decided is still called overdue")
	}
	if strings.Contains(w.get(path).is(200).body, "overdue") {
		t.Error("the page of what was decided still waits for an answer")
	}
}

// TestFilterThatCannotBeRead asks for what no list can be filtered by: the page says so and shows what it does without.
func TestFilterThatCannotBeRead(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	w.get("/?level=high&lang=klingonish&state=bogus").is(200).says("Not understood", "Level high", "Language klingonish", "State bogus", "4 open")
	w.get("/search?q=water&from=tomorrow&label=rude").is(200).says("Not understood", "From tomorrow", "Label rude")
	w.get("/trends?to=2026-13-01").is(200).says("Not understood", "To 2026-13-01")
	w.get("/items?lang=fra&level=9").is(200).says("Level 9")
	if a := w.get("/?level=3&lang=all&state=all"); strings.Contains(a.body, "Not understood") {
		t.Error("a filter that can be read is said not to be")
	}
}
