// Package streamtest is the contract of stream.Log as tests. A backend that passes Run is one.
package streamtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/stream"
)

// Opener opens a log on one place. It is called again after Close, and the log then has what was there.
type Opener func(t *testing.T) stream.Log

// Run runs the contract. fresh is called once per test and gives a place of its own or one that others use
// too: the tests look at their own keys and groups alone.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	tests := []struct {
		name string
		test func(*bench)
	}{
		{"round trip", roundTrip},
		{"order per key", orderPerKey},
		{"concurrent publishers", concurrentPublishers},
		{"groups are independent", groupsIndependent},
		{"unacknowledged is read again", unacknowledgedAgain},
		{"acknowledging is cumulative", cumulative},
		{"two readers share", twoReadersShare},
		{"read waits for a publish", readWaits},
		{"tail from positions", tailFrom},
		{"replay ends where it began", replayEnds},
		{"lag", lag},
		{"end", end},
		{"record limit", recordLimit},
		{"unknown topic", unknownTopic},
		{"compaction", compaction},
		{"cancelled context", cancelled},
		{"closed log", closedLog},
		{"dead letters", deadLetters},
		{"undecodable record", undecodable},
		{"typed views", typedViews},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			b := &bench{T: t, ctx: ctx, opener: fresh(t), run: counterpoint.NewID("t")}
			b.open()
			tt.test(b)
			if err := b.log.Close(); err != nil {
				t.Errorf("Close = %v, want nil", err)
			}
		})
	}
}

// bench is one test at work.
type bench struct {
	*testing.T
	ctx    context.Context
	opener Opener
	log    stream.Log
	run    string // prefix of this test's keys and groups
}

func (b *bench) open() { b.log = b.opener(b.T) }

func (b *bench) reopen() {
	b.Helper()
	if err := b.log.Close(); err != nil {
		b.Fatalf("Close = %v, want nil", err)
	}
	b.open()
}

func (b *bench) key(n int) string         { return fmt.Sprintf("%s-%d", b.run, n) }
func (b *bench) group(name string) string { return b.run + "-" + name }

func (b *bench) mine(r stream.Record) bool {
	return len(r.Key) > len(b.run) && r.Key[:len(b.run)] == b.run
}

func (b *bench) publish(topic string, records ...stream.Record) {
	b.Helper()
	if err := b.log.Publish(b.ctx, topic, records...); err != nil {
		b.Fatalf("Publish(%s, %d records) = %v, want nil", topic, len(records), err)
	}
}

// numbered makes records with the values from…to-1, over some keys.
func (b *bench) numbered(from, to, keys int) []stream.Record {
	var rs []stream.Record
	for i := from; i < to; i++ {
		rs = append(rs, stream.Record{Key: b.key(i % keys), Value: fmt.Appendf(nil, "%d", i)})
	}
	return rs
}

func (b *bench) reader(topic, group string) stream.Reader {
	b.Helper()
	r, err := b.log.Reader(topic, b.group(group))
	if err != nil {
		b.Fatalf("Reader(%s, %s) = %v, want nil", topic, group, err)
	}
	b.Cleanup(func() { _ = r.Close() })
	return r
}

// read reads until n of this test's records came, and gives the last ack.
func (b *bench) read(r stream.Reader, n int) ([]stream.Record, stream.Ack) {
	b.Helper()
	var got []stream.Record
	var ack stream.Ack
	for len(got) < n {
		rs, a, err := r.Read(b.ctx, 1000)
		if err != nil {
			b.Fatalf("Read after %d of %d records: %v", len(got), n, err)
		}
		ack = a
		got = append(got, b.keep(rs)...)
	}
	return got, ack
}

// readAll reads n records, whoever's they are: those of other tests may lie in partitions that come last.
func (b *bench) readAll(r stream.Reader, n int64) (ack stream.Ack) {
	b.Helper()
	for n > 0 {
		rs, a, err := r.Read(b.ctx, 1000)
		if err != nil {
			b.Fatalf("Read with %d records to come: %v", n, err)
		}
		n, ack = n-int64(len(rs)), a
	}
	return ack
}

func (b *bench) keep(rs []stream.Record) (mine []stream.Record) {
	for _, r := range rs {
		if b.mine(r) {
			mine = append(mine, r)
		}
	}
	return mine
}

func (b *bench) ack(ack stream.Ack) {
	b.Helper()
	if err := ack(b.ctx); err != nil {
		b.Fatalf("ack = %v, want nil", err)
	}
}

func (b *bench) replay(topic string, from map[int]int64) (mine []stream.Record) {
	b.Helper()
	for r, err := range b.log.Replay(b.ctx, topic, from) {
		if err != nil {
			b.Fatalf("Replay(%s): %v", topic, err)
		}
		if b.mine(r) {
			mine = append(mine, r)
		}
	}
	return mine
}

func (b *bench) ends(topic string) map[int]int64 {
	b.Helper()
	ends, err := b.log.End(b.ctx, topic)
	if err != nil {
		b.Fatalf("End(%s) = %v, want nil", topic, err)
	}
	return ends
}

func (b *bench) lag(topic, group string) int64 {
	b.Helper()
	n, err := b.log.Lag(b.ctx, topic, b.group(group))
	if err != nil {
		b.Fatalf("Lag(%s, %s) = %v, want nil", topic, group, err)
	}
	return n
}

// want compares without order, as that is kept within a partition alone.
func (b *bench) want(what string, got []stream.Record, want ...string) {
	b.Helper()
	values := texts(got)
	slices.Sort(values)
	slices.Sort(want)
	if diff := cmp.Diff(want, values); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (b *bench) wantErr(what string, err, kind error) {
	b.Helper()
	if !errors.Is(err, kind) {
		b.Errorf("%s = %v, want an error that is %q", what, err, kind)
	}
}

func texts(rs []stream.Record) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = string(r.Value)
	}
	return out
}

func total(ends map[int]int64) (n int64) {
	for _, e := range ends {
		n += e
	}
	return n
}
