//go:build hurried

package counterpoint

import "time"

// collectUnit of a program that is made for the test that kills a process and waits for others to take over.
const collectUnit = time.Second
