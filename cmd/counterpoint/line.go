package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify"
	"counterpoint/index"
	indexstore "counterpoint/index/embedded"
	"counterpoint/ingest"
	"counterpoint/respond"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/vault"
)

// line is the path of an item, wired on one data folder: ingest → stream → classify → stream → index, with the
// desk's decisions on the stream too. It is built from sink to source and stopped from source to sink.
type line struct {
	cfg       config
	log       *slog.Logger
	metrics   *prometheus.Registry
	stream    *embedded.Log
	vault     *vault.Vault
	store     *indexstore.Store
	projector *index.Projector
	stage     *classify.Stage
	seen      *ingest.Seen
	door      *ingest.Door
	desk      *api.Desk
	prover    *respond.Prover
	closers   []func() error // in the order of building
}

// openLine builds the line. Nothing moves until start.
func openLine(ctx context.Context, cfg config, log *slog.Logger) (_ *line, err error) {
	l := &line{cfg: cfg, log: log, metrics: prometheus.NewRegistry()}
	l.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	if l.stream, err = embedded.Open(ctx, cfg.Data, embedded.Options{}); err != nil {
		return nil, err
	}
	l.closers = append(l.closers, l.stream.Close)
	if l.vault, err = vault.Open(ctx, l.stream); err != nil {
		return nil, fmt.Errorf("open the secrets: %w", err)
	}
	l.closers = append(l.closers, l.vault.Close)
	if l.store, err = indexstore.Open(cfg.path("index.db"), indexstore.Options{}); err != nil {
		return nil, err
	}
	l.closers = append(l.closers, l.store.Close)
	if err := l.sameLog(ctx); err != nil {
		return nil, err
	}
	l.projector = index.NewProjector(l.store, index.ProjectorOptions{Unseal: l.vault.Unseal, Log: log, Registerer: l.metrics})
	if l.stage, err = newStage(cfg.Languages, log, l.metrics); err != nil {
		return nil, err
	}
	l.desk = api.NewDesk(api.DeskOptions{Views: l.store, Decisions: stream.Of[counterpoint.Event](l.stream, stream.Decisions), Secrets: l.vault})
	if l.seen, err = ingest.OpenSeen(cfg.path(seenFile)); err != nil {
		return nil, err
	}
	l.closers = append(l.closers, l.seen.Close)
	if l.door, err = ingest.New(l.doorOptions()); err != nil {
		return nil, err
	}
	l.metrics.MustRegister(streamMetrics{l})
	l.prover = respond.NewProver(respond.ProverOptions{Views: l.store, Decider: l.desk, Registerer: l.metrics, Log: log})
	return l, nil
}

func (l *line) doorOptions() ingest.Options {
	return ingest.Options{
		Publisher: stream.Of[counterpoint.Item](l.stream, stream.Items), Seen: l.seen,
		Sources: sources{l}, Pseudonym: l.vault.Pseudonym, Registerer: l.metrics, Log: l.log,
	}
}

// sources is the register as ingest sees it: read from the index, written by events.
type sources struct{ l *line }

// Source finds a source.
func (s sources) Source(ctx context.Context, id string) (counterpoint.Source, error) {
	return counterpoint.Load[counterpoint.Source](ctx, s.l.store, id)
}

// Register makes a source known.
func (s sources) Register(ctx context.Context, src counterpoint.Source) error {
	return s.l.registerSource(ctx, src)
}

// registerSource makes a source known, or brings its description up to date. Two processes that do so at
// once make the same event.
func (l *line) registerSource(ctx context.Context, to counterpoint.Source) error {
	return l.registerSourceAt(ctx, to, time.Now())
}

func (l *line) registerSourceAt(ctx context.Context, to counterpoint.Source, now time.Time) error {
	old, err := counterpoint.Load[counterpoint.Source](ctx, l.store, to.ID)
	var e counterpoint.Event
	switch {
	case errors.Is(err, counterpoint.ErrNotFound):
		if e, err = to.Register(api.Operator.ID, now); err != nil {
			return err
		}
		e.ID = counterpoint.ID("evt", "source.register", to.ID)
	case err != nil:
		return err
	case sameSource(old, to):
		return nil
	default:
		if e, err = old.Update(api.Operator.ID, now, to); err != nil {
			return err
		}
	}
	out, err := l.desk.Decide(ctx, e)
	if err != nil {
		return err
	}
	if out.Refused != "" {
		return fmt.Errorf("source %s: %s", to.ID, out.Refused)
	}
	return nil
}

