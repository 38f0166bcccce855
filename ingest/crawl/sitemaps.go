package crawl

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"counterpoint/ingest/guard"
	"counterpoint/ingest/page"
)

// maxNesting is how deep an index of sitemaps may name others.
const maxNesting = 2

// named is a sitemap that is to be read.
type named struct {
	url   string
	depth int
	mod   time.Time
}

// sitemaps reads those that the site's robots.txt names, or the usual one, and makes what they list known. What is wrong
// with them is no fault of the round; the error is ours.
func (r *round) sitemaps(ctx context.Context) error {
	if r.site.Depth < 1 {
		return nil
	}
	var todo []named
	for _, u := range r.startOrigins() {
		rules, closed, err := r.rules(ctx, u)
		if err != nil {
			return err
		}
		if closed != nil {
			continue
		}
		list := []string{"/sitemap.xml"}
		if rules != nil && len(rules.Sitemaps) > 0 {
			list = rules.Sitemaps
		}
		for _, s := range list {
			if c, ok := page.Canonical(u, s); ok {
				todo = append(todo, named{url: c})
			}
		}
	}
	seen := map[string]bool{}
	for n := 0; len(todo) > 0 && n < maxSitemaps; n++ {
		s := todo[0]
		todo = todo[1:]
		if seen[s.url] {
			continue
		}
		seen[s.url] = true
		more, err := r.sitemap(ctx, s)
		if err != nil {
			return err
		}
		todo = append(todo, more...)
	}
	return nil
}

// sitemap reads one, where it changed since, and returns those that it names.
func (r *round) sitemap(ctx context.Context, s named) ([]named, error) {
	u, err := url.Parse(s.url)
	if err != nil || !r.site.onHost(u) {
		return nil, nil // those of other hosts are not theirs to name
	}
	rules, closed, err := r.rules(ctx, u)
	if err != nil || closed != nil || !rules.Allows(u) {
		return nil, err
	}
	key := "sitemap:" + s.url
	known, err := r.o.Frontier.Look(ctx, r.site.Source, key)
	if err != nil || !s.mod.IsZero() && known.Fails == 0 && known.Fetched.After(s.mod) {
		return nil, err
	}
	w := &worker{Crawler: r.Crawler, site: r.site, at: u, own: rules}
	if err := w.wait(ctx, r.deadline); err != nil {
		return nil, ctx.Err()
	}
	known.Source, known.URL, known.Fetched = r.site.Source, key, r.o.Now()
	more, problem := r.readSitemap(ctx, s, &known)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	known.Fails, known.Reason = 0, ""
	if problem != nil {
		known.Fails, known.Reason, known.ETag, known.Modified = 1, Line(problem), "", ""
	}
	return more, r.o.Frontier.Note(ctx, known)
}

func (r *round) readSitemap(ctx context.Context, s named, known *Page) (more []named, problem error) {
	res, err := r.ask(guard.WithLimit(ctx, packedSitemap), s.url, *known)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	a := answerOf(res)
	if known.Status = a.status; a.status != http.StatusOK {
		return nil, nil // most sites have none
	}
	known.ETag, known.Modified = a.etag, a.modified
	count := &counting{r: res.Body}
	base := res.Request.URL
	var batch []Entry
	flush := func() {
		slices.SortStableFunc(batch, func(a, b Entry) int { return cmp.Compare(b.Mod.Unix(), a.Mod.Unix()) }) // the newest first
		if err := r.o.Frontier.Add(ctx, r.site, batch, r.o.Now()); err != nil && problem == nil {
			problem = err
		}
		batch = batch[:0]
	}
	err = Sitemap(count, func(e Entry) bool {
		to, ok := page.Canonical(base, e.URL)
		if e.URL = to; !ok {
			return true
		}
		switch {
		case e.Index && s.depth < maxNesting && len(more) < maxSitemaps:
			more = append(more, named{to, s.depth + 1, e.Mod})
		case !e.Index && r.site.Has(to):
			batch = append(batch, e)
		}
		if len(batch) >= 2000 {
			flush()
		}
		return problem == nil && ctx.Err() == nil
	})
	flush()
	r.bytes -= count.n
	if problem == nil {
		problem = err
	}
	return more, problem
}

// counting counts what is read.
type counting struct {
	r interface{ Read([]byte) (int, error) }
	n int64
}

// Read reads and counts.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
