package counterpoint_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"counterpoint"
)

// A world is a small mission: three people, a clock, the aggregates as stored and the log of accepted events.
// Commands go through the guards only; whatever comes of them, the invariants below must hold.
type world struct {
	t      *rapid.T
	now    time.Time
	stored map[string]counterpoint.Aggregate
	ids    map[counterpoint.Kind][]string
	log    []counterpoint.Event
	old    []counterpoint.Event // made at some time, applied or not
	lines  []machineStep        // what the machine did to flags
}

type machineStep struct {
	flag   string
	sight  *counterpoint.Sighting
	item   string
	lo, hi int
	near   *nearStep
}

// nearStep is what the index found between the flag and others.
type nearStep struct {
	of     string
	copies []counterpoint.Copy
}

var people = []string{"amina", "bosco", "celine"}

func newWorld(t *rapid.T) *world {
	return &world{
		t: t, now: time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC),
		stored: map[string]counterpoint.Aggregate{}, ids: map[counterpoint.Kind][]string{},
	}
}

func name(r counterpoint.Ref) string { return string(r.Kind) + "/" + r.ID }

func (w *world) load(k counterpoint.Kind, id string) counterpoint.Aggregate {
	if a, ok := w.stored[string(k)+"/"+id]; ok {
		return clone(w.t, a)
	}
	a, err := counterpoint.NewAggregate(k, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

// clone is the aggregate after a trip through JSON; the trip must lose nothing.
func clone(t fataler, a counterpoint.Aggregate) counterpoint.Aggregate {
	t.Helper()
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatalf("marshal %v: %v", a.Ref(), err)
	}
	c, err := counterpoint.NewAggregate(a.Ref().Kind, "")
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := json.Unmarshal(b, c); err != nil {
		t.Fatalf("unmarshal %s: %v", b, err)
	}
	if d := same(a, c); d != "" {
		t.Fatalf("%s lost something in JSON (-had +has):\n%s", name(a.Ref()), d)
	}
	again, err := json.Marshal(c)
	if err != nil || string(again) != string(b) {
		t.Fatalf("%s reads differently the second time (%v):\n%s\n%s", name(a.Ref()), err, b, again)
	}
	return c
}

func same(a, b counterpoint.Aggregate) string { return cmp.Diff(a, b, cmpopts.EquateEmpty()) }

// try appends what a guard allowed and checks what became of it.
func (w *world) try(e counterpoint.Event, err error) {
	w.t.Helper()
	if err != nil {
		for _, kind := range []error{counterpoint.ErrInvalid, counterpoint.ErrConflict, counterpoint.ErrForbidden} {
			if errors.Is(err, kind) {
				return
			}
		}
		w.t.Fatalf("a guard refused with an error of no kind: %v", err)
	}
	w.old = append(w.old, e)
	if rapid.IntRange(0, 9).Draw(w.t, "lost on the way") == 0 {
		return // comes later, when it may be stale
	}
	w.append(e, true)
}

func (w *world) append(e counterpoint.Event, fresh bool) {
	w.t.Helper()
	on, also := w.load(e.On.Kind, e.On.ID), counterpoint.Aggregate(nil)
	if e.Also != nil {
		also = w.load(e.Also.Kind, e.Also.ID)
	}
	hadOn, hadAlso := clone(w.t, on), counterpoint.Aggregate(nil)
	if also != nil {
		hadAlso = clone(w.t, also)
	}
	out := counterpoint.Apply(e, on, also)
	if !out.Applied {
		if fresh {
			w.t.Fatalf("%s was allowed and refused: %s", e.Type, out.Refused)
		}
		if d := same(hadOn, on); d != "" || out.Refused == "" {
			w.t.Fatalf("refused %s (%q) changed something:\n%s", e.Type, out.Refused, d)
		}
		if also != nil && same(hadAlso, also) != "" {
			w.t.Fatalf("refused %s changed its second aggregate", e.Type)
		}
		return
	}
	if out.Version != e.On.Version+1 || on.Ref().Version != out.Version || out.State != counterpoint.StateOf(on) {
		w.t.Fatalf("%s on version %d gave %+v", e.Type, e.On.Version, out)
	}
	if also != nil && also.Ref().Version != e.Also.Version+1 {
		w.t.Fatalf("%s left its second aggregate at version %d", e.Type, also.Ref().Version)
	}
	if f, ok := hadOn.(*counterpoint.Flag); ok && f.Lease != nil && f.Lease.By != e.By && e.At.Before(f.Lease.Until) && e.Type != "flag.note" {
		w.t.Fatalf("%s by %s although %s has the flag", e.Type, e.By, f.Lease.By)
	}
	if e.Type == "message.approve" {
		m := hadOn.(*counterpoint.Message)
		if m.State != counterpoint.Submitted || slices.Contains(m.Writers, e.By) || m.ChangedBy == e.By || m.CreatedBy == e.By {
			w.t.Fatalf("%s approved a %s message of %v, last changed by %s", e.By, m.State, m.Writers, m.ChangedBy)
		}
	}
	w.log = append(w.log, e)
	w.store(on)
	if also != nil {
		w.store(also)
	}
	if again := counterpoint.Apply(e, clone(w.t, on), also); again.Applied {
		w.t.Fatalf("%s applied twice", e.Type)
	}
}

func (w *world) store(a counterpoint.Aggregate) {
	r := a.Ref()
	if _, ok := w.stored[name(r)]; !ok {
		w.ids[r.Kind] = append(w.ids[r.Kind], r.ID)
	}
	w.stored[name(r)] = clone(w.t, a)
}

func pick[T counterpoint.Aggregate](w *world, k counterpoint.Kind) (T, bool) {
	var zero T
	ids := w.ids[k]
	if len(ids) == 0 {
		return zero, false
	}
	id := ids[rapid.IntRange(0, len(ids)-1).Draw(w.t, string(k))]
	return w.load(k, id).(T), true
}

func (w *world) who() string { return rapid.SampledFrom(people).Draw(w.t, "who") }

func (w *world) words() string {
	return rapid.SampledFrom([]string{"", "  ", "as heard", "the Velari said so"}).Draw(w.t, "words")
}

func draft(t *rapid.T, narrative string) counterpoint.MessageDraft {
	n := rapid.IntRange(0, 2).Draw(t, "variants")
	d := counterpoint.MessageDraft{Narrative: narrative, Kind: counterpoint.Correction, Audience: "market women"}
	for i := range n {
		d.Variants = append(d.Variants, counterpoint.Variant{Lang: []string{"sw", "fr"}[i], Script: "The wells are clean."})
	}
	return d
}

func sightingOf(t *rapid.T, item string) counterpoint.Sighting {
	from := rapid.IntRange(0, 6).Draw(t, "from")
	return sighting(t, item, from, from+rapid.IntRange(0, 2).Draw(t, "length"))
}

func sighting(t *rapid.T, item string, from, to int) counterpoint.Sighting {
	base := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	s := counterpoint.Sighting{
		Item: item, Source: "src-" + item, Owner: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "owner"),
		Reach: rapid.SampledFrom([]int{0, 5, 900, 40_000, 3_000_000}).Draw(t, "reach"), From: from, To: to,
		Revision: rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "revision"), Precision: counterpoint.Minute,
		Seen: base.Add(time.Hour), Flagged: base.Add(time.Duration(rapid.IntRange(60, 90).Draw(t, "flagged")) * time.Minute),
		Text: rapid.SampledFrom([]string{"the Oshun are a plague", "drive the Oshun out"}).Draw(t, "text"), Lang: "eng",
		Level: rapid.IntRange(1, 3).Draw(t, "level"), Imminence: rapid.IntRange(1, 3).Draw(t, "imminence"),
		Quality: rapid.SampledFrom([]counterpoint.Quality{counterpoint.Good, counterpoint.Weak, counterpoint.Unusable}).Draw(t, "quality"),
		Stance:  counterpoint.Assert, Basis: counterpoint.ByCues, Scores: map[counterpoint.Label]float64{counterpoint.Hate: 0.5},
		Findings: []counterpoint.Finding{}, Versions: map[string]string{"cues": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "version")},
	}
	if rapid.Bool().Draw(t, "time known") {
		heard := base.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "heard")) * time.Minute)
		s.Heard = &heard
	}
	return s
}

