package elastic

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/segmentio/encoding/json"
	"golang.org/x/sync/errgroup"

	"counterpoint"
	"counterpoint/index"
)

// A bulk request has at most so many bytes (of documents) and documents, and a client at most so many requests
// on the way at once.
const (
	bulkBytes  = 5 << 20
	bulkCount  = 2000
	bulkFlight = 4
)

// What is written at once goes in so many requests, which the server works on side by side, unless they were to have
// fewer documents than are worth one.
const (
	bulkBeside = 2
	bulkLeast  = 100
)

// bulkTries is how often documents are sent of which the server does not take half, before the batch is given back to
// wait. With the pauses between, which grow meanwhile, it is about ten seconds.
const bulkTries = 8

// op is one document to write, where it is still as it was read.
type op struct {
	kind    counterpoint.Kind
	id      string // as messages name it
	alias   string
	doc     string // id on the server
	source  []byte // nil deletes
	was     *stored
	version *int64 // instead of was: only over a lower one
	always  bool   // instead of was: whatever stands there

	doubt    bool // it may be done already, by an answer that was lost: then a conflict may be with ourselves
	conflict bool // somebody else was first
	now      *stored
}

// bulkAction is the line that goes before a document, and bulkAnswer what is answered of it: one of its fields.
type (
	bulkAction struct {
		Index  *bulkHead `json:"index,omitempty"`
		Create *bulkHead `json:"create,omitempty"`
		Delete *bulkHead `json:"delete,omitempty"`
	}
	bulkAnswer struct {
		Index  *bulkItem `json:"index"`
		Create *bulkItem `json:"create"`
		Delete *bulkItem `json:"delete"`
	}
)

type bulkHead struct {
	Index   string `json:"_index"`
	ID      string `json:"_id"`
	Seq     *int64 `json:"if_seq_no,omitempty"`
	Term    *int64 `json:"if_primary_term,omitempty"`
	Version *int64 `json:"version,omitempty"`
	Type    string `json:"version_type,omitempty"`
}

func (o *op) head() ([]byte, error) {
	h := bulkHead{Index: o.alias, ID: o.doc, Version: o.version}
	action := bulkAction{Index: &h}
	switch {
	case o.version != nil:
		h.Type = "external"
	case o.was != nil:
		h.Seq, h.Term = &o.was.seq, &o.was.term
	case o.source != nil && !o.always:
		action = bulkAction{Create: &h}
	}
	if o.source == nil {
		action = bulkAction{Delete: &h}
	}
	return json.Marshal(action)
}

// bulk writes all and returns when all are durable or in conflict. It holds each request until every document in
// it has an answer of its own.
func (c *client) bulk(ctx context.Context, ops []*op) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(bulkBeside)
	most := min(bulkCount, max(bulkLeast, (len(ops)+bulkBeside-1)/bulkBeside))
	for len(ops) > 0 {
		n := fitting(ops, most)
		some := ops[:n]
		ops = ops[n:]
		work.Go(func() error {
			select {
			case c.flight <- struct{}{}:
				defer func() { <-c.flight }()
			case <-ctx.Done():
				return ctx.Err()
			}
			return c.write(ctx, some)
		})
	}
	return work.Wait()
}

// fitting is how many of the documents one request takes, at least one and at most so many.
func fitting(ops []*op, most int) int {
	size := 0
	for i, o := range ops {
		if size += len(o.source) + 200; i > 0 && (size > bulkBytes || i == most) {
			return i
		}
	}
	return len(ops)
}

// write sends one request until all of it is settled.
func (c *client) write(ctx context.Context, ops []*op) error {
	for stuck := 0; ; {
		left, why, err := c.attempt(ctx, ops)
		if err != nil || len(left) == 0 {
			return err
		}
		if stuck++; len(left) <= len(ops)/2 {
			stuck = 0
		}
		if stuck == bulkTries {
			return fmt.Errorf("%d documents are not written after %d tries: %w", len(left), stuck, why)
		}
		c.metrics.retries.Inc()
		if err := c.pause(ctx, stuck); err != nil {
			return err
		}
		ops = left
	}
}

// attempt sends the documents once and returns those to send again, and why.
func (c *client) attempt(ctx context.Context, ops []*op) (again []*op, why, err error) {
	body, err := bulkBody(ops)
	if err != nil {
		return nil, nil, err
	}
	c.metrics.requests.Inc()
	status, answer, err := c.send(ctx, func() esapi.Request { return esapi.BulkRequest{Body: bytes.NewReader(body), RequireAlias: new(true)} })
	switch {
	case err != nil && (ctx.Err() != nil || errors.Is(err, errOpen) || !errors.Is(err, counterpoint.ErrAway)):
		return nil, nil, err
	case err != nil:
		return doubt(ops), err, nil
	case status == 413, status == 400:
		return nil, nil, c.halve(ctx, ops, errorOf(status, answer))
	case status >= 300:
		e := errorOf(status, answer)
		if !e.passes() {
			return nil, nil, e.explain()
		}
		if status != 429 {
			doubt(ops)
		}
		return ops, e.explain(), nil
	}
	items, err := readBulk(answer, ops)
	if err != nil {
		c.breaker.failed()
		return doubt(ops), fmt.Errorf("%w: %s: %w", counterpoint.ErrAway, c.address.Server, err), nil
	}
	c.breaker.worked()
	return c.settle(ctx, ops, items)
}

