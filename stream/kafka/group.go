package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"counterpoint/stream"
)

const (
	joinBackoff  = 200 * time.Millisecond // kafka-go waits 5 s unless told otherwise
	joinPatience = 3 * time.Second        // that Reader waits for its share; later it comes by itself
	ackPatience  = 15 * time.Second       // until an acknowledgement says that the brokers are away
)

// member is a reader's place in its group. Of kafka-go it uses the membership alone and reads partitions itself:
// kafka-go's own group reader hands out records of an old share after a rebalance (issue 1398).
type member struct {
	r     *reader
	topic string
	name  string

	mu      sync.Mutex
	share   *kafkago.Generation // the current one; nil before the first
	owned   map[int]int64       // committed offset of each partition of the share
	dealt   map[int]int64       // by partition, all that this reader was told to be dealt with, in any share
	changed chan struct{}       // closed and replaced with each share
}

// Reader joins a consumer group. It waits a moment for its share of the partitions, so that readers made one after
// the other do not take records from each other.
func (l *Log) Reader(topic, group string) (stream.Reader, error) {
	if _, err := l.known(topic); err != nil {
		return nil, err
	}
	if l.o.ReadOnly {
		return nil, fmt.Errorf("join group %s of topic %s: %w", group, topic, stream.ErrReadOnly)
	}
	r := l.newReader(topic)
	m := &member{r: r, topic: topic, name: group, dealt: map[int]int64{}, changed: make(chan struct{})}
	r.group = m
	l.metrics.member(topic, group)
	joined := m.next()
	r.wg.Go(m.run)
	select {
	case <-joined:
	case <-time.After(joinPatience):
	case <-l.quit:
	}
	return r, nil
}

func (m *member) next() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// run keeps the membership, and makes it again when it stands still.
func (m *member) run() {
	for m.r.ctx.Err() == nil {
		g, err := kafkago.NewConsumerGroup(m.config())
		if err != nil { // a bug of ours: the configuration does not depend on the brokers
			m.r.log.log.Error("join a group", "group", m.name, "error", err)
			return
		}
		ctx, cancel := context.WithCancel(m.r.ctx)
		var watch sync.WaitGroup
		watch.Go(func() {
			m.watch(ctx)
			cancel()
		})
		m.serve(ctx, g)
		cancel()
		_ = g.Close() // leaves the group
		watch.Wait()
	}
}

func (m *member) config() kafkago.ConsumerGroupConfig {
	session := m.r.log.o.SessionTimeout
	return kafkago.ConsumerGroupConfig{
		ID: m.r.log.cfg.topic(m.name), Brokers: m.r.log.cfg.Brokers, Dialer: m.r.log.dialer, Topics: []string{m.r.log.cfg.topic(m.topic)},
		HeartbeatInterval: heartbeat(session), SessionTimeout: session, RebalanceTimeout: max(session, 3*time.Second),
		JoinGroupBackoff: joinBackoff, StartOffset: kafkago.FirstOffset, Timeout: 5 * time.Second,
		GroupBalancers:        []kafkago.GroupBalancer{together{m.r.log.process}, kafkago.RangeGroupBalancer{}, kafkago.RoundRobinGroupBalancer{}},
		WatchPartitionChanges: true, PartitionWatchInterval: 30 * time.Second,
	}
}

// heartbeat is how often a member asks whether the partitions are being shared out anew.
func heartbeat(session time.Duration) time.Duration {
	return min(max(session/10, 50*time.Millisecond), 500*time.Millisecond)
}

// serve takes one share after the other.
func (m *member) serve(ctx context.Context, g *kafkago.ConsumerGroup) {
	for failures := 0; ctx.Err() == nil; {
		share, err := g.Next(ctx)
		if err != nil {
			if failures++; failures == 5 && passes(explain(err)) {
				m.r.log.absent(err)
			}
			if ctx.Err() == nil && !errors.Is(err, kafkago.ErrGroupClosed) {
				m.r.log.log.Debug("join a group", "topic", m.topic, "group", m.name, "error", err)
				m.r.fail(ctx, fmt.Errorf("join group %s: %w", m.name, err))
			}
			continue
		}
		failures = 0
		m.r.log.present()
		m.adopt(share)
	}
}

