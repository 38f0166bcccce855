package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/classify"
	"counterpoint/index"
	"counterpoint/ingest"
	"counterpoint/ingest/crawl"
	"counterpoint/ingest/guard"
	"counterpoint/respond"
	"counterpoint/respond/sms"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/vault"
)

// line is the path of an item, as far as this process has it by its roles: ingest → stream → classify → stream →
// index, with the desk's decisions on the stream too. It is built from sink to source and stopped from source to
// sink. What no role needs is nil.
type line struct {
	cfg       config
	log       *slog.Logger
	metrics   *prometheus.Registry
	unused    bool // nothing was ever written to the log
	stream    stream.Log
	vault     *vault.Vault
	store     index.Store
	sink      *pinned // store as the projector writes it
	projector *index.Projector
	stage     *classify.Stage
	seen      *ingest.Seen
	door      *ingest.Door
	frontier  *crawl.Frontier
	claims    *ingest.Claims // nil where no other process can share the log
	desk      *api.Desk
	prover    *respond.Prover
	alerter   *respond.Alerter
	sender    *sms.Sender
	outgoing  *guard.Guard // of what is sent
	found     sync.Map     // sources by id, as last seen
	items     stream.Shared[counterpoint.Item]
	closers   []func() error // in the order of building
}

// openLine builds the line. Nothing moves until start.
func openLine(ctx context.Context, cfg config, log *slog.Logger) (_ *line, err error) {
	collectLess()
	l := &line{cfg: cfg, log: log, metrics: prometheus.NewRegistry()}
	l.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			err = &openError{errors.Join(err, l.close()), l.unused}
		}
	}()
	for _, part := range []struct {
		open  func(context.Context) error
		roles []string
	}{
		{l.openFolder, []string{roleIngest, roleClassify, roleIndex, roleRespond, roleAPI}},
		{l.openStream, []string{roleIngest, roleClassify, roleIndex, roleRespond, roleAPI, roleDesk}},
		{l.openDesk, []string{roleIngest, roleIndex, roleRespond, roleAPI, roleDesk}},
		{l.openClassify, []string{roleClassify}},
		{l.openDoor, []string{roleIngest, roleAPI}},
		{l.openRespond, []string{roleRespond}},
	} {
		if !cfg.does(part.roles...) {
			continue
		}
		if err := part.open(ctx); err != nil {
			return nil, err
		}
	}
	l.metrics.MustRegister(streamMetrics{l})
	return l, nil
}

// collectLess lets the heap grow to three times what is kept, not two, before it is collected: the line makes much
// and keeps little, so that costs some tens of MiB and saves a tenth of the CPU time. GOGC, where set, wins.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// openError is why a line could not be opened, and whether nothing was ever written to its log before.
type openError struct {
	error
	unused bool
}

// Unwrap is the reason.
func (e *openError) Unwrap() error { return e.error }

