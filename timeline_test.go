package counterpoint_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
)

// clock is a narrative's record, with times in minutes after t0.
type clock struct {
	flags    []counterpoint.Flag
	messages []counterpoint.Message
	airings  []counterpoint.Airing
	grades   []counterpoint.Grade
}

func minutes(m int) *time.Time {
	at := t0.Add(time.Duration(m) * time.Minute)
	return &at
}

// sighted is an open flag of narrative n, heard, seen and flagged at these minutes; -1 is unknown.
func sighted(item string, heardAt, seen, flagged int) counterpoint.Flag {
	f := raised(heard(item, func(s *counterpoint.Sighting) {
		s.Heard, s.Seen, s.Flagged = minutes(heardAt), *minutes(seen), *minutes(flagged)
		if heardAt == -1 {
			s.Heard, s.Precision = nil, counterpoint.Unknown
		}
	}))
	f.Narrative = "n"
	return *f
}

func proven(ps ...counterpoint.Proof) counterpoint.Airing {
	return counterpoint.Airing{ID: "air", Narrative: "n", State: counterpoint.Aired, Proofs: ps}
}

func proof(g counterpoint.Grade, at int) counterpoint.Proof {
	return counterpoint.Proof{Grade: g, Aired: *minutes(at)}
}

// show is the clock in one line: minutes after t0, a dash for unknown.
func show(c counterpoint.TimeToCounter) string {
	at := func(t *time.Time) string {
		if t == nil {
			return "-"
		}
		return fmt.Sprint(int(t.Sub(t0).Minutes()))
	}
	seconds := "-"
	if c.Seconds != nil {
		seconds = fmt.Sprint(*c.Seconds)
	}
	state := "done"
	if c.Open {
		state = "open"
	}
	return fmt.Sprintf("heard %s seen %s flagged %s confirmed %s approved %s proven %s%s · %ss ±%s %s", at(c.Published), at(c.Seen), at(c.Flagged),
		at(c.Confirmed), at(c.Approved), c.Grade, at(c.Proven), seconds, c.Precision, state)
}

