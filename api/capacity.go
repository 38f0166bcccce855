package api

import (
	"context"
	"fmt"
	"time"

	"counterpoint"
)

// Workday is how far a day's decisions on flags have come.
type Workday struct {
	Capacity int
	Done     int // flags confirmed, rejected or found to be duplicates since the day began
	ToGo     int // at most Capacity
	room     map[string]bool
}

// Waits reports whether an open flag is below the day's line. What calls for harm never is.
func (w Workday) Waits(f *counterpoint.Flag) bool {
	return w.Capacity > 0 && f.State == counterpoint.Open && f.Level < 3 && !w.room[f.ID]
}

var decisions = []string{"flag.confirm", "flag.reject", "flag.duplicate"}

// Workday says what of a capacity of so many flags a day was used since the day began, and which open flags the rest
// of it has room for, in the order of the queue.
func (d *Desk) Workday(ctx context.Context, capacity int, began time.Time) (Workday, error) {
	w := Workday{Capacity: capacity}
	for _, event := range decisions {
		q := counterpoint.Query{Text: event, State: []string{"applied"}, From: began}
		groups, err := d.views.Count(ctx, counterpoint.KindEvent, q, "")
		if err != nil {
			return w, fmt.Errorf("count the day's decisions: %w", err)
		}
		for _, g := range groups {
			w.Done += g.Count
		}
	}
	w.ToGo = max(0, capacity-w.Done)
	var err error
	w.room, err = d.roomFor(ctx, w.ToGo)
	return w, err
}

// roomFor is the ids of the first n open flags.
func (d *Desk) roomFor(ctx context.Context, n int) (map[string]bool, error) {
	ids := map[string]bool{}
	q := counterpoint.Query{State: []string{string(counterpoint.Open)}}
	for len(ids) < n {
		q.Limit = min(n-len(ids), counterpoint.MaxLimit)
		page, err := counterpoint.List[counterpoint.Flag](ctx, d.views, q)
		if err != nil {
			return nil, fmt.Errorf("find the day's line: %w", err)
		}
		for _, f := range page.Data {
			ids[f.ID] = true
		}
		if q.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	return ids, nil
}
