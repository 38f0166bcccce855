package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
	"counterpoint/examples"
	"counterpoint/ingest"
	"counterpoint/stream"
)

func benchCommand() *cobra.Command {
	var asJSON bool
	var o benchOptions
	c := &cobra.Command{
		Use:   "bench [FILE|DIR…]",
		Short: "Measure the line on files: CPU of each stage, and ratios to what does less",
		Long: `Carry files through the line in a temporary folder, first stage by stage, taking the CPU time of each, then all
at once as 'run' does; then compare it, in the same run, with a pipeline that does the least there is to do; then see
how long it takes at half load until what was published is a flag people see. Without files it takes the built-in
example. --lang takes the language as given, so that detection costs nothing.

With --stream and --index it goes through those servers too, under names of its own that are removed after, and is
compared with a plain _bulk of the same documents. The servers must let it in without signing in.

CPU time is the figure to compare: wall-clock figures move with what else the machine does. What is compared runs in
turns, the best of each counts, and nothing is judged where the peer itself moved by more than a fifth.`,
		Example: "  counterpoint bench --lang som recordings/\n  counterpoint bench --stream kafka://127.0.0.1:9092 --index http://127.0.0.1:9200 --memory 200000 recordings/",
		Args:    argsBetween(0, -1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			o.args = args
			r, err := bench(c.Context(), o, c.ErrOrStderr())
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(r)
			}
			return r.print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	c.Flags().StringVar(&o.lang, "lang", "", "language of all files")
	c.Flags().IntVar(&o.repeat, "repeat", 1, "take every file this often, as different items")
	c.Flags().StringVar(&o.stream, "stream", "", "Kafka to measure with, such as kafka://host:9092")
	c.Flags().StringVar(&o.index, "index", "", "Elasticsearch to measure with, such as http://host:9200")
	c.Flags().IntVar(&o.memory, "memory", 0, "carry so many items of one segment and watch the memory")
	c.Flags().StringVar(&o.profile, "profile", "", "write CPU profiles to files that begin so, one a part")
	c.Flags().StringSliceVar(&o.only, "only", nil, "leave out the other parts: "+strings.Join(benchParts, ", "))
	return c
}

// benchOptions are what a bench is told.
type benchOptions struct {
	args                         []string
	lang, stream, index, profile string
	repeat, memory               int
	only                         []string
}

// benchParts are what --only chooses from. What needs servers, or --memory, is left out without them.
var benchParts = []string{"stages", "reference", "delay", "memory", "servers"}

func (o benchOptions) does(part string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, part)
}

func (o benchOptions) check() error {
	for _, p := range o.only {
		if !slices.Contains(benchParts, p) {
			return usagef("--only %s: the parts are %s", p, strings.Join(benchParts, ", "))
		}
	}
	if (o.stream == "") != (o.index == "") {
		return usagef("--stream and --index go together: the whole line is measured")
	}
	c := config{Stream: o.stream, Index: o.index}
	if err := c.checkPlaces(); err != nil {
		return usageError{err}
	}
	return nil
}

// benchStage is the CPU time of one stage over all items.
type benchStage struct {
	Stage string  `json:"stage"`
	CPU   float64 `json:"cpu_seconds"`
	Share float64 `json:"share"`
	Micro float64 `json:"cpu_us_per_segment"`
}

type benchResult struct {
	Files    int          `json:"files"`
	Items    int          `json:"items"`
	Segments int          `json:"segments"`
	Words    int          `json:"words"`
	Stages   []benchStage `json:"stages"`
	Peer     float64      `json:"peer_cpu_us_per_segment"` // decoding the items from JSON
	Ratio    float64      `json:"ratio_to_peer"`           // CPU of all stages to that
	Wall     float64      `json:"end_to_end_seconds"`
	Rate     float64      `json:"segments_per_second"`
	CPU      float64      `json:"end_to_end_cpu_seconds"`
	Load     string       `json:"load_average"`

	Reference *benchReference `json:"reference,omitempty"`
	Delays    []benchDelay    `json:"delays,omitempty"`
	Memory    []benchMemory   `json:"memory,omitempty"`
	Servers   *benchServers   `json:"servers,omitempty"`
}

