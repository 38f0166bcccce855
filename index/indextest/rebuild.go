package indextest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"counterpoint"
	"counterpoint/index"
)

// rebuild is the heart of the contract: whatever the order in which the three logs reach the index (within an
// item, and among decisions, it is fixed), and however they are cut into batches, the documents end the same.
// The decisions are made by people who look at the index as it is on the way. The live line runs on the backend,
// the others on maps, so what the backend stores is compared as well.
func rebuild(t *testing.T, open Open) {
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		store := open(t, filepath.Join(dir, fmt.Sprint("index-", n)))
		defer store.Close()
		w := &world{T: rt}
		w.record()
		live := w.live(store)
		want := dump(rt, live.store)
		straight := w.line(&memory{})
		straight.items(w.items...)
		straight.assess(w.assessments...)
		for _, e := range w.events {
			straight.decide(e, nil)
		}
		same(rt, "rebuilt", want, dump(rt, straight.store))
		mixed := w.replay()
		same(rt, "in another order", want, dump(rt, mixed.store))
	})
}

func same(t *rapid.T, how, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	t.Fatalf("the index %s differs from the live one (-live +%s):\n%s", how, how, cmp.Diff(
		slices.DeleteFunc(slices.Clone(a), func(l string) bool { return slices.Contains(b, l) }),
		slices.DeleteFunc(slices.Clone(b), func(l string) bool { return slices.Contains(a, l) }),
	))
}

// world is what happens, as the logs have it.
type world struct {
	*rapid.T
	items       []counterpoint.Item
	assessments []counterpoint.Assessment
	events      []counterpoint.Event
	old         []counterpoint.Event // made at some time, perhaps never appended
}

func (w *world) draw(label string, from, to int) int {
	return rapid.IntRange(from, to).Draw(w.T, label)
}

// nearTexts are near-copies of each other, in part: the second and third of the first, the fourth of the second and not
// of the first, the fifth denies it. The sixth is heard by one classifier only.
var nearTexts = func() []string {
	const long = "now we all say it again to you banish them from the river to the last house"
	return []string{
		long,
		strings.Replace(long, "last house", "first tree", 1),
		"Forwarded: " + strings.ToUpper(long) + "!",
		strings.Replace(strings.Replace(long, "last house", "first tree", 1), "now we", "then we", 1),
		strings.Replace(long, "banish", "never banish", 1),
		strings.Replace(long, "now we all", "now we chase", 1),
	}
}()

// record makes the logs of items and assessments. Few words and few items, so that passages meet.
func (w *world) record() {
	texts := append([]string{"banish them", "banish the Oshun", "chase them", "good rain", "chase and banish", "hello"}, nearTexts...)
	for i := range w.draw("items", 1, 3) {
		var revisions []counterpoint.Item
		day := []int{0, 1, 20, 31, 45, 100}[w.draw("day", 0, 5)]
		for range w.draw("revisions", 1, 3) {
			var said []string
			for range w.draw("segments", 1, 5) {
				said = append(said, texts[w.draw("text", 0, len(texts)-1)])
			}
			it := broadcast(fmt.Sprint("i", i), said...)
			it.Source, it.Owner = fmt.Sprint("radio-", i%2), fmt.Sprint("owner-", i)
			recorded := at(0).AddDate(0, 0, day)
			it.Recorded = &recorded
			close := int64(w.draw("pause", 1, 2)) * 20_000
			for k := range it.Segments {
				start, end := int64(k)*close, int64(k)*close+900
				it.Segments[k].StartMS, it.Segments[k].EndMS = &start, &end
			}
			revisions = append(revisions, it)
		}
		if w.draw("goes back", 0, 2) == 0 {
			revisions = append(revisions, revisions[0])
		}
		for _, it := range revisions {
			w.item(it)
		}
		if w.draw("erased", 0, 2) == 0 {
			w.erase(revisions[0])
		}
	}
}

// erase appends the marks of an item that was erased, perhaps twice, as when an erasure is begun again; the item may
// come in again.
func (w *world) erase(it counterpoint.Item) {
	for range w.draw("marked", 1, 2) {
		w.items = append(w.items, counterpoint.ErasedItem(it.ID, it.Source, later(0)))
		w.assessments = append(w.assessments, counterpoint.ErasedAssessment(it.ID, it.Source, later(0)))
	}
	if w.draw("comes again", 0, 1) == 1 {
		w.item(it)
	}
}

// item appends the parts of a revision, perhaps twice, and what classify makes of each.
func (w *world) item(it counterpoint.Item) {
	starts := []int{0}
	if n := len(it.Segments); n > 1 && w.draw("parts", 1, 2) == 2 {
		starts = append(starts, w.draw("cut", 1, n-1))
	}
	parts := cut(it, starts...)
	for range w.draw("sent", 1, 2) {
		w.items = append(w.items, parts...)
	}
	for range w.draw("judged", 1, 3) {
		version := w.draw("version", 1, 3)
		for _, p := range parts {
			w.assessments = append(w.assessments, judged(p, version))
		}
	}
}

