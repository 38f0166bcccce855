package ledger_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
	"counterpoint/stream/ledger"
	"counterpoint/stream/vault"
)

var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("error %v, want nil", err)
	}
}

func wantErr(t *testing.T, what string, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s = %v, want an error that is %q", what, err, kind)
	}
}

func open(t testing.TB, dir string, o embedded.Options) *embedded.Log {
	t.Helper()
	l, err := embedded.Open(t.Context(), dir, o)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func decide(t testing.TB, l stream.Log, from, to int) {
	t.Helper()
	events := make([]counterpoint.Event, 0, to-from)
	for i := from; i < to; i++ {
		events = append(events, counterpoint.Event{
			ID: fmt.Sprintf("evt_%d", i), Type: "flag.reject", At: at.Add(time.Duration(i) * time.Second), By: "acc_1",
			On:   counterpoint.Ref{Kind: counterpoint.KindFlag, ID: fmt.Sprint("flag_", i/2), Version: 1 + i%2},
			Data: json.RawMessage(fmt.Sprintf(`{"reason":"reason %d"}`, i)),
		})
	}
	must(t, stream.Of[counterpoint.Event](l, stream.Decisions).Publish(t.Context(), events...))
}

func signer(t testing.TB) *ledger.Signer {
	t.Helper()
	seed := make([]byte, 32)
	rand.Read(seed)
	s, err := ledger.NewSigner(seed)
	must(t, err)
	return s
}

func signNow(t testing.TB, l stream.Log, s *ledger.Signer) []byte {
	t.Helper()
	root, size, err := ledger.Root(t.Context(), l, -1)
	must(t, err)
	b, err := s.SignHead(ledger.Head{Size: size, Root: root, At: at})
	must(t, err)
	return b
}

func verify(t testing.TB, l stream.Log, head []byte, key string) ledger.Report {
	t.Helper()
	r, err := ledger.Verify(t.Context(), l, head, key)
	must(t, err)
	return r
}

func TestVerify(t *testing.T) {
	l := open(t, t.TempDir(), embedded.Options{})
	s := signer(t)
	f := func(what string, head []byte, proven bool, says string) {
		t.Helper()
		r := verify(t, l, head, s.VerifierKey())
		if !r.OK() || r.Proven != proven || r.String() != says {
			t.Errorf("%s: %s, proven %t, problems %v; want %s, %t", what, r, r.Proven, r.Problems, says, proven)
		}
	}
	empty := signNow(t, l, s)
	f("empty log", nil, false, "0 decisions internally consistent, not proven")
	f("empty log with head", empty, true, "0 decisions proven by the head of 2026-11-22T12:00:00Z")
	decide(t, l, 0, 7)
	head := signNow(t, l, s)
	f("no head", nil, false, "7 decisions internally consistent, not proven")
	f("head", head, true, "7 decisions proven by the head of 2026-11-22T12:00:00Z")
	decide(t, l, 7, 9)
	decide(t, l, 8, 9) // an exact copy, as of a repeated command
	f("older head", head, true, "7 decisions proven by the head of 2026-11-22T12:00:00Z; 3 later ones internally consistent, not proven")
	f("oldest head", empty, true, "0 decisions proven by the head of 2026-11-22T12:00:00Z; 10 later ones internally consistent, not proven")

	for what, bad := range map[string][]byte{
		"other key": signNow(t, l, signer(t)), "changed": []byte(strings.Replace(string(head), "\n7\n", "\n8\n", 1)), "empty": {}, "foreign": []byte("hello\n"),
	} {
		_, err := ledger.Verify(t.Context(), l, bad, s.VerifierKey())
		wantErr(t, what+" head", err, counterpoint.ErrInvalid)
	}
	_, err := ledger.Verify(t.Context(), l, head, "nonsense")
	wantErr(t, "bad key", err, counterpoint.ErrInvalid)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = ledger.Verify(gone, l, head, s.VerifierKey())
	wantErr(t, "cancelled", err, context.Canceled)
}

// TestRootIsThatOfTlog compares with the library's own tree, at every size.
func TestRootIsThatOfTlog(t *testing.T) {
	l := open(t, t.TempDir(), embedded.Options{})
	const n = 40
	decide(t, l, 0, n)
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(is []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(is))
		for i, x := range is {
			out[i] = hashes[x]
		}
		return out, nil
	})
	size := int64(0)
	for r, err := range l.Replay(t.Context(), stream.Decisions, nil) {
		must(t, err)
		more, err := tlog.StoredHashes(size, ledger.Leaf(r), reader)
		must(t, err)
		hashes = append(hashes, more...)
		size++
		want, err := tlog.TreeHash(size, reader)
		must(t, err)
		if got, _, err := ledger.Root(t.Context(), l, size); err != nil || got != want {
			t.Errorf("Root(%d) = %v, %v, want %v", size, got, err, want)
		}
	}
	if size != n {
		t.Fatalf("%d decisions, want %d", size, n)
	}
	_, _, err := ledger.Root(t.Context(), l, n+1)
	wantErr(t, "Root of more than there are", err, counterpoint.ErrNotFound)
}

