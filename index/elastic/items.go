package elastic

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
	"counterpoint/index"
)

// What an item has through its segments (level, label and words, all in one segment) is asked in two steps, since
// the server joins nothing: which items have such segments, then which of these are asked for. Up to fewItems all
// goes into the second request. Above, a list goes through the items in their order, some at a time, until the page
// is full, and a count goes through all of them, fewItems at a time. Both stay exact; a count takes about a second
// for 100,000 items that have such segments.
const (
	fewItems  = 10_000
	someItems = 1000
)

// sizes are few and some; tests come to the boundaries with less.
type sizes struct{ few, some int }

// through is what is asked of items through their segments.
type through struct {
	judged []clause // of a segment: level and label; may be empty
	said   clause   // words, in such a segment or in the title; nil when none
}

func throughOf(q counterpoint.Query, words index.Words) through {
	t := through{judged: judged(q)}
	if words != nil {
		t.said = said(words)
	}
	return t
}

// with are the segments that have all that is asked.
func (t through) with() []clause { return append(slices.Clone(t.judged), t.said) }

func (s *Store) listItems(ctx context.Context, g *generation, q counterpoint.Query, f []clause, words index.Words) (docs [][]byte, next string, err error) {
	t := throughOf(q, words)
	narrow, few, err := s.narrow(ctx, g, t)
	switch {
	case err != nil:
	case few:
		docs, next, err = s.page(ctx, g, counterpoint.KindItem, q, append(f, narrow...))
	default:
		docs, next, err = s.walk(ctx, g, q, f, t)
	}
	if err != nil {
		return nil, "", err
	}
	docs, err = s.filled(ctx, g, docs)
	return docs, next, err
}

var errMany = errors.New("more than a few")

// narrow is what is asked through segments as conditions of the items themselves, unless too many have it.
func (s *Store) narrow(ctx context.Context, g *generation, t through) (list []clause, few bool, err error) {
	if len(t.judged) > 0 {
		ids, err := s.itemsWith(ctx, g, t.judged)
		if err != nil {
			return nil, false, many(err)
		}
		list = append(list, among(ids))
	}
	if t.said != nil {
		ids, err := s.itemsWith(ctx, g, t.with())
		if err != nil {
			return nil, false, many(err)
		}
		list = append(list, either(t.said, among(ids)))
	}
	return list, true, nil
}

func many(err error) error {
	if errors.Is(err, errMany) {
		return nil
	}
	return err
}

func among(ids []string) clause {
	if ids == nil {
		ids = []string{}
	}
	return clause{"terms": clause{"item": ids}}
}

// itemsWith are the items that have such segments, or errMany.
func (s *Store) itemsWith(ctx context.Context, g *generation, segments []clause) ([]string, error) {
	var ids []string
	err := s.eachItem(ctx, g, segments, s.few+1, func(id string) error {
		if ids = append(ids, id); len(ids) > s.few {
			return errMany
		}
		return nil
	})
	return ids, err
}

func (s *Store) eachItem(ctx context.Context, g *generation, segments []clause, size int, each func(id string) error) error {
	return s.buckets(ctx, g, counterpoint.KindSegment, segments, []string{"item"}, size, func(keys []json.RawMessage, _ int) error {
		var id string
		if err := json.Unmarshal(keys[0], &id); err != nil {
			return err
		}
		return each(id)
	})
}

// walk goes through the items in their order until a page of them have what is asked.
func (s *Store) walk(ctx context.Context, g *generation, q counterpoint.Query, f []clause, t through) ([][]byte, string, error) {
	limit, err := index.LimitOf(q)
	if err != nil {
		return nil, "", err
	}
	var found []hit
	for cursor := q.Cursor; len(found) <= limit; {
		r, err := ordered(f, s.some).from(cursor, counterpoint.KindItem)
		if err != nil {
			return nil, "", err
		}
		if t.said != nil {
			r.Query = clause{"bool": clause{"must": all(f), "should": named(t.said, "title"), "minimum_should_match": 0}}
		}
		var a hits
		if err := s.search(ctx, g.alias(counterpoint.KindItem), r, &a); err != nil {
			return nil, "", err
		}
		some, err := s.having(ctx, g, a.Hits.Hits, t)
		if err != nil {
			return nil, "", err
		}
		found = append(found, some...)
		if len(a.Hits.Hits) < s.some {
			break
		}
		p, err := a.Hits.Hits[len(a.Hits.Hits)-1].place(counterpoint.KindItem)
		if err != nil {
			return nil, "", err
		}
		cursor = p.Cursor()
	}
	return pageOf(counterpoint.KindItem, found, limit)
}

