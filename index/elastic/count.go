package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
)

// countPage is how many groups one request counts. All pages together are exact, however many groups there are.
const countPage = 5000

// Count counts the documents of each group, in the order of their keys.
func (s *Store) Count(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	f, words, err := filterOf(kind, q)
	if err != nil {
		return nil, err
	}
	if err := by.Check(); err != nil {
		return nil, err
	}
	var groups []counterpoint.Group
	err = s.reading(ctx, func(g *generation) error {
		if kind == counterpoint.KindItem {
			groups, err = s.countItems(ctx, g, q, f, words, by)
		} else {
			groups, err = s.groups(ctx, g, kind, f, by)
		}
		return err
	})
	return groups, err
}

func (s *Store) groups(ctx context.Context, g *generation, kind counterpoint.Kind, f []clause, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	if by == "" {
		n, err := s.total(ctx, g, kind, f)
		return []counterpoint.Group{{Count: n}}, err
	}
	groups := []counterpoint.Group{}
	field, daily, _ := by.Field()
	fields := []string{string(field)}
	if daily {
		fields = []string{string(counterpoint.ByDay), string(field)}
	}
	err := s.buckets(ctx, g, kind, f, fields, countPage, func(keys []json.RawMessage, n int) error {
		k, err := groupKey(keys[len(keys)-1], field)
		if err != nil {
			return err
		}
		if daily {
			day, err := groupKey(keys[0], counterpoint.ByDay)
			if err != nil {
				return err
			}
			k = day + " " + k
		}
		groups = append(groups, counterpoint.Group{Key: k, Count: n})
		return nil
	})
	return groups, err
}

func (s *Store) total(ctx context.Context, g *generation, kind counterpoint.Kind, f []clause) (int, error) {
	body, err := json.Marshal(clause{"query": all(f)})
	if err != nil {
		return 0, err
	}
	var a struct {
		Count  *int `json:"count"`
		Shards struct {
			Failed int `json:"failed"`
		} `json:"_shards"`
	}
	count := func() esapi.Request {
		return esapi.CountRequest{Index: []string{g.alias(kind)}, Body: bytes.NewReader(body)}
	}
	if err := s.call(ctx, count, &a); err != nil {
		return 0, err
	}
	if a.Count == nil || a.Shards.Failed > 0 {
		return 0, fmt.Errorf("%w: %s could not count all shards", counterpoint.ErrAway, s.address.Server)
	}
	return *a.Count, nil
}

func groupKey(key json.RawMessage, by counterpoint.GroupBy) (string, error) {
	var n int64
	switch by {
	case counterpoint.ByDay, counterpoint.ByHour:
		size := time.Hour
		if by == counterpoint.ByDay {
			size = 24 * time.Hour
		}
		err := json.Unmarshal(key, &n)
		return bucketKey(n, size), err
	case counterpoint.ByLevel:
		err := json.Unmarshal(key, &n)
		return fmt.Sprint(n), err
	}
	var k string
	err := json.Unmarshal(key, &k)
	return k, err
}

// buckets calls each with every combination of values of the fields and how many documents have it, in the order
// of the values.
func (s *Store) buckets(ctx context.Context, g *generation, kind counterpoint.Kind, f []clause, fields []string, size int, each func(keys []json.RawMessage, n int) error) error {
	sources := make([]clause, len(fields))
	for i, field := range fields {
		sources[i] = clause{field: clause{"terms": clause{"field": field}}}
	}
	var after map[string]json.RawMessage
	for {
		composite := clause{"size": size, "sources": sources}
		if after != nil {
			composite["after"] = after
		}
		var a struct {
			Aggregations *struct {
				Groups struct {
					After   map[string]json.RawMessage `json:"after_key"`
					Buckets []struct {
						Key   map[string]json.RawMessage `json:"key"`
						Count int                        `json:"doc_count"`
					} `json:"buckets"`
				} `json:"groups"`
			} `json:"aggregations"`
		}
		r := request{Query: all(f), Aggs: clause{"groups": clause{"composite": composite}}, Doc: []string{}}
		if err := s.search(ctx, g.alias(kind), r, &a); err != nil {
			return err
		}
		if a.Aggregations == nil {
			return fmt.Errorf("%w: %s answers a count without groups", counterpoint.ErrAway, s.address.Server)
		}
		for _, b := range a.Aggregations.Groups.Buckets {
			keys := make([]json.RawMessage, len(fields))
			for i, field := range fields {
				keys[i] = b.Key[field]
			}
			if err := each(keys, b.Count); err != nil {
				return err
			}
		}
		if after = a.Aggregations.Groups.After; after == nil || len(a.Aggregations.Groups.Buckets) < size {
			return nil
		}
	}
}
