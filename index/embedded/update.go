package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"strings"

	"counterpoint"
	"counterpoint/index"
)

const (
	rowColumns  = `kind, rank, time, source, lang, level, state, item, narrative, message, station, words, tags, doc, record`
	fetchRow    = `SELECT id, n, ` + rowColumns + ` FROM docs WHERE kind IN (?, ?) AND id = ?`
	fetchRows   = `SELECT id, n, ` + rowColumns + ` FROM docs WHERE kind IN (?, ?) AND id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)` // many
	insertRow   = `INSERT OR ROLLBACK INTO docs (id, ` + rowColumns + `) VALUES ` + oneRow
	oneRow      = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	removeRow   = `DELETE FROM docs WHERE n = ?`
	addWords    = `INSERT INTO words (rowid, terms) VALUES (?, ?)`
	dropWords   = `DELETE FROM words WHERE rowid = ?`
	addTag      = `INSERT OR IGNORE INTO tags (n, field, value) VALUES (?, ?, ?)`
	dropTags    = `DELETE FROM tags WHERE n = ?`
	setPosition = `INSERT INTO positions (topic, part, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next`
)

// many is how many rows one statement reads or inserts. A statement that writes many and may fail in the middle makes a
// savepoint, for which FTS5 writes all it holds; OR ROLLBACK makes none, as long as SQLite gives the rows their numbers.
const many = 16

var insertRows = insertRow + strings.Repeat(", "+oneRow, many-1)

// statements are compiled once for the one connection that writes.
type statements map[string]*sql.Stmt