func TestClock(t *testing.T) {
	f := func(what string, c clock, want string) {
		t.Helper()
		got := show(counterpoint.Clock(counterpoint.Narrative{ID: "n"}, c.flags, c.messages, c.airings, c.grades))
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	one := []counterpoint.Flag{sighted("a", 0, 10, 20)}
	f("nothing known", clock{}, "heard - seen - flagged - confirmed - approved - proven - · -s ±unknown open")
	f("not answered", clock{flags: one}, "heard 0 seen 10 flagged 20 confirmed - approved - proven - · -s ±second open")
	f("answered", clock{flags: one, airings: []counterpoint.Airing{proven(proof("B", 90))}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven B90 · 5400s ±second done")
	f("time of broadcast unknown: counted from the door", clock{flags: []counterpoint.Flag{sighted("a", -1, 10, 20)}, airings: []counterpoint.Airing{proven(proof("D", 70))}},
		"heard - seen 10 flagged 20 confirmed - approved - proven D70 · 3600s ±second done")
	f("a wrong recorder clock: counted from the earliest known", clock{flags: []counterpoint.Flag{sighted("a", 500, 10, 20)}, airings: []counterpoint.Airing{proven(proof("A", 70))}},
		"heard 500 seen 10 flagged 20 confirmed - approved - proven A70 · 3600s ±second done")
	f("aired before anything was heard", clock{flags: one, airings: []counterpoint.Airing{proven(proof("A", -30))}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven A-30 · -1800s ±second done")
	f("and aired again afterwards", clock{flags: one, airings: []counterpoint.Airing{proven(proof("A", -30)), proven(proof("C", 60))}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven C60 · 3600s ±second done")
	f("the first proof counts, whatever its grade", clock{flags: one, airings: []counterpoint.Airing{proven(proof("D", 30), proof("A", 60))}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven D30 · 1800s ±second done")
	f("of two at once the better", clock{flags: one, airings: []counterpoint.Airing{proven(proof("D", 30), proof("B", 30))}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven B30 · 1800s ±second done")
	f("grades narrow", clock{flags: one, airings: []counterpoint.Airing{proven(proof("D", 30), proof("A", 60))}, grades: []counterpoint.Grade{"A", "B", "C"}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven A60 · 3600s ±second done")
	f("to nothing", clock{flags: one, airings: []counterpoint.Airing{proven(proof("D", 30))}, grades: []counterpoint.Grade{"A"}},
		"heard 0 seen 10 flagged 20 confirmed - approved - proven - · -s ±second open")
	f("an older item found later moves the start", clock{flags: append([]counterpoint.Flag{sighted("b", -60, 200, 201)}, one...), airings: []counterpoint.Airing{proven(proof("B", 60))}},
		"heard -60 seen 10 flagged 20 confirmed - approved - proven B60 · 7200s ±second done")
	f("others' flags, messages and airings", clock{
		flags:    []counterpoint.Flag{*raised(heard("x"))},
		messages: []counterpoint.Message{{Narrative: "m", ApprovedAt: minutes(1)}},
		airings:  []counterpoint.Airing{{Narrative: "m", Proofs: []counterpoint.Proof{proof("A", 5)}}},
	}, "heard - seen - flagged - confirmed - approved - proven - · -s ±unknown open")
}

func TestClockOfDecisions(t *testing.T) {
	f := func(what string, change func(*counterpoint.Flag), want string) {
		t.Helper()
		flag := sighted("a", 0, 10, 20)
		change(&flag)
		flags := []counterpoint.Flag{flag, sighted("b", 30, 31, 32)}
		got := show(counterpoint.Clock(counterpoint.Narrative{ID: "n"}, flags, []counterpoint.Message{{Narrative: "n", ApprovedAt: minutes(45)}}, nil, nil))
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	f("confirmed", func(f *counterpoint.Flag) { confirmed(t, f, *minutes(40)) },
		"heard 0 seen 10 flagged 20 confirmed 40 approved 45 proven - · -s ±second open")
	f("rejected flags are nothing to answer", func(f *counterpoint.Flag) {
		e, err := f.Reject("amina", *minutes(40), "weather")
		do(t, f, e, err)
	}, "heard 30 seen 31 flagged 32 confirmed - approved 45 proven - · -s ±second open")
	f("confirmed, and no longer raised by a new model", func(f *counterpoint.Flag) {
		confirmed(t, f, *minutes(40))
		sight(f, heard("c", func(s *counterpoint.Sighting) {
			s.Heard, s.Seen, s.Flagged = minutes(300), *minutes(301), *minutes(302)
		}))
		unsight(f, "a", 0, 9)
	}, "heard 0 seen 10 flagged 20 confirmed 40 approved 45 proven - · -s ±second open")
}

func TestClockOfWhatAiredBefore(t *testing.T) {
	f := func(what string, want string, proofs ...counterpoint.Proof) {
		t.Helper()
		c := counterpoint.Clock(counterpoint.Narrative{ID: "n"}, []counterpoint.Flag{sighted("a", 0, 10, 20)}, nil, []counterpoint.Airing{proven(proofs...)}, nil)
		got := "open"
		if !c.Open {
			got = fmt.Sprintf("%d %s", *c.Seconds, c.Grade)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	f("nothing aired", "open")
	f("on air a minute before it was first heard", "-60 D", proof("D", -1))
	f("the earliest of those before", "-300 A", proof("D", -1), proof("A", -5))
	f("an answer wins over what aired before", "1200 C", proof("A", -5), proof("C", 20))
	f("in whichever order they came", "1200 C", proof("C", 20), proof("A", -5))
	f("at the very moment", "0 B", proof("B", 0), proof("A", 3))
}

func TestClockAsJSON(t *testing.T) {
	f := func(c counterpoint.TimeToCounter, want string) {
		t.Helper()
		b, err := json.Marshal(c)
		if err != nil || !strings.Contains(string(b), want) || strings.Count(string(b), `"grade"`) != 1 {
			t.Errorf("%s, %v: want one grade, %s", b, err, want)
		}
	}
	f(counterpoint.TimeToCounter{Narrative: "n", Open: true}, `"grade":null`)
	f(counterpoint.TimeToCounter{Narrative: "n", Grade: "B"}, `"grade":"B"`)
}
