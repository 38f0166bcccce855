package counterpoint

import (
	"context"
	"encoding/json"
	"fmt"
)

// Views reads what the index made of the record. Get reads its own process's writes at once.
type Views interface {
	// Get fills into with the document, or returns ErrNotFound.
	Get(ctx context.Context, kind Kind, id string, into any) error
	// List calls each with the JSON of every document of the page, in the order of the kind, and returns
	// the cursor of the next page, empty on the last.
	List(ctx context.Context, kind Kind, q Query, each func(doc []byte) error) (next string, err error)
	// Search finds segments, with where the words stand in them.
	Search(ctx context.Context, q Query) (Page[Hit], error)
	// Count counts exactly. An empty by gives one group with the total and an empty key.
	Count(ctx context.Context, kind Kind, q Query, by GroupBy) ([]Group, error)
}

// Viewed are the types that views hold.
type Viewed interface {
	ItemView | SegmentView | Flag | Narrative | Message | Airing | Source | Account | Alert | Followup | Collectors | Outcome
}

// KindOf is the kind of document a type is stored as.
func KindOf[T Viewed]() Kind {
	var t T
	switch any(t).(type) {
	case ItemView:
		return KindItem
	case SegmentView:
		return KindSegment
	case Flag:
		return KindFlag
	case Narrative:
		return KindNarrative
	case Message:
		return KindMessage
	case Airing:
		return KindAiring
	case Source:
		return KindSource
	case Account:
		return KindAccount
	case Alert:
		return KindAlert
	case Followup:
		return KindFollowup
	case Collectors:
		return KindCollectors
	}
	return KindEvent
}

// Load gets one document: Load[Flag](ctx, views, id).
func Load[T Viewed](ctx context.Context, v Views, id string) (T, error) {
	var t T
	if err := v.Get(ctx, KindOf[T](), id, &t); err != nil {
		return t, fmt.Errorf("%s %s: %w", KindOf[T](), id, err)
	}
	return t, nil
}

// List gets one page: List[Flag](ctx, views, Query{State: []string{"open"}}).
func List[T Viewed](ctx context.Context, v Views, q Query) (Page[T], error) {
	p := Page[T]{Data: []T{}}
	next, err := v.List(ctx, KindOf[T](), q, func(doc []byte) error {
		var t T
		if err := json.Unmarshal(doc, &t); err != nil {
			return fmt.Errorf("%s in the index: %w", KindOf[T](), err)
		}
		p.Data = append(p.Data, t)
		return nil
	})
	if err != nil {
		return p, fmt.Errorf("list %ss: %w", KindOf[T](), err)
	}
	p.Next = next
	return p, nil
}

// All gets every page of a query, for what is known to be few (narratives, messages, sources) or for exports.
func All[T Viewed](ctx context.Context, v Views, q Query) ([]T, error) {
	q.Limit, q.Cursor = MaxLimit, ""
	var all []T
	for {
		p, err := List[T](ctx, v, q)
		if err != nil {
			return nil, err
		}
		all = append(all, p.Data...)
		if p.Next == "" {
			return all, nil
		}
		q.Cursor = p.Next
	}
}

// Passage is the passage of the item from segment seq to segment seq, both included, for flagging by hand.
func (v ItemView) Passage(from, to int) (Sighting, error) {
	it := Item{
		ID: v.ID, Title: v.Title, Source: v.Source, Owner: v.Owner, Country: v.Country, Reach: v.Reach, Revision: v.Revision,
		Audio: v.Audio, Recorded: v.Recorded, Published: v.Published, Precision: v.Precision, Seen: v.Seen, Example: v.Example,
	}
	var segs []Segment
	lang := Undetermined
	for _, s := range v.Segments {
		if s.Seq < from || s.Seq > to {
			continue
		}
		if len(segs) == 0 {
			lang = s.Lang
		}
		segs = append(segs, Segment{
			Seq: s.Seq, Text: s.Text, StartMS: s.StartMS, EndMS: s.EndMS, Speaker: s.Speaker, Role: s.Role, Quality: s.Quality,
		})
	}
	if len(segs) == 0 || len(segs) != to-from+1 {
		return Sighting{}, Invalid{{"from", fmt.Sprintf("the item has segments 0 to %d, not %d to %d", v.Count-1, from, to)}}
	}
	s := NewSighting(it, segs)
	s.Lang = lang
	return s, nil
}
