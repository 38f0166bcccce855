// Package feed reads the feeds of sites: RSS, Atom, RDF and JSON Feed. It asks for them no more often than it must, and
// takes what they say of themselves with doubt: guids that are not unique, dates that have not come yet.
package feed

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mmcdole/gofeed"
	"github.com/mmcdole/gofeed/rss"

	"counterpoint"
	"counterpoint/ingest/page"
)

// maxEntries is how many entries of a feed are read: its first, which are its newest.
const maxEntries = 500

// ErrFeed refuses what is no feed.
var ErrFeed = errors.New("not a feed")

// Feed is a feed as it was read.
type Feed struct {
	Kind    string // rss, atom or json
	Title   string
	Lang    string        // as it declares
	Every   time.Duration // how often it says it changes; 0 where it does not
	Entries []Entry
	Left    int // entries beyond the limit, and those without anything to read
}

// Entry is one entry. Its locator is its name within the feed: the address where that is its guid, else the guid.
type Entry struct {
	Locator   string
	URL       string
	Title     string
	Author    string
	Published *time.Time
	Precision counterpoint.Precision // of Published
	Doubt     string                 // about its date, in words
	Text      []string               // paragraphs
}

// Parse reads a feed that was fetched from an address at a time.
func Parse(body []byte, contentType string, at *url.URL, fetched time.Time) (f Feed, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the parser gave up: %v", ErrFeed, r)
		}
	}()
	if len(bytes.TrimSpace(body)) == 0 {
		return f, fmt.Errorf("%w: it is empty", ErrFeed)
	}
	parsed, err := parse(body, contentType)
	if err != nil {
		return f, refusal(err, body, contentType, at)
	}
	f = Feed{Kind: parsed.FeedType, Title: parsed.Title, Lang: parsed.Language, Every: period(parsed)}
	names := map[string]int{}
	for _, it := range parsed.Items {
		if it != nil {
			names[it.GUID]++
		}
	}
	for _, it := range parsed.Items {
		if it == nil || len(f.Entries) >= maxEntries {
			f.Left++
			continue
		}
		e := entry(it, at, fetched, names[it.GUID] == 1)
		if e.Locator == "" {
			f.Left++
			continue
		}
		f.Entries = append(f.Entries, e)
	}
	return f, nil
}

// parse reads the feed as it is and, where that fails, as clean UTF-8: servers know the character set better than the
// feed, and many feeds hold letters that XML forbids.
func parse(body []byte, contentType string) (*gofeed.Feed, error) {
	parser := gofeed.NewParser()
	parser.KeepOriginalFeed = true // ttl is only there
	parsed, err := parser.Parse(bytes.NewReader(body))
	if err == nil {
		return parsed, nil
	}
	text := bytes.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError {
			return ' '
		}
		return r
	}, page.UTF8(body, contentType))
	text = bytes.TrimSpace(undeclared(text))
	if parsed, again := parser.Parse(bytes.NewReader(text)); again == nil {
		return parsed, nil
	}
	return nil, err
}

// undeclared takes the declaration away, whose encoding is no longer true.
func undeclared(text []byte) []byte {
	trimmed := bytes.TrimSpace(text)
	if bytes.HasPrefix(trimmed, []byte("<?xml")) {
		if _, rest, ok := bytes.Cut(trimmed, []byte("?>")); ok {
			return rest
		}
	}
	return text
}

// refusal says why, and where a page was given for a feed, which feed it offers.
func refusal(err error, body []byte, contentType string, at *url.URL) error {
	if !errors.Is(err, gofeed.ErrFeedTypeNotDetected) {
		return fmt.Errorf("%w: %w", ErrFeed, err)
	}
	if p, bad := page.Parse(body, contentType, at); bad == nil {
		if feeds := p.Links().Feeds; len(feeds) > 0 {
			return fmt.Errorf("%w: it is a page; the feed that it offers is %s", ErrFeed, feeds[0])
		}
	}
	return fmt.Errorf("%w: it is neither RSS, Atom, RDF nor JSON Feed", ErrFeed)
}

