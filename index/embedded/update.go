package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"

	"counterpoint"
	"counterpoint/index"
)

// statements are what a batch does again and again, compiled once.
type statements struct {
	fetch, find, insert, change, remove   *sql.Stmt
	addWords, dropWords, addTag, dropTags *sql.Stmt
	position                              *sql.Stmt
}

func (st *statements) prepare(ctx context.Context, db *sql.DB) error {
	for _, p := range []struct {
		to    **sql.Stmt
		query string
	}{
		{&st.fetch, `SELECT doc FROM docs WHERE kind = ? AND id = ?`},
		{&st.find, `SELECT n, words FROM docs WHERE kind = ? AND id = ?`},
		{&st.insert, `INSERT INTO docs (kind, id, rank, time, tie, source, lang, level, state, item, narrative, message, station, words, doc)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&st.change, `UPDATE docs SET rank = ?, time = ?, tie = ?, source = ?, lang = ?, level = ?, state = ?, item = ?, narrative = ?,
			message = ?, station = ?, words = ?, doc = ? WHERE n = ?`},
		{&st.remove, `DELETE FROM docs WHERE n = ?`},
		{&st.addWords, `INSERT INTO words (rowid, terms) VALUES (?, ?)`},
		{&st.dropWords, `DELETE FROM words WHERE rowid = ?`},
		{&st.addTag, `INSERT INTO tags (n, field, value) VALUES (?, ?, ?)`},
		{&st.dropTags, `DELETE FROM tags WHERE n = ?`},
		{&st.position, `INSERT INTO positions (topic, part, next) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET next = excluded.next`},
	} {
		s, err := db.PrepareContext(ctx, p.query)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", p.query, wrap(err))
		}
		*p.to = s
	}
	return nil
}

// Update applies a batch in one transaction with its positions.
func (s *Store) Update(ctx context.Context, topic string, next map[int]int64, fn func(index.Tx) error) error {
	if s.write == nil {
		return fmt.Errorf("update index: %s is open for reading only", s.path)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("update index: %w", wrap(err))
	}
	defer tx.Rollback()
	w := writer{ctx, tx, &s.do}
	b := index.Buffer{Fetch: w.fetch}
	if err := fn(&b); err != nil {
		return err
	}
	for _, c := range b.Changes() {
		if err := w.write(c); err != nil {
			return fmt.Errorf("update index: %s %s: %w", c.Kind, c.ID, wrap(err))
		}
	}
	for part, n := range next {
		if err := w.exec(w.do.position, topic, part, n); err != nil {
			return fmt.Errorf("update index: position of %s[%d]: %w", topic, part, wrap(err))
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("update index: %w", wrap(err))
	}
	return nil
}

type writer struct {
	ctx context.Context // of the one Update this writer lives for
	tx  *sql.Tx
	do  *statements
}

func (w writer) exec(st *sql.Stmt, args ...any) error {
	_, err := w.tx.StmtContext(w.ctx, st).ExecContext(w.ctx, args...)
	return err
}

func (w writer) fetch(kind counterpoint.Kind, id string) ([]byte, error) {
	var doc []byte
	err := w.tx.StmtContext(w.ctx, w.do.fetch).QueryRowContext(w.ctx, string(kind), id).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, counterpoint.ErrNotFound
	}
	return doc, wrap(err)
}

func (w writer) write(c index.Change) error {
	var n, had int64
	if c.Existed {
		if err := w.tx.StmtContext(w.ctx, w.do.find).QueryRowContext(w.ctx, string(c.Kind), c.ID).Scan(&n, &had); err != nil {
			return err
		}
		if err := w.exec(w.do.dropTags, n); err != nil {
			return err
		}
	}
	if c.Doc == nil {
		return w.remove(n, had)
	}
	terms := index.Join(index.Terms(c.Fields.Text))
	has := fingerprint(terms)
	n, err := w.row(c, n, has)
	if err != nil {
		return err
	}
	if err := w.tags(n, c); err != nil {
		return err
	}
	return w.words(n, terms, had, has)
}

func (w writer) remove(n, had int64) error {
	if err := w.words(n, "", had, 0); err != nil {
		return err
	}
	return w.exec(w.do.remove, n)
}

// row inserts or changes the document's row and returns its number.
func (w writer) row(c index.Change, n, words int64) (int64, error) {
	r := columnsOf(c.Kind, c.ID, c.Fields)
	values := []any{r.rank, r.time, r.tie, r.source, r.lang, r.level, r.state, r.item, r.narrative, r.message, r.station, words, c.Doc}
	if c.Existed {
		return n, w.exec(w.do.change, append(values, n)...)
	}
	res, err := w.tx.StmtContext(w.ctx, w.do.insert).ExecContext(w.ctx, append([]any{string(c.Kind), c.ID}, values...)...)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (w writer) tags(n int64, c index.Change) error {
	for field, values := range tagsOf(c.Kind, c.Fields) {
		for _, v := range values {
			if err := w.exec(w.do.addTag, n, field, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// words brings the terms up to date where they changed: most documents change in anything but their words.
func (w writer) words(n int64, terms string, had, has int64) error {
	if had == has {
		return nil
	}
	if had != 0 {
		if err := w.exec(w.do.dropWords, n); err != nil {
			return err
		}
	}
	if has == 0 {
		return nil
	}
	return w.exec(w.do.addWords, n, terms)
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