var metAll = counterpoint.Rabat{
	Context: counterpoint.Part{Rating: counterpoint.Met, Evidence: "two weeks before the vote"}, Speaker: counterpoint.Part{Rating: counterpoint.Met, Evidence: "a councillor"},
	Intent: counterpoint.Part{Rating: counterpoint.Met, Evidence: "said twice"}, Content: counterpoint.Part{Rating: counterpoint.Met, Evidence: "a call"},
	Extent: counterpoint.Part{Rating: counterpoint.Met, Evidence: "on air"}, Likelihood: counterpoint.Part{Rating: counterpoint.Met, Evidence: "a crowd stood by"},
}

// act is one step: a command by somebody, a word of the machine, an old event that comes late, or time passing.
func (w *world) act() {
	steps := []func(){w.machine, w.raise, w.flag, w.flag, w.flag, w.narrative, w.message, w.message, w.message, w.airing, w.airing, w.alert, w.alert, w.source, w.account, w.late, w.wait}
	steps[rapid.IntRange(0, len(steps)-1).Draw(w.t, "step")]()
}

func (w *world) wait() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 40).Draw(w.t, "minutes")) * time.Minute)
}

// late delivers an event made earlier: repeated, reordered or based on a version that has passed.
func (w *world) late() {
	if len(w.old) == 0 {
		return
	}
	e := w.old[rapid.IntRange(0, len(w.old)-1).Draw(w.t, "late event")]
	for _, done := range w.log {
		if done.ID == e.ID { // the first question: seen before? Even unasked, the version refuses it.
			on := w.load(e.On.Kind, e.On.ID)
			var also counterpoint.Aggregate
			if e.Also != nil {
				also = w.load(e.Also.Kind, e.Also.ID)
			}
			if counterpoint.Apply(e, on, also).Applied {
				w.t.Fatalf("%s applied twice", e.Type)
			}
			return
		}
	}
	if f, ok := w.load(e.On.Kind, e.On.ID).(*counterpoint.Flag); ok && f.Lease != nil && f.Lease.By != e.By {
		return // a lease is a guard's question, asked before the append
	}
	w.append(e, false)
}

