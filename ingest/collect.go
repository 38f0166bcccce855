package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
	"counterpoint/ingest/guard"
	"counterpoint/ingest/transcript"
)

// The formats of what is collected, as Item.Format has them.
const (
	formatWeb  = "web"
	formatFeed = "feed"
)

// Collection is what is collected from the open web, and how.
type Collection struct {
	Sites     []crawl.Site
	Feeds     []feed.Subscription
	Guard     *guard.Guard
	Frontier  *crawl.Frontier
	UserAgent string
	Claims    *Claims // nil: all of it is this process's
}

// Collect crawls the sites and reads the feeds until ctx is done, each when it is due. A source that fails stops none
// of the others: why is in the log, the metrics and Frontier.Visits. While the line cannot take items, sources wait and
// then go on where they stood.
//
// Where several processes have a source, Claims say which one visits it. What is known of its pages is not shared: who
// takes it over asks for all of it once more, and what that brings is known by its id.
func (d *Door) Collect(ctx context.Context, c Collection) error {
	if d.o.Sources == nil {
		return errors.New("collecting needs the register of sources")
	}
	crawler, err := crawl.New(crawl.Options{Guard: c.Guard, Frontier: c.Frontier, UserAgent: c.UserAgent, Emit: d.takeArticle,
		Now: d.o.Now, Log: d.o.Log, Registerer: d.o.Registerer})
	if err != nil {
		return err
	}
	reader, err := feed.New(feed.Options{Crawler: crawler, Frontier: c.Frontier, Emit: d.takeEntry, Now: d.o.Now, Log: d.o.Log, Registerer: d.o.Registerer})
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	keep := func(source string, run func(context.Context) error) {
		g.Go(func() error {
			return c.keep(ctx, source, func(ctx context.Context) error { return d.insist(ctx, source, run) })
		})
	}
	if c.Claims != nil {
		g.Go(func() error { return c.Claims.Run(ctx) })
	}
	for _, s := range c.Sites {
		keep(s.Source, func(ctx context.Context) error { return crawler.Run(ctx, s) })
	}
	for _, s := range c.Feeds {
		keep(s.Source, func(ctx context.Context) error { return reader.Run(ctx, s) })
	}
	return g.Wait()
}

// keep runs what collects a source, while the source is this process's.
func (c Collection) keep(ctx context.Context, source string, run func(context.Context) error) error {
	if c.Claims == nil {
		return run(ctx)
	}
	return c.Claims.Keep(ctx, source, run)
}

// insist runs a source's collector again after what failed on our side: a full disk, a server of ours that is away.
func (d *Door) insist(ctx context.Context, source string, run func(context.Context) error) error {
	for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, time.Minute) {
		err := run(ctx)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		d.o.Log.Error("source waits for the line", "source", source, "error", err, "again_in", pause)
		if crawl.Sleep(ctx, pause) != nil {
			return nil
		}
	}
	return nil
}

// takeArticle lets in the article of a page. Its headline is read as its first paragraph: most people read no more.
func (d *Door) takeArticle(ctx context.Context, f crawl.Found) (changed bool, err error) {
	a := f.Article
	texts := a.Paragraphs
	if a.Title != "" && (len(texts) == 0 || counterpoint.Fold(texts[0]) != counterpoint.Fold(a.Title)) {
		texts = slices.Concat([]string{a.Title}, texts)
	}
	p := transcript.Parsed{Locator: f.URL, URL: f.URL, Title: a.Title, Author: a.Author, Lang: a.Lang, Published: a.Published, Precision: a.Precision}
	if p.Published != nil && p.Published.After(f.Fetched.Add(14*time.Hour)) {
		p.Published, p.Precision = nil, "" // a page may lie about its date as a feed may
	}
	return d.take(ctx, f.Source, formatWeb, p, texts, f.Fetched)
}

// takeEntry lets in an entry of a feed.
func (d *Door) takeEntry(ctx context.Context, source, lang string, fetched time.Time, e feed.Entry) (changed bool, err error) {
	p := transcript.Parsed{Locator: e.Locator, URL: e.URL, Title: e.Title, Author: e.Author, Lang: lang, Published: e.Published, Precision: e.Precision}
	return d.take(ctx, source, formatFeed, p, e.Paragraphs(), fetched)
}

// take lets one collected thing in, and reports whether it was new or had changed.
func (d *Door) take(ctx context.Context, source, format string, p transcript.Parsed, texts []string, fetched time.Time) (bool, error) {
	src, err := d.o.Sources.Source(ctx, source)
	if err != nil {
		return false, fmt.Errorf("source %s: %w", source, err)
	}
	if p.Segments, err = transcript.Paragraphs(texts); err != nil || len(p.Segments) == 0 {
		d.metrics.rejected.Inc()
		return false, nil // nothing to read in it, or more than a page holds
	}
	p.Lang = declared(src, p.Lang)
	p.Author = d.pseudonym(p.Author)
	// What went back to earlier words is a revision too, so the bytes alone do not name it.
	p.Digest = counterpoint.Revision(p.Segments) + "@" + fetched.UTC().Format(time.RFC3339Nano)
	in := intake{door: d, src: src, name: p.Locator, format: format, began: fetched, sources: map[string]counterpoint.Source{}}
	if err := in.take(ctx, p); err != nil {
		return false, err
	}
	if err := in.flush(ctx); err != nil {
		return false, err
	}
	d.metrics.rejected.Add(float64(len(in.receipt.Rejected)))
	return in.receipt.Accepted > 0, nil
}

// declared is the language that a page says it has, where its source speaks it. Most sites declare that of the software
// they were made with; about those the detector knows more.
func declared(src counterpoint.Source, lang string) string {
	code, ok := counterpoint.Lang(lang)
	if ok && slices.Contains(src.Languages, code) {
		return code
	}
	return ""
}

func (d *Door) pseudonym(name string) string {
	if name = strings.TrimSpace(name); name == "" || d.o.Pseudonym == nil {
		return ""
	}
	return d.o.Pseudonym(name)
}
