package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/segmentio/encoding/json"

	"counterpoint"
	"counterpoint/index"
)

// Get fills into with the document; an item with all its segments.
func (s *Store) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	f := &filter{}
	f.kind(kind)
	f.add("id = ?", rowID(kind, id))
	var doc []byte
	err := s.read.QueryRowContext(ctx, "SELECT "+column(kind)+" FROM docs WHERE "+f.where(), f.args...).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return counterpoint.ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	if err := json.Unmarshal(doc, into); err != nil {
		return fmt.Errorf("%s %s in the index: %w", kind, id, err)
	}
	if v, ok := into.(*counterpoint.ItemView); ok && kind == counterpoint.KindItem {
		v.Segments, err = s.segments(ctx, v.ID, math.MaxInt32)
		slices.SortFunc(v.Segments, func(a, b counterpoint.SegmentView) int { return a.Seq - b.Seq })
		return err
	}
	return nil
}

// segments are the first segments of an item.
func (s *Store) segments(ctx context.Context, item string, limit int) ([]counterpoint.SegmentView, error) {
	list := []counterpoint.SegmentView{}
	from, to := between(item)
	err := s.rows(ctx, func(doc []byte) error {
		var g counterpoint.SegmentView
		if err := json.Unmarshal(doc, &g); err != nil {
			return fmt.Errorf("segment of %s in the index: %w", item, err)
		}
		list = append(list, g)
		return nil
	}, `SELECT doc FROM docs WHERE kind = 1 AND id > ? AND id < ? ORDER BY id LIMIT ?`, from, to, limit)
	return list, err
}

// rows calls each with the first column of every row.
func (s *Store) rows(ctx context.Context, each func([]byte) error, query string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		var doc sql.RawBytes
		if err := rows.Scan(&doc); err != nil {
			return wrap(err)
		}
		if err := each(doc); err != nil {
			return err
		}
	}
	return wrap(rows.Err())
}

// List calls each with the documents of one page.
func (s *Store) List(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, each func(doc []byte) error) (string, error) {
	f, _, err := filterOf(kind, q)
	if err != nil {
		return "", err
	}
	if kind != counterpoint.KindItem {
		return s.page(ctx, kind, q, f, each)
	}
	return s.items(ctx, q, f, each)
}

