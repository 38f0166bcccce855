package counterpoint

import (
	"encoding/json"
	"slices"
	"time"
)

// TimeToCounter is how long a narrative stood unanswered. It is computed from the record, never typed in.
// Unknown times are nil; an open narrative has no proof yet and is shown as open, never dropped.
type TimeToCounter struct {
	Narrative string     `json:"narrative"`
	Title     string     `json:"title"`
	Published *time.Time `json:"published"`             // first heard or published
	Seen      *time.Time `json:"seen"`                  // first through the door
	Flagged   *time.Time `json:"flagged"`               // first raised
	Confirmed *time.Time `json:"confirmed"`             // first confirmed by a person
	Approved  *time.Time `json:"approved"`              // first counter-message approved
	Proven    *time.Time `json:"proven"`                // first airing with a proof
	Grade     Grade      `json:"grade" nullable:"true"` // of that proof; empty, in JSON null, while open
	Seconds   *int64     `json:"seconds"`               // Proven minus the earliest known of Published, Seen and Flagged
	Precision Precision  `json:"precision"`             // of that earliest time
	Open      bool       `json:"open"`
}

// Clock computes a narrative's time-to-counter from its flags, messages and airings. Only proofs of the given
// grades count; none given means all. What aired before the first sighting was rarely an answer to it, so it
// counts only where nothing aired since; the interval is then negative, and says so.
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
			if slices.Contains(grades, p.Grade) && t.betters(p, start) {
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

// betters reports whether p is to be shown in place of the proof so far: one after the start wins over one
// before it, then the earlier, then the better grade.
func (t *TimeToCounter) betters(p Proof, start *time.Time) bool {
	if t.Proven == nil {
		return true
	}
	if start != nil {
		if before, had := p.Aired.Before(*start), t.Proven.Before(*start); before != had {
			return had
		}
	}
	return p.Aired.Before(*t.Proven) || (p.Aired.Equal(*t.Proven) && p.Grade < t.Grade)
}

// MarshalJSON makes the grade of an open narrative null, as its times are.
func (t TimeToCounter) MarshalJSON() ([]byte, error) {
	type fields TimeToCounter
	out := struct {
		fields
		Grade *Grade `json:"grade"`
	}{fields: fields(t)}
	if t.Grade != "" {
		out.Grade = &t.Grade
	}
	return json.Marshal(out)
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
