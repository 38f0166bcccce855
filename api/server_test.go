package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

const adminToken = "admin-token-of-the-test"

// house is an API over a book, with an account and a token for each role.
type house struct {
	t       *testing.T
	book    *apitest.Book
	desk    *api.Desk
	handler http.Handler
	tokens  map[counterpoint.PersonRole]string
	log     *bytes.Buffer
}

func newHouse(t *testing.T, set ...func(*api.Options)) *house {
	t.Helper()
	h := &house{t: t, book: apitest.NewBook(t), tokens: map[counterpoint.PersonRole]string{}, log: &bytes.Buffer{}}
	h.desk = h.book.Desk(api.DeskOptions{})
	o := api.Options{Desk: h.desk, AdminToken: adminToken, Version: "test", Log: slog.New(slog.NewTextHandler(h.log, nil))}
	for _, f := range set {
		f(&o)
	}
	a, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.handler = a.Handler()
	for _, r := range counterpoint.PersonRoles {
		acc := h.book.AddAccount("the "+string(r), r)
		token, err := h.desk.MakeToken(t.Context(), api.Call{By: api.Operator}, acc.ID)
		if err != nil {
			t.Fatal(err)
		}
		h.tokens[r] = token.Token
	}
	return h
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	text   string
	body   map[string]any
}

// do sends a request as a role; the empty role is nobody, and "operator" has the admin token.
func (h *house) do(role counterpoint.PersonRole, method, path string, body any, headers ...string) answer {
	h.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			h.t.Fatal(err)
		}
		r = bytes.NewReader(raw)
	}
	req := httptest.NewRequestWithContext(h.t.Context(), method, path, r)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case role == "operator":
		req.Header.Set("Authorization", "Bearer "+adminToken)
	case role != "":
		req.Header.Set("Authorization", "Bearer "+h.tokens[role])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return h.send(req)
}

func (h *house) send(req *http.Request) answer {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, req)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String()}
	if kind := a.header.Get("Content-Type"); strings.Contains(kind, "json") && !strings.Contains(kind, "jsonl") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			h.t.Fatalf("%s %s: body %q: %v", req.Method, req.URL, a.text, err)
		}
	}
	return a
}

// want sends and fails the test unless the status is as wanted.
func (h *house) want(status int, role counterpoint.PersonRole, method, path string, body any, headers ...string) answer {
	h.t.Helper()
	a := h.do(role, method, path, body, headers...)
	if a.status != status {
		h.t.Fatalf("%s %s as %q = %d %s, want %d", method, path, role, a.status, a.text, status)
	}
	return a
}

func (a answer) version() int  { return int(a.body["version"].(float64)) }
func (a answer) id() string    { return a.body["id"].(string) }
func (a answer) state() string { return a.body["state"].(string) }
func (a answer) data() []any   { return a.body["data"].([]any) }

// fields are the fields a problem names.
func (a answer) fields() []string {
	var out []string
	list, _ := a.body["errors"].([]any)
	for _, e := range list {
		out = append(out, e.(map[string]any)["field"].(string))
	}
	return out
}

func ms(n int64) *int64 { return &n }

// broadcast adds an item of six utterances, ten seconds each, in which the fourth is flagged.
func (h *house) broadcast(title string) (counterpoint.ItemView, counterpoint.Flag) {
	h.t.Helper()
	recorded := time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)
	it := counterpoint.ItemView{Title: title, Lang: "eng", Recorded: &recorded, Seen: recorded.Add(time.Hour)}
	for i, text := range []string{"Good evening.", "The market opens at eight.", "Now to calls.", "The Velari must leave " + title, "We condemn that.", "Good night."} {
		it.Segments = append(it.Segments, counterpoint.SegmentView{Text: text, StartMS: ms(int64(i) * 10_000), EndMS: ms(int64(i)*10_000 + 9000)})
	}
	it = h.book.AddItem(it)
	s, err := it.Passage(3, 3)
	if err != nil {
		h.t.Fatal(err)
	}
	s.Level = 3
	s.Findings = []counterpoint.Finding{{Label: counterpoint.Incitement, Start: 4, End: 10, Reason: "a call to drive out"}}
	return it, h.book.AddFlag(s)
}

func rabat() map[string]any {
	out := map[string]any{}
	for _, p := range (counterpoint.Rabat{}).Parts() {
		out[p.Name] = map[string]any{"rating": "met", "evidence": "heard it"}
	}
	return out
}

