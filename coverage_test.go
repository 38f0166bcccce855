package counterpoint_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

var collecting = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// ordinary is a mission of fourteen stations in three languages, for so many days.
func ordinary(days int) counterpoint.History {
	h := counterpoint.History{Stated: map[string]counterpoint.Stated{}}
	for i := range days {
		d := counterpoint.Collected{
			From: collecting.AddDate(0, 0, i), To: collecting.AddDate(0, 0, i+1), Items: 200,
			Sources: map[string]int{}, Langs: map[string]int{"fra": 900 + i%7*10, "swa": 400 + i%5*8, "lin": 40 + i%3, "und": 60},
		}
		for s := range 14 {
			d.Sources[string(rune('a'+s))] = 100 + (i+s)%9
		}
		h.Days = append(h.Days, d)
	}
	return h
}

// without takes a language out of the days, as when a collector or a model stops knowing it.
func without(h counterpoint.History, lang string, from, to int) counterpoint.History {
	for i := from; i < to; i++ {
		h.Days[i].Langs = maps.Clone(h.Days[i].Langs)
		delete(h.Days[i].Langs, lang)
	}
	return h
}

// What happened to a tracker whose volumes fell because stories in one language were no longer taken in: the
// language was small, and the total hardly moved.
func TestCoverageOfALanguageDroppedForAWeek(t *testing.T) {
	h := without(ordinary(60), "lin", 40, 47)
	for i := 30; i < 60; i++ {
		want := counterpoint.CoverGood
		if i >= 40 && i < 47 {
			want = counterpoint.DoNotCompare
		}
		c := h.Judge(i, i+1)
		if c.Verdict != want {
			t.Errorf("day %d: %s for %+v, want %s", i, c.Verdict, c.Reasons, want)
		}
		if want == counterpoint.DoNotCompare && (c.Reasons[0].What != counterpoint.ShortLang || c.Reasons[0].Name != "lin" || c.Reasons[0].Got != 0 || c.Reasons[0].Of != 41) {
			t.Errorf("day %d: the reason is %+v, want lin, 0 of 41", i, c.Reasons[0])
		}
	}
	if c := h.Judge(30, 58); c.Verdict != counterpoint.DoNotCompare {
		t.Errorf("four weeks with one such week: %s for %+v", c.Verdict, c.Reasons)
	}
	h.Langs = []string{"fra"}
	if c := h.Judge(42, 43); c.Verdict != counterpoint.CoverGood {
		t.Errorf("a count of another language: %s for %+v, want good", c.Verdict, c.Reasons)
	}
}

// Each fault is injected on day 40 and must turn the verdict on that day, and on no day before.
func TestCoverageFaults(t *testing.T) {
	day := func(h counterpoint.History) *counterpoint.Collected { return &h.Days[40] }
	silent := func(h counterpoint.History, names ...string) {
		for _, s := range names {
			delete(day(h).Sources, s)
		}
	}
	f := func(name string, fault func(counterpoint.History), want counterpoint.Verdict, what string) {
		t.Helper()
		h := ordinary(60)
		fault(h)
		if c := h.Judge(39, 40); c.Verdict != counterpoint.CoverGood {
			t.Errorf("%s: the day before is %s for %+v", name, c.Verdict, c.Reasons)
		}
		c := h.Judge(40, 41)
		if c.Verdict != want {
			t.Errorf("%s: %s for %+v, want %s", name, c.Verdict, c.Reasons, want)
		}
		for _, r := range c.Reasons {
			if r.What == what {
				return
			}
		}
		if what != "" {
			t.Errorf("%s: the reasons are %+v, want one of %s", name, c.Reasons, what)
		}
	}
	f("nothing", func(counterpoint.History) {}, counterpoint.CoverGood, "")
	f("a quieter day by a tenth", func(h counterpoint.History) {
		for s := range day(h).Sources {
			day(h).Sources[s] = 93
		}
	}, counterpoint.CoverGood, "")
	f("one feed of fourteen dies", func(h counterpoint.History) { silent(h, "c") }, counterpoint.CoverDegraded, counterpoint.ShortSource)
	f("three of fourteen die", func(h counterpoint.History) { silent(h, "a", "b", "c") }, counterpoint.DoNotCompare, counterpoint.ShortSources)
	f("a feed brings a twentieth", func(h counterpoint.History) { day(h).Sources["d"] = 5 }, counterpoint.CoverDegraded, counterpoint.ShortSource)
	f("the network is down", func(h counterpoint.History) { day(h).Sources, day(h).Langs = nil, nil }, counterpoint.DoNotCompare, counterpoint.ShortTotal)
	f("collection sags to two thirds", func(h counterpoint.History) {
		for s := range day(h).Sources {
			day(h).Sources[s] = 66
		}
	}, counterpoint.CoverDegraded, counterpoint.ShortTotal)
	f("collection sags to a third", func(h counterpoint.History) {
		for s := range day(h).Sources {
			day(h).Sources[s] = 33
		}
	}, counterpoint.DoNotCompare, counterpoint.ShortTotal)
	f("copies double it", func(h counterpoint.History) {
		for s := range day(h).Sources {
			day(h).Sources[s] *= 2
		}
	}, counterpoint.CoverDegraded, counterpoint.ShortTotal)
	f("a language falls to a third", func(h counterpoint.History) { day(h).Langs["swa"] = 140 }, counterpoint.CoverDegraded, counterpoint.ShortLang)
	f("the language model forgets one", func(h counterpoint.History) {
		day(h).Langs["und"] += day(h).Langs["swa"]
		delete(day(h).Langs, "swa")
	}, counterpoint.DoNotCompare, counterpoint.ShortUnd)
	f("transcripts become mush", func(h counterpoint.History) {
		day(h).Langs = map[string]int{"fra": 450, "swa": 250, "lin": 25, "und": 675}
	}, counterpoint.DoNotCompare, counterpoint.ShortUnd)
	f("a classifier fails now and then", func(h counterpoint.History) { day(h).Failed = 9 }, counterpoint.CoverDegraded, counterpoint.ShortFailed)
	f("a classifier is broken", func(h counterpoint.History) { day(h).Failed = 190 }, counterpoint.DoNotCompare, counterpoint.ShortFailed)
}

