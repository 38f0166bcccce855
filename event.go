package counterpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind is the kind of thing an event is about, or a document is.
type Kind string

// The kinds. Those with a version change by events alone.
const (
	KindItem       Kind = "item"
	KindSegment    Kind = "segment"
	KindFlag       Kind = "flag"
	KindNarrative  Kind = "narrative"
	KindMessage    Kind = "message"
	KindAiring     Kind = "airing"
	KindSource     Kind = "source"
	KindAccount    Kind = "account"
	KindAlert      Kind = "alert"
	KindFollowup   Kind = "followup"
	KindCollectors Kind = "collectors"
	KindEvent      Kind = "event"
)

// Ref names an aggregate and the version an event was based on; version 0 means that it does not exist yet.
type Ref struct {
	Kind    Kind   `json:"kind"`
	ID      string `json:"id"`
	Version int    `json:"version"`
}

// Event is one thing a person did. The log of events is the record; what people see is made from it.
type Event struct {
	ID   string          `json:"id"`   // unique; from the Idempotency-Key where there was one
	Type string          `json:"type"` // kind and verb, such as flag.confirm
	At   time.Time       `json:"at"`
	By   string          `json:"by"`             // Account.ID
	On   Ref             `json:"on"`             // what it is about, and the version it was based on
	Also *Ref            `json:"also,omitempty"` // the second aggregate it changes, with its version
	Data json.RawMessage `json:"data,omitempty"`
	// Judged is the passage a decision was about. In the log it has no words: those are in Sealed.
	Judged *Sighting `json:"judged,omitempty"`
	// Sealed holds the words of Data and Judged, encrypted under the key of the item SealedFor names, so
	// that erasing the key erases the words while the log still verifies.
	Sealed    string `json:"sealed,omitempty"`
	SealedFor string `json:"sealed_for,omitempty"`
}

func newEvent(typ, by string, at time.Time, on Ref, data any) Event {
	e := Event{ID: NewID("evt"), Type: typ, At: at.UTC(), By: by, On: on}
	if data != nil {
		b, err := json.Marshal(data)
		if err != nil {
			panic(fmt.Sprintf("counterpoint: event data of %s: %v", typ, err)) // our own types only
		}
		e.Data = b
	}
	return e
}

func (e Event) data(into any) error {
	if err := json.Unmarshal(e.Data, into); err != nil {
		return fmt.Errorf("data of event %s (%s): %w", e.ID, e.Type, err)
	}
	return nil
}

// sealedWords is what Sealed holds.
type sealedWords struct {
	Data   json.RawMessage `json:"data,omitempty"`
	Judged *Sighting       `json:"judged,omitempty"`
}

// Seal moves the words of an event that quotes an item under that item's key. Events that quote nothing
// are returned as they are.
func (e Event) Seal(seal func(item string, plain []byte) (string, error)) (Event, error) {
	if e.SealedFor == "" {
		return e, nil
	}
	plain, err := json.Marshal(sealedWords{e.Data, e.Judged})
	if err != nil {
		return e, fmt.Errorf("words of event %s: %w", e.ID, err)
	}
	if e.Sealed, err = seal(e.SealedFor, plain); err != nil {
		return e, fmt.Errorf("seal the words of event %s: %w", e.ID, err)
	}
	if e.Data, err = wordless(e.Data); err != nil {
		return e, fmt.Errorf("data of event %s: %w", e.ID, err)
	}
	if e.Judged != nil {
		e.Judged = e.Judged.wordless()
	}
	return e, nil
}

// Unseal is the event with its words. Where the key was erased (open answers ErrNotFound) the event comes
// back as it is: the decision stands, its words are gone.
func (e Event) Unseal(open func(item, sealed string) ([]byte, error)) (Event, error) {
	if e.Sealed == "" {
		return e, nil
	}
	plain, err := open(e.SealedFor, e.Sealed)
	if errors.Is(err, ErrNotFound) {
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("open the words of event %s: %w", e.ID, err)
	}
	var w sealedWords
	if err := json.Unmarshal(plain, &w); err != nil {
		return e, fmt.Errorf("words of event %s: %w", e.ID, err)
	}
	e.Data, e.Judged, e.Sealed = w.Data, w.Judged, ""
	return e, nil
}

// wordless is the data without what people wrote or quoted: every reason, text and evidence is emptied.
func wordless(data json.RawMessage) (json.RawMessage, error) {
	if data == nil {
		return nil, nil
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	blank(v)
	return json.Marshal(v)
}

func blank(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			switch k {
			case "reason", "text", "evidence", "asked":
				v[k] = ""
			default:
				blank(x)
			}
		}
	case []any:
		for _, x := range v {
			blank(x)
		}
	}
}

func (e Event) unknown() error { return fmt.Errorf("event %s: type %s: %w", e.ID, e.Type, ErrInvalid) }

// Aggregate is a thing that changes by events alone.
type Aggregate interface {
	Ref() Ref
	apply(Event) error
	keep() (undo func())
}

// keepCopy lets Apply take back what half an event did. A shallow copy is enough: apply replaces what it
// changes or appends to it, and never writes into what is there.
func keepCopy[T any](a *T) func() {
	old := *a
	return func() { *a = old }
}

