package ingest_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest"
	"counterpoint/ingest/crawl"
	"counterpoint/ingest/feed"
	"counterpoint/ingest/page"
)

// TestCollectedArticle takes a page through the door as it changes, goes back to what it was, and comes again.
func TestCollectedArticle(t *testing.T) {
	l := &line{sources: map[string]counterpoint.Source{"site-x": {ID: "site-x", Name: "X", Kind: counterpoint.Web, Owner: "x-media", Languages: []string{"swa"}}}}
	d := newDoor(t, l, t.TempDir())
	at := noon.Add(-time.Hour)
	take := func(later time.Duration, want bool, texts ...string) {
		t.Helper()
		f := crawl.Found{Source: "site-x", URL: "https://site.example/a", Fetched: noon.Add(later),
			Article: page.Article{Title: "The market", Author: "Ama Deri", Lang: "sw-KE", Published: &at, Precision: counterpoint.Second, Paragraphs: texts}}
		if changed, err := ingest.TakeArticle(t.Context(), d, f); err != nil || changed != want {
			t.Errorf("%q: changed %v, %v", texts, changed, err)
		}
	}
	take(0, true, "One.")
	take(time.Minute, false, "One.")
	take(2*time.Minute, true, "One, and two.")
	take(3*time.Minute, true, "One.")
	if len(l.parts) != 3 {
		t.Fatalf("%d items", len(l.parts))
	}
	it := l.parts[0]
	want := counterpoint.Item{ID: counterpoint.ItemID("site-x", "https://site.example/a"), Source: "site-x", Kind: counterpoint.Web, Owner: "x-media",
		Locator: "https://site.example/a", Revision: it.Revision, Title: "The market", Lang: "swa", Languages: []string{"swa"}, URL: "https://site.example/a",
		Author: "p_Ama Deri", Format: "web", Precision: counterpoint.Second, Published: &at, Seen: noon, Part: 1, Parts: 1, Context: []counterpoint.Segment{},
		Segments: []counterpoint.Segment{{Seq: 0, Text: "The market", Quality: counterpoint.Good}, {Seq: 1, Text: "One.", Quality: counterpoint.Good}}}
	if d := cmp.Diff(want, it); d != "" {
		t.Error(d)
	}
	if l.parts[0].ID != l.parts[1].ID || l.parts[0].Revision == l.parts[1].Revision || l.parts[0].Revision != l.parts[2].Revision {
		t.Errorf("revisions %s %s %s", l.parts[0].Revision, l.parts[1].Revision, l.parts[2].Revision)
	}
}

// TestCollectedEntry takes an entry of a feed, and doubts what it says of its date and language.
func TestCollectedEntry(t *testing.T) {
	l := &line{sources: map[string]counterpoint.Source{"feed-x": {ID: "feed-x", Name: "X", Kind: counterpoint.Web, Languages: []string{"sag"}}}}
	d := newDoor(t, l, t.TempDir())
	long := strings.Repeat("word ", 5000)
	changed, err := ingest.TakeEntry(t.Context(), d, "feed-x", "en-US", noon, feed.Entry{Locator: "urn:1", URL: "javascript:alert(1)", Title: "Title", Text: []string{long, "\x00"}})
	if err != nil || !changed || len(l.parts) != 1 {
		t.Fatalf("%v, %v, %d items", changed, err, len(l.parts))
	}
	it := l.parts[0]
	if it.Locator != "urn:1" || it.URL != "" || it.Lang != "" || it.Format != "feed" || it.Published != nil || it.Precision != "" && it.Precision != counterpoint.Unknown {
		t.Errorf("%+v", it)
	}
	for _, s := range it.Segments {
		if len(s.Text) > 8<<10 || s.Text == "" {
			t.Errorf("a segment of %d bytes", len(s.Text))
		}
	}
	if _, err := ingest.TakeEntry(context.Background(), d, "unknown", "", noon, feed.Entry{Locator: "1", Title: "T"}); err == nil {
		t.Error("an entry of a source that nobody knows was taken")
	}
	l.err = counterpoint.ErrAway
	if _, err := ingest.TakeEntry(t.Context(), d, "feed-x", "", noon, feed.Entry{Locator: "urn:2", Title: "T"}); err == nil {
		t.Error("an entry that could not be published counts as taken")
	}
	l.err = nil
	if changed, err := ingest.TakeEntry(t.Context(), d, "feed-x", "", noon, feed.Entry{Locator: "urn:2", Title: "T"}); err != nil || !changed {
		t.Errorf("and again: %v, %v", changed, err)
	}
}

// TestCollectedOwner: a site heard by crawl and by feed is one voice, unless its owner is named.
func TestCollectedOwner(t *testing.T) {
	l := &line{sources: map[string]counterpoint.Source{
		"site-x": {ID: "site-x", Name: "X", Kind: counterpoint.Web}, "feed-x": {ID: "feed-x", Name: "X", Kind: counterpoint.Web},
		"named": {ID: "named", Name: "X", Kind: counterpoint.Web, Owner: "x-media"}, "channel": {ID: "channel", Name: "X", Kind: counterpoint.Social},
	}}
	d := newDoor(t, l, t.TempDir())
	page := page.Article{Title: "The market", Paragraphs: []string{"One."}}
	if _, err := ingest.TakeArticle(t.Context(), d, crawl.Found{Source: "site-x", URL: "https://www.Site.example:8443/a", Fetched: noon, Article: page}); err != nil {
		t.Fatal(err)
	}
	want := []string{"site.example"}
	entry := func(source, address, owner string) {
		t.Helper()
		if _, err := ingest.TakeEntry(t.Context(), d, source, "", noon, feed.Entry{Locator: address, URL: address, Title: "The market", Text: []string{"One."}}); err != nil {
			t.Fatal(err)
		}
		want = append(want, owner)
	}
	entry("feed-x", "https://site.example/a", "site.example")
	entry("feed-x", "javascript:alert(1)", "feed-x")
	entry("named", "https://site.example/a", "x-media")
	entry("channel", "https://platform.example/a", "channel")
	var got []string
	for _, it := range l.parts {
		got = append(got, it.Owner)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
