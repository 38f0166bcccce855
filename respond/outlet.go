package respond

import (
	"sync"
	"time"
)

const (
	// sendsAtOnce is how many messages of a channel are on their way at a time.
	sendsAtOnce = 4
	// longestPause is how long a channel that does not work is left alone at most.
	longestPause = 30 * time.Second
)

// outlet is a channel with its own room and its own breaker, so that one that hangs keeps nobody else waiting. It is
// safe for concurrent use.
type outlet struct {
	AlertChannel
	first bool // told in the first round

	mu     sync.Mutex
	going  map[string]bool // by alert
	fails  int             // in a row
	paused time.Time       // until then
}

func newOutlet(c AlertChannel, first bool) *outlet {
	return &outlet{AlertChannel: c, first: first, going: map[string]bool{}}
}

// take reserves room for a message of the alert. After a failure nothing is tried for a while, and then one at a time
// until one arrives.
func (o *outlet) take(alert string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := sendsAtOnce
	if o.fails > 0 {
		room = 1
	}
	if o.going[alert] || len(o.going) >= room || now.Before(o.paused) {
		return false
	}
	o.going[alert] = true
	return true
}

// give ends what take began.
func (o *outlet) give(alert string, now time.Time, failed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.going, alert)
	if !failed {
		o.fails, o.paused = 0, time.Time{}
		return
	}
	o.fails++
	o.paused = now.Add(min(longestPause, time.Second<<min(o.fails, 5)))
}
