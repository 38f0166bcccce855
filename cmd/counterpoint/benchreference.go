package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	_ "modernc.org/sqlite"

	"counterpoint"
	"counterpoint/stream"
)

// benchReference compares the line, save for what classify costs, with the least that a pipeline from a log to an
// index does with the same segments.
type benchReference struct {
	Peer   float64 `json:"reference_cpu_us_per_segment"`
	Ours   float64 `json:"ours_cpu_us_per_segment"`
	Ratio  float64 `json:"ratio"`
	Spread float64 `json:"spread_of_reference"`
	Load   string  `json:"load_average"`
}

func (r *benchReference) print(w io.Writer) {
	if r == nil {
		return
	}
	fmt.Fprintf(w, "\nreference pipeline (log with fsync, JSON, words, linear model, FTS5)  %.1f us of CPU a segment\nthe line without classify  %.1f us, %.2f times that (at most 2: %s)\n",
		r.Peer, r.Ours, r.Ratio, verdict(r.Ratio <= 2, r.Spread, r.Load))
}

// spreadLimit is how far the peer's runs may lie apart for a judgement.
const spreadLimit = 0.2

func verdict(good bool, spread float64, load string) string {
	s := map[bool]string{true: "kept", false: "missed"}[good]
	if spread > spreadLimit {
		s = "not judged"
	}
	return fmt.Sprintf("%s; the peer's spread is %.0f %%, load average %s", s, 100*spread, load)
}

// turns is how often each side of a comparison runs.
const turns = 3

// reference takes turns with the peer and keeps the best of each.
func (b *benchmark) reference() error {
	docs, err := b.documents()
	if err != nil {
		return err
	}
	var theirs, ours best
	for range turns {
		used, err := refer(b.ctx, docs)
		if err != nil {
			return err
		}
		theirs.add(used)
		t, err := b.answered()
		if err != nil {
			return err
		}
		ours.add(t.cpu)
	}
	n := float64(b.result.Segments) / 1e6
	b.result.Reference = &benchReference{theirs.least / n, ours.least / n, ours.least / theirs.least, theirs.spread(), loadAverage()}
	return nil
}

// best is the best of several runs.
type best struct{ least, most float64 }

func (b *best) add(x float64) {
	if b.most == 0 {
		b.least = x
	}
	b.least, b.most = min(b.least, x), max(b.most, x)
}

func (b *best) spread() float64 {
	if b.least == 0 {
		return 0
	}
	return b.most/b.least - 1
}

// answered carries the files through a line whose classify knows the answers beforehand.
func (b *benchmark) answered() (t took, err error) {
	l, end, err := b.open()
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, end()) }()
	l.stage = nil
	known := map[string]counterpoint.Assessment{}
	for _, e := range b.judged {
		known[partKey(e.Value.Item, e.Value.Part)] = e.Value
	}
	return b.carry(l, func(ctx context.Context) error { return answerKnown(ctx, l, known) })
}

func partKey(item string, part int) string { return fmt.Sprint(item, "/", part) }

// classifyBatch is how many items classify takes at a time.
const classifyBatch = 128

// answerKnown is classify without judging.
func answerKnown(ctx context.Context, l *line, known map[string]counterpoint.Assessment) error {
	items, err := stream.Of[counterpoint.Item](l.stream, stream.Items).Group("classify")
	if err != nil {
		return err
	}
	in := patiently(waiter{l.log}, items.Share(l.shared()))
	defer in.close()
	out := stream.Of[counterpoint.Assessment](l.stream, stream.Assessments)
	for {
		entries, ack, err := in.Read(ctx, classifyBatch)
		if err != nil {
			return err
		}
		answers := make([]counterpoint.Assessment, len(entries))
		for i, e := range entries {
			a, ok := known[partKey(e.Value.ID, e.Value.Part)]
			if !ok {
				a = counterpoint.Assessment{Item: e.Value.ID, Source: e.Value.Source, Revision: e.Value.Revision, Part: e.Value.Part, Parts: e.Value.Parts}
			}
			answers[i] = a
		}
		if err := out.Publish(ctx, answers...); err != nil {
			return err
		}
		if err := ack(ctx); err != nil {
			return err
		}
	}
}

// referenceDoc is what the reference carries: a segment and what an index keeps of it.
type referenceDoc struct {
	ID     string    `json:"id"`
	Source string    `json:"source"`
	Lang   string    `json:"lang"`
	Kind   string    `json:"kind"`
	Title  string    `json:"title"`
	Seen   time.Time `json:"seen"`
	Text   string    `json:"text"`
}

func (b *benchmark) documents() ([][]byte, error) {
	var docs [][]byte
	for _, e := range b.items {
		for _, s := range e.Value.Segments {
			doc, err := json.Marshal(referenceDoc{counterpoint.SegmentID(e.Value.ID, s.Seq), e.Value.Source, e.Value.Lang, string(e.Value.Kind), e.Value.Title, e.Value.Seen, s.Text})
			if err != nil {
				return nil, err
			}
			docs = append(docs, doc)
		}
	}
	return docs, nil
}

