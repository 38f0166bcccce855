package crawl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint/ingest/guard"
	"counterpoint/ingest/page"
)

// Found is an article that is new, or whose words changed.
type Found struct {
	Source  string
	URL     string // canonical: the item's locator
	Article page.Article
	Fetched time.Time
}

// Options are what a crawler needs. Guard, Frontier and Emit are required.
type Options struct {
	Guard     *guard.Guard
	Frontier  *Frontier
	UserAgent string // of UserAgent
	// Emit takes an article and returns when it is durable, or with an error, after which the page counts as not
	// fetched. It is called by many goroutines.
	Emit       func(context.Context, Found) (changed bool, err error)
	Now        func() time.Time      // nil is time.Now
	Log        *slog.Logger          // nil is silent
	Registerer prometheus.Registerer // nil counts for nobody
}

// doer makes requests: the guard's client.
type doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Crawler crawls sites. One crawler serves all sites of a process, so that each server is asked at its pace.
type Crawler struct {
	o       Options
	client  doer
	hosts   hosts
	metrics metrics
}

// New makes a crawler.
func New(o Options) (*Crawler, error) {
	if o.Guard == nil || o.Frontier == nil || o.Emit == nil {
		return nil, errors.New("crawl: a guard, a frontier and somebody who takes what is found are required")
	}
	if o.UserAgent == "" {
		o.UserAgent = UserAgent("")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Crawler{o: o, client: o.Guard.Client(), metrics: newMetrics(o.Registerer)}, nil
}

// worker fetches pages of one round, one at a time.
type worker struct {
	*Crawler
	site  Site
	f     *fetcher
	at    *url.URL // of the page in hand
	own   *Robots  // of its server
	bytes int64    // that it took
}

func (c *Crawler) newWorker(ctx context.Context, site Site) *worker {
	w := &worker{Crawler: c, site: site}
	w.f = newFetcher(ctx, c.o.Guard, c.o.UserAgent, func(to *url.URL) error {
		switch {
		case !site.within(to):
			return fmt.Errorf("%w: %.100s", errAway, to.Host)
		case origin(to) == origin(w.at) && !w.own.Allows(to):
			return errForbidden
		}
		return nil
	})
	return w
}

// work deals with one page that is due, from its robots.txt to the frontier. It returns why the page could not be had,
// and an error only where we failed: then nothing was written, and the page is still due.
func (w *worker) work(ctx context.Context, p Page, deadline time.Time) (problem, err error) {
	var closed error
	w.bytes = 0
	if w.at, err = url.Parse(p.URL); err != nil {
		return w.lay(ctx, p, err)
	}
	if w.own, closed, err = w.rules(ctx, w.at); err != nil {
		return nil, err
	}
	switch {
	case closed != nil:
		return w.lay(ctx, p, closed)
	case !w.own.Allows(w.at):
		return w.lay(ctx, p, errForbidden)
	}
	if err := w.wait(ctx, deadline); err != nil {
		return nil, err
	}
	res, problem := w.f.get(p)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	o, problem, err := w.judge(ctx, p, res, problem)
	if err != nil {
		return nil, err
	}
	o.Requests, w.bytes = 1, o.Bytes
	_, err = w.o.Frontier.Done(ctx, w.o.Now(), o)
	w.metrics.count(w.site.Source, o, problem)
	return problem, err
}

// errLate ends a round whose next page may only be asked for after its time.
var errLate = errors.New("the round's time is over")

// wait keeps the pause between two requests to a server.
func (w *worker) wait(ctx context.Context, deadline time.Time) error {
	pause := w.site.Delay
	if w.own != nil {
		pause = max(pause, w.own.Delay)
	}
	now := w.o.Now()
	at := w.hosts.reserve(w.hosts.of(w.at), now, pause)
	if at.After(deadline) {
		return errLate
	}
	return Sleep(ctx, at.Sub(now))
}

// Sleep waits for a while, or until ctx is done, which is its error.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lay puts a page aside for a day without asking for it.
func (w *worker) lay(ctx context.Context, p Page, problem error) (error, error) {
	o := w.failed(p, problem, 24*time.Hour)
	_, err := w.o.Frontier.Done(ctx, w.o.Now(), o)
	w.metrics.count(w.site.Source, o, problem)
	return problem, err
}

// judge decides what becomes of an answer: an article, links, when to ask again. Its error is ours.
func (w *worker) judge(ctx context.Context, p Page, res *response, problem error) (Outcome, error, error) {
	now := w.o.Now()
	switch {
	case problem != nil && !final(problem):
		return w.failed(p, problem, 0), problem, nil
	case problem != nil: // it would be the same tomorrow
		return w.failed(p, problem, 7*24*time.Hour), problem, nil
	case res.status == http.StatusNotModified:
		p.Status, p.Fetched, p.Fails, p.Reason = res.status, now, 0, ""
		return w.again(Outcome{Page: p}, false), nil, nil
	case res.status == http.StatusNotFound || res.status == http.StatusGone || res.status == http.StatusForbidden || res.status == http.StatusUnavailableForLegalReasons:
		problem = fmt.Errorf("answers %d", res.status)
		p.Status = res.status
		return w.failed(p, problem, 7*24*time.Hour), problem, nil
	case res.status/100 != 2:
		if d := res.retryAfter(now); d > 0 {
			w.hosts.rest(w.hosts.of(w.at), now.Add(d))
		}
		problem = fmt.Errorf("answers %d", res.status)
		p.Status = res.status
		return w.failed(p, problem, res.retryAfter(now)), problem, nil
	}
	return w.read(ctx, p, res)
}

// final is true of refusals that the next try would meet again.
func final(err error) bool {
	for _, e := range []error{guard.ErrAddress, guard.ErrTooLarge, guard.ErrEncoding, guard.ErrRedirect, guard.ErrURL, errAway, errForbidden, errKind, page.ErrBinary, page.ErrTags} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// failed is the outcome of a page that could not be had: it is asked for again after longer and longer.
func (w *worker) failed(p Page, problem error, pause time.Duration) Outcome {
	now := w.o.Now()
	p.Fails++
	p.Reason, p.Fetched = Line(problem), now
	if pause == 0 {
		pause = min(15*time.Minute<<min(p.Fails, 10), 24*time.Hour)
	}
	o := Outcome{Page: p, Due: now.Add(pause)}
	if p.Depth == 0 {
		o.Due = time.Time{} // each round begins with it
	}
	return o
}

// read reads a page that was had: its links, and its article where it is one that was not seen.
func (w *worker) read(ctx context.Context, p Page, res *response) (Outcome, error, error) {
	now := w.o.Now()
	o := Outcome{Bytes: int64(len(res.body)), Known: w.site.Known}
	if at := canonicalOf(res); at != p.URL && at != "" { // a redirect within the site
		o.Also = at
	}
	p.Status, p.ETag, p.Modified, p.Fetched, p.Fails, p.Reason = res.status, res.etag, res.modified, now, 0, ""
	doc, err := page.Parse(res.body, res.kind, res.url)
	if err != nil {
		failed := w.failed(p, err, 7*24*time.Hour)
		failed.Bytes = o.Bytes
		return failed, err, nil
	}
	links := doc.Links()
	if p.Depth < w.site.Depth && !links.NoFollow {
		for _, to := range links.To {
			if to != p.URL && w.site.Has(to) {
				o.Links = append(o.Links, to)
			}
		}
	}
	o.Page = p
	changed, err := w.article(ctx, &o, doc, links)
	if err != nil {
		return o, nil, err
	}
	return w.again(o, changed), nil, nil
}

// article emits the page's article, where it has one that is not what it was.
func (w *worker) article(ctx context.Context, o *Outcome, doc *page.Page, links page.Links) (changed bool, err error) {
	if o.Page.Depth == 0 || links.NoIndex {
		return true, nil // a front page is a list of others
	}
	a, err := doc.Article()
	whole := err == nil && tells(a)
	digest := digestOf(a.Title, a.Paragraphs)
	if !whole { // a list: it changes with what it lists
		digest = digestOf("", links.To)
	}
	if digest == o.Page.Digest {
		return false, nil
	}
	o.Page.Digest = digest
	if !whole {
		return true, nil
	}
	changed, err = w.o.Emit(ctx, Found{w.site.Source, links.Canonical, a, o.Page.Fetched})
	if changed {
		o.Items = 1
	}
	return true, err
}

// Pages with less text than this are lists and notices; one without a date needs more to be an article.
const (
	leastDated   = 120
	leastUndated = 500
)

func tells(a page.Article) bool {
	n := 0
	for _, p := range a.Paragraphs {
		n += utf8.RuneCountInString(p)
	}
	return n >= leastUndated || a.Published != nil && n >= leastDated
}

func digestOf(title string, lines []string) string {
	h := sha256.Sum256([]byte(title + "\n" + strings.Join(lines, "\n")))
	return hex.EncodeToString(h[:12])
}

// again says when a page is due again: half as long as last time where it changed, twice as long where it did not,
// between the length of a round and a month.
func (w *worker) again(o Outcome, changed bool) Outcome {
	p := &o.Page
	if p.Depth == 0 {
		return o
	}
	switch {
	case p.Pause == 0:
		p.Pause = 24 * time.Hour
		if p.Depth == 1 {
			p.Pause = min(4*w.site.Every, p.Pause)
		}
	case changed:
		p.Pause /= 2
	default:
		p.Pause *= 2
	}
	p.Pause = min(max(p.Pause, w.site.Every), 30*24*time.Hour)
	o.Due = p.Fetched.Add(p.Pause)
	return o
}
