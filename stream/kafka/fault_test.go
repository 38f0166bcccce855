package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

func records(from, to int) []stream.Record {
	var rs []stream.Record
	for i := from; i < to; i++ {
		rs = append(rs, stream.Record{Key: fmt.Sprint(i % 7), Value: fmt.Appendf(nil, "%d", i)})
	}
	return rs
}

func publish(t testing.TB, l *kafka.Log, topic string, rs ...stream.Record) {
	t.Helper()
	if err := l.Publish(t.Context(), topic, rs...); err != nil {
		t.Fatalf("Publish(%s, %d records) = %v, want nil", topic, len(rs), err)
	}
}

// drain reads and acknowledges until n different values came, and says how often each did.
func drain(t testing.TB, r stream.Reader, n int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	times := map[string]int{}
	for len(times) < n {
		rs, ack, err := r.Read(ctx, 100)
		if err != nil {
			t.Fatalf("Read after %d of %d values: %v", len(times), n, err)
		}
		for _, x := range rs {
			times[string(x.Value)]++
		}
		if err := ack(ctx); err != nil {
			t.Fatalf("ack = %v, want nil", err)
		}
	}
	return times
}

func join(t testing.TB, l *kafka.Log, group string) stream.Reader {
	t.Helper()
	r, err := l.Reader(stream.Items, group)
	if err != nil {
		t.Fatalf("Reader = %v, want nil", err)
	}
	return r
}

// TestStall lets a broker answer fetches with nothing, as a reader sees that stands still. The watchdog makes it
// again, and counts.
func TestStall(t *testing.T) {
	c, addr := fake(t)
	reg := prometheus.NewRegistry()
	l := open(t, place(t, addr), kafka.Options{Stall: 300 * time.Millisecond, Registerer: reg})
	var mu sync.Mutex
	joins := 0
	c.ControlKey(int16(kmsg.JoinGroup), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		joins++
		return nil, nil, false
	})
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if joins > 1 { // the reader made again gets its records
			return nil, nil, false
		}
		f := req.(*kmsg.FetchRequest)
		res := f.ResponseKind().(*kmsg.FetchResponse)
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic = f.Topics[0].Topic
		p := kmsg.NewFetchResponseTopicPartition()
		p.Partition = f.Topics[0].Partitions[0].Partition
		p.HighWatermark = 100
		topic.Partitions = append(topic.Partitions, p)
		res.Topics = append(res.Topics, topic)
		return res, nil, true
	})
	publish(t, l, stream.Items, records(0, 50)...)
	r := join(t, l, "g")
	if got := drain(t, r, 50); len(got) != 50 {
		t.Errorf("%d values came, want 50", len(got))
	}
	if n := counter(t, reg, "counterpoint_stream_reader_restarts_total"); n < 1 {
		t.Errorf("%v restarts were counted, want at least one", n)
	}
}

// TestIdleIsNoStall lets a reader wait for longer than a stall while nothing is there for it.
func TestIdleIsNoStall(t *testing.T) {
	_, addr := fake(t)
	reg := prometheus.NewRegistry()
	l := open(t, place(t, addr), kafka.Options{Stall: 50 * time.Millisecond, Registerer: reg})
	publish(t, l, stream.Items, records(0, 10)...)
	r := join(t, l, "g")
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var err error
	n := 0
	for err == nil {
		var rs []stream.Record
		rs, _, err = r.Read(ctx, 100) // never acknowledged
		n += len(rs)
	}
	if got := counter(t, reg, "counterpoint_stream_reader_restarts_total"); n != 10 || got != 0 {
		t.Errorf("%d records came and %v restarts were counted, want 10 and none", n, got)
	}
}

func counter(t testing.TB, reg *prometheus.Registry, name string) (n float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.Metric {
			n += m.GetCounter().GetValue()
		}
	}
	return n
}

// TestCommitOfOldGeneration has commits refused as those of an old generation are: no error for the stage, and
// nothing is lost.
func TestCommitOfOldGeneration(t *testing.T) {
	for _, code := range []kafkago.Error{kafkago.IllegalGeneration, kafkago.UnknownMemberId, kafkago.RebalanceInProgress} {
		t.Run(code.Title(), func(t *testing.T) {
			c, addr := fake(t)
			l := open(t, place(t, addr), kafka.Options{})
			var mu sync.Mutex
			left := 2
			c.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
				c.KeepControl()
				mu.Lock()
				defer mu.Unlock()
				if left--; left < 0 {
					return nil, nil, false
				}
				q := req.(*kmsg.OffsetCommitRequest)
				res := q.ResponseKind().(*kmsg.OffsetCommitResponse)
				for _, x := range q.Topics {
					topic := kmsg.NewOffsetCommitResponseTopic()
					topic.Topic = x.Topic
					for _, y := range x.Partitions {
						p := kmsg.NewOffsetCommitResponseTopicPartition()
						p.Partition, p.ErrorCode = y.Partition, int16(code)
						topic.Partitions = append(topic.Partitions, p)
					}
					res.Topics = append(res.Topics, topic)
				}
				return res, nil, true
			})
			publish(t, l, stream.Items, records(0, 30)...)
			drain(t, join(t, l, "g"), 30)
			if n, err := l.Lag(t.Context(), stream.Items, "g"); n != 0 || err != nil {
				t.Errorf("Lag after all was acknowledged = %d, %v, want 0, nil", n, err)
			}
		})
	}
}

