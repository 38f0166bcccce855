package apitest

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// Get fills into with a copy of the document.
func (b *Book) Get(_ context.Context, kind counterpoint.Kind, id string, into any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	doc, ok := b.docs[kind][id]
	if !ok {
		return counterpoint.ErrNotFound
	}
	copyInto(doc, into)
	return nil
}

// List calls each with the documents of a page.
func (b *Book) List(_ context.Context, kind counterpoint.Kind, q counterpoint.Query, each func(doc []byte) error) (string, error) {
	b.mu.Lock()
	page, next, err := b.page(kind, q)
	b.mu.Unlock()
	if err != nil {
		return "", err
	}
	for _, d := range page {
		raw, err := json.Marshal(d.doc)
		if err != nil {
			return "", err
		}
		if err := each(raw); err != nil {
			return "", err
		}
	}
	return next, nil
}

// Search finds segments by words, all of which must occur. As on the real indices, it needs words.
func (b *Book) Search(_ context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := counterpoint.Page[counterpoint.Hit]{Data: []counterpoint.Hit{}}
	if q.Text == "" {
		return p, counterpoint.Invalid{{Field: "q", Message: "has no word to search for"}}
	}
	page, next, err := b.page(counterpoint.KindSegment, q)
	if err != nil {
		return p, err
	}
	for _, d := range page {
		s := *d.doc.(*counterpoint.SegmentView)
		p.Data = append(p.Data, counterpoint.Hit{Found: s, Highlights: highlights(s.Text, q.Text)})
	}
	p.Next = next
	return p, nil
}

// Count counts the documents of a query by group.
func (b *Book) Count(_ context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, err := b.matching(kind, q)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, d := range all {
		for _, k := range d.groups(by) {
			n[k]++
		}
	}
	if by == "" {
		return []counterpoint.Group{{Count: len(all)}}, nil
	}
	out := []counterpoint.Group{}
	for k, c := range n {
		out = append(out, counterpoint.Group{Key: k, Count: c})
	}
	slices.SortFunc(out, func(a, b counterpoint.Group) int { return cmp.Compare(a.Key, b.Key) })
	return out, nil
}

// entry is a document with what lists filter and order it by.
type entry struct {
	doc                                            any
	id, source, state, narrative, message, station string
	text                                           string
	items, langs                                   []string
	labels                                         []counterpoint.Label
	level                                          int
	hasLevel                                       bool
	at                                             time.Time
	rank                                           float64
}

func (b *Book) page(kind counterpoint.Kind, q counterpoint.Query) ([]entry, string, error) {
	all, err := b.matching(kind, q)
	if err != nil {
		return nil, "", err
	}
	from := 0
	if q.Cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		at := slices.IndexFunc(all, func(e entry) bool { return e.id == string(raw) })
		if err != nil || at < 0 {
			return nil, "", counterpoint.Invalid{{Field: "cursor", Message: "is not one that this list gave"}}
		}
		from = at + 1
	}
	limit := cmp.Or(q.Limit, counterpoint.DefaultLimit)
	to := min(len(all), from+limit)
	next := ""
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(all[to-1].id))
	}
	return all[from:to], next, nil
}

func (b *Book) matching(kind counterpoint.Kind, q counterpoint.Query) ([]entry, error) {
	if b.fail != nil {
		return nil, b.fail
	}
	if strings.TrimSpace(q.Text) != "" && counterpoint.Fold(q.Text) == "" {
		return nil, counterpoint.Invalid{{Field: "q", Message: "has no word to search for"}}
	}
	var all []entry
	for id, doc := range b.docs[kind] {
		e := entryOf(id, doc)
		if e.matches(q) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), b.at.Compare(a.at), cmp.Compare(a.id, b.id))
	})
	return all, nil
}

