package web_test

import (
	"context"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/web"
)

// refused sends a form that is wrong, and checks what the page says of it and does not say.
func (w *person) refused(path string, fields url.Values, says []string, never ...string) {
	w.p.t.Helper()
	a := w.send(path, fields).is(422)
	a.says(says...)
	problems := text(a.find("div", "class", "problems"))
	for _, words := range never {
		if strings.Contains(problems, words) {
			w.p.t.Errorf("%s: says %q: %s", path, words, problems)
		}
	}
}

// TestErrorsSpeakOfThePage checks that what is wrong with a form is said in the names and words of its page.
func TestErrorsSpeakOfThePage(t *testing.T) {
	p := newPlace(t)
	chief, radio := p.signIn("Chief"), p.signIn("Radio Sango team")
	chief.refused("/sources", url.Values{"id": {"radio-new"}, "name": {"New"}, "kind": {"pirate"}}, []string{"Kind: must be"}, "What it does")
	chief.refused("/flags/"+p.flag.ID+"/confirm", url.Values{"version": {"1"}, "rabat.content.rating": {"met"}}, []string{"Content and form rests on"})
	radio.refused("/messages", url.Values{"narrative": {""}, "kind": {"correction"}, "audience": {"All"}, "lang": {"eng"}, "script": {"Words."}}, []string{"Story: choose a story"}, "narrative")
	p.signIn("Nadia Okello").refused("/flags/"+p.flag.ID+"/link", url.Values{"version": {"1"}, "narrative": {""}}, []string{"Story: choose a story"}, "narrative")

	m := p.airings(counterpoint.Accepted)[0].Message
	radio.refused("/messages/"+m+"/airings", url.Values{"station": {"radio-lumo"}, "lang": {""}, "planned": {""}},
		[]string{"Language: choose one of the languages that the message has", "When: say when: a day and a time"}, "RFC 3339", "variant", "language:")
	air := p.airings(counterpoint.Accepted)[0]
	radio.refused("/airings/"+air.ID+"/prove", url.Values{"version": {"2"}, "grade": {"D"}, "evidence": {"I heard it"}}, []string{"say when: a day and a time"}, "RFC 3339")
}

// TestNothingIsSaidToBeKeptThatIsNot checks that a password that must be typed again is not said to be kept.
func TestNothingIsSaidToBeKeptThatIsNot(t *testing.T) {
	p := newPlace(t)
	const kept = "Nothing you typed was lost."
	for _, a := range []answer{
		p.signIn("").send("/signin", url.Values{"name": {"Chief"}, "password": {"not this one"}}).is(401),
		p.signIn("Chief").send("/me/password", url.Values{"password": {"short"}}).is(422),
	} {
		if a.find("div", "class", "problems") == nil || strings.Contains(a.body, kept) {
			t.Errorf("%s: says nothing, or that the password was kept", a.path)
		}
	}
	w := p.signIn("Nadia Okello")
	w.send("/flags/"+p.flag.ID+"/reject", url.Values{"version": {"1"}, "reason": {""}}).is(422).says(kept)
}

// TestASourceNeverTaken checks that a source from which nothing was ever taken says "never", and not an unknown time.
func TestASourceNeverTaken(t *testing.T) {
	p := newPlace(t)
	failed := p.now.Add(-time.Minute)
	desk := p.book.Desk(api.DeskOptions{Now: func() time.Time { return p.now }, Collecting: func(context.Context) (map[string]counterpoint.Collecting, error) {
		return map[string]counterpoint.Collecting{"addis-fm": {Failed: &failed, Reason: "answers 503", Failures: 4}}, nil
	}})
	pages, err := web.New(web.Options{Desk: desk, Version: "test", Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	p.desk, p.server = desk, httptest.NewServer(api.Authenticate(desk)(pages.Handler()))
	t.Cleanup(p.server.Close)
	a := p.signIn("Chief").get("/sources/addis-fm").is(200)
	a.says("answers 503", "Last takennever")
	if strings.Contains(a.body, "time unknown") {
		t.Error("says that the time is unknown")
	}
}
