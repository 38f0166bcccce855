// Package apitest is a Book: views, decisions and secrets in memory, for testing what stands on api.Desk
// without a stream or an index. Events are applied the moment they are published, by the same
// counterpoint.Apply that the index uses.
package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// Book is a record and its views in memory. It is safe for concurrent use.
type Book struct {
	t       testing.TB
	secrets *Secrets

	mu     sync.Mutex
	docs   map[counterpoint.Kind]map[string]any
	events []counterpoint.Event // as in the log: sealed
	seen   map[string]bool
	held   []counterpoint.Event
	hold   bool
	fail   error
}

var (
	_ counterpoint.Views = (*Book)(nil)
	_ api.Decisions      = (*Book)(nil)
)

// NewBook makes an empty book.
func NewBook(t testing.TB) *Book {
	return &Book{
		t: t, secrets: &Secrets{values: map[string][]byte{}},
		docs: map[counterpoint.Kind]map[string]any{}, seen: map[string]bool{},
	}
}

// Secrets are the book's passwords, tokens and keys.
func (b *Book) Secrets() *Secrets { return b.secrets }

// Desk is a desk over the book. Options left zero get the book's; a pending command is answered after
// 50 ms unless Wait says otherwise.
func (b *Book) Desk(o api.DeskOptions) *api.Desk {
	if o.Views == nil {
		o.Views = b
	}
	if o.Decisions == nil {
		o.Decisions = b
	}
	if o.Secrets == nil {
		o.Secrets = b.secrets
	}
	if o.Wait == 0 {
		o.Wait = 50 * time.Millisecond
	}
	return api.NewDesk(o)
}

// Hold keeps events from being applied, so that commands stay pending.
func (b *Book) Hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hold = true
}

// Release applies what was held and goes on as before.
func (b *Book) Release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.held {
		b.apply(e)
	}
	b.held, b.hold = nil, false
}

// Fail makes every read and write answer err, until it is called with nil.
func (b *Book) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// Events are the events of the log so far, as they lie there.
func (b *Book) Events() []counterpoint.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

// Publish appends events and applies them.
func (b *Book) Publish(_ context.Context, events ...counterpoint.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	for _, e := range events {
		b.events = append(b.events, e)
		if b.hold {
			b.held = append(b.held, e)
			continue
		}
		b.apply(e)
	}
	return nil
}

func (b *Book) apply(logged counterpoint.Event) {
	if b.seen[logged.ID] {
		return
	}
	b.seen[logged.ID] = true
	e, err := logged.Unseal(b.secrets.open)
	if err != nil {
		b.t.Errorf("apitest: %v", err)
		return
	}
	on := b.aggregate(e.On)
	var also counterpoint.Aggregate
	if e.Also != nil {
		also = b.aggregate(*e.Also)
	}
	out := counterpoint.Apply(e, on, also)
	if out.Applied {
		b.put(e.On.Kind, e.On.ID, on)
		if also != nil {
			b.put(e.Also.Kind, e.Also.ID, also)
		}
		if e.Type == "flag.raise" && e.Judged != nil {
			b.raised(e.Judged.Item, e.On.ID)
		}
	}
	out.Event, out.Offset = logged, int64(len(b.docs[counterpoint.KindEvent]))
	b.put(counterpoint.KindEvent, e.ID, &out)
}

// aggregate is a copy of the aggregate, which the caller may change.
func (b *Book) aggregate(r counterpoint.Ref) counterpoint.Aggregate {
	a, err := counterpoint.NewAggregate(r.Kind, r.ID)
	if err != nil {
		b.t.Errorf("apitest: %v", err)
		return nil
	}
	if doc, ok := b.docs[r.Kind][r.ID]; ok {
		copyInto(doc, a)
	}
	return a
}

func copyInto(doc, into any) {
	raw, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(raw, into)
	}
	if err != nil {
		panic(fmt.Sprintf("apitest: %T: %v", doc, err)) // our own types only
	}
}

func (b *Book) put(k counterpoint.Kind, id string, doc any) {
	if b.docs[k] == nil {
		b.docs[k] = map[string]any{}
	}
	b.docs[k][id] = doc
}

func (b *Book) raised(item, flag string) {
	doc, ok := b.docs[counterpoint.KindItem][item].(*counterpoint.ItemView)
	if !ok || slices.Contains(doc.Flags, flag) {
		return
	}
	it := *doc
	it.Flags = append(slices.Clone(it.Flags), flag)
	b.put(counterpoint.KindItem, item, &it)
}

// AddItem adds an item and its segments. What is left zero of ids, sequence numbers, times and counts is
// filled in. It returns the item as it stands in the book.
func (b *Book) AddItem(it counterpoint.ItemView) counterpoint.ItemView {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complete(&it)
	b.put(counterpoint.KindItem, it.ID, &it)
	for i := range it.Segments {
		s := it.Segments[i]
		b.put(counterpoint.KindSegment, s.ID, &s)
	}
	return it
}

