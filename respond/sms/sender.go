// Package sms answers community reporters by text message: it claims an answer by event, sends it once, and records
// what became of it. The number is looked up for the moment of sending and goes nowhere else.
package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// By is the account in whose name answers are claimed and settled.
const By = "respond"

// Decider appends an event and says what became of it; an outcome that is neither applied nor refused is pending.
type Decider interface {
	Decide(ctx context.Context, e counterpoint.Event) (counterpoint.Outcome, error)
}

// Numbers is where the numbers of reporters lie.
type Numbers interface {
	// ReplyTo is the number of a report, counterpoint.ErrNotFound when it is gone.
	ReplyTo(ctx context.Context, item string, now time.Time) (string, error)
	// KeepSending remembers what a gateway's id stands for, until the time.
	KeepSending(ctx context.Context, source, ref, item, answer string, until time.Time) error
	// Expire deletes what had its time.
	Expire(ctx context.Context, now time.Time) (numbers int, err error)
}

// Options are what a Sender needs. Zero Now is the clock, zero Every 5 s, nil Registerer and Log are none.
type Options struct {
	Views      counterpoint.Views
	Decider    Decider
	Numbers    Numbers
	Gateways   map[string]Gateway // by source
	Now        func() time.Time
	Every      time.Duration
	Registerer prometheus.Registerer
	Log        *slog.Logger
}

// Sender sends what is ready. Any number of them may run.
type Sender struct {
	o       Options
	mine    map[string]bool                 // claims of this sender that were not sent yet
	told    map[string]counterpoint.Sending // what is known and not recorded yet, by claim
	expired time.Time
	sent    *prometheus.CounterVec
}

// New makes a sender.
func New(o Options) *Sender {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 5 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sender{o: o, mine: map[string]bool{}, told: map[string]counterpoint.Sending{}}
	s.sent = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "counterpoint_respond_answers_total", Help: "Answers handed to a gateway, by what it said.",
	}, []string{"state"})
	if o.Registerer != nil {
		o.Registerer.MustRegister(s.sent)
	}
	return s
}

