package elastic

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint"
	"counterpoint/index"
)

// rerunTries is how often a batch is done again when others write the same documents, before it is given back.
const rerunTries = 12

var errConflict = errors.New("somebody else was first")

// Update applies a batch in the stages of index.Staged. A batch that meets another writer is done again on what
// that one wrote.
func (s *Store) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	if err := s.check(); err != nil {
		return err
	}
	if s.o.ReadOnly {
		return fmt.Errorf("update index: %s is open for reading only", s.address)
	}
	for try := 0; ; try++ {
		b := &batch{Store: s, ctx: ctx, g: s.gen.Load(), next: next, read: map[index.Key]*stored{}, settled: map[index.Key][]byte{}, fresh: try == 0}
		err := b.apply(fn)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, errConflict):
			return err
		case try == rerunTries:
			return fmt.Errorf("update index: %w: others kept writing the same documents: %w", counterpoint.ErrAway, err)
		}
		s.metrics.reruns.Inc()
		if err := s.pause(ctx, try/2); err != nil {
			return err
		}
	}
}

// batch is one attempt at an Update.
type batch struct {
	*Store
	ctx     context.Context
	g       *generation
	next    index.Next
	read    map[index.Key]*stored // what fn read, nil what is not there
	settled map[index.Key][]byte  // outcomes that only stage 1 has written yet
	fresh   bool                  // what was cut off is found when writing
}

func (b *batch) apply(fn func(index.Tx) error) error {
	buf := index.Buffer{FetchAll: b.fetchAll, Fetch: b.fetch, Fresh: b.fresh}
	if err := fn(&buf); err != nil {
		return err
	}
	if err := buf.Encode(); err != nil {
		return fmt.Errorf("update index: %w", err)
	}
	if err := b.write(buf.Changes()); err != nil {
		return fmt.Errorf("update index: %w", err)
	}
	return nil
}

func (b *batch) fetch(kind counterpoint.Kind, id string) ([]byte, error) {
	docs, err := b.fetchAll([]index.Key{{Kind: kind, ID: id}})
	if err != nil {
		return nil, err
	}
	if docs[0] == nil {
		return nil, counterpoint.ErrNotFound
	}
	return docs[0], nil
}

// fetchAll reads documents. An outcome counts from stage 1 on. Of kinds that no store holds there are none.
func (b *batch) fetchAll(keys []index.Key) ([][]byte, error) {
	var names []name
	for _, k := range keys {
		if !b.g.holds(k.Kind) {
			continue
		}
		names = append(names, name{b.g.alias(k.Kind), docID(k.ID)})
		if k.Kind == counterpoint.KindEvent {
			names = append(names, name{b.g.alias(stateKind), commitID(k.ID)})
		}
	}
	found, err := b.client.read(b.ctx, names)
	if err != nil {
		return nil, err
	}
	docs := make([][]byte, len(keys))
	for i, k := range keys {
		if !b.g.holds(k.Kind) {
			continue
		}
		at, settled := found[0], (*stored)(nil)
		if found = found[1:]; k.Kind == counterpoint.KindEvent {
			settled, found = found[0], found[1:]
		}
		b.read[k] = at
		if at == nil {
			at = settled
		}
		if at == nil {
			continue
		}
		if docs[i], err = at.doc(); err != nil {
			return nil, fmt.Errorf("%s %s in the index: %w", k.Kind, k.ID, err)
		}
		if b.read[k] == nil {
			b.settled[k] = docs[i]
		}
	}
	return docs, nil
}

// write is the stages of index.Staged, with the claims before the documents and the positions after all.
func (b *batch) write(changes []index.Change) error {
	st := index.Staged(slices.DeleteFunc(changes, func(c index.Change) bool { return !b.g.holds(c.Kind) }))
	records, outcomes := st.Records, st.Outcomes
	var claims []index.Change
	if len(st.Documents)+len(st.Derived) > 0 {
		held, err := b.held(index.KindRecord, records)
		if err != nil {
			return err
		}
		records = append(records, held...)
		claims = records
		if held, err = b.held(index.KindBucket, slices.Concat(st.Derived, st.Marks)); err != nil {
			return err
		}
		st.Derived = append(st.Derived, held...)
	}
	for k, doc := range b.settled {
		if slices.ContainsFunc(outcomes, func(c index.Change) bool { return c.ID == k.ID }) {
			continue
		}
		fields, err := decode(k.Kind, doc)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, index.Change{Kind: k.Kind, ID: k.ID, Doc: doc, Fields: fields})
	}
	_, decisions := b.next[index.Decisions]
	for _, stage := range []func() error{
		func() error { return b.commit(outcomes) },
		func() error { return b.claim(claims) },
		func() error { return b.mark(st.Marks) },
		func() error { return b.put(st.Derived) },
		func() error { return b.put(st.Documents) },
		func() error { return b.put(slices.Concat(st.Marks, records)) },
		func() error { return b.show(decisions, b.touched()...) },
		func() error { return b.put(outcomes) },
		func() error { return b.advance() },
		func() error { return b.show(decisions && len(outcomes) > 0, counterpoint.KindEvent) },
	} {
		if err := stage(); err != nil {
			return err
		}
	}
	return nil
}

