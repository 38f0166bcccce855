package indextest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

func entries[T any](from int, list ...T) []counterpoint.Entry[T] {
	var out []counterpoint.Entry[T]
	for i, v := range list {
		out = append(out, counterpoint.Entry[T]{Position: counterpoint.Position{Offset: int64(from + i)}, Time: day, Value: v})
	}
	return out
}

// TestReadsAhead: a store far away is asked twice for a batch, and never for one document.
func TestReadsAhead(t *testing.T) {
	s := newStaged()
	p := index.NewProjector(s, index.ProjectorOptions{})
	f := func(what string, rounds int, do func() error) {
		t.Helper()
		s.fetched, s.rounds = 0, 0
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if s.fetched != 0 || s.rounds > rounds {
			t.Errorf("%s: %d documents asked for alone and %d rounds, want 0 and at most %d", what, s.fetched, s.rounds, rounds)
		}
	}
	one, two := broadcast("i1", "hello", "banish the Velari", "chase them"), broadcast("i2", "banish the Oshun", "rain")
	revised := broadcast("i1", "hello", "chase the Oshun")
	parts := cut(broadcast("i3", "hello", "banish them", "banish them now", "bye"), 0, 2)
	f("new items with their assessments", 2, func() error {
		return p.PutTogether(t.Context(), entries(0, one, two), entries(0, judged(one, 1), judged(two, 1)))
	})
	f("a new item alone", 2, func() error { return p.PutItems(t.Context(), entries(2, parts...)) })
	f("assessments alone", 2, func() error {
		return p.PutAssessments(t.Context(), entries(2, judged(parts[0], 1), judged(parts[1], 1)))
	})
	f("a revision judged before it is read", 2, func() error { return p.PutAssessments(t.Context(), entries(4, judged(revised, 2))) })
	f("a revision", 2, func() error { return p.PutItems(t.Context(), entries(4, revised)) })
	f("another version of a classifier", 2, func() error { return p.PutAssessments(t.Context(), entries(5, judged(two, 3), judged(parts[1], 2))) })
	raise, err := counterpoint.RaiseByHand("amina", later(1), counterpoint.NewSighting(revised, revised.Segments[:1]), 2, "heard it")
	if err != nil {
		t.Fatal(err)
	}
	flags, err := counterpoint.All[counterpoint.Flag](t.Context(), s, counterpoint.Query{})
	if err != nil || len(flags) == 0 {
		t.Fatalf("%d flags, %v", len(flags), err)
	}
	reject, err := flags[0].Reject("amina", later(2), "a song")
	if err != nil {
		t.Fatal(err)
	}
	f("decisions", 2, func() error { return p.PutDecisions(t.Context(), entries(0, raise, reject)) })
	f("an item with a flag raised by hand", 2, func() error { return p.PutItems(t.Context(), entries(5, one)) })
}

// TestWrittenOnce: what is heard and judged in one batch is written once.
func TestWrittenOnce(t *testing.T) {
	s := newStaged()
	it := broadcast("i1", "hello", "banish the Velari", "chase them")
	if err := index.NewProjector(s, index.ProjectorOptions{}).PutTogether(t.Context(), entries(0, it), entries(0, judged(it, 1))); err != nil {
		t.Fatal(err)
	}
	want := map[counterpoint.Kind]int{counterpoint.KindItem: 1, counterpoint.KindSegment: 3, counterpoint.KindFlag: 1, "record": 1, "assessment": 1} // more segments than a record keeps
	diff(t, "documents written", want, s.written)
	short, post := newStaged(), broadcast("i1", "banish the Velari")
	if err := index.NewProjector(short, index.ProjectorOptions{}).PutTogether(t.Context(), entries(0, post), entries(0, judged(post, 1))); err != nil {
		t.Fatal(err)
	}
	diff(t, "documents written of a post", map[counterpoint.Kind]int{counterpoint.KindItem: 1, counterpoint.KindSegment: 1, counterpoint.KindFlag: 1, "record": 1}, short.written)
	apart := newStaged()
	p := index.NewProjector(apart, index.ProjectorOptions{})
	if err := errors.Join(p.PutItems(t.Context(), entries(0, it)), p.PutAssessments(t.Context(), entries(0, judged(it, 1)))); err != nil {
		t.Fatal(err)
	}
	diff(t, "documents, together and apart", dump(t, apart), dump(t, s))
}

