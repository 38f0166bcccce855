package stream

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrUndecodable is for a record that this build cannot read. Feeds bury such records; Replay yields the error
// and goes on.
var ErrUndecodable = errors.New("undecodable record")

// Wire format. A record's value is JSON of the root type; the header "schema" names type and version.
//
//	version 1 (2026-11): counterpoint.Item, Assessment and Event as they stand.
//
// Fields may be added within a version; a field that changes its meaning makes a new one, and Decode keeps
// reading the old ones.
const schemaHeader = "schema"

const schemaVersion = "1"

// Encode is the record of a value.
func Encode(topic string, x Value) (Record, error) {
	b, err := json.Marshal(x)
	if err != nil {
		return Record{}, fmt.Errorf("encode %T for topic %s: %w", x, topic, err)
	}
	return Record{Key: x.Key(), Value: b, Headers: map[string]string{schemaHeader: topic + "/" + schemaVersion}}, nil
}

// Decode is the value of a record.
func Decode[T Value](r Record) (T, error) {
	var x T
	if s := r.Headers[schemaHeader]; s != r.Topic+"/"+schemaVersion {
		return x, fmt.Errorf("schema %q of %s[%d]@%d is not one this build reads: %w", s, r.Topic, r.Partition, r.Offset, ErrUndecodable)
	}
	if err := json.Unmarshal(r.Value, &x); err != nil {
		return x, fmt.Errorf("decode %s[%d]@%d: %w: %w", r.Topic, r.Partition, r.Offset, ErrUndecodable, err)
	}
	return x, nil
}
