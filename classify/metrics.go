package classify

import (
	"time"

	"counterpoint"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	in, out, errors prometheus.Counter
	seconds, age    prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "counterpoint", Subsystem: "classify", Name: name, Help: help})
	}
	m := metrics{
		in:     counter("in_total", "Parts of items read."),
		out:    counter("out_total", "Assessments made durable."),
		errors: counter("errors_total", "Classifiers that could not judge a part."),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "counterpoint", Subsystem: "classify", Name: "seconds", Help: "Time to judge a part.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "counterpoint", Subsystem: "classify", Name: "age_seconds",
			Help:    "Age of parts when their assessment is durable, since the item came through the door.",
			Buckets: []float64{.01, .05, .1, .5, 1, 2, 5, 15, 60, 300, 3600, 86400},
		}),
	}
	if r != nil {
		r.MustRegister(m.in, m.out, m.errors, m.seconds, m.age)
	}
	return m
}

func (m metrics) done(entries []counterpoint.Entry[counterpoint.Item], now time.Time) {
	m.out.Add(float64(len(entries)))
	for _, e := range entries {
		if !e.Value.Seen.IsZero() {
			m.age.Observe(now.Sub(e.Value.Seen).Seconds())
		}
	}
}
