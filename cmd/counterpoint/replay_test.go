package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// TestReplayLeavesOutWhatIsRefused: one document that the index will never take must not keep a rebuild from its end.
func TestReplayLeavesOutWhatIsRefused(t *testing.T) {
	log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	items := stream.Of[counterpoint.Item](log, stream.Items)
	for _, source := range []string{"a", "bad", "b", "c"} {
		if err := items.Publish(t.Context(), counterpoint.Item{ID: "same", Source: source}); err != nil {
			t.Fatal(err)
		}
	}
	var took []string
	n, err := replayTopic(t.Context(), waiter{slog.New(slog.DiscardHandler)}, items, nil, func(_ context.Context, batch []counterpoint.Entry[counterpoint.Item]) error {
		for _, e := range batch {
			if e.Value.Source == "bad" {
				return fmt.Errorf("item %s: %w", e.Value.ID, index.ErrRefused)
			}
		}
		for _, e := range batch {
			took = append(took, e.Value.Source)
		}
		return nil
	})
	if err != nil || n != 4 {
		t.Errorf("replayed %d: %v", n, err)
	}
	if d := cmp.Diff([]string{"a", "b", "c"}, took); d != "" {
		t.Errorf("in the index (-want +got):\n%s", d)
	}
}
