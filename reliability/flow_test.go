package reliability

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify"
	"counterpoint/index"
	"counterpoint/index/embedded"
	"counterpoint/stream"
	"counterpoint/stream/vault"
)

// flow is the line in this process, wired as the program wires it: items on the log, the classify stage, the
// index, and people at the desk.
type flow struct {
	t      testing.TB
	log    stream.Log  // as the stages have it, with its faults
	clear  stream.Log  // the same log without faults, for the checks
	store  index.Store // as the index stage has it
	seen   index.Store // the same store without faults
	group  string      // of the index stage; empty reads by tail from the store's positions
	people int         // who decide at once

	feed      func(classify.Feed) classify.Feed           // where a bug is planted; nil is none
	publisher func(classify.Publisher) classify.Publisher // the same
	bad       func(counterpoint.Entry[counterpoint.Item]) counterpoint.Entry[counterpoint.Item]
	bury      func(ctx context.Context, topic string, at counterpoint.Position, value any, reason string) error

	impatient time.Duration // instead of still
	refresh   func()        // makes lists show what is there; nil where they always do

	patience patience
	vault    *vault.Vault
	desk     *api.Desk
	stop     context.CancelFunc
	stages   errgroup.Group
	reviews  sync.WaitGroup
	leave    context.CancelFunc

	died     atomic.Bool // a stage ended by itself
	answered sync.Map    // idempotency key to the event of a command that was answered as done
	decided  atomic.Int64
}

