package api_test

import (
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api/apitest"
)

// raise puts an alert for the flag into the book, as respond does.
func (h *house) raise(f counterpoint.Flag) counterpoint.Alert {
	h.t.Helper()
	f.Level = 3
	a := counterpoint.Alert{ID: counterpoint.AlertID(f.ID)}
	e, err := a.Raise("respond", time.Now(), &f, counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 2})
	if err == nil {
		err = h.book.Publish(h.t.Context(), e)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return apitest.Get[counterpoint.Alert](h.book, a.ID)
}

// TestAcknowledge: whoever may acknowledges, whatever happened meanwhile; the second is told who was first.
func TestAcknowledge(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("by Friday")
	a := h.raise(f)
	path := "/api/v1/alerts/" + a.ID
	if got := h.want(200, "viewer", "GET", "/api/v1/alerts?state=open", nil); len(got.data()) != 1 {
		t.Errorf("alerts that wait: %s", got.text)
	}
	if got := h.want(200, "viewer", "GET", "/api/v1/counts?kind=alert&state=open", nil); got.body["total"] != 1.0 {
		t.Errorf("count of alerts: %s", got.text)
	}
	h.want(403, "radio", "POST", path+"/acknowledge", nil)
	h.want(404, "reviewer", "POST", "/api/v1/alerts/alr_none/acknowledge", nil)
	claim, err := a.Claim("respond", time.Now(), "hook", true) // the version that people saw is not the last
	if err == nil {
		err = h.book.Publish(t.Context(), claim)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := h.want(200, "reviewer", "POST", path+"/acknowledge", nil); got.state() != "acknowledged" || got.version() != 3 {
		t.Errorf("acknowledge = %s", got.text)
	}
	who := apitest.Get[counterpoint.Alert](h.book, a.ID).Acknowledged
	name := apitest.Get[counterpoint.Account](h.book, who.By).Name
	if got := h.want(409, "approver", "POST", path+"/acknowledge", nil); !strings.Contains(got.text, name+" acknowledged the alert already, at ") {
		t.Errorf("the second is told %s, want the name %q", got.text, name)
	}
	got := h.want(200, "viewer", "GET", path, nil)
	if got.body["state"] != "acknowledged" || got.header.Get("ETag") != `"3"` {
		t.Errorf("alert: %s", got.text)
	}
	h.want(422, "viewer", "GET", "/api/v1/alerts?state=confirmed", nil)
	entries := 0
	for _, e := range h.want(200, "viewer", "GET", "/api/v1/audit", nil).data() {
		if typ, _ := e.(object)["type"].(string); strings.HasPrefix(typ, "alert.") {
			entries++
		}
	}
	if entries != 3 {
		t.Errorf("the audit has %d entries of the alert, want 3", entries)
	}
}

// TestAcknowledgeAgain: a repeated key gives the first answer, and not that somebody was first.
func TestAcknowledgeAgain(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("by Friday")
	path := "/api/v1/alerts/" + h.raise(f).ID + "/acknowledge"
	for range 2 {
		if got := h.want(200, "reviewer", "POST", path, nil, "Idempotency-Key", "once"); got.state() != "acknowledged" {
			t.Errorf("acknowledge with a key = %s", got.text)
		}
	}
}