func (w *world) machine() {
	id := rapid.SampledFrom([]string{"flag_1", "flag_2"}).Draw(w.t, "machine's flag")
	f := w.load(counterpoint.KindFlag, id).(*counterpoint.Flag)
	was := *f
	item := rapid.SampledFrom([]string{"item_1", "item_2", "item_3"}).Draw(w.t, "item")
	step := machineStep{flag: id, item: item}
	if f.Version > 0 && rapid.IntRange(0, 3).Draw(w.t, "near") == 0 {
		step.near = nearOf(w.t)
	} else if f.Version > 0 && rapid.IntRange(0, 3).Draw(w.t, "unsight") == 0 {
		step.lo, step.hi = 0, 9
	} else {
		s := sightingOf(w.t, item)
		step.sight = &s
	}
	step.do(f)
	if f.Version > 1 {
		if f.Decision != was.Decision || same(&counterpoint.Flag{Reviews: f.Reviews}, &counterpoint.Flag{Reviews: was.Reviews}) != "" || f.Version != was.Version {
			w.t.Fatalf("the machine touched a decision: %+v → %+v", was, *f)
		}
	}
	if decided(was.State) && f.State == was.State && f.Text != was.Text {
		w.t.Fatalf("a %s flag changed its words from %q to %q", f.State, was.Text, f.Text)
	}
	w.lines = append(w.lines, step)
	w.store(f)
}

