package stream

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/segmentio/encoding/json"

	"counterpoint"
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

// traceHeader is W3C Trace Context's. All records of one item have one trace, so that who follows a trace sees the
// item's way; each record is a span of its own.
const traceHeader = "traceparent"

// Encode is the record of a value.
func Encode(topic string, x Value) (Record, error) {
	b, err := json.Marshal(x)
	if err != nil {
		return Record{}, fmt.Errorf("encode %T for topic %s: %w", x, topic, err)
	}
	return Record{Key: x.Key(), Value: b, Headers: map[string]string{
		schemaHeader: topic + "/" + schemaVersion, traceHeader: traceparent(x),
	}}, nil
}

// traceparent names the trace of what a value is about, and a new span in it.
func traceparent(x Value) string {
	about := x.Key()
	switch x := x.(type) {
	case counterpoint.Item:
		about = x.ID
	case counterpoint.Assessment:
		about = x.Item
	case counterpoint.Event:
		about = x.ID
	}
	trace := sha256.Sum256([]byte(about))
	trace[0] |= 1 // all zeros mean no trace
	var span [8]byte
	rand.Read(span[:]) // never fails since Go 1.24
	span[0] |= 1
	b := append(make([]byte, 0, 55), "00-"...)
	b = append(hex.AppendEncode(b, trace[:16]), '-')
	b = append(hex.AppendEncode(b, span[:]), "-01"...)
	return string(b)
}

// Decode is the value of a record.
func Decode[T Value](r Record) (T, error) {
	var x T
	if !readable(r) {
		return x, fmt.Errorf("schema %q of %s[%d]@%d is not one this build reads: %w", r.Headers[schemaHeader], r.Topic, r.Partition, r.Offset, ErrUndecodable)
	}
	makeRoom(&x)
	if err := json.Unmarshal(r.Value, &x); err != nil {
		return x, fmt.Errorf("decode %s[%d]@%d: %w: %w", r.Topic, r.Partition, r.Offset, ErrUndecodable, err)
	}
	return x, nil
}

// makeRoom keeps the decoder from making room for ten segments at first: a post has one. It sets the length.
func makeRoom(x any) {
	switch x := x.(type) {
	case *counterpoint.Item:
		x.Segments = make([]counterpoint.Segment, 0, 1)
	case *counterpoint.Assessment:
		x.Segments = make([]counterpoint.SegmentAssessment, 0, 1)
	}
}

// readable reports whether this build knows the record's schema.
func readable(r Record) bool { return r.Headers[schemaHeader] == r.Topic+"/"+schemaVersion }
