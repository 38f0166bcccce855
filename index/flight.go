package index

import (
	"context"
	"slices"
	"time"

	"counterpoint"
)

// flight is a batch of items and assessments on its way into the store.
type flight struct {
	began       time.Time
	items       []counterpoint.Entry[counterpoint.Item]
	assessments []counterpoint.Entry[counterpoint.Assessment]
	ack         func(context.Context) error   // of the assessments
	acks        []func(context.Context) error // of the items

	done chan struct{} // closed when all but the positions is written; nil where that is not begun
	next Next          // the positions
	err  error
}

// any reports whether there is something to do.
func (f *flight) any() bool {
	return len(f.items)+len(f.assessments)+len(f.acks) > 0 || f.ack != nil
}

// landed is closed when the flight is over; nil where there is none.
func (f *flight) landed() <-chan struct{} {
	if f == nil {
		return nil
	}
	return f.done
}

func (f *flight) hasLanded() bool {
	select {
	case <-f.landed():
		return true
	default:
		return false
	}
}

func (f *flight) wait() {
	if done := f.landed(); done != nil {
		<-done
	}
}

// meets reports whether both say something of one item, of which the order counts, or both flag something: near-copies
// among those would make one of them begin again.
func (f *flight) meets(o *flight) bool {
	if f.flags() && o.flags() {
		return true
	}
	own := map[string]bool{}
	for _, e := range f.together() {
		own[itemOf(e)] = true
	}
	for _, e := range o.together() {
		if own[itemOf(e)] {
			return true
		}
	}
	return false
}

func (f *flight) flags() bool {
	return slices.ContainsFunc(f.assessments, func(e counterpoint.Entry[counterpoint.Assessment]) bool { return len(e.Value.Sightings) > 0 })
}

func (f *flight) together() []entry { return together(f.items, f.assessments) }

// far reports whether the store is on a server, where others write too. It takes several batches at once, since what one
// of them read and another changed it finds out.
func (p *Projector) far() bool {
	r, ok := p.store.(Rememberer)
	return ok && len(r.Reached(Assessments)) > 0
}

// beside reports whether the batch may be written while the one ahead of it still is.
func (p *Projector) beside(f, ahead *flight) bool {
	return ahead != nil && !ahead.hasLanded() && full(f.assessments) && !f.meets(ahead)
}

// launch begins to write a batch, without its positions: those follow when all before it is written.
func (p *Projector) launch(ctx context.Context, f *flight) {
	f.done = make(chan struct{})
	list := f.together()
	p.metrics.begin(list)
	go func() {
		defer close(f.done)
		fresh, next, err := p.fresh(ctx, list)
		if err == nil && len(fresh) > 0 {
			err = p.write(ctx, fresh, later(next))
		}
		f.next, f.err = next, err
	}()
}

// settle sees to it that the batch is in the store, with its positions, and acknowledges it. All before it is settled.
func (p *Projector) settle(ctx context.Context, f *flight) error {
	f.wait()
	do := func() error { return p.put(ctx, f.together()) }
	if f.done != nil && f.err == nil {
		do = func() error { return p.store.Update(ctx, f.next, func(Tx) error { return nil }) }
	}
	if len(f.items)+len(f.assessments) > 0 && !p.insist(ctx, do) {
		return nil
	}
	if f.done != nil && f.err == nil {
		p.metrics.done(f.together())
	}
	if err := acknowledge(ctx, Assessments, f.ack); err != nil {
		return err
	}
	for _, ack := range f.acks {
		if err := acknowledge(ctx, Items, ack); err != nil {
			return err
		}
	}
	return nil
}
