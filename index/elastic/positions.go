package elastic

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"counterpoint/index"
)

// manyPartitions is how many partitions of a topic are asked for at once. Where a topic has more, a document says
// how many.
const manyPartitions = 64

// position is a document of the state index.
type position struct {
	Topic string `json:"topic"`
	Part  int    `json:"part"`
	Next  int64  `json:"next"`
}

// reached is how far a store wrote its generation itself.
type reached struct {
	mu   sync.Mutex
	next index.Next
}

// Positions are the next offsets of the topic.
func (s *Store) Positions(ctx context.Context, topic string) (map[int]int64, error) {
	var next map[int]int64
	err := s.reading(ctx, func(g *generation) (err error) {
		next, err = s.positions(ctx, g, topic)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("positions of %s: %w", topic, err)
	}
	return next, nil
}

func (s *Store) positions(ctx context.Context, g *generation, topic string) (map[int]int64, error) {
	next := map[int]int64{}
	for from, to := 0, manyPartitions; from < to; {
		names := []name{{g.alias(stateKind), partsID(topic)}}
		for part := from; part < to; part++ {
			names = append(names, name{g.alias(stateKind), positionID(topic, part)})
		}
		found, err := s.read(ctx, names)
		if err != nil {
			return nil, err
		}
		from = to
		for i, f := range found {
			if f == nil {
				continue
			}
			var p position
			if err := json.Unmarshal(f.source, &p); err != nil {
				return nil, err
			}
			if i > 0 {
				next[p.Part] = p.Next
			} else if to < p.Part {
				to = p.Part
			}
		}
	}
	return next, nil
}

func partsID(topic string) string { return docID("partitions." + topic) }

// advance stores the positions. One that another process has stored further stays.
func (b *batch) advance() error {
	var counts, ops []*op
	for topic, parts := range b.next {
		most := 0
		for part, n := range parts {
			o, err := b.stateOp(positionID(topic, part), position{topic, part, n}, n)
			if err != nil {
				return err
			}
			ops, most = append(ops, o), max(most, part+1)
		}
		if most > manyPartitions {
			o, err := b.stateOp(partsID(topic), position{topic, most, 0}, int64(most))
			if err != nil {
				return err
			}
			counts = append(counts, o)
		}
	}
	if err := b.do(counts); err != nil {
		return err
	}
	if err := b.do(ops); err != nil {
		return err
	}
	b.remember(b.next)
	return nil
}

// Reached is how far this store wrote the topic, without asking the server.
func (s *Store) Reached(topic string) map[int]int64 {
	s.reached.mu.Lock()
	defer s.reached.mu.Unlock()
	return maps.Clone(s.reached.next[topic])
}

func (s *Store) remember(next index.Next) {
	s.reached.mu.Lock()
	defer s.reached.mu.Unlock()
	if s.reached.next == nil {
		s.reached.next = index.Next{}
	}
	for topic, parts := range next {
		if s.reached.next[topic] == nil {
			s.reached.next[topic] = map[int]int64{}
		}
		for part, n := range parts {
			s.reached.next[topic][part] = max(n, s.reached.next[topic][part])
		}
	}
}

func (b *batch) stateOp(id string, p position, version int64) (*op, error) {
	src, err := json.Marshal(p)
	return &op{kind: stateKind, id: id, alias: b.g.alias(stateKind), doc: id, source: src, version: &version}, err
}