func (b *Book) complete(it *counterpoint.ItemView) {
	set(&it.Source, "radio-one")
	set(&it.Locator, strings.Join([]string{it.Title, it.Source}, "/"))
	set(&it.ID, counterpoint.ItemID(it.Source, it.Locator))
	set(&it.Kind, counterpoint.Radio)
	set(&it.Lang, counterpoint.Undetermined)
	set(&it.Precision, counterpoint.Second)
	set(&it.Quality, counterpoint.Good)
	set(&it.Version, 1)
	set(&it.Parts, 1)
	if it.Seen.IsZero() {
		it.Seen = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	}
	it.Segments = slices.Clone(it.Segments)
	for i := range it.Segments {
		s := &it.Segments[i]
		s.Seq, s.Item, s.Source, s.Seen, s.Example = i, it.ID, it.Source, it.Seen, it.Example
		s.ID = counterpoint.SegmentID(it.ID, i)
		set(&s.Lang, it.Lang)
		set(&s.Quality, it.Quality)
		set(&s.Version, 1)
		if s.Heard == nil {
			s.Heard = counterpoint.Item{Recorded: it.Recorded, Published: it.Published}.HeardAt(s.StartMS)
		}
		if s.Labels == nil {
			s.Labels = []counterpoint.Label{}
		}
	}
	it.Count = len(it.Segments)
	if it.Flags == nil {
		it.Flags = []string{}
	}
	if it.Segments == nil {
		it.Segments = []counterpoint.SegmentView{}
	}
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// AddFlag raises a flag from a sighting, as the index would, and returns it. Passage makes a sighting of an
// item's segments.
func (b *Book) AddFlag(s counterpoint.Sighting) counterpoint.Flag {
	b.mu.Lock()
	defer b.mu.Unlock()
	set(&s.Stance, counterpoint.Assert)
	set(&s.Basis, counterpoint.ByCues)
	set(&s.Quality, counterpoint.Good)
	set(&s.Level, 1)
	set(&s.Imminence, 1)
	if s.Seen.IsZero() {
		s.Seen = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	}
	if s.Flagged.IsZero() {
		s.Flagged = s.Seen.Add(time.Second)
	}
	ref := counterpoint.Ref{Kind: counterpoint.KindFlag, ID: s.FlagID()}
	f := b.aggregate(ref).(*counterpoint.Flag)
	now := slices.DeleteFunc(slices.Clone(f.Sightings), func(o counterpoint.Sighting) bool { return o.Item != s.Item || o.Overlaps(s) })
	score := counterpoint.FlagScore{Item: s.Item, Revision: s.Revision, At: s.Flagged, Level: s.Level, Scores: s.Scores, Versions: s.Versions}
	f.Hear(s.Item, append(now, s), nil, []counterpoint.FlagScore{score})
	b.put(counterpoint.KindFlag, f.ID, f)
	b.raised(s.Item, f.ID)
	return *f
}

// AddCopy raises a flag that is a near-copy of another, as the index would find it.
func (b *Book) AddCopy(of counterpoint.Flag, s counterpoint.Sighting, differs int) counterpoint.Flag {
	added := b.AddFlag(s)
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.aggregate(added.Ref()).(*counterpoint.Flag)
	head := b.aggregate(of.Ref()).(*counterpoint.Flag)
	f.Relate(head.ID, nil)
	head.Relate("", append(head.Copies, f.AsCopy(differs)))
	b.put(counterpoint.KindFlag, f.ID, f)
	b.put(counterpoint.KindFlag, head.ID, head)
	return *f
}

// AddAccount makes an account with the roles, by the program itself.
func (b *Book) AddAccount(name string, roles ...counterpoint.PersonRole) counterpoint.Account {
	b.t.Helper()
	e, err := counterpoint.NewAccount(api.Operator.ID, time.Now(), name, roles, false)
	b.must(err)
	b.must(b.Publish(context.Background(), e))
	return Get[counterpoint.Account](b, e.On.ID)
}

// AddSource registers a source.
func (b *Book) AddSource(s counterpoint.Source) counterpoint.Source {
	b.t.Helper()
	set(&s.Name, s.ID)
	set(&s.Kind, counterpoint.Radio)
	e, err := s.Register(api.Operator.ID, time.Now())
	b.must(err)
	b.must(b.Publish(context.Background(), e))
	return Get[counterpoint.Source](b, s.ID)
}

func (b *Book) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("apitest: %v", err)
	}
}

// Get is a document of the book; the test ends when there is none.
func Get[T counterpoint.Viewed](b *Book, id string) T {
	b.t.Helper()
	doc, err := counterpoint.Load[T](context.Background(), b, id)
	b.must(err)
	return doc
}
