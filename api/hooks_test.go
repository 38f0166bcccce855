package api_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// TestHookSecret brings the secret in every way that gateways have, and wrong ones in all of them.
func TestHookSecret(t *testing.T) {
	var got []api.HookRequest
	h := newHouse(t, func(o *api.Options) {
		o.Hook = func(_ context.Context, r api.HookRequest) (api.HookAnswer, error) {
			got = append(got, r)
			return api.HookAnswer{Accepted: 1}, nil
		}
	})
	h.book.AddSource(counterpoint.Source{ID: "sms", Kind: counterpoint.Report})
	h.book.AddSource(counterpoint.Source{ID: "radio"})
	h.want(409, "admin", "POST", "/api/v1/sources/radio/hook", nil)
	h.want(404, "admin", "POST", "/api/v1/sources/nobody/hook", nil)
	first := h.want(201, "admin", "POST", "/api/v1/sources/sms/hook", nil, "Idempotency-Key", "k").body["secret"].(string)
	if again := h.want(201, "admin", "POST", "/api/v1/sources/sms/hook", nil, "Idempotency-Key", "k").body["secret"]; again != first {
		t.Errorf("the same key makes the secrets %s and %v", first, again)
	}
	secret := h.want(201, "admin", "POST", "/api/v1/sources/sms/hook", nil).body["secret"].(string)
	send := func(source, query, kind, body string, headers ...string) answer {
		t.Helper()
		req := httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/hooks/sms/"+source+query, strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		return h.send(req)
	}
	const form, js = "application/x-www-form-urlencoded", "application/json"
	ways := func(source, secret string, want int) (bodies []string) {
		t.Helper()
		for name, a := range map[string]answer{
			"header": send(source, "", form, "text=x", "X-Counterpoint-Secret", secret),
			"basic":  send(source, "", js, "{}", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("kobo:"+secret))),
			"query":  send(source, "?secret="+secret, form, "text=x"),
			"form":   send(source, "", form, "text=x&secret="+secret),
			"json":   send(source, "", js, fmt.Sprintf(`{"text":"x","secret":%q}`, secret)),
		} {
			if a.status != want {
				t.Errorf("%s by %s = %d %s, want %d", source, name, a.status, a.text, want)
			}
			delete(a.body, "request_id")
			bodies = append(bodies, fmt.Sprint(a.body))
		}
		return bodies
	}
	ways("sms", secret, 200)
	if len(got) != 5 || got[0].Source != "sms" || got[0].Kind != "sms" {
		t.Fatalf("%d requests were let in: %+v, want 5", len(got), got)
	}
	ways("sms", first, 401)
	known, unknown := ways("sms", "wrong", 401), ways("nobody", "wrong", 401)
	if known[0] != unknown[0] {
		t.Errorf("a source that is there answers %s, one that is not %s", known[0], unknown[0])
	}
	if len(got) != 5 {
		t.Errorf("%d requests were let in, want 5", len(got))
	}
	if a := send("sms", "?secret="+secret, form, strings.Repeat("x", 300<<10)); a.status != 413 {
		t.Errorf("a body of 300 KiB = %d, want 413", a.status)
	}
	if strings.Contains(h.log.String(), secret) || strings.Contains(fmt.Sprint(h.book.Events()), secret) {
		t.Error("the secret stands in the log")
	}
}

// TestHookSaysWhenToComeAgain holds that nobody is told "kept" before it is.
func TestHookSaysWhenToComeAgain(t *testing.T) {
	fault := fmt.Errorf("publish: %w", counterpoint.ErrAway)
	h := newHouse(t, func(o *api.Options) {
		o.Hook = func(context.Context, api.HookRequest) (api.HookAnswer, error) { return api.HookAnswer{}, fault }
	})
	h.book.AddSource(counterpoint.Source{ID: "sms", Kind: counterpoint.Report})
	secret := h.want(201, "admin", "POST", "/api/v1/sources/sms/hook", nil).body["secret"].(string)
	a := h.want(503, "", "POST", "/api/v1/hooks/sms/sms?secret="+secret, "text=x")
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After on a 503")
	}
	none := newHouse(t)
	none.want(503, "", "POST", "/api/v1/hooks/sms/sms", "text=x")
}