// TestJudgementsComeBack: a part that comes again finds what was said of it last, wherever that is kept: of one
// segment in the record, of many alone. The same revision is cut in two ways, so that one takes the other's place.
func TestJudgementsComeBack(t *testing.T) {
	full := broadcast("i1", "hello", "banish the Velari", "chase them", "bye")
	other := broadcast("i1", "rain")
	short, long := cut(full, 0, 1), cut(full, 0, 3)
	f := func(what string, alone int, items ...counterpoint.Item) {
		t.Helper()
		var assessments []counterpoint.Assessment
		for i, it := range items {
			assessments = append(assessments, judged(it, i))
		}
		rebuilt := newStaged()
		p := index.NewProjector(rebuilt, index.ProjectorOptions{})
		if err := errors.Join(p.PutAssessments(t.Context(), entries(0, assessments...)), p.PutItems(t.Context(), entries(0, items...))); err != nil {
			t.Fatal(err)
		}
		for late := range items { // assessments
			live := newStaged()
			p := index.NewProjector(live, index.ProjectorOptions{})
			for i := range len(items) + late {
				if err := p.PutItems(t.Context(), entries(i, items[min(i, len(items)):min(i+1, len(items))]...)); err != nil {
					t.Fatal(err)
				}
				if i < late {
					continue
				}
				if err := p.PutAssessments(t.Context(), entries(i-late, assessments[i-late])); err != nil {
					t.Fatal(err)
				}
			}
			diff(t, what, dump(t, rebuilt), dump(t, live))
			if n := len(live.docs["assessment"]); n != alone {
				t.Errorf("%s: %d judgements are kept alone, want %d", what, n, alone)
			}
		}
	}
	f("long and short parts", 1, long[0], long[1])
	f("short and long parts", 1, short[0], short[1])
	f("cut anew, longer", 1, short[0], short[1], long[0], long[1])
	f("cut anew, shorter", 1, long[0], long[1], short[0], short[1])
	f("there and back", 1, long[0], long[1], short[0], short[1], long[0], long[1])
	f("revised and back", 2, full, other, short[0], short[1], other, full)
	f("revised", 1, full, other)
}

type buried struct {
	Topic  string
	Offset int64
	Item   string
}

// TestRefused: the entry that makes what the store will never take is set aside, its neighbours are applied, and
// the position passes it.
func TestRefused(t *testing.T) {
	s := newStaged()
	s.refuse = func(c index.Change) bool { return c.Kind == counterpoint.KindSegment && c.ID == "i1.1" }
	var aside []buried
	away := errors.New("the dead letters are away")
	fail := away
	bury := func(_ context.Context, topic string, at counterpoint.Position, value any, reason string) error {
		if reason == "" {
			t.Error("no reason")
		}
		if fail != nil {
			return fail
		}
		it, ok := value.(counterpoint.Item)
		if !ok {
			t.Errorf("buried a %T, want the item", value)
		}
		aside = append(aside, buried{topic, at.Offset, it.ID})
		return nil
	}
	items := entries(7, broadcast("i0", "a"), broadcast("i1", "b", "c"), broadcast("i2", "d"))
	quiet := slog.New(slog.DiscardHandler)
	if err := index.NewProjector(s, index.ProjectorOptions{Log: quiet}).PutItems(t.Context(), items); !errors.Is(err, index.ErrRefused) {
		t.Errorf("without Bury: %v, want ErrRefused", err)
	}
	p := index.NewProjector(s, index.ProjectorOptions{Bury: bury, Log: quiet})
	if err := p.PutItems(t.Context(), items); !errors.Is(err, away) {
		t.Errorf("while nothing can be buried: %v, want %v", err, away)
	}
	if next, _ := s.Positions(t.Context(), index.Items); next[0] != 8 {
		t.Errorf("the position is %d while nothing can be buried, want 8", next[0])
	}
	fail = nil
	if err := p.PutItems(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	diff(t, "buried", []buried{{index.Items, 8, "i1"}}, aside)
	diff(t, "items", []string{"i0", "i2"}, ids[counterpoint.ItemView](t, s, counterpoint.Query{}))
	if next, _ := s.Positions(t.Context(), index.Items); next[0] != 10 {
		t.Errorf("position %d, want 10", next[0])
	}
	if err := p.PutItems(t.Context(), items); err != nil || len(aside) != 1 {
		t.Errorf("again: %v, %s", err, fmt.Sprint(aside))
	}
}

// TestNotEncodable: a document that has no JSON is refused, not fatal.
func TestNotEncodable(t *testing.T) {
	err := newStaged().Update(t.Context(), nil, func(tx index.Tx) error {
		v := segment("i1", 0, "a")
		v.Scores = map[counterpoint.Label]float64{counterpoint.Hate: nan()}
		if err := tx.Put(counterpoint.KindSegment, v.ID, v); err != nil {
			return err
		}
		return tx.(*index.Buffer).Encode()
	})
	if !errors.Is(err, index.ErrRefused) {
		t.Errorf("a score that is not a number: %v, want ErrRefused", err)
	}
}

func nan() float64 { zero := 0.0; return zero / zero }
