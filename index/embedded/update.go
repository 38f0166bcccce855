package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"strings"

	"counterpoint"
	"counterpoint/index"
)

const (
	rowColumns  = `rank, time, tie, source, lang, level, state, item, narrative, message, station, words, tags, doc`
	fetchRow    = `SELECT id, n, ` + rowColumns + ` FROM docs WHERE kind = ? AND id = ?`
	fetchRows   = `SELECT id, n, ` + rowColumns + ` FROM docs WHERE kind = ? AND id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)` // many
	insertRow   = `INSERT INTO docs (kind, id, ` + rowColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	removeRow   = `DELETE FROM docs WHERE n = ?`
	addWords    = `INSERT INTO words (rowid, terms) VALUES (?, ?)`
	dropWords   = `DELETE FROM words WHERE rowid = ?`
	addTag      = `INSERT OR IGNORE INTO tags (n, field, value) VALUES (?, ?, ?)`
	dropTags    = `DELETE FROM tags WHERE n = ?`
	setPosition = `INSERT INTO positions (topic, part, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next`
)

// many is how many rows one statement reads. Rows are written one by one: a statement that writes many makes a
// savepoint, for which FTS5 writes all it holds.
const many = 16

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
	for _, c := range b.Changes() {
		if err := w.write(c); err != nil {
			return fmt.Errorf("update index: %s %s: %w", c.Kind, c.ID, wrap(err))
		}
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
	compiled statements // of the store
	used     statements // of tx
	rows     map[index.Key]row
}

// row is a document as it is stored.
type row struct {
	n int64
	columns
}

// compile prepares what every batch needs; the one connection is busy once the transaction has begun.
func (w *writer) compile() error {
	for _, q := range []string{fetchRow, fetchRows, insertRow, removeRow, addWords, dropWords, addTag, dropTags, setPosition} {
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

// fetchAll reads the documents, kind by kind.
func (w *writer) fetchAll(keys []index.Key) ([][]byte, error) {
	byKind := map[counterpoint.Kind][]index.Key{}
	for _, k := range keys {
		byKind[k.Kind] = append(byKind[k.Kind], k)
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
		docs[i], _ = w.rows[k].columns[docColumn].([]byte)
	}
	return docs, nil
}

func (w *writer) query(query string, kind counterpoint.Kind, keys []index.Key) error {
	st, err := w.statement(query)
	if err != nil {
		return err
	}
	args, named := []any{code(kind)}, make(map[string]index.Key, len(keys))
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

func (w *writer) write(c index.Change) error {
	old, existed := w.rows[index.Key{Kind: c.Kind, ID: c.ID}]
	had, _ := old.columns[wordsColumn].(int64)
	if tags, _ := old.columns[tagsColumn].(int64); tags > 0 {
		if err := w.exec(dropTags, old.n); err != nil {
			return err
		}
	}
	if c.Doc == nil {
		if err := w.words(old.n, "", had, 0); err != nil {
			return err
		}
		return w.exec(removeRow, old.n)
	}
	terms := index.Joined(c.Fields.Text)
	has := fingerprint(terms)
	tags := tagsOf(c.Kind, c.Fields)
	n, err := w.row(c, old, existed, columnsOf(c, has, len(tags)))
	if err != nil {
		return err
	}
	for _, t := range tags {
		if err := w.exec(addTag, n, t.field, t.value); err != nil {
			return err
		}
	}
	return w.words(n, terms, had, has)
}

// row inserts the document's row, or writes the columns that changed, and returns its number. Most changes
// leave most columns and so most indexes alone.
func (w *writer) row(c index.Change, old row, existed bool, now columns) (int64, error) {
	if !existed {
		st, err := w.statement(insertRow)
		if err != nil {
			return 0, err
		}
		res, err := st.ExecContext(w.ctx, append([]any{code(c.Kind), rowID(c.Kind, c.ID)}, now[:]...)...)
		if err != nil {
			return 0, err
		}
		return res.LastInsertId()
	}
	var sets []string
	var args []any
	for i, name := range columnNames {
		if i == docColumn || old.columns[i] != now[i] {
			sets, args = append(sets, name+" = ?"), append(args, now[i])
		}
	}
	return old.n, w.exec("UPDATE docs SET "+strings.Join(sets, ", ")+" WHERE n = ?", append(args, old.n)...)
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
