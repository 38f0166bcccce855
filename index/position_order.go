//go:build !plantedbug

package index

import "context"

// update applies a batch together with its positions.
func update(ctx context.Context, s Store, topic string, next map[int]int64, fn func(Tx) error) error {
	return s.Update(ctx, Next{topic: next}, fn)
}