func entryOf(id string, doc any) entry {
	e := entry{doc: doc, id: id}
	switch d := doc.(type) {
	case *counterpoint.ItemView:
		e.source, e.langs, e.at, e.items = d.Source, []string{d.Lang}, when(d.Recorded, when(d.Published, d.Seen)), []string{d.ID}
		e.state = d.State()
		for _, s := range d.Segments {
			e.text += s.Text + "\n"
			e.labels = append(e.labels, s.Labels...)
			e.level, e.hasLevel = max(e.level, s.Level), true
		}
	case *counterpoint.SegmentView:
		e.source, e.langs, e.at, e.items = d.Source, []string{d.Lang}, when(d.Heard, d.Seen), []string{d.Item}
		e.labels, e.level, e.hasLevel, e.text = d.Labels, d.Level, true, d.Text
	case *counterpoint.Flag:
		e.source, e.langs, e.at, e.state = d.Source, []string{d.Lang}, when(d.Heard, d.Seen), string(d.State)
		e.labels, e.level, e.hasLevel, e.text, e.narrative, e.rank = d.Labels, d.Level, true, d.Text, d.Narrative, d.Rank()
		e.items = []string{d.Item}
	case *counterpoint.Narrative:
		e.at, e.langs, e.narrative, e.text = d.CreatedAt, d.Languages, d.ID, d.Title
	case *counterpoint.Message:
		e.at, e.state, e.narrative, e.message = d.CreatedAt, string(d.State), d.Narrative, d.ID
		for _, v := range d.Variants {
			e.langs = append(e.langs, v.Lang)
			e.text += v.Script + "\n"
		}
	case *counterpoint.Airing:
		e.at, e.state, e.narrative, e.message, e.station, e.langs = d.Planned, string(d.State), d.Narrative, d.Message, d.Station, []string{d.Lang}
	case *counterpoint.Followup:
		e.at, e.state, e.source, e.items = d.CreatedAt, d.State, d.Source, []string{d.ID}
	case *counterpoint.Source:
		e.at, e.source, e.langs, e.text = d.CreatedAt, d.ID, d.Languages, d.Name
	case *counterpoint.Alert:
		e.at, e.state, e.source, e.langs, e.level, e.hasLevel = d.Raised, string(d.State), d.Source, []string{d.Lang}, d.Level, true
		e.items = []string{d.Item}
	case *counterpoint.Account:
		e.at, e.state, e.text = d.CreatedAt, counterpoint.StateOf(d), d.Name
	case *counterpoint.Outcome:
		e.at, e.state, e.text = d.Event.At, d.Audited(), d.Event.Type
	}
	return e
}

func when(t *time.Time, otherwise time.Time) time.Time {
	if t != nil {
		return *t
	}
	return otherwise
}

func (e entry) matches(q counterpoint.Query) bool {
	for _, w := range strings.Fields(counterpoint.Fold(q.Text)) {
		if !strings.Contains(counterpoint.Fold(e.text), w) {
			return false
		}
	}
	return anyOf(q.Source, e.source) && anyOf(q.State, e.state) && anyOf(q.Narrative, e.narrative) &&
		anyOf(q.Message, e.message) && anyOf(q.Station, e.station) && anyOf(q.Lang, e.langs...) &&
		anyOf(q.Item, e.items...) && anyOf(q.Label, e.labels...) &&
		(len(q.Level) == 0 || e.hasLevel && slices.Contains(q.Level, e.level)) &&
		(q.From.IsZero() || !e.at.Before(q.From)) && (q.To.IsZero() || e.at.Before(q.To))
}

func anyOf[T comparable](wanted []T, have ...T) bool {
	if len(wanted) == 0 {
		return true
	}
	return slices.ContainsFunc(have, func(h T) bool { return slices.Contains(wanted, h) })
}

func (e entry) groups(by counterpoint.GroupBy) []string {
	if field, daily, _ := by.Field(); daily {
		values := e.groups(field)
		out := make([]string, 0, len(values))
		for _, v := range values {
			if v != "" {
				out = append(out, e.groups(counterpoint.ByDay)[0]+" "+v)
			}
		}
		return out
	}
	switch by {
	case counterpoint.BySource:
		return []string{e.source}
	case counterpoint.ByLang:
		return e.langs
	case counterpoint.ByLevel:
		return []string{strconv.Itoa(e.level)}
	case counterpoint.ByNarrative:
		return []string{e.narrative}
	case counterpoint.ByState:
		return []string{e.state}
	case counterpoint.ByDay:
		return []string{e.at.UTC().Truncate(24 * time.Hour).Format(time.RFC3339)}
	case counterpoint.ByHour:
		return []string{e.at.UTC().Truncate(time.Hour).Format(time.RFC3339)}
	case counterpoint.ByLabel:
		out := make([]string, len(e.labels))
		for i, l := range e.labels {
			out[i] = string(l)
		}
		return out
	}
	return []string{fmt.Sprintf("unknown group %q", by)}
}

// highlights are where the words of the query stand, by exact match of lower case alone.
func highlights(text, query string) []counterpoint.Span {
	var out []counterpoint.Span
	lower := []rune(strings.ToLower(text))
	for _, w := range strings.Fields(counterpoint.Fold(query)) {
		word := []rune(w)
		for i := 0; i+len(word) <= len(lower); i++ {
			if string(lower[i:i+len(word)]) == w {
				out = append(out, counterpoint.Span{Start: i, End: i + len(word)})
			}
		}
	}
	slices.SortFunc(out, func(a, b counterpoint.Span) int { return cmp.Compare(a.Start, b.Start) })
	return out
}
