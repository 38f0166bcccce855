package reliability

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// row runs the line once: items, decisions beside them, to the end of the log, and what was lost on the way.
func (f *flow) row(ctx context.Context, items []counterpoint.Item, decisions int64) damage {
	f.t.Helper()
	f.start(ctx)
	defer f.end()
	f.send(ctx, items)
	f.enough(ctx, decisions)
	f.leave()
	f.reviews.Wait()
	f.settle(ctx)
	if f.refresh != nil {
		f.refresh()
	}
	d := f.count(ctx, items)
	d.Letters = len(letters(f.t, f.clear))
	d.Differs = differs(f.t, "the index", f.undisturbed(ctx), dump(f.t, f.seen))
	return d
}

// TestR3LostAnswers loses answers of the broker: what was asked is done, the connection closes, nobody knows.
func TestR3LostAnswers(t *testing.T) {
	t.Parallel()
	share := map[int16]float64{keyProduce: 0.05, keyFetch: 0.02, keyCommit: 0.02}
	open := func(t *testing.T, seed uint64) (*lossy, *kafka.Log, *kafka.Log) {
		l := newLossy(seed, share)
		l.requests = 0.02
		l.off.Store(true)
		_, addr := fake(t, kfake.ListenFn(l.listen))
		log, clear := openKafka(t, addr, "r3"), openKafka(t, addr, "r3")
		l.off.Store(false)
		return l, log, clear
	}
	t.Run("holds", func(t *testing.T) {
		l, log, clear := open(t, 1)
		f := &flow{t: t, log: log, clear: clear, store: openStore(t), people: 2, group: "index-r3"}
		d := f.row(t.Context(), makeItems(20_000, 1), 100)
		l.off.Store(true)
		records, copied := copies(t, clear, stream.Items)
		for key, name := range map[int16]string{keyProduce: "produce", keyFetch: "fetch", keyCommit: "commit"} {
			answers, lost := l.counts(key)
			t.Logf("%s: %d of %d answers lost", name, lost, answers)
			if lost == 0 {
				t.Errorf("no answer of %s was lost: the row proves nothing", name)
			}
		}
		t.Logf("20000 items: %d records in the topic, %d of them copies; %d decisions; stages waited %d times: %+v", records, copied, f.decided.Load(), f.patience.waits.Load(), d)
		none(t, d)
	})
	t.Run("planted documents named by place", func(t *testing.T) {
		l, log, clear := open(t, 2)
		f := &flow{t: t, log: log, clear: clear, store: openStore(t), group: "index-r3"}
		f.bad = byPlace
		f.start(t.Context())
		items := makeItems(4000, 1)
		f.send(t.Context(), items)
		f.settle(t.Context())
		d := f.count(t.Context(), items)
		f.end()
		l.off.Store(true)
		some(t, "a copy is a document of its own", d.Doubled > 0, d)
	})
	t.Run("planted publish that takes an error for done", func(t *testing.T) {
		l, log, clear := open(t, 3)
		bad := &careless{Log: log, topics: []string{stream.Items}, heal: func() { l.setRequests(0) }}
		f := &flow{t: t, log: bad, clear: clear, store: openStore(t), group: "index-r3"}
		items := makeItems(4000, 1)
		f.start(t.Context())
		f.send(t.Context(), items[:2000])
		l.setRequests(1)
		f.send(t.Context(), items[2000:])
		f.settle(t.Context())
		d := f.count(t.Context(), items)
		f.end()
		l.off.Store(true)
		some(t, "an error of Publish is ignored", d.Lost > 0, d)
	})
}

// byPlace gives each item an id made from its place in the log, as some connectors name documents.
func byPlace(e counterpoint.Entry[counterpoint.Item]) counterpoint.Entry[counterpoint.Item] {
	e.Value.ID = counterpoint.ID("item", fmt.Sprint(e.Partition, "-", e.Offset))
	return e
}

// careless is a log whose Publish to some topics takes an error for done.
type careless struct {
	stream.Log
	topics []string
	failed atomic.Int64
	heal   func() // ends the fault that made Publish fail
}

// Publish returns no error.
func (c *careless) Publish(ctx context.Context, topic string, records ...stream.Record) error {
	err := c.Log.Publish(ctx, topic, records...)
	if !slices.Contains(c.topics, topic) || err == nil || ctx.Err() != nil {
		return err
	}
	if c.failed.Add(1); c.heal != nil {
		c.heal()
	}
	return nil
}

