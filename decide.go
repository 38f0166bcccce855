package counterpoint

import (
	"fmt"
	"strings"
	"time"
)

// The people's half of a flag: guards make events, apply follows them.

func (f *Flag) event(typ, by string, now time.Time, data any) Event {
	e := newEvent(typ, by, now, f.Ref(), data)
	if s := f.shown(); s != nil {
		judged := *s
		e.Judged, e.SealedFor = &judged, s.Item
	}
	return e
}

func (f *Flag) free(by string, now time.Time) error {
	if l := f.Lease; l != nil && l.By != by && now.Before(l.Until) {
		return fmt.Errorf("somebody else has this flag until %s: %w", l.Until.UTC().Format("15:04 UTC"), ErrConflict)
	}
	return nil
}

func (f *Flag) decidable(by string, now time.Time) error {
	if err := f.free(by, now); err != nil {
		return err
	}
	switch f.State {
	case Open, NeedsContext, Lapsed, NearCopy:
		return nil
	}
	return fmt.Errorf("the flag is already %s; reopen it first: %w", f.State, ErrConflict)
}

// TakeLease keeps the flag for by until now + LeaseTime. Taking one's own lease again renews it.
func (f *Flag) TakeLease(by string, now time.Time) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	return newEvent("flag.lease", by, now, f.Ref(), Lease{by, now.Add(LeaseTime).UTC()}), nil
}

// Confirm records that the passage is what it was flagged for, with all six parts of the Rabat test. level
// is empty to take what the answers propose; to differ, give a reason.
func (f *Flag) Confirm(by string, now time.Time, r Rabat, level RabatLevel, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if err := r.Check(); err != nil {
		return Event{}, err
	}
	switch level {
	case "":
		level = r.Level()
	case Top, Intermediate, Bottom:
		if level != r.Level() && strings.TrimSpace(reason) == "" {
			return Event{}, Invalid{{"reason", fmt.Sprintf("the answers propose %s; say why you choose %s", r.Level(), level)}}
		}
	default:
		return Event{}, Invalid{{"level", "must be top, intermediate or bottom"}}
	}
	return f.event("flag.confirm", by, now, Review{Decision: Confirmed, Rabat: &r, Level: level, Reason: reason}), nil
}

// Reject records that the passage is not what it was flagged for, and why.
func (f *Flag) Reject(by string, now time.Time, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(reason) == "" {
		return Event{}, Invalid{{"reason", "say why the passage is not hateful or inciting"}}
	}
	return f.event("flag.reject", by, now, Review{Decision: Rejected, Reason: reason}), nil
}

// AskContext records that the flag cannot be decided without somebody's help: whom was asked, and by when.
func (f *Flag) AskContext(by string, now time.Time, asked string, due *time.Time, reason string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if strings.TrimSpace(asked) == "" {
		return Event{}, Invalid{{"asked", "say whom you asked"}}
	}
	if err := credible("due", due); err != nil {
		return Event{}, err
	}
	if due != nil && due.Before(now) {
		return Event{}, Invalid{{"due", "has passed already; say by when you need the answer"}}
	}
	return f.event("flag.needs-context", by, now, Review{Decision: NeedsContext, Asked: asked, Due: due, Reason: reason}), nil
}

// MarkDuplicate records that another flag stands for the same thing.
func (f *Flag) MarkDuplicate(by string, now time.Time, of string) (Event, error) {
	if err := f.decidable(by, now); err != nil {
		return Event{}, err
	}
	if of == "" || of == f.ID {
		return Event{}, Invalid{{"of", "name the other flag"}}
	}
	return f.event("flag.duplicate", by, now, Review{Decision: Duplicate, Of: of}), nil
}

// Reopen takes a decision back.
func (f *Flag) Reopen(by string, now time.Time, reason string) (Event, error) {
	if err := f.free(by, now); err != nil {
		return Event{}, err
	}
	switch f.State {
	case Confirmed, Rejected, Duplicate, NeedsContext:
	default:
		return Event{}, fmt.Errorf("the flag is %s, there is no decision to take back: %w", f.State, ErrConflict)
	}
	return f.event("flag.reopen", by, now, Review{Decision: Open, Reason: reason}), nil
}

