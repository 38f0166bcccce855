package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"counterpoint"
)

type idInput struct {
	ID string `path:"id" doc:"Id"`
}

type objectOutput[T any] struct {
	ETag string `header:"ETag" doc:"The version, to send back as If-Match"`
	Body T
}

func object[T any](doc T, version int) *objectOutput[T] {
	return &objectOutput[T]{ETag: etag(version), Body: doc}
}

func (a *API) registerObjects() {
	get(a, "/items/{id}", func(v counterpoint.ItemView) int { return v.Version })
	get(a, "/segments/{id}", func(v counterpoint.SegmentView) int { return v.Version })
	register(a, operation(http.MethodGet, "/flags/{id}", "One of them, by id"), a.flag)
	get(a, "/alerts/{id}", func(v counterpoint.Alert) int { return v.Version })
	get(a, "/narratives/{id}", func(v counterpoint.Narrative) int { return v.Version })
	get(a, "/messages/{id}", func(v counterpoint.Message) int { return v.Version })
	get(a, "/airings/{id}", func(v counterpoint.Airing) int { return v.Version })
	get(a, "/followups/{id}", func(v counterpoint.Followup) int { return v.Version })
	get(a, "/sources/{id}", func(v counterpoint.Source) int { return v.Version })
	get(a, "/accounts/{id}", func(v counterpoint.Account) int { return v.Version })
	register(a, operation(http.MethodGet, "/audit/{id}", "One event of the record"), a.auditEntry)
	register(a, operation(http.MethodGet, "/flags/{id}/context", "What was said before, in and after the passage"), a.flagContext)
	register(a, operation(http.MethodGet, "/commands/{event}", "What became of a command that was pending"), a.command)
}

func get[T counterpoint.Viewed](a *API, path string, version func(T) int) {
	register(a, operation(http.MethodGet, path, "One of them, by id"), func(ctx context.Context, in *idInput) (*objectOutput[T], error) {
		doc, err := counterpoint.Load[T](ctx, a.desk.Views(), in.ID)
		if err != nil {
			return nil, err
		}
		return object(doc, version(doc)), nil
	})
}

func (a *API) flag(ctx context.Context, in *idInput) (*objectOutput[counterpoint.Flag], error) {
	f, err := a.desk.Flag(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return object(f, f.Version), nil
}

func (a *API) auditEntry(ctx context.Context, in *idInput) (*objectOutput[AuditEntry], error) {
	out, err := a.desk.Outcome(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	e, err := a.entry(ctx, out, map[string]string{Operator.ID: Operator.Name})
	return object(e, e.Version), err
}

// name is the account's name; names are those found before. An account that is gone has its id.
func (a *API) name(ctx context.Context, id string, names map[string]string) (string, error) {
	if n, ok := names[id]; ok {
		return n, nil
	}
	acc, err := counterpoint.Load[counterpoint.Account](ctx, a.desk.Views(), id)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return "", fmt.Errorf("who did it: %w", err)
	}
	names[id] = acc.Name
	return acc.Name, nil
}

// Surroundings are the segments around a passage.
type Surroundings struct {
	Item    string                     `json:"item"`
	Before  []counterpoint.SegmentView `json:"before"`
	Passage []counterpoint.SegmentView `json:"passage"`
	After   []counterpoint.SegmentView `json:"after"`
}

// How far the surroundings reach: in time where the segments have times, else in segments.
const (
	aroundMS       = 30_000
	aroundSegments = 3
)

// Around is what was said before, in and after the passage of a flag. It is empty where the item is gone.
func (d *Desk) Around(ctx context.Context, flag string) (Surroundings, error) {
	f, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, flag)
	if err != nil {
		return Surroundings{}, err
	}
	it, err := counterpoint.Load[counterpoint.ItemView](ctx, d.views, f.Item)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return Surroundings{}, err
	}
	from, to := place(f)
	return surroundings(it, f.Item, from, to), nil
}

// place is where the passage shown stands in its item.
func place(f counterpoint.Flag) (from, to int) {
	for _, s := range append(f.Sightings, f.Past...) {
		if s.Item == f.Item && s.Text == f.Text {
			return s.From, s.To
		}
	}
	if f.ByHand != nil {
		return f.ByHand.From, f.ByHand.To
	}
	if j := f.Judgement(); j != nil && j.Judged != nil {
		return j.Judged.From, j.Judged.To
	}
	if len(f.Sightings) > 0 {
		return f.Sightings[0].From, f.Sightings[0].To
	}
	return 0, -1
}

func surroundings(it counterpoint.ItemView, id string, from, to int) Surroundings {
	s := Surroundings{Item: id, Before: []counterpoint.SegmentView{}, Passage: []counterpoint.SegmentView{}, After: []counterpoint.SegmentView{}}
	var start, end *int64
	for _, g := range it.Segments {
		if g.Seq == from {
			start = g.StartMS
		}
		if g.Seq == to {
			end = g.EndMS
		}
	}
	for _, g := range it.Segments {
		switch {
		case g.Seq >= from && g.Seq <= to:
			s.Passage = append(s.Passage, g)
		case g.Seq < from && near(from-g.Seq, g.EndMS, start):
			s.Before = append(s.Before, g)
		case g.Seq > to && near(g.Seq-to, end, g.StartMS):
			s.After = append(s.After, g)
		}
	}
	return s
}

func near(segments int, earlier, later *int64) bool {
	if earlier == nil || later == nil {
		return segments <= aroundSegments
	}
	return *later-*earlier <= aroundMS
}

func (a *API) flagContext(ctx context.Context, in *idInput) (*struct{ Body Surroundings }, error) {
	s, err := a.desk.Around(ctx, in.ID)
	return &struct{ Body Surroundings }{s}, err
}
