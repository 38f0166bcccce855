package crawl

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"counterpoint/ingest/page"
)

// Answer is what a server said to one request.
type Answer struct {
	Status         int
	Body           []byte
	Kind           string // Content-Type
	ETag, Modified string
	RetryAfter     time.Duration // 0 where it does not say; an hour at most
	URL            *url.URL      // after redirects
}

// Get asks for one address that a person chose, such as a feed, and reads the answer whole. With what is known of it,
// an answer of 304 says that nothing changed.
func (c *Crawler) Get(ctx context.Context, address string, known Page) (Answer, error) {
	res, err := c.ask(ctx, address, known)
	if err != nil {
		return Answer{}, bare(err)
	}
	defer res.Body.Close()
	r := answerOf(res)
	a := Answer{Status: r.status, Kind: r.kind, ETag: r.etag, Modified: r.modified, RetryAfter: r.retryAfter(c.o.Now()), URL: r.url}
	a.Body, err = io.ReadAll(res.Body)
	return a, bare(err)
}

// Article fetches one page, wherever it is, and returns its article and its own name: robots.txt and the server's pace
// are kept to as in a round.
func (c *Crawler) Article(ctx context.Context, address string, delay time.Duration) (a page.Article, name string, err error) {
	w := c.newWorker(ctx, Site{Delay: delay, anywhere: true})
	if w.at, err = url.Parse(address); err != nil {
		return a, "", err
	}
	var shut error
	if w.own, shut, err = w.rules(ctx, w.at); err != nil {
		return a, "", err
	}
	switch {
	case shut != nil:
		return a, "", shut
	case !w.own.Allows(w.at):
		return a, "", errForbidden
	}
	if err := w.wait(ctx, c.o.Now().Add(maxDelay)); err != nil {
		return a, "", err
	}
	res, err := w.f.get(Page{URL: address})
	if err != nil {
		return a, "", err
	}
	if res.status != http.StatusOK {
		return a, "", fmt.Errorf("answers %d", res.status)
	}
	doc, err := page.Parse(res.body, res.kind, res.url)
	if err != nil {
		return a, "", err
	}
	a, err = doc.Article()
	return a, doc.Links().Canonical, err
}
