package index

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	in, out *prometheus.CounterVec
	age     *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		in: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_index_in_total", Help: "Entries read, by topic.",
		}, []string{"topic"}),
		out: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_index_out_total", Help: "Entries visible in the index, by topic.",
		}, []string{"topic"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "counterpoint_index_age_seconds",
			Help:    "Age of entries when they become visible: items since they came through the door, others since they were durable.",
			Buckets: []float64{.01, .05, .1, .5, 1, 2, 5, 15, 60, 300, 3600, 86400},
		}, []string{"topic"}),
	}
	for _, topic := range []string{"items", "assessments", "decisions"} { // shown as 0 from the start
		m.in.WithLabelValues(topic)
		m.out.WithLabelValues(topic)
		m.age.WithLabelValues(topic)
	}
	if r != nil {
		r.MustRegister(m.in, m.out, m.age)
	}
	return m
}

func (m metrics) begin(list []entry) {
	for _, e := range list {
		m.in.WithLabelValues(e.topic).Inc()
	}
}

func (m metrics) done(list []entry) {
	for _, e := range list {
		m.out.WithLabelValues(e.topic).Inc()
		m.age.WithLabelValues(e.topic).Observe(time.Since(e.since).Seconds())
	}
}