func decided(s counterpoint.FlagState) bool {
	return s == counterpoint.Confirmed || s == counterpoint.Rejected || s == counterpoint.Duplicate
}

// nearOf is a place among near-copies: none, a copy, or the head of some.
func nearOf(t *rapid.T) *nearStep {
	n := &nearStep{of: rapid.SampledFrom([]string{"", "flag_7"}).Draw(t, "copy of")}
	for i := range rapid.IntRange(0, 2).Draw(t, "copies") {
		other := counterpoint.Flag{ID: fmt.Sprint("flag_copy_", i)}
		sight(&other, sightingOf(t, "item_8"))
		c := other.AsCopy(i)
		c.Apart = rapid.Bool().Draw(t, "apart")
		n.copies = append(n.copies, c)
	}
	return n
}

func (m machineStep) do(f *counterpoint.Flag) {
	if m.near != nil {
		f.Relate(m.near.of, m.near.copies)
		return
	}
	if m.sight != nil {
		sight(f, *m.sight)
		return
	}
	unsight(f, m.item, m.lo, m.hi)
}

func (w *world) raise() {
	s := sightingOf(w.t, "item_9")
	w.try2(counterpoint.RaiseByHand(w.who(), w.now, s, rapid.IntRange(0, 4).Draw(w.t, "first reading"), w.words()))
}

// try2 is try for events that make something that may be there already.
func (w *world) try2(e counterpoint.Event, err error) {
	if err == nil {
		if _, there := w.stored[name(e.On)]; there {
			w.append(e, false)
			return
		}
	}
	w.try(e, err)
}

func (w *world) flag() {
	f, ok := pick[*counterpoint.Flag](w, counterpoint.KindFlag)
	if !ok {
		return
	}
	by := w.who()
	rabat := metAll
	if rapid.Bool().Draw(w.t, "less") {
		rabat.Intent.Rating = rapid.SampledFrom([]counterpoint.Rating{counterpoint.Partly, counterpoint.NotAssessable, "", "maybe"}).Draw(w.t, "intent")
	}
	level := rapid.SampledFrom([]counterpoint.RabatLevel{"", "", counterpoint.Top, counterpoint.Bottom, "worst"}).Draw(w.t, "level")
	switch rapid.IntRange(0, 7).Draw(w.t, "on the flag") {
	case 0:
		w.try(f.TakeLease(by, w.now))
	case 1:
		w.try(f.Confirm(by, w.now, rabat, level, w.words()))
	case 2:
		w.try(f.Reject(by, w.now, w.words()))
	case 3:
		w.try(f.AskContext(by, w.now, w.words(), nil, w.words()))
	case 4:
		w.try(f.MarkDuplicate(by, w.now, rapid.SampledFrom([]string{"", f.ID, "flag_7"}).Draw(w.t, "of")))
	case 5:
		w.try(f.Reopen(by, w.now, w.words()))
	case 6:
		w.try(f.Link(by, w.now, rapid.SampledFrom([]string{"", "nar_1"}).Draw(w.t, "link")))
	default:
		w.try(f.AddNote(by, w.now, w.words(), rapid.SampledFrom([]string{"", "swh", "q9"}).Draw(w.t, "note in")))
	}
}

func (w *world) narrative() {
	langs := rapid.SliceOfN(rapid.SampledFrom([]string{"sw", "fra", "x"}), 0, 2).Draw(w.t, "languages")
	if n, ok := pick[*counterpoint.Narrative](w, counterpoint.KindNarrative); ok && rapid.Bool().Draw(w.t, "describe") {
		w.try(n.Describe(w.who(), w.now, w.words(), w.words(), langs))
		return
	}
	w.try(counterpoint.NewNarrative(w.who(), w.now, w.words(), w.words(), langs))
}

