package indextest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"counterpoint"
	"counterpoint/index"
)

// memory is a store that gets and lists everything and answers no query: the simplest thing to compare a
// backend with.
type memory struct {
	index.Store // nil: what is missing below is not asked for
	docs        map[counterpoint.Kind]map[string][]byte
	next        map[string]map[int]int64
}

func (m *memory) Get(_ context.Context, kind counterpoint.Kind, id string, into any) error {
	doc, ok := m.docs[kind][id]
	if !ok {
		return counterpoint.ErrNotFound
	}
	return json.Unmarshal(doc, into)
}

func (m *memory) List(_ context.Context, kind counterpoint.Kind, _ counterpoint.Query, each func([]byte) error) (string, error) {
	for _, id := range slices.Sorted(maps.Keys(m.docs[kind])) {
		doc := m.docs[kind][id]
		if kind == counterpoint.KindItem {
			var err error
			if doc, err = m.withSegments(id, doc); err != nil {
				return "", err
			}
		}
		if err := each(doc); err != nil {
			return "", err
		}
	}
	return "", nil
}

func (m *memory) withSegments(item string, doc []byte) ([]byte, error) {
	list := []counterpoint.SegmentView{}
	for _, doc := range m.docs[counterpoint.KindSegment] {
		var v counterpoint.SegmentView
		if err := json.Unmarshal(doc, &v); err != nil {
			return nil, err
		}
		if v.Item == item {
			list = append(list, v)
		}
	}
	return index.WithSegments(doc, list)
}

func (m *memory) Update(_ context.Context, next index.Next, fn func(index.Tx) error) error {
	b := index.Buffer{Fetch: func(kind counterpoint.Kind, id string) ([]byte, error) {
		if doc, ok := m.docs[kind][id]; ok {
			return doc, nil
		}
		return nil, counterpoint.ErrNotFound
	}}
	if err := fn(&b); err != nil {
		return err
	}
	if m.docs == nil {
		m.docs, m.next = map[counterpoint.Kind]map[string][]byte{}, map[string]map[int]int64{}
	}
	for _, c := range b.Changes() {
		if m.docs[c.Kind] == nil {
			m.docs[c.Kind] = map[string][]byte{}
		}
		m.docs[c.Kind][c.ID] = c.Doc
		if c.Doc == nil {
			delete(m.docs[c.Kind], c.ID)
		}
	}
	for topic, parts := range next {
		if m.next[topic] == nil {
			m.next[topic] = map[int]int64{}
		}
		maps.Copy(m.next[topic], parts)
	}
	return nil
}

func (m *memory) Positions(_ context.Context, topic string) (map[int]int64, error) {
	next := map[int]int64{}
	maps.Copy(next, m.next[topic])
	return next, nil
}
