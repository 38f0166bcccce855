package respond

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// AlertChannel is a channel that alerts go through.
type AlertChannel struct {
	Name    string // under which its attempts stand in the record; names no one
	Duty    bool   // told from the first repeat on; where all are so, from the beginning
	Channel Channel
}

// AlerterOptions are what an Alerter needs. Zero Now is the clock, zero Every 3 s, zero Within 30 days, the zero Plan
// repeats every 10 minutes six times, nil Registerer and Log are none.
type AlerterOptions struct {
	Views      counterpoint.Views
	Decider    Decider
	Channels   []AlertChannel
	Plan       counterpoint.AlertPlan
	Within     time.Duration // what was heard longer ago raises no alert
	Site       string        // address of the pages
	Example    bool          // alerts of the example go out too
	Now        func() time.Time
	Every      time.Duration // between rounds
	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// DefaultPlan is the plan of alerts where nothing else is said.
var DefaultPlan = counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 6}

// DefaultWithin is how long ago something may have been heard and raise an alert still: an archive that is read in must
// not wake anybody.
const DefaultWithin = 30 * 24 * time.Hour

const (
	// lastTurn is how long a message that is on its way may take when the program ends.
	lastTurn = 4 * time.Second
	// lastWord is how long its record may take then.
	lastWord = 3 * time.Second
	// wholeEvery is how often all is looked through that may need an alert though it was not just flagged, or none.
	wholeEvery = 20 * time.Second
	// calmFor is how long a flag must need no alert, in the machine's view, for its alert to be closed: an index that is
	// being made has not heard all yet.
	calmFor = time.Minute
)

// Alerter raises alerts for flags of level 3 and tells the people on duty, until somebody acknowledges. Any number of
// them may work on one record: each message is claimed by an event before it is sent, and one claim is applied.
type Alerter struct {
	o       AlerterOptions
	metrics alertMetrics
	outlets []*outlet
	wake    chan struct{}
	work    sync.WaitGroup

	// Of the goroutine of Run.
	done  map[string]bool      // flags whose alert somebody acknowledged
	asked map[string]time.Time // flags whose alert was raised and not seen yet, and when
	calm  map[string]time.Time // since when the flag of an open alert needs none
	whole time.Time            // when all was looked through last
	said  time.Time            // when it was last logged that something is away
}

// NewAlerter is an alerter that has not looked at anything yet.
func NewAlerter(o AlerterOptions) *Alerter {
	o.Every = cmp.Or(o.Every, 3*time.Second)
	o.Within = cmp.Or(o.Within, DefaultWithin)
	o.Plan = cmp.Or(o.Plan, DefaultPlan)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Alerter{
		o: o, metrics: newAlertMetrics(o.Registerer), wake: make(chan struct{}, 1),
		done: map[string]bool{}, asked: map[string]time.Time{}, calm: map[string]time.Time{},
	}
	onlyDuty := !slices.ContainsFunc(o.Channels, func(c AlertChannel) bool { return !c.Duty })
	for _, c := range o.Channels {
		a.outlets = append(a.outlets, newOutlet(c, !c.Duty || onlyDuty))
		a.metrics.begin(c.Name)
	}
	return a
}

// Run checks at once, in every interval and whenever a message was sent, until ctx is done; then it waits for what is
// on its way. A round that fails is logged; the next begins afresh.
func (a *Alerter) Run(ctx context.Context) error {
	defer a.work.Wait()
	tick := time.NewTicker(a.o.Every)
	defer tick.Stop()
	for {
		if err := a.check(ctx); err != nil && ctx.Err() == nil {
			a.complain(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-a.wake:
		}
	}
}

// complain logs; that a server is away, once a minute.
func (a *Alerter) complain(err error) {
	if errors.Is(err, counterpoint.ErrAway) {
		if now(a.o.Now).Sub(a.said) < time.Minute {
			return
		}
		a.said = now(a.o.Now)
	}
	a.o.Log.Error("alerts could not be looked after", "error", err)
}

// check raises what is to be raised, closes what needs no alert any more, and sends what is due.
func (a *Alerter) check(ctx context.Context) error {
	open, err := counterpoint.All[counterpoint.Alert](ctx, a.o.Views, counterpoint.Query{State: []string{string(counterpoint.AlertOpen)}})
	if err != nil {
		return err
	}
	grave, whole, err := a.candidates(ctx)
	if err != nil {
		return err
	}
	raised, err := a.raise(ctx, open, grave)
	errs := []error{err}
	open = append(open, raised...)
	if whole {
		errs = append(errs, a.closeCalm(ctx, open, grave))
	}
	loud := slices.DeleteFunc(open, func(al counterpoint.Alert) bool { return al.Example && !a.o.Example })
	a.metrics.open.Set(float64(len(loud)))
	errs = append(errs, a.send(ctx, loud))
	return errors.Join(errs...)
}
