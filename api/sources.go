package api

import (
	"context"
	"errors"
	"fmt"

	"counterpoint"
)

// MakeSource makes a source known.
func (d *Desk) MakeSource(ctx context.Context, c Call, s counterpoint.Source) (Answer, error) {
	return d.decide(ctx, c, ManageSource, func() (counterpoint.Event, error) {
		_, err := counterpoint.Load[counterpoint.Source](ctx, d.views, s.ID)
		if err == nil {
			return counterpoint.Event{}, fmt.Errorf("there is a source %q already: %w", s.ID, counterpoint.ErrConflict)
		}
		if !errors.Is(err, counterpoint.ErrNotFound) {
			return counterpoint.Event{}, err
		}
		return s.Register(c.By.ID, d.now())
	})
}

// ChangeSource changes a source's description: change gets it as it is and returns it as it shall be.
func (d *Desk) ChangeSource(ctx context.Context, c Call, id string, change func(counterpoint.Source) counterpoint.Source) (Answer, error) {
	return d.decide(ctx, c, ManageSource, func() (counterpoint.Event, error) {
		s, err := counterpoint.Load[counterpoint.Source](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return s.Update(c.By.ID, d.now(), change(s))
	})
}