func (w *world) message() {
	m, ok := pick[*counterpoint.Message](w, counterpoint.KindMessage)
	if !ok || rapid.IntRange(0, 9).Draw(w.t, "new message") == 0 {
		w.try(counterpoint.NewMessage(w.who(), w.now, draft(w.t, "nar_1")))
		return
	}
	switch by := w.who(); rapid.IntRange(0, 9).Draw(w.t, "on the message") {
	case 0:
		w.try(m.Edit(by, w.now, draft(w.t, "")))
	case 1, 2, 3:
		w.try(m.Submit(by, w.now))
	case 4, 5, 6:
		w.try(m.Approve(by, w.now))
	case 7:
		w.try(m.Return(by, w.now, w.words()))
	case 8:
		w.try(m.Withdraw(by, w.now, w.words()))
	default:
		w.try(m.Close(by, w.now, w.words()))
	}
}

func (w *world) airing() {
	a, ok := pick[*counterpoint.Airing](w, counterpoint.KindAiring)
	if !ok || rapid.IntRange(0, 4).Draw(w.t, "new slot") == 0 {
		if m, ok := pick[*counterpoint.Message](w, counterpoint.KindMessage); ok {
			w.try(m.Offer(w.who(), w.now, rapid.SampledFrom([]string{"sw", "swa", "fra", ""}).Draw(w.t, "slot in"), w.words(), w.now.Add(time.Hour)))
		}
		return
	}
	m, ok := w.load(counterpoint.KindMessage, a.Message).(*counterpoint.Message)
	if other, any := pick[*counterpoint.Message](w, counterpoint.KindMessage); any && rapid.IntRange(0, 5).Draw(w.t, "wrong message") == 0 {
		m = other
	}
	if !ok {
		return
	}
	switch by := w.who(); rapid.IntRange(0, 6).Draw(w.t, "on the slot") {
	case 0, 1:
		w.try(a.Accept(by, w.now, m))
	case 2:
		w.try(a.Decline(by, w.now, w.words()))
	case 3:
		w.try(a.Miss(by, w.now, w.words()))
	case 4:
		w.try(a.Cancel(by, w.now, w.words()))
	default:
		grade := rapid.SampledFrom([]counterpoint.Grade{"A", "B", "C", "D", "E", ""}).Draw(w.t, "grade")
		aired := rapid.SampledFrom([]time.Time{{}, w.now, w.now.Add(-time.Hour), w.now.Add(48 * time.Hour)}).Draw(w.t, "aired")
		w.try(a.Prove(by, w.now, m, grade, w.words(), aired))
	}
}

func (w *world) source() {
	s := counterpoint.Source{
		ID: rapid.SampledFrom([]string{"radio-one", "site", "Bad Id"}).Draw(w.t, "source"), Name: w.words(),
		Kind: rapid.SampledFrom([]counterpoint.SourceKind{counterpoint.Radio, counterpoint.Web, "tv"}).Draw(w.t, "kind"),
		Zone: rapid.SampledFrom([]string{"", "Africa/Bangui", "Mars/Base", "Local"}).Draw(w.t, "zone"), Languages: []string{"sw"},
		Reach: rapid.IntRange(-1, 2).Draw(w.t, "reach"),
	}
	if old, ok := pick[*counterpoint.Source](w, counterpoint.KindSource); ok && rapid.Bool().Draw(w.t, "update") {
		w.try(old.Update(w.who(), w.now, s))
		return
	}
	w.try2(s.Register(w.who(), w.now))
}

func (w *world) account() {
	roles := rapid.SliceOfN(rapid.SampledFrom(append([]counterpoint.PersonRole{"king"}, counterpoint.PersonRoles...)), 0, 2).Draw(w.t, "roles")
	a, ok := pick[*counterpoint.Account](w, counterpoint.KindAccount)
	if !ok || rapid.IntRange(0, 4).Draw(w.t, "new account") == 0 {
		w.try2(counterpoint.NewAccount(w.who(), w.now, rapid.SampledFrom(append(people, "")).Draw(w.t, "name"), roles, false))
		return
	}
	switch by := w.who(); rapid.IntRange(0, 6).Draw(w.t, "on the account") {
	case 0:
		w.try(a.SetRoles(by, w.now, roles))
	case 1:
		w.try(a.SetPreferences(by, w.now, []string{"sw"}, true))
	case 2:
		w.try(a.NoteToken(by, w.now, "tok_1"))
	case 3:
		w.try(a.NotePassword(by, w.now))
	case 4:
		w.try(a.Save(by, w.now, counterpoint.Saved{Name: "wells", Path: "/search?q=well"}))
	case 5:
		w.try(a.Drop(by, w.now, "wells"))
	default:
		w.try(a.Disable(by, w.now))
	}
}

