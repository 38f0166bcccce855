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

	docs  map[docKey]*buffered
	order []docKey
}

type docKey struct {
	kind counterpoint.Kind
	id   string
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

func (b *Buffer) load(kind counterpoint.Kind, id string) (*buffered, error) {
	k := docKey{kind, id}
	if d, ok := b.docs[k]; ok {
		return d, nil
	}
	was, err := b.Fetch(kind, id)
	if err != nil && !errors.Is(err, counterpoint.ErrNotFound) {
		return nil, fmt.Errorf("read %s %s: %w", kind, id, err)
	}
	d := &buffered{was: was, now: was}
	if b.docs == nil {
		b.docs = map[docKey]*buffered{}
	}
	b.docs[k] = d
	b.order = append(b.order, k)
	return d, nil
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
		out = append(out, Change{k.kind, k.id, d.now, d.fields, d.was != nil})
	}
	return out
}