// adopt begins to read a share. Chunks of the share before are no longer taken from now on.
func (m *member) adopt(share *kafkago.Generation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.share, m.owned = share, map[int]int64{}
	m.r.pos.Lock()
	m.r.share++
	number := m.r.share
	late := map[int]int64{}
	var sources []*source
	for _, a := range share.Assignments[m.r.log.cfg.topic(m.topic)] {
		m.owned[a.ID] = a.Offset
		if d, ok := m.dealt[a.ID]; ok && d > a.Offset {
			late[a.ID] = d
		}
		// What Read gave and nobody acknowledged yet is in the hands of our reader, who need not get it twice.
		if n, ok := m.r.took[a.ID]; ok && n > a.Offset {
			a.Offset = n
		}
		sources = append(sources, &source{log: m.r.log, topic: m.topic, partition: a.ID, next: a.Offset})
	}
	m.r.pos.Unlock()
	if len(late) > 0 && m.commit(share, late) == nil {
		maps.Copy(m.owned, late)
	}
	if len(sources) > 0 {
		share.Start(func(ctx context.Context) { m.r.pull(ctx, number, sources) })
	}
	m.r.log.metrics.shares.WithLabelValues(m.topic, m.name).Inc()
	m.r.log.log.Debug("share of a topic", "topic", m.topic, "group", m.name, "generation", share.ID, "partitions", len(sources))
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *member) commit(share *kafkago.Generation, next map[int]int64) error {
	return share.CommitOffsets(map[string]map[int]int64{m.r.log.cfg.topic(m.topic): next})
}

// acknowledge commits. A partition that has gone to somebody else since is theirs: what was dealt with here is dealt
// with there again, which does no harm, and no commit of ours takes theirs back.
func (m *member) acknowledge(ctx context.Context, next map[int]int64) error {
	m.mu.Lock()
	for p, n := range next {
		m.dealt[p] = max(m.dealt[p], n)
	}
	m.mu.Unlock()
	late := time.NewTimer(ackPatience)
	defer late.Stop()
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		err := m.commitOwned(next)
		if err == nil {
			return nil
		}
		select {
		case <-changed: // in a new share it may succeed, or be the business of others
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		case <-m.r.ctx.Done():
			return nil // has left the group; what was not committed is read again
		case <-m.r.log.quit:
			return m.r.log.open()
		case <-late.C:
			if stale(err) {
				return nil
			}
			return fmt.Errorf("acknowledge for group %s of topic %s: %w", m.name, m.topic, m.r.log.explain(ctx, err))
		}
	}
}

// commitOwned commits what is further than what was committed, of the partitions that are still ours.
func (m *member) commitOwned(next map[int]int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	todo := map[int]int64{}
	for p, n := range next {
		if at, ours := m.owned[p]; ours && n > at {
			todo[p] = n
		}
	}
	if len(todo) == 0 {
		return nil
	}
	if err := m.commit(m.share, todo); err != nil {
		return err
	}
	maps.Copy(m.owned, todo)
	return nil
}

// watch returns when the reader has stood still for too long: somebody waits for records, there are some that it has
// not got, and none came. kafka-go's issues 387, 955 and 1276 tell of such readers.
func (m *member) watch(ctx context.Context) {
	stall := m.r.log.o.Stall
	began := time.Now().UnixNano()
	tick := time.NewTicker(max(stall/5, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if m.r.log.o.Registerer != nil {
			_, _ = m.r.log.Lag(ctx, m.topic, m.name) // for the metric
		}
		got := m.r.got.Load()
		if !m.r.reading.Load() || time.Since(time.Unix(0, max(got, began))) < stall {
			continue
		}
		if n, err := m.behind(ctx); err != nil || n == 0 || m.r.got.Load() != got {
			continue
		}
		m.r.log.log.Warn("a reader stands still while records wait; it is made again", "topic", m.topic, "group", m.name)
		m.r.log.metrics.restarts.WithLabelValues(m.topic, m.name).Inc()
		return
	}
}

// behind is how many records wait in the partitions that are ours; before the first share, in all.
func (m *member) behind(ctx context.Context) (int64, error) {
	firsts, ends, err := m.r.log.ends(ctx, m.topic)
	if err != nil {
		return 0, err
	}
	took := m.r.positions()
	m.mu.Lock()
	defer m.mu.Unlock()
	var n int64
	for p, end := range ends {
		if at, ours := m.owned[p]; ours || m.share == nil {
			n += max(end-max(at, took[p], firsts[p]), 0)
		}
	}
	return n, nil
}