var plan = counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 2}

func (w *world) alert() {
	f, ok := pick[*counterpoint.Flag](w, counterpoint.KindFlag)
	if !ok {
		return
	}
	a := w.load(counterpoint.KindAlert, counterpoint.AlertID(f.ID)).(*counterpoint.Alert)
	channel := rapid.SampledFrom([]string{"hook", "duty"}).Draw(w.t, "channel")
	claim := "evt_0"
	if len(a.Attempts) > 0 {
		claim = a.Attempts[rapid.IntRange(0, len(a.Attempts)-1).Draw(w.t, "attempt")].Claim
	}
	switch rapid.IntRange(0, 9).Draw(w.t, "on the alert") {
	case 0, 1, 2:
		w.try(a.Raise("respond", w.now, f, plan))
	case 3, 4, 5:
		w.try(a.Claim("respond", w.now, channel, channel == "hook"))
	case 6, 7:
		outcome := rapid.SampledFrom(append(counterpoint.SendOutcomes, "")).Draw(w.t, "outcome")
		w.try(a.Record("respond", w.now, claim, outcome, ""))
	case 8:
		w.try(a.Acknowledge(w.who(), w.now))
	default:
		w.try(a.Close("respond", w.now, rapid.SampledFrom(append(counterpoint.Calms, "")).Draw(w.t, "why")))
	}
}

func (w *world) checkAlert(a *counterpoint.Alert) {
	if !slices.Contains(counterpoint.AlertStates, a.State) || (a.State == counterpoint.Acknowledged) != (a.Acknowledged != nil) || (a.State == counterpoint.AlertClosed) != (a.Why != "") {
		w.t.Fatalf("alert is %q, acknowledged %v, closed because %q", a.State, a.Acknowledged, a.Why)
	}
	for i, t := range a.Attempts {
		if t.Number != i+1 || t.Round > a.Plan.Repeats || t.Raising > a.Raising || (t.Outcome != "") != (t.Answered != nil) {
			w.t.Fatalf("attempt %d of %d: %+v", i+1, len(a.Attempts), t)
		}
		for _, before := range a.Attempts[:i] {
			same := before.Channel == t.Channel && before.Raising == t.Raising && before.Round == t.Round
			if same && before.Outcome == counterpoint.SendAccepted && before.Answered.Before(t.Claimed) {
				w.t.Fatalf("attempt %d was claimed after %d had been taken", t.Number, before.Number)
			}
		}
	}
	if _, ok := a.Next("hook", true); ok && a.State != counterpoint.AlertOpen {
		w.t.Fatalf("something is due of an alert that is %s", a.State)
	}
}

// check holds for everything that is stored, at any time.
func (w *world) check() {
	for _, a := range w.stored {
		switch a := a.(type) {
		case *counterpoint.Flag:
			w.checkFlag(a)
		case *counterpoint.Message:
			w.checkMessage(a)
		case *counterpoint.Airing:
			w.checkAiring(a)
		case *counterpoint.Alert:
			w.checkAlert(a)
		case *counterpoint.Account:
			if a.Disabled && a.Has(counterpoint.PersonRoles...) {
				w.t.Fatalf("a disabled account may still act: %+v", a)
			}
		}
	}
}

