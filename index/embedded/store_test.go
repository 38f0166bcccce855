package embedded_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
	"counterpoint/index/indextest"
)

func open(t testing.TB, name string) index.Store {
	t.Helper()
	s, err := embedded.Open(name, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) { indextest.Run(t, open) }

// TestReadBeside reads in a second store while the first writes, as `search` does beside a running process.
func TestReadBeside(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder with # and ?", "index.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(path, embedded.Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading where there is no index = %v, want ErrNotExist", err)
	}
	w := open(t, path)
	defer w.Close()
	r, err := embedded.Open(path, embedded.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, w, "i1.0", "the well is open")
	if n := count(t, r); n != 1 {
		t.Errorf("the reader sees %d segments, want 1", n)
	}
	err = r.Update(t.Context(), nil, func(index.Tx) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "reading only") {
		t.Errorf("Update of a reader = %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want it closed to others", info.Mode(), err)
	}
}

// TestReadAlone reads when no process has the index open: after a clean end, and after a kill.
func TestReadAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "index.db")
	s := open(t, path)
	put(t, s, "i1.0", "the well is open")
	killed := filepath.Join(t.TempDir(), "index.db")
	for _, suffix := range []string{"", "-wal", "-shm"} { // the files as a kill leaves them
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(killed+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, killed} {
		r, err := embedded.Open(p, embedded.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, r); n != 1 {
			t.Errorf("the reader sees %d segments, want 1", n)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBackupAndCheck(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "index.db"))
	defer s.Close()
	put(t, s, "i1.0", "the well is open")
	e := s.(*embedded.Store)
	if err := e.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(dir, "copy.db")
	if err := e.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if err := e.Backup(t.Context(), copied); err == nil {
		t.Error("a copy over another file gave no error")
	}
	put(t, s, "i1.1", "later")
	c := open(t, copied)
	defer c.Close()
	if n := count(t, c); n != 1 {
		t.Errorf("the copy has %d segments, want 1", n)
	}
	put(t, c, "i1.2", "a copy can be written on")
}

func TestDamageIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	for _, id := range []string{"i1.0", "i1.1", "i1.2"} {
		put(t, s, id, strings.Repeat("many words of "+id+" ", 400))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096 * 3; i < len(b)-4096; i += 4096 {
		copy(b[i:], "damage damage damage")
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := embedded.Open(path, embedded.Options{ReadOnly: true})
	if err != nil {
		return // found already
	}
	defer r.Close()
	if err := r.Check(t.Context()); err == nil {
		t.Error("Check of a damaged file found nothing")
	}
}

func TestSchemaOfAnotherVersion(t *testing.T) {
	f := func(version, want string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "index.db")
		if err := open(t, path).Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("PRAGMA user_version = " + version); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := embedded.Open(path, embedded.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open of schema %s = %v, want it to say %q", version, err, want)
		}
	}
	f("99", "use the newer program")
	f("0", "delete the file")
}

// TestVersionThree: an index of version 3 is brought up to this one when it is opened for writing, and says the same.
func TestVersionThree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	s := open(t, path)
	talk := newSpeech()
	p := index.NewProjector(s, index.ProjectorOptions{})
	var later counterpoint.Item
	say := func(from, to int, items bool) {
		t.Helper()
		var heard []counterpoint.Entry[counterpoint.Item]
		var judged []counterpoint.Entry[counterpoint.Assessment]
		for n := from; n < to; n++ {
			it, a := talk.item(n)
			later = it
			at := counterpoint.Position{Offset: int64(n)}
			a.Sightings = counterpoint.Passages(it, it.Segments, a.Segments, a.At, a.Versions)
			judged = append(judged, counterpoint.Entry[counterpoint.Assessment]{Position: at, Value: a})
			if items {
				heard = append(heard, counterpoint.Entry[counterpoint.Item]{Position: at, Value: it})
			}
		}
		if err := p.PutTogether(t.Context(), heard, judged); err != nil {
			t.Fatal(err)
		}
	}
	dump := func(s index.Store) string {
		t.Helper()
		var b strings.Builder
		if err := index.Dump(t.Context(), s, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	say(0, 40, true)
	say(40, 50, false) // their items were not read yet
	want := dump(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	makeThree(t, path)

	if _, err := embedded.Open(path, embedded.Options{ReadOnly: true}); !errors.Is(err, embedded.ErrOld) {
		t.Errorf("reading an index of version 3 = %v, want ErrOld", err)
	}
	s = open(t, path)
	defer s.Close()
	if diff := cmp.Diff(want, dump(s)); diff != "" {
		t.Errorf("after it was brought up (-before +after):\n%s", diff)
	}
	page, err := counterpoint.List[counterpoint.SegmentView](t.Context(), s, counterpoint.Query{Text: "w0", Limit: 3})
	if err != nil || len(page.Data) != 3 || page.Next == "" {
		t.Errorf("segments with a word: %d, %v; want a page of 3", len(page.Data), err)
	}
	p = index.NewProjector(s, index.ProjectorOptions{})
	err = p.PutItems(t.Context(), []counterpoint.Entry[counterpoint.Item]{{Position: counterpoint.Position{Offset: 49}, Value: later}})
	v, got := counterpoint.Load[counterpoint.ItemView](t.Context(), s, later.ID)
	if err != nil || got != nil || len(v.Segments) != len(later.Segments) || !v.Segments[0].Assessed {
		t.Errorf("an item whose assessment came before: %v, %v, %d segments", err, got, len(v.Segments))
	}
	if err := s.(*embedded.Store).Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// makeThree writes the rows as version 3 had them.
func makeThree(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, q := range []string{
		`ALTER TABLE docs RENAME TO four`,
		`CREATE TABLE docs (
			n INTEGER PRIMARY KEY, kind NOT NULL, id TEXT NOT NULL, rank REAL NOT NULL, time INTEGER NOT NULL, tie TEXT NOT NULL,
			source TEXT, lang TEXT, level INTEGER, state TEXT, item TEXT, narrative TEXT, message TEXT, station TEXT,
			words INTEGER NOT NULL, tags INTEGER NOT NULL, doc BLOB NOT NULL
		)`,
		`INSERT INTO docs SELECT n, kind, id, rank, time, replace(id, char(1), '.'), source, lang, level, state,
			CASE kind WHEN 1 THEN substr(id, 1, instr(id, char(1)) - 1) WHEN 2 THEN id ELSE item END,
			narrative, message, station, words, tags, doc FROM four WHERE doc IS NOT NULL`,
		`INSERT INTO docs SELECT NULL, 102, id, 0, 0, id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, record FROM four WHERE record IS NOT NULL`,
		`DROP TABLE four`,
		`CREATE UNIQUE INDEX docs_id ON docs(id, kind)`,
		`CREATE INDEX docs_order ON docs(kind, rank, time, tie, source, lang, level) WHERE kind < 100`,
		`PRAGMA user_version = 3`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func TestCancelled(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "index.db"))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, index.Next{"items": {0: 1}}, func(tx index.Tx) error {
		cancel()
		return tx.Put(counterpoint.KindSegment, "i1.0", segment("i1.0", "half"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update = %v, want context.Canceled", err)
	}
	if n := count(t, s); n != 0 {
		t.Errorf("%d segments after a cancelled batch, want 0", n)
	}
	put(t, s, "i1.0", "the store goes on")
}

func segment(id, text string) counterpoint.SegmentView {
	item, _, _ := strings.Cut(id, ".")
	return counterpoint.SegmentView{ID: id, Item: item, Source: "radio-a", Text: text, Lang: "eng"}
}

func put(t testing.TB, s index.Store, id, text string) {
	t.Helper()
	err := s.Update(t.Context(), nil, func(tx index.Tx) error {
		return tx.Put(counterpoint.KindSegment, id, segment(id, text))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, s index.Store) int {
	t.Helper()
	g, err := s.Count(t.Context(), counterpoint.KindSegment, counterpoint.Query{}, "")
	if err != nil {
		t.Fatal(err)
	}
	return g[0].Count
}
