package embedded

import (
	"fmt"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/index"
)

// filter is a WHERE clause that grows.
type filter struct {
	conds []string
	args  []any
	match string // the FTS5 expression that all documents must match, if any
}

func (f *filter) add(cond string, args ...any) {
	f.conds = append(f.conds, cond)
	f.args = append(f.args, args...)
}

func (f *filter) where() string { return strings.Join(f.conds, " AND ") }

// in asks for any of the values, of which there may be none asked for.
func in[T any](f *filter, kind counterpoint.Kind, field string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = fmt.Sprint(v)
		if n, ok := any(v).(int); ok {
			args[i] = n
		}
	}
	set := "= ?"
	if len(args) > 1 {
		set = "IN (?" + strings.Repeat(", ?", len(args)-1) + ")"
	}
	if tagged(kind, field) {
		f.add("n IN (SELECT n FROM tags WHERE field = '"+field+"' AND value "+set+")", args...)
		return
	}
	f.add(field+" "+set, args...)
}

// filterOf is the query as SQL, without order, limit and cursor.
func filterOf(kind counterpoint.Kind, q counterpoint.Query) (*filter, index.Words, error) {
	f := &filter{}
	f.kind(kind)
	in(f, kind, "source", q.Source)
	in(f, kind, "lang", q.Lang)
	in(f, kind, "state", q.State)
	switch kind {
	case counterpoint.KindSegment:
		f.segmentsOf(q.Item)
	case counterpoint.KindItem:
		in(f, kind, "id", q.Item)
	default:
		in(f, kind, "item", q.Item)
	}
	in(f, kind, "narrative", q.Narrative)
	in(f, kind, "message", q.Message)
	in(f, kind, "station", q.Station)
	if !q.From.IsZero() {
		f.add("time <= ?", -index.Nanos(q.From))
	}
	if !q.To.IsZero() {
		f.add("time > ?", -index.Nanos(q.To))
	}
	var words index.Words
	if q.Text != "" {
		var err error
		if words, err = index.ParseWords(q.Text); err != nil {
			return nil, nil, err
		}
	}
	if kind == counterpoint.KindItem {
		f.item(q, words)
		return f, words, nil
	}
	f.level(kind, q.Level)
	in(f, kind, "label", q.Label)
	if words != nil {
		f.words(words)
	}
	return f, words, nil
}

// kind asks for the kind, in the words of the partial indexes that hold it.
func (f *filter) kind(kind counterpoint.Kind) {
	if kind == index.KindRecord {
		f.add("kind IN (?, ?) AND record IS NOT NULL", itemCode, code(kind))
		return
	}
	cond := "kind = ?"
	if !plain(kind) {
		cond += " AND kind < 100"
		if kind != counterpoint.KindSegment && kind != counterpoint.KindItem {
			cond += " AND kind > 2"
		}
	}
	f.add(cond, code(kind))
}

// column is where in its row the document is.
func column(kind counterpoint.Kind) string {
	if kind == index.KindRecord {
		return "record"
	}
	return "doc"
}

// level says what docs_level asks for where it can answer.
func (f *filter) level(kind counterpoint.Kind, levels []int) {
	in(f, kind, "level", levels)
	if len(levels) > 0 && slices.Min(levels) > 0 {
		f.add("level > 0")
	}
}

func (f *filter) segmentsOf(items []string) {
	if len(items) == 0 {
		return
	}
	var ranges []string
	var args []any
	for _, item := range items {
		from, to := between(item)
		ranges, args = append(ranges, "(id > ? AND id < ?)"), append(args, from, to)
	}
	f.add("("+strings.Join(ranges, " OR ")+")", args...)
}

func (f *filter) words(ws index.Words) {
	f.match = match(ws)
	f.add("n IN (SELECT rowid FROM words WHERE words MATCH ?)", f.match)
}

// item asks for what an item has through its segments: level, label and words, all in one segment. Words may
// also be in its title.
func (f *filter) item(q counterpoint.Query, ws index.Words) {
	var g filter
	g.add("kind = ?", code(counterpoint.KindSegment))
	g.level(counterpoint.KindSegment, q.Level)
	in(&g, counterpoint.KindSegment, "label", q.Label)
	if len(g.conds) > 1 {
		f.add("id IN (SELECT "+itemOfRow+" FROM docs WHERE "+g.where()+")", g.args...)
	}
	if ws == nil {
		return
	}
	g.words(ws)
	f.add("(n IN (SELECT rowid FROM words WHERE words MATCH ?) OR id IN (SELECT "+itemOfRow+" FROM docs WHERE "+g.where()+"))",
		append([]any{match(ws)}, g.args...)...)
}

// match is the words as an FTS5 expression. Terms hold letters, marks and digits only, so quotes are enough.
func match(ws index.Words) string {
	parts := make([]string, len(ws))
	for i, p := range ws {
		parts[i] = `"` + strings.Join(p.Terms, " ") + `"`
		if p.Prefix {
			parts[i] += " *"
		}
	}
	return strings.Join(parts, " AND ")
}
