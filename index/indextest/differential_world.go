package indextest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// World is documents made of lines: segments, the items they are in and the flags they raised. What a line does
// not say follows from its number, so that a world is the same in every run.
type World struct {
	Segments []counterpoint.SegmentView
	Items    []counterpoint.ItemView
	Flags    []counterpoint.Flag

	scripts map[string][]int // numbers of segments by script
	names   []string         // of scripts with enough segments to ask about
	rows    map[counterpoint.Kind][]*row
	docs    map[string]string // JSON by id

	frequencies map[string]int // of terms
}

// NewWorld makes items of 4 to 24 segments, and one that is longer than a list shows.
func NewWorld(lines []Line) *World {
	w := &World{scripts: map[string][]int{}}
	for n := 0; len(lines) > 0; n++ {
		size := 4 + pick(21, "size", n)
		if n == 7 {
			size = index.ListedSegments + 30
		}
		size = min(size, len(lines))
		w.item(n, lines[:size])
		lines = lines[size:]
	}
	for i, v := range w.Segments {
		s := scriptOf(v.Text)
		w.scripts[s] = append(w.scripts[s], i)
		if v.Level >= 2 || len(v.Labels) > 2 {
			w.flag(i)
		}
	}
	w.index()
	return w
}

// pick is a number from 0 to n-1 that depends on what follows alone.
func pick(n int, of ...any) int {
	h := fnv.New64a()
	fmt.Fprint(h, of...)
	return int(h.Sum64() >> 20 % uint64(n))
}

var origin = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)

func (w *World) item(n int, lines []Line) {
	id := counterpoint.ItemID("differential", fmt.Sprint(n))
	v := counterpoint.ItemView{
		ID: id, Source: fmt.Sprintf("source-%c", 'a'+pick(11, "source", n)), Kind: counterpoint.Radio, Lang: lines[0].Lang, Locator: fmt.Sprint(n),
		Title: lines[pick(len(lines), "title", n)].Text, Seen: origin.Add(time.Duration(pick(90, "seen", n)) * 24 * time.Hour),
		Parts: 1, Count: len(lines), Flags: []string{}, Version: 1,
	}
	if pick(9, "failed", n) == 0 {
		v.Errors = []string{"hate: could not read it"}
	}
	switch begin := beginning(n); pick(6, "known", n) {
	case 0: // neither is known: all its segments have one time
	case 1:
		v.Published = &begin
	default:
		v.Recorded = &begin
	}
	for seq, l := range lines {
		w.Segments = append(w.Segments, spoken(v, seq, l))
	}
	w.Items = append(w.Items, v)
}

// beginning is the time of the n-th item: to the hour, so that many share it, or odd to the nanosecond, and some
// where clocks were wrong.
func beginning(n int) time.Time {
	at := origin.Add(time.Duration(pick(60*24, "hour", n)) * time.Hour)
	switch pick(40, "clock", n) {
	case 0:
		return at.AddDate(-57, 0, 0) // before 1970
	case 1:
		return at.AddDate(-426, 0, 0) // before what fits into nanoseconds
	case 2:
		return at.AddDate(273, 0, 0) // and after
	case 3, 4, 5, 6, 7, 8:
		return at.Add(time.Duration(pick(1e9, "odd", n)))
	}
	return at
}

func spoken(it counterpoint.ItemView, seq int, l Line) counterpoint.SegmentView {
	v := counterpoint.SegmentView{
		ID: counterpoint.SegmentID(it.ID, seq), Item: it.ID, Source: it.Source, Seq: seq, Text: l.Text, Seen: it.Seen, Quality: counterpoint.Good,
		Lang: l.Lang, Assessed: true, Labels: []counterpoint.Label{}, Version: 1,
	}
	if start := it.Recorded; start != nil {
		heard := start.Add(time.Duration(seq/2) * 7 * time.Second) // two at a time
		v.Heard = &heard
	}
	if pick(50, "unknown", v.ID) == 0 {
		v.Lang = ""
	}
	for level, oneIn := range []int{5, 13, 41} {
		if pick(oneIn, "level", level, v.ID) == 0 {
			v.Level = level + 1
		}
	}
	for _, l := range counterpoint.Labels {
		if pick(12-3*v.Level, "label", l, v.ID) == 0 {
			v.Labels = append(v.Labels, l)
		}
	}
	return v
}

