package indextest

import (
	"bytes"
	"errors"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

var rabat = func() counterpoint.Rabat {
	p := counterpoint.Part{Rating: counterpoint.Met, Evidence: "as heard"}
	return counterpoint.Rabat{Context: p, Speaker: p, Intent: p, Content: p, Extent: p, Likelihood: p}
}()

func dump(t reporter, s index.Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := index.Dump(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// itemThenAssessment: either may come first, the result is one.
func itemThenAssessment(t *testing.T, open Open) {
	it := broadcast("i1", "good morning", "banish the Velari", "rain")
	a := judged(it, 1)
	first, second := newLine(t, open), newLine(t, open)
	first.items(it)
	if v := first.item("i1"); v.Segments[1].Assessed || v.Count != 3 || v.Lang != "und" {
		t.Errorf("before the assessment: %+v", v)
	}
	first.assess(a)
	second.assess(a)
	second.items(it)
	diff(t, "documents in both orders", dump(t, first.store), dump(t, second.store))

	v := first.item("i1")
	if v.Lang != "eng" || v.Quality != counterpoint.Good || v.Version != 1 || !v.Segments[1].Assessed || v.Segments[1].Level != 3 {
		t.Errorf("item: %+v", v)
	}
	f := first.onlyFlag()
	diff(t, "flags of the item", []string{f.ID}, v.Flags)
	diff(t, "flag", []any{counterpoint.Open, 3, "banish the Velari", "i1", 1}, []any{f.State, f.Level, f.Text, f.Item, f.Version})
	diff(t, "labels", []counterpoint.Label{counterpoint.Violence}, v.Segments[1].Labels)

	was := dump(t, first.store)
	first.items(it)
	first.assess(a, a)
	again := a
	again.At = later(0)
	first.assess(again)
	diff(t, "documents after repeats", was, dump(t, first.store))
}

// revision: new words replace the old and reopen what was decided; the flag stays one.
func revision(t *testing.T, open Open) {
	l := newLine(t, open)
	old := broadcast("i1", "chase", "banish the Velari", "bye", "more")
	l.items(old)
	l.assess(judged(old, 1))
	f := l.onlyFlag()
	if out := l.decide(f.Confirm("amina", later(1), rabat, "", "")); !out.Applied || out.State != "confirmed" {
		t.Fatalf("confirm: %+v", out)
	}
	now := broadcast("i1", "hello", "banish the Oshun", "bye")
	l.items(now)
	v := l.item("i1")
	if v.Version != 2 || v.Count != 3 || len(v.Segments) != 3 || v.Segments[1].Text != "banish the Oshun" || v.Segments[1].Assessed {
		t.Errorf("item after a revision: %+v", v)
	}
	l.assess(judged(now, 1))
	f = l.onlyFlag()
	if f.State != counterpoint.Open || !f.Revised() || f.Text != "banish the Oshun" || len(f.Reviews) != 1 || len(f.History) != 2 {
		t.Errorf("flag after a revision: %+v", f)
	}
	v = l.item("i1")
	l.assess(judged(old, 2))
	diff(t, "item after an old revision's assessment", v, l.item("i1"))
	diff(t, "flag after an old revision's assessment", f, l.onlyFlag())
	clean := broadcast("i1", "hello", "greet the Oshun", "bye")
	l.items(clean)
	l.assess(judged(clean, 1))
	if f = l.onlyFlag(); len(f.Sightings) != 0 || len(f.Past) != 1 {
		t.Errorf("flag whose passage went: %+v", f)
	}
}

func sameWordsElsewhere(t *testing.T, open Open) {
	l := newLine(t, open)
	a, b := broadcast("i1", "Banish the Velari!", "rain"), broadcast("i2", "news", "banish the velari")
	b.Source, b.Owner, b.Recorded = "radio-b", "owner-b", at(-60)
	l.items(a, b)
	l.assess(judged(a, 1), judged(b, 1))
	f := l.onlyFlag()
	if len(f.Sightings) != 2 || f.Factors.Corroboration != 2 || f.Item != "i2" {
		t.Errorf("flag of one passage heard twice: %+v", f)
	}
	diff(t, "flags by the second source", []string{f.ID}, ids[counterpoint.Flag](t, l.store, counterpoint.Query{Source: []string{"radio-b"}}))
	l.assess(judged(b, 3))
	if f = l.onlyFlag(); len(f.Sightings) != 1 || len(f.Past) != 1 || f.State != counterpoint.Open || f.Item != "i1" {
		t.Errorf("flag after one sighting went: %+v", f)
	}
	l.assess(judged(a, 3))
	if f = l.onlyFlag(); f.State != counterpoint.Lapsed {
		t.Errorf("flag after all sightings went is %s, want lapsed", f.State)
	}
	l.assess(judged(a, 2))
	if f = l.onlyFlag(); f.State != counterpoint.Open || len(f.Sightings) != 1 {
		t.Errorf("flag raised again: %+v", f)
	}
}

func passageAcrossParts(t *testing.T, open Open) {
	it := broadcast("i1", "hello", "banish the Velari", "banish them all", "banish them now", "bye")
	for i := range it.Segments { // close together, or it would be several passages
		start, end := int64(i)*1000, int64(i)*1000+900
		it.Segments[i].StartMS, it.Segments[i].EndMS = &start, &end
	}
	parts := cut(it, 0, 2, 4)
	l := newLine(t, open)
	l.items(parts...)
	for _, p := range parts {
		l.assess(judged(p, 1))
	}
	f := l.onlyFlag()
	if len(f.Sightings) != 1 || f.Sightings[0].From != 1 || f.Sightings[0].To != 3 {
		t.Errorf("a passage across a cut: %+v", f.Sightings)
	}
	was := dump(t, l.store)
	for _, p := range parts {
		l.assess(judged(p, 1))
	}
	if got := l.onlyFlag(); got.Text != f.Text || len(got.Sightings) != 1 {
		t.Errorf("after all parts were judged again: %+v; before:\n%s", got, was)
	}
	if v := l.item("i1"); v.Count != 5 || v.Parts != 3 {
		t.Errorf("item: %d segments in %d parts, want 5 in 3", v.Count, v.Parts)
	}
	l.items(cut(it, 0, 3)...) // the same words, cut elsewhere
	if v := l.item("i1"); v.Count != 5 || len(v.Segments) != 5 || v.Version != 1 {
		t.Errorf("item cut anew: %d segments, version %d, want 5 and 1", v.Count, v.Version)
	}
}

// decisionIsUntouched: a second Put of anything never touches what a person decided.
func decisionIsUntouched(t *testing.T, open Open) {
	l := newLine(t, open)
	it := broadcast("i1", "chase and banish the Velari", "chase them")
	l.items(it)
	l.assess(judged(it, 1))
	f := l.onlyFlag()
	l.decide(f.Reject("amina", later(1), "a song of old"))
	f = l.onlyFlag()
	l.items(it)
	for version := range 4 {
		l.assess(judged(it, version))
	}
	got := l.onlyFlag2(f.ID)
	diff(t, "decision", []any{f.State, f.Decision, f.Version, f.Reviews, f.Text}, []any{got.State, got.Decision, got.Version, got.Reviews, got.Text})
}

// onlyFlag2 is the flag of the id, which no other may have joined on its passage.
func (l *line) onlyFlag2(id string) counterpoint.Flag {
	l.t.Helper()
	for _, f := range l.flags() {
		if f.ID != id && len(f.Sightings) > 0 && f.Sightings[0].From == 0 {
			l.t.Errorf("a second flag on the passage: %+v", f)
		}
	}
	return l.flag(id)
}

func refusedAndRepeated(t *testing.T, open Open) {
	l := newLine(t, open)
	it := broadcast("i1", "banish the Velari")
	l.items(it)
	l.assess(judged(it, 1))
	f := l.onlyFlag()
	confirm, err := f.Confirm("amina", later(1), rabat, "", "")
	first := l.decide(confirm, err)
	stale := l.decide(f.Reject("bosco", later(2), "no"))
	if stale.Applied || stale.Refused == "" || stale.Version != 2 || stale.State != "confirmed" {
		t.Errorf("a stale decision: %+v", stale)
	}
	was := dump(t, l.store)
	if again := l.decide(confirm, nil); again.Offset != first.Offset || !again.Applied {
		t.Errorf("a repeated decision: %+v, want the first answer %+v", again, first)
	}
	diff(t, "documents after a repeated decision", was, dump(t, l.store))

	made, err := counterpoint.NewNarrative("amina", later(3), "They will be banished", "", nil)
	if out := l.decide(made, err); !out.Applied || out.Version != 1 {
		t.Errorf("a new narrative: %+v", out)
	}
	f = l.onlyFlag()
	l.decide(f.Link("amina", later(4), made.On.ID))
	diff(t, "flags of the narrative", []string{f.ID}, ids[counterpoint.Flag](t, l.store, counterpoint.Query{Narrative: []string{made.On.ID}}))
	nonsense := counterpoint.Event{ID: "evt-x", Type: "cloud.burst", On: counterpoint.Ref{Kind: "cloud", ID: "c1"}}
	if out := l.decide(nonsense, nil); out.Applied || out.Refused == "" {
		t.Errorf("nonsense: %+v", out)
	}
	missing := counterpoint.Flag{ID: "flag-of-nothing", Version: 1, State: counterpoint.Open}
	if out := l.decide(missing.Reject("amina", later(5), "no")); !out.Applied || out.Version != 2 {
		t.Errorf("a decision whose item is gone: %+v", out)
	}
}

func byHand(t *testing.T, open Open) {
	it := broadcast("i1", "hello", "banish the Velari", "chase them", "bye")
	hand := counterpoint.NewSighting(it, it.Segments[1:3])
	raise, err := counterpoint.RaiseByHand("amina", later(1), hand, 2, "heard it myself")
	if err != nil {
		t.Fatal(err)
	}
	before, after := newLine(t, open), newLine(t, open)
	before.items(it)
	before.decide(raise, nil)
	before.assess(judged(it, 1))
	after.items(it)
	after.assess(judged(it, 1))
	if f := after.onlyFlag(); f.ID == raise.On.ID {
		t.Errorf("the machine's flag has the id of the one raised by hand")
	}
	after.decide(raise, nil)
	diff(t, "documents, raised by hand before and after", dump(t, before.store), dump(t, after.store))
	f := after.onlyFlag()
	if f.ID != raise.On.ID || len(f.Sightings) != 1 || f.State != counterpoint.Open || f.Level != 3 {
		t.Errorf("flag raised by hand: %+v", f)
	}
	diff(t, "flags of the item", []string{f.ID}, after.item("i1").Flags)
}

// positions: what the store has applied is skipped, what it has not is applied, per partition.
func positions(t *testing.T, open Open) {
	s := fresh(t, open)
	p := index.NewProjector(s, index.ProjectorOptions{})
	entry := func(part int, offset int64, id string) counterpoint.Entry[counterpoint.Item] {
		return counterpoint.Entry[counterpoint.Item]{
			Position: counterpoint.Position{Partition: part, Offset: offset}, Value: broadcast(id, "words of "+id),
		}
	}
	for _, batch := range [][]counterpoint.Entry[counterpoint.Item]{
		{entry(0, 0, "i1"), entry(1, 0, "i2")},
		{entry(0, 0, "never"), entry(0, 1, "i3"), entry(1, 5, "i4")},
		{entry(1, 4, "never")},
		{},
	} {
		if err := p.PutItems(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	pos, err := s.Positions(t.Context(), index.Items)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "positions", map[int]int64{0: 2, 1: 6}, pos)
	diff(t, "items", []string{"i1", "i2", "i3", "i4"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{}))
	var v counterpoint.ItemView
	if err := s.Get(t.Context(), counterpoint.KindItem, "never", &v); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("an entry below the position was applied: %v", err)
	}
}
