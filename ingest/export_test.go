package ingest

import (
	"context"
	"time"

	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
)

// TakeArticle is what a crawl does with an article.
func TakeArticle(ctx context.Context, d *Door, f crawl.Found) (bool, error) {
	return d.takeArticle(ctx, f)
}

// TakeEntry is what is done with an entry of a feed.
func TakeEntry(ctx context.Context, d *Door, source, lang string, fetched time.Time, e feed.Entry) (bool, error) {
	return d.takeEntry(ctx, source, lang, fetched, e)
}

// Waiting is how many batches wait at the door.
func Waiting(d *Door) int {
	d.queue.mu.Lock()
	defer d.queue.mu.Unlock()
	return len(d.queue.waiting)
}
