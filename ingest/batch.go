package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// flush publishes what of the batch was not seen before, then marks it as seen.
func (in *intake) flush(ctx context.Context) error {
	b := in.batch
	in.batch = batch{}
	if len(b.items) == 0 {
		return nil
	}
	return in.door.let(ctx, in, b)
}

func (d *Door) let(ctx context.Context, in *intake, b batch) error {
	d.gate.Lock()
	defer d.gate.Unlock()
	found, err := d.o.Seen.standings(ctx, b.marks)
	if err != nil {
		return err
	}
	earlier(b.marks, found)
	var parts []counterpoint.Item
	var marks []mark
	for i, it := range b.items {
		switch found[i] {
		case repeated:
			in.receipt.Duplicates++
			d.metrics.duplicates.Inc()
			continue
		case revised:
			if in.told() {
				break // its locator is meant
			}
			in.note(fmt.Sprintf("replaces what was there as %q: the same recording with other words", it.Locator))
		}
		parts = append(parts, split(it)...)
		m := b.marks[i]
		m.again = found[i] == revised
		marks = append(marks, m)
	}
	marks, err = d.publish(ctx, in, parts, marks)
	if err != nil {
		return err
	}
	if err := d.o.Seen.mark(ctx, marks); err != nil {
		return err
	}
	in.receipt.Accepted += len(marks)
	d.metrics.out.Add(float64(len(marks)))
	for range marks {
		d.metrics.age.Observe(d.o.Now().Sub(in.began).Seconds())
	}
	return nil
}

// publish returns the marks of what is durable. An item that the stream finds too large is rejected alone.
func (d *Door) publish(ctx context.Context, in *intake, parts []counterpoint.Item, marks []mark) ([]mark, error) {
	if len(parts) == 0 {
		return marks, nil
	}
	err := d.o.Publisher.Publish(ctx, parts...)
	if !errors.Is(err, counterpoint.ErrTooLarge) {
		if err != nil {
			err = fmt.Errorf("publish %d items: %w", len(marks), err)
		}
		return marks, err
	}
	var kept []mark
	for _, m := range marks {
		err := d.o.Publisher.Publish(ctx, partsOf(parts, m)...)
		switch {
		case errors.Is(err, counterpoint.ErrTooLarge):
			in.reject(counterpoint.Rejection{File: in.name, Reason: "an item is larger than the stream takes: " + err.Error()})
		case err != nil:
			return kept, fmt.Errorf("publish item %s: %w", m.item, err)
		default:
			kept = append(kept, m)
		}
	}
	return kept, nil
}

func partsOf(parts []counterpoint.Item, m mark) []counterpoint.Item {
	var own []counterpoint.Item
	for _, p := range parts {
		if p.ID == m.item && p.Revision == m.revision {
			own = append(own, p)
		}
	}
	return own
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
