package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
	"counterpoint/classify/threshold"
)

// rescoreItems are many items of which some are flagged whatever the thresholds, some by a low one only, most never.
func rescoreItems(n int) string {
	var b strings.Builder
	for i := range n {
		text := fmt.Sprintf("the market opens at nine and rice is %d francs today", i)
		switch i % 5 {
		case 1:
			text = fmt.Sprintf("We must drive the Velari out of quarter %d and burn their houses.", i)
		case 2:
			text = fmt.Sprintf("women only want your money and then leave you like all %d of them", i)
		}
		fmt.Fprintf(&b, `{"source":"radio-x","locator":"i%d","lang":"eng","segments":[{"text":%q}]}`+"\n", i, text)
	}
	return b.String()
}

// stageOf is a stage that flags by the score for hate from the cut on.
func stageOf(t *testing.T, cut float64) *classify.Stage {
	t.Helper()
	detector, err1 := language.New(language.Options{Languages: defaultLanguages})
	model, err2 := hate.Load()
	packs, err3 := lexicon.Open()
	table, err4 := threshold.New([]threshold.Row{{Head: "hate", Cut: cut}})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	s, err := classify.New(classify.Options{Languages: detector, Model: model, Lexicon: packs, Thresholds: table})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judgedLine is a data folder whose items were judged by the stage, or by the program's own for nil.
func judgedLine(t *testing.T, stage *classify.Stage, items string, then func(l *line)) config {
	t.Helper()
	return judgedAt(t, config{Data: t.TempDir(), Languages: defaultLanguages}, stage, items, then)
}

// judgedAt is judgedLine at a place.
func judgedAt(t *testing.T, cfg config, stage *classify.Stage, items string, then func(l *line)) config {
	t.Helper()
	l, err := openLine(t.Context(), cfg, newLogger(cfg, testWriter{t}))
	if err != nil {
		t.Fatal(err)
	}
	if stage != nil {
		l.stage = stage
	}
	ctx, cancel := context.WithCancel(t.Context())
	wait, err := l.start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.accept(ctx, ingestFlags{source: "radio-x", format: "jsonl"}.request("-"), strings.NewReader(items)); err != nil {
		t.Fatal(err)
	}
	if err := l.settle(ctx); err != nil {
		t.Fatal(err)
	}
	if then != nil {
		then(l)
	}
	cancel()
	if err := errors.Join(wait(), l.close()); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// readAll is every document of a kind in the index of the folder, by id.
func readAll[T counterpoint.Viewed](t *testing.T, cfg config, id func(T) string) map[string]T {
	t.Helper()
	store, err := cfg.readStore(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	all, err := counterpoint.All[T](t.Context(), store, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]T{}
	for _, d := range all {
		out[id(d)] = d
	}
	return out
}

func flagID(f counterpoint.Flag) string { return f.ID }

// shownOf is what a reviewer sees of an undecided flag, but for when it was seen and its history.
func shownOf(f counterpoint.Flag) counterpoint.Flag {
	for i := range f.Sightings {
		f.Sightings[i].Flagged, f.Sightings[i].Seen = time.Time{}, time.Time{}
	}
	return counterpoint.Flag{
		ID: f.ID, State: f.State, Level: f.Level, Priority: f.Priority, Factors: f.Factors, Item: f.Item, Source: f.Source, Lang: f.Lang,
		Text: f.Text, Stance: f.Stance, Basis: f.Basis, Quality: f.Quality, Scores: f.Scores, Findings: f.Findings, Against: f.Against,
		Labels: f.Labels, Threshold: f.Threshold, Sightings: f.Sightings,
	}
}

// Judging again gives the same findings as judging from the start with what judges now, whether that flags more or
// less than before, and leaves what people decided alone.
func TestRescoreIsScoringFromScratch(t *testing.T) {
	items := rescoreItems(150)
	scratch := judgedLine(t, nil, items, nil)
	want := readAll(t, scratch, flagID)
	for name, old := range map[string]float64{"flagged more": 0.5, "flagged less": math.NaN()} {
		t.Run(name, func(t *testing.T) {
			decided := map[string]counterpoint.Flag{}
			cfg := judgedLine(t, stageOf(t, old), items, func(l *line) { decided = decideSome(t, l) })
			var out strings.Builder
			if err := rebuild(t.Context(), cfg, true, &out, testWriter{t}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), "judged 150 of 150 parts again") {
				t.Errorf("said %q", out.String())
			}
			got := readAll(t, cfg, flagID)
			lapsed := 0
			for id, f := range got {
				before, wasDecided := decided[id]
				if len(f.History) > 2 || f.State != counterpoint.Lapsed && len(f.History) < 1 {
					t.Errorf("%q has %d scores", f.Text, len(f.History))
				}
				switch w, reached := want[id]; {
				case wasDecided:
					if f.State != before.State || f.Text != before.Text || f.Version != before.Version || !cmp.Equal(f.Reviews, before.Reviews) {
						t.Errorf("decided %q is %s version %d, was %s version %d", before.Text, f.State, f.Version, before.State, before.Version)
					}
				case reached:
					if d := cmp.Diff(shownOf(w), shownOf(f)); d != "" {
						t.Errorf("%q (-scratch +rescored):\n%s", f.Text, d)
					}
				case f.State != counterpoint.Lapsed:
					t.Errorf("%q is %s, want lapsed: it is no longer reached", f.Text, f.State)
				default:
					lapsed++
				}
			}
			for id, w := range want {
				if _, ok := got[id]; !ok {
					t.Errorf("%q is not flagged", w.Text)
				}
			}
			if (lapsed > 0) != (old == 0.5) {
				t.Errorf("%d lapsed", lapsed)
			}
			segment := func(s counterpoint.SegmentView) string { return s.ID }
			a, b := readAll(t, scratch, segment), readAll(t, cfg, segment)
			for id := range a {
				x, y := a[id], b[id]
				x.Seen = y.Seen
				if d := cmp.Diff(x, y); d != "" {
					t.Errorf("segment (-scratch +rescored):\n%s", d)
				}
			}
			out.Reset()
			if err := rebuild(t.Context(), cfg, true, &out, testWriter{t}); err != nil || !strings.Contains(out.String(), "judged 0 of 150") {
				t.Errorf("once more: %v, %q", err, out.String())
			}
		})
	}
}

// decideSome confirms and rejects some flags, of both kinds where there are both, and says how they stand.
func decideSome(t *testing.T, l *line) map[string]counterpoint.Flag {
	t.Helper()
	flags, err := counterpoint.All[counterpoint.Flag](t.Context(), l.store, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	part := counterpoint.Part{Rating: counterpoint.Met, Evidence: "heard"}
	rabat := counterpoint.Rabat{Context: part, Speaker: part, Intent: part, Content: part, Extent: part, Likelihood: part}
	by := api.Operator
	seen := map[int]int{}
	out := map[string]counterpoint.Flag{}
	for _, f := range flags {
		n := seen[f.Level]
		if seen[f.Level]++; n > 1 {
			continue
		}
		call := api.Call{By: by, Version: f.Version}
		if n == 0 {
			_, err = l.desk.ConfirmFlag(t.Context(), call, f.ID, rabat, "", "")
		} else {
			_, err = l.desk.RejectFlag(t.Context(), call, f.ID, "talk of a film")
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[f.ID], err = counterpoint.Load[counterpoint.Flag](t.Context(), l.store, f.ID); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// failing are views that fail after so many reads.
type failing struct {
	counterpoint.Views
	left *int
}

func (f failing) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	if *f.left--; *f.left < 0 {
		return errors.New("the power went")
	}
	return f.Views.Get(ctx, kind, id, into)
}

// anyTime is a time in a dump, or the sum of a near-copy's bucket, which has one in it.
var anyTime = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"|"sum":"[0-9a-f]+"`)

// Stopped in the middle and started again, it ends as if it had never been stopped.
func TestRescoreGoesOn(t *testing.T) {
	items := rescoreItems(150)
	whole, cut := judgedLine(t, stageOf(t, 0.5), items, nil), judgedLine(t, stageOf(t, 0.5), items, nil)
	if err := rebuild(t.Context(), whole, true, io.Discard, testWriter{t}); err != nil {
		t.Fatal(err)
	}
	cfg := cut
	cfg.Roles = []string{roleClassify, roleIndex}
	l, err := openLine(t.Context(), cfg, newLogger(cfg, testWriter{t}))
	if err != nil {
		t.Fatal(err)
	}
	left := 100
	done, err := rescorer{l.stream, failing{l.store, &left}, l.stage, waiter{slog.New(slog.DiscardHandler)}}.run(t.Context())
	if err == nil || done.judged != rescoreBatch {
		t.Fatalf("%+v, %v: want it to stop after a batch", done, err)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := rebuild(t.Context(), cut, true, &out, testWriter{t}); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("judged %d of 150", 150-rescoreBatch); !strings.Contains(out.String(), want) {
		t.Errorf("said %q, want %q", out.String(), want)
	}
	a, b := anyTime.ReplaceAll(dump(t, whole.Data), []byte("T")), anyTime.ReplaceAll(dump(t, cut.Data), []byte("T"))
	if string(a) != string(b) {
		t.Errorf("(-whole +stopped):\n%s", firstDifference(a, b))
	}
}

// Beside a process that works on the folder it is refused, and nothing is lost.
func TestRescoreBesideAProcess(t *testing.T) {
	cfg := judgedLine(t, stageOf(t, 0.5), rescoreItems(10), func(l *line) {
		err := rebuild(t.Context(), config{Data: l.cfg.Data, Languages: defaultLanguages}, true, io.Discard, testWriter{t})
		if err == nil {
			t.Error("the index was made again under the line")
		}
	})
	if b, err := json.Marshal(readAll(t, cfg, flagID)); err != nil || !strings.Contains(string(b), "Velari") {
		t.Errorf("flags %s, %v", b, err)
	}
}

// With the log on Kafka it is the same.
func TestRescoreOnKafka(t *testing.T) {
	_, addr := brokers(t, kfake.NumBrokers(1))
	url := "kafka://" + addr
	makeTopics(t, url, "")
	items := rescoreItems(30)
	want := readAll(t, judgedLine(t, nil, items, nil), flagID)
	cfg := judgedAt(t, config{Data: t.TempDir(), Stream: url, Languages: defaultLanguages}, stageOf(t, 0.5), items, nil)
	for _, judged := range []string{"judged 30 of 30", "judged 0 of 30"} {
		var out strings.Builder
		if err := rebuild(t.Context(), cfg, true, &out, testWriter{t}); err != nil || !strings.Contains(out.String(), judged) {
			t.Errorf("%v, %q, want %q", err, out.String(), judged)
		}
	}
	got := readAll(t, cfg, flagID)
	for id, f := range got {
		w, reached := want[id]
		if reached != (f.State != counterpoint.Lapsed) {
			t.Errorf("%q is %s, reached from scratch: %v", f.Text, f.State, reached)
		} else if d := cmp.Diff(shownOf(w), shownOf(f)); reached && d != "" {
			t.Errorf("%q (-scratch +rescored):\n%s", f.Text, d)
		}
	}
	if len(got) <= len(want) || len(want) == 0 {
		t.Errorf("%d flags, %d from scratch: nothing was to lapse", len(got), len(want))
	}
}

// On servers it works beside the processes: what was judged at another prevalence is judged again, each flag has a
// second score, and what was decided stays.
func TestRescoreBesideServers(t *testing.T) {
	stream, index := kafkaURL(t), elasticURL(t)
	bin, file := build(t, ""), filepath.Join(t.TempDir(), "mission.yaml")
	if err := os.WriteFile(file, []byte("prevalence: 0.2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--stream", stream, "--index", index}
	p := startProcess(t, bin, append([]string{"--data", t.TempDir(), "--no-example", "--config", file}, flags...)...)
	eventually(t, "the items are taken", func() bool {
		r, err := p.call(t.Context(), testToken, "POST", "/api/v1/ingest?source=radio-x&format=jsonl", "", strings.ReplaceAll(rescoreItems(10), `"source":"radio-x",`, ""))
		return err == nil && r.status == 200
	})
	all := func() []counterpoint.Flag {
		return must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags", nil, 200).Data
	}
	eventually(t, "the calls are flagged", func() bool { return len(all()) == 2 })
	reject := all()[0]
	must[any](t, p, testToken, "POST", "/api/v1/flags/"+reject.ID+"/reject", map[string]any{"reason": "a film", "version": reject.Version}, 200)
	for _, judged := range []string{"judged 10 of 10", "judged 0 of 10"} {
		out, errs, code := command(t, bin, "", append([]string{"rebuild", "--rescore", "--data", t.TempDir()}, flags...)...)
		if code != exitDone || !strings.Contains(out, judged) {
			t.Fatalf("exit %d %s%s, want %q", code, out, errs, judged)
		}
	}
	for _, f := range all() {
		if len(f.History) != 2 || f.History[0].Versions["thresholds"] == f.History[1].Versions["thresholds"] {
			t.Errorf("%q has the scores %+v", f.Text, f.History)
		}
		switch {
		case f.ID == reject.ID && (f.State != counterpoint.Rejected || f.Threshold.Prevalence != 0.2):
			t.Errorf("the rejected flag is %s, judged at %v", f.State, f.Threshold.Prevalence)
		case f.ID != reject.ID && (f.State != counterpoint.Open || f.Threshold.Prevalence != threshold.DefaultPrevalence):
			t.Errorf("the open flag is %s, judged at %v", f.State, f.Threshold.Prevalence)
		}
	}
}

// mute is a model that cannot judge, of a version of its own.
type mute struct{ classify.Model }

func (mute) Score(string, string, counterpoint.SourceKind) hate.Scores { panic("mute") }
func (mute) Version() string                                           { return "mute" }

type deaf struct{ classify.Lexicon }

func (deaf) Read(string, *lexicon.Text, lexicon.Context) (lexicon.Reading, error) {
	return lexicon.Reading{}, errors.New("deaf")
}

// TestRescoreByBrokenClassifiers: where the new classifiers cannot judge, flags stay as they are. What nobody finds any
// more would else lapse, calls for harm and their alerts with it.
func TestRescoreByBrokenClassifiers(t *testing.T) {
	cfg := judgedLine(t, nil, rescoreItems(10), nil)
	cfg.Roles = []string{roleClassify, roleIndex}
	before := dump(t, cfg.Data)
	l, err := openLine(t.Context(), cfg, newLogger(cfg, testWriter{t}))
	if err != nil {
		t.Fatal(err)
	}
	detector, err1 := language.New(language.Options{Languages: defaultLanguages})
	model, err2 := hate.Load()
	packs, err3 := lexicon.Open()
	stage, err4 := classify.New(classify.Options{Languages: detector, Model: mute{model}, Lexicon: deaf{packs}})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	done, err := rescorer{l.stream, l.store, stage, waiter{slog.New(slog.DiscardHandler)}}.run(t.Context())
	if err != nil || done != (rescored{parts: 10, failed: 10}) {
		t.Errorf("rescored %+v, %v, want 10 parts, none of them judged", done, err)
	}
	if _, err := replay(t.Context(), waiter{slog.New(slog.DiscardHandler)}, l.stream, l.projector, l.store); err != nil {
		t.Error(err)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	if after := dump(t, cfg.Data); !strings.Contains(string(before), `"level":3`) || string(after) != string(before) {
		t.Errorf("(-before +after):\n%s", firstDifference(before, after))
	}
}
