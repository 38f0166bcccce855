package counterpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
)

// MessageKind is what a counter-message does.
type MessageKind string

// The kinds of counter-message.
const (
	Correction     MessageKind = "correction"
	OwnFrame       MessageKind = "own-frame"
	Prebunk        MessageKind = "prebunk"
	Reassurance    MessageKind = "reassurance"
	HowToReport    MessageKind = "how-to-report"
	Accountability MessageKind = "accountability"
)

// MessageKinds lists them.
var MessageKinds = []MessageKind{Correction, OwnFrame, Prebunk, Reassurance, HowToReport, Accountability}

// MessageState is where a counter-message stands.
type MessageState string

// The states of a message. Scheduled has a slot that a station accepted, aired has a proof.
const (
	Draft     MessageState = "draft"
	Submitted MessageState = "submitted"
	Approved  MessageState = "approved"
	Scheduled MessageState = "scheduled"
	OnAir     MessageState = "aired"
	Closed    MessageState = "closed"
	Withdrawn MessageState = "withdrawn"
)

// MessageStates lists them in the order of the board.
var MessageStates = []MessageState{Draft, Submitted, Approved, Scheduled, OnAir, Closed, Withdrawn}

// Variant is the message in one language.
type Variant struct {
	Lang    string `json:"lang"`
	Script  string `json:"script"`
	Seconds int    `json:"seconds"` // reading time at a radio pace
}

// Approval is a second person's yes to the words as they stood.
type Approval struct {
	By string    `json:"by"`
	At time.Time `json:"at"`
}

// Message is a counter-message: what is said, to whom, in which languages, and who agreed.
type Message struct {
	ID         string       `json:"id"`
	Narrative  string       `json:"narrative"`
	Kind       MessageKind  `json:"kind"`
	Audience   string       `json:"audience"`
	Avoid      string       `json:"avoid,omitempty"` // what not to repeat
	Useful     *time.Time   `json:"useful_until"`    // latest useful time
	Variants   []Variant    `json:"variants"`
	State      MessageState `json:"state"`
	Version    int          `json:"version"`
	CreatedBy  string       `json:"created_by"`
	CreatedAt  time.Time    `json:"created_at"`
	ChangedBy  string       `json:"changed_by"`
	ChangedAt  time.Time    `json:"changed_at"`
	Writers    []string     `json:"writers"` // everybody whose words are in it
	Approval   *Approval    `json:"approval"`
	ApprovedAt *time.Time   `json:"approved_at"`        // first approval of all, for time-to-counter
	Returned   string       `json:"returned,omitempty"` // why it came back
	Reason     string       `json:"reason,omitempty"`   // why it was withdrawn or closed
	Example    bool         `json:"example,omitempty"`
}

// MessageDraft is what a writer fills in.
type MessageDraft struct {
	Narrative string      `json:"narrative"`
	Kind      MessageKind `json:"kind"`
	Audience  string      `json:"audience"`
	Avoid     string      `json:"avoid,omitempty"`
	Useful    *time.Time  `json:"useful_until,omitempty"`
	Variants  []Variant   `json:"variants"`
	Example   bool        `json:"example,omitempty"`
}

func (d *MessageDraft) check() error {
	var bad Invalid
	if d.Narrative == "" {
		bad = append(bad, FieldError{"narrative", "name the narrative this answers"})
	}
	if !slices.Contains(MessageKinds, d.Kind) {
		bad = append(bad, FieldError{"kind", fmt.Sprintf("%q is not one of %v", d.Kind, MessageKinds)})
	}
	if strings.TrimSpace(d.Audience) == "" {
		bad = append(bad, FieldError{"audience", "say who should hear it"})
	}
	if d.Useful != nil && !CredibleTime(*d.Useful) {
		bad = append(bad, FieldError{"useful_until", notCredible})
	}
	if len(d.Variants) == 0 {
		bad = append(bad, FieldError{"variants", "write the message in at least one language"})
	}
	seen := map[string]bool{}
	d.Variants = slices.Clone(d.Variants)
	for i, v := range d.Variants {
		at := fmt.Sprintf("variants[%d]", i)
		code, ok := Lang(v.Lang)
		switch {
		case !ok:
			bad = append(bad, FieldError{at + ".lang", fmt.Sprintf("%q is not an ISO 639 code", v.Lang)})
		case seen[code]:
			bad = append(bad, FieldError{at + ".lang", code + " stands twice"})
		}
		seen[code] = true
		if strings.TrimSpace(v.Script) == "" {
			bad = append(bad, FieldError{at + ".script", "must not be empty"})
		}
		if len(v.Script) > 20_000 {
			bad = append(bad, FieldError{at + ".script", "must be at most 20,000 bytes"})
		}
		d.Variants[i] = Variant{code, v.Script, ReadingSeconds(v.Script)}
	}
	return bad.orNil()
}

