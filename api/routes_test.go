package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

func newAPI(t *testing.T) *api.API {
	t.Helper()
	a, err := api.New(api.Options{Desk: apitest.NewBook(t).Desk(api.DeskOptions{})})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestEveryRouteHasAPermission lists what the mux really serves.
func TestEveryRouteHasAPermission(t *testing.T) {
	routes := newAPI(t).Routes()
	for _, r := range routes {
		if op, ok := api.RoutePermission(r); !ok || op == "" {
			t.Errorf("%s has no entry in routeOps", r)
		}
	}
	if len(routes) < 60 {
		t.Errorf("the API serves %d addresses, want the whole table", len(routes))
	}
	if len(slices.Compact(slices.Sorted(slices.Values(routes)))) != len(routes) {
		t.Errorf("an address is served twice: %v", routes)
	}
}

// TestUnlistedRouteIsRefused holds that an address without an entry is nobody's.
func TestUnlistedRouteIsRefused(t *testing.T) {
	if api.Allowed(counterpoint.Account{Roles: []counterpoint.PersonRole{counterpoint.Admin}}, "") {
		t.Error("an admin may do an operation without a name")
	}
}

// mayCall is the list of who may do what, kept apart from the table it checks. v viewer, a analyst,
// r reviewer, m radio, p approver; the admin may call everything.
var mayCall = map[string]string{
	"GET /api/v1/items": "varmp", "GET /api/v1/items/{id}": "varmp",
	"GET /api/v1/segments": "varmp", "GET /api/v1/segments/{id}": "varmp",
	"GET /api/v1/flags": "varmp", "GET /api/v1/flags/{id}": "varmp", "GET /api/v1/flags/{id}/context": "varmp",
	"GET /api/v1/alerts": "varmp", "GET /api/v1/alerts/{id}": "varmp", "POST /api/v1/alerts/{id}/acknowledge": "rp",
	"GET /api/v1/narratives": "varmp", "GET /api/v1/narratives/{id}": "varmp",
	"GET /api/v1/messages": "varmp", "GET /api/v1/messages/{id}": "varmp",
	"GET /api/v1/airings": "varmp", "GET /api/v1/airings/{id}": "varmp",
	"GET /api/v1/followups": "varmp", "GET /api/v1/followups/{id}": "varmp", "GET /api/v1/export/reports.csv": "a",
	"POST /api/v1/followups/{id}/act": "rm", "POST /api/v1/followups/{id}/answer": "rm", "POST /api/v1/followups/{id}/withdraw": "rm",
	"POST /api/v1/followups/{id}/approve": "p", "POST /api/v1/sources/{id}/hook": "",
	"GET /api/v1/sources": "varmp", "GET /api/v1/sources/{id}": "varmp",
	"GET /api/v1/source-health": "varmp", "GET /api/v1/trends?by=label": "varmp", "GET /api/v1/trends": "varmp", "GET /api/v1/trends?by=label&q=x": "armp", "GET /api/v1/export/trends.csv": "a",
	"GET /api/v1/audit": "varmp", "GET /api/v1/audit/{id}": "varmp",
	"GET /api/v1/counts": "varmp", "GET /api/v1/time-to-counter": "varmp", "GET /api/v1/commands/{event}": "varmp",
	"GET /api/v1/me": "varmp", "POST /api/v1/me/preferences": "varmp", "POST /api/v1/me/saved": "varmp", "POST /api/v1/me/saved/drop": "varmp",
	"POST /api/v1/tokens": "varmp", "POST /api/v1/accounts/{id}/password": "varmp", // their own
	"GET /api/v1/items?q=x": "armp", "GET /api/v1/segments?q=x": "armp", "GET /api/v1/flags?q=x": "armp", "GET /api/v1/counts?kind=flag&q=x": "armp",
	"GET /api/v1/export/flags.csv": "a", "GET /api/v1/export/segments.csv": "a", "GET /api/v1/export/reviews.jsonl": "a",
	"GET /api/v1/export/messages.csv": "a", "GET /api/v1/export/airings.csv": "a",
	"POST /api/v1/flags": "r", "POST /api/v1/flags/lease-next": "r", "POST /api/v1/flags/{id}/lease": "r",
	"POST /api/v1/flags/{id}/confirm": "r", "POST /api/v1/flags/{id}/reject": "r", "POST /api/v1/flags/{id}/needs-context": "r",
	"POST /api/v1/flags/{id}/duplicate": "r", "POST /api/v1/flags/{id}/reopen": "r",
	"POST /api/v1/flags/{id}/link": "r", "POST /api/v1/flags/{id}/note": "r",
	"POST /api/v1/narratives": "ar", "PATCH /api/v1/narratives/{id}": "ar",
	"POST /api/v1/messages": "m", "PATCH /api/v1/messages/{id}": "m", "POST /api/v1/messages/{id}/submit": "m",
	"POST /api/v1/messages/{id}/withdraw": "m", "POST /api/v1/messages/{id}/close": "m",
	"POST /api/v1/messages/{id}/approve": "p", "POST /api/v1/messages/{id}/return": "p",
	"POST /api/v1/airings": "m", "POST /api/v1/airings/import": "m", "POST /api/v1/airings/{id}/accept": "m",
	"POST /api/v1/airings/{id}/decline": "m", "POST /api/v1/airings/{id}/miss": "m", "POST /api/v1/airings/{id}/cancel": "m",
	"POST /api/v1/airings/{id}/prove": "m",
	"GET /api/v1/accounts":            "", "GET /api/v1/accounts/{id}": "", "POST /api/v1/accounts": "", "POST /api/v1/accounts/{id}/roles": "",
	"POST /api/v1/accounts/{id}/disable": "", "POST /api/v1/sources": "", "PATCH /api/v1/sources/{id}": "", "POST /api/v1/ingest": "",
}

var letters = map[string]counterpoint.PersonRole{
	"v": counterpoint.Viewer, "a": counterpoint.Analyst, "r": counterpoint.Reviewer, "m": counterpoint.RadioTeam, "p": counterpoint.Approver,
}

// TestRouteByRole asks every address as every role and as nobody.
func TestRouteByRole(t *testing.T) {
	h := newHouse(t)
	for _, pattern := range newAPI(t).Routes() {
		if _, ok := mayCall[pattern]; !ok && strings.Contains(pattern, "/api/") && pattern != "GET /api/v1/openapi.json" && !strings.Contains(pattern, "/hooks/") { // hooks let in by a secret of their own
			t.Errorf("%s is not in the test's list", pattern)
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(mayCall)) {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "nothing_0", "{event}", "evt_0").Replace(path)
		if a := h.do("", method, path, nil); a.status != 401 {
			t.Errorf("%s as nobody = %d, want 401", pattern, a.status)
		}
		for letter, role := range letters {
			a := h.do(role, method, path, nil)
			if may := strings.Contains(mayCall[pattern], letter); may != (a.status != 403) || a.status == 401 || a.status == 500 {
				t.Errorf("%s as %s = %d %s, may: %t", pattern, role, a.status, a.text, may)
			}
		}
		for _, role := range []counterpoint.PersonRole{counterpoint.Admin, "operator"} {
			if a := h.do(role, method, path, nil); a.status == 401 || a.status == 403 || a.status == 500 {
				t.Errorf("%s as %s = %d %s, want it let through", pattern, role, a.status, a.text)
			}
		}
	}
}

func TestRolesInsideRoutes(t *testing.T) {
	h := newHouse(t)
	admin := h.want(200, "admin", "GET", "/api/v1/me", nil)
	h.want(403, "viewer", "POST", "/api/v1/tokens", map[string]any{"account": "the admin"})
	h.want(201, "viewer", "POST", "/api/v1/tokens", map[string]any{"account": "the viewer"})
	h.want(403, "viewer", "POST", "/api/v1/accounts/"+admin.id()+"/password", map[string]any{"version": admin.version(), "password": "four random words"})
}
