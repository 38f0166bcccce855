package main

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/ingest/crawl"
)

func TestFares(t *testing.T) {
	eight := time.Date(2026, time.March, 10, 8, 0, 0, 0, time.UTC)
	nine, ten := eight.Add(time.Hour), eight.Add(2*time.Hour)
	f := func(v crawl.Visit, want counterpoint.Collecting) {
		t.Helper()
		if d := cmp.Diff(want, fares(v)); d != "" {
			t.Errorf("%+v (-want +got):\n%s", v, d)
		}
	}
	f(crawl.Visit{Success: eight, Ended: eight, Due: nine, Reason: "one page of ten"}, counterpoint.Collecting{Success: &eight, Next: &nine})
	f(crawl.Visit{Success: eight, Ended: nine, Due: ten, Fails: 3, Reason: "answers 503"}, counterpoint.Collecting{Success: &eight, Failed: &nine, Reason: "answers 503", Failures: 3, Next: &ten})
	f(crawl.Visit{Began: eight}, counterpoint.Collecting{})
}

func TestCollecting(t *testing.T) {
	dir := t.TempDir()
	cfg := config{Data: dir, Sources: []sourceConfig{
		{ID: "radio-x", Watch: filepath.Join(dir, "gone")}, {ID: "radio-y", Watch: dir}, {ID: "site", Crawl: "https://site.example/"}, {ID: "by-hand"},
	}}
	l, err := openLine(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	}()
	got, err := l.collecting(t.Context())
	if err != nil || got["radio-x"].Failures != 1 || got["radio-x"].Reason == "" || got["radio-y"].Failures != 0 {
		t.Errorf("%+v, %v; want the folder that is gone to fail", got, err)
	}
	if _, ok := got["by-hand"]; ok {
		t.Error("what nobody collects fares somehow")
	}
}