func (r benchResult) print(w io.Writer) error {
	fmt.Fprintf(w, "%d files, %d items, %d segments, %d words\n\n%-22s %12s %8s %16s\n", r.Files, r.Items, r.Segments, r.Words, "stage", "CPU s", "share", "us a segment")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%-22s %12.2f %7.1f%% %16.1f\n", s.Stage, s.CPU, 100*s.Share, s.Micro)
	}
	if r.Wall > 0 {
		fmt.Fprintf(w, "\npeer (decode JSON)  %.1f us a segment; all stages are %.1f times that\nend to end  %.0f segments a second (%.2f s, %.2f CPU s)\n",
			r.Peer, r.Ratio, r.Rate, r.Wall, r.CPU)
	}
	r.Reference.print(w)
	r.Servers.print(w)
	for _, d := range r.Delays {
		d.print(w)
	}
	for _, m := range r.Memory {
		m.print(w)
	}
	_, err := fmt.Fprintf(w, "\nload average at the beginning %s\n", r.Load)
	return err
}

// cpu is the CPU time this process has used, user and system.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}

// benchmark is one run: the line it measures and what it found.
type benchmark struct {
	ctx    context.Context
	o      benchOptions
	files  []benchFile
	errs   io.Writer
	result benchResult

	items  []counterpoint.Entry[counterpoint.Item] // as the log has them, from the first part on
	judged []counterpoint.Entry[counterpoint.Assessment]
}

type benchFile struct {
	name string
	open func() (io.ReadCloser, error)
}

func bench(ctx context.Context, o benchOptions, errs io.Writer) (benchResult, error) {
	if err := o.check(); err != nil {
		return benchResult{}, err
	}
	files, err := benchFiles(o.args)
	if err != nil {
		return benchResult{}, err
	}
	b := &benchmark{ctx: ctx, o: o, errs: errs}
	for range max(1, o.repeat) {
		b.files = append(b.files, files...)
	}
	b.result.Files, b.result.Load = len(b.files), loadAverage()
	for _, part := range []struct {
		name, says string
		wanted     bool
		do         func() error
	}{
		{"", "stage by stage", true, b.staged}, // the others need what it finds
		{"stages", "all at once", true, b.whole},
		{"reference", "the reference pipeline, and the line without classify", true, b.reference},
		{"servers", "the line on servers, and a plain bulk", o.stream != "", b.servers},
		{"delay", "publish to visible flag", true, b.delays},
		{"memory", "memory", o.memory > 0, b.memories},
	} {
		if !part.wanted || part.name != "" && !o.does(part.name) {
			continue
		}
		fmt.Fprintln(errs, "counterpoint:", part.says)
		if err := b.profiled(part.name, part.do); err != nil {
			return b.result, fmt.Errorf("%s: %w", part.says, err)
		}
	}
	return b.result, nil
}

func benchFiles(args []string) ([]benchFile, error) {
	var files []benchFile
	if len(args) == 0 {
		for _, f := range examples.Files {
			files = append(files, benchFile{f.Name, func() (io.ReadCloser, error) { return examples.Reader(f.Name) }})
		}
		return files, nil
	}
	for _, a := range args {
		names, err := ingest.Files(a)
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			files = append(files, benchFile{n, func() (io.ReadCloser, error) { return os.Open(n) }})
		}
	}
	if len(files) == 0 {
		return nil, usagef("no files in %v", args)
	}
	return files, nil
}

// open opens a line in a new folder, which end deletes.
func (b *benchmark) open() (*line, func() error, error) { return b.openOn("", "") }

// openOn opens a line with that log and index; empty ones lie in the new folder.
func (b *benchmark) openOn(stream, index string) (*line, func() error, error) {
	dir, err := os.MkdirTemp("", "counterpoint-bench-")
	if err != nil {
		return nil, nil, err
	}
	cfg, err := readConfig("")
	if err != nil {
		return nil, nil, err
	}
	cfg.Data, cfg.Stream, cfg.Index = dir, stream, index
	l, err := openLine(b.ctx, cfg, slog.New(slog.DiscardHandler))
	if err == nil && b.o.lang != "" {
		l.stage, err = given(b.o.lang)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return l, func() error { return errors.Join(l.close(), os.RemoveAll(dir)) }, nil
}

// given is a stage that takes the language as it was given.
func given(lang string) (*classify.Stage, error) {
	model, err1 := hate.Load()
	packs, err2 := lexicon.Open()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return classify.New(classify.Options{Languages: declared(lang), Model: model, Lexicon: packs})
}

// declared detects nothing: a text is in the language it is declared to be in.
type declared string

// Detect answers what was declared of the text, or else of all.
func (d declared) Detect(text string, p language.Prior) language.Answer {
	lang := cmp.Or(p.Declared, string(d))
	spans := []language.Span{{End: utf8.RuneCountInString(text), Lang: lang}}
	return language.Answer{Lang: lang, Best: lang, Confidence: 1, DecidedBy: "declared", Spans: spans}
}

// Version says that nothing is detected.
func (d declared) Version() string { return "declared" }

// sideBySide is how many files are ingested at once, as they come from several stations.
const sideBySide = 4

// put ingests every file, each time as another source's, so that a repetition is not a duplicate.
func (b *benchmark) put(l *line) error {
	g, ctx := errgroup.WithContext(b.ctx)
	g.SetLimit(sideBySide)
	for i, f := range b.files {
		g.Go(func() error {
			r, err := f.open()
			if err != nil {
				return err
			}
			src := counterpoint.Source{ID: fmt.Sprintf("bench-%d", i), Name: "bench", Kind: counterpoint.Radio}
			_, err = l.door.Accept(ctx, src, f.name, r, ingest.FileOptions{Lang: b.o.lang})
			return errors.Join(err, r.Close())
		})
	}
	return g.Wait()
}

func (b *benchmark) measure(stage string, do func() error) error {
	before := cpu()
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", stage, err)
	}
	b.result.Stages = append(b.result.Stages, benchStage{Stage: stage, CPU: cpu() - before})
	return nil
}

