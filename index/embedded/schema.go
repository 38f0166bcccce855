package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"counterpoint/index"
)

// schemaVersion is stored as user_version. The version before is brought up to it when it is opened for writing; what
// is older is rebuilt, as the index is a view.
const schemaVersion = 4

// ErrOld is for a file of the version before, where it is opened for reading only.
var ErrOld = errors.New("made by an older program")

// rank and time are stored negated, so that one ascending index serves the order and its cursors; rowID is the last of
// it, as Fields.Tie asks. A field of which documents of a kind may have several values is in tags, else in its column.
// words holds the terms of index.Terms and nothing else: the ascii tokenizer cuts at ASCII punctuation only and so
// keeps them whole.
//
// An item and its record are in one row, which is of the item's kind; a record alone is in one of its own kind, without
// doc.
//
// Every index costs each segment and item, of which there are most by far, so these are in few: docs_order covers
// what they are filtered and counted by, docs_id finds the segments of an item (rowID), docs_level holds what is
// flagged.
const docsTable = `CREATE TABLE docs (
		n INTEGER PRIMARY KEY,
		id TEXT NOT NULL,
		kind NOT NULL,
		rank REAL NOT NULL,
		time INTEGER NOT NULL,
		source TEXT, lang TEXT, level INTEGER, state TEXT, item TEXT, narrative TEXT, message TEXT, station TEXT,
		words INTEGER NOT NULL,
		tags INTEGER NOT NULL,
		doc BLOB,
		record BLOB
	)`

var docsIndexes = []string{
	`CREATE UNIQUE INDEX docs_id ON docs(id, kind)`,
	`CREATE INDEX docs_order ON docs(kind, rank, time, id, source, lang, level) WHERE kind < 100`,
	`CREATE INDEX docs_source ON docs(kind, source, rank, time, id) WHERE source IS NOT NULL`,
	`CREATE INDEX docs_lang ON docs(kind, lang, rank, time, id) WHERE lang IS NOT NULL AND kind > 2`,
	`CREATE INDEX docs_level ON docs(kind, level, rank, time, id) WHERE level > 0`,
	`CREATE INDEX docs_item ON docs(kind, item, rank, time, id) WHERE item IS NOT NULL AND kind > 2`,
	`CREATE INDEX docs_state ON docs(kind, state, rank, time, id) WHERE state IS NOT NULL`,
	`CREATE INDEX docs_narrative ON docs(kind, narrative, rank, time, id) WHERE narrative IS NOT NULL`,
	`CREATE INDEX docs_message ON docs(kind, message, rank, time, id) WHERE message IS NOT NULL`,
	`CREATE INDEX docs_station ON docs(kind, station, rank, time, id) WHERE station IS NOT NULL`,
}

var setVersion = fmt.Sprintf(`PRAGMA user_version = %d`, schemaVersion)

var schema = slices.Concat([]string{docsTable}, docsIndexes, []string{
	`CREATE TABLE tags (n INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (n, field, value)) WITHOUT ROWID`,
	`CREATE INDEX tags_value ON tags(field, value, n)`,
	`CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize='ascii')`,
	`CREATE TABLE positions (topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, part)) WITHOUT ROWID`,
	setVersion,
})

// fromThree makes version 4 of 3: there an item's record had a row of its own, all rows had a tie, and segments and items
// had their item.
var fromThree = slices.Concat([]string{
	`ALTER TABLE docs RENAME TO three`,
	docsTable,
	fmt.Sprintf(`INSERT INTO docs
		SELECT d.n, d.id, d.kind, d.rank, d.time, d.source, d.lang, d.level, d.state, CASE WHEN d.kind > %[1]d THEN d.item END, d.narrative, d.message,
			d.station, d.words, d.tags, CASE WHEN d.kind <> %[2]d THEN d.doc END, CASE d.kind WHEN %[1]d THEN r.doc WHEN %[2]d THEN d.doc END
		FROM three d LEFT JOIN three r ON d.kind = %[1]d AND r.id = d.id AND r.kind = %[2]d
		WHERE d.kind <> %[2]d OR NOT EXISTS (SELECT 1 FROM three i WHERE i.id = d.id AND i.kind = %[1]d)
		ORDER BY d.n`, itemCode, codes[index.KindRecord]),
	`DROP TABLE three`,
}, docsIndexes, []string{setVersion})

// checkSchema makes the tables in a new file and refuses a file of another version.
func checkSchema(ctx context.Context, db *sql.DB, path string, create bool) error {
	var version, tables int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return wrap(err)
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil {
		return wrap(err)
	}
	switch {
	case version == schemaVersion:
		return nil
	case version == 3 && create:
		if _, err := db.ExecContext(ctx, `PRAGMA temp_store = FILE`); err != nil { // else each index is sorted in memory
			return wrap(err)
		}
		err := statementsIn(ctx, db, fromThree)
		_, back := db.ExecContext(ctx, `PRAGMA temp_store = MEMORY`)
		return errors.Join(err, back)
	case version == 3:
		return fmt.Errorf("%s: %w: run counterpoint once to bring it up to this one", path, ErrOld)
	case version > schemaVersion:
		return fmt.Errorf("%s has schema %d, this program knows up to %d: use the newer program, or delete the file and run it to build the index anew", path, version, schemaVersion)
	case version > 0 || tables > 0:
		return fmt.Errorf("%s has schema %d, this program needs %d: delete the file and run it to build the index anew", path, version, schemaVersion)
	case !create:
		return fmt.Errorf("%s is empty: run counterpoint once to build the index", path)
	}
	return statementsIn(ctx, db, schema)
}

// statementsIn makes or changes the tables in one transaction.
func statementsIn(ctx context.Context, db *sql.DB, list []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer tx.Rollback()
	for _, s := range list {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("make the tables: %w", wrap(err))
		}
	}
	return wrap(tx.Commit())
}
