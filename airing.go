package counterpoint

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// AiringState is where a slot stands.
type AiringState string

// The states of an airing. Missed means that somebody knows it did not go out.
const (
	Offered   AiringState = "offered"
	Accepted  AiringState = "accepted"
	Declined  AiringState = "declined"
	Aired     AiringState = "aired"
	Missed    AiringState = "missed"
	Cancelled AiringState = "cancelled"
)

// AiringStates lists them.
var AiringStates = []AiringState{Offered, Accepted, Declined, Aired, Missed, Cancelled}

// Grade is how good a proof is.
type Grade string

// The grades. D is shown as "attested".
const (
	Transcribed Grade = "A" // heard on air: our own transcript aligns with the script
	LiveOff     Grade = "B" // playout log, with the live source off for the whole item
	Logged      Grade = "C" // playout log only
	Attested    Grade = "D" // a named person's word
)

// Grades lists them, best first.
var Grades = []Grade{Transcribed, LiveOff, Logged, Attested}

// Proof is evidence that a message went out.
type Proof struct {
	Grade    Grade     `json:"grade"`
	Evidence string    `json:"evidence"` // a quotation or a note: the log line, the aligned words, who attests
	Aired    time.Time `json:"aired"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// Airing is a slot on a station for one language of a message.
type Airing struct {
	ID        string      `json:"id"`
	Message   string      `json:"message"`
	Narrative string      `json:"narrative"`
	Lang      string      `json:"lang"`
	Station   string      `json:"station"`
	Planned   time.Time   `json:"planned"`
	Code      string      `json:"code"` // short code to read on air and to find in playout logs
	State     AiringState `json:"state"`
	Reason    string      `json:"reason,omitempty"` // why declined, missed or cancelled
	Proofs    []Proof     `json:"proofs"`
	Grade     Grade       `json:"grade,omitempty"` // of the best proof
	Aired     *time.Time  `json:"aired"`           // of the best proof
	Version   int         `json:"version"`
	CreatedBy string      `json:"created_by"`
	CreatedAt time.Time   `json:"created_at"`
	ChangedAt *time.Time  `json:"changed_at,omitempty"` // when its last event happened
	Example   bool        `json:"example,omitempty"`
}

type airingData struct {
	Message   string    `json:"message"`
	Narrative string    `json:"narrative"`
	Lang      string    `json:"lang"`
	Station   string    `json:"station"`
	Planned   time.Time `json:"planned"`
	Example   bool      `json:"example,omitempty"`
}

// Offer is the event that offers a station a slot for a variant of the message.
func (m *Message) Offer(by string, now time.Time, lang, station string, planned time.Time) (Event, error) {
	if err := m.in(Approved, Scheduled, OnAir); err != nil {
		return Event{}, err
	}
	var bad Invalid
	code, ok := Lang(lang)
	if _, has := m.Variant(code); !ok || !has {
		bad = append(bad, FieldError{"lang", fmt.Sprintf("the message has no variant in %q", lang)})
	}
	if station = strings.TrimSpace(station); station == "" {
		bad = append(bad, FieldError{"station", "name the station"})
	}
	switch {
	case planned.IsZero():
		bad = append(bad, FieldError{"planned", "say when, as RFC 3339 with a zone"})
	case !CredibleTime(planned):
		bad = append(bad, FieldError{"planned", notCredible})
	}
	if len(bad) > 0 {
		return Event{}, bad
	}
	d := airingData{m.ID, m.Narrative, code, station, planned.UTC(), m.Example}
	return newEvent("airing.offer", by, now, Ref{KindAiring, NewID("air"), 0}, d), nil
}

// AiringCode is the short code of an airing: six letters and digits without those that are misheard.
func AiringCode(id string) string {
	const clear = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	sum := []byte(ID("", id))
	code := make([]byte, 6)
	for i := range code {
		n := int(sum[1+2*i])*64 + int(sum[2+2*i])
		code[i] = clear[n%len(clear)]
	}
	return string(code)
}

// Ref names the airing and its version.
func (a *Airing) Ref() Ref { return Ref{KindAiring, a.ID, a.Version} }

func (a *Airing) in(states ...AiringState) error {
	if slices.Contains(states, a.State) {
		return nil
	}
	return fmt.Errorf("the airing is %s; this needs it to be %s: %w", a.State, join(states, " or "), ErrConflict)
}

func (a *Airing) of(m *Message) error {
	if m.ID != a.Message {
		return fmt.Errorf("airing %s is of message %s, not %s: %w", a.ID, a.Message, m.ID, ErrInvalid)
	}
	return nil
}

// Accept is the station's yes. It makes the message scheduled.
func (a *Airing) Accept(by string, now time.Time, m *Message) (Event, error) {
	if err := a.in(Offered); err != nil {
		return Event{}, err
	}
	if err := m.in(Approved, Scheduled, OnAir); err != nil {
		return Event{}, err
	}
	return a.with(m, newEvent("airing.accept", by, now, a.Ref(), nil))
}

func (a *Airing) with(m *Message, e Event) (Event, error) {
	if err := a.of(m); err != nil {
		return Event{}, err
	}
	ref := m.Ref()
	e.Also = &ref
	return e, nil
}

// Decline is the station's no. No reason is owed.
func (a *Airing) Decline(by string, now time.Time, reason string) (Event, error) {
	if err := a.in(Offered, Accepted); err != nil {
		return Event{}, err
	}
	return newEvent("airing.decline", by, now, a.Ref(), reasonData{reason}), nil
}

// Miss records that it did not go out, and why.
func (a *Airing) Miss(by string, now time.Time, reason string) (Event, error) {
	if err := a.in(Offered, Accepted); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Event{}, Invalid{{"reason", "say why it did not go out"}}
	}
	return newEvent("airing.miss", by, now, a.Ref(), reasonData{reason}), nil
}

// Cancel takes the slot back.
func (a *Airing) Cancel(by string, now time.Time, reason string) (Event, error) {
	if err := a.in(Offered, Accepted); err != nil {
		return Event{}, err
	}
	return newEvent("airing.cancel", by, now, a.Ref(), reasonData{reason}), nil
}

// ahead is how far the clock of who attests may be ahead of ours. A playout system's may be in another zone.
const ahead = 15 * time.Minute

// Prove records evidence that it went out. A later proof may better the grade; a worse one is kept beside it
// and changes nothing. A slot that was never accepted, or was thought missed, may still be proven: it is a fact.
func (a *Airing) Prove(by string, now time.Time, m *Message, grade Grade, evidence string, aired time.Time) (Event, error) {
	if err := a.in(Offered, Accepted, Missed, Aired); err != nil {
		return Event{}, err
	}
	var bad Invalid
	if !slices.Contains(Grades, grade) {
		bad = append(bad, FieldError{"grade", fmt.Sprintf("%q is not one of A (our transcript), B (playout log, live source off), C (playout log), D (attested)", grade)})
	}
	if strings.TrimSpace(evidence) == "" {
		bad = append(bad, FieldError{"evidence", "give the log line, the words heard, or who attests it"})
	}
	switch {
	case aired.IsZero():
		bad = append(bad, FieldError{"aired", "say when it went out, as RFC 3339 with a zone"})
	case !CredibleTime(aired):
		bad = append(bad, FieldError{"aired", notCredible})
	case aired.After(now.Add(24 * time.Hour)):
		bad = append(bad, FieldError{"aired", "lies more than a day ahead; nothing has gone out there yet"})
	case grade == Attested && aired.After(now.Add(ahead)):
		bad = append(bad, FieldError{"aired", "lies ahead; say that it went out once it has"})
	}
	if len(bad) > 0 {
		return Event{}, bad
	}
	e := newEvent("airing.prove", by, now, a.Ref(), Proof{Grade: grade, Evidence: evidence, Aired: aired.UTC()})
	return a.with(m, e)
}

func (a *Airing) apply(e Event) error {
	switch e.Type {
	case "airing.offer":
		var d airingData
		if err := e.data(&d); err != nil {
			return err
		}
		a.Message, a.Narrative, a.Lang, a.Station, a.Planned, a.Example = d.Message, d.Narrative, d.Lang, d.Station, d.Planned, d.Example
		a.Code, a.State, a.CreatedBy, a.CreatedAt = AiringCode(a.ID), Offered, e.By, e.At
		a.Proofs = []Proof{}
	case "airing.accept":
		a.State = Accepted
	case "airing.decline", "airing.miss", "airing.cancel":
		var d reasonData
		if err := e.data(&d); err != nil {
			return err
		}
		a.Reason = d.Reason
		a.State = map[string]AiringState{"airing.decline": Declined, "airing.miss": Missed, "airing.cancel": Cancelled}[e.Type]
	case "airing.prove":
		var p Proof
		if err := e.data(&p); err != nil {
			return err
		}
		p.By, p.At = e.By, e.At
		a.State, a.Proofs = Aired, append(a.Proofs, p)
		if a.Grade == "" || p.Grade < a.Grade {
			a.Grade = p.Grade
			aired := p.Aired
			a.Aired = &aired
		}
	default:
		return e.unknown()
	}
	changed := e.At
	a.ChangedAt = &changed
	a.Version++
	return nil
}

// Changed is when it last changed.
func (a *Airing) Changed() time.Time {
	if a.ChangedAt == nil {
		return a.CreatedAt
	}
	return *a.ChangedAt
}
