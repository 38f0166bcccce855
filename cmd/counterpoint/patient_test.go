package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"counterpoint"
)

// cramped is a topic on a disk that is full for a while.
type cramped struct {
	until time.Time
	after error
	tries int
}

// Publish fails until there is room.
func (c *cramped) Publish(context.Context, ...counterpoint.Assessment) error {
	c.tries++
	if time.Now().Before(c.until) {
		return fmt.Errorf("append: %w", counterpoint.ErrDiskFull)
	}
	return c.after
}

func TestStagesWaitForRoomOnTheDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := waiter{slog.New(slog.DiscardHandler)}
		hour := &cramped{until: time.Now().Add(time.Hour)}
		p := patientPublisher[counterpoint.Assessment]{full, hour}
		if err := p.Publish(t.Context(), counterpoint.Assessment{}); err != nil || hour.tries < 10 {
			t.Errorf("publish = %v after %d tries, want it to wait for room", err, hour.tries)
		}
		if late := time.Since(hour.until); late > 5*time.Second {
			t.Errorf("went on %v after there was room", late)
		}
		broken := errors.New("broken")
		if err := (patientPublisher[counterpoint.Assessment]{full, &cramped{after: broken}}).Publish(t.Context()); !errors.Is(err, broken) {
			t.Errorf("another error = %v, want it at once", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p.to = &cramped{until: time.Now().Add(time.Hour)}
		if err := p.Publish(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stopped while waiting = %v, want the context's error", err)
		}
	})
}

// TestWaitersSayLittle holds that an hour of waiting is told about once a minute, with its end, and that logs have
// times that people can read.
func TestWaitersSayLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := waiter{newLogger(config{Log: "json"}, &out)}
		until := time.Now().Add(time.Hour)
		err := p.insist(t.Context(), "start", func() error {
			if time.Now().Before(until) {
				return fmt.Errorf("dial: %w", counterpoint.ErrAway)
			}
			return nil
		})
		lines := strings.Count(out.String(), "\n")
		if err != nil || lines < 50 || lines > 62 {
			t.Errorf("insist = %v with %d lines, want one a minute", err, lines)
		}
		if !strings.Contains(out.String(), `"msg":"it goes on","doing":"start","waited":"1h0m`) {
			t.Errorf("the end is not told:\n%s", out.String()[out.Len()-300:])
		}
	})
}
