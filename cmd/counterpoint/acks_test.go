package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestAcksTogether holds that many acknowledgements are one, the last, that it comes soon, and that a stage that ends
// has told how far it came.
func TestAcksTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []int
		a := &acks{}
		ack := func(n int) func(context.Context) error {
			return func(ctx context.Context) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				told = append(told, n)
				return nil
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		for n := range 10 {
			if err := a.later(ctx, ack(n)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(ackWithin/8 + time.Millisecond)
		}
		time.Sleep(ackWithin)
		synctest.Wait()
		if want := []int{6, 9}; !slices.Equal(told, want) {
			t.Errorf("ten in a row: told %v, want %v", told, want)
		}
		told = nil
		if err := a.later(ctx, ack(10)); err != nil {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(2 * ackWithin)
		synctest.Wait()
		a.end()
		if !slices.Equal(told, []int{10}) {
			t.Errorf("told to stop: told %v, want 10", told)
		}
		if a.end(); len(told) != 1 {
			t.Errorf("ended twice: told %v, want 10 once", told)
		}
	})
}

// TestAcksFail holds that the stage learns what went wrong with an acknowledgement.
func TestAcksFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, broken := &acks{}, errors.New("broken")
		if err := a.later(t.Context(), func(context.Context) error { return broken }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * ackWithin)
		synctest.Wait()
		fine := func(context.Context) error { return nil }
		if err := a.later(t.Context(), fine); !errors.Is(err, broken) {
			t.Errorf("the next acknowledgement = %v, want what went wrong", err)
		}
		if err := a.later(t.Context(), fine); err != nil {
			t.Errorf("the one after = %v, want nothing", err)
		}
		a.end()
	})
}
