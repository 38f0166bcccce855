package counterpoint

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Verdict says whether the counts of a time can be compared with those of another: whether few were found because
// little was said, or because little was heard.
type Verdict string

// The verdicts.
const (
	CoverGood     Verdict = "good"
	CoverDegraded Verdict = "degraded"       // look at what is missing before comparing
	DoNotCompare  Verdict = "do-not-compare" // a difference says more of collection than of what was said
)

var verdicts = []Verdict{CoverGood, CoverDegraded, DoNotCompare}

// Worse is the worse of the two.
func (v Verdict) Worse(o Verdict) Verdict {
	return verdicts[max(slices.Index(verdicts, v), slices.Index(verdicts, o), 0)]
}

// What a Shortfall is about.
const (
	ShortSource  = "source"   // a source is silent
	ShortSources = "sources"  // so many of the sources that were expected are silent
	ShortLang    = "lang"     // a language was hardly heard
	ShortTotal   = "segments" // of all together
	ShortUnd     = "und"      // the language of more segments than usual is unknown; in a hundred
	ShortFailed  = "failed"   // items that a classifier could not judge
	ShortDays    = "days"     // days in the time that are not to be compared
	ShortHistory = "history"  // nothing says yet what is usual
	ShortPartial = "partial"  // the day is not over
)

// Shortfall is one reason of a verdict: how much there was of how much was expected.
type Shortfall struct {
	What    string  `json:"what"`
	Name    string  `json:"name,omitempty"` // of the source or language
	Got     int     `json:"got"`
	Of      int     `json:"of"`
	Verdict Verdict `json:"verdict"`
	Days    int     `json:"days,omitempty"` // on how many days of the time; 0 is the time as a whole
}

// Coverage says how much was collected in a time, of how much was expected, and what follows for its counts.
type Coverage struct {
	Verdict  Verdict     `json:"verdict"`
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	Alive    int         `json:"sources_alive"`    // of those expected
	Sources  int         `json:"sources_expected"` // those that should have been heard in the time
	Segments int         `json:"segments"`
	Expected int         `json:"segments_expected"`
	Und      float64     `json:"und_share"`    // of the segments, whose language is unknown
	Failed   float64     `json:"failed_share"` // of the items, which a classifier could not judge
	Reasons  []Shortfall `json:"reasons"`      // the gravest first
}

// Collected is what came in during a day, or as much of it as is over.
type Collected struct {
	From, To time.Time
	Sources  map[string]int // segments in scope, by source
	Langs    map[string]int // segments of the scope's sources, by language
	Items    int
	Failed   int // of Items
}

func (d Collected) partial() bool { return d.To.Sub(d.From) < day }

func (d Collected) share() float64 { return float64(d.To.Sub(d.From)) / float64(day) }

func (d Collected) und() float64 {
	all := 0
	for _, n := range d.Langs {
		all += n
	}
	return share(d.Langs[Undetermined], all)
}

const day = 24 * time.Hour

// Baseline is for how many days before a day one looks for what is usual.
const Baseline = 28

// History is what was collected day by day, oldest first and without gaps, and what people said to expect.
type History struct {
	Days   []Collected
	Stated map[string]Stated // by source
	Langs  []string          // the languages in scope; none is all
}

// Stated is how many segments a day a source should bring, and since when that is said.
type Stated struct {
	Daily int
	Since time.Time
}

// Judge judges the days from the i-th to before the j-th, by what was usual on the days before each. A day that is not
// over is left out where there are others.
func (h History) Judge(i, j int) Coverage {
	i, j = max(i, 0), min(j, len(h.Days))
	if i >= j {
		return Coverage{Verdict: CoverDegraded, Reasons: []Shortfall{{What: ShortHistory, Verdict: CoverDegraded}}}
	}
	if j-i > 1 && h.Days[j-1].partial() {
		j--
	}
	t := tally{sources: map[string]amount{}, langs: map[string]amount{}}
	var bad []Coverage
	for k := i; k < j; k++ {
		h.add(&t, k)
		if j-i == 1 {
			continue
		}
		if c := h.Judge(k, k+1); c.Verdict == DoNotCompare {
			bad = append(bad, c)
		}
	}
	t.days = j - i
	t.partial = t.days == 1 && h.Days[i].partial()
	t.late = t.partial && h.Days[i].share() >= .5
	c := t.judge(h.usualUnd(i))
	c.From, c.To = h.Days[i].From, h.Days[j-1].To
	if len(bad) > 0 {
		c.blameDays(bad, t.days)
	}
	slices.SortStableFunc(c.Reasons, func(a, b Shortfall) int {
		return slices.Index(verdicts, b.Verdict) - slices.Index(verdicts, a.Verdict)
	})
	return c
}