// Link ties the flag to a narrative.
func (f *Flag) Link(by string, now time.Time, narrative string) (Event, error) {
	if err := f.free(by, now); err != nil {
		return Event{}, err
	}
	if narrative == "" {
		return Event{}, Invalid{{"narrative", "name the narrative"}}
	}
	if f.State == Rejected || f.State == Duplicate {
		return Event{}, fmt.Errorf("the flag is %s; reopen it before linking: %w", f.State, ErrConflict)
	}
	return newEvent("flag.link", by, now, f.Ref(), map[string]string{"narrative": narrative}), nil
}

// AddNote adds a remark or, with a language, a translation.
func (f *Flag) AddNote(by string, now time.Time, text, lang string) (Event, error) {
	if strings.TrimSpace(text) == "" {
		return Event{}, Invalid{{"text", "must not be empty"}}
	}
	if lang != "" {
		code, ok := Lang(lang)
		if !ok {
			return Event{}, Invalid{{"lang", lang + " is not an ISO 639 code"}}
		}
		lang = code
	}
	e := f.event("flag.note", by, now, Note{Text: text, Lang: lang})
	e.Judged = nil // a note judges nothing, but it may quote
	return e, nil
}

// RaiseByHand is the event of a person flagging a passage the machine did not. level is their first reading.
func RaiseByHand(by string, now time.Time, s Sighting, level int, reason string) (Event, error) {
	if level < 1 || level > 3 {
		return Event{}, Invalid{{"level", "must be 1 (hate), 2 (threatens or dehumanizes) or 3 (calls for harm)"}}
	}
	s.Level, s.Basis, s.Stance, s.ByHand, s.Flagged = level, ByHand, Assert, true, now.UTC()
	id := ID("flag", "by hand", s.Item, fmt.Sprint(s.From), fmt.Sprint(s.To), s.Key())
	e := newEvent("flag.raise", by, now, Ref{KindFlag, id, 0}, Note{Text: reason})
	e.Judged, e.SealedFor = &s, s.Item
	return e, nil
}

func (f *Flag) apply(e Event) error {
	switch e.Type {
	case "flag.raise":
		var n Note
		if err := e.data(&n); err != nil {
			return err
		}
		f.ByHand = e.Judged
		if n.Text != "" {
			f.Notes = append(f.Notes, Note{By: e.By, At: e.At, Text: n.Text, Item: e.SealedFor})
		}
	case "flag.lease":
		var l Lease
		if err := e.data(&l); err != nil {
			return err
		}
		f.Lease = &l
	case "flag.confirm", "flag.reject", "flag.needs-context", "flag.duplicate", "flag.reopen":
		var r Review
		if err := e.data(&r); err != nil {
			return err
		}
		r.By, r.At, r.Judged = e.By, e.At, e.Judged
		f.Decision, f.Lease = r.Decision, nil
		f.Reviews = append(f.Reviews, r)
		switch {
		case r.Decision != Confirmed:
			f.ConfirmedAt = nil
		case f.ConfirmedAt == nil: // confirmed again after a revision, the first time stands
			at := e.At
			f.ConfirmedAt = &at
		}
	case "flag.link":
		var d struct{ Narrative string }
		if err := e.data(&d); err != nil {
			return err
		}
		f.Narrative = d.Narrative
	case "flag.note":
		var n Note
		if err := e.data(&n); err != nil {
			return err
		}
		n.By, n.At, n.Item = e.By, e.At, e.SealedFor
		if n.Text != "" { // or erased
			f.Notes = append(f.Notes, n)
		}
	default:
		return e.unknown()
	}
	f.Version++
	f.settle()
	return nil
}

// Judgement is the last decision of a person, nil where there is none.
func (f *Flag) Judgement() *Review {
	if len(f.Reviews) == 0 {
		return nil
	}
	return &f.Reviews[len(f.Reviews)-1]
}
