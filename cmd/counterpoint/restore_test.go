package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	indexstore "counterpoint/index/embedded"
	"counterpoint/stream/embedded"
)

// backedUpFolder is a backup of a small folder.
func backedUpFolder(t *testing.T) string {
	t.Helper()
	cfg := config{Data: folder(t, "a")}
	to := filepath.Join(t.TempDir(), "copy")
	if err := backup(t.Context(), cfg, to, io.Discard); err != nil {
		t.Fatal(err)
	}
	return to
}

func restoreTo(t *testing.T, from, data string) error {
	t.Helper()
	return restore(t.Context(), config{Data: data}, from, "", "", io.Discard)
}

// TestRestoreOneByte changes one byte of a backup, anywhere, and puts it back: every byte of the sums, and of each
// file the first and last and some between.
func TestRestoreOneByte(t *testing.T) {
	from := backedUpFolder(t)
	r := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for _, name := range append(slices.Clone(backedUp), sumsFile) {
		path := filepath.Join(from, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := []int{0, 18, 59, 63, len(whole) - 1} // also SQLite's version and schema numbers
		for range 20 {
			at = append(at, r.IntN(len(whole)))
		}
		if name == sumsFile {
			at = at[:0]
			for i := range whole {
				at = append(at, i)
			}
		}
		for _, i := range at {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << r.IntN(8)
			write(t, path, string(bad))
			to := filepath.Join(t.TempDir(), "data")
			if err := restoreTo(t, from, to); err == nil || !strings.Contains(err.Error(), name) && name != sumsFile {
				t.Errorf("%s with byte %d changed is restored: %v", name, i, err)
			}
			if left, err := os.ReadDir(to); err == nil && len(left) > 0 {
				t.Errorf("refused for %s, and %s was left behind", name, left[0].Name())
			}
			tried++
		}
		write(t, path, string(whole))
	}
	if err := restoreTo(t, from, filepath.Join(t.TempDir(), "data")); err != nil || tried < 250 {
		t.Errorf("the whole backup, after %d changes: %v", tried, err)
	}
}

func TestRestoreRefuses(t *testing.T) {
	resum := func(dir string) {
		var sums strings.Builder
		for _, n := range backedUp {
			sum, err := sha256File(filepath.Join(dir, n))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&sums, "%s  %s\n", sum, n)
		}
		write(t, filepath.Join(dir, sumsFile), sums.String())
	}
	f := func(name, want string, change func(from, to string)) {
		t.Helper()
		from, to := backedUpFolder(t), filepath.Join(t.TempDir(), "data")
		change(from, to)
		if err := restoreTo(t, from, to); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	f("a folder with something in it", "notes.txt", func(_, to string) {
		if err := os.MkdirAll(to, 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(to, "notes.txt"), "mine")
	})
	f("a newer log", "use the newer counterpoint", func(from, _ string) {
		edit(t, filepath.Join(from, embedded.File), `PRAGMA user_version = 99`)
		resum(from)
	})
	f("a newer index", "use the newer program", func(from, _ string) {
		edit(t, filepath.Join(from, indexFile), `PRAGMA user_version = 99`)
		resum(from)
	})
	f("a file that is not there", indexFile, func(from, _ string) { os.Remove(filepath.Join(from, indexFile)) })
	f("no sums", sumsFile, func(from, _ string) { os.Remove(filepath.Join(from, sumsFile)) })
	f("no log", "there is nothing to restore", func(from, _ string) { write(t, filepath.Join(from, sumsFile), strings.Repeat("0", 64)+"  index.db\n") })
	f("a file too many", "extra.db", func(from, _ string) { write(t, filepath.Join(from, "extra.db"), "x") })
	f("a path in the sums", "line 1", func(from, _ string) {
		write(t, filepath.Join(from, sumsFile), strings.Repeat("0", 64)+"  ../stream.db\n")
	})
	if _, errs, code := in(t, "", "restore", "x", "--stream", "kafka://h:1"); code != exitUsage {
		t.Errorf("onto servers: exit %d %s", code, errs)
	}
}

// TestRestore makes backups while items flow in and people decide, restores each, and holds that it is whole: what
// was there when the backup began is in it, its index is what a rebuild makes, and the head proves its decisions.
func TestRestore(t *testing.T) {
	dir, bin := t.TempDir(), build(t, "")
	do := func(args ...string) string {
		t.Helper()
		out, errs, code := command(t, bin, "", args...)
		if code != exitDone {
			t.Fatalf("counterpoint %v: exit %d\n%s%s", args, code, out, errs)
		}
		return out
	}
	p := startProcess(t, bin, "--data", dir, "--no-example")
	must[created](t, p, testToken, "POST", "/api/v1/narratives", map[string]string{"title": "A story"}, 201)
	if err := p.interrupt(); err != nil {
		t.Fatal(err)
	}
	head := newestHead(t, dir)
	p = startProcess(t, bin, "--data", dir, "--no-example")
	ctx, stop := context.WithCancel(t.Context())
	fed := make(chan int)
	go func() {
		defer close(fed)
		for n := 0; ctx.Err() == nil; n += 50 {
			_, errs, code := command(t, bin, stormItems(n, n+50), "ingest", "--data", dir, "--source", "storm", "--format", "jsonl", "-")
			if code != 0 {
				t.Errorf("ingest: %s", errs)
				return
			}
			if r, err := p.call(context.Background(), testToken, "POST", "/api/v1/narratives", "", map[string]string{"title": fmt.Sprint("Story ", n)}); err != nil || r.status != 201 {
				t.Errorf("narrative: %d %v", r.status, err)
				return
			}
			select {
			case fed <- n + 50:
			default:
			}
		}
	}()
	for range 3 {
		had, ok := <-fed
		if !ok {
			t.Fatal("nothing flows")
		}
		from, to := filepath.Join(t.TempDir(), "copy"), filepath.Join(t.TempDir(), "data")
		do("backup", from, "--data", dir)
		if out := do("restore", from, "--data", to, "--head", head); !strings.Contains(out, "decisions proven by the head") {
			t.Errorf("restore: %s", out)
		}
		goesOn(t, to)
		live := dump(t, to)
		if n := bytes.Count(live, []byte("\nitem\t")); n < had { // kinds before it come first, so there is a line before each
			t.Errorf("%d items in the backup, %d were there before it", n, had)
		}
		do("rebuild", "--data", to)
		if again := dump(t, to); !bytes.Equal(live, again) {
			t.Errorf("the rebuilt index is not the restored one:\n%s", firstDifference(live, again))
		}
	}
	stop()
	for range fed {
	}
	if err := p.interrupt(); err != nil {
		t.Error(err)
	}
}

// goesOn lets the line of a restored folder carry to its end what the backup cut off in the middle.
func goesOn(t *testing.T, dir string) {
	t.Helper()
	l, stop, err := ownLine(t.Context(), config{Data: dir, Languages: defaultLanguages}, testWriter{t}, roleIngest)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.settle(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := counterpoint.List[counterpoint.Narrative](t.Context(), l.store, counterpoint.Query{}); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	store, err := indexstore.Open(filepath.Join(dir, indexFile), indexstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
