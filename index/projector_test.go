package index_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
)

// feed gives its batches, then waits.
type feed struct {
	batches [][]counterpoint.Entry[counterpoint.Item]
	acked   chan int
	err     error
}

func (f *feed) Read(ctx context.Context, _ int) ([]counterpoint.Entry[counterpoint.Item], func(context.Context) error, error) {
	if len(f.batches) == 0 {
		if f.err != nil {
			return nil, nil, f.err
		}
		<-ctx.Done()
		return nil, nil, ctx.Err()
	}
	b := f.batches[0]
	f.batches = f.batches[1:]
	return b, func(context.Context) error { f.acked <- len(b); return nil }, nil
}

// balky is a store that fails to write documents a few times.
type balky struct {
	index.Store
	fail int
}

func (b *balky) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	return b.Store.Update(ctx, next, func(tx index.Tx) error { return fn(&balkyTx{tx, b}) })
}

type balkyTx struct {
	index.Tx
	b *balky
}

func (tx *balkyTx) Put(kind counterpoint.Kind, id string, doc any) error {
	if tx.b.fail > 0 {
		tx.b.fail--
		return counterpoint.ErrDiskFull
	}
	return tx.Tx.Put(kind, id, doc)
}

func item(n int) counterpoint.Entry[counterpoint.Item] {
	it := counterpoint.Item{ID: fmt.Sprint("i", n), Source: "radio-a", Seen: time.Unix(int64(n), 0).UTC(), Part: 1, Parts: 1, Segments: []counterpoint.Segment{{Text: "hello"}}}
	return counterpoint.Entry[counterpoint.Item]{Position: counterpoint.Position{Offset: int64(n)}, Value: it}
}

func openIndex(t *testing.T) index.Store {
	t.Helper()
	s, err := embedded.Open(filepath.Join(t.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestRunLosesNothing: a store that cannot write is asked again, a batch is acknowledged once it is stored, and
// the end is clean. With the planted bug (positions first) the documents of the failed batch are missing.
func TestRunLosesNothing(t *testing.T) {
	store := openIndex(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	metrics := prometheus.NewRegistry()
	var log strings.Builder
	p := index.NewProjector(&balky{store, 1}, index.ProjectorOptions{Log: slog.New(slog.NewTextHandler(&log, nil)), Registerer: metrics})
	f := &feed{batches: [][]counterpoint.Entry[counterpoint.Item]{{item(0), item(1)}, {}, {item(1), item(2)}}, acked: make(chan int)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx, f, nil, nil) }()
	for _, want := range []int{2, 0, 2} {
		if n := <-f.acked; n != want {
			t.Errorf("acknowledged %d, want %d", n, want)
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run = %v, want nil when stopped", err)
	}
	var got []string
	items, err := counterpoint.All[counterpoint.ItemView](t.Context(), store, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range items {
		got = append(got, v.ID)
	}
	if d := cmp.Diff([]string{"i2", "i1", "i0"}, got); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
	if !strings.Contains(log.String(), "disk is full") {
		t.Errorf("the log does not say why it waited: %s", log.String())
	}
	if n, err := testutil.GatherAndCount(metrics, "counterpoint_index_in_total", "counterpoint_index_out_total", "counterpoint_index_age_seconds"); err != nil || n != 9 {
		t.Errorf("%d metrics, %v; want in, out and age of 3 topics", n, err)
	}
}

func TestRunEndsWithItsFeed(t *testing.T) {
	broken := errors.New("the log is gone")
	p := index.NewProjector(openIndex(t), index.ProjectorOptions{})
	if err := p.Run(t.Context(), &feed{err: broken}, nil, nil); !errors.Is(err, broken) {
		t.Errorf("Run = %v, want the feed's error", err)
	}
}

// TestSealedWords: what a decision quotes is in the views while its key is there, and never in the event.
func TestSealedWords(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	flag := counterpoint.Flag{ID: "flag_x", Version: 1, State: counterpoint.Open}
	flag.Hear("i1", []counterpoint.Sighting{{Item: "i1", Text: "a secret passage"}}, nil, nil)
	e, err := flag.Reject("amina", at, "a secret reason")
	if err != nil {
		t.Fatal(err)
	}
	if e, err = e.Seal(func(_ string, plain []byte) (string, error) { return fmt.Sprintf("%x", plain), nil }); err != nil {
		t.Fatal(err)
	}
	f := func(what string, unseal func(item, sealed string) ([]byte, error), inFlag int) {
		t.Helper()
		store := openIndex(t)
		p := index.NewProjector(store, index.ProjectorOptions{Unseal: unseal})
		entry := counterpoint.Entry[counterpoint.Event]{Value: e}
		if err := p.PutDecisions(t.Context(), []counterpoint.Entry[counterpoint.Event]{entry}); err != nil {
			t.Fatal(err)
		}
		var dump strings.Builder
		if err := index.Dump(t.Context(), store, &dump); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(dump.String()) {
			if strings.HasPrefix(line, "event\t") && strings.Contains(line, "secret") {
				t.Errorf("%s: the event has words: %s", what, line)
			}
		}
		if n := strings.Count(dump.String(), "a secret"); (n > 0) != (inFlag > 0) {
			t.Errorf("%s: the words stand %d times:\n%s", what, n, dump.String())
		}
		v, err := counterpoint.Load[counterpoint.Flag](t.Context(), store, "flag_x")
		if err != nil || v.State != counterpoint.Rejected || v.Version != 2 {
			t.Errorf("%s: flag %+v, %v", what, v, err)
		}
	}
	open := func(_, sealed string) ([]byte, error) {
		var plain []byte
		_, err := fmt.Sscanf(sealed, "%x", &plain)
		return plain, err
	}
	f("with its key", open, 1)
	f("erased", func(string, string) ([]byte, error) { return nil, counterpoint.ErrNotFound }, 0)

	p := index.NewProjector(openIndex(t), index.ProjectorOptions{Unseal: func(string, string) ([]byte, error) { return nil, errors.New("vault is away") }})
	if err := p.PutDecisions(t.Context(), []counterpoint.Entry[counterpoint.Event]{{Value: e}}); err == nil {
		t.Error("a key that cannot be asked for gave no error")
	}
}
