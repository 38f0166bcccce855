package counterpoint_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"counterpoint"
)

func ms(n int64) *int64 { return &n }

// speech is n segments of four seconds each, with half a second between them.
func speech(n int, text string) []counterpoint.Segment {
	segs := make([]counterpoint.Segment, n)
	for i := range segs {
		at := int64(i) * 4500
		segs[i] = counterpoint.Segment{Seq: i, Text: text, StartMS: ms(at), EndMS: ms(at + 4000), Quality: counterpoint.Good}
	}
	return segs
}

func segmentBytes(t fataler, segs []counterpoint.Segment) int {
	t.Helper()
	b, err := json.Marshal(segs)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return len(b)
}

func TestSplitPartsLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		timed := rapid.Bool().Draw(t, "timed")
		at := int64(0)
		segs := make([]counterpoint.Segment, rapid.IntRange(0, 60).Draw(t, "segments"))
		for i := range segs {
			segs[i] = counterpoint.Segment{Seq: i, Text: rapid.OneOf(rapid.StringN(0, 80, 300), rapid.SampledFrom([]string{strings.Repeat("<&>\x01", 60), strings.Repeat("\xff", 99)})).Draw(t, "text")}
			if timed {
				at += int64(rapid.IntRange(-500, 40_000).Draw(t, "pause"))
				segs[i].StartMS = ms(at)
				at += int64(rapid.IntRange(0, 9000).Draw(t, "length"))
				segs[i].EndMS = ms(at)
			}
		}
		const limit = 4096
		parts := counterpoint.SplitParts(counterpoint.Item{ID: "i", Segments: segs}, limit)
		var all []counterpoint.Segment
		for i, p := range parts {
			if p.Part != i+1 || p.Parts != len(parts) || p.ID != "i" {
				t.Fatalf("part %d says it is %d of %d of %q", i+1, p.Part, p.Parts, p.ID)
			}
			if n := segmentBytes(t, p.Segments); n > limit && len(p.Segments) > 1 {
				t.Fatalf("part %d has %d bytes, limit %d", p.Part, n, limit)
			}
			checkContext(t, all, p)
			all = append(all, p.Segments...)
		}
		if d := cmp.Diff(segs, all, cmp.Comparer(func(a, b []counterpoint.Segment) bool {
			return slices.EqualFunc(a, b, func(x, y counterpoint.Segment) bool { return x.Seq == y.Seq && x.Text == y.Text })
		})); d != "" {
			t.Fatalf("lost or doubled:\n%s", d)
		}
	})
}

// checkContext: the context is what was said directly before, within the window.
func checkContext(t *rapid.T, before []counterpoint.Segment, p counterpoint.Item) {
	for i, c := range p.Context {
		if want := before[len(before)-len(p.Context)+i]; c.Seq != want.Seq {
			t.Fatalf("context of part %d is not what came before it", p.Part)
		}
		if s := p.Segments[0].StartMS; s != nil && *s-*c.EndMS > counterpoint.ContextWindow.Milliseconds() {
			t.Fatalf("context reaches back %d ms", *s-*c.EndMS)
		}
	}
}

func TestSplitPartsCutsAtTheLongestPause(t *testing.T) {
	segs := speech(40, strings.Repeat("word ", 10))
	for i := 17; i < len(segs); i++ { // ten seconds of music before segment 17
		segs[i].StartMS, segs[i].EndMS = ms(*segs[i].StartMS+10_000), ms(*segs[i].EndMS+10_000)
	}
	limit := segmentBytes(t, segs[:1]) * 40
	parts := counterpoint.SplitParts(counterpoint.Item{Segments: segs}, limit)
	if len(parts) < 2 || parts[1].Segments[0].Seq != 17 {
		t.Fatalf("%d parts, the second begins at %d; want 17", len(parts), parts[len(parts)-1].Segments[0].Seq)
	}
	if len(parts[1].Context) == 0 || parts[1].Context[len(parts[1].Context)-1].Seq != 16 {
		t.Errorf("the second part does not know what came before: %v", parts[1].Context)
	}
}

func TestSplitPartsOfNothing(t *testing.T) {
	parts := counterpoint.SplitParts(counterpoint.Item{ID: "i"}, 10)
	if len(parts) != 1 || parts[0].Part != 1 || parts[0].Parts != 1 || len(parts[0].Context) != 0 {
		t.Errorf("%+v", parts)
	}
}

func TestRecordsHoldTheLongestPart(t *testing.T) {
	for _, text := range []string{strings.Repeat("<", 50_000), strings.Repeat("\xff", 50_000), strings.Repeat("ሀ", 50_000), strings.Repeat("a\u2028", 40_000)} {
		for _, p := range counterpoint.SplitParts(counterpoint.Item{Segments: speech(20, text)}, counterpoint.PartLimit) {
			if b, err := json.Marshal(p); err != nil || len(b) > 2*counterpoint.PartLimit {
				t.Errorf("a part of %d segments of %q… has %d bytes (%v)", len(p.Segments), text[:3], len(b), err)
			}
		}
	}
}

func TestHeardAt(t *testing.T) {
	published := t0.Add(-time.Hour)
	f := func(it counterpoint.Item, offset *int64, want *time.Time) {
		t.Helper()
		if d := cmp.Diff(want, it.HeardAt(offset)); d != "" {
			t.Errorf("%+v at %v:\n%s", it, offset, d)
		}
	}
	after := t0.Add(90 * time.Second)
	f(counterpoint.Item{Recorded: &t0, Published: &published}, ms(90_000), &after)
	f(counterpoint.Item{Recorded: &t0}, nil, &t0)
	f(counterpoint.Item{Published: &published}, ms(90_000), &published)
	f(counterpoint.Item{}, ms(90_000), nil)
}

func TestRevision(t *testing.T) {
	base := counterpoint.Revision(speech(2, "The wells are clean."))
	f := func(what string, segs []counterpoint.Segment, want bool) {
		t.Helper()
		if got := counterpoint.Revision(segs) == base; got != want {
			t.Errorf("%s: same revision %v, want %v", what, got, want)
		}
	}
	f("spacing and case", speech(2, "the  WELLS are clean"), true)
	moved := speech(2, "The wells are clean.")
	moved[1].StartMS = ms(99)
	f("timecodes", moved, true)
	f("words", speech(2, "The wells are not clean."), false)
	f("more", speech(3, "The wells are clean."), false)
	cut := speech(2, "The wells are clean.")
	cut[0].Text, cut[1].Text = "The wells are", "clean. The wells are clean."
	f("cut elsewhere", cut, false)
}