// openFolder makes the data folder. A log or an index in it takes its lock; where neither lies in it, so does
// the process, for run.json.
func (l *line) openFolder(ctx context.Context) error {
	if err := os.MkdirAll(l.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if l.cfg.Stream == "" || l.cfg.beside {
		return nil
	}
	lock, err := embedded.LockFolder(ctx, l.cfg.Data)
	if err != nil {
		return err
	}
	l.closers = append(l.closers, lock.Release)
	return nil
}

func (l *line) openStream(ctx context.Context) (err error) {
	if l.stream, err = l.cfg.openLog(ctx, l.log, l.metrics); err != nil {
		return err
	}
	l.closers = append(l.closers, l.stream.Close)
	l.unused, err = unused(ctx, l.stream)
	return err
}

// unused reports whether nothing was ever written to the log.
func unused(ctx context.Context, log stream.Log) (bool, error) {
	for _, t := range stream.Topics {
		end, err := log.End(ctx, t.Name)
		if err != nil || total(end) > 0 {
			return false, err
		}
	}
	return true, nil
}

// openDesk opens what people see and decide by: secrets, index, desk.
func (l *line) openDesk(ctx context.Context) (err error) {
	if l.vault, err = vault.Open(ctx, l.stream); err != nil {
		return fmt.Errorf("open the secrets: %w", err)
	}
	l.closers = append(l.closers, l.vault.Close)
	if l.store, err = l.cfg.openStore(ctx, l.log, l.metrics); err != nil {
		return err
	}
	l.closers = append(l.closers, l.store.Close)
	if err := sameLog(ctx, l.cfg, l.stream, l.vault, l.store); err != nil {
		return err
	}
	l.sink = &pinned{Store: l.store}
	l.projector = index.NewProjector(l.sink, index.ProjectorOptions{Unseal: l.vault.Unseal, Bury: l.bury, Log: l.log, Registerer: l.metrics})
	l.desk = api.NewDesk(api.DeskOptions{Views: l.store, Decisions: stream.Of[counterpoint.Event](l.stream, stream.Decisions), Secrets: l.vault, Collecting: l.collecting,
		ReplyUntil: l.vault.ReplyUntil, Templates: l.cfg.templates()})
	return nil
}

func (l *line) openClassify(context.Context) (err error) {
	l.stage, err = newStage(l.cfg.Languages, l.cfg.Prevalence, l.log, l.metrics)
	return err
}

func (l *line) openDoor(ctx context.Context) (err error) {
	if l.seen, err = ingest.OpenSeen(l.cfg.path(seenFile)); err != nil {
		return err
	}
	l.closers = append(l.closers, l.seen.Close)
	if l.door, err = ingest.New(l.doorOptions()); err != nil {
		return err
	}
	return l.openFrontier(ctx)
}

func (l *line) openRespond(context.Context) error {
	l.prover = respond.NewProver(respond.ProverOptions{Views: l.store, Decider: l.desk, Registerer: l.metrics, Log: l.log})
	if err := l.openAlerter(); err != nil {
		return err
	}
	return l.openSender()
}

func (l *line) doorOptions() ingest.Options {
	return ingest.Options{
		Publisher: stream.Of[counterpoint.Item](l.stream, stream.Items), Seen: l.seen,
		Sources: sources{l}, Pseudonym: l.vault.Pseudonym, Reporters: l.vault, Registerer: l.metrics, Log: l.log,
	}
}

// sources is the register as ingest sees it: read from the index, written by events.
type sources struct{ l *line }

// Source finds a source. While the index is away the one last found holds, so that the door stays open.
func (s sources) Source(ctx context.Context, id string) (counterpoint.Source, error) {
	src, err := counterpoint.Load[counterpoint.Source](ctx, s.l.store, id)
	switch known, ok := s.l.found.Load(id); {
	case err == nil:
		s.l.found.Store(id, src)
	case ok && errors.Is(err, counterpoint.ErrAway):
		return known.(counterpoint.Source), nil
	}
	return src, err
}

// Register makes a source known.
func (s sources) Register(ctx context.Context, src counterpoint.Source) error {
	return s.l.registerSource(ctx, src)
}

// registerSource makes a source known, or brings its description up to date. Two processes that do so at
// once make the same event.
func (l *line) registerSource(ctx context.Context, to counterpoint.Source) error {
	return l.registerSourceBy(ctx, l.desk, to, time.Now())
}

func (l *line) registerSourceBy(ctx context.Context, desk *api.Desk, to counterpoint.Source, now time.Time) error {
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
	out, err := desk.Decide(ctx, e)
	if err != nil || out.Refused == "" {
		return err
	}
	if now, err := counterpoint.Load[counterpoint.Source](ctx, l.store, to.ID); err == nil && sameSource(now, to) {
		return nil // another process said the same, and was first
	}
	return fmt.Errorf("source %s: %s", to.ID, out.Refused)
}

func sameSource(a, b counterpoint.Source) bool {
	b.Version, b.CreatedAt = a.Version, a.CreatedAt
	if len(a.Languages) == 0 && len(b.Languages) == 0 {
		a.Languages, b.Languages = nil, nil
	}
	return fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
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
