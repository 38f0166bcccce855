package index

import (
	"maps"
	"slices"
	"time"

	"counterpoint"
)

// heard is what one item says of one flag.
type heard struct {
	now, past []counterpoint.Sighting
	scores    []counterpoint.FlagScore
}

// mark ties a passage of the item to the flag it raised.
type mark struct {
	flag    string
	part    int
	live    bool // the newest assessment of its part still has it
	carried bool // it was live when the revision before the current one ended
	passage counterpoint.Sighting
}

// marks replays the assessments of an item and says which flag each passage belongs to.
type marks struct {
	rec      *record
	revision string
	list     []*mark
	scores   map[string][]counterpoint.FlagScore
}

// heard is what the item says of each flag: the passages of the newest assessments, each under the flag it
// first raised (or that a person raised over it).
func (r *record) heard() map[string]heard {
	m := marks{rec: r, scores: map[string][]counterpoint.FlagScore{}}
	for _, a := range r.Assessed {
		if m.revision == "" || r.rank(a.Revision) >= r.rank(m.revision) {
			m.assess(a)
		}
	}
	return m.heard()
}

func (m *marks) assess(a assessed) {
	if a.Revision != m.revision {
		for _, k := range m.list {
			k.carried = k.live && k.passage.Revision == m.revision
			k.live = false
		}
		m.revision = a.Revision
	}
	for _, k := range m.list {
		if k.part == a.Part && k.passage.Revision == a.Revision {
			k.live = false
		}
	}
	for _, s := range a.Sightings {
		k := m.place(a.Part, s)
		m.scores[k.flag] = addScore(m.scores[k.flag], s, a)
	}
}

// place finds the mark of a passage or makes it.
func (m *marks) place(part int, s counterpoint.Sighting) *mark {
	flag := m.byHand(s)
	k := m.find(part, s, flag)
	if k == nil {
		if flag == "" {
			flag = s.FlagID()
		}
		k = &mark{flag: flag, part: part, live: true, passage: s}
		m.list = append(m.list, k)
		return k
	}
	s.Flagged, s.Seen = sooner(s.Flagged, k.passage.Flagged), sooner(s.Seen, k.passage.Seen)
	if k.live || (k.part != part && !k.carried) { // split in two, or the rest of a passage of the part before
		k = &mark{flag: k.flag, part: part, live: true, passage: s}
		m.list = append(m.list, k)
		return k
	}
	k.part, k.passage, k.live, k.carried = part, s, true, false
	return k
}

// byHand is the flag that a person raised over the passage. After a revision only the words tell.
func (m *marks) byHand(s counterpoint.Sighting) string {
	for _, h := range m.rec.Hand {
		same := h.Passage.Revision == s.Revision && h.Passage.Overlaps(s)
		moved := h.Passage.Revision != s.Revision && h.Passage.Key() != "" && h.Passage.Key() == s.Key()
		if same || moved {
			return h.Flag
		}
	}
	return ""
}

// find is the mark that the passage continues: best one of the same words, of its own part, then the earliest.
// A flag raised by hand is continued by its own marks only.
func (m *marks) find(part int, s counterpoint.Sighting, hand string) *mark {
	var best *mark
	bestScore := 0
	for _, k := range m.list {
		if hand != "" && k.flag != hand {
			continue
		}
		if score := k.likeness(part, s); score > bestScore {
			best, bestScore = k, score
		}
	}
	return best
}

func (k *mark) likeness(part int, s counterpoint.Sighting) int {
	overlaps := k.passage.Overlaps(s)
	words := k.passage.Key() != "" && k.passage.Key() == s.Key()
	switch {
	case k.passage.Revision != s.Revision && !k.carried, !overlaps && !(k.carried && words):
		return 0
	case words && overlaps:
		return 4
	case words:
		return 3
	case k.part == part && !k.live:
		return 2
	}
	return 1
}

func (m *marks) heard() map[string]heard {
	out := map[string]heard{}
	for _, k := range m.list {
		h := out[k.flag]
		switch {
		case !k.live:
			h.past = append(apart(h.past, k.passage), k.passage)
		case !m.covered(k):
			h.now = append(h.now, k.passage)
		}
		out[k.flag] = h
	}
	for flag, h := range out {
		for _, s := range h.now {
			h.past = slices.DeleteFunc(h.past, func(o counterpoint.Sighting) bool { return o.Revision != s.Revision || o.Overlaps(s) })
		}
		h.scores = m.scores[flag]
		out[flag] = h
	}
	return out
}

// covered reports whether another live passage of the flag, of a later part or an earlier mark, has all of k.
func (m *marks) covered(k *mark) bool {
	for _, o := range m.list {
		if o == k || !o.live || o.flag != k.flag || o.passage.From > k.passage.From || o.passage.To < k.passage.To {
			continue
		}
		equal := o.passage.From == k.passage.From && o.passage.To == k.passage.To
		if !equal || o.part > k.part {
			return true
		}
	}
	return false
}

func apart(list []counterpoint.Sighting, s counterpoint.Sighting) []counterpoint.Sighting {
	return slices.DeleteFunc(list, func(o counterpoint.Sighting) bool { return o.Overlaps(s) })
}

// addScore keeps one score per revision and versions, the first.
func addScore(list []counterpoint.FlagScore, s counterpoint.Sighting, a assessed) []counterpoint.FlagScore {
	n := counterpoint.FlagScore{Item: s.Item, Revision: a.Revision, At: s.Flagged, Level: s.Level, Scores: s.Scores, Versions: a.Versions}
	for _, o := range list {
		if o.Revision == n.Revision && maps.Equal(o.Versions, n.Versions) {
			return list
		}
	}
	return append(list, n)
}

func sooner(a, b time.Time) time.Time {
	if b.IsZero() || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}
