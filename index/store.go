package index

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"counterpoint"
)

// Store is what a backend of the index does. It is safe for use by many goroutines.
//
// Order is that of Fields: rank, then time (newest first), then Fields.Tie. Lists are paged by cursors that stay
// good while documents come and go; a cursor that is not from this kind is counterpoint.ErrInvalid. Counts are
// exact; a document with several values of a field counts in each, one without any in none.
//
// Items are stored without their segments. Get of an item fills in all of them in their order, List the first
// ListedSegments of each.
type Store interface {
	counterpoint.Views

	// Update applies a batch: what fn puts and deletes becomes visible together with the positions (next offset
	// by partition), or not at all when fn fails. It returns when all is durable. One runs at a time.
	Update(ctx context.Context, topic string, next map[int]int64, fn func(Tx) error) error

	// Positions are the next offsets of a topic by partition, empty before the first Update.
	Positions(ctx context.Context, topic string) (map[int]int64, error)

	Close() error
}

// ListedSegments is how many of its segments an item has in a list.
const ListedSegments = 100

// WithSegments is the JSON of an item with those of its segments, which it puts in order.
func WithSegments(item []byte, segments []counterpoint.SegmentView) ([]byte, error) {
	var v counterpoint.ItemView
	if err := json.Unmarshal(item, &v); err != nil {
		return nil, fmt.Errorf("item in the index: %w", err)
	}
	slices.SortFunc(segments, func(a, b counterpoint.SegmentView) int { return a.Seq - b.Seq })
	v.Segments = segments
	return json.Marshal(v)
}

// Tx reads and writes documents by id. Get sees what was put before; it returns counterpoint.ErrNotFound.
type Tx interface {
	Get(kind counterpoint.Kind, id string, into any) error
	Put(kind counterpoint.Kind, id string, doc any) error
	Delete(kind counterpoint.Kind, id string) error
}

// The kinds that only the projector reads: what the logs said of an item, and the assessments of its parts,
// which may arrive before the part does.
const (
	kindRecord     counterpoint.Kind = "record"
	kindAssessment counterpoint.Kind = "assessment"
)

// Kinds are all kinds a store holds, in the order Dump writes them.
var Kinds = []counterpoint.Kind{
	counterpoint.KindAccount, counterpoint.KindAiring, kindAssessment, counterpoint.KindEvent, counterpoint.KindFlag,
	counterpoint.KindItem, counterpoint.KindMessage, counterpoint.KindNarrative, kindRecord, counterpoint.KindSegment,
	counterpoint.KindSource,
}
