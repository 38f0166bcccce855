package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/elastic"
	"counterpoint/stream"
)

// fakeGeneration answers until it is gone.
type fakeGeneration struct {
	index.Store
	name    string
	at      int64
	gone    bool
	updates int
	closed  bool
}

func (g *fakeGeneration) err() error {
	if g.gone {
		return fmt.Errorf("index: %w: %w", elastic.ErrReplaced, counterpoint.ErrAway)
	}
	return nil
}

func (g *fakeGeneration) Generation() string { return g.name }

func (g *fakeGeneration) Settled(context.Context, string) (counterpoint.Outcome, error) {
	return counterpoint.Outcome{Version: int(g.at)}, g.err()
}

func (g *fakeGeneration) Positions(context.Context, string) (map[int]int64, error) {
	return map[int]int64{0: g.at}, g.err()
}

func (g *fakeGeneration) List(_ context.Context, _ counterpoint.Kind, _ counterpoint.Query, each func([]byte) error) (string, error) {
	if g.name == "breaks" {
		return "", errors.Join(each([]byte(`"one"`)), g.err())
	}
	if err := g.err(); err != nil {
		return "", err
	}
	return "", each([]byte(`"` + g.name + `"`))
}

func (g *fakeGeneration) Update(context.Context, index.Next, func(index.Tx) error) error {
	g.updates++
	return g.err()
}

func (g *fakeGeneration) Close() error {
	g.closed = true
	return nil
}

// generations opens one after the other.
func generations(t *testing.T, all ...*fakeGeneration) *served {
	t.Helper()
	n := 0
	s, err := openServed(t.Context(), func(context.Context) (generation, error) {
		if n == len(all) {
			return nil, counterpoint.ErrAway
		}
		n++
		return all[n-1], nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReadersGoOnWithTheNextGeneration(t *testing.T) {
	a, b := &fakeGeneration{name: "a", at: 5}, &fakeGeneration{name: "b", at: 2}
	s := generations(t, a, b)
	for _, want := range []int64{5, 2} {
		if at, err := s.Positions(t.Context(), "items"); err != nil || at[0] != want {
			t.Errorf("positions of %s: %v, %v, want %d", s.Generation(), at, err, want)
		}
		a.gone = true
	}
	var got []string
	if _, err := s.List(t.Context(), counterpoint.KindFlag, counterpoint.Query{}, func(doc []byte) error {
		got = append(got, string(doc))
		return nil
	}); err != nil || len(got) != 1 || got[0] != `"b"` {
		t.Errorf("list: %v, %v", got, err)
	}
	b.gone = true // and nothing after it
	if _, err := s.Positions(t.Context(), "items"); !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("without a next generation: %v, want it away", err)
	}
	if err := s.Close(); err != nil || !a.closed || !b.closed {
		t.Errorf("close: %v, closed %v and %v", err, a.closed, b.closed)
	}
}

// A page that was begun must not be begun again on another generation: its reader would see documents twice.
func TestAPageIsNotBegunTwice(t *testing.T) {
	a := &fakeGeneration{name: "breaks", gone: true}
	s := generations(t, a, &fakeGeneration{name: "b"})
	n := 0
	_, err := s.List(t.Context(), counterpoint.KindFlag, counterpoint.Query{}, func([]byte) error {
		n++
		return nil
	})
	if n != 1 || !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("%d documents and %v, want one and the error", n, err)
	}
}

// What was read for one generation must not be written to the next: what the next one lacks would be skipped.
func TestTheProjectorNeverChangesGeneration(t *testing.T) {
	for name, meet := range map[string]func(*served, *pinned){
		"it meets the change itself": func(_ *served, p *pinned) {
			if err := p.Update(t.Context(), nil, nil); !errors.Is(err, errReplaced) {
				t.Errorf("update of a generation that is gone: %v", err)
			}
		},
		"a reader met it before": func(s *served, _ *pinned) { s.Positions(t.Context(), "items") },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := &fakeGeneration{name: "a"}, &fakeGeneration{name: "b"}
			s := generations(t, a, b)
			p, told := &pinned{Store: s}, 0
			p.pin(func() { told++ })
			if err := p.Update(t.Context(), nil, nil); err != nil || a.updates != 1 || told != 0 {
				t.Fatalf("before: %v, %d updates, told %d times", err, a.updates, told)
			}
			a.gone = true
			meet(s, p)
			for range 2 {
				if err := p.Update(t.Context(), nil, nil); !errors.Is(err, errReplaced) {
					t.Errorf("after: %v, want it replaced", err)
				}
				if _, err := p.Positions(t.Context(), "items"); !errors.Is(err, errReplaced) {
					t.Errorf("positions after: %v, want it replaced", err)
				}
			}
			if b.updates != 0 || told != 1 {
				t.Errorf("%d updates of the next generation, told %d times", b.updates, told)
			}
			p.pin(func() {})
			if err := p.Update(t.Context(), nil, nil); err != nil || b.updates != 1 {
				t.Errorf("begun again: %v, %d updates of the next generation", err, b.updates)
			}
		})
	}
}

// TestNextCannotBeOpened: where the next generation is not for this program, the reason is told.
func TestNextCannotBeOpened(t *testing.T) {
	gone := &fakeGeneration{name: "old"}
	opened := 0
	s, err := openServed(t.Context(), func(context.Context) (generation, error) {
		if opened++; opened > 1 {
			return nil, errors.New("use the newer program")
		}
		return gone, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	gone.gone = true
	p := &pinned{Store: s}
	p.pin(func() { t.Error("told that another one is served") })
	for what, err := range map[string]error{
		"reading": func() error { _, err := s.Positions(t.Context(), "items"); return err }(),
		"writing": p.Update(t.Context(), nil, nil),
	} {
		if !errors.Is(err, elastic.ErrReplaced) || !strings.Contains(fmt.Sprint(err), "newer program") {
			t.Errorf("%s: %v; want ErrReplaced, and the reason why it cannot go on", what, err)
		}
	}
}

// begun is a log that notes where groups begin.
type begun struct {
	stream.Log
	groups map[string]map[int]int64
}

func (b *begun) Begin(_ context.Context, topic, group string, next map[int]int64) error {
	b.groups[topic+" "+group] = next
	return nil
}

// TestGroupsBeginWhereTheIndexStands: and never where another generation stands.
func TestGroupsBeginWhereTheIndexStands(t *testing.T) {
	old, next := &fakeGeneration{name: "old", at: 5}, &fakeGeneration{name: "next", at: 2}
	s := generations(t, old, next)
	log := &begun{groups: map[string]map[int]int64{}}
	l := &line{stream: log, store: s, sink: &pinned{Store: s}}
	l.sink.pin(func() {})
	if err := l.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, topic := range indexed {
		if at := log.groups[topic+" index-old"]; at[0] != 5 {
			t.Errorf("%s begins at %v, want 5", topic, at)
		}
	}
	old.gone = true
	if _, err := s.Positions(t.Context(), "items"); err != nil { // a reader meets the next one
		t.Fatal(err)
	}
	if err := l.begin(t.Context()); !errors.Is(err, errReplaced) || len(log.groups) != len(indexed) {
		t.Errorf("after the index was replaced: %v, groups %v; want errReplaced and none of the next", err, log.groups)
	}
}
