package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
)

var quiet = slog.New(slog.DiscardHandler)

// cutter is a line to the server that dies after so many requests, before or after the last one arrived.
type cutter struct {
	next  http.RoundTripper
	left  atomic.Int64 // requests that still pass; below zero none
	after bool         // the request arrives, its answer does not
}

var errCut = errors.New("the line is cut")

func (c *cutter) RoundTrip(r *http.Request) (*http.Response, error) {
	switch left := c.left.Add(-1); {
	case left >= 0:
		return c.next.RoundTrip(r)
	case left == -1 && c.after:
		if res, err := c.next.RoundTrip(r); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	return nil, errCut
}

func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// script is a small line: what three logs say, to be applied in batches.
type script []func(context.Context, *index.Projector) error

func entries[T any](list ...T) []counterpoint.Entry[T] {
	var out []counterpoint.Entry[T]
	for i, v := range list {
		out = append(out, counterpoint.Entry[T]{Position: counterpoint.Position{Offset: int64(i)}, Value: v})
	}
	return out
}

var (
	heardAt = time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	someone = "amina"
)

func broadcast(id string, texts ...string) counterpoint.Item {
	it := counterpoint.Item{ID: id, Source: "radio-a", Owner: "o", Title: "Morning", Recorded: &heardAt, Seen: heardAt, Part: 1, Parts: 1}
	for i, text := range texts {
		it.Segments = append(it.Segments, counterpoint.Segment{Seq: i, Text: text, Quality: counterpoint.Good})
	}
	it.Revision = counterpoint.Revision(it.Segments)
	return it
}

// judge flags segment 1.
func judge(it counterpoint.Item) counterpoint.Assessment {
	a := counterpoint.Assessment{Item: it.ID, Source: it.Source, Revision: it.Revision, Part: 1, Parts: 1, At: heardAt, Versions: map[string]string{"test": "1"}}
	for _, g := range it.Segments {
		s := counterpoint.SegmentAssessment{Seq: g.Seq, Lang: "eng", DecidedBy: "own", Quality: counterpoint.Good}
		if g.Seq == 1 {
			s.Level, s.Flag = 3, true
		}
		a.Segments = append(a.Segments, s)
	}
	s := counterpoint.NewSighting(it, it.Segments[1:2])
	s.Level, s.Quality = 3, counterpoint.Good
	a.Sightings = append(a.Sightings, s)
	return a
}

func line(t *testing.T) (script, string) {
	t.Helper()
	a, b := broadcast("i1", "hello", "banish the Velari", "rain"), broadcast("i2", "news", "banish the Velari!", "bye")
	b.Source = "radio-b"
	again := broadcast("i1", "hello again", "banish the Velari", "sun", "more")
	flag := counterpoint.NewSighting(a, a.Segments[1:2]).FlagID()
	f := counterpoint.Flag{ID: flag, State: counterpoint.Open, Version: 1}
	reject, err := f.Reject(someone, heardAt.Add(time.Hour), "a song")
	if err != nil {
		t.Fatal(err)
	}
	stale, err := f.AddNote("bosco", heardAt.Add(2*time.Hour), "listen", "")
	if err != nil {
		t.Fatal(err)
	}
	made, err := counterpoint.NewNarrative(someone, heardAt.Add(3*time.Hour), "They will be banished", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	late := counterpoint.NewSighting(b, b.Segments[2:3])
	raise, err := counterpoint.RaiseByHand("bosco", heardAt.Add(4*time.Hour), late, 1, "heard")
	if err != nil {
		t.Fatal(err)
	}
	reject.ID, stale.ID, made.ID, raise.ID = "e1", "e2", "e3", "e4"
	return script{
		func(ctx context.Context, p *index.Projector) error { return p.PutItems(ctx, entries(a, b)) },
		func(ctx context.Context, p *index.Projector) error {
			return p.PutAssessments(ctx, entries(judge(a), judge(b)))
		},
		func(ctx context.Context, p *index.Projector) error {
			return p.PutDecisions(ctx, entries(reject, stale, made, raise))
		},
		func(ctx context.Context, p *index.Projector) error {
			return p.PutItems(ctx, entries(a, b, again))
		},
	}, flag
}

func dump(t *testing.T, s index.Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := index.Dump(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCutOff: a batch that is cut off after any number of requests, and applied again by another process, ends
// byte for byte as one that was never cut off.
func TestCutOff(t *testing.T) {
	t.Parallel()
	r := &recycler{urls: map[string]string{}}
	t.Cleanup(r.sweep(t))
	whole, _ := line(t)
	s := r.open(t, "whole")
	for _, step := range whole {
		if err := step(t.Context(), index.NewProjector(s, index.ProjectorOptions{Log: quiet})); err != nil {
			t.Fatal(err)
		}
	}
	want := dump(t, s)
	s.Close()
	runs := 0
	for _, after := range []bool{false, true} {
		for n := int64(0); ; n++ {
			n := n
			cut := r.open(t, fmt.Sprint("cut ", after, n)).(*lent)
			cuts := applyCut(t, cut.url, whole, n, after)
			runs++
			refresh(t, cut.client, "*"+cut.gen.Load().id)
			got := dump(t, cut)
			cut.Close()
			if d := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); d != "" {
				t.Fatalf("cut off after %d requests (the last arrived: %v) and applied again (-want +got):\n%s", n, after, d)
			}
			if cuts == 0 {
				break
			}
		}
	}
	t.Logf("%d runs", runs)
}

// applyCut applies each step through a line that is cut after n requests of it, then through a whole one.
func applyCut(t *testing.T, url string, steps script, n int64, after bool) (cuts int) {
	t.Helper()
	var line *cutter
	s, err := Open(t.Context(), url, Options{Log: quiet, faults: faults{wait: noWait, transport: func(next http.RoundTripper) http.RoundTripper {
		line = &cutter{next: next, after: after}
		line.left.Store(1 << 40)
		return line
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, step := range steps {
		line.left.Store(n)
		err := step(t.Context(), index.NewProjector(s, index.ProjectorOptions{Log: quiet}))
		line.left.Store(1 << 40)
		s.breaker.worked()
		if err == nil {
			continue
		}
		if cuts++; !errors.Is(err, counterpoint.ErrAway) {
			t.Fatalf("cut off after %d requests: %v, want ErrAway", n, err)
		}
		if err := step(t.Context(), index.NewProjector(s, index.ProjectorOptions{Log: quiet})); err != nil {
			t.Fatal(err)
		}
	}
	return cuts
}

// TestTwoWriters: two stores that change the same documents at once lose nothing.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	url := testURL(t)
	a := testStore(t, url, Options{Log: quiet})
	b, err := Open(t.Context(), url, Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const writers, each, docs = 4, 15, 3
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			s := []*Store{a, b}[w%2]
			for i := range each {
				err := s.Update(t.Context(), nil, func(tx index.Tx) error {
					for d := range docs {
						n := counterpoint.Narrative{ID: fmt.Sprint("n", d)}
						if err := tx.Get(counterpoint.KindNarrative, n.ID, &n); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
							return err
						}
						if mark := fmt.Sprint(w, ".", i); !slices.Contains(n.Languages, mark) {
							n.Languages = append(n.Languages, mark)
						}
						if err := tx.Put(counterpoint.KindNarrative, n.ID, n); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	work.Wait()
	for d := range docs {
		n, err := counterpoint.Load[counterpoint.Narrative](t.Context(), a, fmt.Sprint("n", d))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, l := range n.Languages {
			seen[l] = true
		}
		if len(seen) != writers*each || len(n.Languages) != writers*each {
			t.Errorf("%s has %d marks of %d updates, want %d", n.ID, len(n.Languages), len(seen), writers*each)
		}
	}
}
