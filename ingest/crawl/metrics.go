package crawl

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what is asked of sites, and what came of it.
type metrics struct {
	pages, items, bytes *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "counterpoint", Subsystem: "crawl", Name: name, Help: help}, append([]string{"source"}, labels...))
	}
	m := metrics{
		pages: counter("pages_total", "Pages dealt with: had, unchanged, forbidden by robots.txt, refused, failed.", "outcome"),
		items: counter("items_total", "Articles that were new or had changed."),
		bytes: counter("bytes_total", "Bytes of pages, unpacked."),
	}
	if r != nil {
		r.MustRegister(m.pages, m.items, m.bytes)
	}
	return m
}

func (m metrics) count(source string, o Outcome, problem error) {
	m.pages.WithLabelValues(source, outcome(o, problem)).Inc()
	m.items.WithLabelValues(source).Add(float64(o.Items))
	m.bytes.WithLabelValues(source).Add(float64(o.Bytes))
}

func outcome(o Outcome, problem error) string {
	switch {
	case errors.Is(problem, errForbidden):
		return "forbidden"
	case problem != nil && final(problem):
		return "refused"
	case problem != nil:
		return "failed"
	case o.Page.Status == 304:
		return "unchanged"
	}
	return "had"
}