func (w *world) checkFlag(f *counterpoint.Flag) {
	events := 0
	for _, e := range w.log {
		if e.On.Kind == counterpoint.KindFlag && e.On.ID == f.ID {
			events++
		}
	}
	raised := 1
	if f.ByHand != nil {
		raised = 0
	}
	if f.Version != events+raised {
		w.t.Fatalf("flag at version %d after %d events", f.Version, events)
	}
	if !slices.Contains(counterpoint.FlagStates, f.State) {
		w.t.Fatalf("flag is %q", f.State)
	}
	if d := f.Factors.Product() - f.Priority; d != 0 {
		w.t.Fatalf("priority %v is not the product of %+v", f.Priority, f.Factors)
	}
	j := f.Judgement()
	if f.State == counterpoint.Confirmed && (j.Decision != counterpoint.Confirmed || j.Rabat.Check() != nil || j.Level == "" || f.ConfirmedAt == nil) {
		w.t.Fatalf("confirmed without a whole test: %+v", j)
	}
	if f.State == counterpoint.Rejected && j.Reason == "" {
		w.t.Fatalf("rejected without a reason")
	}
	if decided(f.State) && (j.Judged == nil || f.Text != j.Judged.Text) {
		w.t.Fatalf("a %s flag shows %q, judged was %+v", f.State, f.Text, j.Judged)
	}
	if f.ConfirmedAt != nil && j.Decision != counterpoint.Confirmed {
		w.t.Fatalf("confirmed at %v by a %s", f.ConfirmedAt, j.Decision)
	}
	if (f.State == counterpoint.NearCopy) != (f.CopyOf != "" && !f.Touched() && len(f.Sightings) > 0) {
		w.t.Fatalf("flag at version %d, heard %d times, near-copy of %q, is %s", f.Version, len(f.Sightings), f.CopyOf, f.State)
	}
	if f.Passage() != nil && (f.Factors.Corroboration > float64(max(1, f.Owners()+len(f.Past)+len(f.Reviews)+1)) || f.State == counterpoint.Lapsed) {
		w.t.Fatalf("%d owners make %+v", f.Owners(), f.Factors)
	}
	if f.State == counterpoint.Lapsed && (len(f.Sightings) > 0 || f.ByHand != nil) {
		w.t.Fatalf("lapsed while it is heard")
	}
}

func (w *world) checkMessage(m *counterpoint.Message) {
	agreed := m.Approval != nil && m.ApprovedAt != nil
	switch m.State {
	case counterpoint.Draft, counterpoint.Submitted:
		if m.Approval != nil {
			w.t.Fatalf("a %s message is approved", m.State)
		}
	case counterpoint.Approved, counterpoint.Scheduled, counterpoint.OnAir, counterpoint.Closed:
		if !agreed || slices.Contains(m.Writers, m.Approval.By) || m.Approval.By == m.ChangedBy || m.Approval.At.Before(m.ChangedAt) {
			w.t.Fatalf("a %s message of %v, changed by %s at %v, has approval %+v", m.State, m.Writers, m.ChangedBy, m.ChangedAt, m.Approval)
		}
	case counterpoint.Withdrawn:
	default:
		w.t.Fatalf("message is %q", m.State)
	}
	proofs, accepted := 0, false
	for _, e := range w.log {
		if e.Also != nil && e.Also.ID == m.ID {
			accepted = accepted || e.Type == "airing.accept"
			if e.Type == "airing.prove" {
				proofs++
			}
		}
	}
	if (m.State == counterpoint.OnAir || m.State == counterpoint.Closed) && proofs == 0 {
		w.t.Fatalf("message is %s without a proof", m.State)
	}
	if m.State == counterpoint.Scheduled && !accepted {
		w.t.Fatalf("message is scheduled and no station accepted it")
	}
}

func (w *world) checkAiring(a *counterpoint.Airing) {
	if !slices.Contains(counterpoint.AiringStates, a.State) {
		w.t.Fatalf("airing is %q", a.State)
	}
	if (a.State == counterpoint.Aired) != (len(a.Proofs) > 0) || (a.Aired != nil) != (len(a.Proofs) > 0) {
		w.t.Fatalf("airing is %s with %d proofs", a.State, len(a.Proofs))
	}
	for _, p := range a.Proofs {
		if p.Grade < a.Grade {
			w.t.Fatalf("grade %s although there is a proof %s", a.Grade, p.Grade)
		}
	}
}

