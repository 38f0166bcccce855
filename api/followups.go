package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// Templates are the answers to reporters that are agreed on.
func (d *Desk) Templates() []counterpoint.AnswerTemplate { return d.templates }

// Followup is what was done about a report so far, at version 0 where nothing was.
func (d *Desk) Followup(ctx context.Context, item string) (counterpoint.Followup, error) {
	f, err := counterpoint.Load[counterpoint.Followup](ctx, d.views, item)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.Followup{ID: item, Actions: []counterpoint.Action{}, Answers: []counterpoint.Reply{}}, nil
	}
	return f, err
}

// Answerable is until when the reporter of the item can be answered; nil when not, or not any more.
func (d *Desk) Answerable(ctx context.Context, item string) (*time.Time, error) {
	if d.replyUntil == nil {
		return nil, nil
	}
	until, err := d.replyUntil(ctx, item)
	if errors.Is(err, counterpoint.ErrNotFound) || err == nil && !d.now().Before(until) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &until, nil
}

// report is a command on the follow-up of a report. The first makes it.
func (d *Desk) report(ctx context.Context, c Call, op Op, item string, make func(f *counterpoint.Followup, it counterpoint.ItemView) (counterpoint.Event, error)) (Answer, error) {
	return d.decide(ctx, c, op, func() (counterpoint.Event, error) {
		it, err := counterpoint.Load[counterpoint.ItemView](ctx, d.views, item)
		if err != nil {
			return counterpoint.Event{}, err
		}
		f, err := d.Followup(ctx, item)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return make(&f, it)
	})
}

// Act notes what was done about a report.
func (d *Desk) Act(ctx context.Context, c Call, item, text string) (Answer, error) {
	return d.report(ctx, c, TellReporter, item, func(f *counterpoint.Followup, it counterpoint.ItemView) (counterpoint.Event, error) {
		return f.Act(c.By.ID, d.now(), it, text)
	})
}

// Tell writes an answer to the reporter: a template, which is sent as soon as a sender comes to it, or free text, which
// waits for a second person.
func (d *Desk) Tell(ctx context.Context, c Call, item string, draft counterpoint.AnswerDraft) (Answer, error) {
	return d.report(ctx, c, TellReporter, item, func(f *counterpoint.Followup, it counterpoint.ItemView) (counterpoint.Event, error) {
		until, err := d.Answerable(ctx, item)
		if err != nil {
			return counterpoint.Event{}, err
		}
		if until == nil {
			return counterpoint.Event{}, fmt.Errorf("the reporter cannot be answered: no number came with the report, or it was deleted by its time: %w", counterpoint.ErrConflict)
		}
		if draft, err = d.worded(draft); err != nil {
			return counterpoint.Event{}, err
		}
		return f.Write(c.By.ID, d.now(), it, draft)
	})
}

// worded fills in a template's words.
func (d *Desk) worded(draft counterpoint.AnswerDraft) (counterpoint.AnswerDraft, error) {
	if draft.Template == "" {
		return draft, nil
	}
	i := slices.IndexFunc(d.templates, func(t counterpoint.AnswerTemplate) bool { return t.ID == draft.Template })
	if i < 0 {
		return draft, counterpoint.Invalid{{Field: "template", Message: fmt.Sprintf("there is no template %q", draft.Template)}}
	}
	code, _ := counterpoint.Lang(draft.Lang)
	text, ok := d.templates[i].Texts[code]
	if !ok {
		var has []string
		for l := range d.templates[i].Texts {
			has = append(has, l)
		}
		slices.Sort(has)
		return draft, counterpoint.Invalid{{Field: "lang", Message: fmt.Sprintf("the template %s has the languages %s; word it in yours in the configuration, or write the answer yourself",
			draft.Template, strings.Join(has, ", "))}}
	}
	draft.Text = text
	return draft, nil
}

// ApproveAnswer is the second person's yes to free text.
func (d *Desk) ApproveAnswer(ctx context.Context, c Call, item, answer string) (Answer, error) {
	return d.report(ctx, c, Approve, item, func(f *counterpoint.Followup, _ counterpoint.ItemView) (counterpoint.Event, error) {
		return f.Approve(c.By.ID, d.now(), answer)
	})
}

// WithdrawAnswer takes back an answer that is not under way.
func (d *Desk) WithdrawAnswer(ctx context.Context, c Call, item, answer string) (Answer, error) {
	return d.report(ctx, c, TellReporter, item, func(f *counterpoint.Followup, _ counterpoint.ItemView) (counterpoint.Event, error) {
		return f.Withdraw(c.By.ID, d.now(), answer)
	})
}
