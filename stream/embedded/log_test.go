package embedded_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

func publish(t testing.TB, l stream.Log, topic string, records ...stream.Record) {
	t.Helper()
	if err := l.Publish(t.Context(), topic, records...); err != nil {
		t.Fatalf("Publish(%s) = %v, want nil", topic, err)
	}
}

func values(t testing.TB, l stream.Log, topic string) (out []string) {
	t.Helper()
	for r, err := range l.Replay(t.Context(), topic, nil) {
		if err != nil {
			t.Fatalf("Replay(%s): %v", topic, err)
		}
		if r.Value == nil {
			out = append(out, r.Key+" deleted")
			continue
		}
		out = append(out, r.Key+"="+string(r.Value))
	}
	return out
}

func wantValues(t testing.TB, l stream.Log, topic string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, values(t, l, topic)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", topic, diff)
	}
}

// TestDeletedSecretLeavesNoBytes looks into every file of the folder, also while the log is open.
func TestDeletedSecretLeavesNoBytes(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	long := strings.Repeat("the-secret-words/", 3000)
	publish(t, l, stream.Secrets, stream.Record{Key: "short", Value: []byte("first-secret")}, stream.Record{Key: "long", Value: []byte(long)})
	publish(t, l, stream.Secrets, stream.Record{Key: "kept", Value: []byte("kept-secret")})
	if !found(t, dir, "first-secret") || !found(t, dir, "the-secret-words") {
		t.Fatal("the secrets are in no file before they are deleted: the test looks in the wrong place")
	}
	publish(t, l, stream.Secrets, stream.Record{Key: "short", Value: []byte("second")}, stream.Record{Key: "long"})
	for _, secret := range []string{"first-secret", "the-secret-words"} {
		if found(t, dir, secret) {
			t.Errorf("%q is still in a file of the folder", secret)
		}
	}
	wantValues(t, l, stream.Secrets, "kept=kept-secret", "short=second", "long deleted")
}

func found(t testing.TB, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

// TestScrubWaitsForReaders deletes a secret while another process's read holds the WAL.
func TestScrubWaitsForReaders(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Secrets, stream.Record{Key: "k", Value: []byte("held-secret")})
	release := embedded.HoldSnapshot(t, dir)
	publish(t, l, stream.Secrets, stream.Record{Key: "k"})
	if !found(t, dir, "held-secret") {
		t.Error("the secret is gone while a snapshot still needs it: the test holds nothing")
	}
	release()
	for end := time.Now().Add(10 * time.Second); found(t, dir, "held-secret"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the secret is still in a file 10 s after the last reader ended")
		}
	}
}

func TestReadOnlyBeside(t *testing.T) {
	dir := t.TempDir()
	if _, err := embedded.Open(t.Context(), dir, embedded.Options{ReadOnly: true}); !errors.Is(err, counterpoint.ErrNotFound) {
		t.Errorf("read-only Open of an empty folder = %v, want ErrNotFound", err)
	}
	w := open(t, dir, embedded.Options{})
	publish(t, w, stream.Items, stream.Record{Key: "a", Value: []byte("1")})
	r := open(t, dir, embedded.Options{ReadOnly: true})
	wantValues(t, r, stream.Items, "a=1")
	tail, err := r.Tail(stream.Items, nil)
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		rs, _, err := tail.Read(t.Context(), 10)
		if err != nil || len(rs) != 1 {
			t.Fatalf("Read = %d records, %v, want 1", len(rs), err)
		}
		return string(rs[0].Value)
	}
	read()
	publish(t, w, stream.Items, stream.Record{Key: "a", Value: []byte("2")})
	if got := read(); got != "2" {
		t.Errorf("read-only Read = %q, want what the other process wrote", got)
	}
	if err := r.Publish(t.Context(), stream.Items, stream.Record{Key: "a"}); !errors.Is(err, stream.ErrReadOnly) {
		t.Errorf("read-only Publish = %v, want ErrReadOnly", err)
	}
	if _, err := r.Reader(stream.Items, "g"); !errors.Is(err, stream.ErrReadOnly) {
		t.Errorf("read-only Reader = %v, want ErrReadOnly", err)
	}
	if n, err := r.Lag(t.Context(), stream.Items, "g"); n != 2 || err != nil {
		t.Errorf("read-only Lag = %d, %v, want 2, nil", n, err)
	}
}

