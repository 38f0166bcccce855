package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
	"counterpoint/index"
)

// reading does what only reads. A store that is open for reading follows the generation that is served.
func (s *Store) reading(ctx context.Context, do func(g *generation) error) error {
	if err := s.check(); err != nil {
		return err
	}
	was := s.gen.Load()
	err := do(was)
	if !s.o.ReadOnly || !errors.Is(err, counterpoint.ErrAway) {
		return err
	}
	g, serr := s.served(ctx)
	if serr != nil || g == nil {
		return errors.Join(err, serr)
	}
	if *g == *was && !errors.Is(err, ErrReplaced) {
		return err
	}
	s.gen.Store(g) // indices that are being deleted are away before they are gone
	return do(g)
}

// Get fills into with the document; an item with all its segments.
func (s *Store) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	if !slices.Contains(index.Kinds, kind) {
		return counterpoint.ErrNotFound
	}
	return s.reading(ctx, func(g *generation) error {
		names := []name{{g.alias(kind), docID(id)}}
		v, whole := into.(*counterpoint.ItemView)
		if whole = whole && kind == counterpoint.KindItem; whole {
			names = append(names, name{g.alias(index.KindRecord), docID(id)})
		}
		found, err := s.read(ctx, names)
		if err != nil {
			return err
		}
		if found[0] == nil {
			return counterpoint.ErrNotFound
		}
		if err := found[0].into(into); err != nil {
			return fmt.Errorf("%s %s in the index: %w", kind, id, err)
		}
		if !whole {
			return nil
		}
		v.Segments, err = s.segments(ctx, g, v.ID, found[1])
		return err
	})
}

// Settled is what will be the outcome of an event: it is settled before what the event did can be seen, and shown
// after. It is counterpoint.ErrNotFound before.
func (s *Store) Settled(ctx context.Context, event string) (out counterpoint.Outcome, err error) {
	err = s.reading(ctx, func(g *generation) error {
		found, err := s.read(ctx, []name{{g.alias(stateKind), commitID(event)}})
		if err != nil {
			return err
		}
		if found[0] == nil {
			return counterpoint.ErrNotFound
		}
		return found[0].into(&out)
	})
	return out, err
}

func (s *stored) into(v any) error {
	doc, err := s.doc()
	if err != nil {
		return err
	}
	return json.Unmarshal(doc, v)
}

// hits are the answer to a search.
type hits struct {
	Hits struct {
		Hits []hit `json:"hits"`
	} `json:"hits"`
	Error *serverError `json:"error"` // of one search of several
}

type hit struct {
	Source struct {
		Doc docString `json:"doc"`
	} `json:"_source"`
	Sort    []json.RawMessage `json:"sort"`
	Matched []string          `json:"matched_queries"`
}

// place is where the hit stands in the order.
func (h hit) place(kind counterpoint.Kind) (index.Place, error) {
	p := index.Place{Kind: string(kind)}
	if len(h.Sort) != 3 {
		return p, fmt.Errorf("%w: a search answers without the order of its hits", counterpoint.ErrAway)
	}
	err := errors.Join(json.Unmarshal(h.Sort[0], &p.Rank), json.Unmarshal(h.Sort[1], &p.Time), json.Unmarshal(h.Sort[2], &p.Tie))
	p.Rank, p.Time = 0-p.Rank, -p.Time
	return p, err
}

// request is a search.
type request struct {
	Query clause   `json:"query"`
	Sort  []clause `json:"sort,omitempty"`
	Size  int      `json:"size"`
	After []any    `json:"search_after,omitempty"`
	Doc   []string `json:"_source"`
	Total bool     `json:"track_total_hits"`
	Aggs  clause   `json:"aggs,omitempty"`
}

func ordered(list []clause, size int) request {
	return request{Query: all(list), Size: size, Doc: []string{"doc"}, Sort: []clause{
		{"rank": "desc"}, {"time": "desc"}, {"tie": "asc"},
	}}
}

func (r request) from(cursor string, kind counterpoint.Kind) (request, error) {
	if cursor == "" {
		return r, nil
	}
	p, err := index.ParseCursor(kind, cursor)
	r.After = []any{0 - p.Rank, -p.Time, p.Tie}
	return r, err
}

// search asks for part of an answer never: a shard that does not answer is a server that is away.
func (s *Store) search(ctx context.Context, alias string, r request, into any) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.call(ctx, func() esapi.Request {
		return esapi.SearchRequest{Index: []string{alias}, AllowPartialSearchResults: new(false), Body: bytes.NewReader(body)}
	}, into)
}

// List calls each with the documents of one page.
func (s *Store) List(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, each func(doc []byte) error) (next string, err error) {
	f, words, err := filterOf(kind, q)
	if err != nil {
		return "", err
	}
	if !slices.Contains(index.Kinds, kind) {
		return "", nil
	}
	var docs [][]byte
	err = s.reading(ctx, func(g *generation) error {
		if kind == counterpoint.KindItem {
			docs, next, err = s.listItems(ctx, g, q, f, words)
		} else {
			docs, next, err = s.page(ctx, g, kind, q, f)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	for _, doc := range docs {
		if err := each(doc); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (s *Store) page(ctx context.Context, g *generation, kind counterpoint.Kind, q counterpoint.Query, f []clause) (docs [][]byte, next string, err error) {
	limit, err := index.LimitOf(q)
	if err != nil {
		return nil, "", err
	}
	r, err := ordered(f, limit+1).from(q.Cursor, kind)
	if err != nil {
		return nil, "", err
	}
	var a hits
	if err := s.search(ctx, g.alias(kind), r, &a); err != nil {
		return nil, "", err
	}
	return pageOf(kind, a.Hits.Hits, limit)
}

// pageOf cuts hits to a page; one too many says that there is another.
func pageOf(kind counterpoint.Kind, list []hit, limit int) (docs [][]byte, next string, err error) {
	for i, h := range list {
		if i == limit {
			p, err := list[i-1].place(kind)
			return docs, p.Cursor(), err
		}
		docs = append(docs, h.Source.Doc)
	}
	return docs, "", nil
}

// Search finds segments by their words.
func (s *Store) Search(ctx context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	p := counterpoint.Page[counterpoint.Hit]{Data: []counterpoint.Hit{}}
	words, err := index.ParseWords(q.Text)
	if err != nil {
		return p, err
	}
	p.Next, err = s.List(ctx, counterpoint.KindSegment, q, func(doc []byte) error {
		var h counterpoint.Hit
		if err := json.Unmarshal(doc, &h.Found); err != nil {
			return fmt.Errorf("segment in the index: %w", err)
		}
		h.Highlights = words.Highlights(h.Found.Text)
		p.Data = append(p.Data, h)
		return nil
	})
	return p, err
}

func bySeq(a, b counterpoint.SegmentView) int { return a.Seq - b.Seq }

func sorted(list []counterpoint.SegmentView) []counterpoint.SegmentView {
	slices.SortFunc(list, bySeq)
	return list
}
