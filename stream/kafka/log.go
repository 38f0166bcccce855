// Package kafka is the stream on a Kafka cluster, through segmentio/kafka-go. That has no idempotent producer: a
// topic may hold copies of a record, which its readers know by their content's id.
package kafka

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	kafkago "github.com/segmentio/kafka-go"
	metaapi "github.com/segmentio/kafka-go/protocol/metadata"

	"counterpoint"
	"counterpoint/stream"
)

// Options are the ways to open a log. The zero Options opens it for reading and writing.
type Options struct {
	ReadOnly       bool                  // makes no topics; Publish and Reader are refused with stream.ErrReadOnly
	SessionTimeout time.Duration         // after which a silent member of a group has left it; zero means what the URL says
	Stall          time.Duration         // after which a reader that stands still is made again; zero means 30 s
	Log            *slog.Logger          // nil means silence
	Registerer     prometheus.Registerer // nil means no metrics
}

const (
	clientID    = "counterpoint"
	callTimeout = 10 * time.Second // of a question to the brokers
	openTimeout = 20 * time.Second // until topics have leaders
	settleTime  = 5 * time.Second  // that a question is asked again while leaders change
)

var _ stream.Log = (*Log)(nil)

// Log is a stream.Log on Kafka.
type Log struct {
	cfg       Config
	o         Options
	log       *slog.Logger
	dialer    *kafkago.Dialer
	transport *kafkago.Transport
	client    *kafkago.Client
	writer    *writer
	metrics   *metrics
	process   string // random: who we are to the other members of our groups

	quit      chan struct{} // closed by Close
	closeOnce sync.Once
	sweeps    sweeper
	conns     conns
	away      atomic.Bool // readers have said that the brokers do not answer

	mu      sync.Mutex
	readers map[*reader]struct{}
}

// Open connects to the cluster that the URL names (ParseURL), makes the topics that are missing, and waits until
// all have leaders. A cluster that does not answer is counterpoint.ErrAway.
func Open(ctx context.Context, rawURL string, o Options) (*Log, error) {
	l, err := connect(rawURL, o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := l.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open the stream %s: %w", l.cfg, err), l.Close())
	}
	return l, nil
}

// connect makes a log that has not talked to a broker yet.
func connect(rawURL string, o Options) (*Log, error) {
	cfg, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	if o.SessionTimeout <= 0 {
		o.SessionTimeout = cmp.Or(cfg.Session, 10*time.Second)
	}
	if o.Stall <= 0 {
		o.Stall = 30 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{cfg: cfg, o: o, log: o.Log, process: rand.Text(), quit: make(chan struct{}), readers: map[*reader]struct{}{}}
	if err := l.dial(); err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg, err)
	}
	if l.metrics, err = newMetrics(o.Registerer); err != nil {
		return nil, err
	}
	l.writer = &writer{log: l, lanes: map[string][]*lane{}}
	return l, nil
}

// open says whether the log is open.
func (l *Log) open() error {
	select {
	case <-l.quit:
		return fmt.Errorf("stream %s: %w", l.cfg, counterpoint.ErrClosed)
	default:
		return nil
	}
}

// absent tells the operator, once, that reading waits; present that it goes on.
func (l *Log) absent(err error) {
	if l.open() == nil && l.away.CompareAndSwap(false, true) {
		l.log.Warn("the brokers do not answer; when they do, reading goes on by itself", "stream", l.cfg.String(), "error", err)
	}
}

func (l *Log) present() {
	if l.away.Load() && l.away.CompareAndSwap(true, false) {
		l.log.Info("the brokers answer again", "stream", l.cfg.String())
	}
}

// asking bounds a question to the brokers, and ends it when the log is closed.
func (l *Log) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	stop := make(chan struct{})
	go func() {
		select {
		case <-l.quit:
			cancel()
		case <-stop:
		}
	}()
	return ctx, sync.OnceFunc(func() { close(stop); cancel() })
}

// known is the check that all calls begin with.
func (l *Log) known(topic string) (stream.Topic, error) {
	t, err := stream.Find(topic)
	if err != nil {
		return t, err
	}
	return t, l.open()
}

// End is the next offset of each partition.
func (l *Log) End(ctx context.Context, topic string) (map[int]int64, error) {
	if _, err := l.known(topic); err != nil {
		return nil, err
	}
	_, ends, err := l.ends(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("end of topic %s: %w", topic, err)
	}
	return ends, nil
}

// Lag is how many records the group has not acknowledged. In a compacted topic it counts offsets, of which some
// have no record any more.
func (l *Log) Lag(ctx context.Context, topic, group string) (int64, error) {
	if _, err := l.known(topic); err != nil {
		return 0, err
	}
	firsts, ends, err := l.ends(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("lag of group %s: %w", group, err)
	}
	committed, err := l.committed(ctx, topic, group, ends)
	if err != nil {
		return 0, fmt.Errorf("lag of group %s: %w", group, err)
	}
	var lag int64
	for p, end := range ends {
		lag += max(end-max(committed[p], firsts[p]), 0)
	}
	l.metrics.lag.WithLabelValues(topic, group).Set(float64(lag))
	return lag, nil
}

// committed is where a group stands.
func (l *Log) committed(ctx context.Context, topic, group string, partitions map[int]int64) (at map[int]int64, err error) {
	ctx, done := l.asking(ctx)
	defer done()
	err = settle(ctx, func() (err error) {
		at, err = l.committedOnce(ctx, topic, group, partitions)
		return err
	})
	return at, err
}

