package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

// listInput is the query string of a list, read by parseQuery.
type listInput struct{ raw string }

// Resolve takes the query string.
func (in *listInput) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	in.raw = u.RawQuery
	return nil
}

// Listed is one page of a list.
type Listed[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next" doc:"Cursor of the page after; null on the last"`
}

type listOutput[T any] struct{ Body Listed[T] }

func page[T any](data []T, next string) *listOutput[T] {
	if data == nil {
		data = []T{}
	}
	out := &listOutput[T]{Body: Listed[T]{Data: data}}
	if next != "" {
		out.Body.Next = &next
	}
	return out
}

// itemSegments is how many segments an item shows in a list; the item's own address shows all.
const itemSegments = 100

func (a *API) registerLists() {
	list(a, "/items", counterpoint.KindItem, a.items)
	a.registerSegments()
	list(a, "/flags", counterpoint.KindFlag, plain[counterpoint.Flag](a))
	list(a, "/alerts", counterpoint.KindAlert, plain[counterpoint.Alert](a))
	list(a, "/narratives", counterpoint.KindNarrative, plain[counterpoint.Narrative](a))
	list(a, "/messages", counterpoint.KindMessage, plain[counterpoint.Message](a))
	list(a, "/airings", counterpoint.KindAiring, plain[counterpoint.Airing](a))
	list(a, "/followups", counterpoint.KindFollowup, plain[counterpoint.Followup](a))
	list(a, "/sources", counterpoint.KindSource, plain[counterpoint.Source](a))
	list(a, "/accounts", counterpoint.KindAccount, plain[counterpoint.Account](a))
	list(a, "/audit", counterpoint.KindEvent, a.audit)
	a.registerCounts()
	a.registerClock()
}

func list[T any](a *API, path string, kind counterpoint.Kind, find func(context.Context, counterpoint.Query) ([]T, string, error)) {
	op := queried(http.MethodGet, path, "Lists "+path[1:], paramDocs(kind))
	register(a, op, func(ctx context.Context, in *listInput) (*listOutput[T], error) {
		q, _, err := a.query(ctx, in.raw, kind, nil)
		if err != nil {
			return nil, err
		}
		data, next, err := find(ctx, q)
		if err != nil {
			return nil, err
		}
		return page(data, next), nil
	})
}

// queried is an operation whose parameters parseQuery reads, and refuses where unknown.
func queried(method, path, summary string, docs []*huma.Param) huma.Operation {
	return huma.Operation{Method: method, Path: path, Summary: summary, Parameters: docs, SkipValidateParams: true}
}

// query reads the parameters, and checks that who searches for words may.
func (a *API) query(ctx context.Context, raw string, kind counterpoint.Kind, extra []string, without ...string) (counterpoint.Query, url.Values, error) {
	q, values, err := parseQuery(raw, kind, extra, without...)
	if err == nil && q.Text != "" {
		err = may(by(ctx), Search)
	}
	return q, values, err
}

// by is who asks. Every address that calls it lets nobody through unknown.
func by(ctx context.Context) counterpoint.Account {
	who, _ := AccountOf(ctx)
	return who
}

func plain[T counterpoint.Viewed](a *API) func(context.Context, counterpoint.Query) ([]T, string, error) {
	return func(ctx context.Context, q counterpoint.Query) ([]T, string, error) {
		p, err := counterpoint.List[T](ctx, a.desk.Views(), q)
		return p.Data, p.Next, err
	}
}

func (a *API) items(ctx context.Context, q counterpoint.Query) ([]counterpoint.ItemView, string, error) {
	p, err := counterpoint.List[counterpoint.ItemView](ctx, a.desk.Views(), q)
	for i := range p.Data {
		if it := &p.Data[i]; len(it.Segments) > itemSegments {
			it.Segments = it.Segments[:itemSegments]
		}
	}
	return p.Data, p.Next, err
}

// FoundSegment is a segment with where the words searched for stand in it.
type FoundSegment struct {
	counterpoint.SegmentView
	Highlights []counterpoint.Span `json:"highlights,omitempty" doc:"Where the words of q stand, in runes of text"`
}

func (a *API) segments(ctx context.Context, q counterpoint.Query) ([]FoundSegment, string, error) {
	var out []FoundSegment
	if q.Text == "" {
		p, err := counterpoint.List[counterpoint.SegmentView](ctx, a.desk.Views(), q)
		for _, s := range p.Data {
			out = append(out, FoundSegment{SegmentView: s})
		}
		return out, p.Next, err
	}
	p, err := a.desk.Views().Search(ctx, q)
	for _, h := range p.Data {
		out = append(out, FoundSegment{h.Found, h.Highlights})
	}
	return out, p.Next, err
}

// AuditEntry is an event of the record and what became of it. It has no words of an item: those are sealed.
type AuditEntry struct {
	ID      string           `json:"id"`
	Version int              `json:"version" doc:"Of what the event is about, afterwards"`
	At      time.Time        `json:"at"`
	By      string           `json:"by"`
	ByName  string           `json:"by_name,omitempty"`
	Type    string           `json:"type"`
	On      counterpoint.Ref `json:"on" doc:"What it is about, and the version it was based on"`
	// Also is the second thing it changed.
	Also    *counterpoint.Ref `json:"also,omitempty"`
	State   string            `json:"state,omitempty"`
	Applied bool              `json:"applied"`
	Refused string            `json:"refused,omitempty"`
	Offset  int64             `json:"offset" doc:"Place in the decisions log"`
	Sealed  bool              `json:"sealed" doc:"Its words lie apart, under the key of the item they are from"`
}

func (a *API) audit(ctx context.Context, q counterpoint.Query) ([]AuditEntry, string, error) {
	p, err := counterpoint.List[counterpoint.Outcome](ctx, a.desk.Views(), q)
	if err != nil {
		return nil, "", err
	}
	names := map[string]string{Operator.ID: Operator.Name}
	out := make([]AuditEntry, len(p.Data))
	for i, o := range p.Data {
		if out[i], err = a.entry(ctx, o, names); err != nil {
			return nil, "", err
		}
	}
	return out, p.Next, nil
}

func (a *API) entry(ctx context.Context, o counterpoint.Outcome, names map[string]string) (AuditEntry, error) {
	e := o.Event
	name, err := a.name(ctx, e.By, names)
	return AuditEntry{
		ID: e.ID, Version: o.Version, At: e.At, By: e.By, ByName: name, Type: e.Type, On: e.On, Also: e.Also,
		State: o.State, Applied: o.Applied, Refused: o.Refused, Offset: o.Offset, Sealed: e.Sealed != "",
	}, err
}
