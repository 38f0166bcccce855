package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

const (
	fetchVersion = 11      // of the request; every broker from 2.3 to 4.x knows it
	fetchBytes   = 1 << 20 // of one answer, but a larger batch comes whole
	fetchWait    = 500 * time.Millisecond
	answerWithin = 10 * time.Second // after fetchWait
)

// fetchCall is a fetch request whose answer kafka-go sends and routes, and we decode.
type fetchCall struct {
	fetchapi.Request
	topic string // without the prefix
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
	p := &f.Topics[0].Partitions[0]
	return decodeAnswer(b, f.topic, int(p.Partition), p.FetchOffset)
}

// fetchAnswer is the part of an answer that is about our partition.
type fetchAnswer struct {
	fetched
	err error // the broker's
}

// ApiKey makes it a message to kafka-go.
func (*fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// decodeAnswer reads an answer to a request for one partition.
func decodeAnswer(b []byte, topic string, partition int, at int64) (*fetchAnswer, error) {
	c := cursor{b: b}
	_, _ = c.i32(), c.i32() // correlation, throttling
	code := c.i16()
	_ = c.i32() // session
	topics := c.i32()
	if code == 0 && topics == 1 {
		c.take(int(c.i16()))
		if n := c.i32(); n != 1 {
			return nil, fmt.Errorf("%d partitions instead of one: %w", n, errGarbled)
		}
		_, code = c.i32(), c.i16()
	}
	if c.err != nil {
		return nil, c.err
	}
	if code != 0 {
		return &fetchAnswer{fetched: fetched{next: at}, err: kafkago.Error(code)}, nil
	}
	if topics != 1 {
		return nil, fmt.Errorf("%d topics instead of one: %w", topics, errGarbled)
	}
	end := c.i64()
	_, _ = c.i64(), c.i64() // last stable offset, start of the log
	if n := c.i32(); n > 0 {
		c.take(16 * int(n)) // aborted transactions: nobody makes any here
	}
	_ = c.i32() // preferred replica
	size := c.i32()
	set := c.take(max(int(size), 0))
	if c.err != nil {
		return nil, c.err
	}
	got, err := decodeSet(set, topic, partition, at)
	if err != nil {
		return nil, err
	}
	got.end = end
	return &fetchAnswer{fetched: got}, nil
}

// fetch asks for records of a partition and waits a little when there are none yet.
func (l *Log) fetch(ctx context.Context, topic string, partition int, at int64, wait time.Duration) (fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerWithin)
	defer cancel()
	call := &fetchCall{topic: topic, Request: fetchapi.Request{
		ReplicaID: -1, MaxWaitTime: int32(wait.Milliseconds()), MinBytes: 1, MaxBytes: fetchBytes, SessionID: 0, SessionEpoch: -1,
		Topics: []fetchapi.RequestTopic{{Topic: l.cfg.topic(topic), Partitions: []fetchapi.RequestPartition{{
			Partition: int32(partition), CurrentLeaderEpoch: -1, FetchOffset: at, LogStartOffset: -1, PartitionMaxBytes: fetchBytes,
		}}}},
	}}
	m, err := l.transport.RoundTrip(ctx, l.client.Addr, call)
	if err != nil {
		return fetched{}, err
	}
	a := m.(*fetchAnswer)
	return a.fetched, a.err
}

// source reads a partition onward, whatever happens to the brokers meanwhile.
type source struct {
	log       *Log
	topic     string
	partition int
	next      int64 // negative: the first there is
}

// run gives chunks to out until ctx is done.
func (s *source) run(ctx context.Context, out func(context.Context, fetched) bool, fail func(context.Context, error)) {
	for failures := 0; ctx.Err() == nil; {
		got, err := s.read(ctx, fetchWait)
		if err != nil {
			failures++
			if ctx.Err() == nil {
				s.log.log.Debug("fetch", "topic", s.topic, "partition", s.partition, "offset", s.next, "error", err)
			}
			switch {
			case failures == 5 && topicGone(err):
				s.log.log.Error("a topic cannot be read", "topic", s.log.cfg.topic(s.topic), "partition", s.partition, "error", explain(err))
			case failures == 5:
				s.log.absent(err)
			}
			if failures >= 3 { // once may be an accident on the way
				fail(ctx, fmt.Errorf("partition %d at offset %d: %w", s.partition, s.next, err))
			}
			pause(ctx, min(time.Duration(failures)*100*time.Millisecond, 2*time.Second))
			continue
		}
		failures = 0
		s.log.present()
		if len(got.records) > 0 && !out(ctx, got) {
			return
		}
		s.next = got.next
	}
}

// read fetches at the source's place, which it moves to where there are records.
func (s *source) read(ctx context.Context, wait time.Duration) (fetched, error) {
	if s.next < 0 {
		first, _, err := s.log.bounds(ctx, s.topic, s.partition)
		if err != nil {
			return fetched{}, err
		}
		s.next = first
	}
	got, err := s.log.fetch(ctx, s.topic, s.partition, s.next, wait)
	if errors.Is(err, kafkago.OffsetOutOfRange) {
		return fetched{next: s.next}, s.seek(ctx)
	}
	return got, err
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