func sameSource(a, b counterpoint.Source) bool {
	b.Version, b.CreatedAt = a.Version, a.CreatedAt
	if len(a.Languages) == 0 && len(b.Languages) == 0 {
		a.Languages, b.Languages = nil, nil
	}
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// start sets the line in motion and returns what waits for its end. It moves until ctx is done: first ingest
// stops, then classify, then the index, so that what was taken in is carried as far as it can be.
func (l *line) start(ctx context.Context) (wait func() error, err error) {
	tail, err := l.tails(ctx)
	if err != nil {
		return nil, err
	}
	items, err := stream.Of[counterpoint.Item](l.stream, stream.Items).Group("classify")
	if err != nil {
		return nil, err
	}
	full := waiter{l.log}
	var g errgroup.Group
	sink, stopSink := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error {
		return quiet(l.projector.Run(sink, patientFeed[counterpoint.Item]{full, tail.items},
			patientFeed[counterpoint.Assessment]{full, tail.assessments}, patientFeed[counterpoint.Event]{full, tail.decisions}))
	})
	g.Go(func() error {
		defer stopSink()
		return quiet(l.stage.Run(ctx, patientFeed[counterpoint.Item]{full, items},
			patientPublisher[counterpoint.Assessment]{full, stream.Of[counterpoint.Assessment](l.stream, stream.Assessments)}))
	})
	return func() error {
		defer stopSink()
		return errors.Join(g.Wait(), items.Close(), tail.close())
	}, nil
}

// quiet is nil for the error of having been told to stop.
func quiet(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

type tails struct {
	items       *stream.Feed[counterpoint.Item]
	assessments *stream.Feed[counterpoint.Assessment]
	decisions   *stream.Feed[counterpoint.Event]
}

func (t tails) close() error {
	return errors.Join(t.items.Close(), t.assessments.Close(), t.decisions.Close())
}

// tails are the three topics from where the index stands.
func (l *line) tails(ctx context.Context) (tails, error) {
	var t tails
	var at [3]map[int]int64
	for i, topic := range indexed {
		var err error
		if at[i], err = l.store.Positions(ctx, topic); err != nil {
			return t, err
		}
	}
	var err1, err2, err3 error
	t.items, err1 = stream.Of[counterpoint.Item](l.stream, stream.Items).Tail("index", at[0])
	t.assessments, err2 = stream.Of[counterpoint.Assessment](l.stream, stream.Assessments).Tail("index", at[1])
	t.decisions, err3 = stream.Of[counterpoint.Event](l.stream, stream.Decisions).Tail("index", at[2])
	return t, errors.Join(err1, err2, err3)
}

// stalled is how long settle waits while nothing moves. A record that nobody could read is counted as waiting
// until the next one passes it.
const stalled = 30 * time.Second

// settle waits until everything on the stream is classified and in the index.
func (l *line) settle(ctx context.Context) error {
	last, moved := int64(-1), time.Now()
	for {
		waiting, err := l.waiting(ctx)
		if err != nil {
			return err
		}
		if waiting != last {
			last, moved = waiting, time.Now()
		}
		if waiting == 0 || time.Since(moved) > stalled {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// waiting is how many records classify and the index have before them. Classify's are counted first: what it
// finishes meanwhile is then still counted for the index.
func (l *line) waiting(ctx context.Context) (int64, error) {
	n, err := l.stream.Lag(ctx, stream.Items, "classify")
	if err != nil {
		return 0, err
	}
	all, err := standings(ctx, l.stream, l.store)
	if err != nil {
		return 0, err
	}
	for _, s := range all {
		n += s.behind()
	}
	return n, nil
}

// close ends the line, last built first.
func (l *line) close() error {
	var errs []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		errs = append(errs, l.closers[i]())
	}
	l.closers = nil
	return errors.Join(errs...)
}

// emptyFolder reports whether nothing was ever kept in the folder.
func emptyFolder(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "stream.db"))
	return errors.Is(err, os.ErrNotExist)
}
