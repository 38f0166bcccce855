package kafka_test

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"counterpoint/stream/kafka"
)

// TestCountersBegin holds that a group's counters are there before anything is counted, or whoever watches them
// would miss their first increase.
func TestCountersBegin(t *testing.T) {
	_, addr := fake(t)
	reg := prometheus.NewRegistry()
	join(t, open(t, place(t, addr), kafka.Options{Registerer: reg}), "g")
	if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP counterpoint_stream_reader_restarts_total Readers made again because they stood still while records waited.
# TYPE counterpoint_stream_reader_restarts_total counter
counterpoint_stream_reader_restarts_total{group="g",topic="items"} 0
`), "counterpoint_stream_reader_restarts_total"); err != nil {
		t.Error(err)
	}
}
