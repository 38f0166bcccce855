package counterpoint

import "time"

// Copy is a flag whose passage repeats another's but for small changes: a wire copy, a repost, one cut off.
type Copy struct {
	Flag    string `json:"flag"`
	Differs int    `json:"differs"` // words that the two passages do not share
	// Apart says that people did something with the copy, so that it stands on its own and counts for itself.
	Apart     bool       `json:"apart,omitempty"`
	Sightings []Sighting `json:"sightings"` // where it is heard, without the words
}

// CopyWindow is how far apart in time two passages may be heard that are near-copies.
const CopyWindow = 30 * 24 * time.Hour

// Relate replaces what the index found: the flag this one is a near-copy of, or none, and the flags that are near-copies
// of this one. It follows from the passages of all flags, never from when they came. What people did is not changed by
// it, nor what was heard.
func (f *Flag) Relate(of string, copies []Copy) {
	f.CopyOf, f.Copies = of, copies
	f.settle()
}

// Passage is the passage by which the flag is compared with others: the one that people see. It is nil where the flag
// lapsed or its words were erased, so that nothing waits behind what nobody reads.
func (f *Flag) Passage() *Sighting {
	s := f.shown()
	if s == nil || s.Text == "" || f.State == Lapsed {
		return nil
	}
	return s
}

// AsCopy is how the flag is listed by the one it is a near-copy of.
func (f *Flag) AsCopy(differs int) Copy {
	c := Copy{Flag: f.ID, Differs: differs, Apart: f.Touched(), Sightings: make([]Sighting, len(f.Sightings))}
	for i, s := range f.Sightings {
		c.Sightings[i] = s.Wordless()
	}
	return c
}

// copied are the passages of the copies that count here: where the flag was heard in other words.
func (f *Flag) copied() []Sighting {
	var list []Sighting
	for _, c := range f.Copies {
		if !c.Apart {
			list = append(list, c.Sightings...)
		}
	}
	return list
}

// Family are all passages the flag stands for: its own and those of its near-copies.
func (f *Flag) Family() []Sighting {
	return append(f.Sightings[:len(f.Sightings):len(f.Sightings)], f.copied()...)
}

// Owners is how many independent owners the flag was heard from, in any words.
func (f *Flag) Owners() int {
	owners := map[string]bool{}
	for _, s := range f.Family() {
		owners[s.Owner] = true
	}
	return len(owners)
}

// HeardAgain is how often the flag was heard, in any words, in what came in after the decision that stands.
func (f *Flag) HeardAgain() int {
	j := f.Judgement()
	if j == nil || j.Decision == Open || j.Decision == NeedsContext {
		return 0
	}
	n := 0
	for _, s := range f.Family() {
		if s.Seen.After(j.At) {
			n++
		}
	}
	return n
}
