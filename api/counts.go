package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

var counted = []counterpoint.Kind{
	counterpoint.KindItem, counterpoint.KindSegment, counterpoint.KindFlag, counterpoint.KindNarrative,
	counterpoint.KindMessage, counterpoint.KindAiring, counterpoint.KindFollowup, counterpoint.KindSource, counterpoint.KindAlert,
}

var groups = []counterpoint.GroupBy{
	counterpoint.BySource, counterpoint.ByLang, counterpoint.ByLabel, counterpoint.ByLevel,
	counterpoint.ByState, counterpoint.ByNarrative, counterpoint.ByDay, counterpoint.ByHour,
}

// Counts are exact counts by group.
type Counts struct {
	Kind  counterpoint.Kind    `json:"kind"`
	By    counterpoint.GroupBy `json:"by"`
	Total int                  `json:"total" doc:"How many there are; one may be in several groups, or in none"`
	Data  []counterpoint.Group `json:"data"`
	Next  *string              `json:"next" doc:"Always null: all groups are here"`
	// Coverage says whether the counts can be compared with those of other times; null of what is not collected.
	Coverage *counterpoint.Coverage `json:"coverage"`
}

func (a *API) registerCounts() {
	docs := append(paramDocs("", "limit", "cursor"),
		enumDoc("kind", "What to count", names(counted)), enumDoc("by", "What to group by; the total alone where it is left out", names(groups)))
	register(a, queried(http.MethodGet, "/counts", "Exact counts", docs), a.counts)
}

func enumDoc(name, doc string, values []string) *huma.Param {
	s := &huma.Schema{Type: huma.TypeString}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: s}
}

func (a *API) counts(ctx context.Context, in *listInput) (*struct{ Body Counts }, error) {
	kind, err := countedKind(in.raw)
	if err != nil {
		return nil, err
	}
	q, values, err := a.query(ctx, in.raw, kind, []string{"kind", "by"}, "limit", "cursor")
	if err != nil {
		return nil, err
	}
	out := Counts{Kind: kind, Data: []counterpoint.Group{}}
	if v := values.Get("by"); v != "" {
		if out.By, err = oneOf(v, groups); err != nil {
			return nil, counterpoint.Invalid{{Field: "by", Message: err.Error()}}
		}
		if out.Data, err = a.desk.Views().Count(ctx, kind, q, out.By); err != nil {
			return nil, fmt.Errorf("count %ss: %w", kind, err)
		}
	}
	total, err := a.desk.Views().Count(ctx, kind, q, "")
	for _, g := range total {
		out.Total += g.Count
	}
	if out.Data == nil {
		out.Data = []counterpoint.Group{}
	}
	if err != nil || !collected(kind) {
		return &struct{ Body Counts }{out}, err
	}
	c, err := a.desk.Cover(ctx, q)
	out.Coverage = &c
	return &struct{ Body Counts }{out}, err
}

// collected reports whether there is more of the kind where more is collected.
func collected(kind counterpoint.Kind) bool {
	return kind == counterpoint.KindItem || kind == counterpoint.KindSegment || kind == counterpoint.KindFlag
}

// countedKind reads kind first, because what a state may be follows from it. flag and flags are the same.
func countedKind(raw string) (counterpoint.Kind, error) {
	values, _ := url.ParseQuery(raw) // what is malformed parseQuery refuses
	given := values.Get("kind")
	if given == "" {
		return "", counterpoint.Invalid{{Field: "kind", Message: "is missing; choose one of " + strings.Join(names(counted), ", ")}}
	}
	kind, err := oneOf(strings.TrimSuffix(given, "s"), counted)
	if err != nil {
		return "", counterpoint.Invalid{{Field: "kind", Message: err.Error()}}
	}
	return kind, nil
}