// TestReadOnlyAlone reads a folder that nobody has open, and one whose writer was killed.
func TestReadOnlyAlone(t *testing.T) {
	dir := t.TempDir()
	w := open(t, dir, embedded.Options{})
	publish(t, w, stream.Items, stream.Record{Key: "a", Value: []byte("1")})
	killed := t.TempDir() // what kill -9 leaves: the file and a WAL nobody copied back
	for _, name := range []string{embedded.File, embedded.File + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, killed} {
		wantValues(t, open(t, d, embedded.Options{ReadOnly: true}), stream.Items, "a=1")
	}
}

func TestCloseLeavesNothingOpen(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Items, stream.Record{Key: "a", Value: []byte("1")})
	values(t, l, stream.Items)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*-*")); len(names) > 0 {
		t.Errorf("after Close there are %v, want the log in one file", names)
	}
	if runtime.GOOS != "linux" {
		return
	}
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if name, _ := os.Readlink(fd); strings.HasPrefix(name, dir) {
			t.Errorf("after Close %s is still open", name)
		}
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Secrets, stream.Record{Key: "a", Value: []byte("1")})
	publish(t, l, stream.Items, stream.Record{Key: "a", Value: []byte("1")})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 3 {
		t.Fatalf("%d files in the data folder, %v, want the log's", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v, want it for its owner alone", f.Name(), info.Mode(), err)
		}
	}
}

func TestBackup(t *testing.T) {
	dir, copies := t.TempDir(), t.TempDir()
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Secrets, stream.Record{Key: "k", Value: []byte("erased-secret")})
	publish(t, l, stream.Secrets, stream.Record{Key: "k"})
	publish(t, l, stream.Decisions, stream.Record{Key: "d", Value: []byte("1")})
	reader := open(t, dir, embedded.Options{ReadOnly: true})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				publish(t, l, stream.Items, stream.Record{Key: fmt.Sprint(i), Value: make([]byte, 1000)})
			}
		}
	})
	for name, from := range map[string]*embedded.Log{"writing": l, "reading": reader} {
		to := filepath.Join(copies, name, embedded.File)
		if err := os.Mkdir(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := from.Backup(t.Context(), to); err != nil {
			t.Fatalf("Backup of the %s log = %v, want nil", name, err)
		}
		if err := from.Backup(t.Context(), to); !errors.Is(err, counterpoint.ErrConflict) {
			t.Errorf("Backup onto a file = %v, want ErrConflict", err)
		}
		if found(t, filepath.Dir(to), "erased-secret") {
			t.Error("a backup holds what was erased before it")
		}
		restored := open(t, filepath.Dir(to), embedded.Options{})
		wantValues(t, restored, stream.Decisions, "d=1")
		publish(t, restored, stream.Decisions, stream.Record{Key: "d", Value: []byte("2")})
	}
	close(stop)
	wg.Wait()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Backup(gone, filepath.Join(copies, "never")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Backup = %v, want context.Canceled", err)
	}
	if left, _ := filepath.Glob(filepath.Join(copies, "never*")); len(left) > 0 {
		t.Errorf("a cancelled backup left %v", left)
	}
}

