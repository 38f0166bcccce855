package web

import "counterpoint"

// auditPage lists everything people did, the last first. What processes settle between them is left out.
type auditPage struct {
	Rows  []auditRow
	Total int
	Next  string
}

type auditRow struct {
	counterpoint.Outcome
	Link string
	Kind string // flag.confirm → the word of it
	Case string // of an erasure, with why
	Why  string
	about
}

// about is what an event is about, as people know it.
type about struct {
	On      string
	Example bool
}

var kindPages = map[counterpoint.Kind]string{
	counterpoint.KindFlag: "/flags/", counterpoint.KindNarrative: "/narratives/", counterpoint.KindMessage: "/messages/",
	counterpoint.KindAiring: "/airings/", counterpoint.KindItem: "/items/", counterpoint.KindAlert: "/alerts/",
	counterpoint.KindFollowup: "/reports/", counterpoint.KindSource: "/sources/",
}

func (p *Pages) audit(r *request) error {
	v := r.page("audit", "audit.title")
	v.Wide = true
	var b auditPage
	var err error
	q := counterpoint.Query{State: []string{counterpoint.EventApplied, counterpoint.EventRefused}}
	if b.Total, err = p.total(r.Context(), counterpoint.KindEvent, q); err != nil {
		return err
	}
	q.Limit, q.Cursor = 50, r.URL.Query().Get("cursor")
	page, err := counterpoint.List[counterpoint.Outcome](r.Context(), p.views(), q)
	if err != nil {
		return err
	}
	b.Next = page.Next
	known := map[counterpoint.Ref]about{}
	for _, o := range page.Data {
		row := auditRow{Outcome: o, Kind: o.Event.Type}
		if x, ok := o.Event.Erasure(); ok {
			row.Case, row.Why = x.Case, x.Reason
		}
		ref := counterpoint.Ref{Kind: o.Event.On.Kind, ID: o.Event.On.ID}
		if _, ok := known[ref]; !ok {
			known[ref] = r.about(v, ref)
		}
		row.about = known[ref]
		if at, ok := kindPages[o.Event.On.Kind]; ok {
			row.Link = at + o.Event.On.ID
		}
		b.Rows = append(b.Rows, row)
	}
	return r.show(v, b)
}

// about names what an event is about; its id where that is gone.
func (r *request) about(v *view, ref counterpoint.Ref) about {
	switch ref.Kind {
	case counterpoint.KindFlag:
		return named(r, ref, func(f counterpoint.Flag) about {
			return about{v.locale.t("audit.flag", v.locale.language(f.Lang), v.Source(f.Source)), f.Example}
		})
	case counterpoint.KindAlert:
		return named(r, ref, func(a counterpoint.Alert) about {
			return about{v.locale.t("audit.flag", v.locale.language(a.Lang), v.Source(a.Source)), a.Example}
		})
	case counterpoint.KindNarrative:
		return about{v.Narrative(ref.ID), false}
	case counterpoint.KindMessage:
		return named(r, ref, func(m counterpoint.Message) about {
			return about{v.locale.word("kind-of", m.Kind) + " · " + v.Narrative(m.Narrative), m.Example}
		})
	case counterpoint.KindAiring:
		return named(r, ref, func(a counterpoint.Airing) about { return about{a.Code + " · " + v.Source(a.Station), a.Example} })
	case counterpoint.KindSource:
		return about{v.Source(ref.ID), v.names.allSources()[ref.ID].Example}
	case counterpoint.KindAccount:
		return named(r, ref, func(a counterpoint.Account) about { return about{a.Name, a.Example} })
	case counterpoint.KindFollowup:
		return named(r, ref, func(f counterpoint.Followup) about {
			return about{v.locale.t("audit.report", v.Source(f.Source)), f.Example}
		})
	case counterpoint.KindItem:
		return named(r, ref, func(i counterpoint.ItemView) about { return about{i.Title, i.Example} })
	}
	return about{On: ref.ID}
}

func named[T counterpoint.Viewed](r *request, ref counterpoint.Ref, name func(T) about) about {
	doc, err := counterpoint.Load[T](r.Context(), r.p.views(), ref.ID)
	if err != nil {
		return about{On: ref.ID}
	}
	if a := name(doc); a.On != "" {
		return a
	}
	return about{On: ref.ID}
}
