package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"

	"counterpoint/stream"
)

const (
	writeRecords = 2000    // of one partition in a request
	writeBytes   = 3 << 20 // of one partition in a request, but a larger record goes alone
	writeTries   = 6
	writeTimeout = 5 * time.Second // of one try
	// writeWithin is how long a broker waits for its replicas. It is less than writeTimeout, so that it answers for each
	// partition, and a slow one does not pass for all.
	writeWithin = 3500 * time.Millisecond
)

// writer appends to topics. What is for a partition that nothing is written to goes out at once, with what else there is
// for that broker in one request; what comes meanwhile goes together afterwards. (kafka-go's writer sends a request a
// partition and waits for more before each.) A partition has one batch on its way, which is tried again before the next,
// so the order per key is kept.
type writer struct {
	log  *Log
	hash kafkago.Hash

	mu     sync.Mutex
	lanes  map[string][]*lane // by topic, without the prefix, and partition
	closed bool
	wg     sync.WaitGroup // of requests
}

// lane is a partition as it is written.
type lane struct {
	partition int
	waiting   []parcel
	sent      []parcel // on their way
}

// parcel is a record and whom to tell when it is written.
type parcel struct {
	*stream.Record
	of *publication
}

// publication is one call of publish. The writer's lock guards it.
type publication struct {
	left int   // records that are not written yet
	err  error // of one of them
	gone bool  // nobody waits any more
	done chan struct{}
}

// publish returns when all records are written. After an error, some may be, or may still be written.
func (w *writer) publish(ctx context.Context, topic string, records []stream.Record) error {
	n, err := w.log.partitions(ctx, topic)
	if err == nil && n == 0 {
		err = kafkago.LeaderNotAvailable
	}
	if err != nil {
		return err
	}
	p := &publication{left: len(records), done: make(chan struct{})}
	if err := w.post(topic, n, records, p); err != nil {
		return err
	}
	w.send(topic)
	w.wg.Done()
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		p.gone = true
		return ctx.Err()
	}
}

// post lays the records into the lanes of their partitions. The writer waits then for whoever sends them.
func (w *writer) post(topic string, partitions int, records []stream.Record, p *publication) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return io.ErrClosedPipe
	}
	w.wg.Add(1)
	all := w.lanes[topic]
	for len(all) < partitions {
		all = append(all, &lane{partition: len(all)})
	}
	w.lanes[topic] = all
	numbers := make([]int, partitions)
	for i := range numbers {
		numbers[i] = i
	}
	for i := range records {
		l := all[w.hash.Balance(kafkago.Message{Key: []byte(records[i].Key)}, numbers...)]
		l.waiting = append(l.waiting, parcel{&records[i], p})
	}
	return nil
}

// send sends what waits for the topic's partitions that have nothing on its way.
func (w *writer) send(topic string) {
	leaders := w.log.leaders(context.Background(), topic)
	w.mu.Lock()
	defer w.mu.Unlock()
	var ready []*lane
	for _, l := range w.lanes[topic] {
		if l.sent == nil && l.load() {
			ready = append(ready, l)
		}
	}
	for _, some := range byLeader(ready, leaders) {
		w.wg.Go(func() { w.deliver(topic, some, 1) })
	}
}

// load takes a batch of what waits, without what nobody waits for any more, and reports whether there is any.
func (l *lane) load() bool {
	n, size := 0, 0
	for ; n < len(l.waiting) && len(l.sent) < writeRecords; n++ {
		x := l.waiting[n]
		if x.of.gone {
			continue
		}
		if size += x.Size(); size > writeBytes && len(l.sent) > 0 {
			break
		}
		l.sent = append(l.sent, x)
	}
	if l.waiting = l.waiting[n:]; len(l.waiting) == 0 {
		l.waiting = nil
	}
	return len(l.sent) > 0
}

// byLeader sorts lanes by the broker that leads them.
func byLeader(lanes []*lane, leaders map[int]int32) map[int32][]*lane {
	by := map[int32][]*lane{}
	for _, l := range lanes {
		broker := leaderOf(leaders, l.partition)
		by[broker] = append(by[broker], l)
	}
	return by
}

