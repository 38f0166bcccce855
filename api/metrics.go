package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count requests by route, which is the pattern and never the address asked for.
type metrics struct {
	in  *prometheus.CounterVec
	out *prometheus.CounterVec
	age *prometheus.HistogramVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		in: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_api_in_total", Help: "Requests that came in, by route.",
		}, []string{"route"}),
		out: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "counterpoint_api_out_total", Help: "Requests that were answered, by route and status.",
		}, []string{"route", "status"}),
		age: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "counterpoint_api_age_seconds", Help: "Time from request to the end of the answer, by route.",
			Buckets: []float64{.001, .005, .025, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route"}),
	}
	r.MustRegister(m.in, m.out, m.age)
	return m
}

func (m *metrics) observe(route string, w http.ResponseWriter, do func(http.ResponseWriter)) {
	m.in.WithLabelValues(route).Inc()
	began := time.Now()
	s := &statusWriter{ResponseWriter: w}
	defer func() {
		m.out.WithLabelValues(route, strconv.Itoa(s.status())).Inc()
		m.age.WithLabelValues(route).Observe(time.Since(began).Seconds())
	}()
	do(s)
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader sends the status.
func (s *statusWriter) WriteHeader(code int) {
	if s.code == 0 {
		s.code = code
	}
	s.ResponseWriter.WriteHeader(code)
}

// Write sends bytes.
func (s *statusWriter) Write(b []byte) (int, error) {
	if s.code == 0 {
		s.code = http.StatusOK
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// status is 500 where nothing was sent: the handler panicked.
func (s *statusWriter) status() int {
	if s.code == 0 {
		return http.StatusInternalServerError
	}
	return s.code
}
