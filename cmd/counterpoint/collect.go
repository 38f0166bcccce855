package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/ingest"
	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
	"counterpoint/ingest/guard"
)

// frontierFile is what is known of the sites and feeds outside, in the data folder.
const frontierFile = "crawl.db"

// collected reports whether the source is collected from the open web.
func (s sourceConfig) collected() bool { return s.Crawl != "" || s.Feed != "" }

func (s sourceConfig) site() crawl.Site {
	return crawl.Site{Source: s.ID, Start: []string{s.Crawl}, Every: s.Every, Pages: s.Pages, Depth: s.Depth, Parallel: s.Parallel, Delay: s.Delay}
}

func (s sourceConfig) subscription() feed.Subscription {
	return feed.Subscription{Source: s.ID, URL: s.Feed, Every: s.Every, FullText: s.FullText, Delay: s.Delay}
}

// checkCollected says what is wrong with how a source is collected.
func (s sourceConfig) checkCollected(at string) (bad counterpoint.Invalid) {
	wrong := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: at + field, Message: message})
	}
	if s.Crawl != "" && s.Feed != "" {
		wrong("feed", "stands beside crawl; keep one of them (full_text: true fetches the pages of a feed's entries)")
	}
	if s.Crawl != "" {
		if _, err := s.site().Check(); err != nil {
			wrong("crawl", err.Error())
		}
	}
	if s.Feed != "" {
		if _, err := s.subscription().Check(); err != nil {
			wrong("feed", err.Error())
		}
	}
	if s.FullText && s.Feed == "" {
		wrong("full_text", "is for a source with a feed")
	}
	if (s.Pages != 0 || s.Depth != 0 || s.Parallel != 0) && s.Crawl == "" {
		wrong("pages, depth and parallel", "are for a source with crawl")
	}
	if (s.Every != 0 || s.Delay != 0) && !s.collected() {
		wrong("every and delay", "are for a source with crawl or feed")
	}
	return bad
}

func (c config) checkNetworks() (bad counterpoint.Invalid) {
	for i, n := range c.Networks {
		if _, err := guard.ParseAllowed(n); err != nil {
			bad = append(bad, counterpoint.FieldError{Field: fmt.Sprintf("networks[%d]", i), Message: err.Error()})
		}
	}
	return bad
}

// guard is the transport of everything that is fetched.
func (c config) guard() *guard.Guard {
	o := guard.Options{UserAgent: crawl.UserAgent(c.Contact)}
	for _, n := range c.Networks {
		if a, err := guard.ParseAllowed(n); err == nil { // checked when it was read
			o.Allow = append(o.Allow, a)
		}
	}
	return guard.New(o)
}

// openFrontier opens what is known of the web, where a source is collected from it.
func (l *line) openFrontier(ctx context.Context) (err error) {
	sources := l.cfg.webSources()
	if len(sources) == 0 || !l.cfg.does(roleIngest) || l.cfg.beside {
		return nil
	}
	if l.frontier, err = crawl.OpenFrontier(l.cfg.path(frontierFile)); err != nil {
		return err
	}
	l.closers = append(l.closers, l.frontier.Close)
	l.metrics.MustRegister(visitMetrics{l})
	if l.cfg.Stream == "" {
		return nil // the lock of the data folder keeps others away
	}
	name, err := l.frontier.Name(ctx)
	if err != nil {
		return err
	}
	l.claims = ingest.NewClaims(ingest.ClaimOptions{
		Process: counterpoint.Process{ID: name, Run: counterpoint.NewID("run"), Sources: sources}, By: api.Operator.ID,
		Views: l.store, Decider: l.desk, Log: l.log, Registerer: l.metrics,
	})
	l.log.Info("sources are shared with other processes of this log", "process", shortName(name), "sources", len(sources))
	return nil
}

// webSources are the sources that are collected from the web, in their order.
func (c config) webSources() (ids []string) {
	for _, s := range c.Sources {
		if s.collected() {
			ids = append(ids, s.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// shortName is enough of a process's name to tell it from others.
func shortName(process string) string {
	_, name, _ := strings.Cut(process, "_")
	return name[:min(len(name), 6)]
}

// collect crawls sites and reads feeds until ctx is done.
func (l *line) collect(ctx context.Context, cfg config) error {
	c := ingest.Collection{Guard: cfg.guard(), Frontier: l.frontier, UserAgent: crawl.UserAgent(cfg.Contact), Claims: l.claims}
	defer c.Guard.Close()
	for _, s := range cfg.Sources {
		switch {
		case s.Crawl != "":
			c.Sites = append(c.Sites, s.site())
		case s.Feed != "":
			c.Feeds = append(c.Feeds, s.subscription())
		}
	}
	return l.door.Collect(ctx, c)
}

// visitTime bounds what reading the visits may take.
const visitTime = 2 * time.Second