func TestNoIllegalStateIsReached(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		for range rapid.IntRange(5, 80).Draw(t, "steps") {
			w.act()
			w.check()
		}
		w.replay()
	})
}

// replay makes everything again as a rebuild does: the machine's half first, then the decisions, each event as
// it comes back from the log.
func (w *world) replay() {
	again := newWorld(w.t)
	for _, s := range w.lines {
		f := again.load(counterpoint.KindFlag, s.flag).(*counterpoint.Flag)
		s.do(f)
		again.store(f)
	}
	for _, e := range w.log {
		b, err := json.Marshal(e)
		if err != nil {
			w.t.Fatal(err)
		}
		var back counterpoint.Event
		if err := json.Unmarshal(b, &back); err != nil {
			w.t.Fatal(err)
		}
		again.append(back, true)
	}
	for k, a := range w.stored {
		if again.stored[k] == nil {
			w.t.Fatalf("%s did not come back", k)
		}
		if d := same(a, again.stored[k]); d != "" {
			w.t.Fatalf("%s came back different (-live +replayed):\n%s", k, d)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	e, err := counterpoint.NewNarrative("amina", now, "Wells", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	f := func(what string, change func(*counterpoint.Event), on counterpoint.Aggregate) {
		t.Helper()
		bad := e
		change(&bad)
		before := fmt.Sprintf("%+v", on)
		if out := counterpoint.Apply(bad, on, nil); out.Applied || out.Refused == "" {
			t.Errorf("%s: applied as %+v", what, out)
		}
		if after := fmt.Sprintf("%+v", on); after != before {
			t.Errorf("%s: changed %s to %s", what, before, after)
		}
	}
	fresh := func() counterpoint.Aggregate { return &counterpoint.Narrative{ID: e.On.ID} }
	f("unknown type", func(e *counterpoint.Event) { e.Type = "narrative.burn" }, fresh())
	f("broken data", func(e *counterpoint.Event) { e.Data = json.RawMessage(`{"title":7}`) }, fresh())
	f("another aggregate", func(*counterpoint.Event) {}, &counterpoint.Narrative{ID: "nar_other"})
	f("another kind", func(*counterpoint.Event) {}, &counterpoint.Message{ID: e.On.ID})
	f("a later version", func(*counterpoint.Event) {}, &counterpoint.Narrative{ID: e.On.ID, Version: 3})
	f("a second aggregate that is not there", func(e *counterpoint.Event) { e.Also = &counterpoint.Ref{Kind: counterpoint.KindFlag, ID: "x"} }, fresh())
	f("half of an event", func(e *counterpoint.Event) {
		e.On = counterpoint.Ref{Kind: counterpoint.KindSource, ID: "s"}
		e.Type, e.Data = "source.register", json.RawMessage(`{"name":"A","reach":"far"}`)
	}, &counterpoint.Source{ID: "s"})
}

func TestApplyIsForBothOrNeither(t *testing.T) {
	slot, m := &counterpoint.Airing{ID: "air", State: counterpoint.Offered, Version: 1}, &counterpoint.Message{ID: "msg", Version: 4}
	e := counterpoint.Event{ID: "evt", Type: "airing.decline", By: "bosco", At: t0, On: slot.Ref(), Data: json.RawMessage(`{"reason":"full"}`)}
	ref := m.Ref()
	e.Also = &ref // a message does not know this event
	if out := counterpoint.Apply(e, slot, m); out.Applied || out.Version != 1 || out.State != "offered" {
		t.Errorf("applied by half: %+v", out)
	}
	if slot.State != counterpoint.Offered || slot.Version != 1 || slot.Reason != "" || m.Version != 4 {
		t.Errorf("changed by half: %+v %+v", slot, m)
	}
}
