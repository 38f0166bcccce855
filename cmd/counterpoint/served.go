package main

import (
	"context"
	"errors"
	"sync"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/elastic"
)

// generation is an index that is replaced as a whole: by a rebuild, by a new mapping, or because somebody
// deleted it.
type generation interface {
	index.Store
	Generation() string
	Settled(ctx context.Context, event string) (counterpoint.Outcome, error)
}

// served is the generation that is served now. When another one took its place, whoever reads goes on with
// that one; who writes is told, because it has to begin where the new one stands.
type served struct {
	open func(context.Context) (generation, error)

	opening sync.Mutex // one opens at a time

	mu  sync.RWMutex
	now generation
	old []generation // replaced; somebody may still read them, so they are closed at the end
}

var _ index.Store = (*served)(nil)

func openServed(ctx context.Context, open func(context.Context) (generation, error)) (*served, error) {
	g, err := open(ctx)
	if err != nil {
		return nil, err
	}
	return &served{open: open, now: g}, nil
}

// Generation names the one that is served.
func (s *served) Generation() string { return s.current().Generation() }

// outdated reports whether it has the mapping of an older program.
func (s *served) outdated() bool {
	g, ok := s.current().(interface{ Outdated() bool })
	return ok && g.Outdated()
}

func (s *served) current() generation {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.now
}

// next is the generation after the one that gave the error; none where that one is still served, or the next
// cannot be opened: then the error is why.
func (s *served) next(ctx context.Context, after generation, err error) (generation, error) {
	if !errors.Is(err, elastic.ErrReplaced) {
		return nil, err
	}
	s.opening.Lock()
	defer s.opening.Unlock()
	if now := s.current(); now != after {
		return now, nil
	}
	fresh, why := s.open(ctx)
	if why != nil {
		return nil, errors.Join(err, why) // whoever asks next, opens
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now, s.old = fresh, append(s.old, after)
	return fresh, nil
}

// read does with the generation that is served, and again with the next one if it was replaced meanwhile.
func (s *served) read(ctx context.Context, do func(generation) error) error {
	g := s.current()
	err := do(g)
	if err == nil {
		return nil
	}
	fresh, err := s.next(ctx, g, err)
	if err != nil {
		return err
	}
	return do(fresh)
}

// Get fills into with the document.
func (s *served) Get(ctx context.Context, kind counterpoint.Kind, id string, into any) error {
	return s.read(ctx, func(g generation) error { return g.Get(ctx, kind, id, into) })
}

// Settled is what will be the outcome of an event whose outcome is not shown yet.
func (s *served) Settled(ctx context.Context, event string) (out counterpoint.Outcome, err error) {
	err = s.read(ctx, func(g generation) error {
		out, err = g.Settled(ctx, event)
		return err
	})
	return out, err
}

// List calls each with the documents of a page. A page that was begun is not begun again.
func (s *served) List(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, each func([]byte) error) (next string, err error) {
	begun := false
	err = s.read(ctx, func(g generation) error {
		if begun {
			return err
		}
		next, err = g.List(ctx, kind, q, func(doc []byte) error {
			begun = true
			return each(doc)
		})
		return err
	})
	return next, err
}

// Search finds segments.
func (s *served) Search(ctx context.Context, q counterpoint.Query) (p counterpoint.Page[counterpoint.Hit], err error) {
	err = s.read(ctx, func(g generation) error {
		p, err = g.Search(ctx, q)
		return err
	})
	return p, err
}

// Count counts.
func (s *served) Count(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) (groups []counterpoint.Group, err error) {
	err = s.read(ctx, func(g generation) error {
		groups, err = g.Count(ctx, kind, q, by)
		return err
	})
	return groups, err
}

// Positions are those of the generation that is served.
func (s *served) Positions(ctx context.Context, topic string) (at map[int]int64, err error) {
	err = s.read(ctx, func(g generation) error {
		at, err = g.Positions(ctx, topic)
		return err
	})
	return at, err
}

// Update is for the generation that is served when it begins. What belongs to positions goes through pinned.
func (s *served) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	return s.current().Update(ctx, next, fn)
}

// Close closes all generations.
func (s *served) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, g := range append(s.old, s.now) {
		errs = append(errs, g.Close())
	}
	s.old = nil
	return errors.Join(errs...)
}

// errReplaced says that the index being written is no longer the one that is served.
var errReplaced = errors.New("another generation of the index took its place")

// pinned is the generation that the projector writes, from the positions it was opened at. It never turns into
// another one: the records read so far would be missing there.
type pinned struct {
	index.Store // served, or one that is never replaced

	mu       sync.Mutex
	on       generation
	replaced func() // told once
}

// pin begins with the generation that is served now; replaced is called when it no longer is.
func (p *pinned) pin(replaced func()) {
	s, ok := p.Store.(*served)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.on, p.replaced = s.current(), sync.OnceFunc(replaced)
}

// use does with the pinned generation.
func (p *pinned) use(ctx context.Context, do func(index.Store) error) error {
	s, ok := p.Store.(*served)
	if !ok {
		return do(p.Store)
	}
	p.mu.Lock()
	on, replaced := p.on, p.replaced
	p.mu.Unlock()
	err := errReplaced
	if s.current() == on {
		if err = do(on); err == nil {
			return nil
		}
		if _, why := s.next(ctx, on, err); why == nil {
			err = errors.Join(errReplaced, err)
		} else {
			err = why
		}
	}
	if errors.Is(err, errReplaced) {
		replaced()
	}
	return err
}

// Positions are those of the pinned generation.
func (p *pinned) Positions(ctx context.Context, topic string) (at map[int]int64, err error) {
	err = p.use(ctx, func(s index.Store) error {
		at, err = s.Positions(ctx, topic)
		return err
	})
	return at, err
}

// Reached is how far this process wrote the pinned generation, where that remembers.
func (p *pinned) Reached(topic string) map[int]int64 {
	p.mu.Lock()
	on := p.on
	p.mu.Unlock()
	if r, ok := on.(index.Rememberer); ok {
		return r.Reached(topic)
	}
	return nil
}

// Update is for the pinned generation.
func (p *pinned) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	return p.use(ctx, func(s index.Store) error { return s.Update(ctx, next, fn) })
}
