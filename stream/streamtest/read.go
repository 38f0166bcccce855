package streamtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint/stream"
)

// tailEnd reads only what is published from now on.
func (b *bench) tailEnd(topic string) stream.Reader {
	b.Helper()
	r, err := b.log.Tail(topic, b.ends(topic))
	if err != nil {
		b.Fatalf("Tail(%s) = %v, want nil", topic, err)
	}
	b.Cleanup(func() { _ = r.Close() })
	return r
}

// none wants that nothing of this test comes for a moment.
func (b *bench) none(what string, r stream.Reader) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 150*time.Millisecond)
	defer cancel()
	for {
		rs, _, err := r.Read(ctx, 100)
		if errors.Is(err, context.DeadlineExceeded) {
			return
		}
		if err != nil {
			b.Fatalf("%s: Read = %v", what, err)
		}
		if mine := b.keep(rs); len(mine) > 0 {
			b.Errorf("%s: Read gave %q, want nothing", what, texts(mine))
			return
		}
	}
}

func groupsIndependent(b *bench) {
	b.publish(stream.Items, b.numbered(0, 4, 4)...)
	one, ack := b.read(b.reader(stream.Items, "one"), 4)
	b.ack(ack)
	two, _ := b.read(b.reader(stream.Items, "two"), 4)
	b.want("group one", one, "0", "1", "2", "3")
	b.want("group two", two, "0", "1", "2", "3")
	if one, two := b.lag(stream.Items, "one"), b.lag(stream.Items, "two"); one > two-4 {
		b.Errorf("lag of the group that acknowledged is %d, of the other %d, want at least 4 more", one, two)
	}
}

func unacknowledgedAgain(b *bench) {
	b.publish(stream.Items, b.numbered(0, 3, 1)...)
	r := b.reader(stream.Items, "g")
	got, ack := b.read(r, 3)
	b.want("first", got, "0", "1", "2")
	b.ack(ack)
	b.publish(stream.Items, b.numbered(3, 5, 1)...)
	got, _ = b.read(r, 2)
	b.want("then", got, "3", "4")
	if err := r.Close(); err != nil {
		b.Fatalf("Close of the reader = %v, want nil", err)
	}
	got, _ = b.read(b.reader(stream.Items, "g"), 2)
	b.want("next reader of this process", got, "3", "4")
	b.reopen()
	r = b.reader(stream.Items, "g")
	got, ack = b.read(r, 2)
	b.want("reader of the next process", got, "3", "4")
	b.ack(ack)
	b.reopen()
	b.none("after all was acknowledged", b.reader(stream.Items, "g"))
}

func cumulative(b *bench) {
	before := b.lag(stream.Items, "g")
	b.publish(stream.Items, b.numbered(0, 1, 1)...)
	r := b.reader(stream.Items, "g")
	first := b.readAll(r, before+1)
	b.publish(stream.Items, b.numbered(1, 2, 1)...)
	_, second := b.read(r, 1)
	b.publish(stream.Items, b.numbered(2, 3, 1)...)
	b.read(r, 1)
	b.ack(second)
	b.ack(first) // late: takes nothing back
	b.reopen()
	got, _ := b.read(b.reader(stream.Items, "g"), 1)
	b.want("after the second of three batches was acknowledged", got, "2")
	if n := b.lag(stream.Items, "g"); n != 1 {
		b.Errorf("lag = %d, want 1", n)
	}
}

