package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"counterpoint"
)

// batch is the items that are published and marked together: one wait for the disk serves them all.
type batch struct {
	items []counterpoint.Item
	marks []mark
	bytes int
}

func (b *batch) add(it counterpoint.Item, scope, digest string) {
	b.items = append(b.items, it)
	b.marks = append(b.marks, mark{item: it.ID, revision: it.Revision, scope: scope, digest: digest})
	for _, s := range it.Segments {
		b.bytes += len(s.Text) + 100
	}
}

// flush lets the batch in.
func (in *intake) flush(ctx context.Context) error {
	b := in.batch
	in.batch = batch{}
	if len(b.items) == 0 {
		return nil
	}
	return in.door.let(ctx, &caller{in: in, batch: b})
}

// caller is a batch before the door.
type caller struct {
	in *intake
	batch
	alone bool // it was among some that could not be let in together
	done  bool
	err   error
}

// let lets a batch in, and with it those that came while the ones before were let in: one publish and one wait for the
// disk serve them all.
func (d *Door) let(ctx context.Context, c *caller) error {
	d.queue.add(c)
	d.gate.Lock()
	defer d.gate.Unlock()
	if c.done { // with another's
		return c.err
	}
	all := d.queue.with(c)
	err := d.admit(ctx, all)
	away := errors.Is(err, counterpoint.ErrAway) || errors.Is(err, counterpoint.ErrDiskFull)
	if err == nil || len(all) == 1 || away && ctx.Err() == nil {
		for _, o := range all {
			o.done, o.err = true, err
		}
		return err
	}
	for _, o := range all[1:] { // one of them may be why, or c was called off
		o.alone = true
		d.queue.add(o)
	}
	return d.admit(ctx, all[:1])
}

// queue holds the batches before the door, in the order they came.
type queue struct {
	mu      sync.Mutex
	waiting []*caller
}

func (q *queue) add(c *caller) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, c)
}

// with takes out the batch and, after it, those that go with it. One that names what another of them does waits: it may be
// a duplicate of that.
func (q *queue) with(c *caller) []*caller {
	q.mu.Lock()
	defer q.mu.Unlock()
	all, items, bytes, named := []*caller{c}, len(c.items), c.bytes, map[string]bool{}
	if len(q.waiting) > 1 {
		c.names(named)
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(o *caller) bool {
		if o == c {
			return true
		}
		if c.alone || o.alone || items+len(o.items) > batchItems || bytes+o.bytes > batchBytes || o.names(named) {
			return false
		}
		all, items, bytes = append(all, o), items+len(o.items), bytes+o.bytes
		return true
	})
	return all
}

// names adds what makes items the same, and reports whether some of it was there.
func (b *batch) names(named map[string]bool) (known bool) {
	for _, m := range b.marks {
		known = known || named[m.item] || named[m.scope+"/"+m.digest]
	}
	for _, m := range b.marks {
		named[m.item], named[m.scope+"/"+m.digest] = true, true
	}
	return known
}

// entrant is an item that was not seen before, or not with these words.
type entrant struct {
	in    *intake
	mark  mark
	parts []counterpoint.Item
	large error // the stream does not take it
}

// admit publishes what of the batches was not seen before, then marks it as seen. Nothing is told before all is done.
func (d *Door) admit(ctx context.Context, all []*caller) error {
	var marks []mark
	for _, c := range all {
		marks = append(marks, c.marks...)
	}
	found, err := d.o.Seen.standings(ctx, marks)
	if err != nil {
		return err
	}
	earlier(marks, found)
	var list []entrant
	repeats := make([]int, len(all))
	for i, c := range all {
		for j, it := range c.items {
			if found[j] == repeated {
				repeats[i]++
				continue
			}
			m := c.marks[j]
			m.again = found[j] == revised
			list = append(list, entrant{in: c.in, mark: m, parts: split(it)})
		}
		found = found[len(c.items):]
	}
	if err := d.publish(ctx, list); err != nil {
		return err
	}
	marks = marks[:0]
	for _, e := range list {
		if e.large == nil {
			marks = append(marks, e.mark)
		}
	}
	if err := d.o.Seen.mark(ctx, marks); err != nil {
		return err
	}
	for i, c := range all {
		c.in.receipt.Duplicates += repeats[i]
		d.metrics.duplicates.Add(float64(repeats[i]))
	}
	for _, e := range list {
		e.tell()
	}
	return nil
}

// tell writes on the receipt what became of the item.
func (e entrant) tell() {
	in := e.in
	if e.mark.again && !in.told() { // else its locator is meant
		in.note(fmt.Sprintf("replaces what was there as %q: the same recording with other words", e.parts[0].Locator))
	}
	if e.large != nil {
		in.reject(counterpoint.Rejection{File: in.name, Reason: "an item is larger than the stream takes: " + e.large.Error()})
		return
	}
	in.receipt.Accepted++
	in.door.metrics.out.Inc()
	in.door.metrics.age.Observe(in.door.o.Now().Sub(in.began).Seconds())
}

// publish makes all durable. An item that the stream finds too large is left out alone.
func (d *Door) publish(ctx context.Context, list []entrant) error {
	var parts []counterpoint.Item
	for _, e := range list {
		parts = append(parts, e.parts...)
	}
	if len(parts) == 0 {
		return nil
	}
	err := d.o.Publisher.Publish(ctx, parts...)
	if !errors.Is(err, counterpoint.ErrTooLarge) {
		if err != nil {
			err = fmt.Errorf("publish %d items: %w", len(list), err)
		}
		return err
	}
	for i := range list {
		err := d.o.Publisher.Publish(ctx, list[i].parts...)
		switch {
		case errors.Is(err, counterpoint.ErrTooLarge):
			list[i].large = err
		case err != nil:
			return fmt.Errorf("publish item %s: %w", list[i].mark.item, err)
		}
	}
	return nil
}

// split cuts an item into parts that fit a record. Text full of what JSON writes as six bytes is cut smaller.
func split(it counterpoint.Item) []counterpoint.Item {
	limit := counterpoint.PartLimit
	size, wide := 0, 0
	for _, s := range it.Segments {
		size += len(s.Text)
		wide += strings.Count(s.Text, "<") + strings.Count(s.Text, ">") + strings.Count(s.Text, "&")
	}
	if wide > size/8 {
		limit /= 4
	}
	return counterpoint.SplitParts(it, limit)
}
