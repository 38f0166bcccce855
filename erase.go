package counterpoint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// erasedRevision is the revision of a mark. No words have it.
const erasedRevision = "erased"

// ErasedItem is the mark that an item was erased: whatever the log said of it before counts no longer. The same mark
// stands in the place of the records that had its words. An item that comes in again after its mark is a new one.
func ErasedItem(id, source string, now time.Time) Item {
	return Item{ID: id, Source: source, Erased: true, Revision: erasedRevision, Seen: now.UTC(), Part: 1, Parts: 1}
}

// ErasedAssessment is the mark among the assessments.
func ErasedAssessment(id, source string, now time.Time) Assessment {
	return Assessment{
		Item: id, Source: source, Erased: true, Revision: erasedRevision, Part: 1, Parts: 1, At: now.UTC(), Segments: []SegmentAssessment{},
	}
}

// Erasure is what a person erased, and why: items of one source, and the flags that spoke of them.
type Erasure struct {
	Items  []string `json:"items"`
	Flags  []string `json:"flags,omitempty"`
	Case   string   `json:"case"` // number under which the demand is filed
	Reason string   `json:"reason"`
}

// EraseType is the type of the events that hold an Erasure.
const EraseType = "source.erase"

// Check says which fields are wrong.
func (x Erasure) Check() error {
	var bad Invalid
	if len(x.Items) == 0 {
		bad = append(bad, FieldError{"items", "name at least one item"})
	}
	if strings.TrimSpace(x.Case) == "" {
		bad = append(bad, FieldError{"case", "give the number under which the demand is filed"})
	}
	if strings.TrimSpace(x.Reason) == "" {
		bad = append(bad, FieldError{"reason", "say why, without quoting what is erased: the reason stays"})
	}
	return bad.orNil()
}

// Erase is the event that items of the source were erased.
func (s *Source) Erase(by string, now time.Time, x Erasure) (Event, error) {
	if err := x.Check(); err != nil {
		return Event{}, err
	}
	return newEvent(EraseType, by, now, s.Ref(), x), nil
}

// Erasure is what the event erased; ok is false for an event of another type.
func (e Event) Erasure() (x Erasure, ok bool) {
	ok = e.Type == EraseType && e.data(&x) == nil
	return x, ok
}

// Forget takes the words of erased items out of the people's half, as a replay without the items' keys leaves them out:
// the decisions stand.
func (f *Flag) Forget(items ...string) {
	f.Reviews = slices.Clone(f.Reviews)
	for i, r := range f.Reviews {
		if r.Judged != nil && slices.Contains(items, r.Judged.Item) {
			f.Reviews[i] = r.wordless()
		}
	}
	f.Notes = slices.DeleteFunc(slices.Clone(f.Notes), func(n Note) bool { return slices.Contains(items, n.Item) })
	if f.ByHand != nil && slices.Contains(items, f.ByHand.Item) {
		f.ByHand = f.ByHand.wordless()
	}
	f.again()
}

// Touched reports whether a person ever did anything with the flag.
func (f *Flag) Touched() bool { return f.Version > 1 || f.ByHand != nil }

// Wordless is the passage without what was said or who said it.
func (s Sighting) Wordless() Sighting { return *s.wordless() }

// wordless is the review as its event has it without the item's key.
func (r Review) wordless() Review {
	b, err := json.Marshal(r)
	if err == nil {
		b, err = wordless(b)
	}
	var out Review
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(fmt.Sprintf("counterpoint: review without words: %v", err)) // our own types only
	}
	out.Judged = r.Judged.wordless()
	return out
}
