package stream

import (
	"bytes"
	"sync"
)

// What Shared holds at most: bytes of records, and records.
const (
	sharedBytes = 8 << 20
	sharedCount = 20_000
)

// Shared is for two feeds of one process that read the same topic: what the one decoded, the other takes, so that each
// record is decoded once. Neither changes what it reads. The zero value is ready; nil shares nothing.
type Shared[T Value] struct {
	mu    sync.Mutex
	held  map[place]decoded[T]
	order []place // as they came; some are taken already
	bytes int
}

type place struct {
	partition int
	offset    int64
}

type decoded[T Value] struct {
	raw   []byte
	value T
}

// decode is the value of a record. Another record in the same place, as in a topic that was made anew, is no other's.
func (s *Shared[T]) decode(r Record) (T, error) {
	if s == nil || !readable(r) {
		return Decode[T](r)
	}
	at := place{r.Partition, r.Offset}
	if d, ok := s.take(at); ok && bytes.Equal(d.raw, r.Value) {
		return d.value, nil
	}
	x, err := Decode[T](r)
	if err == nil {
		s.put(at, decoded[T]{r.Value, x})
	}
	return x, err
}

func (s *Shared[T]) take(at place) (decoded[T], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.held[at]
	if ok {
		delete(s.held, at)
		s.bytes -= len(d.raw)
	}
	return d, ok
}

func (s *Shared[T]) put(at place, d decoded[T]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		s.held = map[place]decoded[T]{}
	}
	s.bytes += len(d.raw) - len(s.held[at].raw)
	s.held[at] = d
	s.order = append(s.order, at)
	for len(s.order) > 0 {
		oldest, ok := s.held[s.order[0]]
		if ok && s.bytes <= sharedBytes && len(s.order) <= sharedCount {
			return
		}
		if ok {
			delete(s.held, s.order[0])
			s.bytes -= len(oldest.raw)
		}
		s.order = s.order[1:]
	}
}
