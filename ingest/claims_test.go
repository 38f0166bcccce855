package ingest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"counterpoint"
	"counterpoint/ingest"
)

// board is a log of who collects with its index, of which all methods are used that claims use.
type board struct {
	counterpoint.Views
	mu      sync.Mutex
	doc     counterpoint.Collectors
	events  int
	refused int
	away    bool
	late    time.Duration // until an event is applied, once it was appended
}

func (b *board) Get(_ context.Context, kind counterpoint.Kind, id string, into any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.away:
		return counterpoint.ErrAway
	case b.doc.Version == 0 || kind != counterpoint.KindCollectors || id != b.doc.ID:
		return counterpoint.ErrNotFound
	}
	doc, err := json.Marshal(&b.doc)
	return errors.Join(err, json.Unmarshal(doc, into))
}

// Decide appends, and waits for 2 s for the outcome.
func (b *board) Decide(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	done := make(chan counterpoint.Outcome, 1)
	b.mu.Lock()
	away, late := b.away, b.late
	b.events++
	b.mu.Unlock()
	if away {
		return counterpoint.Outcome{}, counterpoint.ErrAway
	}
	time.AfterFunc(late, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		out := counterpoint.Apply(e, &b.doc, nil)
		if !out.Applied {
			b.refused++
		}
		done <- out
	})
	select {
	case out := <-done:
		return out, nil
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
	}
	return counterpoint.Outcome{Event: e}, nil
}

func (b *board) set(do func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	do()
}

// visitors count who is at each source.
type visitors struct {
	t    *testing.T
	mu   sync.Mutex
	at   map[string]string
	seen map[string]map[string]int // visits by source and process
}

// visit visits a source now and then for 20 s, and takes another 2 s to go.
func (v *visitors) visit(ctx context.Context, process, source string) {
	for ctx.Err() == nil {
		v.mu.Lock()
		if other := v.at[source]; other != "" {
			v.t.Errorf("%s is visited by %s and %s", source, other, process)
		}
		v.at[source] = process
		if v.seen[source] == nil {
			v.seen[source] = map[string]int{}
		}
		v.seen[source][process]++
		v.mu.Unlock()
		select {
		case <-ctx.Done():
			time.Sleep(2 * time.Second)
		case <-time.After(20 * time.Second):
		}
		v.mu.Lock()
		v.at[source] = ""
		v.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Second):
		}
	}
}

// last are who visited each source since the last call.
func (v *visitors) last() map[string]map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	seen := v.seen
	v.seen = map[string]map[string]int{}
	return seen
}

// team are processes that share sources.
type team struct {
	t       *testing.T
	board   *board
	who     *visitors
	sources []string
	work    sync.WaitGroup
}

func newTeam(t *testing.T) *team {
	tm := &team{t: t, board: &board{doc: counterpoint.Collectors{ID: counterpoint.CollectorsID}}, who: &visitors{t: t, at: map[string]string{}, seen: map[string]map[string]int{}}}
	for i := range 12 {
		tm.sources = append(tm.sources, fmt.Sprintf("site-%02d", i))
	}
	return tm
}

// begin starts a process. kill ends it without a word, as if its machine had burnt; stop ends it in order.
func (tm *team) begin(id string, clock time.Duration) (stop, kill func()) {
	own := &connection{board: tm.board}
	c := ingest.NewClaims(ingest.ClaimOptions{
		Process: counterpoint.Process{ID: id, Run: counterpoint.NewID("run"), Sources: tm.sources}, By: "op", Views: own, Decider: own,
		Now: func() time.Time { return time.Now().Add(clock) },
	})
	ctx, cancel := context.WithCancel(tm.t.Context())
	tm.work.Go(func() { _ = c.Run(ctx) })
	for _, s := range tm.sources {
		tm.work.Go(func() {
			_ = c.Keep(ctx, s, func(ctx context.Context) error { tm.who.visit(ctx, id, s); return nil })
		})
	}
	return cancel, func() { own.cut(); cancel() }
}

// connection is a process's way to the board, which can be cut.
type connection struct {
	*board
	mu   sync.Mutex
	gone bool
}

func (c *connection) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = true
}

func (c *connection) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return counterpoint.ErrAway
	}
	return c.board.Get(ctx, kind, id, into)
}