func (l *Log) committedOnce(ctx context.Context, topic, group string, partitions map[int]int64) (map[int]int64, error) {
	name := l.cfg.topic(topic)
	ask := map[string][]int{name: {}}
	for p := range partitions {
		ask[name] = append(ask[name], p)
	}
	res, err := l.client.OffsetFetch(ctx, &kafkago.OffsetFetchRequest{GroupID: l.cfg.topic(group), Topics: ask})
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafkago.GroupIdNotFound) {
		return map[int]int64{}, nil // it has not acknowledged anything yet
	}
	if err != nil {
		return nil, l.explain(ctx, err)
	}
	at := map[int]int64{}
	for _, p := range res.Topics[name] {
		if p.Error != nil {
			return nil, l.explain(ctx, p.Error)
		}
		at[p.Partition] = p.CommittedOffset
	}
	return at, nil
}

// ends are the first and the next offset of each partition.
func (l *Log) ends(ctx context.Context, topic string) (first, next map[int]int64, err error) {
	ctx, done := l.asking(ctx)
	defer done()
	err = settle(ctx, func() (err error) {
		first, next, err = l.endsOnce(ctx, topic)
		return err
	})
	return first, next, err
}

// settle asks again for a while when the answer is unsettled.
func settle(ctx context.Context, ask func() error) error {
	for until := time.Now().Add(settleTime); ; pause(ctx, 100*time.Millisecond) {
		if err := ask(); err == nil || !unsettled(err) || ctx.Err() != nil || time.Now().After(until) {
			return err
		}
	}
}

// unsettled says that a broker answered, and that it, or another, will answer better in a moment: topics were just
// made, or their leaders are changing.
func unsettled(err error) bool {
	var code kafkago.Error
	return errors.As(err, &code) && code.Temporary()
}

func (l *Log) endsOnce(ctx context.Context, topic string) (first, next map[int]int64, err error) {
	n, err := l.partitions(ctx, topic)
	if err != nil {
		return nil, nil, err
	}
	var ask []kafkago.OffsetRequest
	for p := range n {
		ask = append(ask, kafkago.FirstOffsetOf(p), kafkago.LastOffsetOf(p))
	}
	return l.offsets(ctx, topic, ask)
}

func (l *Log) offsets(ctx context.Context, topic string, ask []kafkago.OffsetRequest) (first, next map[int]int64, err error) {
	name := l.cfg.topic(topic)
	res, err := l.client.ListOffsets(ctx, &kafkago.ListOffsetsRequest{Topics: map[string][]kafkago.OffsetRequest{name: ask}})
	if err != nil {
		return nil, nil, l.explain(ctx, err)
	}
	first, next = map[int]int64{}, map[int]int64{}
	for _, p := range res.Topics[name] {
		if p.Error != nil {
			return nil, nil, l.explain(ctx, p.Error)
		}
		first[p.Partition], next[p.Partition] = max(p.FirstOffset, 0), max(p.LastOffset, 0)
	}
	return first, next, nil
}

// bounds are the first and the next offset of one partition.
func (l *Log) bounds(ctx context.Context, topic string, partition int) (first, next int64, err error) {
	ctx, done := l.asking(ctx)
	defer done()
	firsts, nexts, err := l.offsets(ctx, topic, []kafkago.OffsetRequest{kafkago.FirstOffsetOf(partition), kafkago.LastOffsetOf(partition)})
	return firsts[partition], nexts[partition], err
}

// partitions is how many a topic has on the servers.
func (l *Log) partitions(ctx context.Context, topic string) (int, error) {
	res, err := l.client.Metadata(ctx, &kafkago.MetadataRequest{Topics: []string{l.cfg.topic(topic)}})
	if err != nil {
		return 0, l.explain(ctx, err)
	}
	if len(res.Topics) == 0 {
		return 0, l.explain(ctx, kafkago.UnknownTopicOrPartition)
	}
	t := res.Topics[0]
	if t.Error != nil {
		return 0, l.explain(ctx, fmt.Errorf("topic %s: %w", t.Name, t.Error))
	}
	return len(t.Partitions), nil
}

// leaders are the brokers that lead the topic's partitions, as kafka-go remembers them.
func (l *Log) leaders(ctx context.Context, topic string) map[int]int32 {
	m, err := l.transport.RoundTrip(ctx, l.client.Addr, &metaapi.Request{TopicNames: []string{l.cfg.topic(topic)}})
	if err != nil {
		return nil
	}
	leaders := map[int]int32{}
	for _, t := range m.(*metaapi.Response).Topics {
		for _, p := range t.Partitions {
			if p.ErrorCode == 0 && p.LeaderID >= 0 {
				leaders[int(p.PartitionIndex)] = p.LeaderID
			}
		}
	}
	return leaders
}

// Close ends all waiting calls with counterpoint.ErrClosed, leaves all groups, and waits for what is being
// published.
func (l *Log) Close() error {
	l.closeOnce.Do(func() {
		close(l.quit)
		l.sweeps.stop()
		l.mu.Lock()
		var open []*reader
		for r := range l.readers {
			open = append(open, r)
		}
		l.mu.Unlock()
		var wg sync.WaitGroup
		for _, r := range open {
			wg.Go(func() { _ = r.Close() })
		}
		wg.Wait()
		if l.writer != nil {
			l.writer.close()
		}
		l.transport.CloseIdleConnections()
		l.conns.close()
	})
	return nil
}
