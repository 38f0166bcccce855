package streamtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"counterpoint"
	"counterpoint/stream"
)

func roundTrip(b *bench) {
	before := time.Now().Add(-2 * time.Second)
	want := []stream.Record{
		{Key: b.key(1), Value: []byte("one"), Headers: map[string]string{"a": "1", "b": "ሰላም\x00\"'"}},
		{Key: b.key(1), Value: []byte{}},
		{Key: b.key(1), Value: []byte("\x00\xff\n")},
		{Key: b.key(1)},
	}
	from := b.ends(stream.Items)
	b.publish(stream.Items, want...)
	check := func(how string, got []stream.Record) {
		b.Helper()
		opt := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreFields(stream.Record{}, "Partition", "Offset", "Time", "Topic")}
		if diff := cmp.Diff(want, got, opt); diff != "" {
			b.Errorf("%s (-want +got):\n%s", how, diff)
		}
		for i, r := range got {
			if (r.Value == nil) != (want[i].Value == nil) {
				b.Errorf("%s: value of record %d is nil: %t, want nil: %t", how, i, r.Value == nil, want[i].Value == nil)
			}
			if r.Topic != stream.Items || r.Offset != from[r.Partition]+int64(i) {
				b.Errorf("%s: record %d is at %s[%d]@%d, want %s at offset %d", how, i, r.Topic, r.Partition, r.Offset, stream.Items, from[r.Partition]+int64(i))
			}
			if r.Time.Before(before) || r.Time.After(time.Now().Add(2*time.Second)) || r.Time.Location() != time.UTC || r.Time.Nanosecond()%1e6 != 0 {
				b.Errorf("%s: record %d has time %v, want now, in UTC, in milliseconds", how, i, r.Time)
			}
		}
	}
	got, ack := b.read(b.reader(stream.Items, "g"), len(want))
	check("Read", got)
	b.ack(ack)
	check("Replay", b.replay(stream.Items, from))
	b.reopen()
	check("Replay after reopening", b.replay(stream.Items, from))
	b.publish(stream.Items) // nothing is nothing
}

func orderPerKey(b *bench) {
	const n, keys = 200, 16
	from := b.ends(stream.Items)
	for i := 0; i < n; i += 10 {
		b.publish(stream.Items, b.numbered(i, i+10, keys)...)
	}
	got, ack := b.read(b.reader(stream.Items, "g"), n)
	b.ack(ack)
	checkOrder(b, "Read", got, n)
	checkOrder(b, "Replay", b.replay(stream.Items, from), n)
	used := map[int]bool{}
	for _, r := range got {
		used[r.Partition] = true
	}
	if len(used) < 2 {
		b.Errorf("%d keys lie in %d partition of %d, want them spread", keys, len(used), len(from))
	}
}

// checkOrder wants n records, each once, rising in each key, and each key in one partition.
func checkOrder(b *bench, how string, got []stream.Record, n int) {
	b.Helper()
	seen := map[string]bool{}
	last := map[string]int{}
	place := map[string]int{}
	for _, r := range got {
		var i int
		if _, err := fmt.Sscan(string(r.Value), &i); err != nil {
			b.Fatalf("%s: value %q: %v", how, r.Value, err)
		}
		if seen[string(r.Value)] {
			b.Errorf("%s: value %d came twice", how, i)
		}
		seen[string(r.Value)] = true
		if before, ok := last[r.Key]; ok && before >= i {
			b.Errorf("%s: key %s: %d came after %d", how, r.Key, i, before)
		}
		last[r.Key] = i
		if p, ok := place[r.Key]; ok && p != r.Partition {
			b.Errorf("%s: key %s is in partitions %d and %d", how, r.Key, p, r.Partition)
		}
		place[r.Key] = r.Partition
	}
	if len(seen) != n {
		b.Errorf("%s gave %d records, want %d", how, len(seen), n)
	}
}

func concurrentPublishers(b *bench) {
	const publishers, each = 32, 25
	from := b.ends(stream.Items)
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				r := stream.Record{Key: b.key(p), Value: fmt.Appendf(nil, "%d", p*each+i)}
				if err := b.log.Publish(b.ctx, stream.Items, r); err != nil {
					b.Errorf("Publish = %v, want nil", err)
				}
			}
		})
	}
	got, _ := b.read(b.reader(stream.Items, "g"), publishers*each) // while they publish
	wg.Wait()
	checkOrder(b, "Read", got, publishers*each)
	checkOrder(b, "Replay", b.replay(stream.Items, from), publishers*each)
	b.reopen()
	checkOrder(b, "Replay after reopening", b.replay(stream.Items, from), publishers*each)
}

