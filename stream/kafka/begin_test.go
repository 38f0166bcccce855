package kafka_test

import (
	"fmt"
	"testing"

	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// TestBegin: a group without members goes on from where it is told, forward and back; one with members stays.
func TestBegin(t *testing.T) {
	l := open(t, place(t, broker(t))+"?partitions=1", kafka.Options{})
	var records []stream.Record
	for i := range 10 {
		records = append(records, stream.Record{Key: "k", Value: fmt.Append(nil, i)})
	}
	if err := l.Publish(t.Context(), stream.Items, records...); err != nil {
		t.Fatal(err)
	}
	begin := func(at int64) {
		t.Helper()
		if err := l.Begin(t.Context(), stream.Items, "index-g", map[int]int64{0: at}); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{7, 2, 0} {
		begin(at)
		r, err := l.Reader(stream.Items, "index-g")
		if err != nil {
			t.Fatal(err)
		}
		got, ack, err := r.Read(t.Context(), 1)
		if err != nil || got[0].Offset != at {
			t.Fatalf("begins at %v, %v, want %d", got, err, at)
		}
		begin(5) // it has a member
		if err := ack(t.Context()); err != nil {
			t.Fatal(err)
		}
		if lag, err := l.Lag(t.Context(), stream.Items, "index-g"); err != nil || lag != 10-at-1 {
			t.Errorf("lag %d, %v after the first record, want %d", lag, err, 10-at-1)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
