package elastic

import (
	"bytes"
	"context"
	"fmt"

	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/segmentio/encoding/json"
	"golang.org/x/sync/errgroup"

	"counterpoint"
)

// readCount is how many documents one request reads.
const readCount = 1000

// name is where a document is.
type name struct {
	Alias string `json:"_index"`
	ID    string `json:"_id"`
}

// stored is a document as it was read, and the version by which a write knows that it is still so.
type stored struct {
	source    []byte
	seq, term int64
}

// doc is the JSON that was put.
func (s *stored) doc() ([]byte, error) {
	var d struct {
		Doc docString `json:"doc"`
	}
	if err := json.Unmarshal(s.source, &d); err != nil {
		return nil, err
	}
	return d.Doc, nil
}

// read reads documents by id as they are now, searchable or not; nil where there is none.
func (c *client) read(ctx context.Context, names []name) ([]*stored, error) {
	out := make([]*stored, len(names))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(2)
	for from := 0; from < len(names); from += readCount {
		to := min(from+readCount, len(names))
		work.Go(func() error { return c.readSome(ctx, names[from:to], out[from:to]) })
	}
	return out, work.Wait()
}

func (c *client) readSome(ctx context.Context, names []name, out []*stored) error {
	body, err := json.Marshal(map[string]any{"docs": names})
	if err != nil {
		return err
	}
	var a struct {
		Docs []struct {
			ID     string          `json:"_id"`
			Found  bool            `json:"found"`
			Seq    int64           `json:"_seq_no"`
			Term   int64           `json:"_primary_term"`
			Source json.RawMessage `json:"_source"`
			Error  *serverError    `json:"error"`
		} `json:"docs"`
	}
	if err := c.call(ctx, func() esapi.Request { return esapi.MgetRequest{Body: bytes.NewReader(body)} }, &a); err != nil {
		return fmt.Errorf("read %d documents: %w", len(names), err)
	}
	if len(a.Docs) != len(names) {
		return fmt.Errorf("%w: asked for %d documents, %s answers with %d", counterpoint.ErrAway, len(names), c.address.Server, len(a.Docs))
	}
	for i, d := range a.Docs {
		switch {
		case d.Error != nil:
			d.Error.Status = 503
			return fmt.Errorf("read %s: %w", d.ID, d.Error.explain())
		case d.ID != names[i].ID:
			return fmt.Errorf("%w: %s answers with other documents than were asked for", counterpoint.ErrAway, c.address.Server)
		case d.Found:
			out[i] = &stored{d.Source, d.Seq, d.Term}
		}
	}
	return nil
}
