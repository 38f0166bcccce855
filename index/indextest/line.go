package indextest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

// reporter is what testing.T and rapid.T have in common.
type reporter interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// line is a projector with three logs written by the test.
type line struct {
	t       reporter
	store   index.Store
	p       *index.Projector
	offsets map[string]int64
}

func newLine(t testing.TB, open Open) *line {
	s := fresh(t, open)
	return &line{t, s, index.NewProjector(s, index.ProjectorOptions{}), map[string]int64{}}
}

func (l *line) next(topic string) counterpoint.Position {
	n := l.offsets[topic]
	l.offsets[topic]++
	return counterpoint.Position{Offset: n}
}

func (l *line) items(list ...counterpoint.Item) {
	l.t.Helper()
	var batch []counterpoint.Entry[counterpoint.Item]
	for _, it := range list {
		batch = append(batch, counterpoint.Entry[counterpoint.Item]{Position: l.next(index.Items), Time: day, Value: it})
	}
	if err := l.p.PutItems(l.t.Context(), batch); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) assess(list ...counterpoint.Assessment) {
	l.t.Helper()
	var batch []counterpoint.Entry[counterpoint.Assessment]
	for _, a := range list {
		batch = append(batch, counterpoint.Entry[counterpoint.Assessment]{Position: l.next(index.Assessments), Time: day, Value: a})
	}
	if err := l.p.PutAssessments(l.t.Context(), batch); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) decide(e counterpoint.Event, err error) counterpoint.Outcome {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	entry := counterpoint.Entry[counterpoint.Event]{Position: l.next(index.Decisions), Time: day, Value: e}
	if err := l.p.PutDecisions(l.t.Context(), []counterpoint.Entry[counterpoint.Event]{entry}); err != nil {
		l.t.Fatal(err)
	}
	var out counterpoint.Outcome
	l.load(counterpoint.KindEvent, e.ID, &out)
	return out
}

func (l *line) load(kind counterpoint.Kind, id string, into any) {
	l.t.Helper()
	if err := l.store.Get(l.t.Context(), kind, id, into); err != nil {
		l.t.Fatalf("%s %s: %v", kind, id, err)
	}
}

func (l *line) flag(id string) counterpoint.Flag {
	l.t.Helper()
	var f counterpoint.Flag
	l.load(counterpoint.KindFlag, id, &f)
	return f
}

func (l *line) flags() []counterpoint.Flag {
	l.t.Helper()
	all, err := counterpoint.All[counterpoint.Flag](l.t.Context(), l.store, counterpoint.Query{})
	if err != nil {
		l.t.Fatal(err)
	}
	return all
}

// onlyFlag is the one flag there is.
func (l *line) onlyFlag() counterpoint.Flag {
	l.t.Helper()
	all := l.flags()
	if len(all) != 1 {
		l.t.Fatalf("%d flags, want 1: %+v", len(all), all)
	}
	return all[0]
}

func (l *line) item(id string) counterpoint.ItemView {
	l.t.Helper()
	v, err := counterpoint.Load[counterpoint.ItemView](l.t.Context(), l.store, id)
	if err != nil {
		l.t.Fatal(err)
	}
	return v
}

// broadcast is an item of one part that says the texts, a minute apart.
func broadcast(id string, texts ...string) counterpoint.Item {
	it := counterpoint.Item{
		ID: id, Source: "radio-a", Kind: counterpoint.Radio, Owner: "owner-a", Reach: 1000, Locator: id, Title: "Broadcast " + id,
		Recorded: at(0), Precision: counterpoint.Second, Seen: *at(100), Part: 1, Parts: 1, Clock: true,
	}
	for i, text := range texts {
		start, end := int64(i)*60_000, int64(i)*60_000+5_000
		it.Segments = append(it.Segments, counterpoint.Segment{Seq: i, Text: text, StartMS: &start, EndMS: &end, Quality: counterpoint.Good})
	}
	it.Revision = counterpoint.Revision(it.Segments)
	return it
}

// cut is the item in parts that begin at the given segments.
func cut(it counterpoint.Item, starts ...int) []counterpoint.Item {
	var parts []counterpoint.Item
	for i, s := range starts {
		p, end := it, len(it.Segments)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		p.Part, p.Parts, p.Segments, p.Context = i+1, len(starts), it.Segments[s:end], it.Segments[:s]
		parts = append(parts, p)
	}
	return parts
}

// bad is the word by which the tests' classifier knows what it flags.
const bad = "banish"

// judged is the assessment of a part by a classifier of the given version: version 1 flags what says banish,
// version 2 also what says chase, version 3 nothing.
func judged(it counterpoint.Item, version int) counterpoint.Assessment {
	a := counterpoint.Assessment{
		Item: it.ID, Source: it.Source, Revision: it.Revision, Part: it.Part, Parts: it.Parts,
		Versions: map[string]string{"test": fmt.Sprint(version)}, At: *at(200 + version),
	}
	all := append(append([]counterpoint.Segment{}, it.Context...), it.Segments...)
	var js []counterpoint.SegmentAssessment
	for _, g := range all {
		js = append(js, judge(g, version))
	}
	a.Sightings = counterpoint.Passages(it, all, js, a.At, a.Versions)
	a.Segments = js[len(it.Context):]
	return a
}

func judge(g counterpoint.Segment, version int) counterpoint.SegmentAssessment {
	j := counterpoint.SegmentAssessment{
		Seq: g.Seq, Lang: "eng", Confidence: 1, DecidedBy: "own", Scores: map[counterpoint.Label]float64{counterpoint.Violence: 0.01},
		Stance: counterpoint.Uncertain, Imminence: 1, Quality: g.Quality,
	}
	text := strings.ToLower(g.Text)
	hit := strings.Contains(text, bad) || version == 2 && strings.Contains(text, "chase")
	if hit && version != 3 {
		j.Flag, j.Level, j.Stance, j.Basis = true, 3, counterpoint.Assert, counterpoint.ByCues
		j.Scores[counterpoint.Violence] = 0.5 + float64(version)/10
		j.Findings = []counterpoint.Finding{{Label: counterpoint.Violence, Score: 0.9, End: len([]rune(g.Text)), Reason: "a call", Segment: g.Seq}}
	}
	return j
}

// later is a moment after everything the machine did.
func later(minutes int) time.Time { return *at(1000 + minutes) }
