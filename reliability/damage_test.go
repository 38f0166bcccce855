package reliability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/stream"
)

// damage is what a fault left behind; the zero damage is what every row demands.
type damage struct {
	Lost, Doubled                   int // segments that were published
	Unjudged                        int // segments that no assessment was applied to
	LostFlags                       int
	LostDecisions, DoubledDecisions int
	Letters                         int // dead letters that should not be there, or are missing
	Differs                         bool
}

// count compares what was sent and answered with what the index shows. It leaves Letters and Differs alone.
func (f *flow) count(ctx context.Context, items []counterpoint.Item) damage {
	f.t.Helper()
	var d damage
	heard, judged, flagged := map[string]int{}, map[string]int{}, 0
	for _, s := range all[counterpoint.SegmentView](f.t, f.seen) {
		heard[s.Text]++
		if s.Assessed {
			judged[s.Text]++
		}
	}
	for _, it := range items {
		for _, s := range it.Segments {
			if strings.Contains(s.Text, call) {
				flagged++
			}
			n := heard[s.Text]
			switch d.Unjudged += n - judged[s.Text]; {
			case n == 0:
				d.Lost++
			case n > 1:
				d.Doubled += n - 1
			}
		}
	}
	flags := all[counterpoint.Flag](f.t, f.seen)
	d.LostFlags = flagged - len(flags)
	for _, flag := range flags {
		if len(flag.Reviews) > 1 || flag.Version != 1+len(flag.Reviews) {
			d.DoubledDecisions++
		}
	}
	f.countDecisions(&d)
	return d
}

func (f *flow) countDecisions(d *damage) {
	applied := map[string]int{}
	for _, o := range all[counterpoint.Outcome](f.t, f.seen) {
		if o.Applied {
			applied[o.Event.ID]++
		}
	}
	f.answered.Range(func(_, event any) bool {
		switch n := applied[event.(string)]; {
		case n == 0:
			d.LostDecisions++
		case n > 1:
			d.DoubledDecisions += n - 1
		}
		return true
	})
	titles := map[string]int{}
	for _, n := range all[counterpoint.Narrative](f.t, f.seen) {
		if titles[n.Title]++; titles[n.Title] > 1 {
			d.DoubledDecisions++
		}
	}
}

func all[T counterpoint.Viewed](t testing.TB, v counterpoint.Views) []T {
	t.Helper()
	list, err := counterpoint.All[T](context.Background(), v, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// undisturbed is what an embedded index makes of the same log without any fault.
func (f *flow) undisturbed(ctx context.Context) string {
	f.t.Helper()
	s := openStore(f.t)
	p := f.projector(s)
	project(ctx, f, stream.Items, p.PutItems)
	project(ctx, f, stream.Assessments, p.PutAssessments)
	project(ctx, f, stream.Decisions, p.PutDecisions)
	return dump(f.t, s)
}

func project[T stream.Value](ctx context.Context, f *flow, topic string, put func(context.Context, []counterpoint.Entry[T]) error) {
	f.t.Helper()
	var batch []counterpoint.Entry[T]
	flush := func() {
		if err := put(ctx, batch); err != nil {
			f.t.Fatal(err)
		}
		batch = batch[:0]
	}
	for e, err := range stream.Of[T](f.clear, topic).Replay(ctx, nil) {
		if errors.Is(err, stream.ErrUndecodable) {
			continue
		}
		if err != nil {
			f.t.Fatalf("replay %s: %v", topic, err)
		}
		if batch = append(batch, e); len(batch) == 500 {
			flush()
		}
	}
	flush()
}

func dump(t testing.TB, s index.Store) string {
	t.Helper()
	var b bytes.Buffer
	if err := index.Dump(context.Background(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// differs compares two dumps, and logs the first difference.
func differs(t testing.TB, what, want, got string) bool {
	t.Helper()
	if want == got {
		return false
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Logf("%s: line %d (-want +got):\n%s", what, i, cmp.Diff(a[i], b[i]))
			return true
		}
	}
	t.Logf("%s: %d and %d lines", what, len(a), len(b))
	return true
}

// copies is how many records of a topic say what an earlier one said.
func copies(t testing.TB, log stream.Log, topic string) (records, copied int) {
	t.Helper()
	seen := map[string]bool{}
	for r, err := range log.Replay(context.Background(), topic, nil) {
		if err != nil {
			t.Fatal(err)
		}
		records++
		if seen[string(r.Value)] {
			copied++
		}
		seen[string(r.Value)] = true
	}
	return records, copied
}

// letters are the dead letters that wait.
func letters(t testing.TB, log stream.Log) []stream.Letter {
	t.Helper()
	list, err := stream.Letters(context.Background(), log)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// none fails the row when there is damage, and a planted bug when there is none.
func none(t testing.TB, d damage) {
	t.Helper()
	if d != (damage{}) {
		t.Errorf("damage: %+v", d)
	}
}

func some(t testing.TB, bug string, found bool, d damage) {
	t.Helper()
	t.Logf("planted bug (%s): %+v", bug, d)
	if !found {
		t.Errorf("the checks did not find the planted bug: %s: %s", bug, fmt.Sprintf("%+v", d))
	}
}
