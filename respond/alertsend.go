package respond

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"counterpoint"
)

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
