package api

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"counterpoint"
)

// Class says how often and how large requests may be. Every address names one.
type Class string

// The classes.
const (
	Open    Class = "open"    // health, metrics, static files
	Look    Class = "look"    // a page, a document, a list
	Find    Class = "find"    // full-text search and counts
	Table   Class = "table"   // a whole export
	Command Class = "command" // what changes something
	Upload  Class = "upload"  // a file of transcripts
	Playout Class = "playout" // a station's playout log
	Hook    Class = "hook"    // a message or form that a gateway hands on
	SignIn  Class = "sign-in" // name and password, or a link
)

// Limit is what a class allows one person or, before sign-in, one address.
type Limit struct {
	Minute int   // requests in a minute, in the long run
	Burst  int   // at once
	Query  int   // bytes of the query string
	Body   int64 // bytes of the body
}

// limits is the one table of limits. People come nowhere near them, programs that read everything do.
var limits = map[Class]Limit{
	Open:    {3000, 1000, 1 << 10, 0},
	Look:    {1200, 600, 8 << 10, 0},
	Find:    {300, 150, 8 << 10, 0},
	Table:   {30, 15, 8 << 10, 0},
	Command: {1200, 600, 8 << 10, 1 << 20},
	Upload:  {1200, 600, 8 << 10, maxIngest},
	Playout: {60, 30, 8 << 10, 4 << 20},
	Hook:    {600, 300, 2 << 10, 256 << 10},
	SignIn:  {20, 10, 8 << 10, 1 << 20}, // a form that could not be sent is carried along
}

// LimitOf is what a class allows; a class that is not known allows nothing.
func LimitOf(c Class) Limit { return limits[c] }

// TooManyError is for who asks too often; it is an ErrTooManyTries.
type TooManyError struct{ After time.Duration }

// Error says when to come again.
func (e *TooManyError) Error() string {
	return fmt.Sprintf("too many requests; wait %d s and go on more slowly", seconds(e.After))
}

// Unwrap makes it an ErrTooManyTries.
func (e *TooManyError) Unwrap() error { return ErrTooManyTries }

func seconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// Limiter counts requests. Build it with NewLimiter.
type Limiter struct {
	paces *paces
	now   func() time.Time
}

// NewLimiter makes a limiter; a nil now is time.Now.
func NewLimiter(now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{newPaces(), now}
}

// Limited is the limiter of the desk's own addresses and of the pages, which share it.
func (d *Desk) Limited(w http.ResponseWriter, r *http.Request, c Class) error {
	return d.limiter.Limited(w, r, c)
}

// Limited says whether a request of the class may be done now, and bounds its body. Requests count against who is
// signed in, else against the address they come from; Operator, whose token only this machine has, is not counted. Nor
// are addresses of this machine: where a proxy stands there, --behind-proxy tells which addresses it speaks for.
func (x *Limiter) Limited(w http.ResponseWriter, r *http.Request, c Class) error {
	l := limits[c]
	if n := len(r.URL.RawQuery); n > l.Query {
		return fmt.Errorf("the address has %d bytes after the question mark, it may have %d: %w", n, l.Query, errQuery)
	}
	if r.ContentLength > l.Body {
		return fmt.Errorf("the body has %d bytes, it may have %d: %w", r.ContentLength, l.Body, counterpoint.ErrTooLarge)
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, l.Body)
	}
	key, counted := countedBy(r, c)
	if !counted {
		return nil
	}
	if after, ok := x.paces.take(string(c)+" "+key, l, x.now()); !ok {
		return &TooManyError{after}
	}
	return nil
}

// countedBy names who a request counts against. Who signs in counts by address, whoever they were before.
func countedBy(r *http.Request, c Class) (key string, counted bool) {
	if a, ok := AccountOf(r.Context()); ok && c != SignIn {
		return a.ID, a.ID != Operator.ID
	}
	addr := ClientAddr(r)
	switch {
	case addr.IsLoopback():
		return "", false
	case addr.Is6(): // one customer has a /64
		p, _ := addr.Prefix(64)
		return p.String(), true
	case addr == netip.Addr{}:
		return "nowhere", true
	}
	return addr.String(), true
}

// paces remembers of each key when it would be back at rest (the generic cell rate algorithm): one time a key.
type paces struct {
	mu    sync.Mutex
	rest  map[string]time.Time
	swept time.Time // when those at rest were last looked for
}

// manyPaces is how many keys are remembered. Beyond it those at rest go, which costs nothing; where none is, a flood is
// under way, and new keys are refused until somebody is at rest again.
const manyPaces = 100_000

func newPaces() *paces { return &paces{rest: map[string]time.Time{}} }

// take counts one request, or says after which time one is allowed.
func (p *paces) take(key string, l Limit, now time.Time) (after time.Duration, ok bool) {
	if l.Minute <= 0 {
		return time.Minute, false
	}
	each := time.Minute / time.Duration(l.Minute)
	p.mu.Lock()
	defer p.mu.Unlock()
	rest, known := p.rest[key]
	if !known && len(p.rest) >= manyPaces && !p.forget(now) {
		return time.Second, false
	}
	if rest.Before(now) {
		rest = now
	}
	if over := rest.Add(each).Sub(now) - time.Duration(l.Burst)*each; over > 0 {
		return over, false
	}
	p.rest[key] = rest.Add(each)
	return 0, true
}

// forget drops those at rest, and reports whether there were any.
func (p *paces) forget(now time.Time) bool {
	if now.Sub(p.swept) < time.Second { // looking through all is not to be had at each request of a flood
		return false
	}
	p.swept = now
	n := len(p.rest)
	for k, rest := range p.rest {
		if !rest.After(now) {
			delete(p.rest, k)
		}
	}
	return len(p.rest) < n
}