// halve sends two smaller requests instead of one that the server does not take.
func (c *client) halve(ctx context.Context, ops []*op, e *serverError) error {
	if len(ops) == 1 {
		return ops[0].refused(e)
	}
	half := len(ops) / 2
	if err := c.write(ctx, ops[:half]); err != nil {
		return err
	}
	return c.write(ctx, ops[half:])
}

func (o *op) refused(e *serverError) error {
	return fmt.Errorf("%w: %s %s: %w", index.ErrRefused, o.kind, o.id, e)
}

func doubt(ops []*op) []*op {
	for _, o := range ops {
		o.doubt = true
	}
	return ops
}

func bulkBody(ops []*op) ([]byte, error) {
	var b bytes.Buffer
	for _, o := range ops {
		head, err := o.head()
		if err != nil {
			return nil, err
		}
		b.Write(head)
		b.WriteByte('\n')
		if o.source != nil {
			b.Write(o.source)
			b.WriteByte('\n')
		}
	}
	return b.Bytes(), nil
}

// bulkItem is the answer for one document.
type bulkItem struct {
	ID     string       `json:"_id"`
	Seq    int64        `json:"_seq_no"`
	Term   int64        `json:"_primary_term"`
	Status int          `json:"status"`
	Error  *serverError `json:"error"`
}

var errHalf = errors.New("the answer to a bulk request is not whole")

// readBulk reads the answers, one a document in their order. Anything else is not an answer.
func readBulk(answer []byte, ops []*op) ([]bulkItem, error) {
	var a struct {
		Items []bulkAnswer `json:"items"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, fmt.Errorf("%w: %w", errHalf, err)
	}
	if len(a.Items) != len(ops) {
		return nil, fmt.Errorf("%w: %d items for %d documents", errHalf, len(a.Items), len(ops))
	}
	items := make([]bulkItem, len(ops))
	for i, answer := range a.Items {
		one := cmp.Or(answer.Index, answer.Create, answer.Delete)
		if one == nil {
			return nil, fmt.Errorf("%w: item %d is of no action that was asked for", errHalf, i)
		}
		items[i] = *one
		if items[i].ID != ops[i].doc || items[i].Status < 200 || (items[i].Status < 300) != (items[i].Error == nil) && items[i].Status != 404 {
			return nil, fmt.Errorf("%w: item %d is not that of its document", errHalf, i)
		}
		if items[i].Error != nil {
			items[i].Error.Status = items[i].Status
		}
	}
	return items, nil
}

// settle looks at every document's answer. Conflicts where we may have been first ourselves are looked up.
func (c *client) settle(ctx context.Context, ops []*op, items []bulkItem) (again []*op, why, err error) {
	var ours []*op
	for i, o := range ops {
		c.metrics.items.WithLabelValues(strconv.Itoa(items[i].Status)).Inc()
		e := items[i].Error
		switch {
		case e == nil: // done, or nothing there to delete
			o.now = &stored{o.source, items[i].Seq, items[i].Term}
		case e.Status == 409 && o.version != nil: // a newer position stands there
		case e.Status == 409 && o.doubt:
			ours = append(ours, o)
		case e.Status == 409:
			o.conflict = true
		case e.Type == "index_not_found_exception":
			return nil, nil, e.explain()
		case e.passes():
			o.doubt = o.doubt || e.Status != 429
			again, why = append(again, o), e.explain()
		case e.Status == 400 || e.Status == 413:
			return nil, nil, o.refused(e)
		default:
			return nil, nil, fmt.Errorf("%s %s: %w", o.kind, o.id, e.explain())
		}
	}
	return again, why, c.ours(ctx, ours)
}

// ours tells our own writes, whose answers were lost, from those of others.
func (c *client) ours(ctx context.Context, ops []*op) error {
	if len(ops) == 0 {
		return nil
	}
	names := make([]name, len(ops))
	for i, o := range ops {
		names[i] = name{o.alias, o.doc}
	}
	found, err := c.read(ctx, names)
	if err != nil {
		return err
	}
	for i, o := range ops {
		switch f := found[i]; {
		case f == nil:
			o.conflict = o.source != nil
		default:
			o.conflict = o.source == nil || !bytes.Equal(f.source, o.source)
			o.now = f
		}
	}
	return nil
}
