package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
)

type object = map[string]any

// TestFromFlagToProof walks the whole path by the API alone.
func TestFromFlagToProof(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("by Friday")
	flag := "/api/v1/flags/" + f.ID

	lease := h.want(200, "reviewer", "POST", flag+"/lease", object{"version": 1})
	if lease.state() != "open" || lease.version() != 2 {
		t.Errorf("lease = %s, want open at version 2", lease.text)
	}
	h.want(409, "admin", "POST", flag+"/reject", object{"version": 2, "reason": "no"}) // the lease is another's
	confirmed := h.want(200, "reviewer", "POST", flag+"/confirm", object{"version": 2, "rabat": rabat()})
	if confirmed.state() != "confirmed" || confirmed.id() != f.ID || confirmed.version() != 3 {
		t.Errorf("confirm = %s, want confirmed at version 3", confirmed.text)
	}

	nar := h.want(201, "analyst", "POST", "/api/v1/narratives", object{"title": "The Velari are to be driven out"})
	if nar.header.Get("Location") != "/api/v1/narratives/"+nar.id() {
		t.Errorf("Location = %q", nar.header.Get("Location"))
	}
	h.want(200, "reviewer", "POST", flag+"/link", object{"version": 3, "narrative": nar.id()})
	h.want(200, "reviewer", "POST", flag+"/note", object{"version": 4, "text": "Les Velari doivent partir", "lang": "fr"})
	if open := clock(h, ""); open["open"] != true || open["seconds"] != nil || open["proven"] != nil {
		t.Errorf("time to counter before the answer = %v, want open", open)
	}

	msg := h.want(201, "radio", "POST", "/api/v1/messages", object{
		"narrative": nar.id(), "kind": "correction", "audience": "listeners in the valley",
		"variants": []object{{"lang": "en", "script": "The market is open to all."}, {"lang": "sw", "script": "Soko liko wazi kwa wote."}},
	})
	path := "/api/v1/messages/" + msg.id()
	h.want(200, "radio", "POST", path+"/submit", object{"version": 1})
	h.want(403, "radio", "POST", path+"/approve", object{"version": 2})
	if a := h.want(200, "approver", "POST", path+"/approve", object{"version": 2}); a.state() != "approved" {
		t.Errorf("approve = %s", a.text)
	}

	air := h.want(201, "radio", "POST", "/api/v1/airings", object{"message": msg.id(), "lang": "swa", "station": "Radio One", "planned": "2026-03-02T18:00:00+03:00"})
	if air.state() != "offered" {
		t.Errorf("airing = %s, want offered", air.text)
	}
	slot := "/api/v1/airings/" + air.id()
	h.want(200, "radio", "POST", slot+"/accept", object{"version": 1})
	if a := h.want(200, "viewer", "GET", path, nil); a.state() != "scheduled" {
		t.Errorf("message = %s, want scheduled", a.text)
	}
	proven := h.want(200, "radio", "POST", slot+"/prove", object{"version": 2, "grade": "D", "evidence": "Amina heard it", "aired": "2026-03-02T18:01:00+03:00"})
	if proven.state() != "aired" {
		t.Errorf("prove = %s", proven.text)
	}

	got := clock(h, "")
	// Heard at 18:00:30 UTC, aired the next day at 15:01 UTC.
	if want := float64(21*3600 + 30); got["seconds"] != want || got["grade"] != "D" || got["open"] != false {
		t.Errorf("time to counter = %v, want %v seconds, grade D", got, want)
	}
	if got := clock(h, "?grades=A,B,C"); got["open"] != true {
		t.Errorf("with grades A to C = %v, want open", got)
	}
	h.want(422, "viewer", "GET", "/api/v1/time-to-counter?grades=E", nil)
	h.want(200, "radio", "POST", path+"/close", object{"version": h.want(200, "radio", "GET", path, nil).version()})

	audit := h.want(200, "analyst", "GET", "/api/v1/audit?limit=200", nil)
	seen := map[string]bool{}
	for _, e := range audit.data() {
		e := e.(object)
		seen[e["type"].(string)] = true
		if e["type"] == "flag.confirm" && (e["by_name"] != "the reviewer" || e["applied"] != true || e["sealed"] != true || e["version"] != 3.0) {
			t.Errorf("audit of the confirmation = %v", e)
		}
		h.want(200, "analyst", "GET", "/api/v1/audit/"+e["id"].(string), nil)
	}
	for _, typ := range []string{"flag.lease", "flag.confirm", "flag.link", "message.approve", "airing.prove", "account.token"} {
		if !seen[typ] {
			t.Errorf("the audit has no %s", typ)
		}
	}
	if strings.Contains(audit.text, "heard it") || strings.Contains(audit.text, "Velari must") {
		t.Error("the audit shows words that are sealed in the log")
	}
}

