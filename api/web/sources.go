package web

import (
	"time"

	"counterpoint"
)

// sourcesPage lists what is listened to, and when each was heard last.
type sourcesPage struct {
	Rows   []sourceRow
	Total  int
	Silent int // of those shown
	Next   int // where the next page begins; 0 on the last
}

type sourceRow struct {
	counterpoint.Source
	Items  int
	Flags  int
	Last   *time.Time
	Silent bool // nothing came in for two days
}

const sourceRows = 40

const silentAfter = 48 * time.Hour

func (p *Pages) sources(r *request) error {
	v := r.page("sources", "sources.title")
	v.Wide = true
	items, err := p.bySource(r, counterpoint.KindItem)
	if err != nil {
		return err
	}
	flags, err := p.bySource(r, counterpoint.KindFlag)
	if err != nil {
		return err
	}
	var b sourcesPage
	all := v.names.allSources()
	ids := sorted(all)
	b.Total = len(ids)
	from := min(max(0, toInt(r.URL.Query().Get("from"))), len(ids))
	if from+sourceRows < len(ids) {
		b.Next = from + sourceRows
	}
	for _, id := range ids[from:min(from+sourceRows, len(ids))] {
		row := sourceRow{Source: all[id], Items: items[id], Flags: flags[id]}
		// The newest segment, not the newest item: a long recording weighs megabytes.
		page, err := counterpoint.List[counterpoint.SegmentView](r.Context(), p.views(), counterpoint.Query{Source: []string{id}, Limit: 1})
		if err != nil {
			return err
		}
		if len(page.Data) > 0 {
			row.Last = &page.Data[0].Seen
		}
		row.Silent = row.Last == nil || p.now().Sub(*row.Last) > silentAfter
		if row.Silent {
			b.Silent++
		}
		b.Rows = append(b.Rows, row)
	}
	return r.show(v, b)
}

func (p *Pages) bySource(r *request, kind counterpoint.Kind) (map[string]int, error) {
	groups, err := p.views().Count(r.Context(), kind, counterpoint.Query{}, counterpoint.BySource)
	out := map[string]int{}
	for _, g := range groups {
		out[g.Key] = g.Count
	}
	return out, err
}
