//go:build plantedbug

package index

import "context"

// update is wrong on purpose: it stores the positions before the documents, so that a kill in between loses
// them. The kill test must fail with this build.
func update(ctx context.Context, s Store, next Next, fn func(Tx) error) error {
	if err := s.Update(ctx, next, func(Tx) error { return nil }); err != nil {
		return err
	}
	return s.Update(ctx, nil, fn)
}
