package counterpoint_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterpoint"
)

var t0 = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// heard is a plain passage of level 3 at t0, known to the second.
func heard(item string, change ...func(*counterpoint.Sighting)) counterpoint.Sighting {
	at := t0
	s := counterpoint.Sighting{
		Item: item, Source: "radio", Owner: "owner of " + item, Revision: "r1", From: 4, To: 5, Heard: &at, Precision: counterpoint.Second,
		Seen: t0.Add(time.Hour), Flagged: t0.Add(2 * time.Hour), Text: "drive the Oshun out", Lang: "eng", Level: 3, Stance: counterpoint.Assert,
		Basis: counterpoint.ByCues, Quality: counterpoint.Good, Imminence: 2, Reach: 10_000,
		Scores: map[counterpoint.Label]float64{counterpoint.Incitement: 0.9}, Findings: []counterpoint.Finding{{Label: counterpoint.Incitement, End: 5}},
		Versions: map[string]string{"cues": "1"},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

func raised(ss ...counterpoint.Sighting) *counterpoint.Flag {
	f := &counterpoint.Flag{ID: "flag_1"}
	for _, s := range ss {
		sight(f, s)
	}
	return f
}

// do applies what a guard made, or fails.
func do(t *testing.T, a counterpoint.Aggregate, e counterpoint.Event, err error) counterpoint.Event {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if out := counterpoint.Apply(e, a, nil); !out.Applied {
		t.Fatalf("%s refused: %s", e.Type, out.Refused)
	}
	return e
}

func confirmed(t *testing.T, f *counterpoint.Flag, at time.Time) {
	t.Helper()
	e, err := f.Confirm("amina", at, metAll, "", "")
	do(t, f, e, err)
}

func TestOrderOfArrivalLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		perItem := make([][]machineStep, 3)
		for i, item := range []string{"item_1", "item_2", "item_3"} {
			for range rapid.IntRange(0, 4).Draw(t, "steps of "+item) {
				s := sightingOf(t, item)
				step := machineStep{item: item, sight: &s, lo: s.From, hi: s.To}
				if rapid.IntRange(0, 2).Draw(t, "unsight") == 0 {
					step.sight = nil
				}
				perItem[i] = append(perItem[i], step)
			}
		}
		inOrder, shuffled := &counterpoint.Flag{ID: "f"}, &counterpoint.Flag{ID: "f"}
		var queue []int
		for i, steps := range perItem {
			for _, s := range steps {
				s.do(inOrder)
				queue = append(queue, i)
			}
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		r.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
		for _, i := range queue {
			perItem[i][0].do(shuffled)
			perItem[i] = perItem[i][1:]
		}
		inOrder.Version, shuffled.Version = 1, 1 // a lapse of what was never raised raises nothing
		if d := same(inOrder, shuffled); d != "" {
			t.Fatalf("order %v left a trace:\n%s", queue, d)
		}
	})
}

func TestPriority(t *testing.T) {
	f := func(what string, want counterpoint.Factors, ss ...counterpoint.Sighting) {
		t.Helper()
		got := raised(ss...)
		if got.Factors != want || got.Priority != want.Product() {
			t.Errorf("%s: %+v, priority %v; want %+v", what, got.Factors, got.Priority, want)
		}
	}
	f("one", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 4, Corroboration: 1, Quality: 1}, heard("a"))
	f("unknown reach is 2", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 2, Corroboration: 1, Quality: 1}, heard("a", func(s *counterpoint.Sighting) { s.Reach = 0 }))
	f("reach ends at 1", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 1, Corroboration: 1, Quality: 1}, heard("a", func(s *counterpoint.Sighting) { s.Reach = 3 }))
	f("and at 5", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 5, Corroboration: 1, Quality: 1}, heard("a", func(s *counterpoint.Sighting) { s.Reach = 90_000_000 }))
	f("a thousand is 3", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 3, Corroboration: 1, Quality: 1}, heard("a", func(s *counterpoint.Sighting) { s.Reach = 1000 }))
	f("weak", counterpoint.Factors{Weight: 3, Imminence: 1, Reach: 4, Corroboration: 1, Quality: 0.5},
		heard("a", func(s *counterpoint.Sighting) { s.Level, s.Imminence, s.Quality = 2, 1, counterpoint.Weak }))
	f("one owner is one voice", counterpoint.Factors{Weight: 8, Imminence: 2, Reach: 4, Corroboration: 1, Quality: 1},
		heard("a", func(s *counterpoint.Sighting) { s.Owner = "x" }), heard("b", func(s *counterpoint.Sighting) { s.Owner = "x" }))
	f("four owners are three voices", counterpoint.Factors{Weight: 8, Imminence: 3, Reach: 4, Corroboration: 3, Quality: 1},
		heard("a"), heard("b"), heard("c", func(s *counterpoint.Sighting) { s.Imminence = 3 }), heard("d"))
}

func TestPriorityAfterConfirmation(t *testing.T) {
	f := raised(heard("a"))
	e, err := f.Confirm("amina", t0, metAll, counterpoint.Bottom, "only two people heard it")
	do(t, f, e, err)
	if f.Factors.Weight != 1 || f.Level != 3 {
		t.Errorf("weight %v, level %d; want the person's 1 beside the machine's 3", f.Factors.Weight, f.Level)
	}
}

