package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

func (p *place) airings(state counterpoint.AiringState) []counterpoint.Airing {
	p.t.Helper()
	list, err := counterpoint.All[counterpoint.Airing](context.Background(), p.book, counterpoint.Query{State: []string{string(state)}})
	if err != nil || len(list) == 0 {
		p.t.Fatalf("airings that are %s: %d, %v", state, len(list), err)
	}
	return list
}

// TestStationsDay walks a station's day: its slots alone, the offer declined, the table of what stands.
func TestStationsDay(t *testing.T) {
	p := newPlace(t)
	radio := p.signIn("Radio Sango team")
	all := radio.get("/today").is(200)
	all.says("All stations", "Radio Lumo", "صوت الوادي", "The day by station", "Offered", "Accepted")
	offered := p.airings(counterpoint.Offered)[0]
	one := radio.get("/today?station=" + url.QueryEscape(offered.Station)).is(200)
	if strings.Contains(one.body, p.airings(counterpoint.Accepted)[0].ID) {
		t.Error("another station's slot is shown")
	}
	after := radio.fill(one, "/airings/"+offered.ID+"/decline").is(200)
	after.says("Declined.", "Nothing waits to be read today")
	if got := after.find("a", "aria-current", "true"); got == nil || text(got) != offered.Station {
		t.Error("after the answer another list is shown")
	}
	if got := apitest.Get[counterpoint.Airing](p.book, offered.ID); got.State != counterpoint.Declined {
		t.Errorf("the airing is %s", got.State)
	}
	after.says("The day by station", "Declined")
	// A station goes by one name, whichever was typed.
	lumo := radio.get("/today?station=Radio+Lumo").is(200)
	lumo.says("late by 50 min", "Calendar of this station")
	if got := lumo.find("a", "href", "/today/sheet?station=radio-lumo"); got == nil {
		t.Error("the sheet of the station is not offered")
	}
	if a := p.signIn("Visitor").get("/today?station=Radio+Lumo").is(200); strings.Contains(a.body, "/calendar/") {
		t.Error("a visitor is shown the secret address")
	}
}

// TestTodayOnASlowLine measures a station's day of twelve slots as a phone gets it at 50 kbit/s: the first look within
// six seconds, style sheet included, and the next ones within five.
func TestTodayOnASlowLine(t *testing.T) {
	p := newPlace(t)
	ctx, chief, emre := context.Background(), p.by("Chief"), p.by("Emre Aksoy")
	for i := range 12 {
		m := p.must(p.desk.WriteMessage(ctx, api.Call{By: chief}, counterpoint.MessageDraft{Narrative: p.story, Kind: counterpoint.Correction, Audience: "All", Variants: []counterpoint.Variant{
			{Lang: "fra", Script: strings.Repeat("L'eau des puits a été testée mardi par le bureau de l'eau. Elle est propre. ", 4)}}})).ID
		p.must(p.desk.SubmitMessage(ctx, api.Call{By: chief, Version: 1}, m))
		p.must(p.desk.ApproveMessage(ctx, api.Call{By: emre, Version: 2}, m))
		a := p.must(p.desk.OfferAiring(ctx, api.Call{By: chief}, m, "fra", "radio-lumo", p.now.Add(time.Duration(i-4)*time.Hour)))
		if i%3 > 0 {
			p.must(p.desk.AcceptAiring(ctx, api.Call{By: chief, Version: a.Version}, a.ID))
		}
	}
	radio := p.signIn("Radio Sango team")
	page := radio.get("/today?station=radio-lumo").is(200)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.URL+attr(page.find("link", "rel", "stylesheet"), "href"), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip") // so that the client leaves it packed
	res, err := radio.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	style, err := io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("style sheet: %v, %q", err, res.Header.Get("Content-Encoding"))
	}
	const second = 50_000 / 8
	t.Logf("page %d bytes, style sheet %d bytes", len(page.body), style)
	if n := len(page.body); n > 5*second || n+int(style) > 6*second {
		t.Errorf("page %d bytes, style sheet %d bytes: %.1f s and %.1f s at 50 kbit/s", n, style, float64(n)/second, float64(n+int(style))/second)
	}
}

func TestSheet(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Radio Sango team")
	a := p.airings(counterpoint.Accepted)[0]
	sheet := w.get("/today/sheet").is(200)
	sheet.says(a.Code[:3]+" "+a.Code[3:], "Maji ya visima", "فُحصت مياه", "Went out", "Radio Lumo", "صوت الوادي", "the day after")
	if !strings.Contains(sheet.body, `<p class="meta">`+spelled(a.Code)+"</p>") {
		t.Errorf("the code is not spelled %q", spelled(a.Code))
	}
	one := w.get("/today/sheet?station=radio-lumo").is(200)
	if strings.Contains(one.body, "فُحصت مياه") || !strings.Contains(one.body, "Maji ya visima") {
		t.Error("the sheet of one station has not its slots alone")
	}
	w.get("/today/sheet?day=2026-03-12").is(200).says("12 March", "Nothing waits")
}

