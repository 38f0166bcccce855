package elastic

import (
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// How many failures in a row open the breaker, and for how long: then one request is let through to see.
const (
	breakAfter = 8
	breakFor   = 5 * time.Second
)

// errOpen is the answer while the breaker is open.
var errOpen = fmt.Errorf("%w: the search server did not answer several times; it is asked again in some seconds", counterpoint.ErrAway)

// breaker spares a server that is down, and those who wait for it.
type breaker struct {
	now   func() time.Time
	state prometheus.Gauge // 1 is open

	mu      sync.Mutex
	row     int // failures
	until   time.Time
	probing bool
}

func newBreaker() *breaker { return &breaker{now: time.Now} }

// allow reports an error while requests are held back. Who was let through says how it went.
func (b *breaker) allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.row < breakAfter {
		return nil
	}
	if b.probing || b.now().Before(b.until) {
		return errOpen
	}
	b.probing = true
	return nil
}

func (b *breaker) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row++
	b.probing = false
	if b.row >= breakAfter {
		b.until = b.now().Add(breakFor)
		b.show(1)
	}
}

func (b *breaker) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.row, b.probing = 0, false
	b.show(0)
}

// asked ends a request that says nothing of the server.
func (b *breaker) asked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

func (b *breaker) show(v float64) {
	if b.state != nil {
		b.state.Set(v)
	}
}