func clock(h *house, query string) object {
	h.t.Helper()
	data := h.want(200, "viewer", "GET", "/api/v1/time-to-counter"+query, nil).data()
	if len(data) != 1 {
		h.t.Fatalf("time to counter of %d narratives, want 1", len(data))
	}
	return data[0].(object)
}

// TestNobodyApprovesTheirOwn: no role and no token gets around it, and editing drops an approval.
func TestNobodyApprovesTheirOwn(t *testing.T) {
	h := newHouse(t)
	nar := h.want(201, "admin", "POST", "/api/v1/narratives", object{"title": "x"})
	draft := object{"narrative": nar.id(), "kind": "reassurance", "audience": "all", "variants": []object{{"lang": "eng", "script": "All is calm."}}}
	for _, writer := range []counterpoint.PersonRole{"admin", "operator"} {
		other := map[counterpoint.PersonRole]counterpoint.PersonRole{"admin": "operator", "operator": "admin"}[writer]
		m := "/api/v1/messages/" + h.want(201, writer, "POST", "/api/v1/messages", draft).id()
		h.want(200, writer, "POST", m+"/submit", object{"version": 1})
		h.want(403, writer, "POST", m+"/approve", object{"version": 2})
		h.want(200, other, "POST", m+"/approve", object{"version": 2})
		edited := h.want(200, other, "PATCH", m, object{"version": 3, "audience": "the valley"})
		if edited.state() != "draft" {
			t.Errorf("edit of an approved message = %s, want a draft", edited.text)
		}
		h.want(200, writer, "POST", m+"/submit", object{"version": 4})
		h.want(403, other, "POST", m+"/approve", object{"version": 5})
		h.want(403, writer, "POST", m+"/approve", object{"version": 5})
		h.want(422, "approver", "POST", m+"/return", object{"version": 5})
		h.want(200, "approver", "POST", m+"/return", object{"version": 5, "reason": "too long"})
		h.want(200, writer, "POST", m+"/withdraw", object{"version": 6})
	}
	token := h.want(201, "admin", "POST", "/api/v1/tokens", object{"account": "the admin"}).body["token"].(string)
	m := "/api/v1/messages/" + h.want(201, "admin", "POST", "/api/v1/messages", draft).id()
	h.want(200, "admin", "POST", m+"/submit", object{"version": 1})
	h.want(403, "", "POST", m+"/approve", object{"version": 2}, "Authorization", "Bearer "+token)
}

func TestConfirmNeedsAllSixParts(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("now")
	path := "/api/v1/flags/" + f.ID + "/confirm"
	short := rabat()
	delete(short, "extent")
	short["intent"] = object{"rating": "perhaps", "evidence": "x"}
	a := h.want(422, "reviewer", "POST", path, object{"version": 1, "rabat": short})
	if got := fmt.Sprint(a.fields()); !strings.Contains(got, "rabat.extent") || !strings.Contains(got, "rabat.intent.rating") {
		t.Errorf("fields = %s, want rabat.extent and rabat.intent.rating", got)
	}
	a = h.want(422, "reviewer", "POST", path, object{"version": 1, "rabat": object{}})
	if got := a.fields(); len(got) != 6 {
		t.Errorf("fields of an empty test = %v, want all six parts", got)
	}
	noWords := rabat()
	noWords["speaker"] = object{"rating": "met", "evidence": " "}
	a = h.want(422, "reviewer", "POST", path, object{"version": 1, "rabat": noWords})
	if got := fmt.Sprint(a.fields()); got != "[rabat.speaker.evidence]" {
		t.Errorf("fields = %s, want rabat.speaker.evidence", got)
	}
	noWords["speaker"] = object{"rating": "not-assessable", "evidence": ""}
	h.want(200, "reviewer", "POST", path, object{"version": 1, "rabat": noWords})
}

