package elastic

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
)

// generation is a set of indices that belong together. Each has two aliases: one of its own, through which it is
// read and written (a write to an alias that is gone is refused, one to an index that is gone would make it), and
// while the generation is served <prefix>-<kind>.
type generation struct {
	prefix  string
	mapping int
	id      string
}

func newGeneration(prefix string, mapping int) *generation {
	return &generation{prefix, mapping, strings.ToLower(rand.Text()[:12])}
}

func (g *generation) index(kind counterpoint.Kind) string {
	return fmt.Sprintf("%s-%s-v%d-%s", g.prefix, kind, g.mapping, g.id)
}

// alias is the name that only this generation has.
func (g *generation) alias(kind counterpoint.Kind) string {
	return fmt.Sprintf("%s-%s-%s", g.prefix, kind, g.id)
}

func (g *generation) indices() []string {
	var all []string
	for _, k := range kinds() {
		if since[k] <= g.mapping {
			all = append(all, g.index(k))
		}
	}
	return all
}

func servedAlias(prefix string, kind counterpoint.Kind) string {
	return fmt.Sprintf("%s-%s", prefix, kind)
}

// behind are the indices behind the served aliases, by kind.
func (s *Store) behind(ctx context.Context) (map[counterpoint.Kind][]string, error) {
	byName, names := map[string]counterpoint.Kind{}, []string{}
	for _, k := range kinds() {
		name := servedAlias(s.address.Prefix, k)
		byName[name], names = k, append(names, name)
	}
	var rows []struct{ Alias, Index string }
	if err := s.call(ctx, func() esapi.Request {
		return esapi.CatAliasesRequest{Name: names, Format: "json", H: []string{"alias", "index"}}
	}, &rows); err != nil {
		return nil, fmt.Errorf("look for the index: %w", err)
	}
	found := map[counterpoint.Kind][]string{}
	for _, r := range rows {
		found[byName[r.Alias]] = append(found[byName[r.Alias]], r.Index)
	}
	return found, nil
}

var indexNames = regexp.MustCompile(`-v(\d+)-([a-z0-9]+)$`)

