package api

import (
	"context"
	"fmt"
	"time"

	"counterpoint"
)

func (d *Desk) flag(ctx context.Context, c Call, op Op, id string, make func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error)) (Answer, error) {
	return d.decide(ctx, c, op, func() (counterpoint.Event, error) {
		f, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return make(&f, c.By.ID, d.now())
	})
}

// Flag is a flag, with what its reviewers decided on others of the same source and language beside what was measured.
func (d *Desk) Flag(ctx context.Context, id string) (counterpoint.Flag, error) {
	f, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, id)
	if err != nil || f.Threshold == nil {
		return f, err
	}
	q := counterpoint.Query{
		Source: []string{f.Source}, Lang: []string{f.Lang}, State: []string{string(counterpoint.Confirmed), string(counterpoint.Rejected)},
	}
	groups, err := d.views.Count(ctx, counterpoint.KindFlag, q, counterpoint.ByState)
	if err != nil {
		return f, fmt.Errorf("count what was decided: %w", err)
	}
	n := map[string]int{}
	for _, g := range groups {
		n[g.Key] = g.Count
	}
	seen := f.Threshold.Seen(n[string(counterpoint.Confirmed)], n[string(counterpoint.Rejected)])
	f.Threshold = &seen
	return f, nil
}

// LeaseFlag keeps a flag for the caller.
func (d *Desk) LeaseFlag(ctx context.Context, c Call, id string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, (*counterpoint.Flag).TakeLease)
}

// LeaseNext leases the first n open flags of the queue that nobody else has, and returns their ids.
func (d *Desk) LeaseNext(ctx context.Context, c Call, q counterpoint.Query, n int) ([]string, error) {
	if err := may(c.By, DecideFlag); err != nil {
		return nil, err
	}
	q.State, q.Limit = []string{string(counterpoint.Open)}, counterpoint.MaxLimit
	p, err := counterpoint.List[counterpoint.Flag](ctx, d.views, q)
	if err != nil {
		return nil, err
	}
	var got []string
	for _, f := range p.Data {
		if len(got) == n {
			break
		}
		if l := f.Lease; l != nil && d.now().Before(l.Until) && l.By != c.By.ID {
			continue
		}
		if _, err := d.LeaseFlag(ctx, Call{By: c.By, Version: f.Version}, f.ID); err == nil {
			got = append(got, f.ID)
		}
	}
	return got, nil
}

// ConfirmFlag confirms with all six parts of the Rabat test. level and reason are for differing from the
// level the answers propose.
func (d *Desk) ConfirmFlag(ctx context.Context, c Call, id string, r counterpoint.Rabat, level counterpoint.RabatLevel, reason string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		return f.Confirm(by, now, r, level, reason)
	})
}

// RejectFlag rejects with a reason.
func (d *Desk) RejectFlag(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		return f.Reject(by, now, reason)
	})
}

// AskContext sets a flag aside until somebody has answered.
func (d *Desk) AskContext(ctx context.Context, c Call, id, asked string, due *time.Time, reason string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		return f.AskContext(by, now, asked, due, reason)
	})
}

// DuplicateFlag marks a flag as standing for the same as another.
func (d *Desk) DuplicateFlag(ctx context.Context, c Call, id, of string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		if _, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, of); err != nil {
			return counterpoint.Event{}, counterpoint.Invalid{{Field: "of", Message: fmt.Sprintf("there is no flag %q", of)}}
		}
		return f.MarkDuplicate(by, now, of)
	})
}

// ReopenFlag takes a decision back.
func (d *Desk) ReopenFlag(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.flag(ctx, c, DecideFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		return f.Reopen(by, now, reason)
	})
}

// LinkFlag ties a flag to a narrative.
func (d *Desk) LinkFlag(ctx context.Context, c Call, id, narrative string) (Answer, error) {
	return d.flag(ctx, c, LinkFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		if _, err := counterpoint.Load[counterpoint.Narrative](ctx, d.views, narrative); err != nil {
			return counterpoint.Event{}, counterpoint.Invalid{{Field: "narrative", Message: fmt.Sprintf("there is no narrative %q", narrative)}}
		}
		return f.Link(by, now, narrative)
	})
}

// NoteFlag adds a remark or, with a language, a translation.
func (d *Desk) NoteFlag(ctx context.Context, c Call, id, text, lang string) (Answer, error) {
	return d.flag(ctx, c, NoteFlag, id, func(f *counterpoint.Flag, by string, now time.Time) (counterpoint.Event, error) {
		return f.AddNote(by, now, text, lang)
	})
}

// RaiseFlag flags segments from to to of an item by hand.
func (d *Desk) RaiseFlag(ctx context.Context, c Call, item string, from, to, level int, reason string) (Answer, error) {
	return d.decide(ctx, c, RaiseFlag, func() (counterpoint.Event, error) {
		it, err := counterpoint.Load[counterpoint.ItemView](ctx, d.views, item)
		if err != nil {
			return counterpoint.Event{}, err
		}
		s, err := it.Passage(from, to)
		if err != nil {
			return counterpoint.Event{}, err
		}
		for _, id := range it.Flags {
			f, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, id)
			if err != nil {
				continue
			}
			for _, o := range f.Sightings {
				if o.Overlaps(s) {
					return counterpoint.Event{}, fmt.Errorf("the passage is flagged already, as %s: %w", f.ID, counterpoint.ErrConflict)
				}
			}
		}
		e, err := counterpoint.RaiseByHand(c.By.ID, d.now(), s, level, reason)
		if err != nil {
			return e, err
		}
		if f, err := counterpoint.Load[counterpoint.Flag](ctx, d.views, e.On.ID); err == nil {
			return e, fmt.Errorf("the passage was flagged by hand before, as %s, which is %s; reopen that one: %w", f.ID, f.State, counterpoint.ErrConflict)
		}
		return e, nil
	})
}
