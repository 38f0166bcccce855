package respond

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"counterpoint"
)

// search is a script looked for in an item as it stood.
type search struct {
	lang, script   string
	item, revision string
	segments       int
}

// hearing is a place where a script was heard.
type hearing struct {
	Alignment
	place     place
	at        time.Time
	precision counterpoint.Precision
	station   string
}

// place is a range of segments of an item.
type place struct {
	item     string
	from, to int
}

// String is the form in which evidence names the place, and placesOf finds it again.
func (p place) String() string { return fmt.Sprintf("%s#%d-%d", p.item, p.from, p.to) }

func (p place) overlaps(o place) bool { return p.item == o.item && p.from <= o.to && o.from <= p.to }

var placeForm = regexp.MustCompile(`\[([^\s\[\]#]+)#(\d+)-(\d+)\]$`)

// placesOf are the places that prove the airing already; no other airing may be proven by them.
func placesOf(a counterpoint.Airing) []place {
	var out []place
	for _, p := range a.Proofs {
		if m := placeForm.FindStringSubmatch(p.Evidence); m != nil && p.By == By {
			from, err1 := strconv.Atoi(m[2])
			to, err2 := strconv.Atoi(m[3])
			if err1 == nil && err2 == nil {
				out = append(out, place{m[1], from, to})
			}
		}
	}
	return out
}

// evidence names the place and never quotes it: what it quoted would outlive the item's erasure.
func (h hearing) evidence() string {
	return fmt.Sprintf("our transcript of %s: %s, at %s (known to the %s) [%s]", h.station, h.Said(), h.at.UTC().Format("2006-01-02 15:04:05 UTC"), h.precision, h.place)
}

// tolerance is how far from the planned time the hearing may lie; a recording whose start is only known to the
// day proves no slot.
func (h hearing) tolerance() time.Duration {
	switch h.precision {
	case counterpoint.Second:
		return SlotWindow
	case counterpoint.Minute:
		return SlotWindow + time.Minute
	case counterpoint.Hour:
		return SlotWindow + time.Hour
	}
	return -1
}

// hearings are where the script was heard on the station around the slots of the group, used places aside.
func (p *Prover) hearings(ctx context.Context, g group, v counterpoint.Variant, seen map[search][]hearing) ([]hearing, error) {
	var out []hearing
	done := map[string]bool{}
	for _, a := range g.airings {
		items, err := counterpoint.All[counterpoint.ItemView](ctx, p.o.Views, counterpoint.Query{
			Source: []string{g.station}, From: a.Planned.Add(-LongestItem - SlotWindow), To: a.Planned.Add(SlotWindow + time.Hour),
		})
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			if done[it.ID] || it.Recorded == nil {
				continue
			}
			done[it.ID] = true
			found, err := p.search(ctx, it, v, seen)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return slices.DeleteFunc(out, func(h hearing) bool { return slices.ContainsFunc(g.used, h.place.overlaps) }), nil
}

func (p *Prover) search(ctx context.Context, it counterpoint.ItemView, v counterpoint.Variant, seen map[search][]hearing) ([]hearing, error) {
	key := search{v.Lang, v.Script, it.ID, it.Revision, it.Count}
	if found, ok := p.found[key]; ok {
		seen[key] = found
		return found, nil
	}
	whole, err := counterpoint.Load[counterpoint.ItemView](ctx, p.o.Views, it.ID)
	if err != nil {
		return nil, err
	}
	segs := slices.DeleteFunc(whole.Segments, func(s counterpoint.SegmentView) bool {
		return s.StartMS == nil || s.Quality == counterpoint.Unusable
	})
	heard := make([]Heard, len(segs))
	for i, s := range segs {
		heard[i] = Heard{s.Text, s.StartMS, s.EndMS}
	}
	var found []hearing
	for _, a := range p.everywhere(v, heard, 0, 0) {
		h := hearing{Alignment: a, place: place{it.ID, segs[a.From].Seq, segs[a.To].Seq}, precision: whole.Precision, station: whole.Source}
		h.at = whole.Recorded.Add(time.Duration(*a.StartMS) * time.Millisecond)
		if !a.Accepted() {
			p.o.Log.Info("a script was heard in part or in doubt; listen to it", "station", h.station, "place", h.place.String(), "at", h.at, "heard", a.Said())
			continue
		}
		found = append(found, h)
	}
	seen[key] = found
	return found, nil
}

// everywhere are all places of the script in the transcript: the best, then those before and behind it. Places
// that hold half of it are there too, for the log.
func (p *Prover) everywhere(v counterpoint.Variant, heard []Heard, offset, depth int) []Alignment {
	p.alignments.Inc()
	a := Align(v.Lang, v.Script, heard)
	if a.From < 0 || a.Score < 0.5 || a.Total < MinWords || depth > 8 {
		return nil
	}
	before := p.everywhere(v, heard[:a.From], offset, depth+1)
	after := p.everywhere(v, heard[a.To+1:], offset+a.To+1, depth+1)
	a.From, a.To = a.From+offset, a.To+offset
	return append(append(before, a), after...)
}

// match is a hearing given to an airing.
type match struct {
	airing counterpoint.Airing
	hearing
}

// assign gives each hearing to the airing it is nearest to, each airing one hearing.
func assign(airings []counterpoint.Airing, heard []hearing) []match {
	var pairs []match
	for _, a := range airings {
		for _, h := range heard {
			if h.at.Sub(a.Planned).Abs() <= h.tolerance() {
				pairs = append(pairs, match{a, h})
			}
		}
	}
	slices.SortFunc(pairs, func(x, y match) int {
		return cmp.Or(cmp.Compare(x.at.Sub(x.airing.Planned).Abs(), y.at.Sub(y.airing.Planned).Abs()),
			cmp.Compare(x.airing.ID, y.airing.ID), cmp.Compare(x.place.String(), y.place.String()))
	})
	var out []match
	for _, x := range pairs {
		taken := slices.ContainsFunc(out, func(o match) bool { return o.airing.ID == x.airing.ID || o.place.overlaps(x.place) })
		if !taken {
			out = append(out, x)
		}
	}
	return out
}
