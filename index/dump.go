package index

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"counterpoint"
)

// Dump writes every document as a line of kind, id and JSON, in the order of kind and id: two stores that say
// the same give the same bytes, however often the log said it to them. It holds one kind in memory.
func Dump(ctx context.Context, s Store, w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, kind := range Kinds {
		lines, err := lines(ctx, s, kind)
		if err != nil {
			return fmt.Errorf("dump the index: %w", err)
		}
		for _, l := range lines {
			fmt.Fprintln(out, l)
		}
	}
	return out.Flush()
}

func lines(ctx context.Context, s Store, kind counterpoint.Kind) ([]string, error) {
	var out []string
	q := counterpoint.Query{Limit: counterpoint.MaxLimit}
	for {
		next, err := s.List(ctx, kind, q, func(doc []byte) error {
			doc, err := said(kind, doc)
			if err != nil {
				return err
			}
			id, err := ID(kind, doc)
			out = append(out, string(kind)+"\t"+id+"\t"+string(doc))
			return err
		})
		if err != nil {
			return nil, err
		}
		if q.Cursor = next; next == "" {
			slices.SortFunc(out, strings.Compare)
			return out, nil
		}
	}
}

// said is the document without how far the log was read for it.
func said(kind counterpoint.Kind, doc []byte) ([]byte, error) {
	if kind != kindRecord {
		return doc, nil
	}
	var rec record
	if err := json.Unmarshal(doc, &rec); err != nil {
		return nil, fmt.Errorf("record in the index: %w", err)
	}
	rec.Heard, rec.Judged = applied{}, applied{}
	return json.Marshal(rec)
}
