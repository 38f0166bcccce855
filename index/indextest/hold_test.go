package indextest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// topic is a feed that a test writes to. It tells what was acknowledged.
type topic[T any] struct {
	batches chan []counterpoint.Entry[T]
	mu      sync.Mutex
	acked   int
}

func newTopic[T any]() *topic[T] { return &topic[T]{batches: make(chan []counterpoint.Entry[T], 1000)} }

func (f *topic[T]) Read(ctx context.Context, _ int) ([]counterpoint.Entry[T], func(context.Context) error, error) {
	select {
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	case b := <-f.batches:
		return b, func(context.Context) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.acked += len(b)
			return nil
		}, nil
	}
}

func (f *topic[T]) acknowledged() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.acked
}

func (f *topic[T]) say(part, offset int, list ...T) {
	batch := entries(offset, list...)
	for i := range batch {
		batch[i].Partition = part
	}
	f.batches <- batch
}

// stage is a running projector with a clock of its own.
type stage struct {
	*testing.T
	store       *locked
	items       *topic[counterpoint.Item]
	assessments *topic[counterpoint.Assessment]
}

// locked is a staged store that a test looks into while the projector writes.
type locked struct {
	sync.Mutex
	staged
	slow time.Duration
}

func (s *locked) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	time.Sleep(s.slow)
	s.Lock()
	defer s.Unlock()
	return s.staged.Update(ctx, next, fn)
}

func (s *locked) Positions(ctx context.Context, topic string) (map[int]int64, error) {
	s.Lock()
	defer s.Unlock()
	return s.staged.Positions(ctx, topic)
}

// onStage runs the test in a bubble of time.
func onStage(t *testing.T, test func(s *stage)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t, &locked{staged: *newStaged()}, newTopic[counterpoint.Item](), newTopic[counterpoint.Assessment]()}
		p := index.NewProjector(s.store, index.ProjectorOptions{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx, s.items, s.assessments, nil) }()
		test(s)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// expect says how many items are there and acknowledged, and how often segments were written, by now.
func (s *stage) expect(what string, items, acked, segments int) {
	s.Helper()
	synctest.Wait()
	s.store.Lock()
	defer s.store.Unlock()
	got := []int{len(s.store.docs[counterpoint.KindItem]), s.items.acknowledged(), s.store.written[counterpoint.KindSegment]}
	diff(s.T, what+": items, acknowledged items, segments written", []int{items, acked, segments}, got)
}

func numbered(n int) counterpoint.Item {
	return broadcast("i"+string(rune('a'+n)), "hello", "banish the Velari")
}

// TestHeld: an item waits for its assessment, and is then written once, at once.
func TestHeld(t *testing.T) {
	onStage(t, func(s *stage) {
		one, two := numbered(0), numbered(1)
		s.items.say(0, 0, one, two)
		s.expect("nothing judged", 0, 0, 0)
		s.assessments.say(0, 0, judged(two, 1))
		s.expect("the second is judged, and stays behind the first", 0, 0, 0)
		s.assessments.say(0, 1, judged(one, 1))
		s.expect("both are judged", 2, 2, 4)
		s.assessments.say(0, 2, judged(numbered(2), 1))
		s.items.say(0, 2, numbered(2))
		s.expect("judged before it is heard", 3, 3, 6)
	})
}

// TestJudgedBeforeHeard: a full batch of assessments waits for the items that are on their way, no longer than the store
// took for the last one.
func TestJudgedBeforeHeard(t *testing.T) {
	onStage(t, func(s *stage) {
		s.store.slow = 100 * time.Millisecond
		var items []counterpoint.Item
		var answers []counterpoint.Assessment
		for n := range 2 * index.BatchSize {
			items = append(items, broadcast(fmt.Sprint("i", n), "hello"))
			answers = append(answers, judged(items[n], 1))
		}
		records := func(what string, want int) {
			t.Helper()
			time.Sleep(time.Second)
			s.store.Lock()
			defer s.store.Unlock()
			if got := s.store.written[index.KindRecord]; got != want {
				t.Errorf("%s: %d records written, want %d", what, got, want)
			}
		}
		first, rest := items[:index.BatchSize], items[index.BatchSize:]
		s.items.say(0, 0, first...)
		synctest.Wait()
		s.assessments.say(0, 0, answers[:index.BatchSize]...)
		records("items before their assessments", len(first))
		s.assessments.say(0, index.BatchSize, answers[index.BatchSize:]...)
		time.Sleep(60 * time.Millisecond)
		s.items.say(0, index.BatchSize, rest[:100]...)
		time.Sleep(20 * time.Millisecond)
		s.items.say(0, index.BatchSize+100, rest[100:400]...)
		records("assessments before their items, of which some come later", len(items))
		s.items.say(0, index.BatchSize+400, rest[400:]...)
		records("the rest", len(items)+100)
	})
}