// staged runs one stage after the other over all items.
func (b *benchmark) staged() (err error) {
	l, end, err := b.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := b.measure("ingest + log", func() error { return b.put(l) }); err != nil {
		return err
	}
	for e, err := range stream.Of[counterpoint.Item](l.stream, stream.Items).Replay(b.ctx, nil) {
		if err != nil {
			return err
		}
		b.items = append(b.items, e)
	}
	if err := b.count(b.items); err != nil {
		return err
	}
	detector, err := language.New(language.Options{})
	if err != nil {
		return err
	}
	warm(detector)
	for _, stage := range []struct {
		name string
		do   func() error
	}{
		{"language", func() error { return b.detect(detector, b.items) }}, // also where classify goes without
		{"classify, all of it", func() error { return b.judge(l) }},
		{"assessments to the log", func() error { return b.publish(l, b.judged) }},
		{"index", func() error { return b.index(l, b.items, b.judged) }},
	} {
		if err := b.measure(stage.name, stage.do); err != nil {
			return err
		}
	}
	b.shares()
	return nil
}

func (b *benchmark) judge(l *line) error {
	for _, e := range b.items {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		b.judged = append(b.judged, counterpoint.Entry[counterpoint.Assessment]{Position: e.Position, Time: e.Time, Value: l.stage.Assess(e.Value, e.Time)})
	}
	return nil
}

// warm loads the models, which 'run' does once.
func warm(d *language.Detector) {
	for _, text := range []string{"Good morning, dear listeners of this station.", "Bonjour à tous nos auditeurs de la région.", "Habari za asubuhi wasikilizaji wetu wapendwa."} {
		d.Detect(text, language.Prior{})
	}
}

