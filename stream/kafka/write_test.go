package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"

	"counterpoint/stream"
)

// TestLane: batches are bounded, keep the order, and leave out what nobody waits for any more.
func TestLane(t *testing.T) {
	gone := &publication{left: 1, done: make(chan struct{}), gone: true}
	p := &publication{left: 4, done: make(chan struct{})}
	var l lane
	add := func(of *publication, key string, size int) {
		l.waiting = append(l.waiting, parcel{&stream.Record{Key: key, Value: []byte(strings.Repeat("x", size))}, of})
	}
	add(p, "a", 1<<20)
	add(gone, "b", 1)
	add(p, "c", 1<<20)
	add(p, "d", 4<<20)
	add(p, "e", 1)
	for i, want := range [][]string{{"a", "c"}, {"d"}, {"e"}} {
		if !l.load() {
			t.Fatalf("batch %d: nothing is left, want %v", i, want)
		}
		var got []string
		for _, x := range l.sent {
			got = append(got, x.Key)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("batch %d (-want +got):\n%s", i, diff)
		}
		if i == 1 {
			l.settle(io.EOF)
		} else {
			l.settle(nil)
		}
	}
	if l.load() {
		t.Errorf("a fourth batch: %v", l.sent)
	}
	<-p.done
	if !errors.Is(p.err, io.EOF) {
		t.Errorf("the publication ends with %v, want the error of its second batch", p.err)
	}
	for i := range writeRecords + 1 {
		add(&publication{}, fmt.Sprint(i), 1)
	}
	if l.load(); len(l.sent) != writeRecords || len(l.waiting) != 1 {
		t.Errorf("a batch of %d, %d left, want %d and 1", len(l.sent), len(l.waiting), writeRecords)
	}
}

// TestByLeader: partitions of one broker go together, one without a broker by itself.
func TestByLeader(t *testing.T) {
	var lanes []*lane
	for p := range 5 {
		lanes = append(lanes, &lane{partition: p})
	}
	var got []string
	for _, some := range byLeader(lanes, map[int]int32{0: 1, 1: 2, 2: 1}) {
		var names []int
		for _, l := range some {
			names = append(names, l.partition)
		}
		got = append(got, fmt.Sprint(names))
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"[0 2]", "[1]", "[3]", "[4]"}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestWorthAgain(t *testing.T) {
	f := func(err error, want bool) {
		t.Helper()
		if got := worthAgain(err); got != want {
			t.Errorf("worthAgain(%v) = %v, want %v", err, got, want)
		}
	}
	f(kafkago.NotLeaderForPartition, true)
	f(kafkago.NotEnoughReplicas, true)
	f(fmt.Errorf("write: %w", syscall.ECONNRESET), true)
	f(io.ErrUnexpectedEOF, true)
	f(context.DeadlineExceeded, true)
	f(fmt.Errorf("produce: %w", produceapi.NewError(errors.New("mismatching leaders (1!=2)"))), true)
	f(kafkago.TopicAuthorizationFailed, false)
	f(kafkago.MessageSizeTooLarge, false)
	f(errors.New("something else"), false)
}
