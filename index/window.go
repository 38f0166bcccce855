package index

import (
	"context"
	"maps"
	"slices"
	"time"

	"counterpoint"
)

const (
	// holdFor is how long an item waits for its assessment after it was read, or after another of its partition
	// met its own: classify may have much before it.
	holdFor = time.Second
	// holdAtMost is how long it waits at most.
	holdAtMost = 5 * time.Second
	// meetWithin is how long an assessment that came before its item waits for it.
	meetWithin = 100 * time.Millisecond
	// holdSegments is how many segments may wait. Then no more items are read: the window moves on with classify.
	holdSegments = 4000
)

// window holds items back until their assessments were read, so that each segment is written once. It keeps the
// order of a partition, and gives up on one whose assessments do not come, or go to another process.
type window struct {
	open     bool // nothing is held
	lanes    map[int]*lane
	chunks   []*held
	segments int
	judged   recent[bool] // assessments that were read
	passed   recent[int]  // items let go without theirs, with their partition
	known    recent[bool] // items that were read
	vain     bool         // items were waited for that did not come, and none has since
}

// lane is a partition of the items.
type lane struct {
	queue []waiting
	idle  bool      // no assessments come; nothing is held
	met   time.Time // when an item last met its assessment
}

type waiting struct {
	entry counterpoint.Entry[counterpoint.Item]
	key   string
	read  time.Time
	chunk *held
}

// held is a batch as it was read, of which some still wait.
type held struct {
	left int
	ack  func(context.Context) error
}

func newWindow() *window { return &window{lanes: map[int]*lane{}} }

func (w *window) full() bool { return w.segments >= holdSegments }

// hear takes a batch of items in.
func (w *window) hear(c chunk[counterpoint.Item], now time.Time) {
	h := &held{len(c.entries), c.ack}
	w.chunks, w.vain = append(w.chunks, h), false
	for _, e := range c.entries {
		l := w.lanes[e.Partition]
		if l == nil {
			l = &lane{}
			w.lanes[e.Partition] = l
		}
		key := assessmentID(e.Value.ID, e.Value.Part, e.Value.Revision)
		w.known.put(key, true)
		l.queue = append(l.queue, waiting{e, key, now, h})
		w.segments += len(e.Value.Segments)
	}
}

// lacks reports whether items of these assessments are worth waiting for: they come at the same time by another way.
func (w *window) lacks(list []counterpoint.Entry[counterpoint.Assessment]) bool {
	return !w.open && !w.vain && w.segments < 2*holdSegments && slices.ContainsFunc(list, func(e counterpoint.Entry[counterpoint.Assessment]) bool {
		_, ok := w.known.get(assessmentID(e.Value.Item, e.Value.Part, e.Value.Revision))
		return !ok
	})
}

// judge notes whose assessments were read. One that meets an item let go without it says that waiting is worth
// it again.
func (w *window) judge(list []counterpoint.Entry[counterpoint.Assessment]) {
	if w.open {
		return
	}
	for _, e := range list {
		key := assessmentID(e.Value.Item, e.Value.Part, e.Value.Revision)
		w.judged.put(key, true)
		if part, ok := w.passed.get(key); ok {
			w.lanes[part].idle = false
		}
	}
}

// release takes out what need not wait any longer, from the front of each partition.
func (w *window) release(now time.Time) []counterpoint.Entry[counterpoint.Item] {
	var out []counterpoint.Entry[counterpoint.Item]
	for _, part := range slices.Sorted(maps.Keys(w.lanes)) {
		l := w.lanes[part]
		n := 0
		for n < len(l.queue) && w.goes(l, l.queue[n], now) {
			x := l.queue[n]
			out = append(out, x.entry)
			x.chunk.left--
			w.segments -= len(x.entry.Value.Segments)
			n++
		}
		l.queue = slices.Delete(l.queue, 0, n)
	}
	return out
}

func (w *window) goes(l *lane, x waiting, now time.Time) bool {
	if w.open {
		return true
	}
	if _, ok := w.judged.get(x.key); ok {
		l.met, l.idle = now, false
		return true
	}
	if !l.idle && now.Before(l.deadline(x)) {
		return false
	}
	l.idle = l.idle || l.met.Before(x.read)
	w.passed.put(x.key, x.entry.Partition)
	return true
}

func (l *lane) deadline(x waiting) time.Time {
	since := x.read
	if l.met.After(since) {
		since = l.met
	}
	by, last := since.Add(holdFor), x.read.Add(holdAtMost)
	if by.After(last) {
		return last
	}
	return by
}

// wait is the time until the first deadline.
func (w *window) wait(now time.Time) time.Duration {
	wait := time.Hour
	for _, l := range w.lanes {
		if len(l.queue) > 0 {
			wait = min(wait, l.deadline(l.queue[0]).Sub(now))
		}
	}
	return max(0, wait)
}

// acks are those of the batches that are done, in their order.
func (w *window) acks() []func(context.Context) error {
	var acks []func(context.Context) error
	for len(w.chunks) > 0 && w.chunks[0].left == 0 {
		acks = append(acks, w.chunks[0].ack)
		w.chunks = w.chunks[1:]
	}
	return acks
}

// recentSize is how many keys recent remembers at least.
const recentSize = 10_000

// recent remembers what was put last, and forgets the rest.
type recent[T any] struct{ young, old map[string]T }

func (r *recent[T]) put(key string, v T) {
	if r.young == nil || len(r.young) >= recentSize {
		r.young, r.old = map[string]T{}, r.young
	}
	r.young[key] = v
}

func (r *recent[T]) get(key string) (T, bool) {
	if v, ok := r.young[key]; ok {
		return v, true
	}
	v, ok := r.old[key]
	return v, ok
}
