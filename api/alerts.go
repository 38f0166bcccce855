package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"counterpoint"
)

// AcknowledgeAlert records that the person takes the alert on. Whichever version they saw: it takes nothing back. Who
// comes second is told who was first.
func (d *Desk) AcknowledgeAlert(ctx context.Context, c Call, id string) (Answer, error) {
	c.latest = true
	ans, err := d.decide(ctx, c, Acknowledge, func() (counterpoint.Event, error) {
		a, err := counterpoint.Load[counterpoint.Alert](ctx, d.views, id)
		if err != nil {
			return counterpoint.Event{}, err
		}
		return a.Acknowledge(c.By.ID, d.now())
	})
	var before counterpoint.AcknowledgedError
	if errors.As(err, &before) {
		return ans, d.toldWho(ctx, before)
	}
	return ans, err
}

// AcknowledgedError is counterpoint's, with the name.
type AcknowledgedError struct {
	Name string
	At   time.Time
}

// Error says who and when.
func (e AcknowledgedError) Error() string {
	return e.Name + " acknowledged the alert already, at " + e.At.UTC().Format("15:04 UTC on 2 January 2006")
}

// Is makes errors.Is(err, counterpoint.ErrConflict) true.
func (e AcknowledgedError) Is(target error) bool { return target == counterpoint.ErrConflict }

func (d *Desk) toldWho(ctx context.Context, before counterpoint.AcknowledgedError) error {
	if before.By == Operator.ID {
		return AcknowledgedError{Operator.Name, before.At}
	}
	who, err := counterpoint.Load[counterpoint.Account](ctx, d.views, before.By)
	if err != nil {
		return before
	}
	return AcknowledgedError{who.Name, before.At}
}

// acknowledgeInput needs no version.
type acknowledgeInput struct {
	Keyed
	ID string `path:"id" doc:"Id"`
}

func (a *API) registerAlerts() {
	op := operation(http.MethodPost, "/alerts/{id}/acknowledge", "Takes an alert on; nothing goes out for it after that")
	register(a, op, func(ctx context.Context, in *acknowledgeInput) (*commandOutput, error) {
		ans, err := a.desk.AcknowledgeAlert(ctx, in.call(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return answered(ans, counterpoint.KindAlert), nil
	})
}