// ReadingSeconds is how long a presenter needs: 2.5 words a second, or 14 letters a second for languages whose
// words are long or that put no spaces between them, whichever takes longer.
func ReadingSeconds(script string) int {
	letters := 0
	for _, r := range script {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	words := float64(len(strings.Fields(script)))
	return int(math.Ceil(max(words/2.5, float64(letters)/14)))
}

// NewMessage is the event that makes a draft.
func NewMessage(by string, now time.Time, d MessageDraft) (Event, error) {
	if err := d.check(); err != nil {
		return Event{}, err
	}
	return newEvent("message.create", by, now, Ref{KindMessage, NewID("msg"), 0}, d), nil
}

// Ref names the message and its version.
func (m *Message) Ref() Ref { return Ref{KindMessage, m.ID, m.Version} }

func (m *Message) in(states ...MessageState) error {
	if slices.Contains(states, m.State) {
		return nil
	}
	return fmt.Errorf("the message is %s; this needs it to be %s: %w", m.State, join(states, " or "), ErrConflict)
}

func join[T ~string](list []T, sep string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return strings.Join(out, sep)
}

// Edit replaces the words. Approvals are dropped: the message is a draft again.
func (m *Message) Edit(by string, now time.Time, d MessageDraft) (Event, error) {
	if err := m.in(Draft, Submitted, Approved); err != nil {
		return Event{}, err
	}
	if d.Narrative == "" {
		d.Narrative = m.Narrative
	}
	if err := d.check(); err != nil {
		return Event{}, err
	}
	return newEvent("message.edit", by, now, m.Ref(), d), nil
}

// Submit puts the draft before an approver.
func (m *Message) Submit(by string, now time.Time) (Event, error) {
	if err := m.in(Draft); err != nil {
		return Event{}, err
	}
	return newEvent("message.submit", by, now, m.Ref(), nil), nil
}

// Approve is the second person's yes. Nobody approves words of their own, whatever their role.
func (m *Message) Approve(by string, now time.Time) (Event, error) {
	if err := m.in(Submitted); err != nil {
		return Event{}, err
	}
	if by == m.CreatedBy || by == m.ChangedBy || slices.Contains(m.Writers, by) {
		return Event{}, fmt.Errorf("you wrote or changed this message; somebody else must approve it: %w", ErrForbidden)
	}
	return newEvent("message.approve", by, now, m.Ref(), nil), nil
}

type reasonData struct {
	Reason string `json:"reason"`
}

// Return sends it back to its writers, and says why.
func (m *Message) Return(by string, now time.Time, reason string) (Event, error) {
	if err := m.in(Submitted, Approved); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Event{}, Invalid{{"reason", "say what must change"}}
	}
	return newEvent("message.return", by, now, m.Ref(), reasonData{reason}), nil
}

// Withdraw takes the message back, also when it was on air already.
func (m *Message) Withdraw(by string, now time.Time, reason string) (Event, error) {
	if err := m.in(Draft, Submitted, Approved, Scheduled, OnAir); err != nil {
		return Event{}, err
	}
	return newEvent("message.withdraw", by, now, m.Ref(), reasonData{reason}), nil
}

// Close ends a message that went out.
func (m *Message) Close(by string, now time.Time, reason string) (Event, error) {
	if err := m.in(OnAir); err != nil {
		return Event{}, err
	}
	return newEvent("message.close", by, now, m.Ref(), reasonData{reason}), nil
}

// Variant is the message in a language.
func (m *Message) Variant(lang string) (Variant, bool) {
	for _, v := range m.Variants {
		if v.Lang == lang {
			return v, true
		}
	}
	return Variant{}, false
}

func (m *Message) apply(e Event) error {
	switch e.Type {
	case "message.create", "message.edit":
		var d MessageDraft
		if err := e.data(&d); err != nil {
			return err
		}
		m.Narrative, m.Kind, m.Audience, m.Avoid = d.Narrative, d.Kind, d.Audience, d.Avoid
		m.Useful, m.Variants, m.Example = d.Useful, d.Variants, d.Example || m.Example
		m.State, m.Approval, m.Returned = Draft, nil, ""
		if m.Version == 0 {
			m.CreatedBy, m.CreatedAt = e.By, e.At
		}
		m.ChangedBy, m.ChangedAt = e.By, e.At
		if !slices.Contains(m.Writers, e.By) {
			m.Writers = append(m.Writers, e.By)
		}
	case "message.submit":
		m.State = Submitted
	case "message.approve":
		m.State, m.Approval = Approved, &Approval{e.By, e.At}
		if m.ApprovedAt == nil {
			at := e.At
			m.ApprovedAt = &at
		}
	case "message.return", "message.withdraw", "message.close":
		var d reasonData
		if err := e.data(&d); err != nil {
			return err
		}
		switch e.Type {
		case "message.return":
			m.State, m.Approval, m.Returned = Draft, nil, d.Reason
		case "message.withdraw":
			m.State, m.Reason = Withdrawn, d.Reason
		default:
			m.State, m.Reason = Closed, d.Reason
		}
	case "airing.accept": // the second aggregate of an airing's event
		if m.State == Approved {
			m.State = Scheduled
		}
	case "airing.prove":
		if m.State == Approved || m.State == Scheduled {
			m.State = OnAir
		}
	default:
		return e.unknown()
	}
	m.Version++
	return nil
}
