package index

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"counterpoint"
)

// Stale reports whether the part was not judged by these versions yet: it is of the item's current revision, and the
// last assessment of it is by others, or there is none. A part of an older revision stays as it was judged.
func Stale(ctx context.Context, v counterpoint.Views, it counterpoint.Item, versions map[string]string) (bool, error) {
	if it.Erased {
		return false, nil
	}
	rec := record{ID: it.ID}
	err := v.Get(ctx, kindRecord, it.ID, &rec)
	switch {
	case errors.Is(err, counterpoint.ErrNotFound):
		return true, nil // the index has not got so far
	case err != nil:
		return false, fmt.Errorf("how item %s was judged: %w", it.ID, err)
	case rec.known() && rec.current() != it.Revision:
		return false, nil
	}
	for i := len(rec.Assessed) - 1; i >= 0; i-- {
		if a := rec.Assessed[i]; a.Part == it.Part && a.Revision == it.Revision {
			return !maps.Equal(a.Versions, versions), nil
		}
	}
	return true, nil
}
