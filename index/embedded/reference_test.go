package embedded_test

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	_ "modernc.org/sqlite"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
)

// BenchmarkReference compares the index stage with the least that any pipeline on SQLite does with a text: decode
// its JSON, cut it into words, store it with three keywords, a date and a number, and index the words with FTS5,
// 1,000 texts a transaction, without a secondary index. Ours decodes the item and its assessment. Neither writes a
// log or judges anything. CPU time counts.
func BenchmarkReference(b *testing.B) {
	speech := newSpeech()
	speech.segments, speech.words = 1, 60
	var items, judged [][]byte
	for k := range b.N {
		it, a := speech.item(k)
		items, judged = append(items, asJSON(b, it)), append(judged, asJSON(b, a))
	}
	b.ResetTimer()
	reference := perText(b, func() { refer(b, items) })
	ours := perText(b, func() { project(b, items, judged) })
	b.ReportMetric(reference, "reference-cpu-us/text")
	b.ReportMetric(ours, "ours-cpu-us/text")
	b.ReportMetric(ours/reference, "ratio")
}

func perText(b *testing.B, do func()) float64 {
	started := cpu(b)
	do()
	return float64((cpu(b) - started).Microseconds()) / float64(b.N)
}

func asJSON(b *testing.B, v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		b.Fatal(err)
	}
	return raw
}

func fromJSON[T any](b *testing.B, raw []byte) (v T) {
	if err := json.Unmarshal(raw, &v); err != nil {
		b.Fatal(err)
	}
	return v
}

// refer is the reference.
func refer(b *testing.B, items [][]byte) {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "reference.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=cache_size(-32000)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(query string) {
		if _, err := db.Exec(query); err != nil {
			b.Fatal(err)
		}
	}
	exec(`CREATE TABLE docs (n INTEGER PRIMARY KEY, source TEXT, lang TEXT, kind TEXT, at INTEGER, number INTEGER, text TEXT)`)
	exec(`CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1, tokenize='ascii')`)
	for at := 0; at < len(items); at += 1000 {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		row, err1 := tx.Prepare(`INSERT INTO docs (n, source, lang, kind, at, number, text) VALUES (?, ?, ?, ?, ?, ?, ?)`)
		words, err2 := tx.Prepare(`INSERT INTO words (rowid, terms) VALUES (?, ?)`)
		if err1 != nil || err2 != nil {
			b.Fatal(err1, err2)
		}
		for i := at; i < min(at+1000, len(items)); i++ {
			it := fromJSON[counterpoint.Item](b, items[i])
			text := it.Segments[0].Text
			terms := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
			_, err1 := row.Exec(i, it.Source, it.Lang, string(it.Kind), it.Seen.UnixNano(), len(terms), text)
			_, err2 := words.Exec(i, strings.Join(terms, " "))
			if err1 != nil || err2 != nil {
				b.Fatal(err1, err2)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

// project is the index stage over the same texts, judged.
func project(b *testing.B, items, judged [][]byte) {
	s, err := embedded.Open(filepath.Join(b.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	p := index.NewProjector(s, index.ProjectorOptions{})
	for at := 0; at < len(items); at += index.BatchSize {
		var heard []counterpoint.Entry[counterpoint.Item]
		var said []counterpoint.Entry[counterpoint.Assessment]
		for i := at; i < min(at+index.BatchSize, len(items)); i++ {
			pos := counterpoint.Position{Offset: int64(i)}
			heard = append(heard, counterpoint.Entry[counterpoint.Item]{Position: pos, Time: time.Now(), Value: fromJSON[counterpoint.Item](b, items[i])})
			said = append(said, counterpoint.Entry[counterpoint.Assessment]{Position: pos, Time: time.Now(), Value: fromJSON[counterpoint.Assessment](b, judged[i])})
		}
		if err := p.PutTogether(b.Context(), heard, said); err != nil {
			b.Fatal(err)
		}
	}
}