func TestDeadline(t *testing.T) {
	f := func(priority float64, first bool, want time.Duration) {
		t.Helper()
		g := counterpoint.Flag{Flagged: t0, Priority: priority}
		if first {
			g.Level, g.Factors = 3, counterpoint.Factors{Imminence: 3, Quality: 0.5}
		}
		if got := g.Deadline().Sub(t0); got != want {
			t.Errorf("priority %v, first %v: %v, want %v", priority, first, got, want)
		}
	}
	f(48, false, 30*time.Minute)
	f(47.9, false, 4*time.Hour)
	f(12, false, 4*time.Hour)
	f(11.9, false, 24*time.Hour)
	f(3, false, 24*time.Hour)
	f(2.9, false, 72*time.Hour)
	f(0, false, 72*time.Hour)
	f(0.5, true, 30*time.Minute)
}

func TestFirstGoesBeforeAllOthers(t *testing.T) {
	first := raised(heard("a", func(s *counterpoint.Sighting) { s.Imminence, s.Quality, s.Reach = 3, counterpoint.Weak, 1 }))
	loud := raised(heard("a", func(s *counterpoint.Sighting) { s.Reach = 1e9 }), heard("b"), heard("c"))
	poor := raised(heard("a", func(s *counterpoint.Sighting) { s.Imminence, s.Quality = 3, counterpoint.Unusable }))
	if !(first.Rank() > loud.Rank() && loud.Rank() > poor.Rank()) || poor.First() {
		t.Errorf("ranks %v, %v, %v; want first, loud, poor", first.Rank(), loud.Rank(), poor.Rank())
	}
}

func TestLapse(t *testing.T) {
	open := raised(heard("a"))
	unsight(open, "a", 0, 9)
	if open.State != counterpoint.Lapsed || open.Text == "" || len(open.Past) != 1 {
		t.Errorf("an undecided flag no longer raised is %s with text %q", open.State, open.Text)
	}
	sight(open, heard("a", func(s *counterpoint.Sighting) {
		s.Flagged = t0.Add(9 * time.Hour)
		s.Versions = map[string]string{"cues": "2"}
	}))
	if open.State != counterpoint.Open || !open.Flagged.Equal(t0.Add(2*time.Hour)) || len(open.History) != 2 {
		t.Errorf("raised again: %s, flagged %v, %d scores; want open since the first time, with both scores", open.State, open.Flagged, len(open.History))
	}
	decided := raised(heard("a"))
	confirmed(t, decided, t0)
	unsight(decided, "a", 0, 9)
	if decided.State != counterpoint.Confirmed || decided.Text != "drive the Oshun out" {
		t.Errorf("a decided flag no longer raised is %s with text %q", decided.State, decided.Text)
	}
}

func TestRescoringNeverTouchesADecision(t *testing.T) {
	f := raised(heard("a"))
	confirmed(t, f, t0)
	before := clone(t, f).(*counterpoint.Flag)
	sight(f, heard("a", func(s *counterpoint.Sighting) {
		s.To, s.Text, s.Level, s.Versions = 7, "drive the Oshun out\ntoday", 1, map[string]string{"cues": "2"}
	}))
	if f.State != before.State || f.Text != before.Text || f.Version != before.Version || same(&counterpoint.Flag{Reviews: f.Reviews}, &counterpoint.Flag{Reviews: before.Reviews}) != "" {
		t.Errorf("rescoring made %+v of %+v", f, before)
	}
	if len(f.History) != 2 {
		t.Errorf("%d scores, want the new one kept beside the old", len(f.History))
	}
}

func TestRevisionReopens(t *testing.T) {
	revised := func(text string) counterpoint.Sighting {
		return heard("a", func(s *counterpoint.Sighting) { s.Revision, s.Text, s.From, s.To = "r2", text, 6, 7 })
	}
	f := raised(heard("a"))
	confirmed(t, f, t0)
	sight(f, revised("Drive the OSHUN out!"))
	if f.State != counterpoint.Confirmed {
		t.Errorf("the same words in a new revision made it %s", f.State)
	}
	sight(f, revised("drive the Marrin out"))
	if f.State != counterpoint.Open || !f.Revised() || f.Text != "drive the Marrin out" || f.Factors.Weight != 8 {
		t.Errorf("new words made it %s (revised %v), text %q, weight %v", f.State, f.Revised(), f.Text, f.Factors.Weight)
	}
	if _, err := f.Reopen("amina", t0, ""); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("there is no decision to take back: %v", err)
	}
	confirmed(t, f, t0.Add(time.Hour))
	if f.State != counterpoint.Confirmed || !f.ConfirmedAt.Equal(t0) {
		t.Errorf("confirmed again: %s at %v, want the first time kept", f.State, f.ConfirmedAt)
	}
	e, err := f.Reopen("amina", t0.Add(2*time.Hour), "heard it again")
	do(t, f, e, err)
	if f.State != counterpoint.Open || f.ConfirmedAt != nil {
		t.Errorf("taken back: %s, confirmed at %v", f.State, f.ConfirmedAt)
	}
}