// openStore is a new embedded index.
func openStore(t testing.TB) index.Store {
	t.Helper()
	s, err := embedded.Open(filepath.Join(t.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// start sets everything in motion.
func (f *flow) start(ctx context.Context) {
	f.t.Helper()
	if f.clear == nil {
		f.clear = f.log
	}
	if f.seen == nil {
		f.seen = f.store
	}
	ctx, f.stop = context.WithCancel(ctx)
	err := f.patience.insist(ctx, func() (err error) { f.vault, err = vault.Open(ctx, f.log); return err })
	if err != nil {
		f.t.Fatalf("open the vault: %v", err)
	}
	f.desk = api.NewDesk(api.DeskOptions{Views: f.seen, Decisions: stream.Of[counterpoint.Event](f.log, stream.Decisions), Secrets: f.vault})
	for _, stage := range []func(context.Context) error{f.classify, f.index} {
		f.stages.Go(func() error {
			err := stage(ctx)
			if err != nil {
				f.died.Store(true)
			}
			return err
		})
	}
	people, leave := context.WithCancel(ctx)
	f.leave = leave
	for n := range f.people {
		f.reviews.Go(func() { f.decide(people, n) })
	}
}

// end stops people, then stages, and demands that no stage had ended before.
func (f *flow) end() {
	f.t.Helper()
	f.leave()
	f.reviews.Wait()
	f.stop()
	if err := f.stages.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		f.t.Errorf("a stage ended by itself: %v", err)
	}
	f.vault.Close()
}

func (f *flow) classify(ctx context.Context) error {
	stage, err := newStage()
	if err != nil {
		return err
	}
	feed, err := join(ctx, &f.patience, stream.Of[counterpoint.Item](f.log, stream.Items), "classify")
	if err != nil {
		return fmt.Errorf("join classify: %w", err)
	}
	defer feed.Close()
	var in classify.Feed = patientFeed[counterpoint.Item]{&f.patience, feed}
	if f.feed != nil {
		in = f.feed(in)
	}
	var out classify.Publisher = patientView[counterpoint.Assessment]{&f.patience, stream.Of[counterpoint.Assessment](f.log, stream.Assessments)}
	if f.publisher != nil {
		out = f.publisher(out)
	}
	return running(ctx, "classify", stage.Run(ctx, in, out))
}

// running names the error of a stage that nobody told to stop.
func running(ctx context.Context, stage string, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("%s ended: %w", stage, err)
}

func join[T stream.Value](ctx context.Context, p *patience, v stream.View[T], group string) (feed *stream.Feed[T], err error) {
	err = p.insist(ctx, func() (err error) { feed, err = v.Group(group); return err })
	return feed, err
}

func (f *flow) index(ctx context.Context) error {
	items, err1 := open(ctx, f, stream.Of[counterpoint.Item](f.log, stream.Items), stream.Items)
	assessments, err2 := open(ctx, f, stream.Of[counterpoint.Assessment](f.log, stream.Assessments), stream.Assessments)
	decisions, err3 := open(ctx, f, stream.Of[counterpoint.Event](f.log, stream.Decisions), stream.Decisions)
	if err := errors.Join(err1, err2, err3); err != nil {
		return fmt.Errorf("open what the index reads: %w", err)
	}
	defer func() { items.Close(); assessments.Close(); decisions.Close() }()
	var in index.Feed[counterpoint.Item] = patientFeed[counterpoint.Item]{&f.patience, items}
	if f.bad != nil {
		in = badFeed{in, f.bad}
	}
	p := index.NewProjector(f.store, index.ProjectorOptions{Unseal: f.vault.Unseal, Bury: f.bury, Log: slog.New(slog.DiscardHandler)})
	return running(ctx, "index", p.Run(ctx, in,
		patientFeed[counterpoint.Assessment]{&f.patience, assessments}, patientFeed[counterpoint.Event]{&f.patience, decisions}))
}

func open[T stream.Value](ctx context.Context, f *flow, v stream.View[T], topic string) (feed *stream.Feed[T], err error) {
	if f.group != "" {
		return join(ctx, &f.patience, v, f.group)
	}
	err = f.patience.insist(ctx, func() error {
		at, err := f.store.Positions(ctx, topic)
		if err == nil {
			feed, err = v.Tail("index", at)
		}
		return err
	})
	return feed, err
}

// badFeed changes what the index reads.
type badFeed struct {
	from index.Feed[counterpoint.Item]
	bad  func(counterpoint.Entry[counterpoint.Item]) counterpoint.Entry[counterpoint.Item]
}

// Read changes every entry.
func (b badFeed) Read(ctx context.Context, max int) ([]counterpoint.Entry[counterpoint.Item], func(context.Context) error, error) {
	entries, ack, err := b.from.Read(ctx, max)
	for i := range entries {
		entries[i] = b.bad(entries[i])
	}
	return entries, ack, err
}

func (f *flow) projector(s index.Store) *index.Projector {
	return index.NewProjector(s, index.ProjectorOptions{Unseal: f.vault.Unseal, Log: slog.New(slog.DiscardHandler)})
}

const sendBatch = 100

// send publishes the items, each batch until it is acknowledged.
func (f *flow) send(ctx context.Context, items []counterpoint.Item) {
	f.t.Helper()
	to := patientView[counterpoint.Item]{&f.patience, stream.Of[counterpoint.Item](f.log, stream.Items)}
	for from := 0; from < len(items); from += sendBatch {
		if err := to.Publish(ctx, items[from:min(from+sendBatch, len(items))]...); err != nil {
			f.t.Fatalf("publish items from %d on: %v", from, err)
		}
	}
}

// decide is one person: they reject open flags and make narratives, each command with a key, repeated until it
// is answered.
func (f *flow) decide(ctx context.Context, person int) {
	by := counterpoint.Account{ID: fmt.Sprint("acct-", person), Name: fmt.Sprint("Person ", person), Roles: []counterpoint.PersonRole{counterpoint.Reviewer}}
	for n := 0; ctx.Err() == nil; n++ {
		call := api.Call{By: by, Key: fmt.Sprint("key-", n)}
		if n%3 == 0 {
			f.ask(ctx, call, func() (api.Answer, error) {
				return f.desk.MakeNarrative(ctx, call, fmt.Sprint("Story ", person, " ", n), "", nil)
			})
			continue
		}
		page, err := counterpoint.List[counterpoint.Flag](ctx, f.seen, counterpoint.Query{State: []string{"open"}, Limit: 20})
		if err != nil || len(page.Data) == 0 {
			pause(ctx, 10*time.Millisecond)
			continue
		}
		flag := page.Data[rand.IntN(len(page.Data))]
		call.Version = flag.Version
		f.ask(ctx, call, func() (api.Answer, error) { return f.desk.RejectFlag(ctx, call, flag.ID, "an old song") })
	}
}

// ask repeats a command until it is answered, and notes one that was done. That somebody else was first is an
// answer; so is that a server is away, and then the same person asks again with the same key.
func (f *flow) ask(ctx context.Context, call api.Call, command func() (api.Answer, error)) {
	for ctx.Err() == nil {
		a, err := command()
		switch {
		case err == nil && !a.Pending:
			f.answered.Store(call.By.ID+" "+call.Key, a.Event)
			f.decided.Add(1)
			pause(ctx, 5*time.Millisecond)
			return
		case errors.Is(err, counterpoint.ErrConflict) || errors.Is(err, counterpoint.ErrStale):
			return
		case err != nil && ctx.Err() == nil && !errors.Is(err, counterpoint.ErrAway) && !errors.Is(err, counterpoint.ErrDiskFull):
			f.t.Errorf("a command failed for good: %v", err)
			return
		}
		pause(ctx, 10*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// still is how long the line may stand still before the test looks at what is there.
const still = 30 * time.Second

// settle waits until the index has applied the whole log and classify acknowledged all items, or until nothing
// has moved for a while, which the counts will show.
func (f *flow) settle(ctx context.Context) {
	f.t.Helper()
	// People go on deciding meanwhile, so that it is fewer waiting than ever that shows that the line moves.
	least, moved, away := int64(math.MaxInt64), time.Now(), false
	for {
		n, err := f.waiting(ctx)
		switch {
		case err != nil && !away:
			f.t.Logf("how far is the line? %v", err)
			moved = time.Now()
		case err == nil && n == 0:
			return
		case err == nil && n < least:
			least, moved = n, time.Now()
		}
		away = err != nil
		if f.died.Load() || time.Since(moved) > cmp.Or(f.impatient, still) {
			f.t.Logf("the line stands still, %d records wait", n)
			return
		}
		pause(ctx, 50*time.Millisecond)
	}
}

func (f *flow) waiting(ctx context.Context) (int64, error) {
	n, err := f.clear.Lag(ctx, stream.Items, "classify")
	if err != nil {
		return 0, err
	}
	for _, topic := range []string{stream.Items, stream.Assessments, stream.Decisions} {
		end, err := f.clear.End(ctx, topic)
		if err != nil {
			return 0, err
		}
		at, err := f.seen.Positions(ctx, topic)
		if err != nil {
			return 0, err
		}
		for p, e := range end {
			n += max(0, e-at[p])
		}
	}
	return n, nil
}

// enough waits until people have had n decisions answered.
func (f *flow) enough(ctx context.Context, n int64) {
	f.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); f.decided.Load() < n; pause(ctx, 10*time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Errorf("%d decisions were answered in 2 minutes, want %d", f.decided.Load(), n)
			return
		}
	}
}