func TestCoverageOfAnOutageThatLasts(t *testing.T) {
	h := ordinary(80)
	for i := 40; i < 80; i++ {
		delete(h.Days[i].Sources, "c")
	}
	for i := 40; i < 65; i++ { // what is usual does not follow an outage
		if c := h.Judge(i, i+1); c.Verdict != counterpoint.CoverDegraded || c.Alive != 13 || c.Sources != 14 {
			t.Fatalf("day %d of the outage: %s, %d of %d, %+v", i-39, c.Verdict, c.Alive, c.Sources, c.Reasons)
		}
	}
	h.Stated["c"] = counterpoint.Stated{Daily: 100, Since: collecting}
	if c := h.Judge(79, 80); c.Alive != 13 || c.Sources != 14 {
		t.Errorf("a source that somebody said to expect is forgotten: %d of %d", c.Alive, c.Sources)
	}
}

func TestCoverageOfTheBeginningAndOfToday(t *testing.T) {
	h := ordinary(41)
	if c := h.Judge(1, 2); c.Verdict != counterpoint.CoverDegraded || c.Reasons[0].What != counterpoint.ShortHistory {
		t.Errorf("the second day of all: %+v", c)
	}
	if c := h.Judge(41, 60); c.Verdict != counterpoint.CoverDegraded {
		t.Errorf("no days: %+v", c)
	}
	today := &h.Days[40]
	today.To = today.From.Add(6 * time.Hour)
	today.Sources, today.Langs = map[string]int{"a": 20}, map[string]int{"fra": 200, "swa": 5}
	today.Langs["lin"] = 1
	if c := h.Judge(12, 41); c.Verdict != counterpoint.CoverGood || !c.To.Equal(today.From) {
		t.Errorf("four weeks and a morning: %s to %s, %+v", c.Verdict, c.To, c.Reasons)
	}
	c := h.Judge(40, 41)
	if c.Verdict == counterpoint.CoverGood {
		t.Errorf("a day that is not over is good for comparing: %+v", c)
	}
	if len(c.Reasons) != 1 || c.Reasons[0].What != counterpoint.ShortPartial {
		t.Errorf("in the morning the reasons are %+v, want that the day is not over", c.Reasons)
	}
	today.To = today.From.Add(18 * time.Hour)
	delete(today.Langs, "lin")
	if c := h.Judge(40, 41); c.Verdict != counterpoint.DoNotCompare || c.Alive != 1 {
		t.Errorf("in the evening 13 of 14 sources and a language are missing: %+v", c)
	}
}

func TestWindow(t *testing.T) {
	now := time.Date(2026, time.March, 10, 9, 30, 0, 0, time.UTC)
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	f := func(q counterpoint.Query, from string, to time.Time) {
		t.Helper()
		gotFrom, gotTo := q.Window(now)
		if diff := cmp.Diff([]time.Time{date(from), to}, []time.Time{gotFrom, gotTo}); diff != "" {
			t.Errorf("window of %+v (-want +got):\n%s", q, diff)
		}
	}
	bangui, haiti := time.FixedZone("", 3600), time.FixedZone("", -5*3600)
	local := func(zone *time.Location, day int) time.Time {
		return time.Date(2026, time.March, day, 0, 0, 0, 0, zone)
	}
	f(counterpoint.Query{From: local(bangui, 9), To: local(bangui, 10)}, "2026-03-09", date("2026-03-10"))
	f(counterpoint.Query{From: local(haiti, 7), To: local(haiti, 8)}, "2026-03-07", date("2026-03-08"))
	f(counterpoint.Query{From: date("2026-03-01"), To: date("2026-03-01").Add(time.Hour)}, "2026-03-01", date("2026-03-02"))
	f(counterpoint.Query{}, "2026-02-10", now)
	f(counterpoint.Query{From: date("2026-03-01")}, "2026-03-01", now)
	f(counterpoint.Query{To: date("2026-03-01")}, "2026-02-01", date("2026-03-01"))
	f(counterpoint.Query{From: date("2020-01-01"), To: date("2026-03-01")}, "2025-11-29", date("2026-03-01"))
	f(counterpoint.Query{To: date("2027-01-01")}, "2026-02-10", now)
}