func TestLeafTellsRecordsApart(t *testing.T) {
	base := stream.Record{Topic: "decisions", Key: "k", Value: []byte("v"), Time: at, Headers: map[string]string{"a": "b", "c": "d"}}
	seen := map[string]string{string(ledger.Leaf(base)): "base"}
	for what, change := range map[string]func(*stream.Record){
		"offset":  func(r *stream.Record) { r.Offset = 1 },
		"time":    func(r *stream.Record) { r.Time = at.Add(time.Millisecond) },
		"key":     func(r *stream.Record) { r.Key, r.Value = "kv", nil },
		"nil":     func(r *stream.Record) { r.Value = nil },
		"empty":   func(r *stream.Record) { r.Value = []byte{} },
		"header":  func(r *stream.Record) { r.Headers = map[string]string{"a": "b"} },
		"headers": func(r *stream.Record) { r.Headers = map[string]string{"a": "bc", "d": ""} },
	} {
		r := base
		change(&r)
		leaf := string(ledger.Leaf(r))
		if other, ok := seen[leaf]; ok {
			t.Errorf("the leaf with another %s is that of %s", what, other)
		}
		seen[leaf] = what
	}
}

// TestTampering changes the stored log in 200 random ways, as one who may write the file and knows how it is
// made, and wants each to be found with the head.
func TestTampering(t *testing.T) {
	const n = 40
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	decide(t, l, 0, n)
	s := signer(t)
	head := signNow(t, l, s)
	must(t, l.Close())
	original, err := os.ReadFile(filepath.Join(dir, embedded.File))
	must(t, err)
	rnd := mathrand.New(mathrand.NewPCG(1, 2))
	found, foundWithout := 0, 0
	for i := range 200 {
		attack := attacks[i%len(attacks)]
		bad := t.TempDir()
		must(t, os.WriteFile(filepath.Join(bad, embedded.File), original, 0o600))
		tamper(t, bad, func(x *attacker) { attack.do(x, rnd) })
		l := open(t, bad, embedded.Options{ReadOnly: true})
		if r := verify(t, l, head, s.VerifierKey()); r.OK() || r.Proven {
			t.Errorf("attack %d (%s) was not found: %s", i, attack.name, r)
		} else {
			found++
		}
		if r := verify(t, l, nil, ""); !r.OK() {
			foundWithout++
		} else if r.Proven {
			t.Errorf("attack %d (%s): proven without a head", i, attack.name)
		}
		must(t, l.Close())
	}
	t.Logf("%d of 200 found with the head, %d without", found, foundWithout)
	if foundWithout == 200 {
		t.Error("all were found without the head: the attacks are too weak to show what the head is for")
	}
	// And what was not touched verifies.
	if r := verify(t, open(t, dir, embedded.Options{ReadOnly: true}), head, s.VerifierKey()); !r.Proven {
		t.Errorf("the untouched log: %s, want it proven", r)
	}
}

// attacker writes into the file of a closed log.
type attacker struct {
	t  *testing.T
	db *sql.DB
}

func tamper(t *testing.T, dir string, f func(*attacker)) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, embedded.File))
	must(t, err)
	f(&attacker{t, db})
	must(t, db.Close())
}

func (x *attacker) exec(query string, args ...any) {
	x.t.Helper()
	r, err := x.db.Exec(query, args...)
	must(x.t, err)
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		x.t.Fatalf("%s %v: %d rows changed, %v: the attack does nothing", query, args, n, err)
	}
}

// renumber closes or opens gaps, in two steps because offsets are unique.
func (x *attacker) renumber(from, by int) {
	x.exec(`UPDATE records SET offset = -1 - offset WHERE topic = 'decisions' AND offset >= ?`, from)
	x.exec(`UPDATE records SET offset = -1 - offset + ? WHERE topic = 'decisions' AND offset < 0`, by)
	x.exec(`UPDATE ends SET next = next + ? WHERE topic = 'decisions'`, by)
}