// twoReadersShare lets two readers work through a topic at once. Each record is dealt with, and after
// both have joined none by two of them.
func twoReadersShare(b *bench) {
	const n, keys = 120, 40
	readers := []stream.Reader{b.reader(stream.Items, "g"), b.reader(stream.Items, "g")}
	b.publish(stream.Items, b.numbered(0, n, keys)...)
	var mu sync.Mutex
	times := map[string]int{}
	shares := make([]int, len(readers))
	ctx, stop := context.WithCancel(b.ctx)
	var wg sync.WaitGroup
	for i, r := range readers {
		wg.Go(func() {
			for {
				rs, ack, err := r.Read(ctx, 7)
				if err != nil {
					return
				}
				if err := ack(b.ctx); err != nil {
					b.Errorf("ack = %v, want nil", err)
				}
				mu.Lock()
				for _, x := range b.keep(rs) {
					times[string(x.Value)]++
					shares[i]++
				}
				if len(times) == n {
					stop()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	stop()
	if len(times) != n || shares[0]+shares[1] != n {
		b.Errorf("%d of %d records were read, %d times in all, want each once", len(times), n, shares[0]+shares[1])
	}
	if shares[0] == 0 || shares[1] == 0 {
		b.Errorf("shares = %v, want both to work", shares)
	}
	b.publish(stream.Items, b.numbered(n, n+keys, keys)...)
	if err := readers[0].Close(); err != nil {
		b.Fatalf("Close of a reader = %v, want nil", err)
	}
	if got, _ := b.read(readers[1], keys); len(got) != keys {
		b.Errorf("the reader that stayed read %d records, want all %d", len(got), keys)
	}
}

func readWaits(b *bench) {
	r := b.tailEnd(stream.Items)
	g := b.reader(stream.Items, "g")
	got := make(chan []string, 2)
	var wg sync.WaitGroup
	for _, r := range []stream.Reader{r, g} {
		wg.Go(func() {
			rs, _ := b.read(r, 1)
			got <- texts(rs)
		})
	}
	time.Sleep(20 * time.Millisecond) // lets them wait; right without it too
	b.publish(stream.Items, b.numbered(7, 8, 1)...)
	wg.Wait()
	for range 2 {
		if diff := cmp.Diff([]string{"7"}, <-got); diff != "" {
			b.Errorf("waiting Read (-want +got):\n%s", diff)
		}
	}
}

func tailFrom(b *bench) {
	from := b.ends(stream.Items)
	b.publish(stream.Items, b.numbered(0, 20, 8)...)
	all := b.replay(stream.Items, from)
	r, err := b.log.Tail(stream.Items, from)
	if err != nil {
		b.Fatalf("Tail = %v, want nil", err)
	}
	defer r.Close()
	first, ack, err := r.Read(b.ctx, 3)
	if err != nil || len(first) == 0 || len(first) > 3 {
		b.Fatalf("Read(3) = %d records, %v, want 1 to 3", len(first), err)
	}
	b.ack(ack)
	rest, _ := b.read(r, len(all)-len(first))
	b.want("tail", append(b.keep(first), rest...), texts(all)...)

	// Another tail goes on where this one stood after its first batch, as an index does after a crash.
	for _, x := range first {
		from[x.Partition] = x.Offset + 1
	}
	again, err := b.log.Tail(stream.Items, from)
	if err != nil {
		b.Fatalf("Tail = %v, want nil", err)
	}
	defer again.Close()
	got, _ := b.read(again, len(rest))
	b.want("tail from stored positions", got, texts(rest)...)
}

func replayEnds(b *bench) {
	from := b.ends(stream.Items)
	b.publish(stream.Items, b.numbered(0, 10, 4)...)
	records := b.log.Replay(b.ctx, stream.Items, from)
	b.publish(stream.Items, b.numbered(10, 12, 4)...)
	var got []stream.Record
	last := map[int]int64{}
	for r, err := range records {
		if err != nil {
			b.Fatalf("Replay: %v", err)
		}
		if before, ok := last[r.Partition]; ok && r.Offset <= before {
			b.Errorf("Replay: %d@%d came after @%d", r.Partition, r.Offset, before)
		}
		last[r.Partition] = r.Offset
		if b.mine(r) {
			got = append(got, r)
		}
		b.publish(stream.Items, stream.Record{Key: b.key(99), Value: []byte("meanwhile")})
	}
	b.want("Replay", got, "0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	for range b.log.Replay(b.ctx, stream.Items, from) {
		break // stopping early is allowed
	}
}

func lag(b *bench) {
	before := b.lag(stream.Items, "g")
	b.publish(stream.Items, b.numbered(0, 5, 3)...)
	if n := b.lag(stream.Items, "g"); n != before+5 {
		b.Errorf("lag of a new group after 5 records = %d, want %d", n, before+5)
	}
	ack := b.readAll(b.reader(stream.Items, "g"), before+5)
	if n := b.lag(stream.Items, "g"); n != before+5 {
		b.Errorf("lag after reading = %d, want still %d", n, before+5)
	}
	b.ack(ack)
	if n := b.lag(stream.Items, "g"); n != 0 {
		b.Errorf("lag after acknowledging all = %d, want 0", n)
	}
	b.publish(stream.Items, b.numbered(5, 8, 3)...)
	if n := b.lag(stream.Items, "g"); n != 3 {
		b.Errorf("lag after 3 more = %d, want 3", n)
	}
}

func end(b *bench) {
	for _, t := range stream.Topics {
		if ends := b.ends(t.Name); len(ends) != t.Partitions {
			b.Errorf("End(%s) has %d partitions, want %d", t.Name, len(ends), t.Partitions)
		}
	}
	for _, topic := range []string{stream.Items, stream.Secrets} {
		before := b.ends(topic)
		b.publish(topic, b.numbered(0, 9, 9)...)
		if after := b.ends(topic); total(after) != total(before)+9 {
			b.Errorf("End(%s) went from %v to %v, want 9 more", topic, before, after)
		}
	}
}
