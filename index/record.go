package index

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/segmentio/encoding/json"

	"counterpoint"
)

// record is what the three logs said of one item, each in its own order: the parts as they came, the
// assessments as they came, the passages flagged by hand as they were. Everything visible of the item is a
// function of it, computed anew when one of the three grows. So it does not matter how the logs interleave, and
// a rebuild, which reads them one after the other, ends where the live line did.
type record struct {
	ID        string       `json:"id"`
	Version   int          `json:"version"`   // changes of revision
	Revisions []string     `json:"revisions"` // in the order they last came; the last is current
	Parts     []partRecord `json:"parts"`     // of the current revision
	Assessed  []assessed   `json:"assessed"`
	Hand      []byHand     `json:"hand"`
	Flags     []string     `json:"flags"`  // that this item says something of
	Heard     applied      `json:"heard"`  // how far the items topic is in here
	Judged    applied      `json:"judged"` // and the assessments topic

	Judgements []judgement `json:"judgements,omitempty"` // the small ones, the last of each part and revision
}

// applied is how far a topic is applied to one item. A batch that is cut off after the record was written, and
// applied again, must find that its entries are in it: the same revisions twice over are others than once.
type applied struct {
	Partition int   `json:"partition"`
	Next      int64 `json:"next"`
}

// take reports whether the entry is new, and from then on it is not.
func (a *applied) take(at counterpoint.Position) bool {
	if at.Partition == a.Partition && at.Offset < a.Next {
		return false
	}
	*a = applied{at.Partition, at.Offset + 1}
	return true
}

// partRecord is a part of the item's current revision and what the item's view needs of it.
type partRecord struct {
	Part    int                          `json:"part"`
	From    int                          `json:"from"` // Segment.Seq, first and
	To      int                          `json:"to"`   // last; less than From for a part without segments
	Words   map[string]int               `json:"words"`
	Quality map[counterpoint.Quality]int `json:"quality"`
	Errors  []string                     `json:"errors,omitempty"`
}

// assessed is an assessment without what it says of segments.
type assessed struct {
	Revision  string                  `json:"revision"`
	Part      int                     `json:"part"`
	At        time.Time               `json:"at"`
	Versions  counterpoint.Versions   `json:"versions"`
	Sightings []counterpoint.Sighting `json:"sightings"`
}

// byHand is a passage that a person flagged.
type byHand struct {
	Flag    string                `json:"flag"`
	Passage counterpoint.Sighting `json:"passage"`
}

func loadRecord(tx Tx, item string) (*record, error) {
	rec := &record{ID: item}
	if err := tx.Get(kindRecord, item, rec); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return nil, err
	}
	return rec, nil
}

// known reports whether a part of the item was ever heard.
func (r *record) known() bool { return len(r.Revisions) > 0 }

func (r *record) current() string {
	if len(r.Revisions) == 0 {
		return ""
	}
	return r.Revisions[len(r.Revisions)-1]
}

// rank orders revisions by age; one whose item was never read is older than any.
func (r *record) rank(revision string) int { return slices.Index(r.Revisions, revision) }

// revise makes a revision the current one and reports whether it was not.
func (r *record) revise(revision string) bool {
	if r.current() == revision {
		return false
	}
	r.Revisions = slices.DeleteFunc(r.Revisions, func(o string) bool { return o == revision })
	r.Revisions = append(r.Revisions, revision)
	r.Version++
	return true
}

func (r *record) part(n int) *partRecord {
	for i := range r.Parts {
		if r.Parts[i].Part == n {
			return &r.Parts[i]
		}
	}
	return nil
}

// has reports whether the item has a segment of the number.
func (r *record) has(seq int) bool {
	return slices.ContainsFunc(r.Parts, func(p partRecord) bool { return p.From <= seq && seq <= p.To })
}

// note remembers an assessment. The same one again, as after a crash, changes nothing.
func (r *record) note(a counterpoint.Assessment) {
	n := assessed{a.Revision, a.Part, a.At, a.Versions, slices.Clone(a.Sightings)}
	for i := range n.Sightings { // or the item could not find its own again
		n.Sightings[i].Item, n.Sightings[i].Revision = a.Item, a.Revision
	}
	for i := len(r.Assessed) - 1; i >= 0; i-- {
		o := r.Assessed[i]
		if o.Part != n.Part {
			continue
		}
		if o.Revision == n.Revision && maps.Equal(o.Versions, n.Versions) && sameSightings(o.Sightings, n.Sightings) {
			return
		}
		break
	}
	r.Assessed = append(r.Assessed, n)
}

// sameSightings compares all but the moment of judging.
func sameSightings(a, b []counterpoint.Sighting) bool {
	return slices.EqualFunc(a, b, func(a, b counterpoint.Sighting) bool {
		a.Flagged, b.Flagged = time.Time{}, time.Time{}
		return string(asJSON(a)) == string(asJSON(b))
	})
}

func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("index: our own types always encode: " + err.Error())
	}
	return b
}