// deal takes the logs into the line in a drawn order that keeps the order within each item, in small batches;
// between batches it calls act.
func (w *world) deal(l *line, act func()) {
	items, assessments := byItem(w.items, counterpoint.Item.Key), byItem(w.assessments, counterpoint.Assessment.Key)
	for len(items)+len(assessments) > 0 {
		n := w.draw("batch", 1, 4)
		if k := w.draw("which", 0, len(items)+len(assessments)-1); k < len(items) {
			l.items(take(&items, k, n)...)
		} else {
			l.assess(take(&assessments, k-len(items), n)...)
		}
		act()
	}
}

func byItem[T any](log []T, key func(T) string) [][]T {
	var out [][]T
	at := map[string]int{}
	for _, x := range log {
		i, ok := at[key(x)]
		if !ok {
			i = len(out)
			at[key(x)] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], x)
	}
	return out
}

func take[T any](queues *[][]T, k, n int) []T {
	q := (*queues)[k]
	n = min(n, len(q))
	if (*queues)[k] = q[n:]; n == len(q) {
		*queues = slices.Delete(*queues, k, k+1)
	}
	return q[:n]
}

func (w *world) line(s index.Store) *line {
	return &line{w.T, s, index.NewProjector(s, index.ProjectorOptions{}), map[string]int64{}}
}

func (w *world) live(s index.Store) *line {
	l := w.line(s)
	act := func() {
		for range w.draw("decisions", 0, 2) {
			if e, ok := w.decide(l); ok {
				w.events = append(w.events, e)
				l.decide(e, nil)
			}
		}
	}
	w.deal(l, act)
	act()
	return l
}

// replay is the same logs in another order, decisions early, late or between.
func (w *world) replay() *line {
	l := w.line(&memory{})
	left := w.events
	w.deal(l, func() {
		n := min(w.draw("events", 0, 3), len(left))
		for _, e := range left[:n] {
			l.decide(e, nil)
		}
		left = left[n:]
	})
	for _, e := range left {
		l.decide(e, nil)
	}
	return l
}

// decide is what a person does on seeing the index, or an event that comes late, twice or out of nowhere.
func (w *world) decide(l *line) (counterpoint.Event, bool) {
	now := later(len(w.old))
	flags := l.flags()
	var e counterpoint.Event
	var err error
	switch k := w.draw("what", 0, 9); {
	case k == 0 && len(w.old) > 0:
		return w.old[w.draw("old", 0, len(w.old)-1)], true
	case k == 1:
		e, err = (&counterpoint.Flag{ID: "flag-nobody-raised", Version: w.draw("version", 0, 2), State: counterpoint.Open}).Reject("bosco", now, "no")
	case k == 9:
		e, err = w.erasure(l, flags)
	case k <= 3:
		it := w.items[w.draw("by hand", 0, len(w.items)-1)]
		if it.Erased {
			return e, false
		}
		from := w.draw("from", 0, len(it.Segments)-1)
		s := counterpoint.NewSighting(it, it.Segments[from:w.draw("to", from, len(it.Segments)-1)+1])
		e, err = counterpoint.RaiseByHand("amina", now, s, 1, "heard")
	case len(flags) == 0:
		return e, false
	default:
		e, err = w.review(&flags[w.draw("flag", 0, len(flags)-1)])
	}
	if err != nil {
		return e, false // the guards say no; nothing is appended
	}
	e.ID = fmt.Sprint("evt-", len(w.old))
	w.old = append(w.old, e)
	return e, w.draw("appended", 0, 4) > 0
}

// erasure is what is said of an item that was erased, or will be.
func (w *world) erasure(l *line, flags []counterpoint.Flag) (counterpoint.Event, error) {
	it := w.items[w.draw("erase", 0, len(w.items)-1)]
	x := counterpoint.Erasure{Items: []string{it.ID}, Case: "2026-1", Reason: "consent withdrawn"}
	for _, f := range flags {
		x.Flags = append(x.Flags, f.ID)
	}
	src := counterpoint.Source{ID: it.Source}
	if err := l.store.Get(l.t.Context(), counterpoint.KindSource, it.Source, &src); err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return counterpoint.Event{}, err
	}
	return src.Erase("operator", later(len(w.old)), x)
}

func (w *world) review(f *counterpoint.Flag) (counterpoint.Event, error) {
	now := later(len(w.old))
	switch w.draw("review", 0, 6) {
	case 0:
		return f.Confirm("amina", now, rabat, "", "")
	case 1:
		return f.Reject("bosco", now, "an old song")
	case 2:
		return f.Reopen("amina", now, "new light")
	case 3:
		return f.AddNote("bosco", now, "listen again", "")
	case 4:
		return f.Link("amina", now, "nar_1")
	case 5:
		return f.TakeLease("bosco", now)
	}
	return f.AskContext("amina", now, "a speaker of it", nil, "")
}
