package respond

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
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

const (
	// lateRaisings is how many raisings a round waits for whose outcome does not come: the index is late, and what is on
	// its way must not wait for all of them.
	lateRaisings = 3
	// raisings is how many alerts a round raises before it sends; the others follow in the next one, at once.
	raisings = 100
)

// raise raises the alerts of the flags that need one and have none.
func (a *Alerter) raise(ctx context.Context, open []counterpoint.Alert, grave map[string]bool) (raised []counterpoint.Alert, err error) {
	has := map[string]bool{}
	for _, al := range open {
		has[al.Flag] = true
		delete(a.asked, al.Flag)
	}
	var errs []error
	late := 0
	for _, id := range slices.Sorted(maps.Keys(grave)) {
		if has[id] || a.done[id] || now(a.o.Now).Sub(a.asked[id]) < counterpoint.UnknownAfter {
			continue
		}
		if len(raised) == raisings {
			a.again()
			break
		}
		al, err := a.raiseFor(ctx, id)
		switch {
		case errors.Is(err, errLate):
			a.asked[id] = now(a.o.Now)
			if late++; late == lateRaisings {
				return raised, errors.Join(errs...)
			}
		case err != nil:
			errs = append(errs, fmt.Errorf("alert of flag %s: %w", id, err))
			if errors.Is(err, counterpoint.ErrAway) {
				return raised, errors.Join(errs...)
			}
		case al != nil:
			raised = append(raised, *al)
		}
	}
	return raised, errors.Join(errs...)
}

// candidates are the flags that may need an alert: those of level 3 that nobody decided and, in every whole look, those
// of them that were heard long ago and now again, and those that people confirmed as the gravest.
func (a *Alerter) candidates(ctx context.Context) (grave map[string]bool, whole bool, err error) {
	now := now(a.o.Now)
	from := now.Add(-a.o.Within)
	grave = map[string]bool{}
	undecided := counterpoint.Query{State: []string{string(counterpoint.Open), string(counterpoint.NeedsContext)}, Level: []int{3}}
	if now.Sub(a.whole) < wholeEvery {
		undecided.From = from
		return grave, false, a.look(ctx, undecided, grave, func(glimpse) bool { return true })
	}
	if err := a.look(ctx, undecided, grave, func(g glimpse) bool { return g.heardSince(from) }); err != nil {
		return grave, false, err
	}
	confirmed := counterpoint.Query{State: []string{string(counterpoint.Confirmed)}, From: from}
	if err := a.look(ctx, confirmed, grave, glimpse.top); err != nil {
		return grave, false, err
	}
	a.whole = now
	return grave, true, nil
}

// glimpse is as much of a flag as tells whether to look at it.
type glimpse struct {
	ID      string `json:"id"`
	Reviews []struct {
		Level counterpoint.RabatLevel `json:"level"`
	} `json:"reviews"`
	Sightings []heardAt `json:"sightings"`
	Copies    []struct {
		Sightings []heardAt `json:"sightings"`
	} `json:"copies"`
	heardAt
}

// heardAt is when a passage was heard and when it came in.
type heardAt struct {
	Heard *time.Time `json:"heard"`
	Seen  time.Time  `json:"seen"`
}

func (h heardAt) since(from time.Time) bool {
	if h.Heard != nil {
		return !h.Heard.Before(from)
	}
	return !h.Seen.Before(from)
}

func (g glimpse) top() bool {
	return len(g.Reviews) > 0 && g.Reviews[len(g.Reviews)-1].Level == counterpoint.Top
}

// heardSince reports whether the passage was heard anywhere since then, in the same or slightly other words; where the
// time is unknown, whether it came in. A near-copy raises no alert of its own, so it counts here.
func (g glimpse) heardSince(from time.Time) bool {
	lately := func(h heardAt) bool { return h.since(from) }
	for _, c := range g.Copies {
		if slices.ContainsFunc(c.Sightings, lately) {
			return true
		}
	}
	return slices.ContainsFunc(g.Sightings, lately) || g.since(from)
}

// look adds the flags of the query that are wanted.
func (a *Alerter) look(ctx context.Context, q counterpoint.Query, into map[string]bool, wanted func(glimpse) bool) error {
	q.Limit = counterpoint.MaxLimit
	for {
		next, err := a.o.Views.List(ctx, counterpoint.KindFlag, q, func(doc []byte) error {
			var g glimpse
			if err := json.Unmarshal(doc, &g); err != nil {
				return err
			}
			if wanted(g) {
				into[g.ID] = true
			}
			return nil
		})
		if err != nil || next == "" {
			return err
		}
		q.Cursor = next
	}
}