// Update applies a batch in one transaction with its positions.
func (s *Store) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	if s.write == nil {
		return fmt.Errorf("update index: %s is open for reading only", s.path)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	told := ctx
	ctx = context.WithoutCancel(ctx) // a batch is short, and watching ctx costs more than most statements
	w := &writer{ctx: ctx, db: s.write, compiled: s.compiled, used: statements{}, rows: map[index.Key]row{}}
	if err := w.compile(); err != nil {
		return fmt.Errorf("update index: %w", err)
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("update index: %w", wrap(err))
	}
	defer tx.Rollback()
	w.tx = tx
	b := index.Buffer{Fetch: w.fetch, FetchAll: w.fetchAll, Whole: true}
	if err := fn(&b); err != nil {
		return err
	}
	if err := told.Err(); err != nil {
		return fmt.Errorf("update index: %w", err)
	}
	if err := w.writeAll(b.Changes()); err != nil {
		return fmt.Errorf("update index: %w", err)
	}
	for topic, parts := range next {
		for part, n := range parts {
			if err := w.exec(setPosition, topic, part, n); err != nil {
				return fmt.Errorf("update index: position of %s[%d]: %w", topic, part, wrap(err))
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("update index: %w", wrap(err))
	}
	return nil
}

// writer lives for one Update.
type writer struct {
	ctx      context.Context
	db       *sql.DB
	tx       *sql.Tx
	compiled statements        // of the store
	used     statements        // of tx
	rows     map[index.Key]row // by rowKey
	fresh    []newRow          // not inserted yet
	args     []any
}

// row is a document as it is stored, an item with its record.
type row struct {
	n int64
	columns
}

// compile prepares what every batch needs; the one connection is busy once the transaction has begun.
func (w *writer) compile() error {
	for _, q := range []string{fetchRow, fetchRows, insertRow, insertRows, removeRow, addWords, dropWords, addTag, dropTags, setPosition} {
		if w.compiled[q] != nil {
			continue
		}
		st, err := w.db.PrepareContext(w.ctx, q)
		if err != nil {
			return wrap(err)
		}
		w.compiled[q] = st
	}
	return nil
}

// statement is the query for this transaction.
func (w *writer) statement(query string) (*sql.Stmt, error) {
	if st := w.used[query]; st != nil {
		return st, nil
	}
	if st := w.compiled[query]; st != nil {
		w.used[query] = w.tx.StmtContext(w.ctx, st)
		return w.used[query], nil
	}
	st, err := w.tx.PrepareContext(w.ctx, query)
	if err == nil {
		w.used[query] = st
	}
	return st, err
}

func (w *writer) exec(query string, args ...any) error {
	st, err := w.statement(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(w.ctx, args...)
	return err
}

func (w *writer) fetch(kind counterpoint.Kind, id string) ([]byte, error) {
	docs, err := w.fetchAll([]index.Key{{Kind: kind, ID: id}})
	if err == nil && docs[0] == nil {
		err = counterpoint.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return docs[0], nil
}

// rowKey names the row that a document is in.
func rowKey(k index.Key) index.Key {
	if k.Kind == index.KindRecord {
		k.Kind = counterpoint.KindItem
	}
	return k
}

// fetchAll reads the documents, kind by kind.
func (w *writer) fetchAll(keys []index.Key) ([][]byte, error) {
	byKind := map[counterpoint.Kind][]index.Key{}
	for _, k := range keys {
		k = rowKey(k)
		if _, ok := w.rows[k]; !ok {
			byKind[k.Kind] = append(byKind[k.Kind], k)
		}
	}
	for kind, list := range byKind {
		for len(list) >= many {
			if err := w.query(fetchRows, kind, list[:many]); err != nil {
				return nil, wrap(err)
			}
			list = list[many:]
		}
		for i := range list {
			if err := w.query(fetchRow, kind, list[i:i+1]); err != nil {
				return nil, wrap(err)
			}
		}
	}
	docs := make([][]byte, len(keys))
	for i, k := range keys {
		c := docColumn
		if k.Kind == index.KindRecord {
			c = recordColumn
		}
		docs[i], _ = w.rows[rowKey(k)].columns[c].([]byte)
	}
	return docs, nil
}

func (w *writer) query(query string, kind counterpoint.Kind, keys []index.Key) error {
	st, err := w.statement(query)
	if err != nil {
		return err
	}
	args, named := []any{code(kind), code(kind)}, make(map[string]index.Key, len(keys))
	if kind == counterpoint.KindItem {
		args[1] = code(index.KindRecord)
	}
	for _, k := range keys {
		id := rowID(kind, k.ID)
		args, named[id] = append(args, id), k
	}
	rows, err := st.QueryContext(w.ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var r row
		to := []any{&id, &r.n}
		for i := range r.columns {
			to = append(to, &r.columns[i])
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		w.rows[named[id]] = r
	}
	return rows.Err()
}

// writeAll writes the changes: that of a record with that of its item, or alone.
func (w *writer) writeAll(changes []index.Change) error {
	records := map[string]*index.Change{}
	for i, c := range changes {
		if c.Kind == index.KindRecord {
			records[c.ID] = &changes[i]
		}
	}
	for _, c := range changes {
		if c.Kind == index.KindRecord {
			continue
		}
		var rec *index.Change
		if c.Kind == counterpoint.KindItem {
			rec = records[c.ID]
			delete(records, c.ID)
		}
		if err := w.write(c, rec); err != nil {
			return fmt.Errorf("%s %s: %w", c.Kind, c.ID, wrap(err))
		}
	}
	for _, c := range changes {
		if c.Kind != index.KindRecord || records[c.ID] == nil {
			continue
		}
		if err := w.writeRecord(c); err != nil {
			return fmt.Errorf("%s %s: %w", c.Kind, c.ID, wrap(err))
		}
	}
	for len(w.fresh) > 0 {
		if err := w.insert(1); err != nil {
			return wrap(err)
		}
	}
	return nil
}

// newRow is a row with what depends on its number.
type newRow struct {
	id string
	columns
	terms string
	tags  []tag
}

// add has a row inserted, many at a time.
func (w *writer) add(r newRow) error {
	w.fresh = append(w.fresh, r)
	if len(w.fresh) < many {
		return nil
	}
	return w.insert(many)
}

// insert inserts the first n rows that wait. Their numbers follow one another.
func (w *writer) insert(n int) error {
	query := insertRow
	if n == many {
		query = insertRows
	}
	st, err := w.statement(query)
	if err != nil {
		return err
	}
	w.args = w.args[:0]
	for _, r := range w.fresh[:n] {
		w.args = append(append(w.args, r.id), r.columns[:]...)
	}
	res, err := st.ExecContext(w.ctx, w.args...)
	if err != nil {
		return err
	}
	last, err := res.LastInsertId()
	if err != nil {
		return err
	}
	for i, r := range w.fresh[:n] {
		number := last - int64(n-1-i)
		if err := w.tags(number, r.tags); err != nil {
			return err
		}
		if r.terms == "" {
			continue
		}
		if err := w.exec(addWords, number, r.terms); err != nil {
			return err
		}
	}
	w.fresh = append(w.fresh[:0], w.fresh[n:]...)
	return nil
}

// write writes the row of a document, and the record in it where that changes.
func (w *writer) write(c index.Change, rec *index.Change) error {
	old, existed := w.rows[rowKey(index.Key{Kind: c.Kind, ID: c.ID})]
	had, _ := old.columns[wordsColumn].(int64)
	if tags, _ := old.columns[tagsColumn].(int64); tags > 0 {
		if err := w.exec(dropTags, old.n); err != nil {
			return err
		}
	}
	now, terms, has, tags := recordAlone, "", int64(0), []tag(nil)
	if c.Doc != nil {
		terms = index.Joined(c.Fields.Text)
		has, tags = fingerprint(terms), tagsOf(c.Kind, c.Fields)
		now = columnsOf(c, has, len(tags))
	}
	now[recordColumn] = old.columns[recordColumn]
	if rec != nil {
		now[recordColumn] = blob(rec.Doc)
	}
	if !existed {
		return w.add(newRow{rowID(c.Kind, c.ID), now, terms, tags})
	}
	n, err := w.row(old, now)
	if err != nil {
		return err
	}
	if err := w.tags(n, tags); err != nil {
		return err
	}
	return w.words(n, terms, had, has)
}

func (w *writer) tags(n int64, tags []tag) error {
	for _, t := range tags {
		if err := w.exec(addTag, n, t.field, t.value); err != nil {
			return err
		}
	}
	return nil
}

// writeRecord writes a record whose item stays as it is.
func (w *writer) writeRecord(c index.Change) error {
	old, existed := w.rows[rowKey(index.Key{Kind: c.Kind, ID: c.ID})]
	if !existed {
		now := recordAlone
		now[recordColumn] = blob(c.Doc)
		return w.add(newRow{id: c.ID, columns: now})
	}
	now := old.columns
	now[recordColumn] = blob(c.Doc)
	_, err := w.row(old, now)
	return err
}

// row inserts a row, or writes the columns that changed, and returns its number. Most changes leave most columns and
// so most indexes alone. A row that holds nothing goes.
func (w *writer) row(old row, now columns) (int64, error) {
	if now[docColumn] == nil && now[recordColumn] == nil {
		return old.n, w.exec(removeRow, old.n)
	}
	var sets []string
	var args []any
	for i, name := range columnNames {
		if !same(old.columns[i], now[i]) {
			sets, args = append(sets, name+" = ?"), append(args, now[i])
		}
	}
	if len(sets) == 0 {
		return old.n, nil
	}
	return old.n, w.exec("UPDATE docs SET "+strings.Join(sets, ", ")+" WHERE n = ?", append(args, old.n)...)
}

func same(a, b any) bool {
	x, ok := a.([]byte)
	y, ok2 := b.([]byte)
	if ok || ok2 {
		return ok && ok2 && bytes.Equal(x, y)
	}
	return a == b
}

func blob(b []byte) any {
	if b == nil {
		return nil
	}
	return b
}

// words brings the terms up to date where they changed: most documents change in anything but their words.
func (w *writer) words(n int64, terms string, had, has int64) error {
	if had == has {
		return nil
	}
	if had != 0 {
		if err := w.exec(dropWords, n); err != nil {
			return err
		}
	}
	if has == 0 {
		return nil
	}
	return w.exec(addWords, n, terms)
}

// fingerprint tells terms apart; 0 is none.
func fingerprint(terms string) int64 {
	if terms == "" {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(terms))
	return int64(h.Sum64() | 1)
}
