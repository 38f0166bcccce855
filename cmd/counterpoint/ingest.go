package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify/language"
	"counterpoint/ingest"
)

// ingestFlags are what the command line says of the files.
type ingestFlags struct {
	source, format, lang, recorded, audio, kind string
	json                                        bool
}

func ingestCommand() *cobra.Command {
	var at place
	var f ingestFlags
	c := &cobra.Command{
		Use:   "ingest --source ID FILE|DIR|-…",
		Short: "Put transcripts and items through the door",
		Long: `Put files through the same door as the collectors. Beside a running process on the same data folder it
hands them over; otherwise it carries them through the line itself and ends. On a log of servers (--stream)
it puts them there, and the processes that classify and index carry them on.

A file NAME.meta.yaml (or .json) beside NAME may say recorded, audio, title and lang.`,
		Example: "  counterpoint ingest --source radio-x morning.vtt\n  counterpoint ingest --source radio-x --recorded 2026-03-01T06:00:00+01:00 --audio https://radio.example/a.mp3 a.json\n  cat items.jsonl | counterpoint ingest --source sms --format jsonl -",
		Args:    argsBetween(1, -1, "at least one file, folder, or - for standard input"),
		RunE: func(c *cobra.Command, args []string) error {
			f, err := f.check() // before the place: what was typed first is named first
			if err != nil {
				return err
			}
			cfg, err := at.config(c)
			if err != nil {
				return err
			}
			return ingestFiles(c.Context(), cfg, f, args, c.InOrStdin(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	at.add(c)
	c.Flags().StringVar(&f.source, "source", "", "source the files belong to (required); an unknown one is registered")
	c.Flags().StringVar(&f.format, "format", "auto", "auto, "+strings.Join(ingest.FormatNames(), ", "))
	c.Flags().StringVar(&f.lang, "lang", "", "language the files are in (ISO 639); a strong hint")
	c.Flags().StringVar(&f.recorded, "recorded", "", "when the recording began (RFC 3339)")
	c.Flags().StringVar(&f.audio, "audio", "", "URL or file of the sound")
	c.Flags().StringVar(&f.kind, "kind", "radio", "kind of an unknown source: radio, web, social or report")
	c.Flags().BoolVar(&f.json, "json", false, "print the result as JSON")
	return c
}

func (f ingestFlags) check() (ingestFlags, error) {
	if f.source == "" {
		return f, usagef("--source is missing; name the source the files belong to")
	}
	if f.format != "auto" && !contains(ingest.FormatNames(), f.format) {
		return f, usagef("--format %q is not one of auto, %s", f.format, strings.Join(ingest.FormatNames(), ", "))
	}
	if f.recorded != "" {
		if t, err := time.Parse(time.RFC3339, f.recorded); err != nil || !counterpoint.CredibleTime(t) {
			return f, usagef("--recorded %q is not RFC 3339 with a zone, such as 2026-03-01T06:00:00+01:00", f.recorded)
		}
	}
	s := counterpoint.Source{ID: f.source, Name: f.source, Kind: counterpoint.SourceKind(f.kind)}
	if err := s.Check(); err != nil {
		return f, usageError{fmt.Errorf("--source %s: %w", f.source, err)}
	}
	return f, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// door is where files go: the running process or a line of our own.
type door func(ctx context.Context, name string, in io.Reader) (ingest.Receipt, error)

func ingestFiles(ctx context.Context, cfg config, f ingestFlags, args []string, in io.Reader, out, errs io.Writer) error {
	if f.lang != "" {
		code, ok := language.Valid(f.lang)
		if !ok {
			fmt.Fprintf(errs, "counterpoint: --lang %s is not a known ISO 639 code; it is ignored\n", f.lang)
		}
		f.lang = code
	}
	put, finish, err := openDoor(ctx, cfg, f, errs)
	if err != nil {
		return err
	}
	total, err := putAll(ctx, put, args, in, errs)
	if err := errors.Join(err, finish(err == nil)); err != nil {
		return err
	}
	return printReceipt(total, f.json, out, errs)
}

// putAll puts every file of the arguments through the door. What is wrong with a file is in the receipt; an
// error means that the door failed.
func putAll(ctx context.Context, put door, args []string, in io.Reader, errs io.Writer) (ingest.Receipt, error) {
	total := ingest.Receipt{Rejected: []counterpoint.Rejection{}}
	var files []string
	for _, a := range args {
		list, err := []string{a}, error(nil)
		if a != "-" {
			list, err = ingest.Files(a)
		}
		if err != nil {
			total.Add(ingest.Receipt{Read: 1, Rejected: []counterpoint.Rejection{{File: a, Reason: plain(err)}}})
			continue
		}
		if len(list) == 0 {
			total.Notes = append(total.Notes, fmt.Sprintf("%s holds no files to read", a))
		}
		files = append(files, list...)
	}
	bar := progress(errs, len(files))
	for _, name := range files {
		r, err := put(ctx, name, in)
		if err != nil {
			return total, err
		}
		total.Add(r)
		bar.Add(1)
	}
	bar.Finish()
	return total, nil
}

// plain is the reason without the path, which the rejection names already.
func plain(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func printReceipt(r ingest.Receipt, asJSON bool, out, errs io.Writer) error {
	for _, n := range r.Notes {
		fmt.Fprintln(errs, "counterpoint:", n)
	}
	if asJSON {
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, string(b))
	} else {
		for _, x := range r.Rejected {
			fmt.Fprintln(errs, "rejected", x)
		}
		fmt.Fprintf(out, "read %d, accepted %d, duplicates %d, rejected %d\n", r.Read, r.Accepted, r.Duplicates, len(r.Rejected))
	}
	if r.Accepted+r.Duplicates == 0 && len(r.Rejected) > 0 {
		return errors.New("nothing was accepted")
	}
	return nil
}

func progress(errs io.Writer, files int) *progressbar.ProgressBar {
	if !terminal(errs) || files < 2 {
		return progressbar.DefaultSilent(int64(files))
	}
	return progressbar.Default(int64(files), "ingest")
}

// openDoor finds the door: the running process's, or that of a line opened for the purpose, which finish then
// carries to the end.
func openDoor(ctx context.Context, cfg config, f ingestFlags, errs io.Writer) (door, func(bool) error, error) {
	r, err := findRunning(cfg.Data)
	if err != nil {
		return nil, nil, err
	}
	if r != nil && r.does(roleIngest, roleAPI) {
		return handOver(ctx, *r, f), func(bool) error { return nil }, nil
	}
	l, stop, err := ownLine(ctx, cfg, errs, roleIngest)
	if err != nil {
		return nil, nil, err
	}
	put := func(ctx context.Context, name string, in io.Reader) (ingest.Receipt, error) {
		if name == "-" {
			return l.accept(ctx, f.request(name), in)
		}
		src, note, err := l.sourceOf(ctx, f.request(name))
		if err != nil {
			return ingest.Receipt{}, err
		}
		r, err := l.door.AcceptFile(ctx, src, name, f.options())
		return withNote(r, note), err
	}
	return put, func(whole bool) error {
		var err error
		if whole {
			err = l.settleOwn(ctx)
		}
		return errors.Join(err, stop())
	}, nil
}

func (f ingestFlags) options() ingest.FileOptions {
	o := ingest.FileOptions{Format: f.format, Lang: f.lang, Audio: f.audio}
	if t, err := time.Parse(time.RFC3339, f.recorded); err == nil {
		o.Recorded = &t
	}
	return o
}

func (f ingestFlags) request(name string) api.IngestRequest {
	o := f.options()
	return api.IngestRequest{
		Source: f.source, Kind: counterpoint.SourceKind(f.kind), Format: f.format, Name: name, Lang: o.Lang, Audio: o.Audio, Recorded: o.Recorded,
	}
}

// handOver sends files to the running process, with what their sidecars say: it may not see our folders.
func handOver(ctx context.Context, r running, f ingestFlags) door {
	c := r.client()
	var src counterpoint.Source
	if err := c.do(ctx, http.MethodGet, "/api/v1/sources/"+url.PathEscape(f.source), nil, "", &src); err != nil {
		src = counterpoint.Source{ID: f.source} // not known yet; the process registers it
	}
	return func(ctx context.Context, name string, in io.Reader) (ingest.Receipt, error) {
		o := f.options()
		if name != "-" {
			file, err := os.Open(name)
			if err == nil {
				defer file.Close()
				in = file
				o, err = ingest.WithSidecar(name, src, o)
			}
			if err != nil {
				return ingest.Receipt{Read: 1, Rejected: []counterpoint.Rejection{{File: name, Reason: plain(err)}}}, nil
			}
		}
		var receipt ingest.Receipt
		err := c.do(ctx, http.MethodPost, "/api/v1/ingest?"+f.query(name, o).Encode(), in, "application/octet-stream", &receipt)
		return receipt, err
	}
}

func (f ingestFlags) query(name string, o ingest.FileOptions) url.Values {
	q := url.Values{"source": {f.source}, "kind": {f.kind}, "format": {f.format}, "name": {name}}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set("lang", o.Lang)
	set("audio", o.Audio)
	set("title", o.Title)
	set("precision", string(o.Precision))
	if o.Recorded != nil {
		set("recorded", o.Recorded.Format(time.RFC3339Nano))
	}
	return q
}

// ingestRequest is the API's way to the door.
func (l *line) ingestRequest(ctx context.Context, q api.IngestRequest, r io.Reader) (any, error) {
	return l.accept(ctx, q, r)
}

// accept puts one input through the door. A source nobody knows is registered, and the receipt says so.
func (l *line) accept(ctx context.Context, q api.IngestRequest, r io.Reader) (ingest.Receipt, error) {
	src, note, err := l.sourceOf(ctx, q)
	if err != nil {
		return ingest.Receipt{}, err
	}
	receipt, err := l.door.Accept(ctx, src, q.Name, r, ingest.FileOptions{
		Format: q.Format, Lang: q.Lang, Recorded: q.Recorded, Precision: q.Precision, Audio: q.Audio, Title: q.Title,
	})
	return withNote(receipt, note), err
}

func withNote(r ingest.Receipt, note string) ingest.Receipt {
	if note != "" {
		r.Notes = append([]string{note}, r.Notes...)
	}
	return r
}

// sourceOf is the source of a request, registered now where nobody knew it; then the note says so.
func (l *line) sourceOf(ctx context.Context, q api.IngestRequest) (src counterpoint.Source, note string, err error) {
	src, err = sources{l}.Source(ctx, q.Source)
	if !errors.Is(err, counterpoint.ErrNotFound) {
		return src, "", err
	}
	src = counterpoint.Source{ID: q.Source, Name: q.Source, Kind: q.Kind}
	if src.Kind == "" {
		src.Kind = counterpoint.Radio
	}
	if err := l.registerSource(ctx, src); err != nil {
		return src, "", err
	}
	return src, fmt.Sprintf("source %s was not known; it is registered now as %s", src.ID, src.Kind), nil
}
