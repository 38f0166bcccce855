package ingest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// Decider appends an event and returns what became of it; an outcome neither applied nor refused is not known yet.
type Decider interface {
	Decide(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error)
}

// ClaimOptions are what Claims need. Process, Views and Decider are required.
type ClaimOptions struct {
	Process    counterpoint.Process
	By         string // Account.ID that the events are by
	Views      counterpoint.Views
	Decider    Decider
	Now        func() time.Time      // nil is time.Now
	Log        *slog.Logger          // nil is silent
	Registerer prometheus.Registerer // nil counts for nobody
}

const (
	// claimsLook is how often a process looks who else is there.
	claimsLook = counterpoint.CollectRenew / 20
	// claimsLate is how long it waits for the outcome of its word before it says it again.
	claimsLate = counterpoint.CollectRenew / 5
	// claimsWatch is how often it looks whether its lease ended: a fraction of CollectMargin.
	claimsWatch = counterpoint.CollectMargin / 60
	// claimsLast is how long its last word may take.
	claimsLast = 3 * time.Second
	// claimsTries is how often a word is said anew at once because another was first.
	claimsTries = 8
)

// Claims are the sources that are this process's to visit, of those that several processes have: see
// counterpoint.Collectors.
type Claims struct {
	o     ClaimOptions
	owned prometheus.Gauge
	asked time.Time // when a word was said whose outcome is not known; of the goroutine of Run
	said  time.Time // when it was last logged that something is away; likewise

	mu      sync.Mutex
	view    counterpoint.Collectors // by which this process works
	changed chan struct{}           // closed when the view changes
	held    map[string]*held        // sources that are being visited, or may be
}

// held is a source while it is ours.
type held struct {
	stop context.CancelFunc
	over chan struct{} // closed when nothing of it goes on any more
}

// NewClaims makes claims that hold nothing yet.
func NewClaims(o ClaimOptions) *Claims {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Claims{
		o: o, changed: make(chan struct{}), held: map[string]*held{},
		owned: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "counterpoint", Subsystem: "collect", Name: "owned_sources", Help: "Sources of the web that this process collects now.",
		}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(c.owned)
	}
	return c
}

// now has no monotonic part: a machine that was asleep must see that its lease is over.
func (c *Claims) now() time.Time { return c.o.Now().Round(0) }

// Run says that this process is there, and follows who else is, until ctx is done; then it says that it left.
func (c *Claims) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	watch.Go(func() { c.watch(ctx) })
	tick := time.NewTicker(claimsLook)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := c.speak(ctx); err != nil && ctx.Err() == nil {
			c.complain(err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	watch.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimsLast)
	defer cancel()
	if err := c.leave(last); err != nil {
		c.o.Log.Warn("the other collectors could not be told that this process left; they wait for the end of its lease", "error", err)
	}
	return nil
}

// complain logs, once a minute.
func (c *Claims) complain(err error) {
	if c.o.Now().Sub(c.said) < time.Minute {
		return
	}
	c.said = c.o.Now()
	c.o.Log.Error("who collects what could not be settled", "error", err)
}

// watch lets go of all when the lease ends, whatever speak waits for.
func (c *Claims) watch(ctx context.Context) {
	tick := time.NewTicker(claimsWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			c.mu.Lock()
			lost := c.release()
			c.mu.Unlock()
			if len(lost) > 0 {
				c.o.Log.Warn("the lease on sources ended: nothing was heard of the log and the index for too long", "sources", len(lost))
			}
		}
	}
}

// release stops what may not be visited any more. The caller holds mu.
func (c *Claims) release() (lost []*held) {
	for source, h := range c.held {
		if !c.view.May(c.o.Process, source, c.now()) {
			h.stop()
			delete(c.held, source)
			lost = append(lost, h)
		}
	}
	c.owned.Set(float64(len(c.held)))
	return lost
}

