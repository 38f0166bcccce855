package counterpoint

import (
	"fmt"
	"slices"
	"time"
)

// AlertState is where an alert stands.
type AlertState string

// The states of an alert. Closed means that its flag turned out to need none before anybody acknowledged it.
const (
	AlertOpen    AlertState = "open"
	Acknowledged AlertState = "acknowledged"
	AlertClosed  AlertState = "closed"
)

// AlertStates lists them, those that wait for somebody first.
var AlertStates = []AlertState{AlertOpen, Acknowledged, AlertClosed}

// SendOutcome is what became of one attempt to tell somebody. It is empty until that is known, and for ever where
// the process that tried died meanwhile.
type SendOutcome string

// The outcomes. What failed is tried again soon, what was refused only in the next round.
const (
	SendAccepted SendOutcome = "accepted"
	SendFailed   SendOutcome = "failed"
	SendRefused  SendOutcome = "refused"
)

// SendOutcomes lists them.
var SendOutcomes = []SendOutcome{SendAccepted, SendFailed, SendRefused}

// Attempt is one try to tell somebody through a channel. It is claimed in the log before anything is sent, so that of
// several processes one sends it.
type Attempt struct {
	Number   int         `json:"number"` // from 1, of the alert
	Channel  string      `json:"channel"`
	Round    int         `json:"round"`   // 0 when the alert was raised, one more with each repeat
	Raising  int         `json:"raising"` // of Alert.Raising
	Claim    string      `json:"claim"`   // the event that claimed it
	Claimed  time.Time   `json:"claimed"`
	Outcome  SendOutcome `json:"outcome,omitempty"`
	Detail   string      `json:"detail,omitempty"` // one of SendReasons, or a status such as HTTP 503; nothing of what the other side wrote
	Answered *time.Time  `json:"answered"`
}

// AlertPlan is how long an alert goes on. It is the one of the alert's raising: to change the configuration changes
// the alerts after it.
type AlertPlan struct {
	RepeatSeconds int `json:"repeat_seconds"` // between two rounds
	Repeats       int `json:"repeats"`        // rounds after the first
}

func (p AlertPlan) repeat() time.Duration { return time.Duration(p.RepeatSeconds) * time.Second }

// Check says which fields are wrong.
func (p AlertPlan) Check() error {
	var bad Invalid
	if p.RepeatSeconds < 60 || p.RepeatSeconds > 86400 {
		bad = append(bad, FieldError{"repeat", "must be 1m to 24h"})
	}
	if p.Repeats < 0 || p.Repeats > 100 {
		bad = append(bad, FieldError{"repeats", "must be 0 to 100"})
	}
	return bad.orNil()
}

// Acknowledgement is who took an alert on, and when.
type Acknowledgement struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Alert is the call to the people on duty that a flag reached level 3. A flag has one. It holds no word of what was
// said and nobody's name but theirs who acted on it.
type Alert struct {
	ID           string           `json:"id"`
	State        AlertState       `json:"state"`
	Flag         string           `json:"flag"`
	Item         string           `json:"item"`
	Source       string           `json:"source"`
	Lang         string           `json:"lang"`
	Level        int              `json:"level"`
	Person       bool             `json:"person"`   // a person judged it so, not the machine alone
	Imminent     bool             `json:"imminent"` // a time, place or meeting is named
	Heard        *time.Time       `json:"heard"`
	Precision    Precision        `json:"precision"`
	Flagged      time.Time        `json:"flagged"`
	Raised       time.Time        `json:"raised"`  // the last time
	Raising      int              `json:"raising"` // 1, and one more each time that a closed alert was raised again
	Plan         AlertPlan        `json:"plan"`
	Attempts     []Attempt        `json:"attempts"`
	Acknowledged *Acknowledgement `json:"acknowledged"`
	Why          Calm             `json:"why,omitempty"` // it was closed
	ClosedAt     *time.Time       `json:"closed_at"`
	Version      int              `json:"version"`
	CreatedBy    string           `json:"created_by"`
	CreatedAt    time.Time        `json:"created_at"`
	Example      bool             `json:"example,omitempty"`
}

