package index

import (
	"cmp"
	"errors"
	"fmt"

	"counterpoint"
)

// putEvent applies a decision, or refuses it for ever, and stores the outcome under the event's id. An event
// seen before has no effect, except on what a batch that was cut off left without it.
func (p *Projector) putEvent(tx Tx, offset int64, e counterpoint.Event) error {
	var seen counterpoint.Outcome
	err := tx.Get(counterpoint.KindEvent, e.ID, &seen)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return err
	}
	if err == nil && !seen.Applied {
		return nil
	}
	open, unsealed := e.Unseal(p.unseal)
	if unsealed != nil {
		return unsealed
	}
	if err == nil {
		return carry(tx, open, seen)
	}
	out, err := apply(tx, open)
	if err != nil {
		return err
	}
	out.Event, out.Offset = e, offset // as in the log: without words where it is sealed
	return tx.Put(counterpoint.KindEvent, e.ID, out)
}

func apply(tx Tx, e counterpoint.Event) (counterpoint.Outcome, error) {
	on, err := loadAggregate(tx, e, e.On)
	if err != nil || on == nil {
		return refuse(e, e.On.Kind), err
	}
	var also counterpoint.Aggregate
	if e.Also != nil {
		if also, err = loadAggregate(tx, e, *e.Also); err != nil || also == nil {
			return refuse(e, e.Also.Kind), err
		}
	}
	if e.Type == "flag.raise" && e.Judged == nil {
		return counterpoint.Outcome{Event: e, Refused: "the event does not say which passage is flagged"}, nil
	}
	out := counterpoint.Apply(e, on, also)
	out.State = decidedState(on)
	if !out.Applied {
		return out, nil
	}
	for _, a := range []counterpoint.Aggregate{on, also} {
		if a == nil {
			continue
		}
		if err := tx.Put(a.Ref().Kind, a.Ref().ID, a); err != nil {
			return out, err
		}
	}
	if e.Type == "flag.raise" {
		return out, putHand(tx, e)
	}
	if x, ok := e.Erasure(); ok {
		out.Forgot, err = forget(tx, x, nil)
	}
	return out, err
}

// carry brings what an applied event changed up to it, where it is not.
func carry(tx Tx, e counterpoint.Event, seen counterpoint.Outcome) error {
	for _, ref := range []*counterpoint.Ref{&e.On, e.Also} {
		if ref == nil {
			continue
		}
		a, err := loadAggregate(tx, e, *ref)
		if err != nil || a == nil {
			return err
		}
		lacked, err := counterpoint.Carry(e, *ref, a)
		if err != nil {
			return err
		}
		if !lacked && (ref.Kind != counterpoint.KindFlag || whole(tx)) {
			continue // of a flag, what follows for its near-copies may be lacking
		}
		if err := tx.Put(ref.Kind, ref.ID, a); err != nil {
			return err
		}
	}
	if e.Type == "flag.raise" {
		return putHand(tx, e)
	}
	if x, ok := e.Erasure(); ok && len(seen.Forgot) > 0 {
		_, err := forget(tx, x, seen.Forgot)
		return err
	}
	return nil
}

func refuse(e counterpoint.Event, kind counterpoint.Kind) counterpoint.Outcome {
	return counterpoint.Outcome{Event: e, Refused: fmt.Sprintf("things of kind %q do not change by events", kind)}
}

// loadAggregate is the aggregate as it stands, new where there is none, nil where the kind has none.
//
// A flag counts as being at version 1 before its first decision whether the machine has raised it yet or not
// (its item may be read later, or be gone by its source's retention), and at version 0 for a person who raises
// it: so what is decided does not depend on how far the other logs were read.
func loadAggregate(tx Tx, e counterpoint.Event, ref counterpoint.Ref) (counterpoint.Aggregate, error) {
	a, err := counterpoint.NewAggregate(ref.Kind, ref.ID)
	if err != nil {
		return nil, nil
	}
	if err := tx.Get(ref.Kind, ref.ID, a); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return nil, err
	}
	if f, ok := a.(*counterpoint.Flag); ok {
		f.Version = max(1, f.Version)
		if e.Type == "flag.raise" && f.Version == 1 && f.ByHand == nil {
			f.Version = 0
		}
	}
	return a, nil
}

// decidedState is the state as people left it. What a flag looks like besides depends on what the machine has
// heard by then, which an answer that every replay must repeat cannot.
func decidedState(a counterpoint.Aggregate) string {
	if f, ok := a.(*counterpoint.Flag); ok {
		return string(cmp.Or(f.Decision, counterpoint.Open))
	}
	return counterpoint.StateOf(a)
}

// putHand moves what the machine says of the passage to the flag that a person raised over it.
func putHand(tx Tx, e counterpoint.Event) error {
	rec, err := loadRecord(tx, e.Judged.Item)
	if err != nil {
		return err
	}
	if rec.raised(e.On.ID) {
		return nil
	}
	rec.Hand = append(rec.Hand, byHand{e.On.ID, *e.Judged})
	if err := putFlags(tx, rec); err != nil {
		return err
	}
	return putRecord(tx, rec)
}