func TestByHandStaysBesideTheMachine(t *testing.T) {
	s := heard("a", func(s *counterpoint.Sighting) { s.Text = "the Velari are a plague" })
	e, err := counterpoint.RaiseByHand("amina", t0.Add(time.Minute), s, 3, "said with a drum roll")
	f := &counterpoint.Flag{ID: e.On.ID}
	do(t, f, e, err)
	if f.State != counterpoint.Open || f.Level != 3 || f.Basis != counterpoint.ByHand || len(f.Notes) != 1 {
		t.Fatalf("raised by hand: %+v", f)
	}
	sight(f, heard("a", func(s *counterpoint.Sighting) { s.Level, s.Text = 1, "the Velari are a plague" }))
	if f.Level != 3 || !f.Flagged.Equal(t0.Add(time.Minute)) {
		t.Errorf("the machine's word made it level %d, flagged %v; the person said 3 first", f.Level, f.Flagged)
	}
	unsight(f, "a", 0, 9)
	if f.State != counterpoint.Open {
		t.Errorf("a passage that a person flagged lapsed")
	}
}

func TestLease(t *testing.T) {
	f := raised(heard("a"))
	e, err := f.TakeLease("amina", t0)
	do(t, f, e, err)
	if _, err := f.Reject("bosco", t0.Add(29*time.Minute), "weather"); !errors.Is(err, counterpoint.ErrConflict) {
		t.Errorf("somebody else decided under a lease: %v", err)
	}
	if _, err := f.Reject("bosco", t0.Add(counterpoint.LeaseTime), "weather"); err != nil {
		t.Errorf("a lease outlived its time: %v", err)
	}
	if e, err := f.AddNote("bosco", t0, "I know the speaker's dialect", ""); err != nil || e.Judged != nil {
		t.Errorf("a note needs no lease and judges nothing: %v", err)
	}
	e, err = f.Reject("amina", t0.Add(time.Minute), "weather")
	do(t, f, e, err)
	if f.Lease != nil {
		t.Errorf("the lease outlived the decision")
	}
}

func TestDecidedAfterTheItemIsGone(t *testing.T) {
	live := raised(heard("a"))
	lease, err := live.TakeLease("amina", t0)
	do(t, live, lease, err)
	e, err := live.Reject("amina", t0, "weather")
	do(t, live, e, err)
	back := &counterpoint.Flag{ID: live.ID, Version: 1} // as made from an event when the item has expired
	if out := counterpoint.Apply(lease, back, nil); !out.Applied || out.State != string(counterpoint.Lapsed) {
		t.Errorf("a lease on a flag without words: %+v", out)
	}
	clone(t, back)
	if out := counterpoint.Apply(e, back, nil); !out.Applied || back.State != counterpoint.Rejected || back.Text != live.Text {
		t.Errorf("the decision came back as %+v with text %q", out, back.Text)
	}
}

func TestFlagGuards(t *testing.T) {
	f := func(what string, kind error, act func(*counterpoint.Flag) (counterpoint.Event, error)) {
		t.Helper()
		if _, err := act(raised(heard("a"))); !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", what, err, kind)
		}
	}
	bad := counterpoint.ErrInvalid
	f("confirm without the test", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) {
		return f.Confirm("amina", t0, counterpoint.Rabat{}, "", "")
	})
	f("another level without a reason", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) {
		return f.Confirm("amina", t0, metAll, counterpoint.Bottom, " ")
	})
	f("no such level", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) {
		return f.Confirm("amina", t0, metAll, "high", "x")
	})
	f("reject without a reason", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.Reject("amina", t0, "\t") })
	f("context by yesterday", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) {
		yesterday := t0.Add(-24 * time.Hour)
		return f.AskContext("amina", t0, "the imam", &yesterday, "")
	})
	f("context from nobody", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.AskContext("amina", t0, "", nil, "") })
	f("duplicate of itself", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.MarkDuplicate("amina", t0, f.ID) })
	f("note in no language", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.AddNote("amina", t0, "x", "klingon") })
	f("reopen what is open", counterpoint.ErrConflict, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.Reopen("amina", t0, "") })
	f("link to nothing", bad, func(f *counterpoint.Flag) (counterpoint.Event, error) { return f.Link("amina", t0, "") })
	f("decide twice", counterpoint.ErrConflict, func(f *counterpoint.Flag) (counterpoint.Event, error) {
		confirmed(t, f, t0)
		return f.Reject("bosco", t0, "no")
	})
}

func TestStaleDecisionIsRefusedAndChangesNothing(t *testing.T) {
	f := raised(heard("a"))
	first, err1 := f.Reject("amina", t0, "weather")
	second, err2 := f.Confirm("bosco", t0, metAll, "", "")
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	do(t, f, first, nil)
	before := clone(t, f)
	out := counterpoint.Apply(second, f, nil)
	if out.Applied || !strings.Contains(out.Refused, "stale") || same(before, f) != "" {
		t.Errorf("a decision on version 1 of a flag at 2: %+v", out)
	}
}