// errLate is for an event that is in the log and not applied yet.
var errLate = errors.New("the index is late")

// raiseFor raises the flag's alert, unless it has one that is not closed or needs none.
func (a *Alerter) raiseFor(ctx context.Context, flag string) (*counterpoint.Alert, error) {
	al, f, err := a.loadBoth(ctx, flag)
	if err != nil {
		return nil, err
	}
	if al.State == counterpoint.Acknowledged {
		a.done[flag] = true
	}
	if al.State != "" && al.State != counterpoint.AlertClosed || f.Calm() != "" {
		return nil, nil
	}
	e, err := al.Raise(By, now(a.o.Now), &f, a.o.Plan)
	if err != nil {
		return nil, err
	}
	out, err := a.o.Decider.Decide(ctx, e)
	switch {
	case err != nil:
		return nil, err
	case !out.Applied && out.Refused == "":
		return nil, errLate
	case !out.Applied:
		return nil, nil // the index that was looked at was not whole: it has one
	}
	if out.Event.At.Equal(e.At) { // and not by another process that made the same event
		a.metrics.raised.Inc()
		a.o.Log.Info("alert raised", "alert", al.ID, "flag", flag, "source", f.Source, "lang", f.Lang)
	}
	al, err = counterpoint.Load[counterpoint.Alert](ctx, a.o.Views, al.ID)
	if err != nil || al.State != counterpoint.AlertOpen {
		return nil, err
	}
	return &al, nil
}

func (a *Alerter) loadBoth(ctx context.Context, flag string) (al counterpoint.Alert, f counterpoint.Flag, err error) {
	if f, err = counterpoint.Load[counterpoint.Flag](ctx, a.o.Views, flag); err != nil {
		return al, f, err
	}
	al, err = counterpoint.Load[counterpoint.Alert](ctx, a.o.Views, counterpoint.AlertID(flag))
	if errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.Alert{ID: counterpoint.AlertID(flag)}, f, nil
	}
	return al, f, err
}

