package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
)

func putNarrative(t *testing.T, s *Store, id string, next int64) error {
	t.Helper()
	return s.Update(t.Context(), index.Next{index.Items: {0: next}}, func(tx index.Tx) error {
		return tx.Put(counterpoint.KindNarrative, id, counterpoint.Narrative{ID: id, Title: "rain"})
	})
}

func narratives(t *testing.T, s *Store) []string {
	t.Helper()
	list, err := counterpoint.All[counterpoint.Narrative](t.Context(), s, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, n := range list {
		out = append(out, n.ID)
	}
	return out
}

// TestGenerations: a new generation is built beside the one served, takes over in one step, and whoever still has
// the old one is told, or follows. One that was deleted begins anew, at the beginning of the log.
func TestGenerations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := testURL(t)
	old := testStore(t, url, Options{Refresh: true, Log: quiet})
	if err := putNarrative(t, old, "old", 5); err != nil {
		t.Fatal(err)
	}
	reader, err := Open(ctx, url, Options{ReadOnly: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := putNarrative(t, reader, "x", 1); err == nil {
		t.Error("a store open for reading takes a batch")
	}

	next, err := old.Build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { next.Close(); sweep(t, url, next.gen.Load()) })
	if next.Generation() == old.Generation() || next.Outdated() {
		t.Errorf("generation %s built beside %s, outdated %v", next.Generation(), old.Generation(), next.Outdated())
	}
	if at, err := next.Positions(ctx, index.Items); err != nil || len(at) != 0 {
		t.Errorf("positions of a new generation: %v, %v; want none", at, err)
	}
	if err := putNarrative(t, next, "new", 3); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"old"}, narratives(t, reader)); d != "" {
		t.Errorf("served while the new one is built (-want +got):\n%s", d)
	}
	if err := next.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"new"}, narratives(t, reader)); d != "" {
		t.Errorf("served after Promote (-want +got):\n%s", d)
	}
	if reader.Generation() != next.Generation() {
		t.Errorf("the reader is on %s, want %s", reader.Generation(), next.Generation())
	}
	if err := putNarrative(t, old, "late", 6); !errors.Is(err, ErrReplaced) || !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("a batch for a generation that is gone: %v, want ErrReplaced and ErrAway", err)
	}
	if found, err := next.behind(ctx); err != nil || len(found) != len(kinds()) {
		t.Errorf("behind the aliases: %v, %v", found, err)
	}

	spare, err := next.Build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := spare.Discard(ctx); err != nil {
		t.Fatal(err)
	}
	if err := next.remove(ctx, []string{next.gen.Load().index(counterpoint.KindSegment)}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, url, Options{ReadOnly: true}); !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("open for reading what lacks an index: %v, want ErrAway", err)
	}
	again := testStore(t, url, Options{Log: quiet})
	if at, err := again.Positions(ctx, index.Items); err != nil || len(at) != 0 || again.Generation() == next.Generation() {
		t.Errorf("after an index was deleted: generation %s, positions %v, %v; want a new one without", again.Generation(), at, err)
	}
}

