package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// TestBusyPlace fills every list beyond its page: pages stay under the budget, style sheet included.
func TestBusyPlace(t *testing.T) {
	p := newPlace(t)
	ctx := context.Background()
	chief, emre := p.by("Chief"), p.by("Emre Aksoy")
	sentence := "እነዚህ ሰዎች ከከተማችን መውጣት አለባቸው ይላሉ አንዳንዶች። "
	var long []counterpoint.SegmentView
	for i := range 460 {
		long = append(long, counterpoint.SegmentView{Text: fmt.Sprint(i, " ", strings.Repeat(sentence, 1+i%12)), Speaker: "ደዋይ ከወንዝ ማዶ", StartMS: ms(float64(8 * i)), EndMS: ms(float64(8*i + 7)), Level: i % 4})
	}
	it := p.book.AddItem(counterpoint.ItemView{Title: strings.Repeat("ረጅም ርዕስ ", 30), Source: "addis-fm", Lang: "amh", Audio: "https://hill.example.org/long.mp3", Segments: long})
	var big counterpoint.Flag
	for i := range 45 {
		s, err := it.Passage(10*i, 10*i+3)
		if err != nil {
			t.Fatal(err)
		}
		s.Level, s.Lang = 1+i%3, "amh"
		for k := range 120 {
			s.Findings = append(s.Findings, counterpoint.Finding{Label: counterpoint.Hate, Start: k, End: k + 9, Contribution: float64(k%17) / 100, Reason: fmt.Sprintf("weighs in passages like this one (%d)", k), Segment: 10 * i})
		}
		big = p.book.AddFlag(s)
		p.book.AddSource(counterpoint.Source{ID: fmt.Sprintf("station-%d", i), Name: fmt.Sprintf("Station %d of the river valley", i), Languages: []string{"amh", "swa", "fra"}})
		p.account(fmt.Sprintf("Person %d", i), counterpoint.Reviewer, counterpoint.RadioTeam)
		p.must(p.desk.MakeNarrative(ctx, api.Call{By: chief}, fmt.Sprintf("Story %d about the market and the river", i), "", nil))
		m := p.must(p.desk.WriteMessage(ctx, api.Call{By: chief}, counterpoint.MessageDraft{Narrative: p.story, Kind: counterpoint.Correction, Audience: "Everybody who heard the morning show in the river quarter", Variants: []counterpoint.Variant{{Lang: "amh", Script: strings.Repeat(sentence, 6)}}})).ID
		p.must(p.desk.SubmitMessage(ctx, api.Call{By: chief, Version: 1}, m))
		p.must(p.desk.ApproveMessage(ctx, api.Call{By: emre, Version: 2}, m))
		p.must(p.desk.OfferAiring(ctx, api.Call{By: chief}, m, "amh", "Station 1", p.now.Add(time.Duration(i-22)*time.Hour)))
		if i < 30 {
			p.must(p.desk.NoteFlag(ctx, api.Call{By: chief, Version: p.flag.Version + i}, p.flag.ID, strings.Repeat("A long remark. ", 20), ""))
		}
	}
	w := p.signIn("Chief")
	style := len(w.get(attr(w.get("/").find("link", "rel", "stylesheet"), "href")).body)
	for _, path := range []string{
		"/", "/flags/" + big.ID, "/flags/" + p.flag.ID, "/items", "/items/" + it.ID, "/items/" + it.ID + "?from=200", "/narratives", "/narratives/" + p.story,
		"/messages", "/messages?state=approved", "/messages/new?narrative=" + p.story, "/today", "/search?level=3", "/trends", "/trends?by=source&from=2026-01-01", "/sources", "/sources/radio-lumo", "/accounts", "/accounts?edit=" + emre.ID, "/audit", "/reports", "/reports/" + p.sms.ID,
	} {
		a := w.get(path).is(200)
		if n := len(a.body) + style; n > pageBudget {
			t.Errorf("%s: %d bytes with its style, want at most %d", path, n, pageBudget)
		}
		accessible(t, a)
	}
	// Every segment of the long transcript is on exactly one page.
	seen, path := 0, "/items/"+it.ID
	for page := 0; path != "" && page < 460; page++ {
		a := w.get(path).is(200)
		seen += len(a.all("input", "name", "segment"))
		if path = ""; a.find("a", "rel", "next") != nil {
			path = "/items/" + it.ID + attr(a.find("a", "rel", "next"), "href")
		}
	}
	if seen != len(long) {
		t.Errorf("the pages of the transcript show %d segments, want %d", seen, len(long))
	}
	if n := len(w.get("/items/"+it.ID+"?from=351").all("li", "id", "s350")); n != 1 {
		t.Errorf("the page of segment 350 shows it %d times", n)
	}
}
