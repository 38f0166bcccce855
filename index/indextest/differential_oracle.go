package indextest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// row is a document as the oracle sees it. What it is filtered and ordered by is written here anew, not taken
// from index.FieldsOf, so that a mistake there is found too.
type row struct {
	id, doc   string
	rank      float64
	at        time.Time
	item      string // with seq, the last keys of the order
	seq       int
	sources   []string
	lang      string
	labels    []counterpoint.Label
	level     int // -1: none
	state     string
	items     []string
	narrative string
	text      string
	terms     []index.Term
	segments  []*row // of an item
}

func (w *World) index() {
	w.rows, w.docs, w.frequencies = map[counterpoint.Kind][]*row{}, map[string]string{}, map[string]int{}
	parts := map[string][]*row{}
	views := map[string][]counterpoint.SegmentView{}
	for _, v := range w.Segments {
		r := &row{
			id: v.ID, doc: encoded(v), at: first(v.Heard, v.Seen), item: v.Item, seq: v.Seq, sources: []string{v.Source}, lang: v.Lang,
			labels: v.Labels, level: v.Level, items: []string{v.Item}, text: v.Text,
		}
		w.add(counterpoint.KindSegment, r)
		parts[v.Item], views[v.Item] = append(parts[v.Item], r), append(views[v.Item], v)
	}
	for _, v := range w.Items {
		v.Segments = views[v.ID][:min(len(views[v.ID]), index.ListedSegments)]
		at := first(v.Recorded, first(v.Published, v.Seen))
		w.add(counterpoint.KindItem, &row{
			id: v.ID, doc: encoded(v), at: at, item: v.ID, sources: []string{v.Source}, lang: v.Lang, level: -1, items: []string{v.ID},
			text: v.Title, state: failed(v), segments: parts[v.ID],
		})
	}
	for _, v := range w.Flags {
		r := &row{
			id: v.ID, doc: encoded(v), rank: v.Rank(), at: first(v.Heard, v.Seen), item: v.ID, lang: v.Lang, labels: v.Labels, level: v.Level,
			state: string(v.State), narrative: v.Narrative, text: v.Title + "\n" + v.Text,
		}
		for _, s := range v.Sightings {
			r.sources, r.items = append(r.sources, s.Source), append(r.items, s.Item)
		}
		w.add(counterpoint.KindFlag, r)
	}
	for _, rows := range w.rows {
		slices.SortFunc(rows, before)
	}
}

func (w *World) add(kind counterpoint.Kind, r *row) {
	r.terms = index.Terms(r.text)
	for _, t := range r.terms {
		w.frequencies[t.Text]++
	}
	w.docs[r.id] = r.doc
	w.rows[kind] = append(w.rows[kind], r)
}

func failed(v counterpoint.ItemView) string {
	if v.Errors == nil {
		return ""
	}
	return "failed"
}

func first(a *time.Time, b time.Time) time.Time {
	if a != nil {
		return *a
	}
	return b
}

// before is the order of lists: the highest rank, the newest, the smallest id.
func before(a, b *row) int {
	return cmp.Or(cmp.Compare(b.rank, a.rank), kept(b.at).Compare(kept(a.at)), cmp.Compare(a.item, b.item), cmp.Compare(a.seq, b.seq))
}

// kept is a time as far as a store keeps it: years that have no nanoseconds in 64 bits stand at the ends.
func kept(t time.Time) time.Time {
	switch {
	case t.Year() < 1678:
		return time.Unix(0, -1<<63+1)
	case t.Year() > 2261:
		return time.Unix(0, 1<<63-1)
	}
	return t
}

// Oracle answers questions by looking at every document.
type Oracle struct {
	world *World
	// begin, if set, is what a prefix may stand for: a plant.
	begin func(prefix, term string) bool
}

// Oracle answers for the world.
func (w *World) Oracle() *Oracle { return &Oracle{world: w} }

// Answer answers the question.
func (o *Oracle) Answer(_ context.Context, q Question) (Answer, error) {
	a := Answer{Groups: map[counterpoint.GroupBy][]counterpoint.Group{}}
	var words index.Words
	if q.Query.Text != "" || q.Search {
		var err error
		if words, err = index.ParseWords(q.Query.Text); err != nil {
			return Answer{Invalid: true}, nil
		}
	}
	hits := o.hits(q, words)
	for _, r := range hits[:min(len(hits), q.most())] {
		f := Found{ID: r.id, Doc: r.doc}
		if q.Search {
			f.Highlights = o.highlights(r, words)
		}
		a.Found = append(a.Found, f)
	}
	a.Total = len(hits)
	for _, by := range q.By {
		a.Groups[by] = groups(hits, by)
	}
	return a, nil
}

func (o *Oracle) hits(q Question, words index.Words) []*row {
	var out []*row
	for _, r := range o.world.rows[q.Kind] {
		if r.passes(q.Query) && o.says(r, q, words) {
			out = append(out, r)
		}
	}
	return out
}

