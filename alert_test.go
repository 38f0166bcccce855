package counterpoint_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"counterpoint"
)

var alarm = time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC)

// graveFlag is a flag of level 3 that nobody decided.
func graveFlag() *counterpoint.Flag {
	f := &counterpoint.Flag{ID: "flag_1"}
	f.Hear("item_1", []counterpoint.Sighting{{
		Item: "item_1", Source: "radio-a", Lang: "hau", Level: 3, Imminence: 3, Quality: counterpoint.Good, Seen: alarm, Flagged: alarm, Text: "x",
	}}, nil, nil)
	return f
}

// siren drives one alert.
type siren struct {
	t    *testing.T
	flag *counterpoint.Flag
	*counterpoint.Alert
}

func newSiren(t *testing.T, plan counterpoint.AlertPlan) *siren {
	f := graveFlag()
	s := &siren{t, f, &counterpoint.Alert{ID: counterpoint.AlertID(f.ID)}}
	s.must(s.Raise("respond", alarm, f, plan))
	return s
}

func (s *siren) must(e counterpoint.Event, err error) counterpoint.Event {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	if out := counterpoint.Apply(e, s.Alert, nil); !out.Applied {
		s.t.Fatalf("%s: %s", e.Type, out.Refused)
	}
	return e
}

// send claims and records after so long.
func (s *siren) send(after time.Duration, channel string, outcome counterpoint.SendOutcome) {
	s.t.Helper()
	e := s.must(s.Claim("respond", alarm.Add(after), channel, channel != "duty"))
	if outcome != "" {
		s.must(s.Record("respond", alarm.Add(after), e.ID, outcome, "HTTP 500"))
	}
}

// next is when the channel's turn comes, after the raising, and in which round.
func (s *siren) next(channel string) string {
	turn, ok := s.Next(channel, channel != "duty")
	if !ok {
		return "never"
	}
	return fmt.Sprintf("%d %v", turn.Round, turn.At.Sub(alarm))
}

func (s *siren) want(hook, duty string) {
	s.t.Helper()
	if h, d := s.next("hook"), s.next("duty"); h != hook || d != duty {
		s.t.Errorf("next: hook %q, duty %q; want %q, %q", h, d, hook, duty)
	}
}

// TestAlertTurns follows an alert through its rounds.
func TestAlertTurns(t *testing.T) {
	s := newSiren(t, counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 2})
	s.want("0 0s", "1 10m0s")
	if _, err := s.Claim("respond", alarm, "duty", false); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("a claim before its time: %v", err)
	}
	s.send(0, "hook", counterpoint.SendFailed)
	s.want("0 5s", "1 10m0s")
	s.send(5*time.Second, "hook", counterpoint.SendFailed)
	s.want("0 20s", "1 10m0s")
	s.send(20*time.Second, "hook", "")
	s.want("0 1m20s", "1 10m0s") // its outcome is not known: a minute later it is lost
	s.send(80*time.Second, "hook", counterpoint.SendAccepted)
	s.want("1 10m0s", "1 10m0s")
	if !s.Reached() || s.Spent(alarm.Add(time.Hour)) {
		t.Errorf("reached %v, spent %v", s.Reached(), s.Spent(alarm.Add(time.Hour)))
	}
	s.send(11*time.Minute, "hook", counterpoint.SendRefused) // the process was late: the round counts from here
	s.want("2 21m0s", "1 11m0s")
	s.send(11*time.Minute, "duty", counterpoint.SendAccepted)
	s.want("2 21m0s", "2 21m0s")
	s.send(21*time.Minute, "duty", counterpoint.SendAccepted)
	s.want("2 21m0s", "never")
	for _, after := range []time.Duration{21 * time.Minute, 22 * time.Minute, 23 * time.Minute, 24 * time.Minute, 27 * time.Minute} {
		s.send(after, "hook", counterpoint.SendFailed)
	}
	s.want("never", "never")
	if s.Spent(alarm.Add(30*time.Minute)) || !s.Spent(alarm.Add(31*time.Minute)) {
		t.Error("spent is not ten minutes after the last round began")
	}
}

