package respond

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
)

type alertMetrics struct {
	raised prometheus.Counter
	sent   *prometheus.CounterVec
	open   prometheus.Gauge
	held   prometheus.Gauge
	took   prometheus.Histogram
}

func newAlertMetrics(r prometheus.Registerer) alertMetrics {
	m := alertMetrics{
		raised: prometheus.NewCounter(prometheus.CounterOpts{Name: "counterpoint_respond_alerts_raised_total", Help: "Alerts raised by this process."}),
		sent:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "counterpoint_respond_alert_messages_total", Help: "Attempts to tell of an alert, by channel and outcome."}, []string{"channel", "outcome"}),
		open:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "counterpoint_respond_unacknowledged_alerts", Help: "Alerts that nobody has acknowledged."}),
		held:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "counterpoint_respond_alert_messages_held", Help: "Messages that are due and wait, because their channel had as many as people read."}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "counterpoint_respond_alert_seconds", Help: "Time from the flag (or the person's decision) to the first message that a channel took.",
			Buckets: []float64{1, 5, 10, 20, 30, 45, 60, 120, 300, 1800},
		}),
	}
	if r != nil {
		r.MustRegister(m.raised, m.sent, m.open, m.held, m.took)
	}
	return m
}

// begin shows a channel's outcomes as 0 from the start.
func (m alertMetrics) begin(channel string) {
	for _, o := range counterpoint.SendOutcomes {
		m.sent.WithLabelValues(channel, string(o))
	}
}

// reached observes the first message that arrived. A flag that a person judged grave counts from then on.
func (m alertMetrics) reached(a counterpoint.Alert, at time.Time) {
	from := a.Flagged
	if a.Person || a.Raising > 1 {
		from = a.Raised
	}
	m.took.Observe(at.Sub(from).Seconds())
}
