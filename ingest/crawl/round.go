package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Run crawls a site round after round until ctx is done. What goes wrong with the site is in the log, the metrics and
// Frontier.Visits; the error is ours.
func (c *Crawler) Run(ctx context.Context, s Site) error {
	s, err := s.Check()
	if err != nil {
		return fmt.Errorf("site of %s: %w", s.Source, err)
	}
	return c.o.Frontier.Keep(ctx, s.Source, c.o.Now, func() error {
		v, err := c.Round(ctx, s)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case v.Reason != "":
			c.o.Log.Warn("site not collected", "source", s.Source, "reason", v.Reason, "times", v.Fails, "next", v.Due)
		default:
			c.o.Log.Info("site collected", "source", s.Source, "requests", v.Requests, "items", v.Items, "known", v.Known, "next", v.Due)
		}
		return nil
	})
}

// Round crawls what is due, from the start pages on, until nothing is due or a budget is used up. A round that was cut
// off goes on with what it has left.
func (c *Crawler) Round(ctx context.Context, s Site) (Visit, error) {
	s, err := s.Check()
	if err != nil {
		return Visit{}, err
	}
	v, err := c.o.Frontier.Begin(ctx, s.Source, s.Start, c.o.Now())
	if err != nil {
		return v, err
	}
	r := &round{Crawler: c, site: s, left: s.Pages - v.Requests, bytes: s.Bytes - v.Bytes, deadline: v.Began.Add(s.Time), hand: map[string]bool{}}
	if c.o.Now().After(r.deadline) { // it was cut off long ago
		r.deadline = c.o.Now().Add(s.Time)
	}
	r.moved = sync.NewCond(&r.mu)
	if v.Requests == 0 {
		if err := r.sitemaps(ctx); err != nil {
			return v, err
		}
	}
	if err := r.run(ctx); err != nil {
		return v, err
	}
	return c.o.Frontier.End(ctx, s.Source, c.o.Now(), r.next(v), r.reason(v))
}

// round is the state of a round that goes on.
type round struct {
	*Crawler
	site     Site
	deadline time.Time

	mu     sync.Mutex
	moved  *sync.Cond
	queue  []Page
	hand   map[string]bool // addresses in the queue and at work
	busy   int
	left   int   // requests
	bytes  int64 // of the budget
	over   bool
	got    int   // pages that were had
	closed int   // pages in a row that the server did not give
	last   error // why the last page was not had
}

// run fetches with as many workers as may ask at a time.
func (r *round) run(ctx context.Context) error {
	g, inner := errgroup.WithContext(ctx)
	stop := context.AfterFunc(inner, func() { // wakes those who wait
		r.mu.Lock()
		defer r.mu.Unlock()
		r.over = true
		r.moved.Broadcast()
	})
	defer stop()
	for range r.site.Parallel {
		g.Go(func() error { return r.work(inner) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

func (r *round) work(ctx context.Context) error {
	w := r.newWorker(ctx, r.site)
	for {
		p, ok, err := r.take(ctx)
		if err != nil || !ok {
			return err
		}
		problem, err := w.work(ctx, p, r.deadline)
		r.done(p, w.bytes, problem, err)
		if err != nil && !errors.Is(err, errLate) {
			return err
		}
	}
}

// take hands out a page that is due. Where none is, it waits for the pages at work, which may lead to others.
func (r *round) take(ctx context.Context) (Page, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if r.over || r.left <= 0 || r.bytes <= 0 || r.o.Now().After(r.deadline) {
			return Page{}, false, nil
		}
		if len(r.queue) == 0 {
			found, err := r.o.Frontier.Due(ctx, r.site.Source, r.o.Now(), 16*r.site.Parallel, func(u string) bool { return r.hand[u] })
			if err != nil {
				return Page{}, false, err
			}
			for _, p := range found {
				r.hand[p.URL] = true
			}
			r.queue = found
		}
		if len(r.queue) > 0 {
			p := r.queue[0]
			r.queue = r.queue[1:]
			r.busy++
			r.left--
			return p, true, nil
		}
		if r.busy == 0 {
			return Page{}, false, nil
		}
		r.moved.Wait()
	}
}

// giveUp is after how many pages in a row that the server did not give the round ends.
const giveUp = 20

func (r *round) done(p Page, bytes int64, problem, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.hand, p.URL)
	r.busy--
	r.bytes -= bytes
	if errors.Is(problem, errForbidden) {
		r.left++ // nothing was asked, or nothing given
	}
	switch {
	case err != nil:
		r.over = true
		r.last = err
	case problem != nil:
		r.last = problem
		if !final(problem) {
			r.closed++
		}
	default:
		r.got++
		r.closed = 0
	}
	r.over = r.over || r.closed >= giveUp
	r.moved.Broadcast()
}

// reason is why a round got nothing; empty where it got something.
func (r *round) reason(v Visit) string {
	if r.got > 0 || r.last == nil || v.Requests > 0 {
		return ""
	}
	return Line(r.last)
}

// next is when the next round begins: later and later where the site gives nothing, a day at most.
func (r *round) next(v Visit) time.Time {
	every := r.site.Every
	if r.reason(v) != "" {
		every = min(every<<min(v.Fails, 8), max(every, 24*time.Hour))
	}
	return r.o.Now().Add(every)
}

// startOrigins are the servers of the start pages.
func (r *round) startOrigins() []*url.URL {
	var all []*url.URL
	seen := map[string]bool{}
	for _, s := range r.site.Start {
		if u, err := url.Parse(s); err == nil && !seen[origin(u)] {
			seen[origin(u)] = true
			all = append(all, u)
		}
	}
	return all
}
