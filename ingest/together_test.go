package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest"
)

// slow is a stream that holds the first publish until the test lets it go, and then fails as it is told.
type slow struct {
	line
	first sync.Once
	begun chan struct{}
	let   chan struct{}
	sizes []int
	fails func(items []counterpoint.Item) error
	last  func() // before the first goes on
}

func (s *slow) Publish(ctx context.Context, items ...counterpoint.Item) error {
	s.first.Do(func() {
		close(s.begun)
		<-s.let
	})
	s.sizes = append(s.sizes, len(items))
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.fails != nil {
		if err := s.fails(items); err != nil {
			return err
		}
	}
	return s.line.Publish(ctx, items...)
}

// arrive has one file let in, and those that come meanwhile. It returns what became of each, without the first.
func arrive(t *testing.T, s *slow, files ...func(*ingest.Door) (ingest.Receipt, error)) []string {
	t.Helper()
	s.begun, s.let = make(chan struct{}), make(chan struct{})
	d := newDoor(t, &s.line, t.TempDir(), func(o *ingest.Options) { o.Publisher = s })
	var wg sync.WaitGroup
	wg.Go(func() { accept(t, d, "first.vtt", vtt, ingest.FileOptions{}) })
	<-s.begun
	got := make([]string, len(files))
	for i, f := range files {
		wg.Go(func() {
			r, err := f(d)
			got[i] = fmt.Sprint(counts(r), " ", err != nil)
		})
		for ingest.Waiting(d) <= i {
			runtime.Gosched()
		}
	}
	if s.last != nil {
		s.last()
	}
	close(s.let)
	wg.Wait()
	return got
}

// file is a file of its own words.
func file(ctx context.Context, name, words string) func(*ingest.Door) (ingest.Receipt, error) {
	return func(d *ingest.Door) (ingest.Receipt, error) {
		return d.Accept(ctx, sahil, name, strings.NewReader("WEBVTT\n\n00:01.000 --> 00:02.000\n"+words+"\n"), ingest.FileOptions{})
	}
}

const (
	taken    = "1 read 1 accepted 0 duplicates 0 rejected false"
	repeated = "1 read 0 accepted 1 duplicates 0 rejected false"
	refused  = "1 read 0 accepted 0 duplicates 0 rejected true"
	tooLarge = "1 read 0 accepted 0 duplicates 1 rejected false"
)

// TestTogether: what waits at the door comes in with one publish, save what may be the same thing.
func TestTogether(t *testing.T) {
	s := &slow{}
	got := arrive(t, s, file(t.Context(), "a.vtt", "one"), file(t.Context(), "b.vtt", "two"), file(t.Context(), "c.vtt", "one"))
	if diff := cmp.Diff([]string{taken, taken, repeated}, got); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 2}, s.sizes); diff != "" {
		t.Errorf("items in each publish (-want +got):\n%s", diff)
	}
}

// TestTogetherApart: one that is called off, or that the stream refuses, keeps nobody out.
func TestTogetherApart(t *testing.T) {
	saying := func(word string, err error) func([]counterpoint.Item) error {
		return func(items []counterpoint.Item) error {
			for _, it := range items {
				if it.Segments[0].Text == word {
					return err
				}
			}
			return nil
		}
	}
	f := func(what string, s *slow, first func(*ingest.Door) (ingest.Receipt, error), want ...string) {
		t.Helper()
		got := arrive(t, s, first, file(t.Context(), "b.vtt", "two"), file(t.Context(), "c.vtt", "three"))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	off, cancel := context.WithCancel(t.Context())
	got := arrive(t, &slow{last: cancel}, file(off, "a.vtt", "one"), file(t.Context(), "b.vtt", "two"))
	if got[1] != taken { // the one called off may have come in with it
		t.Errorf("beside one that was called off: %s, want %s", got[1], taken)
	}
	f("too large", &slow{fails: saying("two", counterpoint.ErrTooLarge)}, file(t.Context(), "a.vtt", "one"), taken, tooLarge, taken)
	f("refused", &slow{fails: saying("two", errors.New("no"))}, file(t.Context(), "a.vtt", "one"), taken, refused, taken)
	s := &slow{fails: func(items []counterpoint.Item) error {
		if len(items) == 3 {
			return counterpoint.ErrAway
		}
		return nil
	}}
	f("away", s, file(t.Context(), "a.vtt", "one"), refused, refused, refused)
}
