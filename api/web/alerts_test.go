package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api/apitest"
)

// raise puts an alert for the flag into the book, as respond does, as if it were none of an example.
func (p *place) raise(f counterpoint.Flag) counterpoint.Alert {
	f.Example = false
	return p.raiseAs(f)
}

func (p *place) raiseAs(f counterpoint.Flag) counterpoint.Alert {
	p.t.Helper()
	f.Level = 3
	a := counterpoint.Alert{ID: counterpoint.AlertID(f.ID)}
	p.publish(a.Raise("respond", p.now, &f, counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 6}))
	return apitest.Get[counterpoint.Alert](p.book, a.ID)
}

func (p *place) publish(e counterpoint.Event, err error) counterpoint.Event {
	p.t.Helper()
	if err == nil {
		err = p.book.Publish(context.Background(), e)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// tried records an attempt through the channel, which came to the outcome.
func (p *place) tried(id, channel string, after time.Duration, outcome counterpoint.SendOutcome, detail string) {
	p.t.Helper()
	a := apitest.Get[counterpoint.Alert](p.book, id)
	claim := p.publish(a.Claim("respond", p.now.Add(after), channel, true))
	if outcome == "" {
		return
	}
	a = apitest.Get[counterpoint.Alert](p.book, id)
	p.publish(a.Record("respond", p.now.Add(after+time.Second), claim.ID, outcome, detail))
}

const waiting = "nobody has acknowledged"

// TestAlertBar: while an alert waits, every page says so, with a word, a shape, how many, and the way there.
func TestAlertBar(t *testing.T) {
	p := newPlace(t)
	pages := p.everyPage()
	bar := func(want int) {
		t.Helper()
		for who, paths := range pages {
			w := p.signIn(who)
			for _, path := range paths {
				a := w.get(path).is(200)
				here := a.find("aside", "class", "alert-bar")
				if (here != nil) != (want > 0 && who != "") {
					t.Errorf("%s as %q with %d alerts: bar is there: %v", path, who, want, here != nil)
					continue
				}
				if here == nil {
					continue
				}
				count := fmt.Sprint(want) + " alerts"
				if want == 1 {
					count = "One alert"
				}
				if s := text(here); !strings.Contains(s, "▲▲▲") || !strings.Contains(s, count) || !strings.Contains(s, waiting) || !strings.Contains(a.body, `<a href="/alerts"><span class="shape"`) {
					t.Errorf("%s: the bar says %q", path, s)
				}
			}
		}
	}
	bar(0)
	one := p.raise(p.flags[0])
	p.raise(p.flags[1])
	bar(2)
	p.publish(one.Acknowledge(p.by("Chief").ID, p.now))
	bar(1)
	if a := p.signIn("Chief").get("/nowhere").is(404); a.find("aside", "class", "alert-bar") == nil {
		t.Error("the page of an error says nothing of the alert")
	}
}

// TestAlertPages: what waits stands first, with what became of each message; acknowledging ends it, and who comes
// second reads who was first.
func TestAlertPages(t *testing.T) {
	p := newPlace(t)
	a := p.raise(p.flags[0])
	p.tried(a.ID, "desk", 0, counterpoint.SendFailed, "HTTP 503")
	p.tried(a.ID, "watch/1", 0, counterpoint.SendAccepted, "")
	p.tried(a.ID, "watch/2", 0, "", "")
	p.now = p.now.Add(2 * time.Minute)
	reviewer, visitor := p.signIn("Nadia Okello"), p.signIn("Visitor")
	for _, path := range []string{"/alerts", "/alerts/" + a.ID} {
		got := visitor.get(path).is(200)
		got.says("Calls for harm", "failed, comes again soon", "HTTP 503", "message 2 sent", "not known whether it arrived", "watch/1", "Raised", "Goes out again every 10 min", "Reviewers and approvers acknowledge")
		if got.find("form", "action", "/alerts/"+a.ID+"/acknowledge") != nil {
			t.Errorf("%s: a visitor may acknowledge", path)
		}
		accessible(t, got)
		secured(t, got)
	}
	if p.flags[0].Text == "" || strings.Contains(visitor.get("/alerts").body, p.flags[0].Text) {
		t.Error("the list of alerts has the words that were said")
	}
	reviewer.get("/flags/"+p.flags[0].ID).is(200).says("Alert", "Acknowledge it")
	page := reviewer.get("/alerts").is(200)
	second := p.signIn("Emre Aksoy").get("/alerts/" + a.ID).is(200)
	done := reviewer.fill(page, "/alerts/"+a.ID+"/acknowledge").is(200)
	done.says("Acknowledged. Nothing more goes out.", "Acknowledged by Nadia Okello")
	late := p.signIn("Emre Aksoy").fill(second, "/alerts/"+a.ID+"/acknowledge").is(409)
	late.says("Nadia Okello acknowledged the alert already")
	accessible(t, late)
	visitor.get("/alerts").is(200).says("No alert waits.", "One earlier alert", "Nadia Okello")
	reviewer.get("/flags/"+p.flags[0].ID).is(200).says("Acknowledged", "See what became of it")
	visitor.get("/audit").is(200).says("acknowledged an alert", "raised an alert")
	visitor.get("/alerts/alr_none").is(404)
	p.signIn("Radio Sango team").send("/alerts/"+a.ID+"/acknowledge", nil).is(403)
}

// TestAlertStands: what is said of an alert that reached nobody, of one that nobody acknowledged, and of one that was closed.
func TestAlertStands(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Visitor")
	w.get("/alerts/"+p.raiseAs(p.flags[1]).ID).is(200).says("Of an example no message goes out.", "Example")
	a := p.raise(p.flags[0])
	w.get("/alerts/" + a.ID).is(200).says("No message has reached anybody yet.")
	for round := range 7 {
		p.tried(a.ID, "desk", time.Duration(round)*10*time.Minute, counterpoint.SendAccepted, "")
	}
	p.now = p.now.Add(70 * time.Minute)
	w.get("/alerts").is(200).says("Nobody acknowledged. No message goes out any more", "4 earlier steps")
	a = apitest.Get[counterpoint.Alert](p.book, a.ID)
	p.publish(a.Close("respond", p.now, counterpoint.CalmRejected))
	w.get("/alerts/"+a.ID).is(200).says("Closed", "the flag was rejected")
	f := p.flags[0]
	f.Level, f.Example = 3, false
	a = apitest.Get[counterpoint.Alert](p.book, a.ID)
	p.publish(a.Raise("respond", p.now, &f, a.Plan))
	w.get("/alerts/"+a.ID).is(200).says("Raised again", "No message has reached anybody yet.")
}

// TestManyAlerts: the page stays under its budget, and all earlier alerts are found by its pages.
func TestManyAlerts(t *testing.T) {
	p := newPlace(t)
	for i := range 80 {
		f := p.flags[0]
		f.ID = fmt.Sprintf("flag_%03d", i)
		a := p.raise(f)
		for round := range 7 {
			if i < 40 {
				p.tried(a.ID, "the-night-desk-of-the-mission/1", time.Duration(round)*10*time.Minute, counterpoint.SendRefused, counterpoint.SendCertificate)
			}
		}
		if i >= 40 {
			p.publish(a.Acknowledge(p.by("Chief").ID, p.now))
		}
	}
	w := p.signIn("Chief")
	page := w.get("/alerts").is(200)
	style := len(w.get(attr(page.find("link", "rel", "stylesheet"), "href")).body)
	if n := len(page.body) + style; n > pageBudget {
		t.Errorf("%d bytes with its style, want at most %d", n, pageBudget)
	}
	page.says("40 wait for somebody", "40 earlier alerts")
	seen := map[string]bool{}
	walk := func(next func(answer) string) {
		for path := "/alerts"; path != ""; {
			a := w.get(path).is(200)
			for _, f := range a.all("article", "class", "card alert alert-open") {
				seen[attr(f, "id")] = true
			}
			for _, l := range a.all("a") {
				if id, ok := strings.CutPrefix(attr(l, "href"), "/alerts/"); ok {
					seen[id] = true
				}
			}
			path = next(a)
		}
	}
	walk(func(a answer) string {
		if n := a.find("a", "rel", "next"); n != nil {
			return attr(n, "href")
		}
		return ""
	})
	walk(func(a answer) string {
		for _, l := range a.all("a") {
			if strings.HasPrefix(attr(l, "href"), "/alerts?open=") {
				return attr(l, "href")
			}
		}
		return ""
	})
	if len(seen) != 80 {
		t.Errorf("%d alerts are on the pages, want all 80", len(seen))
	}
}