func TestOtherDecisions(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("one")
	_, g := h.broadcast("two")
	p, q := "/api/v1/flags/"+f.ID, "/api/v1/flags/"+g.ID
	h.want(422, "reviewer", "POST", p+"/reject", object{"version": 1})
	h.want(422, "reviewer", "POST", p+"/needs-context", object{"version": 1, "asked": "Amina", "due": "2026-03-04 18:00"})
	h.want(422, "reviewer", "POST", p+"/needs-context", object{"version": 1, "asked": "Amina", "due": "2026-03-04T18:00:00Z"})
	a := h.want(200, "reviewer", "POST", p+"/needs-context", object{"version": 1, "asked": "Amina", "due": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)})
	if a.state() != "needs-context" {
		t.Errorf("needs-context = %s", a.text)
	}
	h.want(200, "reviewer", "POST", p+"/reject", object{"version": 2, "reason": "condemned"})
	h.want(409, "reviewer", "POST", p+"/confirm", object{"version": 3, "rabat": rabat()})
	h.want(200, "reviewer", "POST", p+"/reopen", object{"version": 3, "reason": "new facts"})
	h.want(422, "reviewer", "POST", q+"/duplicate", object{"version": 1, "of": "flag_none"})
	h.want(200, "reviewer", "POST", q+"/duplicate", object{"version": 1, "of": f.ID})
	h.want(404, "reviewer", "POST", "/api/v1/flags/flag_none/lease", object{"version": 1})
	got := h.want(200, "reviewer", "POST", "/api/v1/flags/lease-next", object{"n": 5})
	if len(got.data()) != 1 || got.data()[0].(object)["id"] != f.ID {
		t.Errorf("lease-next = %s, want the one open flag", got.text)
	}
}

func TestFlagByHandAndItsContext(t *testing.T) {
	h := newHouse(t)
	it, f := h.broadcast("by hand")
	made := h.want(201, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 1, "to": 1, "level": 2, "reason": "they mean the Velari"})
	flag := h.want(200, "viewer", "GET", "/api/v1/flags/"+made.id(), nil)
	if flag.state() != "open" || flag.body["basis"] != "hand" || flag.body["text"] != "The market opens at eight." {
		t.Errorf("flag by hand = %s", flag.text)
	}
	h.want(201, "reviewer", "POST", "/api/v1/flags", object{"segments": []string{it.Segments[5].ID, it.Segments[4].ID}, "level": 1})
	h.want(409, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 3, "to": 4, "level": 2}) // flagged already
	h.want(422, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 5, "to": 9, "level": 2})
	by := h.want(201, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 0, "to": 0, "level": 1})
	h.want(200, "reviewer", "POST", fmt.Sprintf("/api/v1/flags/%v/reject", by.body["id"]), object{"version": by.body["version"], "reason": "a song"})
	again := h.want(409, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 0, "to": 0, "level": 1})
	if d := fmt.Sprint(again.body["detail"]); !strings.Contains(d, "rejected; reopen that one") {
		t.Errorf("flagged again after it was rejected: %q does not say what to do", d)
	}
	h.want(422, "reviewer", "POST", "/api/v1/flags", object{"item": it.ID, "from": 1, "to": 1, "level": 4})
	h.want(422, "reviewer", "POST", "/api/v1/flags", object{"segments": []string{it.Segments[0].ID, it.Segments[2].ID}, "level": 1})
	h.want(422, "reviewer", "POST", "/api/v1/flags", object{"level": 1})
	h.want(404, "reviewer", "POST", "/api/v1/flags", object{"item": "item_none", "from": 0, "to": 0, "level": 1})

	around := h.want(200, "viewer", "GET", "/api/v1/flags/"+f.ID+"/context", nil)
	seqs := func(part string) (out []float64) {
		for _, s := range around.body[part].([]any) {
			out = append(out, s.(object)["seq"].(float64))
		}
		return out
	}
	// The passage begins at 30 s: the utterance that ended at 9 s is 21 s away.
	if got := fmt.Sprint(seqs("before"), seqs("passage"), seqs("after")); got != "[0 1 2] [3] [4 5]" {
		t.Errorf("context = %s, want [0 1 2] [3] [4 5]", got)
	}
}

// TestManyConfirmOneFlag: exactly one decision, the others are told.
func TestManyConfirmOneFlag(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("now")
	var mu sync.Mutex
	got := map[int]int{}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			a := h.do("reviewer", "POST", "/api/v1/flags/"+f.ID+"/confirm", object{"version": 1, "rabat": rabat()})
			mu.Lock()
			defer mu.Unlock()
			got[a.status]++
		})
	}
	wait.Wait()
	if got[200] != 1 || got[409] != 49 {
		t.Errorf("50 confirmations = %v, want one 200 and 49 409", got)
	}
}

