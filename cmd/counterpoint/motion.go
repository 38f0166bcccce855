package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/stream"
)

// start sets in motion what the process has of the line and returns what waits for its end. It moves until ctx is
// done: first ingest stops, then classify, then the index, so that what was taken in is carried as far as it can
// be.
func (l *line) start(ctx context.Context) (wait func() error, err error) {
	var g errgroup.Group
	sink, stopSink := context.WithCancel(context.WithoutCancel(ctx))
	if l.cfg.does(roleIndex) {
		g.Go(func() error { return quiet(l.index(sink)) })
	}
	g.Go(func() error {
		defer stopSink()
		if l.stage == nil {
			<-ctx.Done()
			return nil
		}
		return quiet(l.classify(ctx))
	})
	return func() error {
		defer stopSink()
		return g.Wait()
	}, nil
}

// quiet is nil for the error of having been told to stop.
func quiet(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// classify judges what comes until ctx is done.
func (l *line) classify(ctx context.Context) error {
	patient := waiter{l.log}
	var items *stream.Feed[counterpoint.Item]
	err := patient.insist(ctx, "join the group classify", func() (err error) {
		items, err = stream.Of[counterpoint.Item](l.stream, stream.Items).Group("classify")
		return err
	})
	if err != nil {
		return err
	}
	in := patiently(patient, items.Share(l.shared()))
	ctx, stop := context.WithCancel(ctx) // an acknowledgement that insists ends with the stage
	err = l.stage.Run(ctx, in, patientPublisher[counterpoint.Assessment]{patient, stream.Of[counterpoint.Assessment](l.stream, stream.Assessments)})
	stop()
	return errors.Join(err, in.close())
}

// index carries the three topics into the index until ctx is done. When another generation of the index takes its
// place, it begins again where that one stands.
func (l *line) index(ctx context.Context) error {
	for {
		err := l.indexOne(ctx)
		if ctx.Err() != nil || !errors.Is(err, errReplaced) {
			return err
		}
		l.log.Warn("the index was replaced; going on with the new one", "index", l.cfg.indexName())
	}
}

// indexOne carries into the index that is served now, and returns errReplaced when another took its place.
func (l *line) indexOne(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	l.sink.pin(func() { stop(errReplaced) })
	if s, ok := l.store.(*served); ok && s.outdated() {
		l.log.Warn("the index was made by an older program; all goes on with it, and 'counterpoint rebuild' makes the new one beside it while this runs",
			"index", l.cfg.indexName())
	}
	patient := waiter{l.log}
	var f feeds
	err := patient.insist(ctx, "read from where the index stands", func() (err error) {
		if err = sameLog(ctx, l.cfg, l.stream, l.vault, l.sink); err == nil { // one made anew has no mark yet
			f, err = l.feeds(ctx)
		}
		return err
	})
	if err == nil {
		noticing := make(chan struct{})
		go func() {
			defer close(noticing)
			l.noticeReplaced(ctx)
		}()
		items, assessments, decisions := patiently(patient, f.items), patiently(patient, f.assessments), patiently(patient, f.decisions)
		err = l.projector.Run(ctx, items, assessments, decisions)
		stop(nil) // a cause before this one stays
		<-noticing
		err = errors.Join(err, together(items.close, assessments.close, decisions.close))
	}
	if cause := context.Cause(ctx); errors.Is(cause, errReplaced) {
		return errReplaced
	}
	return err
}

// lookEvery is how often an index on servers is looked at where nothing is written to it.
const lookEvery = 5 * time.Second

// noticeReplaced looks whether the pinned index is still served, until ctx is done, so that one that was deleted comes
// back though nothing new comes in. Whatever else is wrong, who writes will find.
func (l *line) noticeReplaced(ctx context.Context) {
	if _, ok := l.store.(*served); !ok {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_, _ = l.sink.Positions(ctx, stream.Decisions)
		}
	}
}

// feeds are the three topics as the index reads them.
type feeds struct {
	items       *stream.Feed[counterpoint.Item]
	assessments *stream.Feed[counterpoint.Assessment]
	decisions   *stream.Feed[counterpoint.Event]
}

func (f feeds) close() error {
	var errs []error
	if f.items != nil {
		errs = append(errs, f.items.Close())
	}
	if f.assessments != nil {
		errs = append(errs, f.assessments.Close())
	}
	if f.decisions != nil {
		errs = append(errs, f.decisions.Close())
	}
	return errors.Join(errs...)
}

// feeds reads as a member of the index's group where processes share both log and index, and else from where the
// index stands.
func (l *line) feeds(ctx context.Context) (feeds, error) {
	var f feeds
	var err1, err2, err3 error
	if err := l.begin(ctx); err != nil {
		return f, err
	}
	f.items, err1 = indexFeed[counterpoint.Item](ctx, l, stream.Items)
	f.assessments, err2 = indexFeed[counterpoint.Assessment](ctx, l, stream.Assessments)
	f.decisions, err3 = indexFeed[counterpoint.Event](ctx, l, stream.Decisions)
	if err := errors.Join(err1, err2, err3); err != nil {
		return feeds{}, errors.Join(err, f.close())
	}
	f.items.Share(l.shared())
	return f, nil
}

// together runs all at once and waits for them: each may wait a while for a log that is away.
func together(all ...func() error) error {
	errs := make([]error, len(all))
	var wg sync.WaitGroup
	for i, f := range all {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// shared is what classify and the index decode for each other, where this process does both.
func (l *line) shared() *stream.Shared[counterpoint.Item] {
	if l.cfg.does(roleClassify) && l.cfg.does(roleIndex) {
		return &l.items
	}
	return nil
}

func indexFeed[T stream.Value](ctx context.Context, l *line, topic string) (*stream.Feed[T], error) {
	if s, ok := l.store.(*served); ok && l.cfg.Stream != "" {
		return stream.Of[T](l.stream, topic).Group(indexGroup(s))
	}
	at, err := l.sink.Positions(ctx, topic)
	if err != nil {
		return nil, err
	}
	return stream.Of[T](l.stream, topic).Tail("index", at)
}

// indexGroup is the group of the processes that make one generation of the index. begin moves it to where that one
// stands; what is read again all the same is known by its positions.
func indexGroup(s *served) string { return "index-" + s.Generation() }

// begin moves the index's group to where the index stands, where nobody reads as its member yet: one that rebuild
// filled is far ahead of its group, one restored from an older copy behind.
func (l *line) begin(ctx context.Context) error {
	log, movable := l.stream.(interface {
		Begin(ctx context.Context, topic, group string, next map[int]int64) error
	})
	s, ok := l.store.(*served)
	if !movable || !ok {
		return nil
	}
	group := indexGroup(s)          // before the positions: they are told only while that generation is served
	for _, topic := range indexed { // before the first joins: all have one group
		at, err := l.sink.Positions(ctx, topic)
		if err != nil {
			return err
		}
		if err := log.Begin(ctx, topic, group, at); err != nil {
			return err
		}
	}
	return nil
}

// bury puts what the index never takes among the dead letters.
func (l *line) bury(ctx context.Context, topic string, at counterpoint.Position, value any, reason string) error {
	r, err := stream.Encode(topic, value.(stream.Value))
	if err != nil {
		return err
	}
	r.Topic, r.Partition, r.Offset = topic, at.Partition, at.Offset
	return waiter{l.log}.insist(ctx, "bury", func() error { return stream.Bury(ctx, l.stream, r, "index", reason) })
}