// TestPositionsWhileHeld: what waits is not passed in its partition, and holds no other partition.
func TestPositionsWhileHeld(t *testing.T) {
	onStage(t, func(s *stage) {
		s.items.say(0, 0, numbered(0), numbered(1))
		s.items.say(1, 0, numbered(2))
		s.assessments.say(0, 0, judged(numbered(1), 1))
		s.assessments.say(1, 0, judged(numbered(2), 1))
		s.expect("one of three", 1, 0, 2)
		next, err := s.store.Positions(t.Context(), index.Items)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "positions", map[int]int64{1: 1}, next)
		s.assessments.say(0, 1, judged(numbered(0), 1))
		s.expect("all", 3, 3, 6)
	})
}

// TestHoldRunsOut: a classifier that is dead delays one item a second, then none, until it is back.
func TestHoldRunsOut(t *testing.T) {
	onStage(t, func(s *stage) {
		s.items.say(0, 0, numbered(0))
		time.Sleep(900 * time.Millisecond)
		s.expect("after 0.9 s", 0, 0, 0)
		time.Sleep(200 * time.Millisecond)
		s.expect("after 1.1 s", 1, 1, 2)
		s.items.say(0, 1, numbered(1))
		s.expect("the next, at once", 2, 2, 4)
		s.assessments.say(0, 0, judged(numbered(0), 1))
		s.expect("the classifier is back", 2, 2, 6)
		s.items.say(0, 2, numbered(2))
		s.expect("so items wait again", 2, 2, 6)
		s.assessments.say(0, 1, judged(numbered(1), 1), judged(numbered(2), 1))
		s.expect("and catches up", 3, 3, 10)
	})
}

// TestHoldStretches: while assessments come an item waits for longer, but not for ever.
func TestHoldStretches(t *testing.T) {
	onStage(t, func(s *stage) {
		s.items.say(0, 0, numbered(0), numbered(1), numbered(2), numbered(3))
		for n := range 3 {
			time.Sleep(800 * time.Millisecond)
			s.assessments.say(0, n, judged(numbered(n), 1))
			s.expect("one more", n+1, 0, 2*(n+1))
		}
		time.Sleep(1100 * time.Millisecond)
		s.expect("no more come", 4, 4, 8)
	})
}

// TestWindowIsBounded: no more than so many segments wait; reading goes on as they are judged.
func TestWindowIsBounded(t *testing.T) {
	onStage(t, func(s *stage) {
		var texts []string
		for range 1000 {
			texts = append(texts, "word")
		}
		var all []counterpoint.Item
		for n := range 10 {
			all = append(all, broadcast("i"+string(rune('a'+n)), texts...))
			s.items.say(0, n, all[n])
		}
		synctest.Wait()
		if n := len(s.items.batches); n != 5 { // 4 wait, and one is read ahead
			t.Errorf("%d batches are not read, want 5", n)
		}
		for n, it := range all {
			s.assessments.say(0, n, judged(it, 1))
		}
		s.expect("all are judged", 10, 10, 10_000)
	})
}

// TestOtherProcess: where another process reads the assessments, waiting for them is given up.
func TestOtherProcess(t *testing.T) {
	onStage(t, func(s *stage) {
		s.items.say(0, 0, numbered(0))
		s.items.say(1, 0, numbered(1))
		s.assessments.say(1, 0, judged(numbered(1), 1))
		time.Sleep(1100 * time.Millisecond)
		s.expect("the first second", 2, 2, 4)
		s.items.say(0, 1, numbered(2))
		s.items.say(1, 1, numbered(3))
		s.expect("then only where they come", 3, 3, 6)
		s.assessments.say(1, 1, judged(numbered(3), 1))
		s.expect("all", 4, 4, 8)
	})
}
