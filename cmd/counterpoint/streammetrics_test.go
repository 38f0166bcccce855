package main

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"counterpoint"
	"counterpoint/stream"
)

// TestStreamMetrics holds that what waits on the log is counted, with its age, until the index shows it.
func TestStreamMetrics(t *testing.T) {
	cfg, err := readConfig("")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = t.TempDir()
	l, err := openLine(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	item := counterpoint.Item{ID: "item_x", Source: "radio-x", Seen: time.Now(), Part: 1, Parts: 1}
	if err := stream.Of[counterpoint.Item](l.stream, stream.Items).Publish(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond) // so that it has an age: the log keeps milliseconds
	if err := testutil.GatherAndCompare(l.metrics, strings.NewReader(`
# HELP counterpoint_stream_in_total Records written to the topic, ever.
# TYPE counterpoint_stream_in_total counter
counterpoint_stream_in_total{topic="assessments"} 0
counterpoint_stream_in_total{topic="dead"} 0
counterpoint_stream_in_total{topic="decisions"} 0
counterpoint_stream_in_total{topic="items"} 1
# HELP counterpoint_stream_out_total Records of the topic that the reader is done with.
# TYPE counterpoint_stream_out_total counter
counterpoint_stream_out_total{reader="classify",topic="items"} 0
counterpoint_stream_out_total{reader="index",topic="assessments"} 0
counterpoint_stream_out_total{reader="index",topic="decisions"} 0
counterpoint_stream_out_total{reader="index",topic="items"} 0
`), "counterpoint_stream_in_total", "counterpoint_stream_out_total"); err != nil {
		t.Error(err)
	}
	families, err := l.metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "counterpoint_stream_age_seconds" {
			continue
		}
		for _, m := range f.GetMetric() {
			waits := m.GetLabel()[0].GetValue() == stream.Items
			if age := m.GetGauge().GetValue(); (age > 0) != waits {
				t.Errorf("age of %v = %v", m.GetLabel(), age)
			}
		}
		return
	}
	t.Error("the topics have no age")
}