// shares are how many sources each process visited since the last call; each source by one process.
func (tm *team) shares(want int) map[string]int {
	tm.t.Helper()
	n := map[string]int{}
	seen := tm.who.last()
	for _, s := range tm.sources {
		if len(seen[s]) != 1 {
			tm.t.Errorf("%s was visited by %v", s, seen[s])
		}
		for id := range seen[s] {
			n[id]++
		}
	}
	if len(n) != want {
		tm.t.Errorf("shares are %v, want those of %d", n, want)
	}
	return n
}

func (tm *team) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestClaims has processes come, stop, die and lose the servers, with clocks apart. No source is ever visited by two.
func TestClaims(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(t)
		_, killA := tm.begin("col_a", 0)
		tm.pass(time.Minute)
		tm.shares(1) // at once: nobody else is there

		_, killB := tm.begin("col_b", counterpoint.ClockGap)
		stopC, _ := tm.begin("col_c", counterpoint.ClockGap/2)
		tm.pass(2 * time.Minute)
		tm.who.last()
		tm.pass(time.Hour)
		tm.shares(3)
		if n := tm.board.events; n > 3*12+20 {
			t.Errorf("%d events in an hour of three", n)
		}

		killB()
		tm.pass(counterpoint.CollectTakeover)
		tm.who.last()
		tm.pass(2 * time.Minute)
		if n := tm.shares(2); n["col_b"] != 0 {
			t.Errorf("the dead visits: %v", n)
		}

		stopC() // in order: nobody waits for its lease
		tm.pass(time.Minute)
		tm.who.last()
		tm.pass(time.Minute)
		if n := tm.shares(1); n["col_a"] != len(tm.sources) {
			t.Errorf("the one that stayed visits %v", n)
		}

		killA() // and is started again: it is known, and nobody waits
		tm.pass(10 * time.Second)
		tm.who.last()
		stopA, _ := tm.begin("col_a", 0)
		tm.pass(time.Minute)
		tm.shares(1)
		stopA()
		tm.work.Wait()
		if len(tm.board.doc.Members) != 0 {
			t.Errorf("after all stopped there are %+v", tm.board.doc.Members)
		}
	})
}

// TestClaimsAway: while the servers are away visits go on until the lease ends, and come back with them. An index that
// is late delays, and makes no flood of events.
func TestClaimsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(t)
		stopA, _ := tm.begin("col_a", 0)
		stopB, _ := tm.begin("col_b", counterpoint.ClockGap)
		tm.pass(10 * time.Minute)
		tm.who.last()
		tm.board.set(func() { tm.board.away = true })
		tm.pass(counterpoint.CollectLease - counterpoint.CollectRenew - 2*counterpoint.CollectMargin)
		tm.shares(2)
		tm.pass(counterpoint.CollectLease)
		tm.who.last()
		tm.pass(10 * time.Minute)
		if seen := tm.who.last(); len(seen) != 0 {
			t.Errorf("visited without a lease: %v", seen)
		}
		tm.board.set(func() { tm.board.away, tm.board.late, tm.board.events = false, 40*time.Second, 0 })
		tm.pass(counterpoint.CollectTakeover)
		tm.who.last()
		tm.pass(time.Hour)
		tm.shares(2)
		if n := tm.board.events; n > 2*15*2 {
			t.Errorf("%d events in %v, of an index that is late", n, time.Hour+counterpoint.CollectTakeover)
		}
		stopA()
		stopB()
		tm.work.Wait()
	})
}

// TestClaimsError: what went wrong on our side comes out, and the next process is not kept from the source.
func TestClaimsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tm := newTeam(t)
		c := ingest.NewClaims(ingest.ClaimOptions{Process: counterpoint.Process{ID: "col_a", Run: "1", Sources: tm.sources}, By: "op", Views: tm.board, Decider: tm.board})
		ctx, stop := context.WithCancel(t.Context())
		tm.work.Go(func() { _ = c.Run(ctx) })
		wrong := errors.New("disk")
		if err := c.Keep(ctx, tm.sources[0], func(context.Context) error { return wrong }); !errors.Is(err, wrong) {
			t.Errorf("%v", err)
		}
		stop()
		tm.work.Wait()
	})
}
