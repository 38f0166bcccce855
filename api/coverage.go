package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"

	"counterpoint"
)

// Cover judges whether what the query counts can be compared with other times.
func (d *Desk) Cover(ctx context.Context, q counterpoint.Query) (counterpoint.Coverage, error) {
	from, to := q.Window(d.now())
	h, err := d.history(ctx, q, from, to)
	if err != nil {
		return counterpoint.Coverage{}, err
	}
	return h.Within(from, to), nil
}

// Health is how the sources are heard, and how this process fares that collects from them.
func (d *Desk) Health(ctx context.Context, sources ...counterpoint.Source) ([]counterpoint.SourceHealth, error) {
	now := d.now()
	past, err := d.history(ctx, counterpoint.Query{}, now, now)
	if err != nil {
		return nil, err
	}
	all, err := counterpoint.ReadHealth(ctx, d.views, past, now, sources...)
	if err != nil || d.collecting == nil {
		return all, err
	}
	fares, err := d.collecting(ctx)
	if err != nil {
		return nil, fmt.Errorf("how collecting fares: %w", err)
	}
	for i := range all {
		if c, ok := fares[all[i].Source]; ok {
			all[i].Collecting = &c
		}
	}
	return all, nil
}

func (a *API) registerHealthOfSources() {
	register(a, operation(http.MethodGet, "/source-health", "How each source is heard, and what is expected of it"),
		func(ctx context.Context, _ *struct{}) (*listOutput[counterpoint.SourceHealth], error) {
			sources, err := counterpoint.All[counterpoint.Source](ctx, a.desk.Views(), counterpoint.Query{})
			if err != nil {
				return nil, err
			}
			slices.SortFunc(sources, func(x, y counterpoint.Source) int { return cmp.Compare(x.ID, y.ID) })
			all, err := a.desk.Health(ctx, sources...)
			return page(all, ""), err
		})
}

// FoundSegments is a page of segments. The first says whether their number can be compared with that of other times.
type FoundSegments struct {
	Listed[FoundSegment]
	Coverage *counterpoint.Coverage `json:"coverage" doc:"Of the time searched; null on later pages"`
}

func (a *API) registerSegments() {
	op := queried(http.MethodGet, "/segments", "Lists segments", paramDocs(counterpoint.KindSegment))
	register(a, op, func(ctx context.Context, in *listInput) (*struct{ Body FoundSegments }, error) {
		q, _, err := a.query(ctx, in.raw, counterpoint.KindSegment, nil)
		if err != nil {
			return nil, err
		}
		data, next, err := a.segments(ctx, q)
		if err != nil {
			return nil, err
		}
		out := FoundSegments{Listed: page(data, next).Body}
		if q.Cursor == "" {
			c, err := a.desk.Cover(ctx, q)
			if err != nil {
				return nil, err
			}
			out.Coverage = &c
		}
		return &struct{ Body FoundSegments }{out}, nil
	})
}
