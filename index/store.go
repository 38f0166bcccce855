package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"counterpoint"
)

// Store is what a backend of the index does. It is safe for use by many goroutines.
//
// Order is that of Fields: rank, then time (newest first), then Fields.Tie. Lists are paged by cursors that stay
// good while documents come and go; a cursor that is not from this kind is counterpoint.ErrInvalid. Counts are
// exact; a document with several values of a field counts in each, one without any in none.
//
// Get sees a batch as soon as its Update returned. List, Search and Count may lag behind it by Freshness; after a
// batch of the decisions topic they do not.
//
// Items are stored without their segments. Get of an item fills in all of them in their order, List the first
// ListedSegments of each.
type Store interface {
	counterpoint.Views

	// Update applies a batch: what fn puts and deletes becomes visible together with the positions, or not at
	// all when fn fails. It returns when all is durable. fn may be called again, after others wrote what it had
	// read, and does the same then.
	//
	// A backend without transactions writes in the stages of Staged, so that a batch that was cut off anywhere
	// and is applied again, by this process or another, ends as if it had been whole.
	Update(ctx context.Context, next Next, fn func(Tx) error) error

	// Positions are the next offsets of a topic by partition, empty before the first Update.
	Positions(ctx context.Context, topic string) (map[int]int64, error)

	Close() error
}

// Rememberer is a Store far away that tells without asking how far it wrote a topic itself. Others may have written
// further: then what is applied again changes nothing.
type Rememberer interface {
	Reached(topic string) map[int]int64
}

// ErrRefused is for a document that the backend will never take: trying again does not help. The batch it was in
// can be applied without it.
var ErrRefused = errors.New("refused by the index")

// Next are the next offsets to apply, by topic and partition.
type Next map[string]map[int]int64

// Freshness is the longest that lists, searches and counts may lag behind what Update returned for.
const Freshness = 2 * time.Second

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

// Key names a document.
type Key struct {
	Kind counterpoint.Kind
	ID   string
}

// Tx reads and writes documents by id. Get sees what was put before; it returns counterpoint.ErrNotFound.
type Tx interface {
	// Want announces documents that will be read or written, there or not, so that a backend far away can read
	// them in one go. What was not announced can be used all the same.
	Want(keys ...Key) error
	Get(kind counterpoint.Kind, id string, into any) error
	Put(kind counterpoint.Kind, id string, doc any) error
	Delete(kind counterpoint.Kind, id string) error
}

// The kinds that only the projector reads: what the logs said of an item, the assessments of its parts, which may
// arrive before the part does, and the buckets in which passages meet that may be near-copies.
const (
	kindRecord     counterpoint.Kind = "record"
	kindAssessment counterpoint.Kind = "assessment"
	kindBucket     counterpoint.Kind = "bucket"
)

// KindRecord is the kind of an item's record, for backends: its parts name the item's segments, and whoever
// changes a document of an item has read it.
const KindRecord = kindRecord

// KindBucket is the kind of a bucket of near-copies, for backends: whoever says which passages are near-copies has read
// the buckets that say which may be.
const KindBucket = kindBucket

// Kinds are all kinds a store holds, in the order Dump writes them.
var Kinds = []counterpoint.Kind{
	counterpoint.KindAccount, counterpoint.KindAiring, counterpoint.KindAlert, kindAssessment, kindBucket, counterpoint.KindCollectors,
	counterpoint.KindEvent, counterpoint.KindFlag,
	counterpoint.KindFollowup, counterpoint.KindItem, counterpoint.KindMessage, counterpoint.KindNarrative, kindRecord, counterpoint.KindSegment,
	counterpoint.KindSource,
}
