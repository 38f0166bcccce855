package index

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"counterpoint"
)

// Buffer is the Tx of a backend: it keeps what a batch changes until the end, so that a document changed ten
// times is written once, and one that ends as it was is not written at all.
type Buffer struct {
	// Fetch reads a stored document, or returns counterpoint.ErrNotFound.
	Fetch func(kind counterpoint.Kind, id string) ([]byte, error)
	// FetchAll reads many at once, nil for those that are not there. Nil leaves all to Fetch.
	FetchAll func(keys []Key) ([][]byte, error)

	docs  map[Key]*buffered
	order []Key
}

type buffered struct {
	was, now []byte // JSON; nil is absent
	fields   Fields // of now
}

// Change is one document that a batch leaves different.
type Change struct {
	Kind    counterpoint.Kind
	ID      string
	Doc     []byte // nil: deleted
	Fields  Fields
	Existed bool
}

var _ Tx = (*Buffer)(nil)

// Want reads what the batch has not read yet.
func (b *Buffer) Want(keys ...Key) error {
	if b.FetchAll == nil {
		return nil
	}
	var missing []Key
	asked := make(map[Key]bool, len(keys))
	for _, k := range keys {
		if _, ok := b.docs[k]; !ok && !asked[k] {
			missing, asked[k] = append(missing, k), true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	docs, err := b.FetchAll(missing)
	if err != nil {
		return fmt.Errorf("read %d documents: %w", len(missing), err)
	}
	for i, k := range missing {
		b.keep(k, docs[i])
	}
	return nil
}

func (b *Buffer) keep(k Key, was []byte) *buffered {
	d := &buffered{was: was, now: was}
	if b.docs == nil {
		b.docs = map[Key]*buffered{}
	}
	b.docs[k] = d
	b.order = append(b.order, k)
	return d
}

func (b *Buffer) load(kind counterpoint.Kind, id string) (*buffered, error) {
	k := Key{kind, id}
	if d, ok := b.docs[k]; ok {
		return d, nil
	}
	was, err := b.Fetch(kind, id)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return nil, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	return b.keep(k, was), nil
}

// Get fills into with the document as the batch has it so far.
func (b *Buffer) Get(kind counterpoint.Kind, id string, into any) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	if d.now == nil {
		return fmt.Errorf("%s %s: %w", kind, id, counterpoint.ErrNotFound)
	}
	if err := json.Unmarshal(d.now, into); err != nil {
		return fmt.Errorf("%s %s in the index: %w", kind, id, err)
	}
	return nil
}

// Put replaces the document. doc is not kept.
func (b *Buffer) Put(kind counterpoint.Kind, id string, doc any) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	now, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w", kind, id, err)
	}
	d.now, d.fields = now, FieldsOf(doc)
	return nil
}

// Delete removes the document; one that is not there is removed already.
func (b *Buffer) Delete(kind counterpoint.Kind, id string) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	d.now, d.fields = nil, Fields{}
	return nil
}

// Changes are the documents the batch leaves different, in the order they were first touched.
func (b *Buffer) Changes() []Change {
	var out []Change
	for _, k := range b.order {
		d := b.docs[k]
		if (d.was == nil) == (d.now == nil) && bytes.Equal(d.was, d.now) {
			continue
		}
		out = append(out, Change{k.Kind, k.ID, d.now, d.fields, d.was != nil})
	}
	return out
}

// Staged sorts changes into the stages that a backend without transactions writes one after the other, each
// durable before the next begins: first what everything else is made from stays as it was, so that a batch
// applied again finds what it found the first time.
//
//  1. Outcomes, under names that only Fetch looks at: what became of each event is settled here.
//  2. Documents: each can be made again from the records and the outcomes.
//  3. Records: an item's has what its documents were made from.
//  4. Outcomes, under their own names: whoever sees one sees what it did.
func Staged(changes []Change) (documents, records, outcomes []Change) {
	for _, c := range changes {
		switch c.Kind {
		case counterpoint.KindEvent:
			outcomes = append(outcomes, c)
		case kindRecord:
			records = append(records, c)
		default:
			documents = append(documents, c)
		}
	}
	return documents, records, outcomes
}
