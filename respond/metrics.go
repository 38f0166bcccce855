package respond

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

type metrics struct {
	checks, alignments, refused prometheus.Counter
	proofs                      *prometheus.CounterVec
	unproven                    prometheus.Gauge
	took                        prometheus.Histogram
	age                         prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		checks:     prometheus.NewCounter(prometheus.CounterOpts{Name: "counterpoint_respond_checks_total", Help: "Rounds in which our own transcripts were searched."}),
		alignments: prometheus.NewCounter(prometheus.CounterOpts{Name: "counterpoint_respond_in_total", Help: "Scripts looked for in an item."}),
		refused:    prometheus.NewCounter(prometheus.CounterOpts{Name: "counterpoint_respond_refused_total", Help: "Proofs refused because the airing had changed; tried again in the next round."}),
		proofs:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counterpoint_respond_out_total", Help: "Airings proven, by grade."}, []string{"grade"}),
		unproven:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "counterpoint_respond_unproven_airings", Help: "Airings on our own stations whose time has passed and that no transcript proves."}),
		took:       prometheus.NewHistogram(prometheus.HistogramOpts{Name: "counterpoint_respond_check_seconds", Help: "Time of a round.", Buckets: []float64{.001, .01, .1, .5, 1, 5, 20, 60}}),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "counterpoint_respond_age_seconds", Help: "Time from going out to the proof.", Buckets: []float64{60, 300, 900, 3600, 4 * 3600, 86400, 7 * 86400},
		}),
	}
	for _, g := range counterpoint.Grades {
		m.proofs.WithLabelValues(string(g)) // shown as 0 from the start
	}
	if r != nil {
		r.MustRegister(m.checks, m.alignments, m.refused, m.proofs, m.unproven, m.took, m.age)
	}
	return m
}

func (m metrics) proven(grade string, age time.Duration) {
	m.proofs.WithLabelValues(grade).Inc()
	m.age.Observe(age.Seconds())
}
