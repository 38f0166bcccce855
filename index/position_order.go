//go:build !plantedbug

package index

import "context"

// update applies a batch together with its positions.
func update(ctx context.Context, s Store, next Next, fn func(Tx) error) error {
	return s.Update(ctx, next, fn)
}

// later are the positions that a batch is written with while the one before it still is: none.
func later(Next) Next { return nil }