func named(c clause, name string) clause {
	return clause{"bool": clause{"filter": c, "_name": name}}
}

// having are those of the items that have what is asked through their segments.
func (s *Store) having(ctx context.Context, g *generation, items []hit, t through) ([]hit, error) {
	ids := make([]string, len(items))
	for i, h := range items {
		id, err := index.ID(counterpoint.KindItem, h.Source.Doc)
		if err != nil {
			return nil, err
		}
		ids[i] = key(id)
	}
	which := func(segments []clause) (map[string]bool, error) {
		set := map[string]bool{}
		err := s.eachItem(ctx, g, append(slices.Clone(segments), among(ids)), s.some+1, func(id string) error {
			set[id] = true
			return nil
		})
		return set, err
	}
	judged, err := which(t.judged)
	if err != nil {
		return nil, err
	}
	saying := judged
	if t.said != nil {
		if saying, err = which(t.with()); err != nil {
			return nil, err
		}
	}
	var out []hit
	for i, h := range items {
		titled := slices.Contains(h.Matched, "title") && (len(t.judged) == 0 || judged[ids[i]])
		if saying[ids[i]] || titled {
			out = append(out, h)
		}
	}
	return out, nil
}

func (s *Store) countItems(ctx context.Context, g *generation, q counterpoint.Query, f []clause, words index.Words, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	t := throughOf(q, words)
	narrow, few, err := s.narrow(ctx, g, t)
	if err != nil {
		return nil, err
	}
	if few {
		return s.groups(ctx, g, counterpoint.KindItem, append(f, narrow...), by)
	}
	sum := sums{s: s, g: g, by: by, counts: map[string]int{}}
	switch {
	case t.said == nil:
		err = sum.through(ctx, t.judged, f)
	case len(t.judged) == 0:
		if err = sum.add(ctx, append(slices.Clone(f), t.said)); err == nil {
			err = sum.through(ctx, t.with(), append(slices.Clone(f), not(t.said)))
		}
	default:
		if err = sum.through(ctx, t.judged, append(slices.Clone(f), t.said)); err == nil {
			err = sum.through(ctx, t.with(), append(slices.Clone(f), not(t.said)))
		}
	}
	return sum.groups(), err
}

// sums adds up counts of items that have nothing in common.
type sums struct {
	s      *Store
	g      *generation
	by     counterpoint.GroupBy
	counts map[string]int
}

func (m sums) add(ctx context.Context, f []clause) error {
	groups, err := m.s.groups(ctx, m.g, counterpoint.KindItem, f, m.by)
	for _, g := range groups {
		m.counts[g.Key] += g.Count
	}
	return err
}