// What the reference does at once: one fsync, one transaction.
const (
	referencePublish = 500
	referenceIndex   = 1000
)

// refer is the reference: append to a file that is synced every so often, read that back, decode, cut into words,
// score with a linear model on words and pairs, and store with three keywords, a date and a number in SQLite, the
// words in FTS5, with the place in the log in the same transaction. The log is a plain file: nothing is simpler.
// It returns the CPU time of all that, without opening and closing, as what it is compared with is measured.
func refer(ctx context.Context, docs [][]byte) (used float64, err error) {
	dir, err := os.MkdirTemp("", "counterpoint-reference-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	index, err := openReference(filepath.Join(dir, "index.db"), false)
	if err != nil {
		return 0, err
	}
	defer index.Close()
	name, model := filepath.Join(dir, "log"), newLinear()
	before := cpu()
	if err := referLog(name, docs); err != nil {
		return 0, err
	}
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<20)
	for n := 0; n < len(docs); n += referenceIndex {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := index.put(func() (referenceDoc, error) { return readReference(in) }, model, n, min(referenceIndex, len(docs)-n)); err != nil {
			return 0, err
		}
	}
	return cpu() - before, nil
}

func referLog(name string, docs [][]byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<20)
	for i, d := range docs {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(d)))
		out.Write(size[:])
		out.Write(d)
		if (i+1)%referencePublish != 0 && i+1 < len(docs) {
			continue
		}
		if err := errors.Join(out.Flush(), f.Sync()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return f.Close()
}

func readReference(in io.Reader) (d referenceDoc, err error) {
	var size [4]byte
	if _, err := io.ReadFull(in, size[:]); err != nil {
		return d, err
	}
	raw := make([]byte, binary.BigEndian.Uint32(size[:]))
	if _, err := io.ReadFull(in, raw); err != nil {
		return d, err
	}
	return d, json.Unmarshal(raw, &d)
}

// referenceDB is the reference's index.
type referenceDB struct {
	*sql.DB
	row, words, place *sql.Stmt
}

// openReference opens it, with an index on each of its three keywords where they are to be filtered and counted by.
func openReference(name string, keywords bool) (*referenceDB, error) {
	db, err := sql.Open("sqlite", name+"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-32000)")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	tables := []string{
		`CREATE TABLE docs (n INTEGER PRIMARY KEY, id TEXT, source TEXT, lang TEXT, kind TEXT, at INTEGER, score REAL, title TEXT, text TEXT)`,
		`CREATE VIRTUAL TABLE words USING fts5(terms, content='', contentless_delete=1)`,
		`CREATE TABLE place (topic TEXT PRIMARY KEY, next INTEGER)`,
	}
	if keywords {
		tables = append(tables, `CREATE INDEX docs_source ON docs(source)`, `CREATE INDEX docs_lang ON docs(lang)`, `CREATE INDEX docs_kind ON docs(kind)`)
	}
	for _, q := range tables {
		if _, err := db.Exec(q); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	r := &referenceDB{DB: db}
	var err1, err2, err3 error
	r.row, err1 = db.Prepare(`INSERT INTO docs (n, id, source, lang, kind, at, score, title, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	r.words, err2 = db.Prepare(`INSERT INTO words (rowid, terms) VALUES (?, ?)`)
	r.place, err3 = db.Prepare(`INSERT OR REPLACE INTO place (topic, next) VALUES ('docs', ?)`)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return r, nil
}

// put stores the next documents of the log, the first of which has the number from.
func (r *referenceDB) put(next func() (referenceDoc, error), model linear, from, n int) error {
	tx, err := r.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	row, words := tx.Stmt(r.row), tx.Stmt(r.words)
	for i := from; i < from+n; i++ {
		d, err := next()
		if err != nil {
			return err
		}
		terms := strings.FieldsFunc(strings.ToLower(d.Text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		_, err1 := row.Exec(i, d.ID, d.Source, d.Lang, d.Kind, d.Seen.UnixNano(), model.score(terms), d.Title, d.Text)
		_, err2 := words.Exec(i, strings.Join(terms, " "))
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
	}
	if _, err := tx.Stmt(r.place).Exec(from + n); err != nil {
		return err
	}
	return tx.Commit()
}

// linear is a hashed linear model. What its weights are makes no difference to what it costs.
type linear []float32

const linearSize = 1 << 18

func newLinear() linear {
	m := make(linear, linearSize)
	for i := range m {
		m[i] = float32(i%7-3) / 100
	}
	return m
}

// score adds up the weights of all words and pairs of words. No model scores nothing.
func (m linear) score(terms []string) float64 {
	if m == nil {
		return 0
	}
	sum, last := float32(0), uint32(0)
	for _, t := range terms {
		h := fnv.New32a()
		io.WriteString(h, t)
		at := h.Sum32()
		sum += m[at%linearSize] + m[(at^last*16777619)%linearSize]
		last = at
	}
	return float64(sum)
}
