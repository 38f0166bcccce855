package counterpoint_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterpoint"
)

// A fleet is some processes that share sources, each with a clock of its own and a view that may be old, over one log.
type fleet struct {
	t       *rapid.T
	now     time.Time
	log     []counterpoint.Collectors // every version, JSON-round-tripped
	waiting []counterpoint.Event      // appended, not applied yet, in their order
	runs    int
	all     []*collector
}

type collector struct {
	counterpoint.Process
	gap  time.Duration
	view counterpoint.Collectors
	on   bool
}

var shared = []string{"feed-a", "feed-b", "site-a", "site-b", "site-c"}

func newFleet(t *rapid.T) *fleet {
	f := &fleet{t: t, now: t0, log: []counterpoint.Collectors{{ID: counterpoint.CollectorsID}}}
	for i := range rapid.IntRange(2, 4).Draw(t, "processes") {
		gap := rapid.IntRange(0, int(counterpoint.ClockGap/time.Second)).Draw(t, "clock")
		f.all = append(f.all, &collector{counterpoint.Process{ID: fmt.Sprintf("col_%d", i)}, time.Duration(gap) * time.Second, f.log[0], false})
	}
	return f
}

// draw is a configuration: mostly the same in all processes.
func (f *fleet) draw() []string {
	if rapid.Bool().Draw(f.t, "configuration") {
		return shared
	}
	return shared[:rapid.IntRange(1, len(shared)).Draw(f.t, "fewer sources")]
}

func (f *fleet) newest() *counterpoint.Collectors { return &f.log[len(f.log)-1] }

func (c *collector) clock(now time.Time) time.Time { return now.Add(c.gap) }

// look reads some version between the one known and the newest.
func (f *fleet) look(c *collector, newest bool) {
	at := len(f.log) - 1
	if !newest {
		at = rapid.IntRange(c.view.Version, at).Draw(f.t, "version")
	}
	c.view = f.log[at]
}

func (f *fleet) say(e counterpoint.Event, err error) {
	if err != nil {
		f.t.Fatal(err)
	}
	f.waiting = append(f.waiting, e)
}

// carry applies the first of what waits in the log.
func (f *fleet) carry(n int) {
	for _, e := range f.waiting[:n] {
		next := clone(f.t, f.newest()).(*counterpoint.Collectors)
		if counterpoint.Apply(e, next, nil).Applied {
			f.log = append(f.log, *next)
		}
	}
	f.waiting = f.waiting[n:]
}

// live is what a process does where the index keeps up.
func (f *fleet) live(c *collector) {
	if f.look(c, true); c.view.MustSpeak(c.Process, c.clock(f.now)) {
		f.say(c.view.Join("op", c.clock(f.now), c.Process))
		f.check()
		f.carry(len(f.waiting))
		f.look(c, true)
	}
}

func (f *fleet) act() {
	c := rapid.SampledFrom(f.all).Draw(f.t, "process")
	switch rapid.SampledFrom([]string{"time", "time", "look", "speak", "speak", "apply", "live", "live", "live", "start", "start", "stop", "kill"}).Draw(f.t, "act") {
	case "time":
		f.now = f.now.Add(time.Duration(rapid.IntRange(1, 300).Draw(f.t, "seconds")) * time.Second)
	case "look":
		if c.on {
			f.look(c, false)
		}
	case "speak": // by whatever it looked at last
		if c.on && c.view.MustSpeak(c.Process, c.clock(f.now)) {
			f.say(c.view.Join("op", c.clock(f.now), c.Process))
		}
	case "live": // as it goes where all is well
		if c.on {
			f.live(c)
		}
	case "apply":
		f.carry(rapid.IntRange(0, len(f.waiting)).Draw(f.t, "events"))
	case "start":
		if !c.on {
			f.runs++
			c.on, c.Sources, c.Run = true, f.draw(), fmt.Sprint(f.runs)
			c.view = f.log[rapid.IntRange(0, len(f.log)-1).Draw(f.t, "first look")]
		}
	case "stop":
		if c.on {
			c.on = false
			if e, err := c.view.Leave("op", c.clock(f.now), c.Process); err == nil {
				f.waiting = append(f.waiting, e)
			}
		}
	case "kill":
		c.on = false
	}
}

// visitors are those who may visit the source now.
func (f *fleet) visitors(source string) (ids []string) {
	for _, c := range f.all {
		if c.on && slices.Contains(c.Sources, source) && c.view.May(c.Process, source, c.clock(f.now)) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (f *fleet) check() {
	for _, s := range shared {
		if who := f.visitors(s); len(who) > 1 {
			for _, c := range f.all {
				f.t.Logf("%+v", *c)
			}
			f.t.Fatalf("%s is visited by %v at %v", s, who, f.now)
		}
	}
}

// TestOneVisits holds that no two processes ever visit a source at once, whatever they know, however late events are
// applied, and with clocks as far apart as may be.
func TestOneVisits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(t)
		for range rapid.IntRange(20, 600).Draw(t, "steps") {
			f.act()
			f.check()
		}
	})
}

// TestEachIsVisited holds that after any beginning each source that a living process has is visited within
// CollectTakeover, where the index keeps up, and stays with one process while nobody comes or goes.
func TestEachIsVisited(t *testing.T) {
	const every = 15 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(t)
		for range rapid.IntRange(0, 150).Draw(t, "steps") {
			f.act()
			f.check()
		}
		f.carry(len(f.waiting))
		owner := map[string]string{}
		began := f.now
		for ; f.now.Before(began.Add(counterpoint.CollectTakeover + time.Hour)); f.now = f.now.Add(every) {
			rand.Shuffle(len(f.all), func(i, j int) { f.all[i], f.all[j] = f.all[j], f.all[i] })
			for _, c := range f.all {
				if !c.on {
					continue
				}
				f.live(c)
				f.check()
			}
			if f.now.After(began.Add(counterpoint.CollectTakeover)) {
				f.settled(owner)
			}
		}
	})
}

