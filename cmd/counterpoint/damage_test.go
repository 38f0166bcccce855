package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint/stream/embedded"
)

// folder is a data folder with one item of the source.
func folder(t *testing.T, source string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	cfg, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = dir
	put := func(f ingestFlags, line string) error {
		return ingestFiles(t.Context(), cfg, f, []string{"-"}, strings.NewReader(line), io.Discard, io.Discard)
	}
	line := `{"locator":"1","segments":[{"text":"The market of ` + source + ` is open."}]}`
	if err := put(ingestFlags{source: source, format: "jsonl", kind: "radio"}, line); err != nil {
		t.Fatal(err)
	}
	return dir
}

// open is what comes of opening the folder for work.
func open(t *testing.T, dir string) error {
	t.Helper()
	cfg, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = dir
	l, err := openLine(t.Context(), cfg, newLogger(cfg, io.Discard))
	if err != nil {
		return err
	}
	return l.close()
}

func TestDamagedFilesSayWhatToDo(t *testing.T) {
	for name, remedy := range map[string]string{embedded.File: "counterpoint backup", "index.db": "counterpoint rebuild", "ingest.db": "delete it"} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, "a")
			if err := os.WriteFile(filepath.Join(dir, name), bytes.Repeat([]byte("junk"), 4000), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := open(t, dir); err == nil || !strings.Contains(err.Error(), remedy) {
				t.Errorf("a damaged %s = %v, want %q", name, err, remedy)
			}
		})
	}
}

// An index of another folder would show its flags, and hide what this log has where the other was ahead.
func TestForeignIndexIsRefused(t *testing.T) {
	a, b := folder(t, "a"), folder(t, "b")
	copyFile(t, filepath.Join(a, "index.db"), filepath.Join(b, "index.db"))
	if err := open(t, b); err == nil || !strings.Contains(err.Error(), "counterpoint rebuild") {
		t.Errorf("the index of another folder = %v, want it refused with what to do", err)
	}
	if err := rebuild(t.Context(), config{Data: b, Languages: defaultLanguages}, false, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if err := open(t, b); err != nil {
		t.Errorf("after the rebuild = %v", err)
	}
	if err := os.Remove(filepath.Join(a, embedded.File)); err != nil {
		t.Fatal(err)
	}
	if err := open(t, a); err == nil || !strings.Contains(err.Error(), "counterpoint rebuild") {
		t.Errorf("an index without its log = %v, want it refused with what to do", err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A run.json that a killed process left behind counts for nothing, also when its process id lives on.
func TestStaleRunFile(t *testing.T) {
	dir := folder(t, "a")
	for _, content := range []string{`{"pid":1,"address":"127.0.0.1:1","secret":"x"}`, "garbage"} {
		if err := os.WriteFile(filepath.Join(dir, runFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := findRunning(dir); r != nil || err != nil {
			t.Errorf("run.json of %s: found %v, %v; want none", content, r, err)
		}
	}
}

// A rebuild must not delete the index under a process that has no run.json, such as ingest on its own.
func TestRebuildLeavesAFolderInUse(t *testing.T) {
	dir := folder(t, "a")
	lock, err := embedded.LockFolder(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if err := rebuild(t.Context(), config{Data: dir, Languages: defaultLanguages}, false, io.Discard, io.Discard); err == nil {
		t.Error("rebuilt under another process")
	}
	if _, err := os.Stat(filepath.Join(dir, "index.db")); err != nil {
		t.Errorf("the index is gone: %v", err)
	}
}