// TestReportsExportHidesFew holds that an export names no cell from which fewer than five people reported in a week.
func TestReportsExportHidesFew(t *testing.T) {
	h := newHouse(t)
	h.book.AddSource(counterpoint.Source{ID: "sms", Kind: counterpoint.Report})
	week := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC) // a Monday, long ago
	n := 0
	add := func(cell string, at time.Time, voices ...string) {
		for _, v := range voices {
			n++
			h.book.AddItem(counterpoint.ItemView{Source: "sms", Kind: counterpoint.Report, Locator: fmt.Sprint(n), Cell: cell, Voice: v, Published: &at, Seen: at})
		}
	}
	add("111", week, "a", "b", "c", "d", "e", "a")
	add("222", week, "a", "b", "c", "d", "a", "b", "c")                 // four people
	add("333", week, "", "", "", "", "", "")                            // nobody knows how many
	add("444", week, "a", "b", "c")                                     // five over two weeks
	add("444", week.AddDate(0, 0, 7), "d", "e", "f")                    //
	add("555", h.desk.Now().Add(-time.Minute), "a", "b", "c", "d", "e") // this week is not over
	want := "week,source,cell,reports\n2026-W10,sms,111,6\n"
	for _, query := range []string{"", "?from=2026-03-02", "?from=2026-03-04&to=2026-03-05"} { // cut at a day, it is the whole week
		if got := h.want(200, "analyst", "GET", "/api/v1/export/reports.csv"+query, nil).text; got != want {
			t.Errorf("reports.csv%s = %q, want %q", query, got, want)
		}
	}
	h.want(422, "analyst", "GET", "/api/v1/export/reports.csv?lang=eng", nil)
	for _, table := range []string{"segments", "flags"} {
		if got := h.want(200, "analyst", "GET", "/api/v1/export/"+table+".csv", nil).text; strings.Contains(got, "111") {
			t.Errorf("%s.csv has a cell: %s", table, got)
		}
	}
}

// TestAnswerByTheAPI writes, approves and takes back answers.
func TestAnswerByTheAPI(t *testing.T) {
	h := newHouse(t)
	h.desk = nil
	until := time.Now().Add(time.Hour)
	replies := h.book.Desk(api.DeskOptions{ReplyUntil: func(context.Context, string) (time.Time, error) { return until, nil }})
	a, err := api.New(api.Options{Desk: replies, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = a.Handler()
	h.book.AddSource(counterpoint.Source{ID: "sms", Kind: counterpoint.Report})
	it := h.book.AddItem(counterpoint.ItemView{Source: "sms", Kind: counterpoint.Report, Segments: []counterpoint.SegmentView{{Text: "Men with sticks stand at the bridge"}}})
	radio := h.book.AddItem(counterpoint.ItemView{Title: "a broadcast"})
	at := "/api/v1/followups/" + it.ID
	h.want(404, "viewer", "GET", at, nil)
	h.want(404, "reviewer", "POST", "/api/v1/followups/nothing/act", map[string]any{"version": 0, "text": "x"})
	h.want(409, "reviewer", "POST", "/api/v1/followups/"+radio.ID+"/act", map[string]any{"version": 0, "text": "x"})
	made := h.want(201, "reviewer", "POST", at+"/act", map[string]any{"version": 0, "text": "told the patrol"})
	h.want(409, "reviewer", "POST", at+"/act", map[string]any{"version": 0, "text": "late"})
	h.want(422, "reviewer", "POST", at+"/answer", map[string]any{"version": 1, "template": "none", "lang": "eng"})
	h.want(422, "reviewer", "POST", at+"/answer", map[string]any{"version": 1, "template": "received", "lang": "sag"})
	h.want(200, "radio", "POST", at+"/answer", map[string]any{"version": made.version(), "template": "received", "lang": "fr"})
	h.want(200, "reviewer", "POST", at+"/answer", map[string]any{"version": 2, "lang": "eng", "text": "The patrol has been there."})
	f := h.want(200, "viewer", "GET", at, nil)
	answers := f.body["answers"].([]any)
	id := func(i int) string { return answers[i].(map[string]any)["id"].(string) }
	h.want(403, "reviewer", "POST", at+"/approve", map[string]any{"version": 3, "answer": id(1)})
	h.want(200, "approver", "POST", at+"/approve", map[string]any{"version": 3, "answer": id(1)})
	h.want(200, "reviewer", "POST", at+"/withdraw", map[string]any{"version": 4, "answer": id(0)})
	h.want(404, "reviewer", "POST", at+"/withdraw", map[string]any{"version": 5, "answer": "ans_none"})
	if n := len(h.want(200, "viewer", "GET", "/api/v1/followups?state=ready", nil).data()); n != 1 {
		t.Errorf("%d follow-ups are ready, want 1", n)
	}
	until = time.Now().Add(-time.Hour)
	h.want(409, "reviewer", "POST", at+"/answer", map[string]any{"version": 5, "template": "received", "lang": "fr"})
	for _, e := range h.book.Events() {
		if strings.Contains(string(e.Data), "patrol") {
			t.Errorf("the log has words of an answer: %s", e.Data)
		}
	}
}
