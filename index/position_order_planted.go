//go:build plantedbug

package index

import (
	"context"
	"time"
)

// update is wrong on purpose: it stores the positions before the documents, so that a kill in between loses
// them. It takes its time there, longer than the kill test lets pass between what it sends and a kill, so that
// the test never finds nothing by luck. The kill test must fail with this build.
func update(ctx context.Context, s Store, next Next, fn func(Tx) error) error {
	if err := s.Update(ctx, next, func(Tx) error { return nil }); err != nil {
		return err
	}
	time.Sleep(800 * time.Millisecond)
	return s.Update(ctx, nil, fn)
}

// later is as wrong.
func later(next Next) Next { return next }