// leaderOf is the broker to ask about a partition. One that has none is by itself, as if led by a broker of its own: it
// would spoil the request of others.
func leaderOf(leaders map[int]int32, partition int) int32 {
	if broker, ok := leaders[partition]; ok {
		return broker
	}
	return -1 - int32(partition)
}

// deliver makes a request, tells what became of it, and tries again where that may help.
func (w *writer) deliver(topic string, lanes []*lane, try int) {
	errs, answered := w.request(topic, lanes)
	var again []*lane
	w.mu.Lock()
	for i, l := range lanes {
		if errs[i] != nil && try < writeTries && worthAgain(errs[i]) {
			again = append(again, l)
			continue
		}
		l.settle(errs[i])
	}
	w.mu.Unlock()
	w.send(topic)
	if len(again) == 0 {
		return
	}
	time.Sleep(min(100*time.Millisecond<<(try-1), time.Second))
	var leaders map[int]int32 // none: each by itself, for one of them may be why
	if answered {
		leaders = w.log.leaders(context.Background(), topic)
	}
	for _, some := range byLeader(again, leaders) {
		w.wg.Go(func() { w.deliver(topic, some, try+1) })
	}
}

// settle tells what became of the batch on its way.
func (l *lane) settle(err error) {
	for _, x := range l.sent {
		if x.of.left--; err != nil {
			x.of.err = err
		}
		if x.of.left == 0 {
			close(x.of.done)
		}
	}
	l.sent = nil
}

// worthAgain reports whether an error may be gone in a moment.
func worthAgain(err error) bool {
	var passing interface{ Temporary() bool }
	if errors.As(err, &passing) && passing.Temporary() {
		return true
	}
	var unsent *produceapi.Error // the leader of a partition has just changed, or is being chosen
	if errors.As(err, &unsent) {
		return true
	}
	for _, e := range []error{io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// request writes the batches of partitions that have one leader, and returns what the broker says of each; answered is
// false where it says nothing.
func (w *writer) request(topic string, lanes []*lane) (errs []error, answered bool) {
	ctx, cancel := context.WithTimeout(context.Background(), writeTimeout)
	defer cancel()
	ask := produceapi.RequestTopic{Topic: w.log.cfg.topic(topic)}
	for _, l := range lanes {
		records := make([]protocol.Record, len(l.sent))
		for i, x := range l.sent {
			records[i] = protocol.Record{Key: protocol.NewBytes([]byte(x.Key)), Value: protocol.NewBytes(x.Value), Headers: headers(x.Headers)}
		}
		ask.Partitions = append(ask.Partitions, produceapi.RequestPartition{Partition: int32(l.partition), RecordSet: protocol.RecordSet{
			Attributes: protocol.Attributes(kafkago.Zstd), Records: protocol.NewRecordReader(records...),
		}})
	}
	m, err := w.log.transport.RoundTrip(ctx, w.log.client.Addr, &produceapi.Request{
		Acks: int16(kafkago.RequireAll), Timeout: int32(writeWithin.Milliseconds()), Topics: []produceapi.RequestTopic{ask},
	})
	errs = make([]error, len(lanes))
	for i, l := range lanes {
		if errs[i] = err; err == nil {
			errs[i] = written(m.(*produceapi.Response), l.partition)
		}
	}
	return errs, err == nil
}

// written is what the answer says of a partition.
func written(m *produceapi.Response, partition int) error {
	for _, t := range m.Topics {
		for _, p := range t.Partitions {
			switch {
			case int(p.Partition) != partition:
			case p.ErrorCode != 0:
				return kafkago.Error(p.ErrorCode)
			default:
				return nil
			}
		}
	}
	return fmt.Errorf("nothing is said of partition %d: %w", partition, errGarbled)
}

// close waits for what is on its way, and sends nothing more after it.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.wg.Wait()
}