func entry(it *gofeed.Item, at *url.URL, fetched time.Time, unique bool) Entry {
	e := Entry{Title: tidy(it.Title)}
	for _, l := range append([]string{it.Link}, it.Links...) {
		if u, ok := page.Canonical(at, l); ok && l != "" {
			e.URL = u
			break
		}
	}
	for _, a := range it.Authors {
		if a != nil && e.Author == "" {
			e.Author = tidy(cmp.Or(a.Name, a.Email))
		}
	}
	e.Text = page.Fragment(cmp.Or(it.Content, it.Description))
	e.date(it, fetched)
	e.Locator = e.name(it, unique)
	return e
}

// name is the guid, where it is the entry's alone; one that is an address is written as addresses are.
func (e Entry) name(it *gofeed.Item, unique bool) string {
	guid := strings.TrimSpace(it.GUID)
	if u, ok := page.Canonical(nil, guid); ok {
		guid = u
	}
	switch {
	case guid != "" && unique && len(guid) <= 2000:
		return guid
	case e.URL != "":
		return e.URL
	case e.Title != "" || len(e.Text) > 0:
		return counterpoint.ID("entry", guid, e.Title, strings.Join(e.Text, "\n"))
	}
	return ""
}

// aheadOf is how far a clock in the wrong zone can be ahead.
const aheadOf = 14 * time.Hour

// date takes the date of publication, else of the last change. What lies a little ahead is a wrong zone and was
// published by now; what lies far ahead, or before there were feeds, is not known.
func (e *Entry) date(it *gofeed.Item, fetched time.Time) {
	at := it.PublishedParsed
	if at == nil {
		at = it.UpdatedParsed
	}
	if at == nil {
		if it.Published+it.Updated != "" {
			e.Doubt = fmt.Sprintf("its date %.40q cannot be read", cmp.Or(it.Published, it.Updated))
		}
		return
	}
	t := at.UTC()
	switch {
	case t.After(fetched.Add(aheadOf)):
		e.Doubt = "its date has not come yet"
		return
	case t.Year() < 1995:
		e.Doubt = "its date lies before there were feeds"
		return
	case t.After(fetched.Add(time.Minute)):
		e.Doubt = "its clock is ahead; published at the latest when it was fetched"
		t, e.Precision = fetched.UTC(), counterpoint.Day
	default:
		e.Precision = counterpoint.Second
	}
	e.Published = &t
}

func tidy(s string) string {
	s = strings.Join(page.Fragment(s), " ")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	return s
}

// Paragraphs are what an entry has to read: its title, where the text does not begin with it, and its text.
func (e Entry) Paragraphs() []string {
	if e.Title == "" || len(e.Text) > 0 && counterpoint.Fold(e.Text[0]) == counterpoint.Fold(e.Title) {
		return e.Text
	}
	return slices.Concat([]string{e.Title}, e.Text)
}

// period is how often the feed says it changes: ttl in minutes, or the syndication module.
func period(f *gofeed.Feed) time.Duration {
	unit := map[string]time.Duration{"hourly": time.Hour, "daily": 24 * time.Hour, "weekly": 7 * 24 * time.Hour, "monthly": 30 * 24 * time.Hour, "yearly": 365 * 24 * time.Hour}
	sy := func(name string) string {
		for _, e := range f.Extensions["sy"][name] {
			return strings.TrimSpace(e.Value)
		}
		return ""
	}
	every := unit[strings.ToLower(sy("updatePeriod"))]
	if n, err := strconv.Atoi(sy("updateFrequency")); err == nil && n > 0 {
		every /= time.Duration(n)
	}
	if r, ok := f.OriginalFeed().(*rss.Feed); ok {
		if n, err := strconv.Atoi(strings.TrimSpace(r.TTL)); err == nil && n > 0 {
			every = max(every, time.Duration(min(n, 100_000))*time.Minute)
		}
	}
	return every
}
