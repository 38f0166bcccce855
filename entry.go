package counterpoint

import "time"

// Position is a place in a topic of the stream.
type Position struct {
	Partition int   `json:"partition"`
	Offset    int64 `json:"offset"`
}

// Entry is a value as it was read from the stream, with its place and the time it became durable.
type Entry[T any] struct {
	Position
	Time  time.Time
	Value T
}

// Key is what the stream orders items by: all parts and revisions of an item stay in order.
func (it Item) Key() string { return it.ID }

// Key is the item's, so that assessments of an item stay in order.
func (a Assessment) Key() string { return a.Item }

// Key is the same for all events: decisions have one total order.
func (e Event) Key() string { return "decisions" }
