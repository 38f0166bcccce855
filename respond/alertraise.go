package respond

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"counterpoint"
)

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
