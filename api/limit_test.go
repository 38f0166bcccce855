package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// TestEveryRouteHasALimit lists what the mux really serves.
func TestEveryRouteHasALimit(t *testing.T) {
	for _, pattern := range newAPI(t).Routes() {
		c, ok := api.RouteClass(pattern)
		if l := api.LimitOf(c); !ok || l.Minute == 0 || l.Burst == 0 || l.Query == 0 {
			t.Errorf("%s has no limits: class %q, %+v", pattern, c, l)
		}
		if method, _, _ := strings.Cut(pattern, " "); (api.LimitOf(c).Body > 0) != (method != http.MethodGet) {
			t.Errorf("%s may have a body of %d bytes", pattern, api.LimitOf(c).Body)
		}
	}
}

// TestEachLimitIsMet sends to each address an address that is too long and a body that is too large, and too many
// requests of each class.
func TestEachLimitIsMet(t *testing.T) {
	a := newAPI(t)
	send := func(pattern, query string, body int64, from string) *http.Response {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "x", "{event}", "x").Replace(path)
		r := httptest.NewRequestWithContext(t.Context(), method, path+"?"+query, nil)
		r.RemoteAddr, r.ContentLength = from, body
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, r)
		return w.Result()
	}
	met := map[api.Class]bool{}
	for i, pattern := range a.Routes() {
		c, _ := api.RouteClass(pattern)
		l := api.LimitOf(c)
		from := fmt.Sprintf("203.0.113.%d:99", i+1)
		if got := send(pattern, strings.Repeat("q", l.Query+1), 0, from).StatusCode; got != http.StatusRequestURITooLong {
			t.Errorf("%s with %d bytes of query: %d", pattern, l.Query+1, got)
		}
		if got := send(pattern, "", l.Body+1, from).StatusCode; got != http.StatusRequestEntityTooLarge {
			t.Errorf("%s with a body of %d bytes: %d", pattern, l.Body+1, got)
		}
		if met[c] || pattern == "GET /metrics" {
			continue
		}
		met[c] = true
		from = fmt.Sprintf("198.51.100.%d:99", i+1)
		for n := range l.Burst {
			if got := send(pattern, "", 0, from).StatusCode; got == http.StatusTooManyRequests {
				t.Fatalf("%s: request %d of %d is one too many", pattern, n+1, l.Burst)
			}
		}
		late := false
		for range l.Burst/10 + 10 { // some came to rest meanwhile
			res := send(pattern, "", 0, from)
			late = late || res.StatusCode == http.StatusTooManyRequests && res.Header.Get("Retry-After") != ""
		}
		if !late {
			t.Errorf("%s: no end to requests of class %s", pattern, c)
		}
		if got := send(pattern, "", 0, "192.0.2.1:99").StatusCode; got == http.StatusTooManyRequests {
			t.Errorf("%s: somebody else is told that they ask too often", pattern)
		}
	}
	for _, c := range []api.Class{api.Open, api.Look, api.Find, api.Table, api.Command, api.Upload, api.Playout} {
		if !met[c] {
			t.Errorf("no address of class %s was tried", c)
		}
	}
}

// TestWhoIsCounted holds who a request counts against, with a clock that stands still.
func TestWhoIsCounted(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	x := api.NewLimiter(func() time.Time { return now })
	amina := &counterpoint.Account{ID: "acc_amina"}
	ask := func(c api.Class, from string, who *counterpoint.Account) bool {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
		r.RemoteAddr = from
		if who != nil {
			r = r.WithContext(api.WithAccount(r.Context(), *who))
		}
		return x.Limited(httptest.NewRecorder(), r, c) == nil
	}
	spend := func(c api.Class, from string, who *counterpoint.Account) (n int) {
		for n < 10_000 && ask(c, from, who) {
			n++
		}
		return n
	}
	f := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d requests are taken, want %d", what, got, want)
		}
	}
	const endless = 10_000
	burst := api.LimitOf(api.Look).Burst
	f("a person", spend(api.Look, "203.0.113.1:1", amina), burst)
	f("the same from another address", spend(api.Look, "203.0.113.2:1", amina), 0)
	f("the same of another class", spend(api.Table, "203.0.113.1:1", amina), api.LimitOf(api.Table).Burst)
	f("nobody yet, from that address", spend(api.Look, "203.0.113.1:1", nil), burst)
	f("the same address from another port", spend(api.Look, "203.0.113.1:2", nil), 0)
	f("an IPv6 customer", spend(api.Look, "[2001:db8::1]:1", nil), burst)
	f("another address of theirs", spend(api.Look, "[2001:db8::2]:1", nil), 0)
	f("this machine", spend(api.Look, "127.0.0.1:1", nil), endless)
	f("the operator", spend(api.Look, "203.0.113.9:1", &api.Operator), endless)
	f("a person who signs in counts by address", spend(api.SignIn, "203.0.113.5:1", amina), api.LimitOf(api.SignIn).Burst)
	f("somebody else from there", spend(api.SignIn, "203.0.113.5:1", nil), 0)
	f("a class that is not in the table", spend("", "203.0.113.7:1", nil), 0)
	now = now.Add(time.Minute / time.Duration(api.LimitOf(api.Look).Minute))
	f("a person, a moment later", spend(api.Look, "203.0.113.1:1", amina), 1)
	now = now.Add(time.Hour)
	f("a person, an hour later", spend(api.Look, "203.0.113.1:1", amina), burst)
}

// TestFloodOfAddresses holds that invented addresses neither fill the memory nor free those who are counted.
func TestFloodOfAddresses(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	x := api.NewLimiter(func() time.Time { return now })
	ask := func(from string) bool {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/signin", nil)
		r.RemoteAddr = from
		return x.Limited(httptest.NewRecorder(), r, api.SignIn) == nil
	}
	for ask("203.0.113.1:1") {
	}
	taken := 0
	for i := range 150_000 {
		if ask(fmt.Sprintf("[2001:db8:%x:%x::1]:1", i>>16, i&0xffff)) {
			taken++
		}
	}
	if taken > 100_000 {
		t.Errorf("%d addresses are remembered", taken)
	}
	if ask("203.0.113.1:1") {
		t.Error("a flood freed an address that had tried too often")
	}
	now = now.Add(time.Hour)
	if !ask("[2001:db8:ffff::1]:1") {
		t.Error("an hour after the flood a new address is refused")
	}
}

// TestSignInByAccount holds the second limit of sign-in: five a minute and name, from wherever.
func TestSignInByAccount(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	desk := apitest.NewBook(t).Desk(api.DeskOptions{Now: func() time.Time { return now }})
	tries := func(name string) (n int) {
		for api.Status(func() error { _, err := desk.ByPassword(t.Context(), name, "wrong password"); return err }()) == http.StatusUnauthorized {
			n++
		}
		return n
	}
	if n := tries("Amina"); n != 5 {
		t.Errorf("%d tries in a minute, want 5", n)
	}
	now = now.Add(61 * time.Second)
	if n := tries("amina "); n != 5 {
		t.Errorf("%d tries a minute later, want 5", n)
	}
}
