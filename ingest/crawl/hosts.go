package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"counterpoint/ingest/guard"
)

// What is known of a robots.txt holds a day; where it could not be had, an hour, and until then what was read before
// holds, for a month at most (RFC 9309, 2.4).
const (
	robotsFresh = 24 * time.Hour
	robotsRetry = time.Hour
	robotsStale = 30 * 24 * time.Hour
)

// verdict is what an answer to the request for robots.txt means.
type verdict int

const (
	byRules   verdict = iota // there is a file
	openAll                  // there is none: all may be fetched
	closedAll                // the server is ill: nothing may be fetched
)

// kept is a robots.txt as it lies in the frontier.
type kept struct {
	body    []byte
	verdict verdict
	at      time.Time
}

// hosts are the servers that are asked, and how long each is left alone. It is shared by all sites of a process.
type hosts struct {
	mu  sync.Mutex
	all map[string]*host
}

// host is one server, by scheme and address.
type host struct {
	mu     sync.Mutex // held while its robots.txt is looked up
	robots *Robots    // nil is all
	closed error      // why nothing may be fetched
	until  time.Time  // robots holds so long

	next time.Time // guarded by hosts.mu
}

func (h *hosts) of(u *url.URL) *host {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.all == nil {
		h.all = map[string]*host{}
	}
	origin := origin(u)
	if h.all[origin] == nil {
		if len(h.all) > 10_000 {
			clear(h.all) // it is on disk too; only the pauses are lost
		}
		h.all[origin] = &host{}
	}
	return h.all[origin]
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// reserve takes the next moment at which the server may be asked. Moments are given out one by one, a pause apart.
func (h *hosts) reserve(x *host, now time.Time, pause time.Duration) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := now
	if x.next.After(at) {
		at = x.next
	}
	x.next = at.Add(max(pause, 0))
	return at
}

// rest leaves the server alone until then, as it asked.
func (h *hosts) rest(x *host, until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until.After(x.next) {
		x.next = until
	}
}

// rules are what a server asks of us; closed is why nothing may be fetched.
func (c *Crawler) rules(ctx context.Context, u *url.URL) (r *Robots, closed, err error) {
	x := c.hosts.of(u)
	x.mu.Lock()
	defer x.mu.Unlock()
	now := c.o.Now()
	if now.Before(x.until) {
		return x.robots, x.closed, nil
	}
	k, err := c.o.Frontier.robotsOf(ctx, origin(u))
	if err != nil {
		return nil, nil, err
	}
	x.robots, x.closed = nil, errClosed
	if k.at.IsZero() || now.Sub(k.at) > k.fresh() {
		var problem error
		if k, problem, err = c.askRobots(ctx, u, k, now); err != nil {
			return nil, nil, err
		}
		if problem != nil {
			x.closed = problem
		}
	}
	x.until = k.at.Add(k.fresh())
	if x.until.Before(now) { // what was read before, as the server gives no other
		x.until = now.Add(robotsRetry)
	}
	if k.verdict == byRules {
		x.robots = ParseRobots(k.body, Agent)
	}
	if k.verdict != closedAll {
		x.closed = nil
	}
	return x.robots, x.closed, nil
}

func (k kept) fresh() time.Duration {
	if k.verdict == closedAll {
		return robotsRetry
	}
	return robotsFresh
}

// askRobots fetches the file and keeps what came of it; problem is why it could not be had. The error is ours.
func (c *Crawler) askRobots(ctx context.Context, u *url.URL, old kept, now time.Time) (k kept, problem, err error) {
	k = kept{at: now, verdict: closedAll}
	res, problem := c.get(ctx, origin(u)+"/robots.txt", maxRobots+1, Page{})
	switch {
	case ctx.Err() != nil:
		return k, nil, ctx.Err()
	case errors.Is(problem, guard.ErrAddress):
		return k, bare(problem), nil // and not kept: a network that is opened now is open at the next start
	case problem != nil:
		problem = fmt.Errorf("%w: %w", errClosed, bare(problem))
	case res.status/100 == 2:
		k.verdict, k.body = byRules, res.body[:min(len(res.body), maxRobots)]
	case res.status/100 == 4 && res.status != http.StatusTooManyRequests:
		k.verdict = openAll
	default:
		problem = fmt.Errorf("%w: it answers %d", errClosed, res.status)
	}
	if k.verdict == closedAll && old.verdict == byRules && !old.at.IsZero() && now.Sub(old.at) < robotsStale {
		return old, nil, nil
	}
	return k, problem, c.o.Frontier.keepRobots(ctx, origin(u), k)
}

// get fetches what is no page: robots.txt, sitemaps. What is longer is cut, not refused: a robots.txt of a gigabyte
// still holds in its first part.
func (c *Crawler) get(ctx context.Context, address string, most int64, known Page) (*response, error) {
	res, err := c.ask(guard.WithLimit(ctx, 1<<40), address, known)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	r := answerOf(res)
	var b bytes.Buffer
	_, err = io.Copy(&b, io.LimitReader(res.Body, most))
	if r.body = b.Bytes(); err != nil && len(r.body) == 0 {
		return nil, err
	}
	return r, nil
}

// ask makes a request through the guard, without colly.
func (c *Crawler) ask(ctx context.Context, address string, known Page) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	conditions(req.Header, known)
	return c.client.Do(req)
}

// conditions ask for an answer only where something changed.
func conditions(h http.Header, known Page) {
	if known.ETag != "" {
		h.Set("If-None-Match", known.ETag)
	}
	if known.Modified != "" {
		h.Set("If-Modified-Since", known.Modified)
	}
}

var errForbidden = errors.New("robots.txt forbids it")

// errClosed is errForbidden where the file could not be had: then nothing may be fetched.
var errClosed error = closedError{}

type closedError struct{}

// Error says so.
func (closedError) Error() string { return "robots.txt could not be had, so nothing is fetched" }

// Is makes errors.Is(err, errForbidden) true.
func (closedError) Is(target error) bool { return target == errForbidden }
