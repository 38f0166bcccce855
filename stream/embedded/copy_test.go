package embedded_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// foreign is another backend's log: it lies in other partitions, and keeps what was deleted for a while.
type foreign struct {
	stream.Log
	records map[string][]stream.Record
}

// Replay yields what it holds.
func (f foreign) Replay(_ context.Context, topic string, _ map[int]int64) iter.Seq2[stream.Record, error] {
	return func(yield func(stream.Record, error) bool) {
		for _, r := range f.records[topic] {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestCopyKeepsWhatWasSaid(t *testing.T) {
	then := time.Date(2026, 3, 1, 6, 0, 0, int(7*time.Millisecond), time.UTC)
	record := func(topic string, partition int, offset int64, key string, value []byte) stream.Record {
		return stream.Record{Topic: topic, Partition: partition, Offset: offset, Time: then.Add(time.Duration(offset) * time.Hour), Key: key,
			Value: value, Headers: map[string]string{"schema": topic + "/1"}}
	}
	f := foreign{records: map[string][]stream.Record{}}
	for i := range int64(6) {
		f.records[stream.Decisions] = append(f.records[stream.Decisions], record(stream.Decisions, 0, i, fmt.Sprint("d", i), []byte{byte(i)}))
		f.records[stream.Items] = append(f.records[stream.Items], record(stream.Items, 11, 100+i, "item", []byte{byte(i)}))
	}
	f.records[stream.Secrets] = []stream.Record{
		record(stream.Secrets, 0, 0, "changed", []byte("old")), record(stream.Secrets, 0, 1, "deleted", []byte("gone")),
		record(stream.Secrets, 0, 2, "changed", []byte("new")), record(stream.Secrets, 0, 3, "deleted", nil),
	}
	dir := t.TempDir()
	if err := embedded.Copy(t.Context(), f, dir); err != nil {
		t.Fatal(err)
	}
	log, err := embedded.Open(t.Context(), dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	all := func(topic string) (got []stream.Record) {
		for r, err := range log.Replay(t.Context(), topic, nil) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		return got
	}
	if d := cmp.Diff(f.records[stream.Decisions], all(stream.Decisions)); d != "" {
		t.Errorf("decisions (-there +copied):\n%s", d)
	}
	items := all(stream.Items)
	if len(items) != 6 {
		t.Fatalf("%d items of 6", len(items))
	}
	for i, r := range items {
		if r.Offset != int64(i) || r.Value[0] != byte(i) || !r.Time.Equal(f.records[stream.Items][i].Time) {
			t.Errorf("item %d is copied as %+v", i, r)
		}
	}
	secrets := all(stream.Secrets)
	if len(secrets) != 1 || string(secrets[0].Value) != "new" {
		t.Errorf("secrets: %+v, want only the new one", secrets)
	}
	// The copy goes on as a log of its own.
	if err := log.Publish(t.Context(), stream.Decisions, stream.Record{Key: "d6"}); err != nil {
		t.Fatal(err)
	}
	if got := all(stream.Decisions); len(got) != 7 || got[6].Offset != 6 {
		t.Errorf("after one more: %d decisions", len(got))
	}
	if err := log.Publish(t.Context(), stream.Secrets, stream.Record{Key: "changed"}); err != nil {
		t.Fatal(err)
	}
	if got := all(stream.Secrets); len(got) == 0 || got[0].Value != nil {
		t.Errorf("a secret deleted in the copy is still there: %+v", got)
	}
	if err := embedded.Copy(t.Context(), f, dir); err == nil {
		t.Error("copied over a log")
	}
}

func TestCopyRefusesDecisionsWithAGap(t *testing.T) {
	f := foreign{records: map[string][]stream.Record{stream.Decisions: {{Topic: stream.Decisions, Offset: 3, Key: "d"}}}}
	if err := embedded.Copy(t.Context(), f, t.TempDir()); err == nil {
		t.Error("decisions that begin at 3 were copied as if they were whole")
	}
}
