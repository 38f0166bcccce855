package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

const (
	fetchVersion = 11      // of the request; every broker from 2.3 to 4.x knows it
	fetchBytes   = 1 << 20 // of one partition in an answer, but a larger batch comes whole
	fetchAll     = 4 << 20 // of one answer
	fetchWait    = 500 * time.Millisecond
	answerWithin = 10 * time.Second // after the wait
)

// fetchCall is a fetch request whose answer kafka-go sends and routes, and we decode.
type fetchCall struct {
	fetchapi.Request
	topic string // without the prefix
	asked []place
}

// place is where a partition is read.
type place struct {
	partition int
	at        int64
}

var _ protocol.RawExchanger = (*fetchCall)(nil)

// Required says that kafka-go leaves the exchange to us.
func (*fetchCall) Required(map[protocol.ApiKey]int16) bool { return true }

// RawExchange sends the request and reads the answer.
func (f *fetchCall) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	if err := protocol.WriteRequest(rw, fetchVersion, 1, clientID, &f.Request); err != nil {
		return nil, err
	}
	var size [4]byte
	if _, err := io.ReadFull(rw, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n > maxAnswer {
		return nil, fmt.Errorf("an answer of %d bytes: %w", n, errGarbled)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(rw, b); err != nil {
		return nil, err
	}
	return decodeAnswer(b, f.topic, f.asked...)
}

// fetchAnswer says of each partition that was asked for, in their order, what the broker has.
type fetchAnswer []answered

type answered struct {
	fetched
	err error
}

// ApiKey makes it a message to kafka-go.
func (fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// decodeAnswer reads an answer to a request for partitions of one topic.
func decodeAnswer(b []byte, topic string, asked ...place) (fetchAnswer, error) {
	c := cursor{b: b}
	_, _ = c.i32(), c.i32() // correlation, throttling
	code := c.i16()
	_ = c.i32() // session
	topics := c.i32()
	if c.err != nil {
		return nil, c.err
	}
	out := make(fetchAnswer, len(asked))
	if code != 0 {
		for i, p := range asked {
			out[i] = answered{fetched{next: p.at}, kafkago.Error(code)}
		}
		return out, nil
	}
	if topics != 1 {
		return nil, fmt.Errorf("%d topics instead of one: %w", topics, errGarbled)
	}
	c.take(int(c.i16()))
	if n := c.i32(); c.err == nil && int(n) != len(asked) {
		return nil, fmt.Errorf("%d partitions instead of %d: %w", n, len(asked), errGarbled)
	}
	known := make([]bool, len(asked))
	for range asked {
		partition := int(c.i32())
		i := slices.IndexFunc(asked, func(p place) bool { return p.partition == partition })
		if c.err == nil && (i < 0 || known[i]) {
			return nil, fmt.Errorf("partition %d, which was not asked for: %w", partition, errGarbled)
		}
		got, err := c.partition(topic, partition, asked[max(i, 0)].at)
		if c.err != nil {
			return nil, c.err
		}
		known[i], out[i] = true, answered{got, err}
	}
	return out, nil
}

// partition reads what an answer has of a partition. The error is the broker's, or of its records.
func (c *cursor) partition(topic string, partition int, at int64) (fetched, error) {
	code, end := c.i16(), c.i64()
	_, _ = c.i64(), c.i64() // last stable offset, start of the log
	if n := c.i32(); n > 0 {
		c.take(16 * int(n)) // aborted transactions: nobody makes any here
	}
	_ = c.i32() // preferred replica
	size := c.i32()
	set := c.take(max(int(size), 0))
	switch {
	case c.err != nil:
		return fetched{next: at}, c.err
	case code != 0:
		return fetched{next: at}, kafkago.Error(code)
	}
	got, err := decodeSet(set, topic, partition, at)
	got.end = end
	return got, err
}

// fetch asks for records of partitions that have one leader, and waits a little while there are fewer bytes of them.
func (l *Log) fetch(ctx context.Context, topic string, least int32, wait time.Duration, asked ...place) (fetchAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerWithin)
	defer cancel()
	ask := fetchapi.RequestTopic{Topic: l.cfg.topic(topic)}
	for _, p := range asked {
		ask.Partitions = append(ask.Partitions, fetchapi.RequestPartition{
			Partition: int32(p.partition), CurrentLeaderEpoch: -1, FetchOffset: p.at, LogStartOffset: -1, PartitionMaxBytes: fetchBytes,
		})
	}
	m, err := l.transport.RoundTrip(ctx, l.client.Addr, &fetchCall{topic: topic, asked: asked, Request: fetchapi.Request{
		ReplicaID: -1, MaxWaitTime: int32(wait.Milliseconds()), MinBytes: least, MaxBytes: fetchAll, SessionID: 0, SessionEpoch: -1,
		Topics: []fetchapi.RequestTopic{ask},
	}})
	if err != nil {
		return nil, err
	}
	return m.(fetchAnswer), nil
}

// source is a partition as it is read onward.
type source struct {
	log       *Log
	topic     string
	partition int
	next      int64 // negative: the first there is

	// for a puller
	asked    bool      // a request is on its way
	waits    bool      // records of it wait to be read
	failures int       // in a row
	until    time.Time // after a failure
}

// place is where the source reads next.
func (s *source) place(ctx context.Context) (place, error) {
	if s.next < 0 {
		first, _, err := s.log.bounds(ctx, s.topic, s.partition)
		if err != nil {
			return place{}, err
		}
		s.next = first
	}
	return place{s.partition, s.next}, nil
}

// read fetches at the source's place, which it moves to where there are records.
func (s *source) read(ctx context.Context, wait time.Duration) (fetched, error) {
	at, err := s.place(ctx)
	if err != nil {
		return fetched{}, err
	}
	got, err := s.log.fetch(ctx, s.topic, 1, wait, at)
	if err != nil {
		return fetched{}, err
	}
	return s.found(ctx, got[0])
}

// found is what was answered, after which the source may read elsewhere.
func (s *source) found(ctx context.Context, a answered) (fetched, error) {
	if errors.Is(a.err, kafkago.OffsetOutOfRange) {
		err := s.seek(ctx)
		return fetched{next: s.next}, err
	}
	return a.fetched, a.err
}

// seek goes to the first record when ours is no longer there: it was deleted after the time of retention, or
// the topic was made anew, and then everything in it is new.
func (s *source) seek(ctx context.Context) error {
	first, end, err := s.log.bounds(ctx, s.topic, s.partition)
	if err != nil {
		return err
	}
	if s.next < first || s.next > end {
		s.log.log.Warn("the log does not have the offset that was to be read next; reading on from its first record",
			"topic", s.topic, "partition", s.partition, "offset", s.next, "first", first, "end", end)
		s.next = first
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
