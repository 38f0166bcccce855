package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond/sms"
)

var now = time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)

var report = counterpoint.ItemView{ID: "item_1", Source: "sms", Kind: counterpoint.Report, Lang: "eng"}

// book is the record of one report in memory: it applies events as the index does, one after the other.
type book struct {
	counterpoint.Views // not asked
	t                  *testing.T

	mu      sync.Mutex
	f       counterpoint.Followup
	seen    map[string]counterpoint.Outcome
	pending bool  // what is decided is told later
	away    error // of Decide
	number  string
	until   time.Time
	refs    map[string]string
}

func newBook(t *testing.T) *book {
	b := &book{t: t, f: counterpoint.Followup{ID: report.ID}, seen: map[string]counterpoint.Outcome{}, number: "+23670123456", until: now.AddDate(0, 0, 30), refs: map[string]string{}}
	b.write()
	return b
}

func (b *book) write() {
	b.t.Helper()
	e, err := b.f.Write("amina", now, report, counterpoint.AnswerDraft{Template: "received", Lang: "eng", Text: "Thank you."})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.Decide(context.Background(), e); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) Decide(_ context.Context, e counterpoint.Event) (counterpoint.Outcome, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil {
		return counterpoint.Outcome{}, b.away
	}
	if out, ok := b.seen[e.ID]; ok {
		return out, nil
	}
	out := counterpoint.Apply(e, &b.f, nil)
	b.seen[e.ID] = out
	if b.pending {
		return counterpoint.Outcome{Event: e}, nil
	}
	return out, nil
}

func (b *book) Get(_ context.Context, _ counterpoint.Kind, id string, into any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != b.f.ID {
		return counterpoint.ErrNotFound
	}
	raw, err := json.Marshal(b.f)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (b *book) List(_ context.Context, _ counterpoint.Kind, q counterpoint.Query, each func([]byte) error) (string, error) {
	b.mu.Lock()
	raw, err := json.Marshal(b.f)
	asked := slices.Contains(q.State, b.f.State)
	b.mu.Unlock()
	if err != nil || !asked {
		return "", err
	}
	return "", each(raw)
}

func (b *book) ReplyTo(_ context.Context, _ string, at time.Time) (string, error) {
	if b.number == "" || !at.Before(b.until) {
		return "", counterpoint.ErrNotFound
	}
	return b.number, nil
}

func (b *book) KeepSending(_ context.Context, source, ref, item, answer string, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refs[source+" "+ref] = item + " " + answer
	return nil
}

func (b *book) Expire(context.Context, time.Time) (int, error) { return 0, nil }

func (b *book) is(want counterpoint.AnswerState, why string) {
	b.t.Helper()
	if a := b.f.Answers[len(b.f.Answers)-1]; a.State != want || a.Why != why {
		b.t.Errorf("the answer is %s (%s), want %s (%s)", a.State, a.Why, want, why)
	}
}

// network is a gateway that remembers what it was handed.
type network struct {
	mu     sync.Mutex
	texts  []sms.Text
	answer sms.Taken
}

func (n *network) Send(_ context.Context, t sms.Text) sms.Taken {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.texts = append(n.texts, t)
	return n.answer
}

func (n *network) took(t *testing.T, want int) {
	t.Helper()
	if len(n.texts) != want {
		t.Errorf("the gateway was handed %d messages, want %d: %+v", len(n.texts), want, n.texts)
	}
}

func sender(b *book, n sms.Gateway, clock *time.Time) *sms.Sender {
	return sms.New(sms.Options{Views: b, Decider: b, Numbers: b, Gateways: map[string]sms.Gateway{"sms": n}, Now: func() time.Time { return *clock }})
}

func round(t *testing.T, s *sms.Sender) {
	t.Helper()
	if err := s.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestSent(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{Ref: "x7", State: counterpoint.AnswerSent}}, now
	s := sender(b, n, &clock)
	for range 3 {
		round(t, s)
	}
	n.took(t, 1)
	b.is(counterpoint.AnswerSent, "")
	if got := n.texts[0]; got.Number != b.number || got.Words != "Thank you." || got.ID != b.f.Answers[0].ID {
		t.Errorf("handed over %+v", got)
	}
	if b.refs["sms x7"] != report.ID+" "+b.f.Answers[0].ID {
		t.Errorf("the gateway's id stands for %q", b.refs["sms x7"])
	}
}

// TestTwoSendersSendOnce lets many senders, as of many processes, race for each of many answers.
func TestTwoSendersSendOnce(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{State: counterpoint.AnswerQueued}}, now
	for range 14 {
		b.write()
	}
	var wg sync.WaitGroup
	for range 8 {
		s := sender(b, n, &clock)
		wg.Go(func() {
			for range 30 {
				_ = s.Round(t.Context()) // a loser may give up; another round takes what is left
			}
		})
	}
	wg.Wait()
	n.took(t, 15)
	ids := map[string]bool{}
	for _, text := range n.texts {
		if ids[text.ID] {
			t.Errorf("answer %s went out twice", text.ID)
		}
		ids[text.ID] = true
	}
}

