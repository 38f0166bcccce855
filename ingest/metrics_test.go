package ingest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"counterpoint/ingest"
)

func TestMetrics(t *testing.T) {
	seen, err := ingest.OpenSeen(filepath.Join(t.TempDir(), "ingest.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer seen.Close()
	registry := prometheus.NewRegistry()
	d, err := ingest.New(ingest.Options{Publisher: &line{}, Seen: seen, Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		accept(t, d, "a.vtt", vtt+"\n00:00:09.000 --> 00:00:08.000\nbackwards\n", ingest.FileOptions{})
	}
	accept(t, d, "empty.vtt", "", ingest.FileOptions{})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		name := strings.TrimPrefix(f.GetName(), "counterpoint_ingest_")
		got[name] = f.Metric[0].GetCounter().GetValue()
		if h := f.Metric[0].GetHistogram(); h != nil {
			got[name] = float64(h.GetSampleCount())
		}
	}
	want := map[string]float64{"in_total": 3, "out_total": 1, "duplicates_total": 1, "rejected_total": 3, "files_total": 3, "age_seconds": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}