func TestVersion(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("now")
	path := "/api/v1/flags/" + f.ID
	get := h.want(200, "reviewer", "GET", path, nil)
	if get.header.Get("ETag") != `"1"` {
		t.Errorf("ETag = %q, want \"1\"", get.header.Get("ETag"))
	}
	if a := h.want(422, "reviewer", "POST", path+"/lease", object{}); fmt.Sprint(a.fields()) != "[version]" {
		t.Errorf("fields = %v, want version", a.fields())
	}
	h.want(422, "reviewer", "POST", path+"/lease", object{"version": 1}, "If-Match", `"2"`)
	h.want(422, "reviewer", "POST", path+"/lease", nil, "If-Match", `*`)
	a := h.want(200, "reviewer", "POST", path+"/lease", nil, "If-Match", get.header.Get("ETag"))
	h.want(409, "reviewer", "POST", path+"/lease", nil, "If-Match", get.header.Get("ETag"))
	h.want(200, "reviewer", "POST", path+"/reject", object{"reason": "no"}, "If-Match", a.header.Get("ETag"))
}

func TestIdempotencyKey(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("one")
	_, g := h.broadcast("two")
	p := "/api/v1/flags/" + f.ID + "/reject"
	first := h.want(200, "reviewer", "POST", p, object{"version": 1, "reason": "quoted"}, "Idempotency-Key", "k1")
	again := h.want(200, "reviewer", "POST", p, object{"version": 1, "reason": "quoted"}, "Idempotency-Key", "k1")
	if first.text != again.text {
		t.Errorf("second answer = %s, want %s", again.text, first.text)
	}
	h.want(409, "reviewer", "POST", p, object{"version": 1, "reason": "quoted"}, "Idempotency-Key", "k2")
	h.want(200, "reviewer", "POST", "/api/v1/flags/"+g.ID+"/reject", object{"version": 1, "reason": "quoted"}, "Idempotency-Key", "k1")

	for _, c := range []struct {
		path string
		body object
	}{
		{"/api/v1/narratives", object{"title": "x"}},
		{"/api/v1/tokens", object{"account": "the viewer"}},
		{"/api/v1/accounts", object{"name": "Zawadi", "roles": []string{"viewer"}}},
		{"/api/v1/sources", object{"id": "radio-x", "name": "Radio X", "kind": "radio"}},
	} {
		first, again := h.want(201, "admin", "POST", c.path, c.body, "Idempotency-Key", "k3"), h.want(201, "admin", "POST", c.path, c.body, "Idempotency-Key", "k3")
		if first.text != again.text {
			t.Errorf("%s: second answer = %s, want %s", c.path, again.text, first.text)
		}
	}
	if n := len(h.want(200, "admin", "GET", "/api/v1/narratives", nil).data()); n != 1 {
		t.Errorf("%d narratives after one key twice, want 1", n)
	}
}

// TestSameKeyAtOnce: a client that retries before the first answer came makes one decision.
func TestSameKeyAtOnce(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("now")
	var wait sync.WaitGroup
	answers := make([]answer, 20)
	for i := range answers {
		wait.Go(func() {
			answers[i] = h.do("reviewer", "POST", "/api/v1/flags/"+f.ID+"/confirm", object{"version": 1, "rabat": rabat()}, "Idempotency-Key", "k")
		})
	}
	wait.Wait()
	for _, a := range answers {
		if a.status != 200 || a.text != answers[0].text {
			t.Errorf("answer = %d %s, want %s", a.status, a.text, answers[0].text)
		}
	}
}

// TestPending: what the index has not shown yet is 202, and the command's own answer later.
func TestPending(t *testing.T) {
	h := newHouse(t)
	_, f := h.broadcast("one")
	h.book.Hold()
	made := h.want(202, "reviewer", "POST", "/api/v1/narratives", object{"title": "x"})
	won := h.want(202, "reviewer", "POST", "/api/v1/flags/"+f.ID+"/reject", object{"version": 1, "reason": "quoted"})
	lost := h.want(202, "reviewer", "POST", "/api/v1/flags/"+f.ID+"/confirm", object{"version": 1, "rabat": rabat()})
	for _, a := range []answer{made, won, lost} {
		at := a.header.Get("Location")
		if at != "/api/v1/commands/"+a.body["event"].(string) {
			t.Fatalf("Location = %q of %s", at, a.text)
		}
		if still := h.want(202, "reviewer", "GET", at, nil); still.header.Get("Location") != at {
			t.Errorf("while pending: Location = %q, want %q", still.header.Get("Location"), at)
		}
	}
	h.book.Release()
	if a := h.want(201, "reviewer", "GET", made.header.Get("Location"), nil); a.id() != made.id() || a.version() != 1 {
		t.Errorf("creation = %s, want %s at version 1", a.text, made.id())
	}
	if a := h.want(200, "reviewer", "GET", won.header.Get("Location"), nil); a.state() != "rejected" || a.version() != 2 {
		t.Errorf("command = %s, want rejected at version 2", a.text)
	}
	h.want(409, "reviewer", "GET", lost.header.Get("Location"), nil)
	h.want(404, "reviewer", "GET", "/api/v1/commands/nonsense", nil)
}

