package embedded_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// TestRewrite holds that a rewritten record keeps its place, that followers and replays get the new one, and that the
// old one is in no file, also while others publish.
func TestRewrite(t *testing.T) {
	dir := t.TempDir()
	l, err := embedded.Open(t.Context(), dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var all []stream.Record
	for i := range 2000 {
		all = append(all, stream.Record{Key: fmt.Sprint("k", i%7), Value: fmt.Appendf(nil, "%d %s %s", i, map[bool]string{true: "erasable", false: "kept"}[i%7 == 3], bytes.Repeat([]byte("x"), i))})
	}
	done := make(chan error, 1)
	go func() { done <- l.Publish(t.Context(), stream.Assessments, all...) }()
	if err := errors.Join(l.Publish(t.Context(), stream.Items, all...), <-done); err != nil {
		t.Fatal(err)
	}
	before := map[string]stream.Record{}
	var change []stream.Record
	for r, err := range l.Replay(t.Context(), stream.Items, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if before[fmt.Sprint(r.Partition, r.Offset)] = r; r.Key == "k3" {
			r.Value, r.Headers = []byte("gone"), map[string]string{"a": "b"}
			change = append(change, r)
		}
	}
	if err := l.Rewrite(t.Context(), stream.Items, change...); err != nil {
		t.Fatal(err)
	}
	for r, err := range l.Replay(t.Context(), stream.Items, nil) {
		if err != nil {
			t.Fatal(err)
		}
		was := before[fmt.Sprint(r.Partition, r.Offset)]
		delete(before, fmt.Sprint(r.Partition, r.Offset))
		if r.Key != was.Key || !r.Time.Equal(was.Time) || (r.Key == "k3") != (string(r.Value) == "gone") || (r.Key != "k3" && !bytes.Equal(r.Value, was.Value)) {
			t.Fatalf("%d@%d is %.40q of %s, was %.40q of %s", r.Partition, r.Offset, r.Value, r.Key, was.Value, was.Key)
		}
	}
	if len(before) != 0 {
		t.Errorf("%d records are gone", len(before))
	}
	change = change[:0]
	for r, err := range l.Replay(t.Context(), stream.Assessments, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Key == "k3" {
			r.Value = []byte("gone")
			change = append(change, r)
		}
	}
	if err := errors.Join(l.Rewrite(t.Context(), stream.Assessments, change...), l.Purge(t.Context())); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if content, err := os.ReadFile(f); err != nil || bytes.Contains(content, []byte("erasable")) {
			t.Errorf("%s holds what was rewritten: %v", f, err)
		}
	}
	if len(files) < 2 {
		t.Errorf("searched %v", files)
	}
}

func TestRewriteRefuses(t *testing.T) {
	l, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Publish(t.Context(), stream.Decisions, stream.Record{Key: "decisions", Value: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	f := func(topic, key string, want error) {
		t.Helper()
		if err := l.Rewrite(t.Context(), topic, stream.Record{Key: key, Value: []byte("other")}); !errors.Is(err, want) {
			t.Errorf("Rewrite of %s = %v, want %v", topic, err, want)
		}
	}
	f(stream.Decisions, "decisions", counterpoint.ErrInvalid)
	f(stream.Secrets, "a", counterpoint.ErrInvalid)
	f(stream.Items, "never published", counterpoint.ErrNotFound)
	f("nowhere", "a", stream.ErrUnknownTopic)
}
