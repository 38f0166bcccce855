package embedded

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"counterpoint/stream"
)

// group is a consumer group: who of this process reads which partition, and how far. Only one process
// writes to a folder, so only one has groups.
type group struct {
	log   *Log
	topic stream.Topic
	name  string

	mu      sync.Mutex
	members []*member
	parts   []part
}

type part struct {
	owner     *member
	epoch     int   // counts owners
	read      int64 // next to read
	committed int64
}

// member is a reader's place in its group.
type member struct {
	group *group
	turn  int
	taken map[int]position // by partition: what was read, and under which epoch
}

// Reader joins a consumer group.
func (l *Log) Reader(topic, name string) (stream.Reader, error) {
	t, err := stream.Find(topic)
	if err != nil {
		return nil, err
	}
	if l.readOnly {
		return nil, fmt.Errorf("join group %s of topic %s: %w", name, topic, stream.ErrReadOnly)
	}
	if err := l.open(); err != nil {
		return nil, err
	}
	g, err := l.group(t, name)
	if err != nil {
		return nil, err
	}
	m := g.join()
	l.wake(topic)
	return l.newReader(t, m), nil
}

func (l *Log) group(t stream.Topic, name string) (*group, error) {
	committed, err := l.committed(context.Background(), t, name) // local and short
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	id := [2]string{t.Name, name}
	g := l.groups[id]
	if g == nil {
		g = &group{log: l, topic: t, name: name, parts: make([]part, t.Partitions)}
		for p := range g.parts {
			g.parts[p].committed = committed[p]
		}
		l.groups[id] = g
	}
	return g, nil
}

func (l *Log) committed(ctx context.Context, t stream.Topic, name string) ([]int64, error) {
	next := make([]int64, t.Partitions)
	err := l.each(ctx, func(scan func(...any) error) error {
		var p int
		var n int64
		if err := scan(&p, &n); err != nil {
			return err
		}
		if p >= 0 && p < len(next) {
			next[p] = n
		}
		return nil
	}, `SELECT partition, next FROM commits WHERE topic = ? AND name = ?`, t.Name, name)
	if err != nil {
		return nil, fmt.Errorf("committed offsets of group %s of topic %s: %w", name, t.Name, l.closedOr(err))
	}
	return next, nil
}

func (g *group) join() *member {
	g.mu.Lock()
	defer g.mu.Unlock()
	m := &member{group: g, taken: map[int]position{}}
	g.members = append(g.members, m)
	g.share()
	return m
}

// share gives every member its equal part and moves as few partitions as that takes. A partition that moves
// begins again at what was acknowledged.
func (g *group) share() {
	held := map[*member]int{}
	quota := map[*member]int{}
	for i, m := range g.members {
		quota[m] = len(g.parts) / len(g.members)
		if i < len(g.parts)%len(g.members) {
			quota[m]++
		}
	}
	for p := range g.parts {
		if m := g.parts[p].owner; m != nil && held[m] < quota[m] {
			held[m]++
			continue
		}
		g.parts[p].owner = nil
	}
	for p := range g.parts {
		if g.parts[p].owner != nil {
			continue
		}
		i := slices.IndexFunc(g.members, func(m *member) bool { return held[m] < quota[m] })
		g.parts[p].epoch++
		g.parts[p].read = g.parts[p].committed
		if i >= 0 { // none when nobody is left
			g.parts[p].owner = g.members[i]
			held[g.members[i]]++
		}
	}
}

// next begins with another partition each time, so that a busy one does not starve the rest.
func (m *member) next() ([]position, error) {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	m.turn++
	var mine []position
	for i := range m.group.parts {
		p := (i + m.turn) % len(m.group.parts)
		if x := m.group.parts[p]; x.owner == m {
			mine = append(mine, position{p, x.read, x.epoch})
		}
	}
	return mine, nil
}

func (m *member) took(at position, next int64) bool {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	p := &m.group.parts[at.partition]
	if p.owner != m || p.epoch != at.epoch || p.read != at.offset {
		return false
	}
	p.read = next
	m.taken[at.partition] = position{at.partition, next, at.epoch}
	return true
}

// ack holds what the member has read of the partitions it still has; those it lost since are the next
// owner's, who reads them from what was acknowledged.
func (m *member) ack() stream.Ack {
	g := m.group
	g.mu.Lock()
	defer g.mu.Unlock()
	next := map[int]int64{}
	for p, at := range m.taken {
		if g.parts[p].epoch == at.epoch {
			next[p] = at.offset
		}
	}
	return func(ctx context.Context) error { return g.commit(ctx, next) }
}

// commit stores what was acknowledged. An acknowledgement that comes after its partition moved still holds:
// everything up to it was dealt with, so the new owner skips what it has not read yet.
func (g *group) commit(ctx context.Context, next map[int]int64) error {
	if err := g.log.do(ctx, &job{topic: g.topic, group: g.name, next: next}); err != nil {
		return fmt.Errorf("acknowledge for group %s of topic %s: %w", g.name, g.topic.Name, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for p, n := range next {
		x := &g.parts[p]
		x.committed = max(x.committed, n)
		x.read = max(x.read, x.committed)
	}
	return nil
}

func (m *member) close() {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	m.group.members = slices.DeleteFunc(m.group.members, func(x *member) bool { return x == m })
	for p := range m.group.parts {
		if m.group.parts[p].owner == m {
			m.group.parts[p].owner = nil
		}
	}
	if len(m.group.members) == 0 {
		for p := range m.group.parts {
			m.group.parts[p].epoch++
			m.group.parts[p].read = m.group.parts[p].committed
		}
		return
	}
	m.group.share()
}

// Lag is how many records the group has not acknowledged.
func (l *Log) Lag(ctx context.Context, topic, name string) (int64, error) {
	t, err := stream.Find(topic)
	if err != nil {
		return 0, err
	}
	if err := l.open(); err != nil {
		return 0, err
	}
	committed, err := l.committed(ctx, t, name)
	if err != nil {
		return 0, err
	}
	ends, err := l.endsOf(ctx, t)
	if err != nil {
		return 0, err
	}
	var lag int64
	for p := range ends {
		n := ends[p] - committed[p]
		if t.Compacted {
			if n, err = l.count(ctx, topic, p, committed[p]); err != nil {
				return 0, err
			}
		}
		lag += max(n, 0)
	}
	return lag, nil
}

// count is for compacted topics, whose offsets have gaps.
func (l *Log) count(ctx context.Context, topic string, partition int, from int64) (n int64, err error) {
	err = l.readers.QueryRowContext(ctx, `SELECT count(*) FROM records WHERE topic = ? AND partition = ? AND offset >= ?`,
		topic, partition, from).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count records of %s[%d]: %w", topic, partition, err)
	}
	return n, nil
}
