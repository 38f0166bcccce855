package feed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint/ingest/crawl"
	"counterpoint/ingest/page"
)

// Subscription is a feed that is read for one source.
type Subscription struct {
	Source   string        // Source.ID
	URL      string        // of the feed
	Every    time.Duration // between two looks; 0 is half an hour. A feed that says it changes less often is asked less often
	FullText bool          // fetch each entry's page, and take its article where that is longer
	Delay    time.Duration // between two pages of a server; 0 is a second, negative is none
}

// Check fills the defaults, and says what is wrong.
func (s Subscription) Check() (Subscription, error) {
	if s.Every == 0 {
		s.Every = 30 * time.Minute
	}
	if s.Delay == 0 {
		s.Delay = time.Second
	}
	if s.Every < time.Second {
		return s, errors.New("less than a second between two looks")
	}
	u, ok := page.Canonical(nil, s.URL)
	if !ok {
		return s, fmt.Errorf("%q is not an address such as https://site.example/feed.xml", s.URL)
	}
	s.URL = u
	return s, nil
}

// Options are what a reader needs. Crawler, Frontier and Emit are required.
type Options struct {
	Crawler  *crawl.Crawler // makes the requests
	Frontier *crawl.Frontier
	// Emit takes an entry and returns when it is durable, and whether it was new.
	Emit       func(ctx context.Context, source, lang string, fetched time.Time, e Entry) (changed bool, err error)
	Now        func() time.Time
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Reader reads feeds.
type Reader struct {
	o     Options
	looks *prometheus.CounterVec
	items *prometheus.CounterVec
}

// New makes a reader.
func New(o Options) (*Reader, error) {
	if o.Crawler == nil || o.Frontier == nil || o.Emit == nil {
		return nil, errors.New("feed: a crawler, a frontier and somebody who takes what is found are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "counterpoint", Subsystem: "feed", Name: name, Help: help}, append([]string{"source"}, labels...))
	}
	r := &Reader{o, counter("looks_total", "Looks at feeds: had, unchanged, failed.", "outcome"), counter("items_total", "Entries that were new or had changed.")}
	if o.Registerer != nil {
		o.Registerer.MustRegister(r.looks, r.items)
	}
	return r, nil
}

// Run looks at a feed again and again until ctx is done. What goes wrong with the feed is in the log, the metrics and
// the frontier's visits; the error is ours.
func (r *Reader) Run(ctx context.Context, s Subscription) error {
	s, err := s.Check()
	if err != nil {
		return fmt.Errorf("feed of %s: %w", s.Source, err)
	}
	return r.o.Frontier.Keep(ctx, s.Source, r.o.Now, func() error {
		v, err := r.Look(ctx, s)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		case v.Reason != "":
			r.o.Log.Warn("feed not collected", "source", s.Source, "reason", v.Reason, "times", v.Fails, "next", v.Due)
		default:
			r.o.Log.Info("feed collected", "source", s.Source, "items", v.Items, "next", v.Due)
		}
		return nil
	})
}

// Look reads the feed once.
func (r *Reader) Look(ctx context.Context, s Subscription) (crawl.Visit, error) {
	s, err := s.Check()
	if err != nil {
		return crawl.Visit{}, err
	}
	v, err := r.o.Frontier.Begin(ctx, s.Source, nil, r.o.Now())
	if err != nil {
		return v, err
	}
	key := "feed:" + s.URL
	known, err := r.o.Frontier.Look(ctx, s.Source, key)
	if err != nil {
		return v, err
	}
	known.Source, known.URL = s.Source, key
	a, problem := r.o.Crawler.Get(ctx, s.URL, known)
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	o := crawl.Outcome{Page: known, Requests: 1, Bytes: int64(len(a.Body))}
	every, outcome := s.Every, "had"
	switch {
	case problem != nil:
	case a.Status == http.StatusNotModified:
		outcome = "unchanged" // and what is known of it stays
	case a.Status/100 != 2:
		problem = fmt.Errorf("answers %d", a.Status)
	default:
		o, every, problem, err = r.take(ctx, s, a, o)
		if err != nil {
			return v, err
		}
	}
	p := &o.Page
	p.Status, p.Fetched, p.Fails, p.Reason = a.Status, r.o.Now(), 0, ""
	if problem != nil {
		outcome = "failed"
		p.Fails, p.Reason = known.Fails+1, crawl.Line(problem)
		every = max(min(s.Every<<min(known.Fails, 8), max(s.Every, 24*time.Hour)), a.RetryAfter)
	}
	r.looks.WithLabelValues(s.Source, outcome).Inc()
	r.items.WithLabelValues(s.Source).Add(float64(o.Items))
	if _, err := r.o.Frontier.Done(ctx, r.o.Now(), o); err != nil {
		return v, err
	}
	return r.o.Frontier.End(ctx, s.Source, r.o.Now(), r.o.Now().Add(every), p.Reason)
}

// take hands on the entries of a feed that was had. Its tags are kept only when all are through the door.
func (r *Reader) take(ctx context.Context, s Subscription, a crawl.Answer, o crawl.Outcome) (crawl.Outcome, time.Duration, error, error) {
	now := r.o.Now()
	f, problem := Parse(a.Body, a.Kind, a.URL, now)
	if problem != nil {
		return o, s.Every, problem, nil
	}
	for _, e := range f.Entries {
		e, note, skip, err := r.fill(ctx, s, e)
		if err != nil {
			return o, 0, nil, err
		}
		if skip || len(e.Paragraphs()) == 0 {
			continue
		}
		changed, err := r.o.Emit(ctx, s.Source, f.Lang, now, e)
		if err == nil && note.URL != "" { // only now: what is noted as read is not read again
			err = r.o.Frontier.Note(ctx, note)
		}
		if err != nil {
			return o, 0, nil, err
		}
		if changed {
			o.Items++
		}
	}
	o.Page.ETag, o.Page.Modified = a.ETag, a.Modified
	return o, max(s.Every, min(f.Every, 24*time.Hour)), nil, nil
}

// maxTries is how often the page of an entry is asked for before the feed's own words have to do.
const maxTries = 3

// fill takes the entry's text from its page, where that is wanted. An entry whose page was read in these words is
// skipped; where the page cannot be had, the feed's own text goes on, and the page is tried at the next looks.
func (r *Reader) fill(ctx context.Context, s Subscription, e Entry) (_ Entry, known crawl.Page, skip bool, err error) {
	if !s.FullText || e.URL == "" {
		return e, known, false, nil
	}
	sum := sha256.Sum256([]byte(strings.Join(e.Paragraphs(), "\n")))
	digest := hex.EncodeToString(sum[:12])
	if known, err = r.o.Frontier.Look(ctx, s.Source, e.URL); err != nil {
		return e, known, false, err
	}
	if known.Digest == digest && (known.Fails == 0 || known.Fails >= maxTries) {
		return e, known, true, nil
	}
	if known.Digest != digest {
		known.Fails = 0
	}
	a, _, problem := r.o.Crawler.Article(ctx, e.URL, s.Delay)
	if ctx.Err() != nil {
		return e, known, false, ctx.Err()
	}
	known.Source, known.URL, known.Digest, known.Fetched = s.Source, e.URL, digest, r.o.Now()
	known.Fails, known.Reason = known.Fails+1, ""
	if problem != nil {
		known.Reason = crawl.Line(problem)
	} else {
		known.Fails = 0
		e.grow(a)
	}
	return e, known, false, nil
}

// grow takes the words of the page where there are more of them.
func (e *Entry) grow(a page.Article) {
	if len(strings.Join(a.Paragraphs, "")) > len(strings.Join(e.Text, "")) {
		e.Text = a.Paragraphs
	}
	if e.Published == nil && a.Published != nil {
		e.Published, e.Precision = a.Published, a.Precision
	}
	if e.Author == "" {
		e.Author = a.Author
	}
}
