//go:build !hurried

package counterpoint

import "time"

// collectUnit is what the times of collecting are counted in.
const collectUnit = time.Minute
