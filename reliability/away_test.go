package reliability

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/deploy/local"
	"counterpoint/stream"
)

// TestR5BrokerAway stops a real broker while everything flows: for a minute, by SIGKILL, and by making it hang with
// its connections open. COUNTERPOINT_AWAYS=3 has it away three times a minute long.
func TestR5BrokerAway(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes two minutes")
	}
	servers := local.Start(t, local.Kafka)
	t.Run("holds", func(t *testing.T) {
		log := openKafka(t, servers.Kafka, "r5")
		f := &flow{t: t, log: log, store: openStore(t), people: 2, group: "index-r5"}
		f.start(t.Context())
		items := &sender{f: f}
		items.during(func() { f.enough(t.Context(), 5) })
		for range number("COUNTERPOINT_AWAYS", 1) {
			f.away(items, "stopped", time.Minute, servers.StopKafka, servers.StartKafka)
		}
		f.away(items, "killed", 3*time.Second, servers.KillKafka, servers.StartKafka)
		f.away(items, "hanging", 8*time.Second, servers.PauseKafka, servers.ResumeKafka)
		items.during(func() { pause(t.Context(), time.Second) })
		f.enough(t.Context(), f.decided.Load()+5)
		f.leave()
		f.reviews.Wait()
		f.settle(t.Context())
		d := f.count(t.Context(), items.sent)
		d.Letters = len(letters(t, log))
		d.Differs = differs(t, "the index", f.undisturbed(t.Context()), dump(t, f.store))
		records, copied := copies(t, log, stream.Items)
		t.Logf("%d items: %d records, %d of them copies; %d decisions; stages waited %d times: %+v",
			len(items.sent), records, copied, f.decided.Load(), f.patience.waits.Load(), d)
		none(t, d)
		f.end()
	})
	t.Run("planted", func(t *testing.T) {
		log := openKafka(t, servers.Kafka, "r5-planted")
		f := &flow{t: t, log: &careless{Log: log, topics: []string{stream.Items}}, clear: log, store: openStore(t), group: "index-r5"}
		f.start(t.Context())
		items := makeItems(1000, 1)
		f.send(t.Context(), items[:500])
		servers.KillKafka()
		f.send(t.Context(), items[500:600])
		servers.StartKafka()
		f.send(t.Context(), items[600:])
		f.settle(t.Context())
		d := f.count(t.Context(), items)
		f.end()
		some(t, "an error of Publish is ignored while the broker is away", d.Lost+d.Unjudged > 0, d)
	})
}

// sender sends new items for as long as something goes on.
type sender struct {
	f    *flow
	sent []counterpoint.Item
}

// during sends while do runs, and returns when both have ended. What waits for a server that is away is sent when it
// is back.
func (s *sender) during(do func()) {
	done, sent := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sent)
		for {
			select {
			case <-done:
				return
			default:
			}
			n := len(s.sent)
			batch := make([]counterpoint.Item, 20)
			for i := range batch {
				batch[i] = makeItem(n+i, 1)
			}
			s.f.send(s.f.t.Context(), batch)
			s.sent = slices.Concat(s.sent, batch)
			pause(s.f.t.Context(), 20*time.Millisecond)
		}
	}()
	do()
	close(done)
	<-sent
}

// away takes the broker away for a while, and demands that publishers are told so meanwhile, and that everything
// goes on by itself when it is back.
func (f *flow) away(items *sender, how string, d time.Duration, leave, back func()) {
	f.t.Helper()
	var returned time.Time
	before := f.patience.waits.Load()
	items.during(func() {
		leave()
		left := time.Now()
		if d >= 30*time.Second {
			f.refused(left)
		}
		pause(f.t.Context(), time.Until(left.Add(d)))
		back()
		returned = time.Now()
	})
	sent := time.Since(returned)
	f.settle(f.t.Context())
	f.t.Logf("%s for %s: publishing went on after %s, everything was carried after %s; stages waited %d times", how, d,
		sent.Round(100*time.Millisecond), time.Since(returned).Round(100*time.Millisecond), f.patience.waits.Load()-before)
	if time.Since(returned) > 2*time.Minute {
		f.t.Errorf("%s: readers had not come back after %s", how, time.Since(returned))
	}
}

// refused demands that a publish is told within a bounded time that the broker is away.
func (f *flow) refused(since time.Time) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 90*time.Second)
	defer cancel()
	r := stream.Record{Key: "nobody", Value: []byte("{}"), Headers: map[string]string{"schema": "sources/1"}}
	err := f.log.Publish(ctx, stream.Secrets, r)
	if !errors.Is(err, counterpoint.ErrAway) {
		f.t.Errorf("publish while the broker is away: %v, want ErrAway", err)
	}
	f.t.Logf("the publisher was told %s after the stop: %v", time.Since(since).Round(time.Second), err)
}
