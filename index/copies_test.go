package index

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"counterpoint"
)

// nearWorld is flags by id, as a store has them after batches that put and delete at random.
type nearWorld struct {
	*rapid.T
	docs  map[Key][]byte
	whole bool
}

func (w *nearWorld) update(do func(*Buffer) error) {
	w.Helper()
	b := &Buffer{Whole: w.whole, Fetch: func(kind counterpoint.Kind, id string) ([]byte, error) {
		if doc, ok := w.docs[Key{kind, id}]; ok {
			return doc, nil
		}
		return nil, counterpoint.ErrNotFound
	}}
	if err := do(b); err != nil {
		w.Fatal(err)
	}
	if err := relate(b); err != nil {
		w.Fatal(err)
	}
	for _, c := range b.Changes() {
		if w.docs[Key{c.Kind, c.ID}] = c.Doc; c.Doc == nil {
			delete(w.docs, Key{c.Kind, c.ID})
		}
	}
}

// chain are texts each near to the one before it and the one after it, and to no others.
func chain(i int) string {
	var words []string
	for n := range 20 {
		words = append(words, fmt.Sprint("word", 3*i+n))
	}
	return strings.Join(words, " ")
}

// change puts flags that say one of a few texts at one of a few times, touches, silences or deletes them.
func (w *nearWorld) change(b *Buffer) error {
	for range rapid.IntRange(1, 3).Draw(w.T, "flags") {
		f := counterpoint.Flag{ID: fmt.Sprint("flag", rapid.IntRange(0, 9).Draw(w.T, "flag"))}
		if err := b.Get(counterpoint.KindFlag, f.ID, &f); err != nil {
			f.Version = 1
		}
		heard := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 29, 31, 60}).Draw(w.T, "day"))
		s := counterpoint.Sighting{Item: "i" + f.ID, Text: chain(rapid.IntRange(0, 7).Draw(w.T, "text")), Heard: &heard, Lang: "eng", Level: rapid.SampledFrom([]int{2, 2, 2, 3}).Draw(w.T, "level"), Imminence: 1}
		switch rapid.IntRange(0, 5).Draw(w.T, "what") {
		case 0:
			if err := b.Delete(counterpoint.KindFlag, f.ID); err != nil {
				return err
			}
			continue
		case 1:
			f.Hear(s.Item, nil, f.Sightings, nil)
		case 2:
			f.Version++
			f.Hear(s.Item, f.Sightings, nil, nil)
		default:
			f.Hear(s.Item, []counterpoint.Sighting{s}, nil, nil)
		}
		if err := b.Put(counterpoint.KindFlag, f.ID, &f); err != nil {
			return err
		}
	}
	return nil
}

// flags are all of them, those that others may be copies of first.
func (w *nearWorld) flags() (said []*saying, all map[string]counterpoint.Flag) {
	all = map[string]counterpoint.Flag{}
	b := &Buffer{Fetch: func(kind counterpoint.Kind, id string) ([]byte, error) { return w.docs[Key{kind, id}], nil }}
	for _, k := range slices.SortedFunc(maps.Keys(w.docs), func(a, b Key) int { return strings.Compare(a.ID, b.ID) }) {
		if k.Kind != counterpoint.KindFlag {
			continue
		}
		var f counterpoint.Flag
		if err := b.Get(k.Kind, k.ID, &f); err != nil {
			w.Fatal(err)
		}
		if all[k.ID] = f; sayingOf(&f) != nil {
			said = append(said, sayingOf(&f))
		}
	}
	slices.SortFunc(said, func(a, b *saying) int { return a.member().compare(*b.member()) })
	return said, all
}

// check compares what the flags say of each other with the definition, worked out from scratch.
func (w *nearWorld) check() (copies int) {
	w.Helper()
	said, all := w.flags()
	of, listed, heads := map[string]string{}, map[string][]string{}, []*saying{}
	for _, s := range said {
		for _, h := range heads {
			if overlap(s.bucketNames(), h.bucketNames()) && s.repeats(h) {
				of[s.flag] = h.flag
				listed[h.flag] = append(listed[h.flag], s.flag)
				copies++
				break
			}
		}
		if of[s.flag] == "" || s.touched {
			heads = append(heads, s)
		}
	}
	for id, f := range all {
		var got []string
		for _, c := range f.Copies {
			got = append(got, c.Flag)
		}
		slices.Sort(got)
		slices.Sort(listed[id])
		if f.CopyOf != of[id] || !slices.Equal(got, listed[id]) {
			w.Fatalf("%s is a copy of %q and has the copies %v; by definition of %q, with %v", id, f.CopyOf, got, of[id], listed[id])
		}
	}
	return copies
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// TestNearCopiesByDefinition: after every batch, whatever it changed, each flag is a copy of what the definition says.
func TestNearCopiesByDefinition(t *testing.T) {
	copies := 0
	rapid.Check(t, func(rt *rapid.T) {
		w := &nearWorld{T: rt, docs: map[Key][]byte{}, whole: rapid.Bool().Draw(rt, "whole")}
		for range rapid.IntRange(1, 20).Draw(rt, "batches") {
			w.update(w.change)
			copies += w.check()
		}
	})
	if copies < 100 {
		t.Errorf("only %d near-copies came up", copies)
	}
}

// TestFamilyCostsNoMoreAsItGrows: a thing that is said again is compared with what stands for it, not with all that said
// it before. Whoever repeats a thing ten thousand times would else bring the index to a stand.
func TestFamilyCostsNoMoreAsItGrows(t *testing.T) {
	docs := map[Key][]byte{}
	fetched := 0
	say := func(n int) {
		t.Helper()
		b := &Buffer{Whole: true, Fetch: func(kind counterpoint.Kind, id string) ([]byte, error) {
			doc, ok := docs[Key{kind, id}]
			if !ok {
				return nil, counterpoint.ErrNotFound
			}
			if kind == counterpoint.KindFlag {
				fetched++
			}
			return doc, nil
		}}
		f := counterpoint.Flag{ID: fmt.Sprintf("flag%04d", n)}
		heard := time.Date(2026, 3, 1, 0, n, 0, 0, time.UTC)
		text := chain(0) + " " + chain(7) + " " + chain(14) + fmt.Sprint(" own", n)
		f.Hear("i"+f.ID, []counterpoint.Sighting{{Item: "i" + f.ID, Text: text, Heard: &heard, Lang: "eng", Level: 2, Imminence: 1}}, nil, nil)
		if err := errors.Join(b.Put(counterpoint.KindFlag, f.ID, &f), relate(b)); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.Changes() {
			docs[Key{c.Kind, c.ID}] = c.Doc
		}
	}
	for n := range 200 {
		fetched = 0
		say(n)
		if fetched > 2 {
			t.Fatalf("with %d that say the same, %d flags were read for one more, want its head alone", n, fetched)
		}
	}
}