// held are the records, or buckets, that were read and stay as they are. They are written all the same: who reads one to
// change a document must know that nobody changed it meanwhile.
func (b *batch) held(kind counterpoint.Kind, changed []index.Change) ([]index.Change, error) {
	written := make(map[string]bool, len(changed))
	for _, c := range changed {
		written[c.ID] = written[c.ID] || c.Kind == kind
	}
	var out []index.Change
	for k, at := range b.read {
		if at == nil || k.Kind != kind || written[k.ID] {
			continue
		}
		doc, err := at.doc()
		if err != nil {
			return nil, err
		}
		out = append(out, index.Change{Kind: k.Kind, ID: k.ID, Doc: doc, Existed: true})
	}
	return out, nil
}

// claim writes the records as they were read, so that the documents are those of one moment: whoever changed one
// since, or is changing one now, has claimed its record too, and one of the two sees it before documents or at the
// end. A process that stood still finds here that others went on without it.
func (b *batch) claim(records []index.Change) error {
	ops := make([]*op, len(records))
	for i, c := range records {
		k := index.Key{Kind: c.Kind, ID: c.ID}
		src := source{Tie: key(c.ID), Claim: rand.Text()}
		var err error
		if at := b.read[k]; at != nil {
			src.Doc, err = at.doc()
		} else {
			src.Doc, err = json.Marshal(map[string]string{"id": c.ID})
		}
		if err != nil {
			return err
		}
		ops[i] = &op{kind: c.Kind, id: c.ID, alias: b.g.alias(c.Kind), doc: docID(c.ID), was: b.read[k]}
		if ops[i].source, err = json.Marshal(src); err != nil {
			return err
		}
	}
	return b.doFirst(ops)
}

// mark writes what stands in the place of documents until all else is written.
func (b *batch) mark(marks []index.Change) error {
	ops := make([]*op, len(marks))
	for i, c := range marks {
		c.Doc = c.Ahead
		src, err := sourceOf(c)
		if err != nil {
			return err
		}
		ops[i] = &op{kind: c.Kind, id: c.ID, alias: b.g.alias(c.Kind), doc: docID(c.ID), was: b.read[index.Key{Kind: c.Kind, ID: c.ID}], source: src}
	}
	return b.doFirst(ops)
}

// doFirst is do of documents that are written once more at the end.
func (b *batch) doFirst(ops []*op) error {
	if err := b.do(ops); err != nil {
		return err
	}
	for _, o := range ops {
		b.read[index.Key{Kind: o.kind, ID: o.id}] = o.now
	}
	return nil
}

// commit settles what became of each event, once.
func (b *batch) commit(outcomes []index.Change) error {
	var ops []*op
	for _, c := range outcomes {
		o := &op{kind: c.Kind, id: c.ID, alias: b.g.alias(stateKind), doc: commitID(c.ID), always: c.Doc == nil, doubt: true}
		switch k := (index.Key{Kind: c.Kind, ID: c.ID}); {
		case c.Doc != nil && (b.read[k] != nil || b.settled[k] != nil):
			continue
		case c.Doc != nil:
			src, err := sourceOf(c)
			if err != nil {
				return err
			}
			o.source = src
		}
		ops = append(ops, o)
	}
	return b.do(ops)
}

// put writes documents where they are as they were read.
func (b *batch) put(changes []index.Change) error {
	ops := make([]*op, len(changes))
	for i, c := range changes {
		k := index.Key{Kind: c.Kind, ID: c.ID}
		if !slices.Contains(index.Kinds, k.Kind) {
			return fmt.Errorf("%w: %s %s: no store holds this kind", index.ErrRefused, c.Kind, c.ID)
		}
		o := &op{kind: c.Kind, id: c.ID, alias: b.g.alias(c.Kind), doc: docID(c.ID), was: b.read[k]}
		b.read[k] = o.was // also what is new
		if c.Doc != nil {
			src, err := sourceOf(c)
			if err != nil {
				return err
			}
			o.source = src
		}
		o.doubt = c.Kind == counterpoint.KindEvent // what is settled may be shown by anybody
		ops[i] = o
	}
	return b.do(ops)
}

func (b *batch) do(ops []*op) error {
	if err := b.bulk(b.ctx, ops); err != nil {
		return err
	}
	for _, o := range ops {
		if o.conflict {
			return fmt.Errorf("%s %s: %w", o.kind, o.id, errConflict)
		}
	}
	return nil
}

// touched are the kinds whose lists may lag behind this batch, or behind one before it that was cut off after it
// had written what this one finds.
func (b *batch) touched() []counterpoint.Kind {
	all := map[counterpoint.Kind]bool{}
	for k := range b.read {
		all[k.Kind] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// show makes the kinds' lists and counts see what was written.
func (b *batch) show(now bool, kinds ...counterpoint.Kind) error {
	if len(kinds) == 0 || !now && !b.o.Refresh {
		return nil
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = b.g.alias(k)
	}
	return b.call(b.ctx, func() esapi.Request { return esapi.IndicesRefreshRequest{Index: names} }, nil)
}
