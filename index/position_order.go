//go:build !plantedbug

package index

import "context"

// update applies a batch together with its positions.
func update(ctx context.Context, s Store, next Next, fn func(Tx) error) error {
	return s.Update(ctx, next, fn)
}