// through adds the items that have such segments and the conditions.
func (m sums) through(ctx context.Context, segments, f []clause) error {
	var ids []string
	flush := func() error {
		if len(ids) == 0 {
			return nil
		}
		err := m.add(ctx, append(slices.Clone(f), among(ids)))
		ids = nil
		return err
	}
	err := m.s.eachItem(ctx, m.g, segments, m.s.few, func(id string) error {
		if ids = append(ids, id); len(ids) < m.s.few {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

func (m sums) groups() []counterpoint.Group {
	list := []counterpoint.Group{}
	for k, n := range m.counts {
		list = append(list, counterpoint.Group{Key: k, Count: n})
	}
	slices.SortFunc(list, func(a, b counterpoint.Group) int { return cmp.Compare(a.Key, b.Key) })
	return list
}

// filled gives each item of a list its first segments.
func (s *Store) filled(ctx context.Context, g *generation, docs [][]byte) ([][]byte, error) {
	if len(docs) == 0 {
		return docs, nil
	}
	var body bytes.Buffer
	out := json.NewEncoder(&body)
	for _, doc := range docs {
		id, err := index.ID(counterpoint.KindItem, doc)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(out.Encode(clause{"index": g.alias(counterpoint.KindSegment), "allow_partial_search_results": false}), out.Encode(segmentsOf(id, index.ListedSegments))); err != nil {
			return nil, err
		}
	}
	var a struct{ Responses []hits }
	if err := s.call(ctx, func() esapi.Request { return esapi.MsearchRequest{Body: bytes.NewReader(body.Bytes())} }, &a); err != nil {
		return nil, fmt.Errorf("segments of %d items: %w", len(docs), err)
	}
	if len(a.Responses) != len(docs) {
		return nil, fmt.Errorf("%w: asked for the segments of %d items, %s answers with %d", counterpoint.ErrAway, len(docs), s.address.Server, len(a.Responses))
	}
	filled := make([][]byte, len(docs))
	for i, r := range a.Responses {
		if r.Error != nil {
			r.Error.Status = 503
			return nil, fmt.Errorf("segments of an item: %w", r.Error.explain())
		}
		list, err := viewsOf(r.Hits.Hits)
		if err != nil {
			return nil, err
		}
		if filled[i], err = index.WithSegments(docs[i], list); err != nil {
			return nil, err
		}
	}
	return filled, nil
}

func segmentsOf(item string, size int) request {
	return request{Query: all([]clause{among([]string{key(item)})}), Size: size, Doc: []string{"doc"}, Sort: []clause{{"tie": "asc"}}}
}

func viewsOf(list []hit) ([]counterpoint.SegmentView, error) {
	out := []counterpoint.SegmentView{}
	for _, h := range list {
		var v counterpoint.SegmentView
		if err := json.Unmarshal(h.Source.Doc, &v); err != nil {
			return nil, fmt.Errorf("segment in the index: %w", err)
		}
		out = append(out, v)
	}
	return out, nil
}

// manySegments bounds what is asked for by number: more than any item has.
const manySegments = 100_000

// segments are all segments of an item: by the numbers its record names, so that they are read as they are now,
// else by searching.
func (s *Store) segments(ctx context.Context, g *generation, item string, record *stored) ([]counterpoint.SegmentView, error) {
	var names []name
	if record != nil {
		var r struct {
			Parts []struct{ From, To int }
		}
		if err := record.into(&r); err != nil {
			return nil, fmt.Errorf("record of %s in the index: %w", item, err)
		}
		for _, p := range r.Parts {
			for seq := p.From; seq <= p.To && len(names) <= manySegments; seq++ {
				names = append(names, name{g.alias(counterpoint.KindSegment), docID(counterpoint.SegmentID(item, seq))})
			}
		}
	}
	if record == nil || len(names) > manySegments {
		return s.searchSegments(ctx, g, item)
	}
	found, err := s.read(ctx, names)
	if err != nil {
		return nil, err
	}
	list := []counterpoint.SegmentView{}
	for _, f := range found {
		if f == nil {
			continue
		}
		var v counterpoint.SegmentView
		if err := f.into(&v); err != nil {
			return nil, fmt.Errorf("segment of %s in the index: %w", item, err)
		}
		list = append(list, v)
	}
	return sorted(list), nil
}

func (s *Store) searchSegments(ctx context.Context, g *generation, item string) ([]counterpoint.SegmentView, error) {
	all := []counterpoint.SegmentView{}
	r := segmentsOf(item, readCount)
	for {
		var a hits
		if err := s.search(ctx, g.alias(counterpoint.KindSegment), r, &a); err != nil {
			return nil, err
		}
		list, err := viewsOf(a.Hits.Hits)
		if err != nil {
			return nil, err
		}
		if all = append(all, list...); len(list) < readCount {
			return sorted(all), nil
		}
		r.After = []any{a.Hits.Hits[len(a.Hits.Hits)-1].Sort[0]}
	}
}
