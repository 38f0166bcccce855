package respond

import (
	"sync"
	"time"

	"counterpoint"
)

const (
	// sendsAtOnce is how many messages of a channel are on their way at a time.
	sendsAtOnce = 4
	// longestPause is how long a channel that does not work is left alone at most.
	longestPause = 30 * time.Second
	// single is how many messages a channel gets within singleIn. Beyond that one goes out each trickle, so that people
	// are told within it that there are more: each message says how many wait. Who must read a thousand mails reads none.
	single   = 20
	singleIn = 10 * time.Minute
	trickle  = time.Minute
)

// outlet is a channel with its own room and its own breaker, so that one that hangs keeps nobody else waiting. It is
// safe for concurrent use.
type outlet struct {
	AlertChannel
	first bool // told in the first round

	// Of the goroutine that sends.
	lately int       // messages within singleIn
	last   time.Time // when the last of them was claimed

	mu     sync.Mutex
	going  map[string]bool // by alert
	fails  int             // in a row
	paused time.Time       // until then
}

func newOutlet(c AlertChannel, first bool) *outlet {
	return &outlet{AlertChannel: c, first: first, going: map[string]bool{}}
}

// recall counts anew what the channel was given lately. It is taken from the record, so that it holds for all processes
// and after a restart. What failed does not count: the breaker bounds it.
func (o *outlet) recall(open []counterpoint.Alert, now time.Time) {
	o.lately, o.last = 0, time.Time{}
	for _, al := range open {
		for _, t := range al.Attempts {
			if t.Channel == o.Name && t.Outcome != counterpoint.SendFailed && now.Sub(t.Claimed) < singleIn {
				o.given(t.Claimed)
			}
		}
	}
}

func (o *outlet) given(at time.Time) {
	o.lately++
	if at.After(o.last) {
		o.last = at
	}
}

// calm reports whether the channel may get another message now.
func (o *outlet) calm(now time.Time) bool {
	return o.lately < single || now.Sub(o.last) >= trickle
}

// free reports whether there is room for a message of the alert. After a failure nothing is tried for a while, and then
// one at a time until one arrives.
func (o *outlet) free(alert string, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := sendsAtOnce
	if o.fails > 0 {
		room = 1
	}
	return !o.going[alert] && len(o.going) < room && !now.Before(o.paused)
}

// take takes the room that free found. Only who sends takes.
func (o *outlet) take(alert string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.going[alert] = true
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
