package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
	"counterpoint/index"
)

// logged is the log of a test: items in their order.
type logged struct {
	mu    sync.Mutex
	items []counterpoint.Entry[counterpoint.Item]
}

func (l *logged) publish(it counterpoint.Item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, counterpoint.Entry[counterpoint.Item]{Position: counterpoint.Position{Offset: int64(len(l.items))}, Value: it})
}

// fill brings the index to where the log is.
func (l *logged) fill(ctx context.Context, s *Store) error {
	p := index.NewProjector(s, index.ProjectorOptions{Log: quiet})
	for {
		at, err := s.Positions(ctx, index.Items)
		if err != nil {
			return err
		}
		l.mu.Lock()
		rest := l.items[at[0]:]
		l.mu.Unlock()
		if len(rest) == 0 {
			return nil
		}
		if err := p.PutItems(ctx, rest[:min(len(rest), 20)]); err != nil {
			return err
		}
	}
}

// answers are what a reader sees of what does not change, over pages.
func answers(ctx context.Context, s *Store) (out []string, err error) {
	q := counterpoint.Query{Source: []string{"fixed"}, Text: "velari", Limit: 7}
	for {
		p, err := s.Search(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
		for _, h := range p.Data {
			out = append(out, h.Found.ID)
		}
		if q.Cursor = p.Next; q.Cursor == "" {
			break
		}
	}
	groups, err := s.Count(ctx, counterpoint.KindItem, counterpoint.Query{Source: []string{"fixed"}, Text: "velari"}, "")
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	var v counterpoint.ItemView
	if err := s.Get(ctx, counterpoint.KindItem, "fixed-3", &v); err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	return append(out, fmt.Sprint(groups), v.ID, fmt.Sprint(len(v.Segments))), nil
}

// TestReindex: a program with the next version of the mapping makes a generation of its own beside the old one,
// which is read and written all the time, and takes over; no read fails or answers otherwise, nothing is lost, and
// who wrote the old one is told.
func TestReindex(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := testURL(t)
	old := testStore(t, url, Options{Log: quiet})
	var l logged
	for i := range 20 {
		it := broadcast(fmt.Sprint("fixed-", i), "hello", "the Velari sing", "the Velari dance")
		it.Source = "fixed"
		l.publish(it)
	}
	if err := l.fill(ctx, old); err != nil {
		t.Fatal(err)
	}
	refresh(t, old.client, "*"+old.Generation())
	newer := faults{mapping: mappingVersion + 1, fields: []string{"planted"}}
	reader, err := Open(ctx, url, Options{ReadOnly: true, Log: quiet, faults: newer})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	older, err := Open(ctx, url, Options{ReadOnly: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	want, err := answers(ctx, reader)
	if err != nil || len(want) != 43 {
		t.Fatalf("%d answers before: %v", len(want), err)
	}

	stop := make(chan struct{})
	var work sync.WaitGroup
	reads, writes := 0, 0
	var told error
	work.Go(func() {
		for ; ; reads++ {
			select {
			case <-stop:
				return
			default:
			}
			got, err := answers(ctx, reader)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("read %d: %v (-want +got):\n%s", reads, err, d)
				return
			}
		}
	})
	work.Go(func() { // until it is told; a server that is deleting the indices may say that it is away, as to any stage
		for ; (told == nil || errors.Is(told, counterpoint.ErrAway)) && !errors.Is(told, ErrReplaced) && writes < 10_000; writes++ {
			l.publish(broadcast(fmt.Sprint("new-", writes), "news", "rain"))
			told = l.fill(ctx, old)
		}
	})

	next := testStore(t, url, Options{Log: quiet, faults: newer})
	if !next.Outdated() || next.Generation() != old.Generation() {
		t.Errorf("a newer program opens generation %s, outdated %v; want %s and true", next.Generation(), next.Outdated(), old.Generation())
	}
	fresh, err := next.Build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { fresh.Close(); sweep(t, url, fresh.gen.Load()) })
	if err := l.fill(ctx, fresh); err != nil {
		t.Fatal(err)
	}
	first, err := reader.Search(ctx, counterpoint.Query{Source: []string{"fixed"}, Text: "velari", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	second, err := reader.Search(ctx, counterpoint.Query{Source: []string{"fixed"}, Text: "velari", Limit: 30, Cursor: first.Next})
	if err != nil || len(second.Data) != 30 || second.Data[0].Found.ID == first.Data[9].Found.ID || second.Next != "" {
		t.Errorf("a list begun before the swap goes on with %d documents, %v; want the other 30", len(second.Data), err)
	}
	time.Sleep(200 * time.Millisecond) // some more reads of the new one
	close(stop)
	work.Wait()
	if !errors.Is(told, ErrReplaced) {
		t.Errorf("who writes the old generation is told %v, want ErrReplaced", told)
	}
	if reads < 3 || writes < 2 {
		t.Errorf("%d reads and %d writes meanwhile prove nothing", reads, writes)
	}
	if err := l.fill(ctx, fresh); err != nil { // as the indexers do, from where it stands
		t.Fatal(err)
	}
	refresh(t, fresh.client, "*"+fresh.Generation())
	if g, err := reader.Count(ctx, counterpoint.KindItem, counterpoint.Query{}, ""); err != nil || len(g) != 1 || g[0].Count != len(l.items) {
		t.Errorf("the new generation has %v items, %v; the log %d", g, err, len(l.items))
	}
	var mapping map[string]struct{ Mappings any }
	if err := fresh.call(ctx, func() esapi.Request {
		return esapi.IndicesGetMappingRequest{Index: []string{servedAlias(fresh.address.Prefix, counterpoint.KindItem)}}
	}, &mapping); err != nil || !strings.Contains(fmt.Sprint(mapping), "planted") {
		t.Errorf("served after the swap: %v, %v; want the planted field in it", mapping, err)
	}
	if _, err := Open(ctx, url, Options{Log: quiet}); err == nil || errors.Is(err, counterpoint.ErrAway) || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("the old program opens the newer index: %v; want to be sent to the newer program", err)
	}
	if _, err := answers(ctx, older); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("the old program, reading on: %v; want to be sent to the newer program", err)
	}
	t.Logf("%d reads and %d items written meanwhile", reads, writes)
}

// TestBeginAtOnce: of processes that find no index at the same moment, and all make one, one wins.
func TestBeginAtOnce(t *testing.T) {
	t.Parallel()
	const many = 3
	url := testURL(t)
	var serving sync.WaitGroup // all have looked and seen none
	serving.Add(many)
	var work sync.WaitGroup
	stores := make([]*Store, many)
	for i := range stores {
		together := sync.OnceFunc(func() { serving.Done(); serving.Wait() })
		work.Go(func() {
			s, err := Open(t.Context(), url, Options{Log: quiet, faults: faults{transport: func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Path == "/_aliases" {
						together()
					}
					return next.RoundTrip(r)
				})
			}}})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	work.Wait()
	if t.Failed() {
		return
	}
	now := testStore(t, url, Options{Log: quiet})
	going := 0
	for _, s := range stores {
		err := putNarrative(t, s, "n", 1)
		switch {
		case err == nil && s.Generation() == now.Generation():
			going++
		case !errors.Is(err, ErrReplaced):
			t.Errorf("a process with generation %s, where %s is served, writes: %v", s.Generation(), now.Generation(), err)
		}
		s.Close()
	}
	if found, err := now.behind(t.Context()); err != nil || len(found) != len(kinds()) || len(found[stateKind]) != 1 || going == 0 {
		t.Errorf("behind the aliases: %v, %v; %d go on", found, err, going)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
