package indextest

import (
	"errors"
	"testing"

	"counterpoint"
)

// collectors: of two words on one version one is applied, and the audit tells what processes settle from what people do.
func collectors(t *testing.T, open Open) {
	l := newLine(t, open)
	load := func() *counterpoint.Collectors {
		t.Helper()
		c, err := counterpoint.Load[counterpoint.Collectors](t.Context(), l.store, counterpoint.CollectorsID)
		if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
			t.Fatal(err)
		}
		c.ID = counterpoint.CollectorsID
		return &c
	}
	a := counterpoint.Process{ID: "col_a", Run: "1", Sources: []string{"site-x", "site-y"}}
	b := counterpoint.Process{ID: "col_b", Run: "1", Sources: []string{"site-y"}}
	one, err1 := load().Join("ingest", later(1), a)
	two, err2 := load().Join("ingest", later(1), b)
	if !l.decide(one, err1).Applied || l.decide(two, err2).Applied {
		t.Error("two words on one version are applied, or none")
	}
	story, err := counterpoint.NewNarrative("amina", later(2), "Wells", "", nil)
	l.decide(story, err)
	two, err2 = load().Join("ingest", later(3), b)
	if !l.decide(two, err2).Applied || load().Version != 2 || load().Owner("site-x") != "col_a" || !load().May(a, "site-x", later(3)) || load().May(b, "site-x", later(3)) {
		t.Errorf("after both spoke: %+v", load())
	}
	audit := func(states ...string) (types []string) {
		t.Helper()
		page, err := counterpoint.List[counterpoint.Outcome](t.Context(), l.store, counterpoint.Query{State: states})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Data {
			types = append(types, o.Event.Type)
		}
		return types
	}
	diff(t, "what people did", []string{"narrative.create"}, audit(counterpoint.EventApplied, counterpoint.EventRefused))
	diff(t, "what processes settled", []string{"collectors.join", "collectors.join", "collectors.join"}, audit(counterpoint.EventAmong))
}
