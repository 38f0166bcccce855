package embedded

import (
	"context"
	"database/sql"
	"fmt"
)

// schemaVersion is stored as user_version. There are no migrations: the index is a view, an old one is rebuilt.
const schemaVersion = 3

// rank and time are stored negated, so that one ascending index serves the order and its cursors. A field of
// which documents of a kind may have several values is in tags, else in its column. words holds the terms of
// index.Terms and nothing else: the ascii tokenizer cuts at ASCII punctuation only and so keeps them whole.
//
// Every index costs each segment and item, of which there are most by far, so these are in few: docs_order covers
// what they are filtered and counted by, docs_id finds the segments of an item (rowID), docs_level holds what is
// flagged.
var schema = []string{
	`CREATE TABLE docs (
		n INTEGER PRIMARY KEY,
		kind NOT NULL,
		id TEXT NOT NULL,
		rank REAL NOT NULL,
		time INTEGER NOT NULL,
		tie TEXT NOT NULL,
		source TEXT, lang TEXT, level INTEGER, state TEXT, item TEXT, narrative TEXT, message TEXT, station TEXT,
		words INTEGER NOT NULL,
		tags INTEGER NOT NULL,
		doc BLOB NOT NULL
	)`,
	`CREATE UNIQUE INDEX docs_id ON docs(id, kind)`,
	`CREATE INDEX docs_order ON docs(kind, rank, time, tie, source, lang, level) WHERE kind < 100`,
	`CREATE INDEX docs_source ON docs(kind, source, rank, time, tie) WHERE source IS NOT NULL`,
	`CREATE INDEX docs_lang ON docs(kind, lang, rank, time, tie) WHERE lang IS NOT NULL AND kind > 2`,
	`CREATE INDEX docs_level ON docs(kind, level, rank, time, tie) WHERE level > 0`,
	`CREATE INDEX docs_item ON docs(kind, item, rank, time, tie) WHERE item IS NOT NULL AND kind > 2`,
	`CREATE INDEX docs_state ON docs(kind, state, rank, time, tie) WHERE state IS NOT NULL`,
	`CREATE INDEX docs_narrative ON docs(kind, narrative, rank, time, tie) WHERE narrative IS NOT NULL`,
	`CREATE INDEX docs_message ON docs(kind, message, rank, time, tie) WHERE message IS NOT NULL`,
	`CREATE INDEX docs_station ON docs(kind, station, rank, time, tie) WHERE station IS NOT NULL`,
	`CREATE TABLE tags (n INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (n, field, value)) WITHOUT ROWID`,
	`CREATE INDEX tags_value ON tags(field, value, n)`,
	`CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize='ascii')`,
	`CREATE TABLE positions (topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, part)) WITHOUT ROWID`,
	fmt.Sprintf(`PRAGMA user_version = %d`, schemaVersion),
}

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
	case version > schemaVersion:
		return fmt.Errorf("%s has schema %d, this program knows up to %d: use the newer program, or delete the file and run it to build the index anew", path, version, schemaVersion)
	case version > 0 || tables > 0:
		return fmt.Errorf("%s has schema %d, this program needs %d: delete the file and run it to build the index anew", path, version, schemaVersion)
	case !create:
		return fmt.Errorf("%s is empty: run counterpoint once to build the index", path)
	}
	return makeTables(ctx, db)
}

func makeTables(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer tx.Rollback()
	for _, s := range schema {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("make the tables: %w", wrap(err))
		}
	}
	return wrap(tx.Commit())
}