// closeCalm closes alerts whose flag needs none.
func (a *Alerter) closeCalm(ctx context.Context, open []counterpoint.Alert, grave map[string]bool) error {
	was := a.calm
	a.calm = map[string]time.Time{}
	var errs []error
	for _, al := range open {
		if grave[al.Flag] {
			continue
		}
		if since, ok := was[al.ID]; ok {
			a.calm[al.ID] = since
		}
		_, err := a.loud(ctx, al)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// loud reports whether people are to be told of the alert. One whose flag needs none is closed: at once where a person
// said so, and where the machine does, when that has held for a while. All that was decided before an alert was raised
// is applied when it is seen, so that of what was decided long ago nobody is told.
func (a *Alerter) loud(ctx context.Context, al counterpoint.Alert) (bool, error) {
	why, err := a.calmness(ctx, al.Flag)
	if err != nil {
		return true, fmt.Errorf("flag of alert %s: %w", al.ID, err) // to tell is safer
	}
	if why == "" {
		delete(a.calm, al.ID)
		return true, nil
	}
	since, seen := a.calm[al.ID]
	if !seen {
		since = now(a.o.Now)
		a.calm[al.ID] = since
	}
	if !why.ByPerson() && now(a.o.Now).Sub(since) < calmFor {
		return false, nil
	}
	if err := a.close(ctx, al.ID, why); err != nil {
		return false, fmt.Errorf("close alert %s: %w", al.ID, err)
	}
	return false, nil
}

func (a *Alerter) calmness(ctx context.Context, flag string) (counterpoint.Calm, error) {
	f, err := counterpoint.Load[counterpoint.Flag](ctx, a.o.Views, flag)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.CalmGone, nil
	}
	if err != nil {
		return "", err
	}
	return f.Calm(), nil
}

func (a *Alerter) close(ctx context.Context, id string, why counterpoint.Calm) error {
	_, applied, err := a.change(ctx, id, func(al *counterpoint.Alert) (counterpoint.Event, error) {
		return al.Close(By, now(a.o.Now), why)
	})
	if applied {
		a.o.Log.Info("alert closed", "alert", id, "why", string(why))
	}
	return err
}

// due is a channel's turn with an alert.
type due struct {
	alert  counterpoint.Alert
	outlet *outlet
	at     time.Time
	others int // alerts that wait beside it
}

// first orders turns: of what names a time, place or meeting, then in the order of time.
func (d due) first(o due) int {
	if d.alert.Imminent != o.alert.Imminent {
		if d.alert.Imminent {
			return -1
		}
		return 1
	}
	return d.at.Compare(o.at)
}

// send starts what is due, as far as the channels have room. In a storm the rest waits.
func (a *Alerter) send(ctx context.Context, open []counterpoint.Alert) error {
	for _, o := range a.outlets {
		o.recall(open, now(a.o.Now))
	}
	var list []due
	for _, al := range open {
		list = append(list, a.turns(al, len(open)-1)...)
	}
	slices.SortStableFunc(list, due.first)
	var errs []error
	held := 0
	for _, d := range list {
		at := now(a.o.Now)
		if !d.outlet.calm(at) {
			held++
			continue
		}
		if !d.outlet.free(d.alert.ID, at) {
			continue
		}
		loud, err := a.loud(ctx, d.alert)
		errs = append(errs, err)
		if loud {
			a.start(ctx, d, at)
		}
	}
	a.metrics.held.Set(float64(held))
	return errors.Join(errs...)
}

// start sends in a goroutine of its own.
func (a *Alerter) start(ctx context.Context, d due, at time.Time) {
	d.outlet.take(d.alert.ID)
	d.outlet.given(at)
	a.work.Go(func() {
		failed := a.tell(ctx, d)
		d.outlet.give(d.alert.ID, now(a.o.Now), failed)
		a.again()
	})
}

// again lets the next round come at once.
func (a *Alerter) again() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// turns are the channels' turns that have come.
func (a *Alerter) turns(al counterpoint.Alert, others int) (list []due) {
	for _, o := range a.outlets {
		if t, ok := al.Next(o.Name, o.first); ok && !t.At.After(now(a.o.Now)) {
			list = append(list, due{al, o, t.At, others})
		}
	}
	return list
}

// tell claims an attempt, sends and records. failed says that the channel itself did not work.
func (a *Alerter) tell(ctx context.Context, d due) (failed bool) {
	log := a.o.Log.With("alert", d.alert.ID, "channel", d.outlet.Name)
	claim, al, err := a.claim(ctx, d)
	if err != nil {
		log.Error("alert message could not be claimed", "error", err)
	}
	if claim == nil || err != nil {
		return false
	}
	sending, stop := lastingFor(ctx, lastTurn)
	defer stop()
	left := claim.Claimed.Add(counterpoint.UnknownAfter / 2).Sub(now(a.o.Now))
	if left <= 0 {
		return false // too late: it may be another's by now
	}
	sending, cancel := context.WithTimeout(sending, left)
	defer cancel()
	outcome, detail := verdict(d.outlet.Channel.Send(sending, a.notice(ctx, al, *claim, d.others)))
	a.metrics.sent.WithLabelValues(d.outlet.Name, string(outcome)).Inc()
	log.Info("alert message sent", "attempt", claim.Number, "outcome", string(outcome), "detail", detail)
	if err := a.record(ctx, al, *claim, outcome, detail); err != nil {
		log.Error("outcome of an alert message not recorded; it will be sent again", "attempt", claim.Number, "error", err)
	}
	return outcome == counterpoint.SendFailed
}

// lastingFor is a context that outlives its parent by so long, so that what is on its way can arrive.
func lastingFor(ctx context.Context, more time.Duration) (context.Context, func()) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(more):
		case <-lasting.Done():
		}
		cancel()
	})
	return lasting, func() { stop(); cancel() }
}

// verdict is what becomes of an attempt by what the channel said.
func verdict(err error) (counterpoint.SendOutcome, string) {
	var e *counterpoint.SendError
	switch {
	case err == nil:
		return counterpoint.SendAccepted, ""
	case !errors.As(err, &e):
		return counterpoint.SendFailed, counterpoint.SendBroken
	case e.Final:
		return counterpoint.SendRefused, e.Detail
	}
	return counterpoint.SendFailed, e.Detail
}

// notice is what the channel is given. Whoever reports in confidence is not named.
func (a *Alerter) notice(ctx context.Context, al counterpoint.Alert, t counterpoint.Attempt, others int) counterpoint.Notice {
	n := counterpoint.Notice{Alert: al, Attempt: t, Link: a.o.Site + "/alerts/" + al.ID, From: a.o.Site, Others: others}
	n.Alert.Attempts = nil
	src, err := counterpoint.Load[counterpoint.Source](ctx, a.o.Views, al.Source)
	if err != nil {
		a.o.Log.Warn("an alert goes out without the name of its source", "alert", al.ID, "error", err)
		return n
	}
	if src.Kind != counterpoint.Report {
		n.Source = src.Name
	}
	return n
}

