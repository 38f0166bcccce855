package indextest

import (
	"context"
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// server is a store far away: what is written without positions waits until the test lets it.
type server struct {
	locked
	begun chan chan error // of each batch, what becomes of it
}

func (s *server) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	if next == nil {
		let := make(chan error)
		s.begun <- let
		select {
		case err := <-let:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.locked.Update(ctx, next, fn)
}

func (s *server) Reached(topic string) map[int]int64 {
	s.Lock()
	defer s.Unlock()
	return maps.Clone(s.next[topic])
}

// long is an item that fills a batch.
func long(id, word string) counterpoint.Item {
	texts := make([]string, 2000)
	for i := range texts {
		texts[i] = word
	}
	return broadcast(id, texts...)
}

// TestBeside: a full batch is written beside the one before it, its positions after that one's.
func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{locked{staged: *newStaged()}, make(chan chan error, 10)}
		items, assessments := newTopic[counterpoint.Item](), newTopic[counterpoint.Assessment]()
		p := index.NewProjector(s, index.ProjectorOptions{})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Run(ctx, items, assessments, nil) }()
		said := 0
		say := func(list ...counterpoint.Item) {
			for _, it := range list {
				items.say(0, said, it)
				assessments.say(0, said, judged(it, 1))
				said++
				synctest.Wait() // or which begins first is not told
			}
		}
		begun := func(n int) (all []chan error) {
			t.Helper()
			if len(s.begun) != n {
				t.Fatalf("%d batches are being written, want %d", len(s.begun), n)
			}
			for range n {
				all = append(all, <-s.begun)
			}
			return all
		}
		expect := func(what string, next int64, held int) {
			t.Helper()
			synctest.Wait()
			at, err := s.Positions(t.Context(), index.Items)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, what+": position, items acknowledged", []int64{next, next}, []int64{at[0], int64(items.acknowledged())})
			s.Lock()
			defer s.Unlock()
			diff(t, what+": items", held, len(s.docs[counterpoint.KindItem]))
		}
		say(numbered(0))
		expect("the first is written whole", 1, 1)

		say(long("a", "one"), long("b", "one"))
		let := begun(2)
		let[1] <- nil
		expect("the second is written first", 1, 2)
		let[0] <- nil
		expect("both are written", 3, 3)

		say(long("c", "one"), long("c", "two"))
		let = begun(1)
		let[0] <- nil
		expect("the same item again waits", 4, 4)
		begun(1)[0] <- nil
		expect("the same item again is written", 5, 4)

		say(long("d", "one"), long("e", "one"))
		let = begun(2)
		let[1] <- nil
		let[0] <- errors.New("the server was away")
		expect("the first could not be written, and is written again", 7, 6)

		say(numbered(1), numbered(2))
		let = begun(1)
		say(numbered(3))
		time.Sleep(time.Second)
		begun(0)
		let[0] <- nil
		synctest.Wait()
		begun(1)[0] <- nil
		expect("small ones go together after what is before them", 10, 9)

		say(numbered(4))
		let = begun(1)
		say(numbered(5))
		time.Sleep(time.Second)
		assessments.say(0, said, judged(numbered(6), 1))
		let[0] <- nil
		time.Sleep(150 * time.Millisecond)
		begun(1)[0] <- nil
		expect("one that is never heard holds nobody up", 12, 11)
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// TestMeets: an assessment that is there before its item waits a moment for it, and where none comes, none waits again.
func TestMeets(t *testing.T) {
	onStage(t, func(s *stage) {
		records := func(what string, want int) {
			t.Helper()
			synctest.Wait()
			s.store.Lock()
			defer s.store.Unlock()
			diff(t, what+": records written", want, s.store.written[index.KindRecord])
		}
		s.assessments.say(0, 0, judged(numbered(0), 1))
		time.Sleep(50 * time.Millisecond)
		records("judged, not heard", 0)
		s.items.say(0, 0, numbered(0))
		records("heard", 1)
		s.assessments.say(0, 1, judged(numbered(1), 1))
		time.Sleep(110 * time.Millisecond)
		records("never heard", 2)
		s.assessments.say(0, 2, judged(numbered(2), 1))
		time.Sleep(time.Millisecond)
		records("nor the next", 3)
		s.items.say(0, 1, numbered(1), numbered(2))
		s.expect("heard after all", 3, 3, 6)
	})
}