func (x *attacker) swap(a, b int) {
	x.exec(`UPDATE records SET offset = CASE offset WHEN ?1 THEN -?1 - 1 ELSE -?2 - 1 END WHERE topic = 'decisions' AND offset IN (?1, ?2)`, a, b)
	x.exec(`UPDATE records SET offset = CASE offset WHEN -?1 - 1 THEN ?2 ELSE ?1 END WHERE topic = 'decisions' AND offset < 0`, a, b)
}

var attacks = []struct {
	name string
	do   func(x *attacker, rnd *mathrand.Rand)
}{
	{"edit a reason", func(x *attacker, rnd *mathrand.Rand) {
		n := rnd.IntN(40)
		x.exec(`UPDATE records SET value = CAST(replace(CAST(value AS TEXT), ?, 'other words') AS BLOB)
			WHERE topic = 'decisions' AND offset = ?`, fmt.Sprintf("reason %d", n), n)
	}},
	{"edit who decided", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`UPDATE records SET value = CAST(replace(CAST(value AS TEXT), 'acc_1', 'acc_2') AS BLOB) WHERE topic = 'decisions' AND offset = ?`, rnd.IntN(40))
	}},
	{"edit one byte", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`UPDATE records SET value = substr(value, 1, ?1 - 1) || x'07' || substr(value, ?1 + 1) WHERE topic = 'decisions' AND offset = ?2`, 1+rnd.IntN(100), rnd.IntN(40))
	}},
	{"edit the time", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`UPDATE records SET time = time - ? WHERE topic = 'decisions' AND offset = ?`, 1+rnd.IntN(100000), rnd.IntN(40))
	}},
	{"edit the headers", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`UPDATE records SET headers = json_set(headers, '$.x', 'y') WHERE topic = 'decisions' AND offset = ?`, rnd.IntN(40))
	}},
	{"edit the key", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`UPDATE records SET key = 'k' WHERE topic = 'decisions' AND offset = ?`, rnd.IntN(40))
	}},
	{"delete and leave a gap", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`DELETE FROM records WHERE topic = 'decisions' AND offset = ?`, rnd.IntN(40))
	}},
	{"delete and close the gap", func(x *attacker, rnd *mathrand.Rand) {
		n := rnd.IntN(39)
		x.exec(`DELETE FROM records WHERE topic = 'decisions' AND offset = ?`, n)
		x.renumber(n+1, -1)
	}},
	{"swap two", func(x *attacker, rnd *mathrand.Rand) {
		a := rnd.IntN(39)
		x.swap(a, a+1+rnd.IntN(39-a))
	}},
	{"insert a forged one", func(x *attacker, rnd *mathrand.Rand) {
		n := rnd.IntN(40)
		x.renumber(n, 1)
		x.exec(`INSERT INTO records (topic, partition, offset, time, key, headers, value)
			SELECT topic, partition, ?1, time, key, headers, CAST(replace(CAST(value AS TEXT), '"evt_', '"evt_9') AS BLOB)
			FROM records WHERE topic = 'decisions' AND offset = ?2`, n, (n+1)%41)
	}},
	{"cut the end", func(x *attacker, rnd *mathrand.Rand) {
		n := 1 + rnd.IntN(39)
		x.exec(`DELETE FROM records WHERE topic = 'decisions' AND offset >= ?`, n)
		x.exec(`UPDATE ends SET next = ? WHERE topic = 'decisions'`, n)
	}},
	{"cut the end and forget the count", func(x *attacker, rnd *mathrand.Rand) {
		x.exec(`DELETE FROM records WHERE topic = 'decisions' AND offset >= ?`, 1+rnd.IntN(39))
	}},
	{"cut the end and go on", func(x *attacker, rnd *mathrand.Rand) {
		n := 20 + rnd.IntN(19)
		x.exec(`UPDATE records SET value = CAST(replace(CAST(value AS TEXT), 'evt_', 'evt_x') AS BLOB) WHERE topic = 'decisions' AND offset >= ?`, n)
	}},
}