func TestHealth(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/v1/openapi.json"} {
		h.want(200, "", "GET", path, nil)
	}
	if m := h.want(200, "", "GET", "/metrics", nil); !strings.Contains(m.text, `counterpoint_api_out_total{route="GET /readyz",status="200"} 1`) {
		t.Errorf("metrics have no answer of /readyz:\n%s", m.text)
	}
	doc := h.want(200, "", "GET", "/api/v1/openapi.json", nil)
	if doc.body["openapi"] != "3.1.0" {
		t.Errorf("openapi = %v, want 3.1.0", doc.body["openapi"])
	}
	for name := range doc.body["components"].(map[string]any)["schemas"].(map[string]any) {
		if !regexp.MustCompile(`^[a-zA-Z0-9._-]+$`).MatchString(name) {
			t.Errorf("OpenAPI does not allow the name %q of a schema; give its type a name", name)
		}
	}
	if n := len(doc.body["paths"].(map[string]any)); n < 40 {
		t.Errorf("the document has %d addresses, want all", n)
	}
}

func TestProblems(t *testing.T) {
	h := newHouse(t)
	f := func(status int, typ string, a answer) {
		t.Helper()
		if a.status != status || a.body["type"] != "urn:counterpoint:problem:"+typ || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("got %d %s %s, want %d %s", a.status, a.header.Get("Content-Type"), a.text, status, typ)
		}
		if a.body["request_id"] != a.header.Get("X-Request-Id") || a.body["request_id"] == "" || a.body["detail"] == "" || a.body["status"] != float64(status) {
			t.Errorf("problem %s lacks its request id, detail or status", a.text)
		}
	}
	f(401, "sign-in", h.do("", "GET", "/api/v1/flags", nil))
	f(401, "sign-in", h.do("", "GET", "/api/v1/flags", nil, "Authorization", "Bearer wrong"))
	f(404, "no-such-address", h.do("admin", "GET", "/api/v1/nothing", nil))
	f(405, "method", h.do("admin", "DELETE", "/api/v1/flags", nil))
	f(404, "not-found", h.do("admin", "GET", "/api/v1/flags/flag_x", nil))
	f(403, "forbidden", h.do("viewer", "GET", "/api/v1/accounts", nil))
	f(403, "cross-origin", h.do("admin", "POST", "/api/v1/narratives", map[string]any{"title": "x"}, "Sec-Fetch-Site", "cross-site"))
	f(422, "invalid", h.do("admin", "POST", "/api/v1/narratives", map[string]any{"title": "x", "tittle": "y"}))
	f(422, "invalid", h.do("admin", "GET", "/api/v1/flags/flag_x?colour=red", nil))
	f(400, "body", h.do("admin", "POST", "/api/v1/narratives", "{"))
	f(400, "body", h.do("admin", "POST", "/api/v1/narratives", ""))
	f(422, "invalid", h.do("admin", "POST", "/api/v1/narratives", "{}"))
	f(413, "too-large", h.do("admin", "POST", "/api/v1/narratives", `{"title":"`+strings.Repeat("x", 2<<20)+`"}`))
	f(415, "media-type", h.do("admin", "POST", "/api/v1/narratives", "title=x", "Content-Type", "application/x-www-form-urlencoded"))
	f(503, "no-stage", h.do("admin", "POST", "/api/v1/ingest?source=x", "text"))

	h.book.Fail(counterpoint.ErrDiskFull)
	f(507, "disk-full", h.do("operator", "POST", "/api/v1/narratives", map[string]any{"title": "x"}))
	h.book.Fail(io.ErrUnexpectedEOF)
	if a := h.do("viewer", "GET", "/api/v1/flags", nil); a.status != 500 || !strings.Contains(h.log.String(), a.body["request_id"].(string)) {
		t.Errorf("an account that cannot be looked up = %d %s, want 500 and a line in the log", a.status, a.text)
	}
	a := h.do("operator", "GET", "/api/v1/flags", nil)
	f(500, "internal", a)
	if strings.Contains(a.text, io.ErrUnexpectedEOF.Error()) {
		t.Errorf("the answer shows foreign text: %s", a.text)
	}
	if !strings.Contains(h.log.String(), a.body["request_id"].(string)) {
		t.Errorf("the log does not have request %s", a.body["request_id"])
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/healthz", "/metrics", "/nothing", "/api/v1/flags", "/api/v1/openapi.json", "/api/v1/export/flags.csv", "/api//v1"} {
		for _, role := range []counterpoint.PersonRole{"", "admin"} {
			a := h.do(role, "GET", path, nil)
			for k, want := range map[string]string{
				"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			} {
				if got := a.header.Get(k); got != want {
					t.Errorf("GET %s as %q: %s = %q, want %q", path, role, k, got, want)
				}
			}
			if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("GET %s as %q has no policy", path, role)
			}
		}
	}
}