// TestPendingClaim holds that a claim whose outcome comes late is sent after all, and once.
func TestPendingClaim(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{State: counterpoint.AnswerSent}}, now
	s := sender(b, n, &clock)
	b.pending = true
	round(t, s)
	n.took(t, 0)
	b.pending = false
	round(t, s)
	n.took(t, 1)
	round(t, s)
	n.took(t, 1)
	b.is(counterpoint.AnswerSent, "")
}

// TestCutOff holds that an answer whose sender ended in the middle is not sent again, and that people are told.
func TestCutOff(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{State: counterpoint.AnswerSent}}, now
	e, err := b.f.Claim(sms.By, now, b.f.Answers[0].ID) // by a process that was killed then
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Decide(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	s := sender(b, n, &clock)
	round(t, s)
	b.is(counterpoint.AnswerSending, "")
	clock = now.Add(counterpoint.ClaimTime + time.Second)
	round(t, s)
	b.is(counterpoint.AnswerUnclear, counterpoint.WhyCutOff)
	n.took(t, 0)
	if err := sms.Settle(t.Context(), b, b, report.ID, counterpoint.Sending{Answer: b.f.Answers[0].ID, State: counterpoint.AnswerDelivered}, func() time.Time { return clock }); err != nil {
		t.Fatal(err)
	}
	b.is(counterpoint.AnswerDelivered, "") // it had gone out
}

// TestOutcomeIsNotLost lets the log be away between sending and recording.
func TestOutcomeIsNotLost(t *testing.T) {
	b, clock := newBook(t), now
	n := &network{answer: sms.Taken{State: counterpoint.AnswerSent}}
	s := sender(b, breaking{n, b}, &clock)
	if err := s.Round(t.Context()); err == nil {
		t.Fatal("Round = nil while the log is away, want an error")
	}
	b.is(counterpoint.AnswerSending, "")
	b.away = nil
	round(t, s)
	n.took(t, 1)
	b.is(counterpoint.AnswerSent, "")
}

type breaking struct {
	*network
	b *book
}

func (g breaking) Send(ctx context.Context, t sms.Text) sms.Taken {
	g.b.away = counterpoint.ErrAway
	return g.network.Send(ctx, t)
}

func TestNumberIsGone(t *testing.T) {
	b, n, clock := newBook(t), &network{}, now.AddDate(0, 0, 30)
	round(t, sender(b, n, &clock))
	n.took(t, 0)
	b.is(counterpoint.AnswerFailed, counterpoint.WhyNoNumber)
}

// TestLater tries again as the gateway asks, ever more seldom, and gives up.
func TestLater(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{State: counterpoint.AnswerReady, Why: counterpoint.WhyLater}}, now
	s := sender(b, n, &clock)
	round(t, s)
	n.took(t, 1)
	round(t, s)
	n.took(t, 1)
	b.is(counterpoint.AnswerReady, counterpoint.WhyLater)
	for range counterpoint.MaxTries + 3 {
		clock = clock.Add(24 * time.Hour)
		round(t, s)
	}
	n.took(t, counterpoint.MaxTries)
	b.is(counterpoint.AnswerFailed, counterpoint.WhyLater)
}

// TestAnotherProcessHasTheGateway leaves an answer alone that this one cannot send.
func TestAnotherProcessHasTheGateway(t *testing.T) {
	b, clock := newBook(t), now
	s := sms.New(sms.Options{Views: b, Decider: b, Numbers: b, Now: func() time.Time { return clock }})
	round(t, s)
	b.is(counterpoint.AnswerReady, "")
}

// TestReceiptTwice holds that a replayed receipt makes no event.
func TestReceiptTwice(t *testing.T) {
	b, n, clock := newBook(t), &network{answer: sms.Taken{State: counterpoint.AnswerSent}}, now
	round(t, sender(b, n, &clock))
	told := counterpoint.Sending{Answer: b.f.Answers[0].ID, State: counterpoint.AnswerDelivered}
	for range 3 {
		if err := sms.Settle(t.Context(), b, b, report.ID, told, func() time.Time { return clock }); err != nil {
			t.Fatal(err)
		}
	}
	if b.f.Version != 4 { // written, claimed, sent, delivered
		t.Errorf("version %d, want 4", b.f.Version)
	}
	if err := sms.Settle(t.Context(), b, b, "item_2", told, time.Now); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("Settle of a report that is not there = %v, want not found", err)
	}
}
