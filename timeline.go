package counterpoint

import (
	"slices"
	"time"
)

// TimeToCounter is how long a narrative stood unanswered. It is computed from the record, never typed in.
// Unknown times are nil; an open narrative has no proof yet and is shown as open, never dropped.
type TimeToCounter struct {
	Narrative string     `json:"narrative"`
	Title     string     `json:"title"`
	Published *time.Time `json:"published"` // first heard or published
	Seen      *time.Time `json:"seen"`      // first through the door
	Flagged   *time.Time `json:"flagged"`   // first raised
	Confirmed *time.Time `json:"confirmed"` // first confirmed by a person
	Approved  *time.Time `json:"approved"`  // first counter-message approved
	Proven    *time.Time `json:"proven"`    // first airing with a proof
	Grade     Grade      `json:"grade"`     // of that proof, empty while open
	Seconds   *int64     `json:"seconds"`   // Proven minus the earliest known of Published, Seen and Flagged
	Precision Precision  `json:"precision"` // of that earliest time
	Open      bool       `json:"open"`
}

// Clock computes a narrative's time-to-counter from its flags, messages and airings. Only proofs of the given
// grades count; none given means all. A message that aired before the first sighting was not an answer to it
// (it may be a prebunk), so the interval is never negative.
func Clock(n Narrative, flags []Flag, messages []Message, airings []Airing, grades []Grade) TimeToCounter {
	t := TimeToCounter{Narrative: n.ID, Title: n.Title, Precision: Unknown}
	for _, f := range flags {
		if f.Narrative != n.ID || f.State == Rejected || f.State == Duplicate {
			continue
		}
		for _, s := range f.counted() {
			if s.Heard != nil && (t.Published == nil || s.Heard.Before(*t.Published)) {
				t.Published, t.Precision = s.Heard, s.Precision
			}
			t.Seen, t.Flagged = first(t.Seen, &s.Seen), first(t.Flagged, &s.Flagged)
		}
		t.Confirmed = first(t.Confirmed, f.ConfirmedAt)
	}
	for _, m := range messages {
		if m.Narrative == n.ID {
			t.Approved = first(t.Approved, m.ApprovedAt)
		}
	}
	start := first(first(t.Published, t.Seen), t.Flagged)
	if start != nil && start != t.Published {
		t.Precision = Second
	}
	t.prove(n.ID, start, airings, grades)
	return t
}

func (t *TimeToCounter) prove(narrative string, start *time.Time, airings []Airing, grades []Grade) {
	if len(grades) == 0 {
		grades = Grades
	}
	for _, a := range airings {
		if a.Narrative != narrative {
			continue
		}
		for _, p := range a.Proofs {
			late := start == nil || !p.Aired.Before(*start)
			if !late || !slices.Contains(grades, p.Grade) {
				continue
			}
			if t.Proven == nil || p.Aired.Before(*t.Proven) || (p.Aired.Equal(*t.Proven) && p.Grade < t.Grade) {
				aired := p.Aired
				t.Proven, t.Grade = &aired, p.Grade
			}
		}
	}
	t.Open = t.Proven == nil
	if t.Proven != nil && start != nil {
		s := int64(t.Proven.Sub(*start) / time.Second)
		t.Seconds = &s
	}
}

func first(a, b *time.Time) *time.Time {
	if a == nil || a.IsZero() {
		if b != nil && b.IsZero() {
			return nil
		}
		return b
	}
	if b == nil || b.IsZero() || a.Before(*b) || a.Equal(*b) {
		return a
	}
	return b
}