func (r *row) passes(q counterpoint.Query) bool {
	return anyOf(q.Source, r.sources...) && anyOf(q.Lang, r.lang) && anyOf(q.State, r.state) && anyOf(q.Item, r.items...) &&
		anyOf(q.Narrative, r.narrative) && (q.From.IsZero() || !kept(r.at).Before(kept(q.From))) && (q.To.IsZero() || kept(r.at).Before(kept(q.To)))
}

// anyOf reports whether one of the values is asked for. An empty string is no value.
func anyOf[T comparable](asked []T, has ...T) bool {
	return len(asked) == 0 || slices.ContainsFunc(has, func(h T) bool { return any(h) != any("") && slices.Contains(asked, h) })
}

func (r *row) judged(q counterpoint.Query) bool {
	return anyOf(q.Level, r.level) && anyOf(q.Label, r.labels...)
}

// says looks for words, level and labels: those of an item are in one of its segments, words also in its title.
func (o *Oracle) says(r *row, q Question, words index.Words) bool {
	if q.Kind != counterpoint.KindItem {
		return r.judged(q.Query) && o.all(r, words)
	}
	if len(q.Query.Level)+len(q.Query.Label) > 0 && !slices.ContainsFunc(r.segments, func(s *row) bool { return s.judged(q.Query) }) {
		return false
	}
	return o.all(r, words) || slices.ContainsFunc(r.segments, func(s *row) bool { return s.judged(q.Query) && o.all(s, words) })
}

func (o *Oracle) all(r *row, words index.Words) bool {
	for _, p := range words {
		if !o.in(r.terms, p) {
			return false
		}
	}
	return true
}

func (o *Oracle) in(terms []index.Term, p index.Phrase) bool {
	for i := range terms {
		if o.at(terms[i:], p) {
			return true
		}
	}
	return false
}

func (o *Oracle) at(terms []index.Term, p index.Phrase) bool {
	for i, want := range p.Terms {
		switch {
		case i >= len(terms):
			return false
		case terms[i].Text == want:
		case p.Prefix && i == len(p.Terms)-1 && strings.HasPrefix(terms[i].Text, want) && (o.begin == nil || o.begin(want, terms[i].Text)):
		default:
			return false
		}
	}
	return true
}

// highlights paints the runes of every phrase and reads off what is painted.
func (o *Oracle) highlights(r *row, words index.Words) []counterpoint.Span {
	painted := make([]bool, len([]rune(r.text))+1)
	for i := range r.terms {
		for _, p := range words {
			if o.at(r.terms[i:], p) {
				for n := r.terms[i].Span.Start; n < r.terms[i+len(p.Terms)-1].Span.End; n++ {
					painted[n] = true
				}
			}
		}
	}
	var out []counterpoint.Span
	for i, on := range painted {
		switch {
		case on && (i == 0 || !painted[i-1]):
			out = append(out, counterpoint.Span{Start: i, End: i + 1})
		case on:
			out[len(out)-1].End = i + 1
		}
	}
	return out
}

// groups counts by hand. A document counts once in each of its values.
func groups(rows []*row, by counterpoint.GroupBy) []counterpoint.Group {
	if by == "" {
		return []counterpoint.Group{{Count: len(rows)}}
	}
	n := map[string]int{}
	for _, r := range rows {
		for _, key := range distinct(r.keys(by)) {
			n[key]++
		}
	}
	out := []counterpoint.Group{}
	for _, key := range slices.Sorted(maps.Keys(n)) {
		out = append(out, counterpoint.Group{Key: key, Count: n[key]})
	}
	return out
}

func (r *row) keys(by counterpoint.GroupBy) []string {
	if field, ok := strings.CutSuffix(string(by), " each day"); ok {
		var list []string
		for _, value := range distinct(r.keys(counterpoint.GroupBy(field))) {
			list = append(list, r.keys(counterpoint.ByDay)[0]+" "+value)
		}
		return list
	}
	switch by {
	case counterpoint.BySource:
		return r.sources
	case counterpoint.ByLang:
		return []string{r.lang}
	case counterpoint.ByState:
		return []string{r.state}
	case counterpoint.ByNarrative:
		return []string{r.narrative}
	case counterpoint.ByLabel:
		var list []string
		for _, l := range r.labels {
			list = append(list, string(l))
		}
		return list
	case counterpoint.ByDay:
		return []string{kept(r.at).UTC().Truncate(24 * time.Hour).Format(time.RFC3339)}
	case counterpoint.ByHour:
		return []string{kept(r.at).UTC().Truncate(time.Hour).Format(time.RFC3339)}
	case counterpoint.ByLevel:
		if r.level >= 0 {
			return []string{fmt.Sprint(r.level)}
		}
	}
	return nil
}

func distinct(list []string) []string {
	seen := map[string]bool{"": true}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