func recordLimit(b *bench) {
	from := b.ends(stream.Items)
	full := stream.Record{Key: b.key(1), Headers: map[string]string{"h": "1234"}}
	full.Value = []byte(strings.Repeat("x", stream.RecordLimit-len(full.Key)-5))
	b.publish(stream.Items, full)
	if got := b.replay(stream.Items, from); len(got) != 1 || len(got[0].Value) != len(full.Value) {
		b.Errorf("a record of just the limit did not come back whole")
	}
	from = b.ends(stream.Items)
	over := full
	over.Value = append(over.Value, 'x')
	small := stream.Record{Key: b.key(2), Value: []byte("small")}
	b.wantErr("Publish of a record over the limit", b.log.Publish(b.ctx, stream.Items, small, over), counterpoint.ErrTooLarge)
	if got := b.replay(stream.Items, from); len(got) != 0 {
		b.Errorf("a refused publish wrote %d records, want none", len(got))
	}
	full.Topic, full.Headers = stream.Items, nil
	if err := stream.Bury(b.ctx, b.log, full, "test", "a full record fits into a dead letter"); err != nil {
		b.Errorf("Bury of a full record = %v, want nil", err)
	}
}

func unknownTopic(b *bench) {
	_, reader := b.log.Reader("nonsense", b.group("g"))
	_, tail := b.log.Tail("nonsense", nil)
	_, lag := b.log.Lag(b.ctx, "nonsense", b.group("g"))
	_, ends := b.log.End(b.ctx, "nonsense")
	var replay error
	for _, replay = range b.log.Replay(b.ctx, "nonsense", nil) {
		break
	}
	for call, err := range map[string]error{
		"Publish": b.log.Publish(b.ctx, "nonsense", stream.Record{Key: "k"}),
		"Reader":  reader, "Tail": tail, "Lag": lag, "End": ends, "Replay": replay,
	} {
		b.wantErr(call+" of an unknown topic", err, stream.ErrUnknownTopic)
	}
}

// compaction checks what every backend promises at once: the last record of a key is the last one given, and
// what was deleted is given as nil or not at all.
func compaction(b *bench) {
	const topic = stream.Secrets
	b.publish(topic, stream.Record{Key: b.key(1), Value: []byte("old")}, stream.Record{Key: b.key(2), Value: []byte("gone")})
	b.publish(topic, stream.Record{Key: b.key(1), Value: []byte("new")}, stream.Record{Key: b.key(2)})
	check := func(how string) {
		b.Helper()
		got := map[string]string{}
		for _, r := range b.replay(topic, nil) {
			got[r.Key] = string(r.Value)
			if r.Value == nil {
				delete(got, r.Key)
			}
		}
		if diff := cmp.Diff(map[string]string{b.key(1): "new"}, got); diff != "" {
			b.Errorf("%s (-want +got):\n%s", how, diff)
		}
	}
	check("Replay")
	b.reopen()
	check("Replay after reopening")
	b.publish(topic, stream.Record{Key: b.key(2), Value: []byte("back")}, stream.Record{Key: b.key(2)})
	check("Replay after writing and deleting a key again")
}

func cancelled(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.wantErr("Publish", b.log.Publish(ctx, stream.Items, stream.Record{Key: b.key(1)}), context.Canceled)
	for name, r := range map[string]stream.Reader{"group": b.reader(stream.Items, "g"), "tail": b.tailEnd(stream.Items)} {
		_, _, err := r.Read(ctx, 1)
		b.wantErr("Read of a "+name, err, context.Canceled)
	}
	waiting, stop := context.WithTimeout(b.ctx, 50*time.Millisecond)
	defer stop()
	_, _, err := b.tailEnd(stream.Items).Read(waiting, 1)
	b.wantErr("waiting Read", err, context.DeadlineExceeded)
}

func closedLog(b *bench) {
	r := b.tailEnd(stream.Items)
	ended := make(chan error, 1)
	go func() {
		_, _, err := r.Read(b.ctx, 1)
		ended <- err
	}()
	old := b.log
	b.reopen()
	b.wantErr("Read while the log closes", <-ended, counterpoint.ErrClosed)
	b.wantErr("Publish", old.Publish(b.ctx, stream.Items, stream.Record{Key: b.key(1)}), counterpoint.ErrClosed)
	_, err := old.Reader(stream.Items, b.group("g"))
	b.wantErr("Reader", err, counterpoint.ErrClosed)
	if err := old.Close(); err != nil && !errors.Is(err, counterpoint.ErrClosed) {
		b.Errorf("second Close = %v, want nil or ErrClosed", err)
	}
}
