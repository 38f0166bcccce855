// Package ingest is the door by which things come in: it reads files of any known format, gives each item its
// identity and what is known of its source and time, publishes it, and lets the same thing in once only.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

// Publisher takes items for classification. What it was given is durable when it returns.
type Publisher interface {
	Publish(ctx context.Context, items ...counterpoint.Item) error
}

// Sources is the register of sources, asked when a line of JSONL names another source than the file's.
type Sources interface {
	// Source finds a source, or returns counterpoint.ErrNotFound.
	Source(ctx context.Context, id string) (counterpoint.Source, error)
	// Register makes a source known.
	Register(ctx context.Context, src counterpoint.Source) error
}

// Options are what a door needs. Publisher and Seen are required.
type Options struct {
	Publisher  Publisher
	Seen       *Seen
	Sources    Sources                  // nil: lines that name another source are rejected
	Pseudonym  func(name string) string // for authors and callers; nil drops their names
	Reporters  Reporters                // who community reporters are; nil takes no reports
	Now        func() time.Time         // nil is time.Now
	Registerer prometheus.Registerer    // nil counts for nobody
	Log        *slog.Logger             // nil is silent
}

// Door lets items in. It is safe for use by many goroutines.
type Door struct {
	o       Options
	metrics metrics
	queue   queue
	gate    sync.Mutex // from looking up whether a batch was seen until it is marked
}

// New checks the options and makes a door.
func New(o Options) (*Door, error) {
	if o.Publisher == nil || o.Seen == nil {
		return nil, errors.New("ingest: a Publisher and a register of what was seen are required")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Door{o: o, metrics: newMetrics(o.Registerer)}, nil
}

// FileOptions are what a person says about a file. They outrank the file's sidecar, name and content.
type FileOptions struct {
	Format    string // empty or auto: by looking
	Lang      string // any ISO 639 code
	Recorded  *time.Time
	Precision counterpoint.Precision // of Recorded; empty is to the second
	Audio     string
	Locator   string // the identity of the file's only item within its source
	Title     string
}

// Receipt says what became of an input, counted in items; bad cues inside a good file are only listed.
type Receipt struct {
	Read       int                      `json:"read"`
	Accepted   int                      `json:"accepted"` // published, as new or as a revision
	Duplicates int                      `json:"duplicates"`
	Rejected   []counterpoint.Rejection `json:"rejected"`
	Notes      []string                 `json:"notes,omitempty"`
}

// Add counts another receipt in.
func (r *Receipt) Add(other Receipt) {
	r.Read += other.Read
	r.Accepted += other.Accepted
	r.Duplicates += other.Duplicates
	r.Rejected = append(r.rejections(), other.Rejected...)
	r.Notes = append(r.Notes, other.Notes...)
}

func (r *Receipt) rejections() []counterpoint.Rejection {
	if r.Rejected == nil {
		return []counterpoint.Rejection{} // JSON readers expect a list
	}
	return r.Rejected
}

// AcceptFile opens a file, with the sidecar beside it, and accepts what it holds.
func (d *Door) AcceptFile(ctx context.Context, src counterpoint.Source, path string, o FileOptions) (Receipt, error) {
	f, err := open(path)
	if err != nil {
		return d.refuse(path, err), nil
	}
	defer f.Close()
	o, err = WithSidecar(path, src, o)
	if err != nil {
		return d.refuse(path, fmt.Errorf("its sidecar %w", err)), nil
	}
	return d.Accept(ctx, src, path, f, o)
}

// refuse is the receipt of a file that could not be read at all.
func (d *Door) refuse(name string, why error) Receipt {
	d.metrics.files.Inc()
	d.metrics.rejected.Inc()
	return Receipt{Read: 1, Rejected: []counterpoint.Rejection{{File: name, Reason: why.Error()}}}
}

// Accept reads one input to its end and publishes the items it holds. What is wrong with the input is in the
// receipt; an error means that the door itself failed (the stream, the register, a read), and that the input
// should be given again: what was accepted before is then a duplicate.
func (d *Door) Accept(ctx context.Context, src counterpoint.Source, name string, r io.Reader, o FileOptions) (Receipt, error) {
	d.metrics.files.Inc()
	if err := o.check(); err != nil {
		return Receipt{}, err
	}
	in := intake{door: d, src: src, name: name, o: o, began: d.o.Now(), sources: map[string]counterpoint.Source{src.ID: src}}
	err := in.read(ctx, r)
	in.receipt.Rejected = in.receipt.rejections()
	d.metrics.rejected.Add(float64(len(in.receipt.Rejected) + in.unlisted))
	if err != nil {
		return in.receipt, fmt.Errorf("accept %s: %w", filepath.Base(name), err)
	}
	return in.receipt, nil
}

func (o FileOptions) check() error {
	if o.Format != "" && o.Format != "auto" {
		if _, err := format(o.Format, "", nil); err != nil {
			return counterpoint.Invalid{{Field: "format", Message: err.Error()}}
		}
	}
	if o.Lang != "" {
		if _, ok := counterpoint.Lang(o.Lang); !ok {
			return counterpoint.Invalid{{Field: "lang", Message: fmt.Sprintf("%q is not an ISO 639 code such as swa or fr", o.Lang)}}
		}
	}
	return nil
}