// served is the generation behind the served aliases, nil where there is none or some of its indices are gone.
func (s *Store) served(ctx context.Context) (*generation, error) {
	found, err := s.behind(ctx)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	var g *generation
	lacks := 0 // the newest mapping that has a kind which is not there
	for _, k := range kinds() {
		if len(found[k]) == 0 && since[k] > 0 {
			lacks = max(lacks, since[k])
			continue
		}
		if len(found[k]) != 1 {
			return nil, nil
		}
		m := indexNames.FindStringSubmatch(found[k][0])
		if m == nil {
			return nil, fmt.Errorf("the alias %s stands for the index %s, which counterpoint did not make; choose another prefix in the URL", servedAlias(s.address.Prefix, k), found[k][0])
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n > s.mapping() {
			return nil, fmt.Errorf("the index %s has mapping %s, this program knows up to %d: use the newer program, or another prefix", found[k][0], m[1], s.mapping())
		}
		this := &generation{s.address.Prefix, n, m[2]}
		if g != nil && *g != *this {
			return nil, nil
		}
		g = this
	}
	if g != nil && lacks > 0 && g.mapping >= lacks {
		return nil, nil
	}
	return g, nil
}

// complete gives a generation of an older mapping the indices that it lacks. What they will hold is in no log yet that
// an older program could have read.
func (s *Store) complete(ctx context.Context, g *generation) error {
	found, err := s.behind(ctx)
	if err != nil {
		return err
	}
	for k, from := range since {
		if g.mapping >= from || len(found[k]) > 0 || slices.Contains(derived, k) {
			continue
		}
		if err := s.makeIndex(ctx, g, k); err != nil {
			return fmt.Errorf("make the index %s: %w", g.index(k), err)
		}
		add := func() esapi.Request {
			return esapi.IndicesPutAliasRequest{Index: []string{g.index(k)}, Name: servedAlias(g.prefix, k)}
		}
		if err := s.call(ctx, add, nil); err != nil {
			return fmt.Errorf("serve the index %s: %w", g.index(k), err)
		}
	}
	return nil
}

// mapping is the version that the program makes.
func (s *Store) mapping() int { return cmp.Or(s.o.faults.mapping, mappingVersion) }

// first makes a generation where none is served, and serves it. Of two processes that do so at once one wins; the
// other goes on with that one's, or finds its own gone.
func (s *Store) first(ctx context.Context) (*generation, error) {
	g, err := s.make(ctx)
	if err != nil {
		return nil, err
	}
	other, err := s.served(ctx)
	if err != nil {
		return nil, err
	}
	if other != nil {
		return other, s.remove(ctx, g.indices())
	}
	s.o.Log.Info("index begins anew", "address", s.address.String(), "generation", g.id)
	if err := s.serve(ctx, g); err != nil {
		return nil, err
	}
	return s.agree(ctx)
}

// agree leaves one of the generations that several processes came to serve at once, for all of them the same.
func (s *Store) agree(ctx context.Context) (*generation, error) {
	for try := range agreeTries {
		if now, err := s.served(ctx); err != nil || now != nil {
			return now, err
		}
		found, err := s.behind(ctx)
		if err != nil {
			return nil, err
		}
		if here := found[stateKind]; len(here) > 1 {
			err = s.prefer(ctx, slices.Min(here))
		}
		if err != nil && !errors.Is(err, ErrReplaced) { // replaced: others took away what was to go
			return nil, err
		}
		if err := s.pause(ctx, try); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: other processes make the index anew at the same time", counterpoint.ErrAway)
}

const agreeTries = 8

// prefer serves the generation of the index alone.
func (s *Store) prefer(ctx context.Context, index string) error {
	m := indexNames.FindStringSubmatch(index)
	if m == nil {
		return fmt.Errorf("the alias %s stands for the index %s, which counterpoint did not make; choose another prefix in the URL", servedAlias(s.address.Prefix, stateKind), index)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	return s.serve(ctx, &generation{s.address.Prefix, n, m[2]})
}

// make makes the indices of a new generation.
func (s *Store) make(ctx context.Context) (*generation, error) {
	g := newGeneration(s.address.Prefix, s.mapping())
	var work errgroup.Group
	work.SetLimit(4)
	for _, k := range kinds() {
		if since[k] <= g.mapping {
			work.Go(func() error { return s.makeIndex(ctx, g, k) })
		}
	}
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("make the indices %s-*: %w", s.address.Prefix, err)
	}
	return g, nil
}

func (s *Store) makeIndex(ctx context.Context, g *generation, kind counterpoint.Kind) error {
	body, err := json.Marshal(map[string]any{
		"aliases":  map[string]any{g.alias(kind): map[string]any{}},
		"settings": settings(kind, s.address.Shards), "mappings": mappings(s.o.faults.fields...),
	})
	if err != nil {
		return err
	}
	err = s.call(ctx, func() esapi.Request {
		return esapi.IndicesCreateRequest{Index: g.index(kind), Body: bytes.NewReader(body)}
	}, nil)
	var e *serverError
	if errors.As(err, &e) && e.Type == "resource_already_exists_exception" { // by ourselves, and the answer was lost
		return nil
	}
	return err
}

// serve moves the served aliases to the generation in one step and then deletes what stood behind them.
func (s *Store) serve(ctx context.Context, g *generation) error {
	found, err := s.behind(ctx)
	if err != nil {
		return err
	}
	type target struct {
		Index string `json:"index"`
		Alias string `json:"alias"`
		Must  *bool  `json:"must_exist,omitempty"` // false where it may be done already, by an answer that was lost
	}
	var actions []map[string]target
	var old []string
	for _, k := range kinds() {
		name := servedAlias(g.prefix, k)
		for _, i := range found[k] {
			if i == g.index(k) {
				continue
			}
			actions = append(actions, map[string]target{"remove": {i, name, new(bool)}})
			if m := indexNames.FindString(i); m != "" && strings.HasPrefix(i, name) {
				old = append(old, i)
			}
		}
		if since[k] <= g.mapping {
			actions = append(actions, map[string]target{"add": {Index: g.index(k), Alias: name}})
		}
	}
	body, err := json.Marshal(map[string]any{"actions": actions})
	if err != nil {
		return err
	}
	swap := func() esapi.Request { return esapi.IndicesUpdateAliasesRequest{Body: bytes.NewReader(body)} }
	if err := s.call(ctx, swap, nil); err != nil {
		return fmt.Errorf("serve the index %s: %w", g.id, err)
	}
	return s.remove(ctx, old)
}

// remove deletes indices; those that are not there are gone already.
func (s *Store) remove(ctx context.Context, indices []string) error {
	for some := range slices.Chunk(indices, 20) {
		gone := func() esapi.Request { return esapi.IndicesDeleteRequest{Index: some, IgnoreUnavailable: new(true)} }
		if err := s.call(ctx, gone, nil); err != nil {
			return fmt.Errorf("delete old indices: %w", err)
		}
	}
	return nil
}

// Build makes a new, empty generation beside the one that is served. It is filled like any store, and takes over
// with Promote or goes with Discard.
func (s *Store) Build(ctx context.Context) (*Store, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	o := s.o
	o.ReadOnly, o.Registerer = false, nil
	c, err := newClient(s.address, o)
	if err != nil {
		return nil, err
	}
	n := &Store{client: c, sizes: s.sizes, address: s.address, o: o}
	g, err := n.make(ctx)
	if err != nil {
		return nil, err
	}
	n.gen.Store(g)
	return n, nil
}

// Promote serves this generation in place of the one served so far, whose indices are deleted.
func (s *Store) Promote(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	g := s.gen.Load()
	b := &batch{Store: s, ctx: ctx, g: g}
	if err := b.show(true, kinds()...); err != nil { // its lists must not lag behind those it replaces
		return fmt.Errorf("refresh the index %s: %w", g.id, err)
	}
	return s.serve(ctx, g)
}

// Discard deletes the generation and closes the store.
func (s *Store) Discard(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := s.remove(ctx, s.gen.Load().indices()); err != nil {
		return err
	}
	return s.Close()
}
