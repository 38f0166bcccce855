package indextest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"counterpoint"
	"counterpoint/index"
)

var errCut = errors.New("cut off")

// staged is a store without transactions: it writes in the stages of index.Staged, one document at a time, and
// may be cut off between any two.
type staged struct {
	memory
	left    int // documents until it is cut off; less than 0 is never
	settled map[string][]byte
	fetched int
	rounds  int
	written map[counterpoint.Kind]int
	refuse  func(index.Change) bool
}

func newStaged() *staged {
	return &staged{
		memory: memory{docs: map[counterpoint.Kind]map[string][]byte{}, next: map[string]map[int]int64{}},
		left:   -1, settled: map[string][]byte{}, written: map[counterpoint.Kind]int{},
	}
}

func (s *staged) fetch(kind counterpoint.Kind, id string) []byte {
	if kind == counterpoint.KindEvent {
		return s.settled[id]
	}
	return s.docs[kind][id]
}

func (s *staged) Update(_ context.Context, next index.Next, fn func(index.Tx) error) error {
	b := index.Buffer{
		Fetch: func(kind counterpoint.Kind, id string) ([]byte, error) {
			s.fetched++
			if doc := s.fetch(kind, id); doc != nil {
				return doc, nil
			}
			return nil, counterpoint.ErrNotFound
		},
		FetchAll: func(keys []index.Key) ([][]byte, error) {
			s.rounds++
			docs := make([][]byte, len(keys))
			for i, k := range keys {
				docs[i] = s.fetch(k.Kind, k.ID)
			}
			return docs, nil
		},
	}
	if err := fn(&b); err != nil {
		return err
	}
	if err := s.write(b.Changes()); err != nil {
		return err
	}
	return s.memory.Update(context.Background(), next, func(index.Tx) error { return nil })
}

// write is the stages, and then the outcomes of an earlier try that were settled and not shown.
func (s *staged) write(changes []index.Change) error {
	for _, c := range changes {
		if s.refuse != nil && s.refuse(c) {
			return index.ErrRefused
		}
	}
	stages := index.Staged(changes)
	for _, c := range stages.Outcomes {
		if err := s.step(func() { s.settled[c.ID] = c.Doc }); err != nil {
			return err
		}
	}
	marks := slices.Clone(stages.Marks)
	for i := range marks {
		marks[i].Doc = marks[i].Ahead
	}
	for _, list := range [][]index.Change{marks, stages.Derived, stages.Documents, stages.Marks, stages.Records} {
		for _, c := range list {
			if err := s.step(func() { s.put(c) }); err != nil {
				return err
			}
		}
	}
	for id, doc := range s.settled {
		if s.docs[counterpoint.KindEvent][id] != nil {
			continue
		}
		if err := s.step(func() { s.put(index.Change{Kind: counterpoint.KindEvent, ID: id, Doc: doc}) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *staged) step(do func()) error {
	if s.left == 0 {
		return errCut
	}
	s.left--
	do()
	return nil
}

func (s *staged) put(c index.Change) {
	s.written[c.Kind]++
	if c.Doc == nil {
		delete(s.docs[c.Kind], c.ID)
		return
	}
	if s.docs[c.Kind] == nil {
		s.docs[c.Kind] = map[string][]byte{}
	}
	s.docs[c.Kind][c.ID] = c.Doc
}

// TestCutOff: a store without transactions that is cut off anywhere in a batch, while the other topics go on,
// ends as one that never was.
func TestCutOff(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{T: rt}
		w.record()
		live := w.live(&memory{})
		c := &cutLine{w: w, store: newStaged()}
		c.p = index.NewProjector(c.store, index.ProjectorOptions{})
		c.items = queues(byItem(w.items, counterpoint.Item.Key))
		c.assessments = queues(byItem(w.assessments, counterpoint.Assessment.Key))
		c.events = queues([][]counterpoint.Event{w.events})
		for c.move() {
		}
		same(rt, "cut off", dump(rt, live.store), dump(rt, c.store))
	})
}

// queue is a partition, and how much of it was acknowledged.
type queue[T any] struct {
	log  []T
	next int
}

func queues[T any](logs [][]T) []*queue[T] {
	var out []*queue[T]
	for _, l := range logs {
		out = append(out, &queue[T]{log: l})
	}
	return out
}

// read is up to n entries of each of the queues from the one given.
func read[T any](w *world, list []*queue[T]) ([]counterpoint.Entry[T], func()) {
	var out []counterpoint.Entry[T]
	var acks []func()
	for part, q := range list {
		to := min(len(q.log), q.next+w.draw("read", 0, 3))
		for i := q.next; i < to; i++ {
			out = append(out, counterpoint.Entry[T]{Position: counterpoint.Position{Partition: part, Offset: int64(i)}, Time: day, Value: q.log[i]})
		}
		acks = append(acks, func() { q.next = to })
	}
	return out, func() {
		for _, ack := range acks {
			ack()
		}
	}
}

func rest[T any](list []*queue[T]) int {
	n := 0
	for _, q := range list {
		n += len(q.log) - q.next
	}
	return n
}

type cutLine struct {
	w           *world
	store       *staged
	p           *index.Projector
	items       []*queue[counterpoint.Item]
	assessments []*queue[counterpoint.Assessment]
	events      []*queue[counterpoint.Event]
}

// move applies one batch, perhaps not to its end, and reports whether anything is left.
func (c *cutLine) move() bool {
	if c.store.left = c.w.draw("documents", 0, 12); c.store.left == 12 {
		c.store.left = -1
	}
	var err error
	var acks []func()
	switch c.w.draw("topic", 0, 3) {
	case 0:
		batch, ack := read(c.w, c.items)
		acks, err = append(acks, ack), c.p.PutItems(c.w.Context(), batch)
	case 1:
		batch, ack := read(c.w, c.assessments)
		acks, err = append(acks, ack), c.p.PutAssessments(c.w.Context(), batch)
	case 2:
		items, ack := read(c.w, c.items)
		judged, ackJudged := read(c.w, c.assessments)
		acks, err = append(acks, ack, ackJudged), c.p.PutTogether(c.w.Context(), items, judged)
	default:
		batch, ack := read(c.w, c.events)
		acks, err = append(acks, ack), c.p.PutDecisions(c.w.Context(), batch)
	}
	if err != nil && !errors.Is(err, errCut) {
		c.w.Fatal(err)
	}
	if err == nil {
		for _, ack := range acks {
			ack()
		}
	}
	return rest(c.items)+rest(c.assessments)+rest(c.events) > 0
}