// flag is the flag that a segment raised. One in five was heard in other items too.
func (w *World) flag(i int) {
	v := w.Segments[i]
	f := counterpoint.Flag{
		ID: counterpoint.ID("flag", v.ID), State: counterpoint.FlagStates[pick(len(counterpoint.FlagStates), "state", v.ID)], Level: v.Level,
		Factors: counterpoint.Factors{
			Weight: []float64{1, 1, 3, 8}[v.Level], Imminence: float64(1 + pick(3, "imminence", v.ID)), Reach: 1 + float64(pick(9, "reach", v.ID))/3,
			Corroboration: 1, Quality: float64(pick(3, "quality", v.ID)) / 2,
		},
		Item: v.Item, Source: v.Source, Title: "Broadcast", Lang: v.Lang, Heard: v.Heard, Seen: v.Seen, Flagged: v.Seen, Text: v.Text,
		Labels: v.Labels, Version: 1,
	}
	f.Priority = f.Factors.Product()
	f.Sightings = append(f.Sightings, counterpoint.Sighting{Item: v.Item, Source: v.Source})
	for n := range pick(5, "elsewhere", v.ID) / 4 * (1 + pick(3, "times", v.ID)) {
		o := w.Items[pick(len(w.Items), "sighting", n, v.ID)]
		f.Sightings = append(f.Sightings, counterpoint.Sighting{Item: o.ID, Source: o.Source})
	}
	if f.State == counterpoint.Confirmed {
		f.Narrative = fmt.Sprintf("narrative-%d", pick(9, "narrative", v.ID))
	}
	w.Flags = append(w.Flags, f)
}

// Load puts all documents into the store, in batches as large as those of a rebuild, and waits until lists show
// them.
func (w *World) Load(t testing.TB, s index.Store) {
	t.Helper()
	var docs []any
	for _, v := range w.Items {
		docs = append(docs, v)
	}
	for _, v := range w.Segments {
		docs = append(docs, v)
	}
	for _, v := range w.Flags {
		docs = append(docs, v)
	}
	putAll(t.Context(), t, s, docs)
	w.await(t, s)
}

const loadBatch = 2000

func putAll(ctx context.Context, t testing.TB, s index.Store, docs []any) {
	t.Helper()
	for ; len(docs) > 0; docs = docs[min(loadBatch, len(docs)):] {
		batch := docs[:min(loadBatch, len(docs))]
		err := s.Update(ctx, nil, func(tx index.Tx) error {
			keys := make([]index.Key, len(batch))
			for i, d := range batch {
				kind, id := nameOf(d)
				keys[i] = index.Key{Kind: kind, ID: id}
			}
			if err := tx.Want(keys...); err != nil {
				return err
			}
			for i, k := range keys {
				if err := tx.Put(k.Kind, k.ID, batch[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("update: %v", err)
		}
	}
}

func (w *World) await(t testing.TB, s index.Store) {
	t.Helper()
	deadline := time.Now().Add(15 * index.Freshness)
	for kind, rows := range w.rows {
		for {
			n, err := s.Count(t.Context(), kind, counterpoint.Query{}, "")
			if err != nil {
				t.Fatal(err)
			}
			if n[0].Count == len(rows) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d %ss are listed long after they were written", n[0].Count, len(rows), kind)
			}
			time.Sleep(index.Freshness / 10)
		}
	}
}

// encoded is the document as a store gives it.
func encoded(doc any) string {
	b, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("indextest: %T does not encode: %v", doc, err))
	}
	return string(b)
}