// claim makes the attempt this process's own. It is nil where another has it, or nothing is due any more.
func (a *Alerter) claim(ctx context.Context, d due) (*counterpoint.Attempt, counterpoint.Alert, error) {
	e, applied, err := a.change(ctx, d.alert.ID, func(al *counterpoint.Alert) (counterpoint.Event, error) {
		return al.Claim(By, now(a.o.Now), d.outlet.Name, d.outlet.first)
	})
	if err != nil || !applied {
		return nil, d.alert, err
	}
	al, err := counterpoint.Load[counterpoint.Alert](ctx, a.o.Views, d.alert.ID)
	if err != nil || al.State != counterpoint.AlertOpen { // acknowledged just now
		return nil, al, err
	}
	for _, t := range al.Attempts {
		if t.Claim == e {
			return &t, al, nil
		}
	}
	return nil, al, fmt.Errorf("event %s was applied and left no attempt: %w", e, counterpoint.ErrConflict)
}

// record says what became of the attempt, for as long as it would not be made anew.
func (a *Alerter) record(ctx context.Context, al counterpoint.Alert, t counterpoint.Attempt, outcome counterpoint.SendOutcome, detail string) error {
	begun := now(a.o.Now)
	lasting, stop := lastingFor(ctx, lastWord)
	defer stop()
	for {
		_, applied, err := a.change(lasting, al.ID, func(al *counterpoint.Alert) (counterpoint.Event, error) {
			return al.Record(By, now(a.o.Now), t.Claim, outcome, detail)
		})
		if applied && outcome == counterpoint.SendAccepted {
			a.observe(lasting, al.ID, t.Claim)
		}
		if ctx.Err() != nil && errors.Is(err, counterpoint.ErrAway) {
			return nil // it is in the log; only the index does not move any more
		}
		if err == nil || lasting.Err() != nil || now(a.o.Now).Sub(begun) > counterpoint.UnknownAfter/2 {
			return err
		}
		select {
		case <-lasting.Done():
		case <-time.After(time.Second):
		}
	}
}

// observe counts how long it took until the first message of an alert arrived, if it is the attempt's.
func (a *Alerter) observe(ctx context.Context, id, claim string) {
	al, err := counterpoint.Load[counterpoint.Alert](ctx, a.o.Views, id)
	if err != nil {
		return // it counts nowhere
	}
	var first *counterpoint.Attempt
	for i, t := range al.Attempts {
		if t.Raising == al.Raising && t.Outcome == counterpoint.SendAccepted && (first == nil || t.Answered.Before(*first.Answered)) {
			first = &al.Attempts[i]
		}
	}
	if first != nil && first.Claim == claim {
		a.metrics.reached(al, *first.Answered)
	}
}

// changes is how often an event is made again because another was first.
const changes = 30

// change loads the alert, appends what build makes of it, and does so again where another was first. Where build
// refuses by what the alert has become, nothing is applied and that is no error.
func (a *Alerter) change(ctx context.Context, id string, build func(*counterpoint.Alert) (counterpoint.Event, error)) (event string, applied bool, err error) {
	for range changes {
		al, err := counterpoint.Load[counterpoint.Alert](ctx, a.o.Views, id)
		if err != nil {
			return "", false, err
		}
		e, err := build(&al)
		if errors.Is(err, counterpoint.ErrConflict) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		out, err := a.o.Decider.Decide(ctx, e)
		if err == nil && !out.Applied && out.Refused == "" {
			out, err = a.await(ctx, e.ID)
		}
		if err != nil && !refusal(err) {
			return e.ID, false, err
		}
		if err == nil && out.Applied {
			return e.ID, true, nil
		}
	}
	return "", false, fmt.Errorf("others changed alert %s %d times meanwhile: %w", id, changes, counterpoint.ErrStale)
}

// await waits for the outcome of an event that is in the log, where the index is late. Who waits longer than this lost
// the claim.
func (a *Alerter) await(ctx context.Context, event string) (counterpoint.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, counterpoint.UnknownAfter/2)
	defer cancel()
	for {
		out, err := counterpoint.Load[counterpoint.Outcome](ctx, a.o.Views, event)
		if err == nil || !errors.Is(err, counterpoint.ErrNotFound) && !errors.Is(err, counterpoint.ErrAway) {
			return out, err
		}
		select {
		case <-ctx.Done():
			return out, fmt.Errorf("event %s is not applied yet: %w", event, counterpoint.ErrAway)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
