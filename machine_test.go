package counterpoint_test

import (
	"maps"
	"slices"
	"time"

	"counterpoint"
)

// sight has the flag hear a passage, or the newer assessment of one that overlaps it in the same item: what the
// projector does with the assessments of one item, for flags that no other passage of the item continues.
func sight(f *counterpoint.Flag, s counterpoint.Sighting) {
	var now, past []counterpoint.Sighting
	for _, o := range f.Sightings {
		switch {
		case o.Item != s.Item:
		case o.Overlaps(s) || o.Revision != s.Revision:
			s.Flagged, s.Seen = earlier(s.Flagged, o.Flagged), earlier(s.Seen, o.Seen)
		default:
			now = append(now, o)
		}
	}
	for _, o := range f.Past {
		switch {
		case o.Item != s.Item:
		case o.Overlaps(s): // raised again after it lapsed: it was known since the first time
			s.Flagged, s.Seen = earlier(s.Flagged, o.Flagged), earlier(s.Seen, o.Seen)
		default:
			past = append(past, o)
		}
	}
	f.Hear(s.Item, append(now, s), past, scored(f, s))
}

// unsight has the flag hear that the newest assessment of the item no longer has the passage.
func unsight(f *counterpoint.Flag, item string, from, to int) {
	var now, past []counterpoint.Sighting
	for _, o := range f.Past {
		if o.Item == item {
			past = append(past, o)
		}
	}
	for _, o := range f.Sightings {
		switch {
		case o.Item != item:
		case o.From <= to && from <= o.To:
			past = append(slices.DeleteFunc(past, o.Overlaps), o)
		default:
			now = append(now, o)
		}
	}
	f.Hear(item, now, past, scoresOf(f, item))
}

func scoresOf(f *counterpoint.Flag, item string) []counterpoint.FlagScore {
	return slices.DeleteFunc(slices.Clone(f.History), func(o counterpoint.FlagScore) bool { return o.Item != item })
}

// scored are the item's scores with the new one: one for each revision and versions, the first.
func scored(f *counterpoint.Flag, s counterpoint.Sighting) []counterpoint.FlagScore {
	n := counterpoint.FlagScore{Item: s.Item, Revision: s.Revision, At: s.Flagged, Level: s.Level, Scores: s.Scores, Versions: s.Versions}
	list := scoresOf(f, s.Item)
	for i, o := range list {
		if o.Revision == n.Revision && maps.Equal(o.Versions, n.Versions) {
			if n.At.Before(o.At) {
				list[i] = n
			}
			return list
		}
	}
	return append(list, n)
}

func earlier(a, b time.Time) time.Time {
	if b.IsZero() || (!a.IsZero() && a.Before(b)) {
		return a
	}
	return b
}