// TestAlertShortRounds: a pause never outlasts its round.
func TestAlertShortRounds(t *testing.T) {
	s := newSiren(t, counterpoint.AlertPlan{RepeatSeconds: 60, Repeats: 1})
	for _, after := range []time.Duration{0, 5, 20} {
		s.send(after*time.Second, "hook", counterpoint.SendFailed)
	}
	s.want("1 1m0s", "1 1m0s")
}

// TestAlertAcknowledged: nothing is due any more, and who comes second is told who was first.
func TestAlertAcknowledged(t *testing.T) {
	s := newSiren(t, counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 2})
	claim := s.must(s.Claim("respond", alarm, "hook", true))
	s.must(s.Acknowledge("acc_1", alarm.Add(time.Second)))
	s.must(s.Record("respond", alarm.Add(2*time.Second), claim.ID, counterpoint.SendAccepted, "")) // it was on its way
	s.want("never", "never")
	if s.State != counterpoint.Acknowledged || s.Acknowledged.By != "acc_1" {
		t.Errorf("alert: %+v", s.Alert)
	}
	var before counterpoint.AcknowledgedError
	if _, err := s.Acknowledge("acc_2", alarm.Add(time.Minute)); !errors.As(err, &before) || before.By != "acc_1" || !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("the second is told %v", err)
	}
	if _, err := s.Close("respond", alarm, counterpoint.CalmRejected); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("an acknowledged alert closes: %v", err)
	}
	if _, err := s.Record("respond", alarm, claim.ID, counterpoint.SendFailed, ""); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("an outcome is written over: %v", err)
	}
	if _, err := s.Raise("respond", alarm, s.flag, s.Plan); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("an acknowledged alert is raised again: %v", err)
	}
}

// TestAlertClosed: a closed alert can be raised again, and begins anew.
func TestAlertClosed(t *testing.T) {
	s := newSiren(t, counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 0})
	s.send(0, "hook", counterpoint.SendAccepted)
	s.must(s.Close("respond", alarm.Add(time.Minute), counterpoint.CalmRejected))
	s.want("never", "never")
	if _, err := s.Acknowledge("acc_1", alarm); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("a closed alert is acknowledged: %v", err)
	}
	s.must(s.Raise("respond", alarm.Add(time.Hour), s.flag, counterpoint.AlertPlan{RepeatSeconds: 60, Repeats: 0}))
	s.want("0 1h0m0s", "never")
	if s.Why != "" || s.ClosedAt != nil || s.Raising != 2 || s.Reached() || !s.CreatedAt.Equal(alarm) {
		t.Errorf("raised again: %+v", s.Alert)
	}
}

// TestAlertOnce: whoever raises it makes the same event, and of two claims one applies.
func TestAlertOnce(t *testing.T) {
	f := graveFlag()
	fresh := &counterpoint.Alert{ID: counterpoint.AlertID(f.ID)}
	plan := counterpoint.AlertPlan{RepeatSeconds: 600}
	one, err1 := fresh.Raise("respond", alarm, f, plan)
	two, err2 := fresh.Raise("respond", alarm.Add(time.Second), f, plan)
	if err1 != nil || err2 != nil || one.ID != two.ID {
		t.Errorf("two processes raise it with %s and %s: %v, %v", one.ID, two.ID, err1, err2)
	}
	s := newSiren(t, plan)
	first, err1 := s.Claim("respond", alarm, "hook", true)
	second, err2 := s.Claim("respond", alarm, "hook", true)
	if err1 != nil || err2 != nil || first.ID == second.ID {
		t.Fatalf("claims %s and %s: %v, %v", first.ID, second.ID, err1, err2)
	}
	if !counterpoint.Apply(first, s.Alert, nil).Applied || counterpoint.Apply(second, s.Alert, nil).Applied {
		t.Error("not exactly one claim was applied")
	}
	if len(s.Attempts) != 1 || s.Attempts[0].Claim != first.ID {
		t.Errorf("attempts %+v, want that of the first claim", s.Attempts)
	}
}

