package index

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/segmentio/encoding/json"

	"counterpoint"
)

// Buffer is the Tx of a backend: it keeps what a batch changes until the end, so that a document changed ten
// times is encoded and written once, and one that ends as it was is not written at all.
type Buffer struct {
	// Fetch reads a stored document, or returns counterpoint.ErrNotFound.
	Fetch func(kind counterpoint.Kind, id string) ([]byte, error)
	// FetchAll reads many at once, nil for those that are not there. Nil leaves all to Fetch.
	FetchAll func(keys []Key) ([][]byte, error)
	// Whole says that a batch was never cut off in the middle: where an item's record has no part, there are no
	// segments of it either, and nobody looks for them. Only a backend with transactions may say so.
	Whole bool
	// Fresh takes as absent what only a batch that was cut off can have left: segments that no record names. A
	// backend may say so that finds out when it writes, and then does the batch again without.
	Fresh bool

	docs  map[Key]*buffered
	order []Key
}

type buffered struct {
	was, now []byte // JSON; nil is absent
	value    any    // what now is made from, nil where it was read or deleted
	encoded  bool   // now is made
	changed  bool   // put or deleted
	derived  bool   // changed by what other documents say, and by nothing else
	held     bool   // written also where it ends as it was
	ahead    []byte // see Change
}

// Change is one document that a batch leaves different.
type Change struct {
	Kind    counterpoint.Kind
	ID      string
	Doc     []byte // nil: deleted
	Fields  Fields
	Existed bool
	// Derived documents follow from others of the batch, and Ahead is what stands in the place of Doc until all others are
	// written; see Stages.
	Derived bool
	Ahead   []byte
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
	d := &buffered{was: was, now: was, encoded: true}
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
	if d.value != nil && handOver(d.value, into) {
		return nil
	}
	if err := d.encode(Key{kind, id}); err != nil {
		return err
	}
	if d.now == nil {
		return absent{kind, id}
	}
	if err := json.Unmarshal(d.now, into); err != nil {
		return fmt.Errorf("%s %s in the index: %w", kind, id, err)
	}
	return nil
}

// absent is the error of a document that is not there, put into words where somebody reads it: of most that are asked for
// it is all there is to know.
type absent Key

// Error names the document.
func (a absent) Error() string {
	return fmt.Sprintf("%s %s: %v", a.Kind, a.ID, counterpoint.ErrNotFound)
}

// Unwrap is counterpoint.ErrNotFound.
func (a absent) Unwrap() error { return counterpoint.ErrNotFound }

// handOver gives back what was put, without the way through JSON, for the types that one batch reads again.
func handOver(value, into any) bool {
	switch into := into.(type) {
	case *record:
		return assign(into, value)
	case *judgement:
		return assign(into, value)
	case *counterpoint.ItemView:
		return assign(into, value)
	case *counterpoint.SegmentView:
		return assign(into, value)
	case *counterpoint.Flag:
		return assign(into, value)
	case *bucket:
		return assign(into, value)
	}
	return false
}

func assign[T any](into *T, value any) bool {
	switch v := value.(type) {
	case T:
		*into = v
		return true
	case *T:
		*into = *v
		return true
	}
	return false
}

// Put replaces the document. doc is kept and belongs to the batch: it is encoded when the batch ends.
func (b *Buffer) Put(kind counterpoint.Kind, id string, doc any) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	d.put(doc)
	return nil
}

// putNew is Put of a document that is known not to be stored, unless this batch touched it.
func (b *Buffer) putNew(kind counterpoint.Kind, id string, doc any) error {
	k := Key{kind, id}
	d, ok := b.docs[k]
	if !ok {
		if !b.Whole && !b.Fresh {
			return b.Put(kind, id, doc)
		}
		d = b.keep(k, nil)
	}
	d.put(doc)
	return nil
}

func (d *buffered) put(doc any) {
	d.now, d.value, d.encoded, d.changed, d.derived = nil, doc, false, true, false
}

// derive is Put of a document that follows from others. One that the batch changed for its own sake stays one that is
// written with those.
func (b *Buffer) derive(kind counterpoint.Kind, id string, doc any) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	derived := d.derived || !d.changed
	d.put(doc)
	d.derived = derived
	return nil
}

// remove is Delete of a document that follows from others.
func (b *Buffer) remove(kind counterpoint.Kind, id string) error {
	if err := b.Delete(kind, id); err != nil {
		return err
	}
	b.docs[Key{kind, id}].derived = true
	return nil
}