func (b *benchmark) detect(d *language.Detector, items []counterpoint.Entry[counterpoint.Item]) error {
	for _, e := range items {
		for _, s := range e.Value.Segments {
			d.Detect(s.Text, language.Prior{Declared: e.Value.Lang, Languages: e.Value.Languages})
		}
		if err := b.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (b *benchmark) count(items []counterpoint.Entry[counterpoint.Item]) error {
	for _, e := range items {
		raw, err := json.Marshal(e.Value)
		if err != nil {
			return err
		}
		start := cpu()
		var again counterpoint.Item
		if err := json.Unmarshal(raw, &again); err != nil {
			return err
		}
		b.result.Peer += cpu() - start
		b.result.Segments += len(e.Value.Segments)
		for _, s := range e.Value.Segments {
			b.result.Words += len(strings.Fields(s.Text))
		}
	}
	b.result.Items = len(items)
	if b.result.Segments == 0 {
		return errors.New("the files hold no segments")
	}
	b.result.Peer *= 1e6 / float64(b.result.Segments)
	return nil
}

func (b *benchmark) publish(l *line, judged []counterpoint.Entry[counterpoint.Assessment]) error {
	v := stream.Of[counterpoint.Assessment](l.stream, stream.Assessments)
	for chunk := range slices.Chunk(judged, batch) {
		values := make([]counterpoint.Assessment, len(chunk))
		for i, e := range chunk {
			values[i] = e.Value
		}
		if err := v.Publish(b.ctx, values...); err != nil {
			return err
		}
	}
	return nil
}

// index writes each item with its assessment, as 'run' mostly does.
func (b *benchmark) index(l *line, items []counterpoint.Entry[counterpoint.Item], judged []counterpoint.Entry[counterpoint.Assessment]) error {
	for from := 0; from < len(items); from += batch {
		to := min(from+batch, len(items))
		if err := l.projector.PutTogether(b.ctx, items[from:to], judged[from:to]); err != nil {
			return err
		}
	}
	return nil
}

// shares counts language as the part of classify that it is.
func (b *benchmark) shares() {
	all := 0.0
	for _, s := range b.result.Stages {
		if s.Stage != "language" {
			all += s.CPU
		}
	}
	for i, s := range b.result.Stages {
		b.result.Stages[i].Share = s.CPU / all
		b.result.Stages[i].Micro = s.CPU * 1e6 / float64(b.result.Segments)
	}
	if b.result.Peer > 0 {
		b.result.Ratio = all * 1e6 / float64(b.result.Segments) / b.result.Peer
	}
}

// whole runs the line as 'run' does, all stages at once.
func (b *benchmark) whole() error {
	t, err := b.through("", "")
	b.result.Wall, b.result.CPU = t.wall, t.cpu
	b.result.Rate = float64(b.result.Segments) / b.result.Wall
	return err
}

// profiled writes a CPU profile of the part beside, where that is asked for.
func (b *benchmark) profiled(part string, do func() error) error {
	name := ""
	if b.o.profile != "" {
		name = fmt.Sprintf("%s.%s", b.o.profile, cmp.Or(part, "stage-by-stage"))
	}
	stop, err := profile(name)
	if err != nil {
		return err
	}
	return errors.Join(do(), stop())
}

// profile writes a CPU profile until it is stopped.
func profile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}

// took is what carrying all files through a line took.
type took struct{ wall, cpu float64 }

// through carries the files through a new line with that log and index.
func (b *benchmark) through(stream, index string) (t took, err error) {
	l, end, err := b.openOn(stream, index)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, end()) }()
	return b.carry(l, nil)
}

// carry sets the line in motion and carries the files through, with what else moves beside.
func (b *benchmark) carry(l *line, beside func(context.Context) error) (t took, err error) {
	err = b.moving(l, beside, func() error {
		began, before := time.Now(), cpu()
		if err := b.put(l); err != nil {
			return err
		}
		err := l.drained(b.ctx, int64(len(b.items)))
		t = took{time.Since(began).Seconds(), cpu() - before}
		return err
	})
	return t, err
}

// moving sets the line in motion, waits until it reads, and stops it when do is done.
func (b *benchmark) moving(l *line, beside func(context.Context) error, do func() error) error {
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	wait, err := l.start(ctx)
	if err != nil {
		return err
	}
	var g errgroup.Group
	if beside != nil {
		g.Go(func() error { return quiet(beside(ctx)) })
	}
	if err = b.primed(l); err == nil {
		err = do()
	}
	stop()
	return errors.Join(err, g.Wait(), wait())
}

// primed carries one item through: on servers, joining the groups takes a while.
func (b *benchmark) primed(l *line) error {
	it := counterpoint.Item{ID: counterpoint.ItemID("bench", "first"), Source: "bench", Kind: counterpoint.Radio, Locator: "first", Part: 1, Parts: 1, Lang: "eng", Seen: time.Now(),
		Segments: []counterpoint.Segment{{Text: "Good morning, dear listeners of this station."}}}
	it.Revision = counterpoint.Revision(it.Segments)
	if err := stream.Of[counterpoint.Item](l.stream, stream.Items).Publish(b.ctx, it); err != nil {
		return err
	}
	return l.drained(b.ctx, 0)
}

// drained waits until that many more items than the first, and their assessments, are in the index.
func (l *line) drained(ctx context.Context, items int64) error {
	for {
		done, err := l.through(ctx, items)
		if err != nil || done {
			return err
		}
		if err := pause(ctx, l.drainedEvery()); err != nil {
			return err
		}
	}
}

// through asks no more than tells: what is asked of servers they do in the time that is measured.
func (l *line) through(ctx context.Context, items int64) (bool, error) {
	for _, topic := range indexed {
		s, err := standingOf(ctx, topic, l.stream, l.store)
		if err != nil || s.behind() != 0 || topic != stream.Decisions && int64(total(s.end)) <= items {
			return false, err
		}
	}
	return true, nil
}

// drainedEvery is how often a bench looks whether all is done: looking costs CPU time too.
func (l *line) drainedEvery() time.Duration {
	if l.cfg.Stream == "" {
		return 25 * time.Millisecond
	}
	return 100 * time.Millisecond
}
