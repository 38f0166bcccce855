package stream_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// refusing is a log whose dead letters cannot be written for a while, as on a full disk.
type refusing struct {
	stream.Log
	full bool
}

func (r *refusing) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	if r.full && topic == stream.Dead {
		return fmt.Errorf("no room: %w", counterpoint.ErrDiskFull)
	}
	return r.Log.Publish(ctx, topic, records...)
}

// TestFeedHoldsWhatItCannotBury reads a batch with a record for the dead letters while those cannot be
// written. The batch must come again: acknowledging the next one would cover it.
func TestFeedHoldsWhatItCannotBury(t *testing.T) {
	l, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	log := &refusing{Log: l, full: true}
	view := stream.Of[counterpoint.Item](log, stream.Items)
	item := func(id string) stream.Record {
		r, err := stream.Encode(stream.Items, counterpoint.Item{ID: "item", Title: id})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	bad := stream.Record{Key: "item", Value: []byte("{")}
	if err := log.Publish(t.Context(), stream.Items, item("a"), bad, item("b")); err != nil {
		t.Fatal(err)
	}
	feed, err := view.Group("classify")
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	if _, _, err := feed.Read(t.Context(), 3); !errors.Is(err, counterpoint.ErrDiskFull) {
		t.Fatalf("Read while dead letters cannot be written = %v, want ErrDiskFull", err)
	}
	log.full = false
	entries, ack, err := feed.Read(t.Context(), 3)
	if err != nil {
		t.Fatalf("Read afterwards = %v, want nil", err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Value.Title)
	}
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("Read afterwards (-want +got):\n%s", diff)
	}
	letters, err := stream.Letters(t.Context(), log)
	if err != nil || len(letters) != 1 {
		t.Errorf("Letters = %d, %v, want 1", len(letters), err)
	}
	if err := ack(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := log.Lag(t.Context(), stream.Items, "classify"); n != 0 || err != nil {
		t.Errorf("Lag = %d, %v, want 0", n, err)
	}
}