func (f *Flag) keep() func()       { return keepCopy(f) }
func (n *Narrative) keep() func()  { return keepCopy(n) }
func (m *Message) keep() func()    { return keepCopy(m) }
func (a *Airing) keep() func()     { return keepCopy(a) }
func (s *Source) keep() func()     { return keepCopy(s) }
func (a *Account) keep() func()    { return keepCopy(a) }
func (a *Alert) keep() func()      { return keepCopy(a) }
func (f *Followup) keep() func()   { return keepCopy(f) }
func (c *Collectors) keep() func() { return keepCopy(c) }

var (
	_ Aggregate = (*Flag)(nil)
	_ Aggregate = (*Narrative)(nil)
	_ Aggregate = (*Message)(nil)
	_ Aggregate = (*Airing)(nil)
	_ Aggregate = (*Source)(nil)
	_ Aggregate = (*Account)(nil)
	_ Aggregate = (*Alert)(nil)
	_ Aggregate = (*Followup)(nil)
	_ Aggregate = (*Collectors)(nil)
)

// NewAggregate is the aggregate of a kind before its first event.
func NewAggregate(k Kind, id string) (Aggregate, error) {
	switch k {
	case KindFlag:
		return &Flag{ID: id}, nil
	case KindNarrative:
		return &Narrative{ID: id}, nil
	case KindMessage:
		return &Message{ID: id}, nil
	case KindAiring:
		return &Airing{ID: id}, nil
	case KindSource:
		return &Source{ID: id}, nil
	case KindAccount:
		return &Account{ID: id}, nil
	case KindAlert:
		return &Alert{ID: id}, nil
	case KindFollowup:
		return &Followup{ID: id}, nil
	case KindCollectors:
		return &Collectors{ID: id}, nil
	}
	return nil, fmt.Errorf("kind %q has no events: %w", k, ErrInvalid)
}

// Outcome is what became of an event: applied, giving On (and Also) a new version, or refused for ever.
type Outcome struct {
	Event   Event  `json:"event"`
	Applied bool   `json:"applied"`
	Version int    `json:"version"`           // of On afterwards
	State   string `json:"state,omitempty"`   // of On afterwards
	Refused string `json:"refused,omitempty"` // why not
	Offset  int64  `json:"offset"`            // in the decisions log

	// Forgot is of an erasure: the versions of the flags, and the numbers of passages flagged by hand in the items,
	// whose words it took. What was decided later keeps its own when a batch is applied again.
	Forgot map[string]int `json:"forgot,omitempty"`
}

// The states of an outcome in the audit. Among processes is what they settle between them every few minutes, whatever
// became of it: it would hide what people did.
const (
	EventApplied = "applied"
	EventRefused = "refused"
	EventAmong   = "among-processes"
)

// Audited is the state of the outcome in the audit.
func (o Outcome) Audited() string {
	switch {
	case o.Event.On.Kind == KindCollectors:
		return EventAmong
	case o.Applied:
		return EventApplied
	}
	return EventRefused
}

// Apply applies an event to its aggregates, as loaded (or as NewAggregate made them). It asks one thing: is
// the version the event was based on still current, for both? Rules and roles were checked before the event
// was appended, so later changes to them never change the past. Whether the event was seen before is for the
// caller to ask first, by its id; then the earlier outcome stands. An aggregate is changed only when the
// event applies to both.
//
// A machine-raised flag starts at version 1, everything else is created by its first event.
func Apply(e Event, on, also Aggregate) Outcome {
	out := Outcome{Event: e, Version: on.Ref().Version, State: StateOf(on)}
	if err := current(e.On, on); err != nil {
		out.Refused = err.Error()
		return out
	}
	if e.Also != nil {
		if err := current(*e.Also, also); err != nil {
			out.Refused = err.Error()
			return out
		}
	}
	undo := on.keep()
	if err := on.apply(e); err != nil {
		undo()
		out.Refused = err.Error()
		return out
	}
	if e.Also != nil {
		undoAlso := also.keep()
		if err := also.apply(e); err != nil {
			undoAlso()
			undo()
			out.Refused = err.Error()
			return out
		}
	}
	out.Applied, out.Version, out.State = true, on.Ref().Version, StateOf(on)
	return out
}

// Carry applies an event that is known to have been applied to one of its aggregates, where that was written
// before the event was, and reports whether it lacked it.
func Carry(e Event, based Ref, a Aggregate) (lacked bool, err error) {
	if a.Ref() != based {
		return false, nil
	}
	if err := a.apply(e); err != nil {
		return false, fmt.Errorf("event %s applied before and does not again: %w", e.ID, err)
	}
	return true, nil
}

func current(based Ref, a Aggregate) error {
	if a == nil {
		return fmt.Errorf("%s %s: %w", based.Kind, based.ID, ErrNotFound)
	}
	now := a.Ref()
	if now.Kind != based.Kind || now.ID != based.ID {
		return fmt.Errorf("event is about %s %s, not %s %s: %w", based.Kind, based.ID, now.Kind, now.ID, ErrInvalid)
	}
	if now.Version != based.Version {
		return fmt.Errorf("%s %s is at version %d, the decision was based on %d: %w", now.Kind, now.ID, now.Version, based.Version, ErrStale)
	}
	return nil
}

// StateOf is the visible state of an aggregate, empty for those without one.
func StateOf(a Aggregate) string {
	switch a := a.(type) {
	case *Flag:
		return string(a.State)
	case *Message:
		return string(a.State)
	case *Airing:
		return string(a.State)
	case *Followup:
		return a.State
	case *Account:
		if a.Disabled {
			return "disabled"
		}
		return "active"
	case *Alert:
		return string(a.State)
	}
	return ""
}