// blameDays blames the days that are not to be compared with others, and what was wrong on them.
func (c *Coverage) blameDays(bad []Coverage, days int) {
	v := grade(5*len(bad) >= days, true)
	c.blame(Shortfall{What: ShortDays, Got: len(bad), Of: days, Verdict: v})
	var sums []Shortfall
	for _, d := range bad {
		for _, r := range d.Reasons {
			if r.Verdict != DoNotCompare {
				continue
			}
			i := slices.IndexFunc(sums, func(s Shortfall) bool { return s.What == r.What && s.Name == r.Name })
			if i < 0 {
				i, sums = len(sums), append(sums, Shortfall{What: r.What, Name: r.Name, Verdict: v})
			}
			sums[i].Got, sums[i].Of, sums[i].Days = sums[i].Got+r.Got, sums[i].Of+r.Of, sums[i].Days+1
		}
	}
	for _, s := range sums {
		if s.What == ShortUnd { // in a hundred, so not a sum
			s.Got, s.Of = s.Got/s.Days, s.Of/s.Days
		}
		if !slices.ContainsFunc(c.Reasons, func(r Shortfall) bool { return r.What == s.What && r.Name == s.Name }) {
			c.blame(s)
		}
	}
}

// amount is how many segments came and how many should have.
type amount struct{ got, expected float64 }

type tally struct {
	sources, langs map[string]amount
	all            amount
	items, failed  int
	und, segments  int // of the languages
	days           int
	partial        bool
	late           bool // half the day that is not over has passed
	known          bool // something was usual
}

// add puts a day beside what was expected of it.
func (h History) add(t *tally, k int) {
	d, before := h.Days[k], h.Days[max(0, k-Baseline):k]
	names := map[string]bool{}
	for _, b := range append(slices.Clone(before), d) {
		for s := range b.Sources {
			names[s] = true
		}
	}
	for s := range h.Stated {
		names[s] = true
	}
	for s := range names {
		e := usual(before, func(b Collected) int { return b.Sources[s] })
		if st := h.Stated[s]; st.Daily > 0 && len(h.Langs) == 0 && st.Since.Before(d.To) {
			e = float64(st.Daily)
		}
		t.known = t.known || e > 0
		e *= d.share()
		got := float64(d.Sources[s])
		t.sources[s] = t.sources[s].plus(got, e)
		if e == 0 { // what never was regular says nothing of the whole
			continue
		}
		t.all = t.all.plus(got, e)
	}
	h.addLangs(t, d, before)
	t.items, t.failed = t.items+d.Items, t.failed+d.Failed
}

func (h History) addLangs(t *tally, d Collected, before []Collected) {
	names := map[string]bool{}
	for _, b := range append(slices.Clone(before), d) {
		for l := range b.Langs {
			names[l] = true
		}
	}
	for l := range names {
		got := d.Langs[l]
		t.segments += got
		if l == Undetermined {
			t.und += got
			continue
		}
		if len(h.Langs) == 0 || slices.Contains(h.Langs, l) {
			t.langs[l] = t.langs[l].plus(float64(got), d.share()*usual(before, func(b Collected) int { return b.Langs[l] }))
		}
	}
}

func (a amount) plus(got, expected float64) amount { return amount{a.got + got, a.expected + expected} }

