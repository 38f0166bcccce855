package main

import (
	"context"
	"sync"
	"time"
)

const (
	// ackWithin is how long an acknowledgement waits for others. What a process that is killed had not acknowledged
	// is done again, which changes nothing.
	ackWithin = 50 * time.Millisecond
	// lastAck is how long a stage that ends tries to tell the log how far it came.
	lastAck = 2 * time.Second
)

// acks acknowledges many batches at once: each acknowledgement is a transaction of the log, or a request to the
// brokers, and the last stands for all before it. It belongs to one feed.
type acks struct {
	mu     sync.Mutex
	due    func(context.Context) error
	timer  *time.Timer
	failed error

	telling sync.Mutex // one at a time, in their order
}

// later has the batch acknowledged in a moment. It returns what went wrong with one before.
func (a *acks) later(ctx context.Context, ack func(context.Context) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.due = ack
	if a.timer == nil {
		a.timer = time.AfterFunc(ackWithin, func() { a.tell(ctx) })
	}
	err := a.failed
	a.failed = nil
	return err
}

// tell acknowledges what is due.
func (a *acks) tell(ctx context.Context) {
	a.telling.Lock()
	defer a.telling.Unlock()
	a.mu.Lock()
	ack := a.due
	a.due, a.timer = nil, nil
	a.mu.Unlock()
	if ack == nil {
		return
	}
	if err := ack(ctx); err != nil {
		a.mu.Lock()
		a.failed = err
		if a.due == nil {
			a.due = ack // for end, where no later one comes
		}
		a.mu.Unlock()
	}
}

// end acknowledges what is due now, though the stage was told to stop.
func (a *acks) end() {
	a.mu.Lock()
	if a.timer != nil {
		a.timer.Stop()
	}
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), lastAck)
	defer cancel()
	a.tell(ctx)
}