// TestRebalance lets readers come and go while records flow: all are dealt with, and few of them twice.
func TestRebalance(t *testing.T) {
	t.Run("fake", func(t *testing.T) {
		_, addr := fake(t)
		rebalance(t, addr)
	})
	t.Run("real", func(t *testing.T) { rebalance(t, broker(t)) })
}

func rebalance(t *testing.T, addr string) {
	l := open(t, place(t, addr), kafka.Options{})
	const total = 3000
	ctx, stop := context.WithTimeout(t.Context(), 60*time.Second)
	defer stop()
	var mu sync.Mutex
	times := map[string]int{}
	last := map[string]int{} // by key, of what was seen first
	work := func(r stream.Reader, until func() bool) {
		defer r.Close()
		for !until() {
			rs, ack, err := r.Read(ctx, 20)
			if err != nil {
				return
			}
			mu.Lock()
			for _, x := range rs {
				var n int
				_, _ = fmt.Sscan(string(x.Value), &n)
				if times[string(x.Value)]++; times[string(x.Value)] == 1 {
					if n < last[x.Key] {
						t.Errorf("key %s: %d came first after %d", x.Key, n, last[x.Key])
					}
					last[x.Key] = n
				}
				if len(times) == total {
					stop()
				}
			}
			mu.Unlock()
			if err := ack(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("ack = %v, want nil", err)
			}
		}
	}
	var wg sync.WaitGroup
	stays := join(t, l, "g")
	wg.Go(func() { work(stays, func() bool { return false }) })
	for i := range 5 {
		r := join(t, l, "g") // shares the partitions out anew, and so does its end
		n := 0
		wg.Go(func() { work(r, func() bool { n++; return n > 5 }) })
		for j := range 6 {
			publish(t, l, stream.Items, records(i*600+j*100, i*600+j*100+100)...)
		}
	}
	wg.Wait()
	copies := -len(times)
	for _, n := range times {
		copies += n
	}
	t.Logf("%d records, %d copies", len(times), copies)
	if len(times) != total {
		t.Errorf("%d of %d records were dealt with", len(times), total)
	}
}

// TestBrokerBack takes the only broker away and brings it back: waiting readers go on.
func TestBrokerBack(t *testing.T) {
	c, addr := fake(t)
	l := open(t, place(t, addr), kafka.Options{})
	publish(t, l, stream.Items, records(0, 10)...)
	r := join(t, l, "g")
	tail, err := l.Tail(stream.Items, nil)
	if err != nil {
		t.Fatal(err)
	}
	drain(t, r, 10)
	drain(t, tail, 10)
	var mu sync.Mutex
	away := true
	c.Control(func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		mu.Lock()
		defer mu.Unlock()
		if away {
			return nil, fmt.Errorf("the connection is cut"), true
		}
		return nil, nil, false
	})
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	if rs, _, err := r.Read(ctx, 1); err == nil {
		t.Errorf("Read without a broker = %d records, want none", len(rs))
	}
	if err := l.Publish(t.Context(), stream.Items, records(0, 1)...); err == nil || !strings.Contains(err.Error(), counterpoint.ErrAway.Error()) {
		t.Errorf("Publish without a broker = %v, want ErrAway", err)
	}
	mu.Lock()
	away = false
	mu.Unlock()
	publish(t, l, stream.Items, records(10, 20)...)
	drain(t, r, 10)
	drain(t, tail, 10)
}

// TestWrongPartitions meets decisions with two partitions: they would have no order.
func TestWrongPartitions(t *testing.T) {
	_, addr := fake(t, kfake.SeedTopics(2, "p.decisions"))
	if _, err := kafka.Open(t.Context(), "kafka://"+addr+"/p", kafka.Options{}); err == nil || !strings.Contains(err.Error(), "must have one") {
		t.Errorf("Open = %v, want it to ask for one partition", err)
	}
}
