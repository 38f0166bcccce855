package index

import (
	"errors"
	"maps"
	"slices"

	"counterpoint"
)

// putFlags tells every flag what the item says of it now. A flag that nothing and nobody speaks of any more
// was raised on part of what is known, and goes.
func putFlags(tx Tx, rec *record) error {
	all := rec.heard()
	for _, id := range rec.mayFlag(whole(tx)) {
		if _, ok := all[id]; !ok {
			all[id] = heard{}
		}
	}
	flags := []string{}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		h := all[id]
		f := counterpoint.Flag{ID: id}
		if err := tx.Get(counterpoint.KindFlag, id, &f); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
			return err
		}
		f.Hear(rec.ID, h.now, h.past, h.scores)
		if f.Untouched() {
			if err := tx.Delete(counterpoint.KindFlag, id); err != nil {
				return err
			}
			continue
		}
		if err := tx.Put(counterpoint.KindFlag, id, &f); err != nil {
			return err
		}
		if rec.raised(id) || len(h.now)+len(h.past)+len(h.scores) > 0 {
			flags = append(flags, id)
		}
	}
	for _, h := range rec.Hand {
		if !slices.Contains(flags, h.Flag) {
			flags = append(flags, h.Flag)
		}
	}
	slices.Sort(flags)
	rec.Flags = flags
	return nil
}

// raised reports whether a person flagged the item under the id.
func (r *record) raised(flag string) bool {
	return slices.ContainsFunc(r.Hand, func(h byHand) bool { return h.Flag == flag })
}

// mayFlag is the flags that may speak of the item: those it is known to speak of and, where a batch may have been
// cut off between a flag and the record, those that it spoke of by then.
func (r *record) mayFlag(whole bool) []string {
	if whole {
		return r.Flags
	}
	ids := slices.Clone(r.Flags)
	for _, a := range r.Assessed {
		for _, s := range a.Sightings {
			ids = append(ids, s.FlagID())
		}
	}
	for _, h := range r.Hand {
		ids = append(ids, h.Flag)
	}
	return ids
}

// whole reports whether the store never has half a batch.
func whole(tx Tx) bool {
	b, ok := tx.(*Buffer)
	return ok && b.Whole
}
