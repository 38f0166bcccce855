package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"sync"
	"time"

	"counterpoint"
	"counterpoint/stream"
)

const (
	// pollEvery is how often a read-only log looks for what another process wrote.
	pollEvery = 100 * time.Millisecond
	// readBytes bounds what one read holds in memory, whatever max says.
	readBytes = 4 << 20
)

// positions is who says what is read next: a group's member, or a tail itself.
type positions interface {
	// next is where each partition stands, in the order in which they are to be read.
	next() ([]position, error)
	// took notes that the records up to next were read, and says whether they count: a partition may
	// have gone to another reader meanwhile.
	took(at position, next int64) bool
	// ack is the acknowledgement of everything taken so far.
	ack() stream.Ack
	close()
}

type position struct {
	partition int
	offset    int64
	epoch     int // changes when the partition changes hands
}

// reader is both kinds of stream.Reader.
type reader struct {
	log    *Log
	topic  stream.Topic
	at     positions
	closed chan struct{}
	once   sync.Once
}

func (l *Log) newReader(t stream.Topic, at positions) *reader {
	return &reader{log: l, topic: t, at: at, closed: make(chan struct{})}
}

// Tail reads from explicit positions.
func (l *Log) Tail(topic string, from map[int]int64) (stream.Reader, error) {
	t, err := stream.Find(topic)
	if err != nil {
		return nil, err
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	at := make(tail, t.Partitions)
	for p := range at {
		at[p] = position{partition: p, offset: from[p]}
	}
	return l.newReader(t, at), nil
}

// tail keeps positions for itself.
type tail []position

func (t tail) next() ([]position, error) { return append([]position(nil), t...), nil }
func (t tail) took(at position, next int64) bool {
	t[at.partition].offset = next
	return true
}
func (t tail) ack() stream.Ack { return func(context.Context) error { return nil } }
func (t tail) close()          {}

// Read waits for records.
func (r *reader) Read(ctx context.Context, max int) ([]stream.Record, stream.Ack, error) {
	var poll <-chan time.Time
	if r.log.readOnly {
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		poll = tick.C
	}
	for {
		changed := r.log.changed(r.topic.Name) // before the look, so that nothing slips between
		if err := r.open(ctx); err != nil {
			return nil, nil, err
		}
		records, err := r.take(ctx, max)
		if err != nil {
			return nil, nil, fmt.Errorf("read topic %s: %w", r.topic.Name, err)
		}
		if len(records) > 0 {
			return records, r.at.ack(), nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-poll:
		case <-r.closed:
		case <-r.log.quit:
		}
	}
}

func (r *reader) open(ctx context.Context) error {
	select {
	case <-r.closed:
		return fmt.Errorf("reader of topic %s: %w", r.topic.Name, counterpoint.ErrClosed)
	default:
	}
	if err := r.log.open(); err != nil {
		return err
	}
	return ctx.Err()
}

// take reads what is there, from all partitions.
func (r *reader) take(ctx context.Context, max int) ([]stream.Record, error) {
	places, err := r.at.next()
	if err != nil {
		return nil, err
	}
	ends, err := r.log.endsOf(ctx, r.topic)
	if err != nil {
		return nil, err
	}
	var all []stream.Record
	size := 0
	for _, at := range places {
		if at.offset >= ends[at.partition] || len(all) > 0 && (len(all) >= max || size >= readBytes) {
			continue
		}
		got, err := r.log.fetch(ctx, r.topic.Name, at.partition, at.offset, ends[at.partition], maximum(max-len(all)), readBytes-size)
		if err != nil && len(all) > 0 {
			return all, nil // what was taken is returned; the next call meets the error again
		}
		if err != nil {
			return nil, err
		}
		if len(got) == 0 || !r.at.took(at, got[len(got)-1].Offset+1) {
			continue
		}
		for _, x := range got {
			size += x.Size()
		}
		all = append(all, got...)
	}
	return all, nil
}

func maximum(n int) int { return max(n, 1) }

// Close leaves the group. What was read and not acknowledged is read again by the group's next reader.
func (r *reader) Close() error {
	r.once.Do(func() {
		close(r.closed)
		r.at.close()
		r.log.wake(r.topic.Name)
	})
	return nil
}

// fetch reads records of one partition: those with from ≤ offset < end, at most max, and no more after bytes.
func (l *Log) fetch(ctx context.Context, topic string, partition int, from, end int64, max, bytes int) ([]stream.Record, error) {
	if records := l.recent.take(topic, partition, from, end, max, bytes); len(records) > 0 {
		return records, l.open()
	}
	rows, err := l.readers.QueryContext(ctx, `SELECT offset, time, key, headers, value, value IS NULL FROM records
		WHERE topic = ? AND partition = ? AND offset >= ? AND offset < ? ORDER BY offset LIMIT ?`, topic, partition, from, end, max)
	if err != nil {
		return nil, l.closedOr(err)
	}
	defer rows.Close()
	var records []stream.Record
	for bytes > 0 && rows.Next() {
		r := stream.Record{Topic: topic, Partition: partition}
		var ms int64
		var headers []byte
		var none bool
		if err := rows.Scan(&r.Offset, &ms, &r.Key, &headers, &r.Value, &none); err != nil {
			return nil, fmt.Errorf("record of %s[%d] after offset %d: %w", topic, partition, from+int64(len(records))-1, err)
		}
		if r.Value == nil && !none {
			r.Value = []byte{} // the driver gives nil for both
		}
		if headers != nil {
			if err := json.Unmarshal(headers, &r.Headers); err != nil {
				return nil, fmt.Errorf("headers of %s[%d]@%d: %w", topic, partition, r.Offset, err)
			}
		}
		r.Time = time.UnixMilli(ms).UTC()
		bytes -= r.Size()
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, l.closedOr(err)
	}
	return records, nil
}

// closedOr is ErrClosed where that is why the error came.
func (l *Log) closedOr(err error) error {
	if closed := l.open(); closed != nil {
		return closed
	}
	return err
}

// Replay yields what is there now, partition after partition.
func (l *Log) Replay(ctx context.Context, topic string, from map[int]int64) iter.Seq2[stream.Record, error] {
	ends, err := l.End(ctx, topic)
	return func(yield func(stream.Record, error) bool) {
		if err != nil {
			yield(stream.Record{}, fmt.Errorf("replay: %w", err))
			return
		}
		for p := range len(ends) {
			if !l.replayPartition(ctx, topic, p, from[p], ends[p], yield) {
				return
			}
		}
	}
}

// replayPartition reads in batches, so that no connection is held while the caller works.
func (l *Log) replayPartition(ctx context.Context, topic string, p int, from, end int64, yield func(stream.Record, error) bool) bool {
	for from < end {
		records, err := l.fetch(ctx, topic, p, from, end, math.MaxInt32, readBytes)
		if err != nil {
			yield(stream.Record{}, fmt.Errorf("replay: %w", err))
			return false
		}
		if len(records) == 0 {
			return true
		}
		for _, r := range records {
			if !yield(r, nil) {
				return false
			}
		}
		from = records[len(records)-1].Offset + 1
	}
	return true
}