// items gives each item its segments once the page was read: a page that asks while it holds a connection
// could wait for itself.
func (s *Store) items(ctx context.Context, q counterpoint.Query, f *filter, each func(doc []byte) error) (string, error) {
	var docs [][]byte
	next, err := s.page(ctx, counterpoint.KindItem, q, f, func(doc []byte) error {
		docs = append(docs, bytes.Clone(doc))
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, doc := range docs {
		id, err := index.ID(counterpoint.KindItem, doc)
		if err != nil {
			return "", err
		}
		list, err := s.segments(ctx, id, index.ListedSegments)
		if err != nil {
			return "", err
		}
		if doc, err = index.WithSegments(doc, list); err != nil {
			return "", err
		}
		if err := each(doc); err != nil {
			return "", err
		}
	}
	return next, nil
}

func (s *Store) page(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, f *filter, each func(doc []byte) error) (string, error) {
	limit, err := index.LimitOf(q)
	if err != nil {
		return "", err
	}
	if q.Cursor != "" {
		p, err := index.ParseCursor(kind, q.Cursor)
		if err != nil {
			return "", err
		}
		if plain(kind) {
			f.add("id > ?", p.Tie)
		} else {
			f.add("(rank, time, id) > (?, ?, ?)", p.Rank, p.Time, p.Tie)
		}
	}
	order, err := s.orderBy(ctx, kind, f)
	if err != nil {
		return "", err
	}
	rows, err := s.read.QueryContext(ctx, "SELECT "+column(kind)+", rank, time, id FROM docs WHERE "+f.where()+order+" LIMIT ?", append(f.args, limit+1)...)
	if err != nil {
		return "", wrap(err)
	}
	defer rows.Close()
	last := index.Place{Kind: string(kind)}
	for n := 0; rows.Next(); n++ {
		if n == limit {
			return last.Cursor(), nil
		}
		var doc sql.RawBytes
		if err := rows.Scan(&doc, &last.Rank, &last.Time, &last.Tie); err != nil {
			return "", wrap(err)
		}
		if err := each(doc); err != nil {
			return "", err
		}
	}
	return "", wrap(rows.Err())
}

// fewMatches is up to where fetching all documents with the words and sorting them is quicker than walking the
// order until a page of them has come by. SQLite cannot know how rare a word is.
const fewMatches = 2000

// orderBy is the ORDER BY of a page: by an index, or (the plus signs) without one where the words are rare.
func (s *Store) orderBy(ctx context.Context, kind counterpoint.Kind, f *filter) (string, error) {
	if plain(kind) {
		return " ORDER BY id", nil
	}
	if f.match == "" {
		return " ORDER BY rank, time, id", nil
	}
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)`, f.match, fewMatches).Scan(&n)
	if err != nil || n == fewMatches {
		return " ORDER BY rank, time, id", wrap(err)
	}
	f.conds[0] = "+kind = ?" // with which every index begins
	return " ORDER BY +rank, +time, +id", nil
}

// Search finds segments by their words.
func (s *Store) Search(ctx context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	p := counterpoint.Page[counterpoint.Hit]{Data: []counterpoint.Hit{}}
	if q.Text == "" {
		_, err := index.ParseWords("")
		return p, err
	}
	f, words, err := filterOf(counterpoint.KindSegment, q)
	if err != nil {
		return p, err
	}
	p.Next, err = s.page(ctx, counterpoint.KindSegment, q, f, func(doc []byte) error {
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

// Count counts the documents of each group, in the order of their keys.
func (s *Store) Count(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	f, _, err := filterOf(kind, q)
	if err != nil {
		return nil, err
	}
	query, size, err := countQuery(kind, f, by)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, query, f.args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	groups := []counterpoint.Group{}
	for rows.Next() {
		var number, value string
		var g counterpoint.Group
		if err := rows.Scan(&number, &value, &g.Count); err != nil {
			return nil, wrap(err)
		}
		if g.Key, err = groupKey(number, value, size); err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, wrap(rows.Err())
}

// countQuery is the counting by the number of the time bucket and the value, and the size of buckets. What is not
// grouped by is empty.
func countQuery(kind counterpoint.Kind, f *filter, by counterpoint.GroupBy) (query string, size time.Duration, err error) {
	if err := by.Check(); err != nil {
		return "", 0, err
	}
	field, daily, _ := by.Field()
	number, value, from := "''", "''", "docs"
	switch {
	case field == "":
		return "SELECT '', '', count(*) FROM docs WHERE " + f.where(), 0, nil
	case field == counterpoint.ByDay || daily:
		size = 24 * time.Hour
	case field == counterpoint.ByHour:
		size = time.Hour
	}
	if size > 0 {
		number = bucketNumber(size)
	}
	switch {
	case field == counterpoint.ByDay || field == counterpoint.ByHour:
	case tagged(kind, string(field)):
		value, from = "value", "docs JOIN tags USING (n)"
		f.add("field = '" + string(field) + "'")
	default:
		value = string(field)
		f.add(value + " IS NOT NULL")
	}
	return "SELECT " + number + ", " + value + ", count(*) FROM " + from + " WHERE " + f.where() + " GROUP BY 1, 2 ORDER BY 1, 2", size, nil
}

// bucketNumber is the number of the bucket, counted from 1970, also before: the start of the first in nanoseconds
// would not fit.
func bucketNumber(size time.Duration) string {
	n := size.Nanoseconds()
	return fmt.Sprintf("-time / %d - (-time %% %d < 0)", n, n)
}

func groupKey(number, value string, size time.Duration) (string, error) {
	if size == 0 {
		return value, nil
	}
	day, err := bucketKey(number, size)
	if err != nil || value == "" {
		return day, err
	}
	return day + " " + value, nil
}

func bucketKey(number string, size time.Duration) (string, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", fmt.Errorf("time bucket: %w", err)
	}
	return time.Unix(n*int64(size/time.Second), 0).UTC().Format(time.RFC3339), nil
}
