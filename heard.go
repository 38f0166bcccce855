package counterpoint

import "slices"

// Hear replaces all that the machine says of the passage in one item: where it is heard now, where it was
// heard once, and what each assessment scored. Nothing else of the flag matters to it, so items may come in any
// order and any number of times.
func (f *Flag) Hear(item string, now, past []Sighting, scores []FlagScore) {
	next := Flag{
		ID: f.ID, Version: max(1, f.Version), Decision: f.Decision, Reviews: f.Reviews, Narrative: f.Narrative,
		Lease: f.Lease, Notes: f.Notes, ConfirmedAt: f.ConfirmedAt, ByHand: f.ByHand,
	}
	sightingOf := func(s Sighting) bool { return s.Item == item }
	next.Sightings = append(slices.DeleteFunc(slices.Clone(f.Sightings), sightingOf), now...)
	next.Past = append(slices.DeleteFunc(slices.Clone(f.Past), sightingOf), past...)
	next.History = slices.DeleteFunc(slices.Clone(f.History), func(s FlagScore) bool { return s.Item == item })
	next.History = append(next.History, scores...)
	slices.SortStableFunc(next.History, compareScores)
	*f = next
	f.settle()
}

// Untouched reports whether no machine says anything of the flag and no person ever did: nothing is lost when
// it is forgotten.
func (f *Flag) Untouched() bool {
	return len(f.Sightings)+len(f.Past)+len(f.History) == 0 && f.Version <= 1 && f.ByHand == nil
}