// TestManyPartitions: positions of partitions beyond the first request's are found.
func TestManyPartitions(t *testing.T) {
	s := testStore(t, testURL(t), Options{Log: quiet})
	want := map[int]int64{3: 1, 64: 2, 700: 3}
	for part, n := range want {
		if err := s.Update(t.Context(), index.Next{index.Items: {part: n}}, func(index.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	for _, old := range []int64{0, 2} { // an old write never wins
		if err := s.Update(t.Context(), index.Next{index.Items: {700: old}}, func(index.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Positions(t.Context(), index.Items)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("positions (-want +got):\n%s", d)
	}
}

// TestOddDocuments: what Elasticsearch is known to refuse is stored all the same.
func TestOddDocuments(t *testing.T) {
	s := testStore(t, testURL(t), Options{Refresh: true, Log: quiet})
	long := strings.Repeat("é", 40_000)
	n := counterpoint.Narrative{ID: strings.Repeat("n", 600), Title: long + " rain", Summary: "a\x00b \\ \" \u2028 " + strings.Repeat("x", 100_000), Languages: []string{long}}
	err := s.Update(t.Context(), nil, func(tx index.Tx) error { return tx.Put(counterpoint.KindNarrative, n.ID, n) })
	if err != nil {
		t.Fatal(err)
	}
	got, err := counterpoint.Load[counterpoint.Narrative](t.Context(), s, n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n, got); d != "" {
		t.Errorf("document (-want +got):\n%s", d)
	}
	for _, q := range []counterpoint.Query{{Lang: []string{long}}, {Text: "rain"}, {Text: long}, {Text: "ee*"}, {Text: `"` + long + ` ra*"`}} {
		list, err := counterpoint.All[counterpoint.Narrative](t.Context(), s, q)
		if err != nil || len(list) != 1 {
			t.Errorf("found %d by %.20v, %v; want 1", len(list), q, err)
		}
	}
}

// TestManyItems: what items have through their segments stays exact beyond the number that one request takes.
func TestManyItems(t *testing.T) {
	s := testStore(t, testURL(t), Options{Refresh: true, Log: quiet})
	err := s.Update(t.Context(), nil, func(tx index.Tx) error {
		for i := range 40 {
			it := counterpoint.ItemView{ID: fmt.Sprintf("i%02d", i), Source: fmt.Sprint("radio-", i%3), Title: "Morning", Seen: heardAt}
			if i%10 == 0 {
				it.Title = "Rain"
			}
			if err := tx.Put(counterpoint.KindItem, it.ID, it); err != nil {
				return err
			}
			for seq := range 2 {
				g := counterpoint.SegmentView{ID: counterpoint.SegmentID(it.ID, seq), Item: it.ID, Seq: seq, Text: "hello", Level: (i + seq) % 3, Seen: heardAt}
				if (i+seq)%2 == 0 {
					g.Text = "the rain came"
				}
				if err := tx.Put(counterpoint.KindSegment, g.ID, g); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []counterpoint.Query{
		{Level: []int{2}}, {Text: "rain"}, {Text: "rain", Level: []int{1}}, {Text: "rain", Level: []int{1}, Source: []string{"radio-1"}}, {Text: "snow"}, {},
	} {
		ask := func(few, some int) (ids []string, groups []counterpoint.Group) {
			t.Helper()
			s.few, s.some = few, some
			q := q
			q.Limit = 15
			list, err := counterpoint.All[counterpoint.ItemView](t.Context(), s, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range list {
				if len(v.Segments) != 2 {
					t.Errorf("%s is listed with %d segments", v.ID, len(v.Segments))
				}
				ids = append(ids, v.ID)
			}
			for _, by := range []counterpoint.GroupBy{"", counterpoint.BySource} {
				g, err := s.Count(t.Context(), counterpoint.KindItem, q, by)
				if err != nil {
					t.Fatal(err)
				}
				groups = append(groups, g...)
			}
			return ids, groups
		}
		ids, groups := ask(fewItems, someItems)
		if n := len(ids); groups[0].Count != n || n == 0 && q.Text != "snow" {
			t.Errorf("%+v: %d items, counted %d", q, n, groups[0].Count)
		}
		manyIDs, manyGroups := ask(4, 9)
		if d := cmp.Diff([]any{ids, groups}, []any{manyIDs, manyGroups}); d != "" {
			t.Errorf("%+v, with few and with many (-few +many):\n%s", q, d)
		}
	}
}

// TestServerCheck: what is not a server for us is refused with the reason.
func TestServerCheck(t *testing.T) {
	answer := func(product, body string, status int) string {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Elastic-Product", product)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	f := func(url, want string, away bool) {
		t.Helper()
		_, err := Open(context.Background(), url, Options{Log: quiet, faults: faults{wait: noWait}})
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, counterpoint.ErrAway) != away {
			t.Errorf("Open(%s) = %v; want %q, away %v", url, err, want, away)
		}
	}
	version := func(v string) string { return fmt.Sprintf(`{"version":{"number":%q}}`, v) }
	f(answer("", version("8.1.0"), 200), "is not Elasticsearch", false)
	f(answer("", "<html>", 404), "is not Elasticsearch", false)
	f(answer("Elasticsearch", version("7.17.0"), 200), "needs 8.x", false)
	f(answer("Elasticsearch", version("9.4.3"), 200), "tested with 8.19", false)
	f(answer("Elasticsearch", `{"error":{"type":"security_exception","reason":"no"}}`, 401), "API key", false)
	f(answer("Elasticsearch", "{}", 503), "503", true)
	f("http://127.0.0.1:1", "does not answer", true)
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	defer tls.Close()
	f(tls.URL, "?ca=FILE", false)
}

// TestOlderMapping: an index that was made before there were alerts goes on being read, takes alerts, and makes way for
// its successor.
func TestOlderMapping(t *testing.T) {
	t.Parallel()
	ctx, url := t.Context(), testURL(t)
	old := testStore(t, url, Options{Refresh: true, Log: quiet, faults: faults{mapping: 1}})
	if err := putNarrative(t, old, "old", 5); err != nil {
		t.Fatal(err)
	}
	if err := old.remove(ctx, []string{old.gen.Load().index(counterpoint.KindAlert)}); err != nil {
		t.Fatal(err)
	}
	reader, err := Open(ctx, url, Options{ReadOnly: true, Log: quiet})
	if err != nil {
		t.Fatalf("open for reading what lacks alerts: %v", err)
	}
	defer reader.Close()
	for range 2 { // the second finds it complete
		s, err := Open(ctx, url, Options{Refresh: true, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if s.Generation() != old.Generation() || !s.Outdated() {
			t.Errorf("generation %s (outdated %v), want that of before, %s", s.Generation(), s.Outdated(), old.Generation())
		}
		if err := s.Update(ctx, nil, func(tx index.Tx) error {
			return tx.Put(counterpoint.KindAlert, "alr_1", counterpoint.Alert{ID: "alr_1", State: counterpoint.AlertOpen})
		}); err != nil {
			t.Fatalf("put an alert: %v", err)
		}
	}
	if d := cmp.Diff([]string{"old"}, narratives(t, reader)); d != "" {
		t.Errorf("narratives (-want +got):\n%s", d)
	}
	if n, err := reader.Count(ctx, counterpoint.KindAlert, counterpoint.Query{State: []string{"open"}}, ""); err != nil || len(n) != 1 || n[0].Count != 1 {
		t.Errorf("alerts counted: %v, %v", n, err)
	}
	next, err := reader.Build(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { next.Close(); sweep(t, url, next.gen.Load()) })
	if err := next.Promote(ctx); err != nil {
		t.Fatal(err)
	}
	if found, err := next.behind(ctx); err != nil || len(found) != len(kinds()) || len(found[counterpoint.KindAlert]) != 1 {
		t.Errorf("behind the aliases: %v, %v", found, err)
	}
}
