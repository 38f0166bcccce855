package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/classify/language"
	"counterpoint/examples"
	"counterpoint/ingest"
	"counterpoint/stream"
)

func benchCommand() *cobra.Command {
	var asJSON bool
	var lang string
	var repeat int
	c := &cobra.Command{
		Use:   "bench [FILE|DIR…]",
		Short: "Measure the line on files: CPU of each stage, and segments a second end to end",
		Long: `Carry files through the line in a temporary folder, first stage by stage, taking the CPU time of each, then all
at once as 'run' does. Without files it takes the built-in example. --lang takes the language as given, so
that detection costs nothing.

CPU time is the figure to compare: wall-clock figures move with what else the machine does. The peer of the same
run is decoding the same items from JSON, which nothing that takes items in can do without.`,
		Args: argsBetween(0, -1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			r, err := bench(c.Context(), args, lang, repeat, c.ErrOrStderr())
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
	c.Flags().StringVar(&lang, "lang", "", "language of all files")
	c.Flags().IntVar(&repeat, "repeat", 1, "take every file this often, as different items")
	return c
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
}

func (r benchResult) print(w io.Writer) error {
	fmt.Fprintf(w, "%d files, %d items, %d segments, %d words\n\n%-22s %12s %8s %16s\n", r.Files, r.Items, r.Segments, r.Words, "stage", "CPU s", "share", "us a segment")
	for _, s := range r.Stages {
		fmt.Fprintf(w, "%-22s %12.2f %7.1f%% %16.1f\n", s.Stage, s.CPU, 100*s.Share, s.Micro)
	}
	_, err := fmt.Fprintf(w, "\npeer (decode JSON)  %.1f us a segment; all stages are %.1f times that\nend to end  %.0f segments a second (%.2f s, %.2f CPU s)\n",
		r.Peer, r.Ratio, r.Rate, r.Wall, r.CPU)
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
	files  []benchFile
	lang   string
	result benchResult
}

type benchFile struct {
	name string
	open func() (io.ReadCloser, error)
}

func bench(ctx context.Context, args []string, lang string, repeat int, errs io.Writer) (benchResult, error) {
	files, err := benchFiles(args)
	if err != nil {
		return benchResult{}, err
	}
	b := &benchmark{ctx: ctx, lang: lang}
	for range max(1, repeat) {
		b.files = append(b.files, files...)
	}
	b.result.Files = len(b.files)
	fmt.Fprintln(errs, "counterpoint: stage by stage")
	if err := b.staged(); err != nil {
		return b.result, err
	}
	fmt.Fprintln(errs, "counterpoint: all at once")
	return b.result, b.whole()
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

// open opens a line in a new folder, which close deletes.
func (b *benchmark) open() (*line, func() error, error) {
	dir, err := os.MkdirTemp("", "counterpoint-bench-")
	if err != nil {
		return nil, nil, err
	}
	cfg, err := readConfig("")
	if err != nil {
		return nil, nil, err
	}
	cfg.Data = dir
	l, err := openLine(b.ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return l, func() error { return errors.Join(l.close(), os.RemoveAll(dir)) }, nil
}

// put ingests every file, each time as another source's, so that a repetition is not a duplicate.
func (b *benchmark) put(l *line) error {
	for i, f := range b.files {
		r, err := f.open()
		if err != nil {
			return err
		}
		src := counterpoint.Source{ID: fmt.Sprintf("bench-%d", i), Name: "bench", Kind: counterpoint.Radio}
		_, err = l.door.Accept(b.ctx, src, f.name, r, ingest.FileOptions{Lang: b.lang})
		if err := errors.Join(err, r.Close()); err != nil {
			return err
		}
	}
	return nil
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
	var items []counterpoint.Entry[counterpoint.Item]
	var judged []counterpoint.Entry[counterpoint.Assessment]
	if err := b.measure("ingest + log", func() error { return b.put(l) }); err != nil {
		return err
	}
	for e, err := range stream.Of[counterpoint.Item](l.stream, stream.Items).Replay(b.ctx, nil) {
		if err != nil {
			return err
		}
		items = append(items, e)
	}
	if err := b.count(items); err != nil {
		return err
	}
	detector, err := language.New(language.Options{})
	if err != nil {
		return err
	}
	warm(detector)
	if err := b.measure("language", func() error { return b.detect(detector, items) }); err != nil {
		return err
	}
	if err := b.measure("classify, all of it", func() error {
		for _, e := range items {
			if err := b.ctx.Err(); err != nil {
				return err
			}
			judged = append(judged, counterpoint.Entry[counterpoint.Assessment]{Position: e.Position, Time: e.Time, Value: l.stage.Assess(e.Value, e.Time)})
		}
		return nil
	}); err != nil {
		return err
	}
	if err := b.measure("assessments to the log", func() error { return b.publish(l, judged) }); err != nil {
		return err
	}
	if err := b.measure("index", func() error { return b.index(l, items, judged) }); err != nil {
		return err
	}
	b.shares()
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

func (b *benchmark) index(l *line, items []counterpoint.Entry[counterpoint.Item], judged []counterpoint.Entry[counterpoint.Assessment]) error {
	for chunk := range slices.Chunk(items, batch) {
		if err := l.projector.PutItems(b.ctx, chunk); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(judged, batch) {
		if err := l.projector.PutAssessments(b.ctx, chunk); err != nil {
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
func (b *benchmark) whole() (err error) {
	l, end, err := b.open()
	if err != nil {
		return err
	}
	moving, stop := context.WithCancel(b.ctx)
	wait, err := l.start(moving)
	if err != nil {
		stop()
		return errors.Join(err, end())
	}
	began, before := time.Now(), cpu()
	if err = b.put(l); err == nil {
		err = l.settle(b.ctx)
	}
	b.result.Wall, b.result.CPU = time.Since(began).Seconds(), cpu()-before
	b.result.Rate = float64(b.result.Segments) / b.result.Wall
	stop()
	return errors.Join(err, wait(), end())
}