// TestFlagCalm: which flags need an alert.
func TestFlagCalm(t *testing.T) {
	f := func(want counterpoint.Calm, person bool, change func(*counterpoint.Flag)) {
		t.Helper()
		flag := graveFlag()
		change(flag)
		if got := flag.Calm(); got != want || got.ByPerson() != person {
			t.Errorf("Calm of %s, level %d = %q (by a person: %v), want %q (%v)", flag.State, flag.Level, got, got.ByPerson(), want, person)
		}
		_, err := (&counterpoint.Alert{ID: counterpoint.AlertID(flag.ID)}).Raise("respond", alarm, flag, counterpoint.AlertPlan{RepeatSeconds: 600})
		if (err == nil) != (want == "") {
			t.Errorf("Raise for %s, level %d: %v", flag.State, flag.Level, err)
		}
	}
	decide := func(e counterpoint.Event, err error) func(*counterpoint.Flag) {
		if err != nil {
			t.Fatal(err)
		}
		return func(f *counterpoint.Flag) {
			if out := counterpoint.Apply(e, f, nil); !out.Applied {
				t.Fatal(out.Refused)
			}
		}
	}
	g := graveFlag()
	f("", false, func(*counterpoint.Flag) {})
	f("", false, decide(g.AskContext("acc_1", alarm, "somebody", nil, "")))
	f("", false, decide(g.Confirm("acc_1", alarm, metAll, counterpoint.Top, "so")))
	f(counterpoint.CalmGraded, true, decide(g.Confirm("acc_1", alarm, metAll, counterpoint.Intermediate, "so")))
	f(counterpoint.CalmRejected, true, decide(g.Reject("acc_1", alarm, "no")))
	f(counterpoint.CalmDuplicate, true, decide(g.MarkDuplicate("acc_1", alarm, "flag_2")))
	f(counterpoint.CalmLapsed, false, func(f *counterpoint.Flag) { f.Hear("item_1", nil, nil, nil) })
	f(counterpoint.CalmLower, false, func(f *counterpoint.Flag) {
		f.Hear("item_1", []counterpoint.Sighting{{Item: "item_1", Level: 2, Quality: counterpoint.Good}}, nil, nil)
	})
}

func TestAlertPlan(t *testing.T) {
	f := func(p counterpoint.AlertPlan, ok bool) {
		t.Helper()
		if err := p.Check(); (err == nil) != ok {
			t.Errorf("Check of %+v = %v", p, err)
		}
	}
	f(counterpoint.AlertPlan{RepeatSeconds: 60}, true)
	f(counterpoint.AlertPlan{RepeatSeconds: 59}, false)
	f(counterpoint.AlertPlan{RepeatSeconds: 86401}, false)
	f(counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: -1}, false)
	f(counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 101}, false)
}

// TestAlertNamesNobody: no field of an alert holds words or people beside those who acted.
func TestAlertNamesNobody(t *testing.T) {
	s := newSiren(t, counterpoint.AlertPlan{RepeatSeconds: 600})
	s.flag.Title = "a title with words"
	e, err := (&counterpoint.Alert{ID: s.ID}).Raise("respond", alarm, s.flag, s.Plan)
	if err != nil || e.Judged != nil || e.SealedFor != "" {
		t.Errorf("the event carries a passage: %+v, %v", e, err)
	}
	if slices.Contains([]string{s.Flag, s.Item, s.Source, s.Lang}, "") {
		t.Errorf("alert lacks what tells where to look: %+v", s.Alert)
	}
}