func (f *fleet) settled(owner map[string]string) {
	for _, s := range shared {
		wanted := slices.ContainsFunc(f.all, func(c *collector) bool { return c.on && slices.Contains(c.Sources, s) })
		who := f.visitors(s)
		if wanted != (len(who) == 1) {
			f.t.Fatalf("%s is visited by %v, wanted: %t\n%+v", s, who, wanted, f.newest())
		}
		if wanted && owner[s] != "" && owner[s] != who[0] {
			f.t.Fatalf("%s went from %s to %s though nobody came or went", s, owner[s], who[0])
		}
		if wanted {
			owner[s] = who[0]
		}
	}
}

// TestSourcesAreSpread holds that sources are spread over the processes, and that of those of one that goes only its own move.
func TestSourcesAreSpread(t *testing.T) {
	var sources []string
	for i := range 600 {
		sources = append(sources, fmt.Sprintf("site-%03d", i))
	}
	c := counterpoint.Collectors{ID: counterpoint.CollectorsID}
	for _, id := range []string{"col_a", "col_b", "col_c"} {
		join(t, &c, process(id, sources))
	}
	before, count := map[string]string{}, map[string]int{}
	for _, s := range sources {
		before[s] = c.Owner(s)
		count[before[s]]++
	}
	for id, n := range count {
		if n < 150 || n > 250 || len(count) != 3 {
			t.Errorf("%s has %d of 600 sources: %v", id, n, count)
		}
	}
	e, err := c.Leave("op", t0, process("col_b", sources))
	if err != nil || !counterpoint.Apply(e, &c, nil).Applied {
		t.Fatalf("leave: %v", err)
	}
	for _, s := range sources {
		if now := c.Owner(s); now == "col_b" || before[s] != "col_b" && now != before[s] {
			t.Errorf("%s went from %s to %s", s, before[s], now)
		}
	}
	if e, err := c.Join("op", t0, process("", sources)); err == nil {
		t.Errorf("a collector without a name joined: %+v", e)
	}
	if _, err := c.Leave("op", t0, process("col_b", sources)); err == nil {
		t.Error("a process left twice")
	}
}

// TestOneAloneDoesNotWait holds that a process alone visits as soon as its word is heard, and again after a kill.
func TestOneAloneDoesNotWait(t *testing.T) {
	c := counterpoint.Collectors{ID: counterpoint.CollectorsID}
	a := process("col_a", shared)
	join(t, &c, a)
	for _, after := range []time.Duration{0, time.Minute, counterpoint.CollectLease - counterpoint.CollectMargin - 1} {
		if !c.May(a, "site-a", t0.Add(after)) {
			t.Errorf("it may not visit after %v", after)
		}
	}
	if c.May(a, "site-a", t0.Add(counterpoint.CollectLease-counterpoint.CollectMargin)) || c.May(a, "site-x", t0) || c.May(process("col_b", shared), "site-a", t0) {
		t.Error("visited without a lease, a configuration or a word")
	}
	if c.MustSpeak(a, t0.Add(counterpoint.CollectRenew-1)) || !c.MustSpeak(a, t0.Add(counterpoint.CollectRenew)) {
		t.Error("it does not speak every five minutes")
	}
}

func process(id string, sources []string) counterpoint.Process {
	return counterpoint.Process{ID: id, Run: "run", Sources: sources}
}

func join(t *testing.T, c *counterpoint.Collectors, p counterpoint.Process) {
	t.Helper()
	e, err := c.Join("op", t0, p)
	if err != nil {
		t.Fatal(err)
	}
	if out := counterpoint.Apply(e, c, nil); !out.Applied {
		t.Fatalf("%s may not join: %s", p.ID, out.Refused)
	}
}

// TestTakeover holds the times: who comes has its part as soon as the others spoke, and of who dies others have all
// within CollectTakeover, and not while it may still visit.
func TestTakeover(t *testing.T) {
	c := counterpoint.Collectors{ID: counterpoint.CollectorsID}
	a, b := process("col_a", shared), process("col_b", shared)
	join(t, &c, a)
	join(t, &c, b)
	mine := slices.DeleteFunc(slices.Clone(shared), func(s string) bool { return c.Owner(s) != "col_b" })
	if len(mine) == 0 || len(mine) == len(shared) || c.May(b, mine[0], t0) || c.May(a, mine[0], t0) || !c.MustSpeak(a, t0) || c.MustSpeak(b, t0) {
		t.Fatalf("before the first spoke the second has %v: %+v", mine, c)
	}
	join(t, &c, a)
	if !c.May(b, mine[0], t0) || c.MustSpeak(a, t0) || c.MustSpeak(b, t0) {
		t.Fatalf("after the first spoke: %+v", c)
	}
	theirs := shared[slices.IndexFunc(shared, func(s string) bool { return c.Owner(s) == "col_a" })]
	for now := t0; ; now = now.Add(15 * time.Second) { // a is dead
		if c.MustSpeak(b, now) {
			e, err := c.Join("op", now, b)
			if err != nil || !counterpoint.Apply(e, &c, nil).Applied {
				t.Fatalf("speak: %v", err)
			}
		}
		after := now.Sub(t0)
		if c.May(b, theirs, now) {
			if after <= counterpoint.CollectLease {
				t.Errorf("taken over after %v", after)
			}
			return
		}
		if after > counterpoint.CollectTakeover-counterpoint.ClockGap {
			t.Fatalf("not taken over after %v", after)
		}
	}
}