// AlertID is the id of the alert of a flag: whoever raises it, it is one.
func AlertID(flag string) string { return ID("alr", flag) }

// Calm is why a flag needs no alert, empty where it does.
type Calm string

// The reasons. Those that a person gave stand at once; the machine's may be of an index that is still being made.
const (
	CalmRejected  Calm = "rejected"  // by a person
	CalmDuplicate Calm = "duplicate" // by a person: another flag stands for it
	CalmGraded    Calm = "graded"    // confirmed by a person as less than the gravest
	CalmLapsed    Calm = "lapsed"    // the newest assessment no longer raises it
	CalmLower     Calm = "lower"     // the newest assessment finds less than level 3
	CalmGone      Calm = "gone"      // there is no such flag any more: its item was erased
)

// Calms lists them.
var Calms = []Calm{CalmRejected, CalmDuplicate, CalmGraded, CalmLapsed, CalmLower, CalmGone}

// ByPerson reports whether a person's decision is the reason.
func (c Calm) ByPerson() bool { return c == CalmRejected || c == CalmDuplicate || c == CalmGraded }

// Calm is why the flag needs no alert. It is empty for one of level 3: the machine's while nobody decided, and a
// person's from then on.
func (f *Flag) Calm() Calm {
	switch f.State {
	case Rejected:
		return CalmRejected
	case Duplicate:
		return CalmDuplicate
	case Confirmed:
		if j := f.Judgement(); j == nil || j.Level != Top {
			return CalmGraded
		}
		return ""
	case Lapsed:
		return CalmLapsed
	}
	if f.Level < 3 {
		return CalmLower
	}
	return ""
}

type alertData struct {
	Flag      string     `json:"flag"`
	Item      string     `json:"item"`
	Source    string     `json:"source"`
	Lang      string     `json:"lang"`
	Person    bool       `json:"person,omitempty"`
	Imminent  bool       `json:"imminent,omitempty"`
	Heard     *time.Time `json:"heard"`
	Precision Precision  `json:"precision"`
	Flagged   time.Time  `json:"flagged"`
	Plan      AlertPlan  `json:"plan"`
	Example   bool       `json:"example,omitempty"`
}

type attemptData struct {
	Channel string      `json:"channel,omitempty"`
	Round   int         `json:"round,omitempty"`
	Claim   string      `json:"claim,omitempty"`
	Outcome SendOutcome `json:"outcome,omitempty"`
	Detail  string      `json:"detail,omitempty"`
}

type calmData struct {
	Why Calm `json:"why"`
}

// Raise is the event that calls the people on duty because of the flag. The alert is the one of the flag, new or
// closed. Two processes that raise it make the same event.
func (a *Alert) Raise(by string, now time.Time, f *Flag, plan AlertPlan) (Event, error) {
	if err := plan.Check(); err != nil {
		return Event{}, err
	}
	if a.ID != AlertID(f.ID) {
		return Event{}, fmt.Errorf("alert %s is not of flag %s: %w", a.ID, f.ID, ErrInvalid)
	}
	if a.Version > 0 && a.State != AlertClosed {
		return Event{}, fmt.Errorf("the alert is %s already: %w", a.State, ErrConflict)
	}
	if why := f.Calm(); why != "" {
		return Event{}, fmt.Errorf("the flag needs no alert (%s): %w", why, ErrConflict)
	}
	e := newEvent("alert.raise", by, now, a.Ref(), alertData{
		Flag: f.ID, Item: f.Item, Source: f.Source, Lang: f.Lang, Person: f.State == Confirmed || f.Basis == ByHand,
		Imminent: f.Factors.Imminence >= 3, Heard: f.Heard, Precision: f.Precision, Flagged: f.Flagged, Plan: plan, Example: f.Example,
	})
	e.ID = ID("evt", e.Type, a.ID, fmt.Sprint(a.Version))
	return e, nil
}

// Claim is the event by which a process takes on the channel's next attempt. first is for channels that are told in
// the first round; the others are told from the first repeat on.
func (a *Alert) Claim(by string, now time.Time, channel string, first bool) (Event, error) {
	t, ok := a.Next(channel, first)
	if !ok || t.At.After(now) {
		return Event{}, fmt.Errorf("nothing is due through %s: %w", channel, ErrConflict)
	}
	return newEvent("alert.notify", by, now, a.Ref(), attemptData{Channel: channel, Round: t.Round}), nil
}

