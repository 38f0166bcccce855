package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint/stream"
)

var (
	streamIn  = prometheus.NewDesc("counterpoint_stream_in_total", "Records written to the topic, ever.", []string{"topic"}, nil)
	streamOut = prometheus.NewDesc("counterpoint_stream_out_total", "Records of the topic that the reader is done with.", []string{"topic", "reader"}, nil)
	streamAge = prometheus.NewDesc("counterpoint_stream_age_seconds", "Age of the oldest record of the topic that the index does not show yet; 0 for none.", []string{"topic"}, nil)
)

// streamMetrics looks at the log when it is asked, so that counting costs the line nothing.
type streamMetrics struct{ l *line }

// Describe names the series.
func (m streamMetrics) Describe(to chan<- *prometheus.Desc) {
	to <- streamIn
	to <- streamOut
	to <- streamAge
}

// Collect looks. A topic that cannot be read has no series; /readyz says why.
func (m streamMetrics) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, topic := range append([]string{stream.Dead}, indexed...) {
		end, err := m.l.stream.End(ctx, topic)
		if err != nil {
			continue
		}
		in := total(end)
		to <- prometheus.MustNewConstMetric(streamIn, prometheus.CounterValue, in, topic)
		if topic != stream.Dead {
			m.index(ctx, to, topic, end)
		}
		if topic != stream.Items {
			continue
		}
		if lag, err := m.l.stream.Lag(ctx, topic, "classify"); err == nil {
			to <- prometheus.MustNewConstMetric(streamOut, prometheus.CounterValue, max(in-float64(lag), 0), topic, "classify")
		}
	}
}

// index is how far the index has come, where this process has one.
func (m streamMetrics) index(ctx context.Context, to chan<- prometheus.Metric, topic string, end map[int]int64) {
	if m.l.store == nil {
		return
	}
	at, err := m.l.store.Positions(ctx, topic)
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(streamOut, prometheus.CounterValue, total(at), topic, "index")
	if oldest, err := m.oldest(ctx, topic, at, end); err == nil {
		to <- prometheus.MustNewConstMetric(streamAge, prometheus.GaugeValue, oldest.Seconds(), topic)
	}
}

func total(offsets map[int]int64) (n float64) {
	for _, o := range offsets {
		n += float64(o)
	}
	return n
}

// oldest is the age of the oldest record between at and end. It reads one record of each partition that has any.
func (m streamMetrics) oldest(ctx context.Context, topic string, at, end map[int]int64) (age time.Duration, err error) {
	for p, e := range end {
		if at[p] >= e {
			continue
		}
		from := map[int]int64{}
		for other, o := range end {
			from[other] = o
		}
		from[p] = at[p]
		for r, err := range m.l.stream.Replay(ctx, topic, from) {
			if err != nil {
				return 0, err
			}
			age = max(age, time.Since(r.Time))
			break
		}
	}
	return age, nil
}