// mark puts a document that is there until the batch is written, and then no longer.
func (b *Buffer) mark(kind counterpoint.Kind, id string, doc any) error {
	if err := b.Delete(kind, id); err != nil {
		return err
	}
	b.docs[Key{kind, id}].ahead = asJSON(doc)
	return nil
}

// hold has a document that the batch put written even where it ends as it was: others are made from it, so that whoever
// changes it meanwhile must meet this batch.
func (b *Buffer) hold(kind counterpoint.Kind, id string) {
	if d := b.docs[Key{kind, id}]; d != nil && d.value != nil {
		d.held = true
	}
}

// changedOnes are the ids of the kind that the batch put or deleted, in the order they were first touched.
func (b *Buffer) changedOnes(kind counterpoint.Kind) []string {
	var ids []string
	for _, k := range b.order {
		if k.Kind == kind && b.docs[k].changed {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

// stored fills into with the document as it was before the batch.
func (b *Buffer) stored(kind counterpoint.Kind, id string, into any) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	if d.was == nil {
		return fmt.Errorf("%s %s: %w", kind, id, counterpoint.ErrNotFound)
	}
	if err := json.Unmarshal(d.was, into); err != nil {
		return fmt.Errorf("%s %s in the index: %w", kind, id, err)
	}
	return nil
}

func (d *buffered) encode(k Key) error {
	if d.encoded {
		return nil
	}
	now, err := json.Marshal(d.value)
	if err != nil {
		return fmt.Errorf("encode %s %s: %w: %w", k.Kind, k.ID, ErrRefused, err)
	}
	d.now, d.encoded = now, true
	return nil
}

// Delete removes the document; one that is not there is removed already.
func (b *Buffer) Delete(kind counterpoint.Kind, id string) error {
	d, err := b.load(kind, id)
	if err != nil {
		return err
	}
	d.now, d.value, d.encoded, d.changed, d.derived = nil, nil, true, true, false
	return nil
}

// Encode makes the JSON of all that was put. What cannot be encoded is ErrRefused.
func (b *Buffer) Encode() error {
	for _, k := range b.order {
		if err := b.docs[k].encode(k); err != nil {
			return err
		}
	}
	return nil
}

// Changes are the documents the batch leaves different, in the order they were first touched. The projector has
// encoded them before; who puts what cannot be encoded, and does not ask Encode, is told by a panic.
func (b *Buffer) Changes() []Change {
	if err := b.Encode(); err != nil {
		panic("index: " + err.Error())
	}
	out := make([]Change, 0, len(b.order))
	for _, k := range b.order {
		d := b.docs[k]
		if d.ahead == nil && !d.held && (d.was == nil) == (d.now == nil) && bytes.Equal(d.was, d.now) {
			continue
		}
		c := Change{Kind: k.Kind, ID: k.ID, Doc: d.now, Existed: d.was != nil, Derived: d.derived, Ahead: d.ahead}
		if d.value != nil {
			c.Fields = FieldsOf(d.value)
		}
		out = append(out, c)
	}
	return out
}

// Stages are the changes of a batch as a backend without transactions writes them, one stage after the other, each
// durable before the next begins: first what everything else is made from stays as it was, so that a batch applied again
// finds what it found the first time.
//
//  1. Outcomes, under names that only Fetch looks at: what became of each event is settled here.
//  2. Marks, as Change.Ahead has them: the flags that move among the near-copies, with all buckets they may be in.
//  3. Derived: those buckets, and flags that only their likes changed.
//  4. Documents: each can be made again from the records and the outcomes.
//  5. The marks go.
//  6. Records: an item's has what its documents were made from. They may come with 5: a mark that is left is found by
//     whoever applies the batch again, whether its record is written or not.
//  7. Outcomes, under their own names: whoever sees one sees what it did.
type Stages struct{ Marks, Derived, Documents, Records, Outcomes []Change }

// Staged sorts changes into stages.
func Staged(changes []Change) (s Stages) {
	for _, c := range changes {
		switch {
		case c.Kind == counterpoint.KindEvent:
			s.Outcomes = append(s.Outcomes, c)
		case c.Kind == kindRecord:
			s.Records = append(s.Records, c)
		case c.Ahead != nil:
			s.Marks = append(s.Marks, c)
		case c.Derived:
			s.Derived = append(s.Derived, c)
		default:
			s.Documents = append(s.Documents, c)
		}
	}
	return s
}
