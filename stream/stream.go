// Package stream is the durable, partitioned, replayable log that items, assessments and decisions travel
// on: Kafka's semantics, embedded (stream/embedded) or real. Log is the contract, streamtest.Run the proof
// that a backend keeps it. Stages never see this package: cmd hands them typed views (Of).
package stream

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Record is what a topic holds. Topic, Partition, Offset and Time are set by the log.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Time      time.Time // when it became durable, UTC, milliseconds
	Key       string    // order is kept per key
	Value     []byte    // nil is a tombstone in a compacted topic
	Headers   map[string]string
}

// RecordLimit is the most bytes a record's key, value and headers may have together. Publish refuses more
// with counterpoint.ErrTooLarge; what may be longer travels in parts.
const RecordLimit = 512 << 10

// Topic says how a topic is laid out.
type Topic struct {
	Name       string
	Partitions int
	Compacted  bool // keeps the last record of each key only; a nil value deletes the key, and its bytes
}

// The topics. Decisions have one partition and are kept for ever: one total order, one Merkle log.
const (
	Items       = "items"
	Assessments = "assessments"
	Decisions   = "decisions"
	Secrets     = "secrets" // password and token hashes, session and pseudonym keys, keys of items' words
	Dead        = "dead"
)

// Topics is the table of topics.
var Topics = []Topic{
	{Name: Items, Partitions: 4},
	{Name: Assessments, Partitions: 4},
	{Name: Decisions, Partitions: 1},
	{Name: Secrets, Partitions: 1, Compacted: true},
	{Name: Dead, Partitions: 1},
}

// Ack says that a batch was dealt with. Until it returns nil the batch may be read again.
type Ack func(context.Context) error

// ErrUnknownTopic is for a topic that is not in Topics.
var ErrUnknownTopic = errors.New("unknown topic")

// Log is the contract. It is safe for use by many goroutines.
type Log interface {
	// Publish appends records and returns when all of them are on disk (fsynced, or acknowledged by
	// all replicas). On an error none, some or all may be there: publish again, consumers know copies
	// by their content's id. An error that is counterpoint.ErrTooLarge or ErrUnknownTopic is final and
	// nothing was written; ErrDiskFull passes when space is freed.
	Publish(ctx context.Context, topic string, records ...Record) error

	// Reader joins a consumer group and starts each partition at the group's committed offset, or at
	// the beginning. Partitions are shared among the readers of a group; a record goes to one of them.
	Reader(topic, group string) (Reader, error)

	// Tail reads from explicit positions (next offset by partition; absent is 0), for consumers that
	// keep their own. It belongs to no group; its acks do nothing.
	Tail(topic string, from map[int]int64) (Reader, error)

	// Replay yields every record from the positions to the end as it was when the call was made, and
	// stops. Order is that of offsets within a partition.
	Replay(ctx context.Context, topic string, from map[int]int64) iter.Seq2[Record, error]

	// Lag is how many records the group has not acknowledged.
	Lag(ctx context.Context, topic, group string) (int64, error)

	// End is the next offset of each partition.
	End(ctx context.Context, topic string) (map[int]int64, error)

	Close() error
}

// Reader reads batches. One goroutine uses it at a time.
type Reader interface {
	// Read blocks until at least one record is there or ctx is done, and returns up to max. It may be
	// called again before the batch before was acknowledged; acknowledging a batch acknowledges all
	// batches of this reader before it. What was never acknowledged is read again by the group's next
	// reader, in this process or the next.
	Read(ctx context.Context, max int) ([]Record, Ack, error)
	Close() error
}
