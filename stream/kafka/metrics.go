package kafka

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	lag      *prometheus.GaugeVec
	restarts *prometheus.CounterVec
	shares   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		lag: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "counterpoint_stream_lag", Help: "Records that the group has not acknowledged.",
		}, []string{"topic", "group"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_stream_reader_restarts_total", Help: "Readers made again because they stood still while records waited.",
		}, []string{"topic", "group"}),
		shares: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_stream_generations_total", Help: "Times that a group's partitions were shared out anew to a reader of this process.",
		}, []string{"topic", "group"}),
	}
	if r == nil {
		return m, nil
	}
	return m, errors.Join(r.Register(m.lag), r.Register(m.restarts), r.Register(m.shares))
}

// member begins the counters of a group's reader at 0, so that its first event is an increase to whoever watches.
func (m *metrics) member(topic, group string) {
	m.restarts.WithLabelValues(topic, group)
	m.shares.WithLabelValues(topic, group)
}