// Record is the event that says what became of the attempt that an event claimed.
func (a *Alert) Record(by string, now time.Time, claim string, outcome SendOutcome, detail string) (Event, error) {
	i := a.claimed(claim)
	if i < 0 {
		return Event{}, fmt.Errorf("event %s claimed no attempt of alert %s: %w", claim, a.ID, ErrInvalid)
	}
	if a.Attempts[i].Outcome != "" {
		return Event{}, fmt.Errorf("the outcome of attempt %d is known already: %w", a.Attempts[i].Number, ErrConflict)
	}
	if !slices.Contains(SendOutcomes, outcome) {
		return Event{}, Invalid{{"outcome", fmt.Sprintf("%q is not one of %v", outcome, SendOutcomes)}}
	}
	return newEvent("alert.notified", by, now, a.Ref(), attemptData{Claim: claim, Outcome: outcome, Detail: detail}), nil
}

func (a *Alert) claimed(event string) int {
	return slices.IndexFunc(a.Attempts, func(t Attempt) bool { return t.Claim == event })
}

// AcknowledgedError is for an alert that somebody took on before.
type AcknowledgedError struct{ Acknowledgement }

// Error says when.
func (e AcknowledgedError) Error() string {
	return "somebody acknowledged the alert already, at " + e.At.UTC().Format("15:04 UTC on 2 January 2006")
}

// Is makes errors.Is(err, ErrConflict) true.
func (e AcknowledgedError) Is(target error) bool { return target == ErrConflict }

// Acknowledge is a person's word that they know and take it on. Nothing goes out after it.
func (a *Alert) Acknowledge(by string, now time.Time) (Event, error) {
	switch {
	case a.Acknowledged != nil:
		return Event{}, AcknowledgedError{*a.Acknowledged}
	case a.State != AlertOpen:
		return Event{}, fmt.Errorf("the alert is %s (%s); there is nothing to acknowledge: %w", a.State, a.Why, ErrConflict)
	}
	return newEvent("alert.acknowledge", by, now, a.Ref(), nil), nil
}

// Close is the event that ends an alert whose flag needs none, before anybody acknowledged it.
func (a *Alert) Close(by string, now time.Time, why Calm) (Event, error) {
	if a.State != AlertOpen {
		return Event{}, fmt.Errorf("the alert is %s already: %w", a.State, ErrConflict)
	}
	if !slices.Contains(Calms, why) {
		return Event{}, Invalid{{"why", fmt.Sprintf("%q is not one of %v", why, Calms)}}
	}
	return newEvent("alert.close", by, now, a.Ref(), calmData{why}), nil
}

// Ref names the alert and its version.
func (a *Alert) Ref() Ref { return Ref{KindAlert, a.ID, a.Version} }

func (a *Alert) apply(e Event) error {
	var err error
	switch e.Type {
	case "alert.raise":
		err = a.raise(e)
	case "alert.notify":
		err = a.claim(e)
	case "alert.notified":
		err = a.record(e)
	case "alert.acknowledge":
		a.State, a.Acknowledged = Acknowledged, &Acknowledgement{e.By, e.At}
	case "alert.close":
		var d calmData
		err = e.data(&d)
		at := e.At
		a.State, a.Why, a.ClosedAt = AlertClosed, d.Why, &at
	default:
		err = e.unknown()
	}
	a.Version++
	return err
}

func (a *Alert) raise(e Event) error {
	var d alertData
	if err := e.data(&d); err != nil {
		return err
	}
	a.Flag, a.Item, a.Source, a.Lang, a.Level, a.Person, a.Imminent = d.Flag, d.Item, d.Source, d.Lang, 3, d.Person, d.Imminent
	a.Heard, a.Precision, a.Flagged, a.Plan, a.Example = d.Heard, d.Precision, d.Flagged, d.Plan, d.Example
	a.State, a.Why, a.ClosedAt, a.Raised = AlertOpen, "", nil, e.At
	a.Raising++
	if a.Version == 0 {
		a.CreatedBy, a.CreatedAt, a.Attempts = e.By, e.At, []Attempt{}
	}
	return nil
}

