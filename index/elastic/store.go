// Package elastic is the index on an Elasticsearch server, for more than one machine holds: an index a kind behind
// an alias, all of one generation, which holds its own positions in the log. Deleting the indices is the rebuild.
//
// There are no transactions. A batch is written in the stages of index.Staged, every document only where it is
// still as the batch read it, so that writers who meet see each other and the later one does its batch again.
package elastic

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
	"counterpoint/index"
)

// Options say how the index is opened. The zero Options make or continue an index.
type Options struct {
	ReadOnly   bool                  // beside processes that write; follows the generation that is served
	Refresh    bool                  // lists and counts see every batch at once: for tests
	Log        *slog.Logger          // nil is slog.Default()
	Registerer prometheus.Registerer // nil keeps the metrics unseen

	faults faults // of tests
}

// ErrReplaced is for a generation that is gone: somebody deleted its indices, or served another one in its place.
// It comes with counterpoint.ErrAway. Closing the store and opening it anew goes on with what is served now.
var ErrReplaced = errors.New("the index was deleted or built anew")

// Store is one generation of the index on a server.
type Store struct {
	*client
	sizes
	address Address
	o       Options
	gen     atomic.Pointer[generation]
	reached reached
	closed  atomic.Bool
}

var (
	_ index.Store      = (*Store)(nil)
	_ index.Rememberer = (*Store)(nil)
)

// Open opens the index at the URL, made anew where there is none, or not all of it any more.
func Open(ctx context.Context, rawURL string, o Options) (*Store, error) {
	a, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	c, err := newClient(a, o)
	if err != nil {
		return nil, fmt.Errorf("open index %s: %w", a, err)
	}
	s := &Store{client: c, sizes: sizes{fewItems, someItems}, address: a, o: o}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("open index %s: %w", a, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.checkServer(ctx); err != nil {
		return err
	}
	g, err := s.served(ctx)
	if err != nil {
		return err
	}
	if g == nil && s.o.ReadOnly {
		return fmt.Errorf("%w: there is no index with the prefix %s yet; it comes once counterpoint runs with the role index; if there was one, check the path of the URL, the prefix", counterpoint.ErrAway, s.address.Prefix)
	}
	if g == nil {
		if g, err = s.first(ctx); err != nil {
			return err
		}
	}
	if g.mapping < s.mapping() && !s.o.ReadOnly {
		if err := s.complete(ctx, g); err != nil {
			return err
		}
	}
	s.gen.Store(g)
	return nil
}

// Generation names the set of indices that the store reads and writes. What reads the log for it keeps its place
// under this name, so that a new generation begins at the beginning.
func (s *Store) Generation() string { return s.gen.Load().id }

// Outdated reports whether the generation has the mapping of an older program. It works; Build makes the new one.
func (s *Store) Outdated() bool { return s.gen.Load().mapping < s.mapping() }

// Close ends reading and writing.
func (s *Store) Close() error {
	if s.closed.CompareAndSwap(false, true) {
		s.close()
	}
	return nil
}

// check is what every call begins with.
func (s *Store) check() error {
	if s.closed.Load() {
		return counterpoint.ErrClosed
	}
	return nil
}