func TestAccountsAndTokens(t *testing.T) {
	h := newHouse(t)
	made := h.want(201, "operator", "POST", "/api/v1/accounts", object{"name": "Amina", "password": "four random words", "roles": []string{"reviewer", "analyst"}})
	if made.state() != "active" || made.version() != 1 {
		t.Errorf("account = %s", made.text)
	}
	h.want(409, "operator", "POST", "/api/v1/accounts", object{"name": "amina ", "password": "another password", "roles": []string{"admin"}})
	a := h.want(422, "operator", "POST", "/api/v1/accounts", object{"name": "", "password": "four random words", "roles": []string{"boss"}})
	if got := fmt.Sprint(a.fields()); got != "[name roles]" {
		t.Errorf("fields = %s, want [name roles]", got)
	}
	h.want(422, "operator", "POST", "/api/v1/accounts", object{"name": "Short", "password": "short", "roles": []string{"viewer"}})
	token := h.want(201, "operator", "POST", "/api/v1/tokens", object{"account": "Amina"})
	auth := "Bearer " + token.body["token"].(string)
	if me := h.want(200, "", "GET", "/api/v1/me", nil, "Authorization", auth); me.id() != made.id() || token.body["account"] != made.id() {
		t.Errorf("the token of %s acts as %s", made.id(), me.id())
	}
	h.want(404, "operator", "POST", "/api/v1/tokens", object{"account": "nobody"})
	h.want(200, "", "POST", "/api/v1/me/preferences", object{"languages": []string{"sw"}, "blur": true}, "Authorization", auth)

	acc, err := h.desk.ByPassword(t.Context(), "AMINA", "four random words")
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := h.desk.Session(t.Context(), acc)
	if err != nil {
		t.Fatal(err)
	}
	session := func(want int) {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "GET", "/api/v1/me", nil)
		r.AddCookie(&http.Cookie{Name: "counterpoint_session", Value: cookie})
		if a := h.send(r); a.status != want {
			t.Errorf("GET /me with the session = %d, want %d", a.status, want)
		}
	}
	session(200)
	path := "/api/v1/accounts/" + made.id()
	h.want(200, "admin", "POST", path+"/roles", object{"version": h.want(200, "admin", "GET", path, nil).version(), "roles": []string{"viewer"}})
	session(401) // its roles changed
	h.want(200, "admin", "POST", path+"/disable", object{"version": h.want(200, "admin", "GET", path, nil).version()})
	h.want(401, "", "GET", "/api/v1/me", nil, "Authorization", auth)
	if list := h.want(200, "admin", "GET", "/api/v1/accounts", nil); strings.Contains(list.text, "argon2") || len(list.data()) != 7 {
		t.Errorf("accounts = %s, want seven without secrets", list.text)
	}
}

func TestSources(t *testing.T) {
	h := newHouse(t)
	h.want(201, "admin", "POST", "/api/v1/sources", object{"id": "radio-x", "name": "Radio X", "kind": "radio", "languages": []string{"sw"}, "zone": "Africa/Nairobi"})
	h.want(409, "admin", "POST", "/api/v1/sources", object{"id": "radio-x", "name": "Radio X", "kind": "radio"})
	a := h.want(422, "admin", "POST", "/api/v1/sources", object{"id": "Radio X", "zone": "Mars/Base", "reach": -1})
	if got := fmt.Sprint(a.fields()); got != "[id name kind reach zone]" {
		t.Errorf("fields = %s", got)
	}
	h.want(200, "admin", "PATCH", "/api/v1/sources/radio-x", object{"version": 1, "reach": 40000})
	s := h.want(200, "viewer", "GET", "/api/v1/sources/radio-x", nil)
	if s.body["name"] != "Radio X" || s.body["reach"] != 40000.0 || s.body["zone"] != "Africa/Nairobi" || s.version() != 2 {
		t.Errorf("source = %s, want its name kept and its reach changed", s.text)
	}
}
