package main

import (
	"testing"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

// TestSettleDoesNotWaitForWhatNobodyCanRead: the last record of a topic is garbage, so the index never gets to the
// end by its positions.
func TestSettleDoesNotWaitForWhatNobodyCanRead(t *testing.T) {
	cfg := config{Data: t.TempDir(), Languages: defaultLanguages}
	l, stop, err := ownLine(t.Context(), cfg, testWriter{t}, roleIngest)
	if err != nil {
		t.Fatal(err)
	}
	item := counterpoint.Item{ID: "item_x", Source: "radio-x", Seen: time.Now(), Part: 1, Parts: 1}
	if err := stream.Of[counterpoint.Item](l.stream, stream.Items).Publish(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	if err := l.stream.Publish(t.Context(), stream.Items, stream.Record{Key: "item_x", Value: []byte("garbage")}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := l.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > givenUp/2 {
		t.Errorf("settled after %s, as if the garbage would still come", took)
	}
	if _, err := counterpoint.Load[counterpoint.ItemView](t.Context(), l.store, "item_x"); err != nil {
		t.Errorf("settled before the item was in the index: %v", err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// testWriter shows what the program says in the test's log.
type testWriter struct{ t *testing.T }

// Write shows a line.
func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}
