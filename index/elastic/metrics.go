package elastic

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	requests, retries, reruns prometheus.Counter
	items                     *prometheus.CounterVec
	open                      prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "counterpoint_elastic_" + name, Help: help})
	}
	m := metrics{
		requests: counter("bulk_requests_total", "Bulk requests sent, those sent again included."),
		retries:  counter("bulk_retries_total", "Bulk requests sent again, in whole or in part."),
		reruns:   counter("batch_reruns_total", "Batches done again because another writer was first."),
		items: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_elastic_bulk_items_total", Help: "Documents in answers to bulk requests, by status.",
		}, []string{"status"}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "counterpoint_elastic_breaker_open", Help: "1 while the search server is not asked because it did not answer.",
		}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.retries, m.reruns, m.items, m.open)
	}
	return m
}
