package web_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/web"
)

// TestSharedSources: the page of a source says whose turn it is, also where another process has it, and what processes
// settle between them every few minutes does not hide in the audit what people did.
func TestSharedSources(t *testing.T) {
	p := newPlace(t)
	desk := p.book.Desk(api.DeskOptions{Now: func() time.Time { return p.now }, Collecting: func(context.Context) (map[string]counterpoint.Collecting, error) {
		return map[string]counterpoint.Collecting{"addis-fm": {By: "x7k2pq"}}, nil
	}})
	pages, err := web.New(web.Options{Desk: desk, Version: "test", Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	p.desk, p.server = desk, httptest.NewServer(api.Authenticate(desk)(pages.Handler()))
	t.Cleanup(p.server.Close)
	chief := p.signIn("Chief")
	a := chief.get("/sources/addis-fm").is(200)
	a.says("Collected by the processx7k2pq")
	if strings.Contains(a.body, "Last taken") {
		t.Error("says when this process took something that another collects")
	}
	before := chief.get("/audit").is(200)
	c := counterpoint.Collectors{ID: counterpoint.CollectorsID}
	e, err := c.Join(api.Operator.ID, p.now, counterpoint.Process{ID: "col_a", Run: "1", Sources: []string{"site-x"}})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := desk.Decide(t.Context(), e); err != nil || !out.Applied {
		t.Fatalf("%+v, %v", out, err)
	}
	if after := chief.get("/audit").is(200); strings.Contains(after.body, "collectors") || after.body != before.body {
		t.Error("the audit lists what processes settle between them")
	}
}