func (a *Alert) claim(e Event) error {
	var d attemptData
	if err := e.data(&d); err != nil {
		return err
	}
	a.Attempts = append(slices.Clone(a.Attempts), Attempt{
		Number: len(a.Attempts) + 1, Channel: d.Channel, Round: d.Round, Raising: a.Raising, Claim: e.ID, Claimed: e.At,
	})
	return nil
}

func (a *Alert) record(e Event) error {
	var d attemptData
	if err := e.data(&d); err != nil {
		return err
	}
	i := a.claimed(d.Claim)
	if i < 0 {
		return fmt.Errorf("event %s claimed no attempt of alert %s: %w", d.Claim, a.ID, ErrInvalid)
	}
	at := e.At
	a.Attempts = slices.Clone(a.Attempts)
	a.Attempts[i].Outcome, a.Attempts[i].Detail, a.Attempts[i].Answered = d.Outcome, d.Detail, &at
	return nil
}

// UnknownAfter is how long after its claim an attempt without an outcome counts as lost with its process, and is made
// anew: an alert rather comes twice than never. A process sends within half of it or not at all.
const UnknownAfter = time.Minute

// sendPauses are how long a failed attempt waits for the next one of its round.
var sendPauses = []time.Duration{5 * time.Second, 15 * time.Second, 45 * time.Second, 135 * time.Second}

// Turn is when a channel is to be tried next, and in which round.
type Turn struct {
	Round int
	At    time.Time
}

// Next is the channel's next turn. ok is false where none comes any more unless something happens: an outcome that
// is awaited, an acknowledgement taken back.
func (a *Alert) Next(channel string, first bool) (t Turn, ok bool) {
	if a.State != AlertOpen {
		return Turn{}, false
	}
	begun := a.Rounds()
	last := len(begun) - 1
	more, next := last < a.Plan.Repeats, begun[last].Add(a.Plan.repeat())
	if at, ok := a.retry(channel, last, begun[last]); ok && (last > 0 || first) && !(more && at.After(next)) {
		return Turn{last, at}, true
	}
	return Turn{last + 1, next}, more
}

// Rounds are when each round of the last raising began. The first began with the raising, also where no channel was
// tried in it yet.
func (a *Alert) Rounds() []time.Time {
	begun := []time.Time{a.Raised}
	seen := map[int]bool{}
	for _, t := range a.Attempts {
		if t.Raising != a.Raising || seen[t.Round] {
			continue
		}
		seen[t.Round] = true
		for len(begun) <= t.Round { // a round that no channel was tried in is as long as any
			begun = append(begun, begun[len(begun)-1].Add(a.Plan.repeat()))
		}
		begun[t.Round] = t.Claimed
	}
	return begun
}

// retry is when the channel is tried again in the round; ok is false where it has done what it could.
func (a *Alert) retry(channel string, round int, begun time.Time) (at time.Time, ok bool) {
	tries := 0
	var last Attempt
	for _, t := range a.Attempts {
		if t.Raising == a.Raising && t.Round == round && t.Channel == channel {
			tries, last = tries+1, t
			if t.Outcome == SendAccepted {
				return time.Time{}, false
			}
		}
	}
	switch {
	case tries == 0:
		return begun, true
	case last.Outcome == SendRefused, tries > len(sendPauses):
		return time.Time{}, false
	case last.Outcome == "":
		return last.Claimed.Add(UnknownAfter), true
	}
	return last.Answered.Add(sendPauses[tries-1]), true
}

// Reached reports whether any channel took the alert since it was raised last.
func (a *Alert) Reached() bool {
	return slices.ContainsFunc(a.Attempts, func(t Attempt) bool { return t.Raising == a.Raising && t.Outcome == SendAccepted })
}

// Spent reports whether all rounds are over and nobody acknowledged.
func (a *Alert) Spent(now time.Time) bool {
	begun := a.Rounds()
	return a.State == AlertOpen && len(a.Attempts) > 0 && len(begun)-1 == a.Plan.Repeats && !now.Before(begun[len(begun)-1].Add(a.Plan.repeat()))
}
