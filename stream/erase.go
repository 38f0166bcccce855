package stream

import (
	"context"
	"encoding/json"

	"counterpoint"
)

// Eraser is a log that can take words out of records that lie in it. Kafka is none: what it holds, it holds until the
// topic's retention takes it.
type Eraser interface {
	// Rewrite puts the headers and values of the records in the place of those of the same topic, partition,
	// offset and key. Offsets and times stay. Decisions and secrets are refused.
	Rewrite(ctx context.Context, topic string, records ...Record) error
	// Purge returns when what was rewritten or deleted is in no file of the log, whoever reads it.
	Purge(ctx context.Context) error
}

// EraseLetter is the record of a dead letter without what was in it, false for one that is not of such a record.
// about reports whether the letter's record is to be erased.
func EraseLetter(r Record, about func(Letter) bool) (Record, bool, error) {
	var l Letter
	if json.Unmarshal(r.Value, &l) != nil || l.ID == "" || l.Reason == erasedLetter || !about(l) {
		return r, false, nil
	}
	at := r.Time.UTC()
	l.Value, l.Headers, l.Cut, l.Reason = nil, nil, 0, erasedLetter
	if l.Redriven == nil && l.Dismissed == nil {
		l.Dismissed = &at
	}
	b, err := json.Marshal(l)
	r.Value = b
	return r, err == nil, err
}

const erasedLetter = "erased"

// Mark is the record of a topic that says of an item that it was erased.
func Mark(topic string, r Record) (Record, error) {
	var x Value = counterpoint.ErasedItem(r.Key, "", r.Time)
	if topic == Assessments {
		x = counterpoint.ErasedAssessment(r.Key, "", r.Time)
	}
	m, err := Encode(topic, x)
	r.Value, r.Headers = m.Value, m.Headers
	return r, err
}