func spelled(code string) string {
	names := strings.Fields("Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel Juliett Kilo Mike November Papa Quebec Romeo Sierra Tango Victor Whiskey X-ray Yankee Zulu")
	var out []string
	for _, c := range code {
		word := string(c)
		for _, n := range names {
			if c >= 'A' && strings.HasPrefix(n, string(c)) {
				word = n
			}
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

// TestCalendar subscribes to a station's slots as a programme does: without signing in, by the address alone.
func TestCalendar(t *testing.T) {
	p := newPlace(t)
	ctx, radio := context.Background(), p.by("Radio Sango team")
	link := func() string {
		t.Helper()
		for _, a := range p.signIn("Radio Sango team").get("/today?station=radio-lumo").is(200).all("a") {
			if strings.HasPrefix(attr(a, "href"), "/calendar/") {
				return attr(a, "href")
			}
		}
		t.Fatal("no calendar is offered")
		return ""
	}
	address := link()
	nobody := p.signIn("")
	fetch := func() map[string]*ics.VEvent {
		t.Helper()
		a := nobody.get(address).is(200)
		if got := a.header.Get("Content-Type"); got != "text/calendar; charset=utf-8" {
			t.Errorf("Content-Type = %q", got)
		}
		if strings.Contains(a.body, "poison") || strings.Contains(a.body, "Maji ya") || strings.Contains(a.body, "river traders") {
			t.Errorf("the calendar says what was said or is to be read:\n%s", a.body)
		}
		cal, err := ics.ParseCalendar(strings.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]*ics.VEvent{}
		for _, e := range cal.Events() {
			out[e.Id()] = e
		}
		return out
	}
	value := func(e *ics.VEvent, name ics.ComponentProperty) string {
		if e == nil || e.GetProperty(name) == nil {
			return ""
		}
		return e.GetProperty(name).Value
	}
	accepted := p.airings(counterpoint.Accepted)[0]
	id := accepted.ID + "@counterpoint"
	events := fetch()
	if len(events) != 2 {
		t.Errorf("%d events, want the two of Radio Lumo", len(events))
	}
	e := events[id]
	if got := fmt.Sprint(value(e, ics.ComponentPropertyStatus), " ", value(e, ics.ComponentPropertySequence), " ", value(e, ics.ComponentPropertyDtStart)); got != "CONFIRMED 1 20260310T084000Z" {
		t.Errorf("the accepted slot is %s", got)
	}
	if got := value(e, ics.ComponentPropertySummary); !strings.Contains(got, accepted.Code[:3]+" "+accepted.Code[3:]) || !strings.Contains(got, "Swahili") {
		t.Errorf("its summary is %q", got)
	}

	offer := p.must(p.desk.OfferAiring(ctx, api.Call{By: radio}, accepted.Message, "fra", "Radio Lumo", p.now.Add(2*time.Hour)))
	state := func(id, status, sequence string) {
		t.Helper()
		if e := fetch()[id+"@counterpoint"]; value(e, ics.ComponentPropertyStatus) != status || value(e, ics.ComponentPropertySequence) != sequence {
			t.Errorf("%s is %s, sequence %s; want %s, %s", id, value(e, ics.ComponentPropertyStatus), value(e, ics.ComponentPropertySequence), status, sequence)
		}
	}
	state(offer.ID, "TENTATIVE", "0")
	p.must(p.desk.AcceptAiring(ctx, api.Call{By: radio, Version: offer.Version}, offer.ID))
	state(offer.ID, "CONFIRMED", "1")
	p.must(p.desk.CancelAiring(ctx, api.Call{By: radio, Version: offer.Version + 1}, offer.ID, "the road is cut"))
	state(offer.ID, "CANCELLED", "2")
	message := apitest.Get[counterpoint.Message](p.book, accepted.Message)
	p.must(p.desk.WithdrawMessage(ctx, api.Call{By: radio, Version: message.Version}, message.ID, "a name was wrong"))
	state(accepted.ID, "CANCELLED", "2")

	again := nobody.get(address).is(200)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server.URL+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", again.header.Get("ETag"))
	if a := nobody.read(nobody.Do(req)); a.status != http.StatusNotModified {
		t.Errorf("asked again without a change: %d, want 304", a.status)
	}
	nobody.get(strings.Replace(address, "radio-lumo", "sawt-al-wadi", 1)).is(404)
	nobody.get("/calendar/aaaaaaaaaaaaaaaaaaaaaaaaaa/radio-lumo.ics").is(404)
	w := p.signIn("Radio Sango team")
	w.fill(w.get("/today?station=radio-lumo"), "/calendar").is(200).says("The calendar has a new address.")
	nobody.get(address).is(404)
	if address = link(); len(fetch()) != 3 {
		t.Error("the new address does not show the slots")
	}
}
