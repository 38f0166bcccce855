package counterpoint

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"time"
)

// FlagState is where a flag stands in review.
type FlagState string

// The states of a flag. Lapsed is an undecided flag that the newest assessment no longer raises, NearCopy one that says
// what another flag says but for small changes, and is decided there. Neither is a decision.
const (
	Open         FlagState = "open"
	NeedsContext FlagState = "needs-context"
	Confirmed    FlagState = "confirmed"
	Rejected     FlagState = "rejected"
	Duplicate    FlagState = "duplicate"
	Lapsed       FlagState = "lapsed"
	NearCopy     FlagState = "copy"
)

// FlagStates lists them in the order of a queue.
var FlagStates = []FlagState{Open, NeedsContext, Confirmed, Rejected, Duplicate, Lapsed, NearCopy}

// LeaseTime is how long a lease keeps a flag for one reviewer.
const LeaseTime = 30 * time.Minute

// Lease keeps others from deciding while one person reads.
type Lease struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

// Note is a reviewer's remark or translation.
type Note struct {
	By   string    `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
	Lang string    `json:"lang,omitempty"` // set for a translation: the language it is in
	Item string    `json:"item,omitempty"` // whose words it may quote
}

// Flag is a passage before people who decide. The fields down to Labels are derived from its two halves by
// settle; nothing else writes them.
type Flag struct {
	ID        string            `json:"id"`
	State     FlagState         `json:"state"`
	Level     int               `json:"level"`
	Priority  float64           `json:"priority"`
	Factors   Factors           `json:"factors"`
	Item      string            `json:"item"`
	Source    string            `json:"source"`
	Title     string            `json:"title"`
	Lang      string            `json:"lang"`
	StartMS   *int64            `json:"start_ms"`
	EndMS     *int64            `json:"end_ms"`
	Audio     string            `json:"audio,omitempty"`
	Heard     *time.Time        `json:"heard"`
	Precision Precision         `json:"precision"`
	Seen      time.Time         `json:"seen"`
	Flagged   time.Time         `json:"flagged"`
	Text      string            `json:"text"`
	Stance    Stance            `json:"stance"`
	Basis     Basis             `json:"basis"`
	Quality   Quality           `json:"quality"`
	Scores    map[Label]float64 `json:"scores"`
	Findings  []Finding         `json:"findings"`
	Against   []Finding         `json:"against"`
	Labels    []Label           `json:"labels"`
	Threshold *Threshold        `json:"threshold"` // what it had to reach and how often such a flag is right; null by hand
	Example   bool              `json:"example,omitempty"`

	// The machine's half: commutative across items.
	Sightings []Sighting  `json:"sightings"`
	Past      []Sighting  `json:"past,omitempty"` // sightings that a newer assessment no longer has
	History   []FlagScore `json:"history"`        // one per assessment of the passage

	// What the index finds between flags; see Relate.
	CopyOf string `json:"copy_of,omitempty"` // the flag whose passage this one repeats but for small changes
	Copies []Copy `json:"copies,omitempty"`  // the flags that repeat this one

	// The people's half: in the order of the decisions log.
	Version     int        `json:"version"` // 1 when raised, one more with each event
	Decision    FlagState  `json:"decision,omitempty"`
	Reviews     []Review   `json:"reviews,omitempty"`
	Narrative   string     `json:"narrative,omitempty"`
	Lease       *Lease     `json:"lease,omitempty"`
	Notes       []Note     `json:"notes,omitempty"`
	ConfirmedAt *time.Time `json:"confirmed_at"`
	ByHand      *Sighting  `json:"by_hand,omitempty"` // the passage a person flagged
}

// FlagScore is one assessment's word on the passage.
type FlagScore struct {
	Item     string            `json:"item"`
	Revision string            `json:"revision"`
	At       time.Time         `json:"at"`
	Level    int               `json:"level"`
	Scores   map[Label]float64 `json:"scores"`
	Versions Versions          `json:"versions"`
}

// Ref names the flag and its version.
func (f *Flag) Ref() Ref { return Ref{KindFlag, f.ID, f.Version} }

// The machine's half. The people's is in decide.go, the order of the queue in priority.go.

// Hear replaces all that the machine says of the passage in one item: where it is heard now, where it was
// heard once, and what each assessment scored. Nothing else of the flag matters to it, so items may come in any
// order and any number of times.
func (f *Flag) Hear(item string, now, past []Sighting, scores []FlagScore) {
	sightingOf := func(s Sighting) bool { return s.Item == item }
	f.Version = max(1, f.Version)
	f.Sightings = append(slices.DeleteFunc(slices.Clone(f.Sightings), sightingOf), now...)
	f.Past = append(slices.DeleteFunc(slices.Clone(f.Past), sightingOf), past...)
	f.History = slices.DeleteFunc(slices.Clone(f.History), func(s FlagScore) bool { return s.Item == item })
	f.History = append(f.History, scores...)
	slices.SortStableFunc(f.History, compareScores)
	f.again()
}

// again derives the visible fields anew: of what was there, nothing stays.
func (f *Flag) again() {
	*f = Flag{
		ID: f.ID, Version: f.Version, Decision: f.Decision, Reviews: f.Reviews, Narrative: f.Narrative,
		Lease: f.Lease, Notes: f.Notes, ConfirmedAt: f.ConfirmedAt, ByHand: f.ByHand,
		Sightings: f.Sightings, Past: f.Past, History: f.History, CopyOf: f.CopyOf, Copies: f.Copies,
	}
	f.settle()
}

// Untouched reports whether no machine says anything of the flag and no person ever did: nothing is lost when
// it is forgotten.
func (f *Flag) Untouched() bool {
	return len(f.Sightings)+len(f.Past)+len(f.History) == 0 && f.Version <= 1 && f.ByHand == nil
}

// compareScores is total over scores of different assessments, so that the order of arrival leaves no trace.
func compareScores(a, b FlagScore) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Item, b.Item), cmp.Compare(a.Revision, b.Revision),
		cmp.Compare(fmt.Sprint(a.Versions), fmt.Sprint(b.Versions)))
}

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}

// settle derives the visible fields from the two halves.
func (f *Flag) settle() {
	sort.Slice(f.Sightings, func(i, j int) bool { return before(f.Sightings[i], f.Sightings[j]) })
	sort.Slice(f.Past, func(i, j int) bool { return before(f.Past[i], f.Past[j]) })
	f.State = f.state()
	defer f.fill()
	shown := f.shown()
	if shown == nil {
		return
	}
	f.Item, f.Source, f.Title, f.Lang = shown.Item, shown.Source, shown.Title, shown.Lang
	f.StartMS, f.EndMS, f.Audio = shown.StartMS, shown.EndMS, shown.Audio
	f.Heard, f.Precision, f.Seen, f.Flagged = shown.Heard, shown.Precision, shown.Seen, shown.Flagged
	f.Text, f.Stance, f.Basis, f.Quality = shown.Text, shown.Stance, shown.Basis, shown.Quality
	f.Scores, f.Findings, f.Against, f.Labels = shown.Scores, shown.Findings, shown.Against, labelsOf(shown.Findings)
	f.Level, f.Example, f.Threshold = shown.Level, shown.Example, shown.Threshold
	for _, s := range f.heardIn() {
		f.Level = max(f.Level, s.Level)
		f.Seen, f.Flagged = earliest(f.Seen, s.Seen), earliest(f.Flagged, s.Flagged)
	}
	f.Factors = factorsOf(f)
	f.Priority = f.Factors.Product()
}

// fill keeps lists from being null in JSON.
func (f *Flag) fill() {
	if f.Findings == nil {
		f.Findings = []Finding{}
	}
	if f.Against == nil {
		f.Against = []Finding{}
	}
	if f.Labels == nil {
		f.Labels = []Label{}
	}
	if f.Sightings == nil {
		f.Sightings = []Sighting{}
	}
	if f.History == nil {
		f.History = []FlagScore{}
	}
	if f.Scores == nil {
		f.Scores = map[Label]float64{}
	}
}

func before(a, b Sighting) bool {
	at := func(s Sighting) time.Time {
		if s.Heard != nil {
			return *s.Heard
		}
		return s.Seen
	}
	if !at(a).Equal(at(b)) {
		return at(a).Before(at(b))
	}
	if a.Item != b.Item {
		return a.Item < b.Item
	}
	return a.From < b.From
}

// heardIn are the passages the flag stands for: those heard now and the one a person flagged, else those
// heard once, else the one a person judged.
func (f *Flag) heardIn() []Sighting {
	heard := slices.Clip(f.Sightings)
	if f.ByHand != nil {
		heard = append(heard, *f.ByHand)
	}
	if len(heard) > 0 {
		return heard
	}
	if len(f.Past) > 0 {
		return f.Past
	}
	for i := len(f.Reviews) - 1; i >= 0; i-- {
		if j := f.Reviews[i].Judged; j != nil {
			return []Sighting{*j}
		}
	}
	return nil
}

// shown is the passage people see: the one judged while a decision stands, else the earliest heard.
func (f *Flag) shown() *Sighting {
	if j := f.judged(); j != nil {
		return j
	}
	if s := f.heardIn(); len(s) > 0 {
		return &s[0]
	}
	return nil
}

// counted are the passages whose times a narrative's clock starts from. What a person confirmed counts also
// when a newer assessment no longer raises it.
func (f *Flag) counted() []Sighting {
	list := slices.Concat(f.heardIn(), f.copied())
	if f.ConfirmedAt == nil {
		return list
	}
	list = append(list, f.Past...)
	for _, r := range f.Reviews {
		if r.Decision == Confirmed && r.Judged != nil {
			list = append(list, *r.Judged)
		}
	}
	return list
}

func (f *Flag) state() FlagState {
	decided := f.Decision
	if decided == "" {
		decided = Open
	}
	if decided != Open && decided != NeedsContext && f.revised() {
		return Open
	}
	if decided == Open && len(f.Sightings) == 0 && (f.ByHand == nil || f.ByHand.Text == "") { // or erased
		return Lapsed
	}
	if decided == Open && f.CopyOf != "" && !f.Touched() {
		return NearCopy
	}
	return decided
}

// judged is the passage of the decision that stands, nil where none stands or its words were erased.
func (f *Flag) judged() *Sighting {
	switch f.State {
	case Confirmed, Rejected, Duplicate:
		if j := f.Judgement(); j != nil && j.Judged != nil && j.Judged.Text != "" {
			return j.Judged
		}
	}
	return nil
}

// revised reports whether the passage that was decided on has other words in a newer revision of its item.
func (f *Flag) revised() bool {
	j := f.Judgement()
	if j == nil || j.Judged == nil || j.Judged.Text == "" {
		return false
	}
	changed, key := false, j.Judged.Key()
	for _, s := range f.Sightings {
		if s.Item != j.Judged.Item || s.Revision == j.Judged.Revision {
			continue
		}
		if s.Key() == key {
			return false
		}
		changed = true
	}
	return changed
}

// Revised reports whether the flag is open again because the words changed after the last decision.
func (f *Flag) Revised() bool {
	return f.State == Open && f.Decision != "" && f.Decision != Open && f.revised()
}
