package api_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

func TestTrends(t *testing.T) {
	h := newHouseAt(t, noon)
	ctx := t.Context()
	today := noon.Truncate(24 * time.Hour)
	day := func(ago int) *time.Time { at := today.AddDate(0, 0, -ago).Add(time.Hour); return &at }
	story, err := h.desk.MakeNarrative(ctx, api.Call{By: api.Operator}, "=HYPERLINK(wells)", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	flag := func(source string, ago int, label counterpoint.Label) counterpoint.Flag {
		made++
		it := h.book.AddItem(counterpoint.ItemView{Title: fmt.Sprint("number ", made), Source: source, Recorded: day(ago), Seen: *day(ago), Segments: []counterpoint.SegmentView{{Text: fmt.Sprint("words ", made)}, {Text: "b"}}})
		s, err := it.Passage(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.Lang = "swa"
		s.Findings = []counterpoint.Finding{{Label: label, Score: .9, Start: 0, End: 1}}
		return h.book.AddFlag(s)
	}
	h.book.AddSource(counterpoint.Source{ID: "radio-a", Name: "@Radio A"})
	one := flag("radio-a", 3, counterpoint.Hate)
	flag("radio-a", 3, counterpoint.Violence)
	flag("radio-b", 5, counterpoint.Hate)
	gone := flag("radio-b", 5, counterpoint.Hate)
	_, err = h.desk.LinkFlag(ctx, api.Call{By: api.Operator, Version: one.Version}, one.ID, story.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.desk.RejectFlag(ctx, api.Call{By: api.Operator, Version: gone.Version}, gone.ID, "not hateful"); err != nil {
		t.Fatal(err)
	}
	h.answer(story.ID, *day(2))

	f := func(query string, want ...string) object {
		t.Helper()
		body := h.want(200, "viewer", "GET", "/api/v1/trends?"+query, nil).body
		var got []string
		for _, s := range body["series"].([]any) {
			s := s.(object)
			got = append(got, fmt.Sprintf("%s=%v@%s", s["key"], s["total"], at(s["counts"])))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("GET /trends?%s: %v, want %v", query, got, want)
		}
		if days := body["days"].([]any); len(days) != 29 {
			t.Errorf("GET /trends?%s: %d days, want four weeks and today", query, len(days))
		}
		return body
	}
	f("by=source", "radio-a=2@-3", "radio-b=1@-5")
	f("by=label", "hate=2@-5,-3", "violence=1@-3")
	f("by=lang&bucket=day", "swa=3@-5,-3")
	f("by=label&label=hate", "hate=2@-5,-3")
	f("by=source&state=rejected", "radio-b=1@-5")
	f("by=source&source=radio-b", "radio-b=1@-5")
	body := f("by=narrative", story.ID+"=1@-3")
	s := body["series"].([]any)[0].(object)
	if s["name"] != "=HYPERLINK(wells)" || at(s["answers"]) != "-2" {
		t.Errorf("the narrative is %v, want its title and one answer two days ago", s)
	}
	third := body["days"].([]any)[29-1-3].(object)
	if third["flags"] != 2.0 || third["segments"] != 4.0 || third["verdict"] != "degraded" {
		t.Errorf("the day is %v, want 2 flags of 4 segments, in a history too short to compare", third)
	}
	for _, bad := range []string{"", "by=colour", "by=state", "by=label&bucket=week", "by=label&limit=3", "by=label&cursor=x", "by=label&state=aired"} {
		h.want(422, "viewer", "GET", "/api/v1/trends?"+bad, nil)
	}
	a := h.want(200, "analyst", "GET", "/api/v1/export/trends.csv?by=narrative", nil)
	table, err := csv.NewReader(strings.NewReader(a.text)).ReadAll()
	if err != nil || len(table) != 30 {
		t.Fatalf("%d rows, %v, want 30", len(table), err)
	}
	if row := strings.Join(table[1+29-1-3], ","); row != third["day"].(string)[:10]+",narrative,"+story.ID+",'=HYPERLINK(wells),1,0,2,4,0,degraded" {
		t.Errorf("the row of the day is %s", row)
	}
	if a := h.want(200, "analyst", "GET", "/api/v1/export/trends.csv?by=source", nil); !strings.Contains(a.text, ",'@Radio A,") {
		t.Error("a name that a spreadsheet would run stands in the table as it is")
	}
}

// at are the days, counted from today, on which there were any.
func at(counts any) string {
	var out []string
	list, _ := counts.([]any)
	for i, n := range list {
		if n != 0.0 {
			out = append(out, fmt.Sprint(i-len(list)+1))
		}
	}
	return strings.Join(out, ",")
}

// answer is a counter-message to the narrative that went out.
func (h *house) answer(narrative string, aired time.Time) {
	h.t.Helper()
	ctx, n := h.t.Context(), 0
	must := func(a api.Answer, err error) api.Answer {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
		n++
		return a
	}
	writer, approver := h.book.AddAccount("writer", counterpoint.RadioTeam), h.book.AddAccount("approver of it", counterpoint.Approver)
	m := must(h.desk.WriteMessage(ctx, api.Call{By: writer}, counterpoint.MessageDraft{Narrative: narrative, Kind: counterpoint.Correction, Audience: "all", Variants: []counterpoint.Variant{{Lang: "swa", Script: "Maji ni safi."}}}))
	m = must(h.desk.SubmitMessage(ctx, api.Call{By: writer, Version: m.Version}, m.ID))
	m = must(h.desk.ApproveMessage(ctx, api.Call{By: approver, Version: m.Version}, m.ID))
	a := must(h.desk.OfferAiring(ctx, api.Call{By: writer}, m.ID, "swa", "Radio A", aired))
	must(h.desk.ProveAiring(ctx, api.Call{By: writer, Version: a.Version}, a.ID, counterpoint.Attested, "heard it", aired))
}

func TestSavedByAPI(t *testing.T) {
	h := newHouse(t)
	h.want(200, "analyst", "POST", "/api/v1/me/saved", map[string]any{"name": "wells", "path": "/search?q=well"})
	h.want(422, "analyst", "POST", "/api/v1/me/saved", map[string]any{"name": "wells", "path": "https://example.org/"})
	me := h.want(200, "analyst", "GET", "/api/v1/me", nil).body
	if s := fmt.Sprint(me["saved"]); s != "[map[name:wells path:/search?q=well]]" {
		t.Errorf("kept %s", s)
	}
	h.want(200, "analyst", "POST", "/api/v1/me/saved/drop", map[string]any{"name": "wells"})
	h.want(422, "analyst", "POST", "/api/v1/me/saved/drop", map[string]any{"name": "wells"})
}
