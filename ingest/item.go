package ingest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"counterpoint"
	"counterpoint/ingest/transcript"
)

// item is what the line carries: what was parsed, what the person and the file's name say, and what is known
// of the source.
func (in *intake) item(src counterpoint.Source, p transcript.Parsed) counterpoint.Item {
	it := counterpoint.Item{
		Source: src.ID, Kind: src.Kind, Reach: src.Reach, Country: src.Country,
		Languages: src.Languages, Own: src.Own, Example: src.Example,
		Title: p.Title, Lang: p.Lang, URL: p.URL, Author: p.Author, Format: in.format,
		Published: p.Published, Seen: in.door.o.Now().UTC(), Segments: p.Segments,
		Revision: counterpoint.Revision(p.Segments),
	}
	if !in.told() {
		it.Title = first(first(in.o.Title, p.Title), stem(in.name))
	}
	it.Title = short(it.Title)
	it.URL = in.address("url", p.URL, "http", "https")
	it.Owner = in.owner(src, it.URL)
	it.Lang = in.lang(p)
	it.Recorded, it.Precision = in.recorded(src, p)
	it.Audio = first(first(in.o.Audio, p.Audio), audioAt(src, in.name, it.Recorded))
	it.Audio = in.address("audio", it.Audio, "http", "https", "file")
	it.Clock = timed(p.Segments)
	it.Locator = in.locator(p, it)
	it.ID = counterpoint.ItemID(it.Source, it.Locator)
	return it
}

// owner is whose voice the item is: the source's owner, else the site that a collected page or entry is on, so that a
// site heard by crawl and by feed is one voice. Many people post on one platform, so a social source is its own.
func (in *intake) owner(src counterpoint.Source, address string) string {
	collected := in.format == formatWeb || in.format == formatFeed
	if src.Owner == "" && src.Kind == counterpoint.Web && collected {
		if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
			return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
		}
	}
	return first(src.Owner, src.ID)
}

// told reports whether the item comes with all that is to be said of it: its name, title and time are not to be had
// from a file around it.
func (in *intake) told() bool {
	return in.format == "jsonl" || in.format == formatWeb || in.format == formatFeed || in.reported
}

// lang is what a line of JSONL declares for itself, else what the person said, else what the file says.
func (in *intake) lang(p transcript.Parsed) string {
	if in.told() && p.Lang != "" || in.o.Lang == "" {
		return p.Lang
	}
	code, _ := counterpoint.Lang(in.o.Lang)
	return code
}

// recorded is when the recording began: as the person or the sidecar says, as the file's name tells, or as the
// file says. Of the precision of a line that is only published, the line's own is kept.
func (in *intake) recorded(src counterpoint.Source, p transcript.Parsed) (*time.Time, counterpoint.Precision) {
	if in.told() && (p.Recorded != nil || p.Published != nil) {
		return p.Recorded, p.Precision
	}
	if in.o.Recorded != nil {
		at := in.o.Recorded.UTC()
		if in.o.Precision != "" {
			return &at, in.o.Precision
		}
		return &at, counterpoint.Second
	}
	if src.FileTime != "" && !in.told() {
		if at, precision, ok := FileTime(in.name, src.FileTime, zone(src)); ok {
			return &at, precision
		}
	}
	if p.Recorded != nil {
		return p.Recorded, p.Precision
	}
	return nil, counterpoint.Unknown
}

// locator names the item within its source: as the person says, by the recording's own id, by its start where
// that is exact, else by its bytes. Beside the start stands the file's name without ending, so that two
// programmes given one start do not replace each other; what a recogniser writes of one recording in several
// formats has one name, and is one item.
func (in *intake) locator(p transcript.Parsed, it counterpoint.Item) string {
	switch {
	case in.o.Locator != "" && !in.told():
		return in.o.Locator
	case p.Locator != "":
		return p.Locator
	case !in.told() && it.Recorded != nil && exact(it.Precision):
		return strings.TrimSuffix(it.Recorded.UTC().Format(time.RFC3339)+"/"+stem(in.name), "/")
	}
	return p.Digest
}

// scope is where the same bytes are the same thing: a file's are within its source and start, under any name.
func (in *intake) scope(it counterpoint.Item) string {
	if in.told() || in.o.Locator != "" {
		return it.ID
	}
	start := ""
	if it.Recorded != nil {
		start = it.Recorded.UTC().Format(time.RFC3339)
	}
	return counterpoint.ID("scope", it.Source, start)
}

// maxTitle is the longest title kept, in letters: lists and pages show many at once.
const maxTitle = 300

func short(title string) string {
	if len(title) <= maxTitle {
		return title
	}
	if r := []rune(title); len(r) > maxTitle {
		return string(r[:maxTitle-1]) + "…"
	}
	return title
}

// address drops an address that nobody should be led to, such as javascript:, and says so. A path is none; nor is
// a single letter before the colon, which is a drive.
func (in *intake) address(field, a string, schemes ...string) string {
	a = strings.TrimSpace(strings.Map(func(r rune) rune { // as a browser reads it
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, a))
	scheme, _, ok := strings.Cut(a, ":")
	if !ok || len(scheme) < 2 || strings.ContainsAny(scheme, "/\\ ") || slices.Contains(schemes, strings.ToLower(scheme)) {
		return a
	}
	in.note(fmt.Sprintf("%s %.80q is not an address that people can be led to and was left out", field, a))
	return ""
}

func timed(segments []counterpoint.Segment) bool {
	for _, s := range segments {
		if s.StartMS != nil {
			return true
		}
	}
	return false
}