// adopt works by a newer view from now on, and returns when nothing goes on that it gives to others.
func (c *Claims) adopt(ctx context.Context, view counterpoint.Collectors) error {
	c.mu.Lock()
	var lost []*held
	if view.Version > c.view.Version { // an index that is being made anew shows older ones
		c.view = view
		lost = c.release()
		close(c.changed)
		c.changed = make(chan struct{})
	}
	c.mu.Unlock()
	for _, h := range lost {
		select {
		case <-h.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// look reads who is there, and works by it.
func (c *Claims) look(ctx context.Context) (counterpoint.Collectors, error) {
	view, err := counterpoint.Load[counterpoint.Collectors](ctx, c.o.Views, counterpoint.CollectorsID)
	if errors.Is(err, counterpoint.ErrNotFound) {
		view, err = counterpoint.Collectors{ID: counterpoint.CollectorsID}, nil
	}
	if err != nil {
		return view, err
	}
	return view, c.adopt(ctx, view)
}

// speak looks who is there, and says that this process is where that is wanted.
func (c *Claims) speak(ctx context.Context) error {
	for range claimsTries {
		view, err := c.look(ctx)
		if err != nil {
			return err
		}
		if !view.MustSpeak(c.o.Process, c.now()) {
			c.asked = time.Time{}
			return nil
		}
		if c.o.Now().Sub(c.asked) < claimsLate {
			return nil
		}
		e, err := view.Join(c.o.By, c.now(), c.o.Process)
		if err != nil {
			return err
		}
		settled, err := c.say(ctx, e)
		if err != nil || !settled {
			c.asked = c.o.Now()
			return err
		}
	}
	return fmt.Errorf("others spoke %d times meanwhile: %w", claimsTries, counterpoint.ErrStale)
}

// say appends the event, and reports whether it is known what became of it.
func (c *Claims) say(ctx context.Context, e counterpoint.Event) (settled bool, err error) {
	out, err := c.o.Decider.Decide(ctx, e)
	if err != nil {
		return false, fmt.Errorf("tell the other collectors: %w", err)
	}
	return out.Applied || out.Refused != "", nil
}

// leave says that this process stopped, once all that it visited is over.
func (c *Claims) leave(ctx context.Context) error {
	c.mu.Lock()
	all := make([]*held, 0, len(c.held))
	for _, h := range c.held {
		h.stop()
		all = append(all, h)
	}
	c.mu.Unlock()
	for _, h := range all {
		select {
		case <-h.over:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for range claimsTries {
		view, err := c.look(ctx)
		if err != nil {
			return err
		}
		e, err := view.Leave(c.o.By, c.now(), c.o.Process)
		if errors.Is(err, counterpoint.ErrConflict) {
			return nil // it left, or never was
		}
		if err != nil {
			return err
		}
		if settled, err := c.say(ctx, e); err != nil || !settled {
			return err
		}
	}
	return counterpoint.ErrStale
}

// Keep runs what visits a source while the source is this process's, again and again until ctx is done. The context
// of a run ends when the source goes to another process. An error of run ends it.
func (c *Claims) Keep(ctx context.Context, source string, run func(context.Context) error) error {
	for ctx.Err() == nil {
		visit, end, changed := c.take(ctx, source)
		if visit == nil {
			select {
			case <-ctx.Done():
			case <-changed:
			}
			continue
		}
		c.o.Log.Info("source is collected by this process", "source", source)
		err := run(visit)
		lost := visit.Err() != nil
		end()
		if err != nil && !lost {
			return err
		}
		if ctx.Err() == nil && lost {
			c.o.Log.Info("source is no longer collected by this process", "source", source)
		}
	}
	return nil
}

// take takes the source where it is ours; else it returns what is closed when that may have changed.
func (c *Claims) take(ctx context.Context, source string) (visit context.Context, end func(), changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.view.May(c.o.Process, source, c.now()) {
		return nil, nil, c.changed
	}
	visit, stop := context.WithCancel(ctx)
	h := &held{stop, make(chan struct{})}
	c.held[source] = h
	c.owned.Set(float64(len(c.held)))
	return visit, func() { c.let(source, h) }, nil
}

// Holds reports whether the source is this process's now. No claims hold everything.
func (c *Claims) Holds(source string) bool {
	if c == nil {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[source] != nil
}

// let ends what take began.
func (c *Claims) let(source string, h *held) {
	h.stop()
	close(h.over)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[source] == h {
		delete(c.held, source)
	}
	c.owned.Set(float64(len(c.held)))
}
