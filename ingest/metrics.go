package ingest

import "github.com/prometheus/client_golang/prometheus"

// metrics count what comes to the door and what goes on from it, and how old it is when it goes on.
type metrics struct {
	in, out, duplicates, rejected, files prometheus.Counter
	age                                  prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "counterpoint", Subsystem: "ingest", Name: name, Help: help})
	}
	m := metrics{
		in:         counter("in_total", "Items read from files."),
		out:        counter("out_total", "Items published, revisions included."),
		duplicates: counter("duplicates_total", "Items that had come before."),
		rejected:   counter("rejected_total", "Items, cues and files not accepted."),
		files:      counter("files_total", "Files read."),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "counterpoint", Subsystem: "ingest", Name: "age_seconds",
			Help:    "Time from the start of reading a file to an item of it being durable.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10, 60, 300},
		}),
	}
	if r != nil {
		r.MustRegister(m.in, m.out, m.duplicates, m.rejected, m.files, m.age)
	}
	return m
}