// faults are the answers of R4. Produce is done all the same where the error says so.
var faults = []struct {
	key kmsg.Key
	err *kerr.Error
}{
	{kmsg.Produce, kerr.NotEnoughReplicasAfterAppend},
	{kmsg.Produce, kerr.NotEnoughReplicas},
	{kmsg.Produce, kerr.NotLeaderForPartition},
	{kmsg.Produce, kerr.RequestTimedOut},
	{kmsg.Fetch, kerr.NotLeaderForPartition},
	{kmsg.Fetch, kerr.UnknownTopicOrPartition},
	{kmsg.Fetch, kerr.OffsetNotAvailable},
	{kmsg.OffsetCommit, kerr.RebalanceInProgress},
	{kmsg.OffsetCommit, kerr.CoordinatorLoadInProgress},
	{kmsg.OffsetCommit, kerr.NotCoordinator},
	{kmsg.OffsetCommit, kerr.IllegalGeneration},
	{kmsg.JoinGroup, kerr.CoordinatorLoadInProgress},
	{kmsg.JoinGroup, kerr.NotCoordinator},
	{kmsg.SyncGroup, kerr.RebalanceInProgress},
	{kmsg.Heartbeat, kerr.RebalanceInProgress},
	{kmsg.Heartbeat, kerr.UnknownMemberID},
	{kmsg.OffsetFetch, kerr.CoordinatorLoadInProgress},
	{kmsg.FindCoordinator, kerr.CoordinatorNotAvailable},
	{kmsg.ListOffsets, kerr.NotLeaderForPartition},
	{kmsg.Metadata, kerr.LeaderNotAvailable},
}

// TestR4BrokerFaults answers requests with errors, three times each, while items and decisions flow.
func TestR4BrokerFaults(t *testing.T) {
	t.Parallel()
	t.Run("holds", func(t *testing.T) {
		c, addr := fake(t)
		log := openKafka(t, addr, "r4")
		f := &flow{t: t, log: log, store: openStore(t), people: 2, group: "index-r4"}
		items := makeItems(10_000, 1)
		f.start(t.Context())
		handles := make([]*kfake.FaultHandle, len(faults))
		for i, x := range faults {
			handles[i] = c.Fault(kfake.Fault{Keys: []kmsg.Key{x.key}, Err: x.err, Count: 3})
			f.send(t.Context(), items[i*len(items)/len(faults):(i+1)*len(items)/len(faults)])
			pause(t.Context(), 300*time.Millisecond)
		}
		f.enough(t.Context(), 50)
		f.leave()
		f.reviews.Wait()
		f.settle(t.Context())
		for i, x := range faults {
			t.Logf("%s answered %s: %d times", x.key.Name(), x.err.Message, handles[i].Hits())
			if x.key == kmsg.Produce || x.key == kmsg.Fetch || x.key == kmsg.OffsetCommit {
				if handles[i].Hits() < 3 {
					t.Errorf("%s was answered %s %d times, want 3", x.key.Name(), x.err.Message, handles[i].Hits())
				}
			}
			handles[i].Remove()
		}
		d := f.count(t.Context(), items)
		d.Letters = len(letters(t, log))
		d.Differs = differs(t, "the index", f.undisturbed(t.Context()), dump(t, f.store))
		records, copied := copies(t, log, stream.Items)
		t.Logf("10000 items: %d records, %d of them copies; %d decisions; stages waited %d times: %+v", records, copied, f.decided.Load(), f.patience.waits.Load(), d)
		none(t, d)
		f.end()
	})
	t.Run("final", func(t *testing.T) {
		c, addr := fake(t)
		log := openKafka(t, addr, "r4")
		h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "r4.items", Err: kerr.MessageTooLarge, Count: -1})
		err := stream.Of[counterpoint.Item](log, stream.Items).Publish(t.Context(), makeItem(1, 1))
		if err == nil || errors.Is(err, counterpoint.ErrAway) || h.Hits() != 1 {
			t.Errorf("MESSAGE_TOO_LARGE, answered %d times, gives %v; want it asked once, and an error that is not ErrAway", h.Hits(), err)
		}
		h.Remove()
		if err := stream.Of[counterpoint.Item](log, stream.Items).Publish(t.Context(), makeItem(1, 1)); err != nil {
			t.Errorf("after it: %v", err)
		}
	})
	t.Run("planted", func(t *testing.T) {
		c, addr := fake(t)
		log := openKafka(t, addr, "r4")
		f := &flow{t: t, log: log, store: openStore(t), group: "index-r4"}
		bad := &careless{Log: log, topics: []string{stream.Assessments}}
		f.log = bad
		f.feed = func(in classify.Feed) classify.Feed { return ackFirst{in} }
		f.start(t.Context())
		items := makeItems(4000, 1)
		f.send(t.Context(), items[:1000])
		f.settle(t.Context())
		h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "r4.assessments", Partitions: []int32{0, 1}, Err: kerr.NotEnoughReplicas, Count: -1})
		bad.heal = h.Remove
		f.send(t.Context(), items[1000:])
		f.settle(t.Context())
		d := f.count(t.Context(), items)
		f.end()
		some(t, fmt.Sprintf("acknowledged before the next stage has it; %d batches failed", bad.failed.Load()), d.Unjudged > 0, d)
	})
}

// ackFirst acknowledges a batch when it is read, before the next stage has it.
type ackFirst struct{ from classify.Feed }

// Read acknowledges at once.
func (a ackFirst) Read(ctx context.Context, max int) ([]counterpoint.Entry[counterpoint.Item], func(context.Context) error, error) {
	entries, ack, err := a.from.Read(ctx, max)
	if err != nil {
		return nil, nil, err
	}
	return entries, func(context.Context) error { return nil }, ack(ctx)
}
