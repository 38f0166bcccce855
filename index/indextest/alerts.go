package indextest

import (
	"errors"
	"testing"

	"counterpoint"
)

// alerts: of two claims of one attempt one is applied, a raising that two processes made is one, and who is read by id is
// what the lists have.
func alerts(t *testing.T, open Open) {
	l := newLine(t, open)
	it := broadcast("i1", "good morning", "banish the Velari", "rain")
	l.items(it)
	l.assess(judged(it, 1))
	f := l.onlyFlag()
	plan := counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 2}
	id := counterpoint.AlertID(f.ID)
	load := func() *counterpoint.Alert {
		t.Helper()
		a, err := counterpoint.Load[counterpoint.Alert](t.Context(), l.store, id)
		if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
			t.Fatal(err)
		}
		a.ID = id
		return &a
	}
	applied := func(e counterpoint.Event, err error) bool {
		t.Helper()
		return l.decide(e, err).Applied
	}
	one, err1 := load().Raise("respond", later(1), &f, plan)
	two, err2 := load().Raise("respond", later(2), &f, plan)
	if !applied(one, err1) || !applied(two, err2) || load().Version != 1 || !load().Raised.Equal(later(1)) {
		t.Errorf("raised by two processes: %+v", load())
	}
	first, err1 := load().Claim("respond", later(1), "hook", true)
	second, err2 := load().Claim("respond", later(1), "hook", true)
	if !applied(first, err1) || applied(second, err2) || len(load().Attempts) != 1 {
		t.Errorf("claimed by two processes: %+v", load().Attempts)
	}
	if !applied(load().Record("respond", later(2), first.ID, counterpoint.SendFailed, "HTTP 503")) {
		t.Error("the outcome is not applied")
	}
	waiting := ids[counterpoint.Alert](t, l.store, counterpoint.Query{State: []string{"open"}})
	diff(t, "alerts that wait", []string{id}, waiting)
	if !applied(load().Acknowledge("amina", later(3))) {
		t.Error("the acknowledgement is not applied")
	}
	diff(t, "alerts that wait afterwards", []string{}, ids[counterpoint.Alert](t, l.store, counterpoint.Query{State: []string{"open"}}))
	a := load()
	diff(t, "alert", []any{counterpoint.Acknowledged, 4, "HTTP 503", "amina", "i1"}, []any{a.State, a.Version, a.Attempts[0].Detail, a.Acknowledged.By, a.Item})
}
