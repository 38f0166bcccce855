package ingest

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/ingest/report"
	"counterpoint/ingest/transcript"
)

// intake is one input on its way through the door.
type intake struct {
	door     *Door
	src      counterpoint.Source
	name     string
	o        FileOptions
	began    time.Time
	sources  map[string]counterpoint.Source // by id, as far as lines named them
	format   string
	sum      hash.Hash
	reported bool // by a reporter: told, and masked already
	packed   bool // the input is gzip: what fails to unpack is the input's fault
	batch    batch
	receipt  Receipt
	unlisted int // rejections beyond those listed
}

// What an input may be. A packed one is measured unpacked.
const (
	headSize   = 64 << 10
	maxInput   = 2 << 30
	maxListed  = 1000
	batchItems = 500
	batchBytes = 4 << 20
)

func open(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		var e *os.PathError
		if errors.As(err, &e) {
			err = e.Err
		}
		return nil, fmt.Errorf("cannot be opened: %w", err)
	}
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		f.Close()
		return nil, errors.New("is a folder; give the files in it")
	}
	return f, nil
}

func (in *intake) read(ctx context.Context, r io.Reader) error {
	head := bufio.NewReaderSize(r, headSize)
	if magic, _ := head.Peek(2); string(magic) == "\x1f\x8b" {
		gz, err := gzip.NewReader(head)
		if err != nil {
			return in.refused(&transcript.Refusal{Reason: "is not a whole gzip file: " + err.Error()})
		}
		in.packed, in.name = true, strings.TrimSuffix(in.name, ".gz")
		head = bufio.NewReaderSize(gz, headSize)
	}
	start, err := head.Peek(headSize)
	switch {
	case len(start) == 0 && errors.Is(err, io.EOF):
		return in.refused(&transcript.Refusal{Reason: "is empty"})
	case err != nil && !errors.Is(err, io.EOF):
		return in.failed(err)
	}
	f, err := format(in.o.Format, in.name, start)
	if err != nil {
		return in.refused(&transcript.Refusal{Reason: err.Error()})
	}
	in.format, in.sum = f.Name, sha256.New()
	if err := in.parse(ctx, f, &limited{r: head, left: maxInput}); err != nil {
		return err
	}
	return in.flush(ctx)
}

// parse takes items as they come, save that a file which is one item without a name of its own is named by the
// hash of its bytes, known only at its end.
func (in *intake) parse(ctx context.Context, f Format, src *limited) error {
	r := io.TeeReader(src, in.sum)
	var whole []transcript.Parsed
	err := f.Parse(r, in.options(), func(p transcript.Parsed) error {
		if p.Digest == "" {
			whole = append(whole, p)
			return nil
		}
		return in.take(ctx, p)
	})
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	var refusal *transcript.Refusal
	switch {
	case errors.As(err, &refusal):
		return in.refused(refusal)
	case src.failed != nil:
		return in.failed(src.failed)
	case err != nil:
		return err
	}
	if len(whole) > 1 {
		in.o.Locator = "" // it names one
	}
	for i, p := range whole {
		p.Digest = hex.EncodeToString(in.sum.Sum(nil))
		if len(whole) > 1 {
			p.Digest = fmt.Sprintf("%s.%d", p.Digest, i+1)
		}
		if err := in.take(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// limited refuses an input without end.
type limited struct {
	r      io.Reader
	left   int64
	failed error
}

// Read reads until the limit.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, &transcript.Refusal{Reason: fmt.Sprintf("is larger than %d MiB; split it", maxInput>>20)}
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		l.failed = err
	}
	return n, err
}

func (in *intake) options() transcript.Options {
	return transcript.Options{
		Name: in.name, Pseudonym: in.door.o.Pseudonym, Zone: zone(in.src),
		Note: in.note,
		Reject: func(r counterpoint.Rejection, whole bool) {
			if whole {
				in.count()
			}
			in.reject(r)
		},
	}
}

func (in *intake) count() {
	in.receipt.Read++
	in.door.metrics.in.Inc()
}

func (in *intake) note(n string) {
	if len(in.receipt.Notes) < maxListed {
		in.receipt.Notes = append(in.receipt.Notes, filepath.Base(in.name)+": "+n)
	}
}

// reject lists a rejection; of very many it lists the first and counts the rest.
func (in *intake) reject(r counterpoint.Rejection) {
	if len(in.receipt.Rejected) < maxListed {
		in.receipt.Rejected = append(in.receipt.Rejected, r)
		return
	}
	if in.unlisted == 0 {
		in.note(fmt.Sprintf("more than %d rejections; the rest are counted in the metrics only", maxListed))
	}
	in.unlisted++
}

// refused ends an input that is not what it should be: one item, not accepted.
func (in *intake) refused(why *transcript.Refusal) error {
	in.count()
	in.reject(counterpoint.Rejection{File: in.name, Line: why.Line, Reason: why.Reason})
	return nil
}

// failed is a read that went wrong: the fault of a packed input, else of the machine.
func (in *intake) failed(err error) error {
	if in.packed {
		return in.refused(&transcript.Refusal{Reason: "cannot be unpacked: " + err.Error()})
	}
	return err
}

// take makes an item of what was parsed and puts it in the batch.
func (in *intake) take(ctx context.Context, p transcript.Parsed) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in.count()
	src, err := in.source(ctx, p)
	if err != nil {
		var bad *transcript.Refusal
		if errors.As(err, &bad) {
			in.reject(counterpoint.Rejection{File: in.name, Line: p.Line, Reason: bad.Reason})
			return nil
		}
		return err
	}
	in.mask(src, &p)
	it := in.item(src, p)
	in.batch.add(it, in.scope(it), p.Digest)
	if len(in.batch.items) >= batchItems || in.batch.bytes >= batchBytes {
		return in.flush(ctx)
	}
	return nil
}

// mask takes out of a file of community reports what leads to people, as AcceptReports does.
func (in *intake) mask(src counterpoint.Source, p *transcript.Parsed) {
	if src.Kind != counterpoint.Report {
		return
	}
	p.Title = report.Mask(p.Title)
	for i := range p.Segments {
		s := &p.Segments[i]
		if masked := report.Mask(s.Text); masked != s.Text {
			s.Text, s.Weak = masked, nil // the spans would point elsewhere
		}
	}
}

// source is the one a line of JSONL names, made known if it is not yet, or the file's.
func (in *intake) source(ctx context.Context, p transcript.Parsed) (counterpoint.Source, error) {
	if p.Source == "" {
		return in.src, nil
	}
	if src, ok := in.sources[p.Source]; ok {
		return src, nil
	}
	if in.door.o.Sources == nil {
		return in.src, &transcript.Refusal{Reason: fmt.Sprintf("names the source %q, not %q", p.Source, in.src.ID)}
	}
	src, err := in.door.o.Sources.Source(ctx, p.Source)
	if errors.Is(err, counterpoint.ErrNotFound) {
		src = counterpoint.Source{ID: p.Source, Name: p.Source, Kind: in.src.Kind, Country: in.src.Country, Zone: in.src.Zone, Example: in.src.Example}
		if err := src.Check(); err != nil {
			return src, &transcript.Refusal{Reason: "source: " + err.Error()}
		}
		if err = in.door.o.Sources.Register(ctx, src); err == nil {
			in.note(fmt.Sprintf("registered the new source %q", p.Source))
		}
	}
	if err != nil {
		return src, fmt.Errorf("source %s: %w", p.Source, err)
	}
	if len(in.sources) < 10_000 {
		in.sources[p.Source] = src
	}
	return src, nil
}