// usual is what is expected of a day: the median of the days before on which there was any, if it was regular.
// Days without are left out, so that an outage does not become what is usual while it lasts.
func usual(before []Collected, of func(Collected) int) float64 {
	var heard []float64
	first, last := -1, -1
	for i, d := range before {
		n := of(d)
		if n == 0 || d.partial() {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
		heard = append(heard, float64(n))
	}
	if len(heard) < 3 || 2*len(heard) < last-first+1 {
		return 0
	}
	return median(heard)
}

func (h History) usualUnd(i int) float64 {
	var shares []float64
	for _, d := range h.Days[max(0, i-Baseline):i] {
		if len(d.Langs) > 0 {
			shares = append(shares, d.und())
		}
	}
	return median(shares)
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// telling reports whether so many are expected that it says something when none come.
func (a amount) telling() bool { return a.expected > 2*math.Sqrt(a.expected) }

// below reports whether less than the part of what was expected came, and by more than chance.
func (a amount) below(part float64) bool {
	return a.got < part*a.expected && a.expected-a.got > 2*math.Sqrt(a.expected)
}

func (a amount) silent() bool { return a.below(.1) }

// judge weighs the tally. Of a day that is not over, only that is missed of
// which nothing came by the middle of it.
func (t *tally) judge(usualUnd float64) Coverage {
	c := Coverage{Verdict: CoverGood, Und: share(t.und, t.segments), Failed: share(t.failed, t.items), Reasons: []Shortfall{}}
	var gone amount
	for _, s := range sortedKeys(t.sources) {
		a := t.sources[s]
		c.Segments += int(a.got)
		if !a.telling() {
			continue
		}
		c.Sources++
		if a.silent() && (!t.partial || t.late && a.got == 0) {
			gone = gone.plus(a.got, a.expected)
			c.blame(short(ShortSource, s, a, CoverDegraded))
			continue
		}
		c.Alive++
	}
	c.Expected = int(math.Round(t.all.expected))
	if silent := c.Sources - c.Alive; silent > 0 {
		much := 5*silent >= c.Sources || 5*gone.expected >= t.all.expected
		c.blame(Shortfall{What: ShortSources, Got: c.Alive, Of: c.Sources, Verdict: grade(much, true)})
	}
	for _, l := range sortedKeys(t.langs) {
		a := t.langs[l]
		switch {
		case t.partial && (!t.late || a.got > 0):
		case a.below(.1):
			c.blame(short(ShortLang, l, a, DoNotCompare))
		case a.below(.5):
			c.blame(short(ShortLang, l, a, CoverDegraded))
		}
	}
	t.judgeWhole(&c, usualUnd)
	return c
}

// judgeWhole weighs what concerns all sources together.
func (t *tally) judgeWhole(c *Coverage, usualUnd float64) {
	switch {
	case !t.known:
		c.blame(Shortfall{What: ShortHistory, Got: t.days, Of: 0, Verdict: CoverDegraded})
	case t.partial:
		c.blame(Shortfall{What: ShortPartial, Got: c.Segments, Of: c.Expected, Verdict: CoverDegraded})
	case t.all.below(.8):
		c.blame(short(ShortTotal, "", t.all, grade(t.all.below(.5), true)))
	case t.all.got > 1.5*t.all.expected && t.all.got-t.all.expected > 2*math.Sqrt(t.all.expected):
		c.blame(short(ShortTotal, "", t.all, grade(t.all.got > 3*t.all.expected, true)))
	}
	if rise := c.Und - usualUnd; t.segments >= 20 && (c.Und > .5 || rise > .1) {
		c.blame(Shortfall{What: ShortUnd, Got: percent(c.Und), Of: percent(usualUnd), Verdict: grade(rise > .3, true)})
	}
	if c.Failed > .02 {
		c.blame(Shortfall{What: ShortFailed, Got: t.failed, Of: t.items, Verdict: grade(c.Failed > .2 && t.items >= 10, true)})
	}
}

func (c *Coverage) blame(s Shortfall) {
	c.Verdict = c.Verdict.Worse(s.Verdict)
	c.Reasons = append(c.Reasons, s)
}

func short(what, name string, a amount, v Verdict) Shortfall {
	return Shortfall{What: what, Name: name, Got: int(math.Round(a.got)), Of: int(math.Round(a.expected)), Verdict: v}
}

func grade(grave, bad bool) Verdict {
	switch {
	case grave:
		return DoNotCompare
	case bad:
		return CoverDegraded
	}
	return CoverGood
}

func share(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

func percent(share float64) int { return int(math.Round(100 * share)) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys
}