// Run sends in rounds until ctx is done. A round that fails is logged; the next begins afresh.
func (s *Sender) Run(ctx context.Context) error {
	tick := time.NewTicker(s.o.Every)
	defer tick.Stop()
	for {
		if err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Error("answers to reporters could not be sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// expireEvery is how often numbers are looked for that had their time.
const expireEvery = time.Hour

// Round looks once at every answer that is ready or claimed, and deletes numbers that had their time.
func (s *Sender) Round(ctx context.Context) error {
	var errs []error
	if now := s.o.Now(); now.Sub(s.expired) >= expireEvery {
		n, err := s.o.Numbers.Expire(ctx, now)
		if err == nil {
			s.expired = now
		}
		if n > 0 {
			s.o.Log.Info("numbers of reporters deleted by their time", "numbers", n)
		}
		errs = append(errs, err)
	}
	states := []string{string(counterpoint.AnswerReady), string(counterpoint.AnswerSending)}
	all, err := counterpoint.All[counterpoint.Followup](ctx, s.o.Views, counterpoint.Query{State: states})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	for _, f := range all {
		for _, a := range f.Answers {
			if err := s.look(ctx, f.ID, a.ID); err != nil {
				errs = append(errs, fmt.Errorf("answer %s of report %s: %w", a.ID, f.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

// look does for one answer what is to be done now. It looks at the answer as it stands, not as the list had it.
func (s *Sender) look(ctx context.Context, report, answer string) error {
	f, err := counterpoint.Load[counterpoint.Followup](ctx, s.o.Views, report)
	if err != nil {
		return err
	}
	a, ok := f.Answer(answer)
	switch {
	case !ok:
		return nil
	case a.State == counterpoint.AnswerReady:
		return s.claim(ctx, f, a)
	case a.State != counterpoint.AnswerSending:
		return nil
	case s.mine[a.Claim]:
		return s.send(ctx, f, a)
	}
	if told, ok := s.told[a.Claim]; ok {
		return s.settle(ctx, f, a, told)
	}
	if a.Until != nil && s.o.Now().After(*a.Until) { // whoever claimed it was cut off
		return s.settle(ctx, f, a, counterpoint.Sending{Answer: a.ID, State: counterpoint.AnswerUnclear, Why: counterpoint.WhyCutOff})
	}
	return nil
}

// claim takes an answer that can be sent. It is sent only after the claim was seen to stand.
func (s *Sender) claim(ctx context.Context, f counterpoint.Followup, a counterpoint.Reply) error {
	now := s.o.Now()
	if a.After != nil && now.Before(*a.After) {
		return nil
	}
	if s.o.Gateways[f.Source] == nil {
		return nil // another process may have it
	}
	if a.Text == "" {
		return s.settle(ctx, f, a, failed(a, counterpoint.WhyNoNumber)) // erased
	}
	_, err := s.o.Numbers.ReplyTo(ctx, f.ID, now)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return s.settle(ctx, f, a, failed(a, counterpoint.WhyNoNumber))
	}
	if err != nil {
		return err
	}
	e, err := f.Claim(By, now, a.ID)
	if err != nil {
		return err
	}
	s.mine[e.ID] = true
	out, err := s.o.Decider.Decide(ctx, e)
	if out.Refused != "" {
		delete(s.mine, e.ID) // another sender has it
		return nil
	}
	if err != nil || !out.Applied { // it may be applied later, and is then found to be ours
		return err
	}
	return s.look(ctx, f.ID, a.ID)
}

func failed(a counterpoint.Reply, why string) counterpoint.Sending {
	return counterpoint.Sending{Answer: a.ID, State: counterpoint.AnswerFailed, Why: why}
}

// send sends an answer whose claim stands, once: the claim ceases to be ours before the gateway is asked.
func (s *Sender) send(ctx context.Context, f counterpoint.Followup, a counterpoint.Reply) error {
	now := s.o.Now()
	if a.Until == nil || now.After(*a.Until) {
		delete(s.mine, a.Claim) // nothing was sent; others may say first that nobody knows
		return s.settle(ctx, f, a, counterpoint.Sending{Answer: a.ID, State: counterpoint.AnswerReady, Why: counterpoint.WhyLater})
	}
	number, err := s.o.Numbers.ReplyTo(ctx, f.ID, now)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return err
	}
	delete(s.mine, a.Claim)
	told := failed(a, counterpoint.WhyNoNumber)
	if err == nil && a.Text != "" {
		told = s.hand(ctx, f, a, number)
	}
	s.told[a.Claim] = told
	s.sent.WithLabelValues(string(told.State)).Inc()
	s.o.Log.Info("answer to a reporter", "report", f.ID, "answer", a.ID, "state", told.State, "why", told.Why)
	return s.settle(ctx, f, a, told)
}

// hand gives the answer to the gateway.
func (s *Sender) hand(ctx context.Context, f counterpoint.Followup, a counterpoint.Reply, number string) counterpoint.Sending {
	t := s.o.Gateways[f.Source].Send(ctx, Text{ID: a.ID, Number: number, Words: a.Text})
	told := counterpoint.Sending{Answer: a.ID, State: t.State, Why: t.Why}
	if t.Cause != "" {
		s.o.Log.Warn("a gateway did not take an answer", "source", f.Source, "answer", a.ID, "cause", t.Cause)
	}
	if t.Ref != "" {
		if err := s.o.Numbers.KeepSending(ctx, f.Source, t.Ref, f.ID, a.ID, s.o.Now().Add(receiptTime)); err != nil {
			s.o.Log.Error("receipts of an answer will not be understood", "report", f.ID, "answer", a.ID, "error", err)
		}
	}
	if told.State != counterpoint.AnswerReady {
		return told
	}
	if a.Tries >= counterpoint.MaxTries {
		return failed(a, counterpoint.WhyLater)
	}
	after := s.o.Now().Add(max(t.After, time.Minute<<a.Tries)).UTC()
	told.After = &after
	return told
}

// receiptTime is how long after sending a receipt is understood.
const receiptTime = 14 * 24 * time.Hour

// settle records what became of an answer. What cannot be recorded now is kept for the next round.
func (s *Sender) settle(ctx context.Context, f counterpoint.Followup, a counterpoint.Reply, told counterpoint.Sending) error {
	if err := Settle(ctx, s.o.Views, s.o.Decider, f.ID, told, s.o.Now); err != nil {
		return err
	}
	delete(s.told, a.Claim)
	return nil
}

// settleTries is how often a record is built again because something else happened to the report.
const settleTries = 5

// Settle records what became of an answer, by a sender or a receipt. What is known already is no error.
func Settle(ctx context.Context, views counterpoint.Views, d Decider, report string, told counterpoint.Sending, now func() time.Time) error {
	for range settleTries {
		f, err := counterpoint.Load[counterpoint.Followup](ctx, views, report)
		if err != nil {
			return err
		}
		e, err := f.Settle(By, now(), told)
		if errors.Is(err, counterpoint.ErrConflict) {
			return nil
		}
		if err != nil {
			return err
		}
		out, err := d.Decide(ctx, e)
		if err != nil || out.Refused == "" {
			return err
		}
	}
	return fmt.Errorf("report %s changes all the time: %w", report, counterpoint.ErrConflict)
}
