package web

import (
	"regexp"
	"testing"

	"counterpoint"
	"counterpoint/api"
)

// TestEveryRouteHasAnOperation fails on a page or form that says not who may use it.
func TestEveryRouteHasAnOperation(t *testing.T) {
	p := &Pages{}
	admin := counterpoint.Account{ID: "acc_admin", Roles: []counterpoint.PersonRole{counterpoint.Admin}}
	open := map[string]bool{
		"GET /signin": true, "POST /signin": true, "GET /welcome/{secret}": true, "POST /welcome/{secret}": true, "GET /enter/{secret}": true,
		"GET /signin/provider": true, "GET /signin/return": true,
		"GET /static/{file}": true, "GET /favicon.ico": true, "/": true,
		"GET /calendar/{key}/{station}": true, // programmes cannot sign in: the key lets them
	}
	seen := map[string]bool{}
	for _, r := range p.routes() {
		if seen[r.pattern] {
			t.Errorf("%s stands twice", r.pattern)
		}
		seen[r.pattern] = true
		if r.op == "" || !api.Allowed(admin, r.op) {
			t.Errorf("%s has the operation %q, which the permission table does not know", r.pattern, r.op)
		}
		if (r.op == api.Anyone) != open[r.pattern] {
			t.Errorf("%s is open to anyone: %v, want %v", r.pattern, r.op == api.Anyone, open[r.pattern])
		}
		if l := api.LimitOf(classes[r.pattern]); l.Minute == 0 || l.Query == 0 {
			t.Errorf("%s has no entry in the table of limits, limits.go", r.pattern)
		}
		if r.serve == nil {
			t.Errorf("%s has no handler", r.pattern)
		}
	}
	for pattern := range classes {
		if !seen[pattern] {
			t.Errorf("limits.go has %s, which is no page", pattern)
		}
	}
}

// TestRoutesByRole asks every route as every role: the permission table, and nothing else, decides.
func TestRoutesByRole(t *testing.T) {
	want := map[api.Op][]counterpoint.PersonRole{
		api.Read: counterpoint.PersonRoles, api.Own: counterpoint.PersonRoles,
		api.Search:     {counterpoint.Analyst, counterpoint.Reviewer, counterpoint.RadioTeam, counterpoint.Approver, counterpoint.Admin},
		api.DecideFlag: {counterpoint.Reviewer, counterpoint.Admin}, api.LinkFlag: {counterpoint.Reviewer, counterpoint.Admin},
		api.NoteFlag: {counterpoint.Reviewer, counterpoint.Admin}, api.RaiseFlag: {counterpoint.Reviewer, counterpoint.Admin},
		api.MakeStory:    {counterpoint.Analyst, counterpoint.Reviewer, counterpoint.Admin},
		api.TellReporter: {counterpoint.Reviewer, counterpoint.RadioTeam, counterpoint.Admin},
		api.Write:        {counterpoint.RadioTeam, counterpoint.Admin}, api.Air: {counterpoint.RadioTeam, counterpoint.Admin},
		api.Acknowledge: {counterpoint.Reviewer, counterpoint.Approver, counterpoint.Admin},
		api.Approve:     {counterpoint.Approver, counterpoint.Admin}, api.SendBack: {counterpoint.Approver, counterpoint.Admin},
		api.ReadAudit: counterpoint.PersonRoles, api.ManagePeople: {counterpoint.Admin}, api.ManageSource: {counterpoint.Admin},
	}
	for _, r := range (&Pages{}).routes() {
		if r.op == api.Anyone {
			continue
		}
		roles, ok := want[r.op]
		if !ok {
			t.Errorf("%s: operation %s is not in this test's table", r.pattern, r.op)
		}
		for _, role := range counterpoint.PersonRoles {
			may := false
			for _, w := range roles {
				may = may || w == role
			}
			if got := api.Allowed(counterpoint.Account{ID: "a", Roles: []counterpoint.PersonRole{role}}, r.op); got != may {
				t.Errorf("%s as %s: allowed %v, want %v", r.pattern, role, got, may)
			}
		}
	}
}

var pathValue = regexp.MustCompile(`\{[^}]*\}`)

// Routes are the patterns of all routes, with example values in their paths, for tests from outside.
func Routes() (out []struct {
	Method, Path string
	Op           api.Op
}) {
	for _, r := range (&Pages{}).routes() {
		m := regexp.MustCompile(`^(GET|POST) (.*)$`).FindStringSubmatch(r.pattern)
		if m == nil {
			continue
		}
		path := pathValue.ReplaceAllString(m[2], "x")
		if m[2] == "/{$}" {
			path = "/"
		}
		out = append(out, struct {
			Method, Path string
			Op           api.Op
		}{m[1], path, r.op})
	}
	return out
}
