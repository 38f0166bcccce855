package respond_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"counterpoint"
)

// book is a mission's record in memory: it applies events as the index does.
type book struct {
	mu       sync.Mutex
	sources  []counterpoint.Source
	items    []counterpoint.ItemView
	airings  map[string]*counterpoint.Airing
	messages map[string]*counterpoint.Message
	events   []counterpoint.Event
	refuse   string // what Decide answers without applying
	broken   error  // what reading answers
	loads    int    // items read whole
}

func newBook() *book {
	m := wells
	return &book{
		sources:  []counterpoint.Source{{ID: "radio-one", Name: "Radio One", Own: true}, {ID: "radio-two", Name: "Radio Two"}},
		airings:  map[string]*counterpoint.Airing{},
		messages: map[string]*counterpoint.Message{m.ID: &m},
	}
}

func (b *book) offer(as ...counterpoint.Airing) {
	for _, a := range as {
		b.airings[a.ID] = &a
	}
}

// broadcast puts a recording into the record that began so many minutes after eight.
func (b *book) broadcast(source, id string, minute int, segments []counterpoint.SegmentView) *counterpoint.ItemView {
	at := eight.Add(time.Duration(minute) * time.Minute)
	b.items = append(b.items, counterpoint.ItemView{
		ID: id, Source: source, Kind: counterpoint.Radio, Revision: "r1", Recorded: &at, Precision: counterpoint.Second, Count: len(segments), Segments: segments,
	})
	return &b.items[len(b.items)-1]
}

func (b *book) Get(_ context.Context, kind counterpoint.Kind, id string, into any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return b.broken
	}
	var doc any
	switch kind {
	case counterpoint.KindAiring:
		if a, ok := b.airings[id]; ok {
			doc = a
		}
	case counterpoint.KindMessage:
		if m, ok := b.messages[id]; ok {
			doc = m
		}
	case counterpoint.KindSource:
		for _, s := range b.sources {
			if s.ID == id {
				doc = s
			}
		}
	case counterpoint.KindItem:
		b.loads++
		for _, it := range b.items {
			if it.ID == id {
				doc = it
			}
		}
	}
	if doc == nil {
		return counterpoint.ErrNotFound
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (b *book) List(_ context.Context, kind counterpoint.Kind, q counterpoint.Query, each func([]byte) error) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return "", b.broken
	}
	within := func(t time.Time) bool {
		return (q.From.IsZero() || !t.Before(q.From)) && (q.To.IsZero() || t.Before(q.To))
	}
	var docs []any
	switch kind {
	case counterpoint.KindSource:
		for _, s := range b.sources {
			docs = append(docs, s)
		}
	case counterpoint.KindMessage:
		for _, m := range b.messages {
			docs = append(docs, m)
		}
	case counterpoint.KindAiring:
		for _, a := range b.airings {
			if within(a.Planned) {
				docs = append(docs, a)
			}
		}
	case counterpoint.KindItem:
		for _, it := range b.items {
			if t := it.Recorded; (len(q.Source) == 0 || slices.Contains(q.Source, it.Source)) && (t == nil || within(*t)) {
				it.Segments = nil
				docs = append(docs, it)
			}
		}
	}
	for _, d := range docs {
		raw, err := json.Marshal(d)
		if err != nil {
			return "", err
		}
		if err := each(raw); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (b *book) Search(context.Context, counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	return counterpoint.Page[counterpoint.Hit]{}, errors.New("not asked for here")
}

func (b *book) Count(context.Context, counterpoint.Kind, counterpoint.Query, counterpoint.GroupBy) ([]counterpoint.Group, error) {
	return nil, errors.New("not asked for here")
}

// proofs is how many events were decided, for a test that looks while the prover runs.
func (b *book) proofs() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.events)
}

// Decide asks the two questions and applies.
func (b *book) Decide(_ context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != "" {
		return counterpoint.Outcome{Event: e, Refused: b.refuse}, nil
	}
	for _, o := range b.events {
		if o.ID == e.ID {
			return counterpoint.Outcome{Event: e, Applied: true}, nil
		}
	}
	a := b.airings[e.On.ID]
	var also counterpoint.Aggregate
	if e.Also != nil {
		also = b.messages[e.Also.ID]
	}
	out := counterpoint.Apply(e, a, also)
	if !out.Applied {
		return out, fmt.Errorf("%s: %w", out.Refused, counterpoint.ErrStale)
	}
	b.events = append(b.events, e)
	return out, nil
}