func TestDamagedFileIsFound(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	for i := range 50 {
		publish(t, l, stream.Items, stream.Record{Key: fmt.Sprint(i), Value: make([]byte, 3000)})
	}
	if err := l.IntegrityCheck(t.Context()); err != nil {
		t.Errorf("IntegrityCheck = %v, want nil", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, embedded.File)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+8192; i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := embedded.CheckFile(t.Context(), path); err == nil {
		t.Error("CheckFile of a damaged file = nil, want an error")
	}
}

// A file that was taken away under the log could be written on, and opened by nobody afterwards.
func TestFileTakenAwayTakesNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Items, stream.Record{Key: "a", Value: []byte("1")})
	name := filepath.Join(dir, embedded.File)
	put := func() error {
		return l.Publish(t.Context(), stream.Items, stream.Record{Key: "a", Value: []byte("2")})
	}
	if err := os.Rename(name, name+".away"); err != nil {
		t.Fatal(err)
	}
	if err := put(); err == nil || !strings.Contains(err.Error(), "put it back") {
		t.Errorf("publish into a file that is gone = %v, want what to do", err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := put(); err == nil {
		t.Error("published beside another file in its place")
	}
	if err := os.Rename(name+".away", name); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Errorf("publish after it was put back = %v", err)
	}
	wantValues(t, l, stream.Items, "a=1", "a=2")
}

func TestNewerFileIsRefused(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	embedded.Exec(t, dir, `PRAGMA user_version = 99`)
	for _, o := range []embedded.Options{{}, {ReadOnly: true}} {
		if _, err := embedded.Open(t.Context(), dir, o); err == nil || !strings.Contains(err.Error(), "newer counterpoint") {
			t.Errorf("Open(%+v) of a newer file = %v, want it refused", o, err)
		}
	}
}

// TestOldTombstones closes and opens a log whose deletions are old: they are forgotten, the last offset is not.
func TestOldTombstones(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, embedded.Options{})
	publish(t, l, stream.Secrets, stream.Record{Key: "a", Value: []byte("1")}, stream.Record{Key: "a"},
		stream.Record{Key: "b", Value: []byte("2")}, stream.Record{Key: "c"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	embedded.Exec(t, dir, `UPDATE records SET time = time - 30*24*3600*1000`)
	l = open(t, dir, embedded.Options{})
	wantValues(t, l, stream.Secrets, "b=2", "c deleted")
	publish(t, l, stream.Secrets, stream.Record{Key: "a", Value: []byte("3")}, stream.Record{Key: "a", Value: []byte("4")})
	wantValues(t, l, stream.Secrets, "b=2", "c deleted", "a=4")
	if ends, err := l.End(t.Context(), stream.Secrets); err != nil || ends[0] != 6 {
		t.Errorf("End = %v, %v, want 6", ends, err)
	}
}

func TestOddKeys(t *testing.T) {
	l := open(t, t.TempDir(), embedded.Options{})
	var want []string
	for _, key := range []string{"", "a\x00b", "a\x00c", "ሰላም", "'; DROP TABLE records; --"} {
		publish(t, l, stream.Secrets, stream.Record{Key: key, Value: []byte("1")}, stream.Record{Key: key, Value: []byte("2")})
		want = append(want, key+"=2")
	}
	wantValues(t, l, stream.Secrets, want...)
}

// TestPartitionsMove lets readers come and go in the middle of unacknowledged batches: nothing is skipped.
func TestPartitionsMove(t *testing.T) {
	l := open(t, t.TempDir(), embedded.Options{})
	for i := range 40 {
		publish(t, l, stream.Items, stream.Record{Key: fmt.Sprint(i), Value: []byte("1")})
	}
	join := func() stream.Reader {
		r, err := l.Reader(stream.Items, "g")
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	seen := map[string]int{}
	read := func(r stream.Reader, max int) stream.Ack {
		rs, ack, err := r.Read(t.Context(), max)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range rs {
			seen[x.Key]++
		}
		return ack
	}
	one := join()
	late := read(one, 15) // not acknowledged yet
	two := join()
	read(two, 5) // takes over some partitions from their beginning, and is lost
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if err := late(t.Context()); err != nil {
		t.Fatalf("late ack = %v, want nil", err)
	}
	before := len(seen)
	for {
		n, err := l.Lag(t.Context(), stream.Items, "g")
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		if err := read(one, 7)(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d records were read (%d before the late ack), want all 40", len(seen), before)
	}
}
