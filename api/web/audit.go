package web

import "counterpoint"

// auditPage lists everything people did, the last first.
type auditPage struct {
	Rows  []auditRow
	Total int
	Next  string
}

type auditRow struct {
	counterpoint.Outcome
	Link string
	Kind string // flag.confirm → the word of it
}

var kindPages = map[counterpoint.Kind]string{
	counterpoint.KindFlag: "/flags/", counterpoint.KindNarrative: "/narratives/", counterpoint.KindMessage: "/messages/",
	counterpoint.KindAiring: "/airings/", counterpoint.KindItem: "/items/",
}

func (p *Pages) audit(r *request) error {
	v := r.page("audit", "audit.title")
	v.Wide = true
	var b auditPage
	var err error
	if b.Total, err = p.total(r.Context(), counterpoint.KindEvent, counterpoint.Query{}); err != nil {
		return err
	}
	page, err := counterpoint.List[counterpoint.Outcome](r.Context(), p.views(), counterpoint.Query{Limit: 50, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	b.Next = page.Next
	for _, o := range page.Data {
		row := auditRow{Outcome: o, Kind: o.Event.Type}
		if at, ok := kindPages[o.Event.On.Kind]; ok {
			row.Link = at + o.Event.On.ID
		}
		b.Rows = append(b.Rows, row)
	}
	return r.show(v, b)
}
