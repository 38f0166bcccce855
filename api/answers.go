package api

import (
	"context"
	"fmt"
	"time"

	"counterpoint"
)

// MakeNarrative makes a narrative.
func (d *Desk) MakeNarrative(ctx context.Context, c Call, title, summary string, languages []string) (Answer, error) {
	return d.decide(ctx, c, MakeStory, func() (counterpoint.Event, error) {
		return counterpoint.NewNarrative(c.By.ID, d.now(), title, summary, languages)
	})
}

// DescribeNarrative changes a narrative's words.
func (d *Desk) DescribeNarrative(ctx context.Context, c Call, id, title, summary string, languages []string) (Answer, error) {
	return d.decide(ctx, c, MakeStory, func() (counterpoint.Event, error) {
		n, err := counterpoint.Load[counterpoint.Narrative](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return n.Describe(c.By.ID, d.now(), title, summary, languages)
	})
}

// WriteMessage makes a draft.
func (d *Desk) WriteMessage(ctx context.Context, c Call, draft counterpoint.MessageDraft) (Answer, error) {
	return d.decide(ctx, c, Write, func() (counterpoint.Event, error) {
		if err := d.known(ctx, draft.Narrative); err != nil {
			return counterpoint.Event{}, err
		}
		return counterpoint.NewMessage(c.By.ID, d.now(), draft)
	})
}

func (d *Desk) known(ctx context.Context, narrative string) error {
	if narrative == "" {
		return nil // the draft's own check names the field
	}
	if _, err := counterpoint.Load[counterpoint.Narrative](ctx, d.views, narrative); err != nil {
		return counterpoint.Invalid{{Field: "narrative", Message: fmt.Sprintf("there is no narrative %q", narrative)}}
	}
	return nil
}

func (d *Desk) message(ctx context.Context, c Call, op Op, id string, make func(m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error)) (Answer, error) {
	return d.decide(ctx, c, op, func() (counterpoint.Event, error) {
		m, err := counterpoint.Load[counterpoint.Message](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return make(&m, c.By.ID, d.now())
	})
}

// EditMessage replaces the words; approvals are dropped.
func (d *Desk) EditMessage(ctx context.Context, c Call, id string, draft counterpoint.MessageDraft) (Answer, error) {
	return d.message(ctx, c, Write, id, func(m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		if err := d.known(ctx, draft.Narrative); err != nil {
			return counterpoint.Event{}, err
		}
		return m.Edit(by, now, draft)
	})
}

// SubmitMessage puts a draft before an approver.
func (d *Desk) SubmitMessage(ctx context.Context, c Call, id string) (Answer, error) {
	return d.message(ctx, c, Write, id, (*counterpoint.Message).Submit)
}

// ApproveMessage is the second person's yes.
func (d *Desk) ApproveMessage(ctx context.Context, c Call, id string) (Answer, error) {
	return d.message(ctx, c, Approve, id, (*counterpoint.Message).Approve)
}

// ReturnMessage sends it back to its writers.
func (d *Desk) ReturnMessage(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.message(ctx, c, SendBack, id, func(m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return m.Return(by, now, reason)
	})
}

// WithdrawMessage takes it back.
func (d *Desk) WithdrawMessage(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.message(ctx, c, Write, id, func(m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return m.Withdraw(by, now, reason)
	})
}

// CloseMessage ends one that went out.
func (d *Desk) CloseMessage(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.message(ctx, c, Write, id, func(m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return m.Close(by, now, reason)
	})
}

// OfferAiring offers a station a slot.
func (d *Desk) OfferAiring(ctx context.Context, c Call, message, lang, station string, planned time.Time) (Answer, error) {
	return d.decide(ctx, c, Air, func() (counterpoint.Event, error) {
		m, err := counterpoint.Load[counterpoint.Message](ctx, d.views, message)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return m.Offer(c.By.ID, d.now(), lang, station, planned)
	})
}

func (d *Desk) airing(ctx context.Context, c Call, id string, make func(a *counterpoint.Airing, m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error)) (Answer, error) {
	return d.decide(ctx, c, Air, func() (counterpoint.Event, error) {
		a, err := counterpoint.Load[counterpoint.Airing](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		m, err := counterpoint.Load[counterpoint.Message](ctx, d.views, a.Message)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return make(&a, &m, c.By.ID, d.now())
	})
}

// AcceptAiring is the station's yes.
func (d *Desk) AcceptAiring(ctx context.Context, c Call, id string) (Answer, error) {
	return d.airing(ctx, c, id, func(a *counterpoint.Airing, m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return a.Accept(by, now, m)
	})
}

// DeclineAiring is the station's no.
func (d *Desk) DeclineAiring(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.airing(ctx, c, id, func(a *counterpoint.Airing, _ *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return a.Decline(by, now, reason)
	})
}

// MissAiring records that it did not go out.
func (d *Desk) MissAiring(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.airing(ctx, c, id, func(a *counterpoint.Airing, _ *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return a.Miss(by, now, reason)
	})
}

// CancelAiring takes the slot back.
func (d *Desk) CancelAiring(ctx context.Context, c Call, id, reason string) (Answer, error) {
	return d.airing(ctx, c, id, func(a *counterpoint.Airing, _ *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return a.Cancel(by, now, reason)
	})
}

// ProveAiring records evidence that it went out.
func (d *Desk) ProveAiring(ctx context.Context, c Call, id string, grade counterpoint.Grade, evidence string, aired time.Time) (Answer, error) {
	return d.airing(ctx, c, id, func(a *counterpoint.Airing, m *counterpoint.Message, by string, now time.Time) (counterpoint.Event, error) {
		return a.Prove(by, now, m, grade, evidence, aired)
	})
}

// TimeToCounter is the clock of every narrative, newest narrative first.
func (d *Desk) TimeToCounter(ctx context.Context, grades []counterpoint.Grade, narratives ...string) ([]counterpoint.TimeToCounter, error) {
	all, err := counterpoint.All[counterpoint.Narrative](ctx, d.views, counterpoint.Query{})
	if err != nil {
		return nil, err
	}
	clocks := []counterpoint.TimeToCounter{}
	for _, n := range all {
		if len(narratives) > 0 && narratives[0] != n.ID {
			continue
		}
		q := counterpoint.Query{Narrative: []string{n.ID}}
		flags, err := counterpoint.All[counterpoint.Flag](ctx, d.views, q)
		if err != nil {
			return nil, err
		}
		messages, err := counterpoint.All[counterpoint.Message](ctx, d.views, q)
		if err != nil {
			return nil, err
		}
		airings, err := counterpoint.All[counterpoint.Airing](ctx, d.views, q)
		if err != nil {
			return nil, err
		}
		clocks = append(clocks, counterpoint.Clock(n, flags, messages, airings, grades))
	}
	return clocks, nil
}