func TestExport(t *testing.T) {
	data := t.TempDir()
	dir := filepath.Join(data, ledger.Folder)
	l := open(t, data, embedded.Options{})
	v, err := vault.Open(t.Context(), l)
	must(t, err)
	defer v.Close()
	s, err := ledger.OpenSigner(t.Context(), v)
	must(t, err)
	_, _, err = ledger.Newest(dir)
	wantErr(t, "Newest of nothing", err, counterpoint.ErrNotFound)

	decide(t, l, 0, 3)
	first, err := ledger.Export(t.Context(), l, s, dir, at)
	must(t, err)
	same, err := ledger.Export(t.Context(), l, s, dir, at.Add(24*time.Hour))
	must(t, err)
	if same != first {
		t.Errorf("Export without new decisions wrote %s, want %s again", same, first)
	}
	decide(t, l, 3, 5)
	again, err := ledger.OpenSigner(t.Context(), v)
	must(t, err)
	second, err := ledger.Export(t.Context(), l, again, dir, at.Add(48*time.Hour))
	must(t, err)
	key, err := ledger.ReadKey(dir)
	must(t, err)
	for _, path := range []string{first, second} {
		b, err := os.ReadFile(path)
		must(t, err)
		if r := verify(t, l, b, key); !r.Proven {
			t.Errorf("%s: %s, want it proven", path, r)
		}
	}
	signed, path, err := ledger.Newest(dir)
	must(t, err)
	h, err := ledger.OpenHead(signed, key)
	must(t, err)
	if want := (ledger.Head{Size: 5, Root: h.Root, At: at.Add(48 * time.Hour)}); path != second || cmp.Diff(want, h) != "" {
		t.Errorf("Newest = %s, %+v, want %s, %+v", path, h, second, want)
	}
	_, err = ledger.Export(t.Context(), l, signer(t), dir, at)
	wantErr(t, "Export with another key", err, counterpoint.ErrConflict)
}

// TestExportRefusesChangedLog wants that a changed history is not signed anew.
func TestExportRefusesChangedLog(t *testing.T) {
	for _, query := range []string{
		`UPDATE records SET time = time - 1 WHERE topic = 'decisions' AND offset = 1`,
		`DELETE FROM records WHERE topic = 'decisions' AND offset = 3`,
	} {
		data := t.TempDir()
		dir := filepath.Join(data, ledger.Folder)
		s := signer(t)
		l := open(t, data, embedded.Options{})
		decide(t, l, 0, 4)
		_, err := ledger.Export(t.Context(), l, s, dir, at)
		must(t, err)
		must(t, l.Close())
		tamper(t, data, func(x *attacker) { x.exec(query) })
		l = open(t, data, embedded.Options{})
		_, err = ledger.Export(t.Context(), l, s, dir, at.Add(time.Hour))
		wantErr(t, "Export after "+query, err, counterpoint.ErrConflict)
	}
}

func FuzzOpenHead(f *testing.F) {
	s := signer(f)
	signed, err := s.SignHead(ledger.Head{Size: 3, At: at})
	must(f, err)
	f.Add(signed)
	f.Add([]byte("counterpoint decisions\n3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ledger.OpenHead(b, s.VerifierKey())
		if err == nil && (h.Size != 3 || !h.At.Equal(at)) {
			t.Errorf("OpenHead(%q) = %+v, which nobody signed", b, h)
		}
		_, _ = ledger.ParseHead(string(b))
	})
}

func BenchmarkVerify(b *testing.B) {
	l := open(b, b.TempDir(), embedded.Options{})
	const n = 20_000
	decide(b, l, 0, n)
	s := signer(b)
	head := signNow(b, l, s)
	for b.Loop() {
		if r := verify(b, l, head, s.VerifierKey()); !r.Proven {
			b.Fatal(r)
		}
	}
	b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "decisions/s")
}

// TestRepeatedCommand: a command that was repeated after a kill stands twice, with another time; that is no fault.
// The same event of another person is one.
func TestRepeatedCommand(t *testing.T) {
	l := open(t, t.TempDir(), embedded.Options{})
	again := func(by string) {
		t.Helper()
		must(t, stream.Of[counterpoint.Event](l, stream.Decisions).Publish(t.Context(), counterpoint.Event{
			ID: "evt_1", Type: "flag.reject", At: at.Add(time.Hour), By: by, On: counterpoint.Ref{Kind: counterpoint.KindFlag, ID: "flag_0", Version: 2},
		}))
	}
	decide(t, l, 0, 3)
	again("acc_1")
	if r, err := ledger.Verify(t.Context(), l, nil, ""); err != nil || !r.OK() {
		t.Errorf("a repeated command: %v, %v", r, err)
	}
	again("acc_2")
	if r, err := ledger.Verify(t.Context(), l, nil, ""); err != nil || r.OK() {
		t.Errorf("somebody else's event under the same id: %v, %v; want a problem", r, err)
	}
}
