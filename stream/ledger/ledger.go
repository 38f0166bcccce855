// Package ledger makes the decisions a Merkle log: a signed head kept elsewhere proves later that no decision
// before it was edited, dropped, moved or cut, even to somebody who may write every file of the data folder.
package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"counterpoint"
	"counterpoint/stream"
)

// leaf is the bytes of a record that the tree is made of: all that is stored, each part with its length, so
// that no two records have the same.
func leaf(r stream.Record) []byte {
	var b []byte
	part := func(p []byte) {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	part([]byte("counterpoint decision 1"))
	part([]byte(r.Topic))
	b = binary.AppendVarint(b, int64(r.Partition))
	b = binary.AppendVarint(b, r.Offset)
	b = binary.AppendVarint(b, r.Time.UnixMilli())
	part([]byte(r.Key))
	b = binary.AppendUvarint(b, uint64(len(r.Headers)))
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		part([]byte(name))
		part([]byte(r.Headers[name]))
	}
	if r.Value == nil {
		return append(b, 0)
	}
	b = append(b, 1)
	part(r.Value)
	return b
}

// tree is a Merkle tree that grows: the roots of its complete subtrees, largest first. It holds 64 hashes
// at most, and its root is that of tlog.TreeHash.
type tree struct {
	size  int64
	roots []tlog.Hash
}

func (t *tree) add(data []byte) {
	h := tlog.RecordHash(data)
	for n := t.size; n&1 == 1; n >>= 1 {
		h = tlog.NodeHash(t.roots[len(t.roots)-1], h)
		t.roots = t.roots[:len(t.roots)-1]
	}
	t.roots = append(t.roots, h)
	t.size++
}

// root of no records is the hash of nothing, as in RFC 6962.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		h, _ := tlog.TreeHash(0, nil) // fails for no records never
		return h
	}
	h := t.roots[len(t.roots)-1]
	for i := len(t.roots) - 2; i >= 0; i-- {
		h = tlog.NodeHash(t.roots[i], h)
	}
	return h
}

// Root is the root of the first n decisions and their number; n < 0 means all there are now. Fewer than n
// is an ErrNotFound.
func Root(ctx context.Context, log stream.Log, n int64) (tlog.Hash, int64, error) {
	var t tree
	if n != 0 {
		for r, err := range log.Replay(ctx, stream.Decisions, nil) {
			if err != nil {
				return tlog.Hash{}, 0, fmt.Errorf("root of the decisions: %w", err)
			}
			if t.add(leaf(r)); t.size == n {
				break
			}
		}
	}
	if t.size < n {
		return tlog.Hash{}, 0, fmt.Errorf("root of %d decisions, there are %d: %w", n, t.size, counterpoint.ErrNotFound)
	}
	return t.root(), t.size, nil
}
