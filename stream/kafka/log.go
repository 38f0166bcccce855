// Package kafka is the stream on a Kafka cluster.
package kafka

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
	"counterpoint/stream"
)

// Options are the ways to open a log. The zero Options opens it for reading and writing.
type Options struct {
	ReadOnly       bool                  // makes no topics; Publish and Reader are refused with stream.ErrReadOnly
	SessionTimeout time.Duration         // after which a silent member of a group has left it; zero means 10 s
	Stall          time.Duration         // after which a reader that stands still is made again; zero means 30 s
	Log            *slog.Logger          // nil means silence
	Registerer     prometheus.Registerer // nil means no metrics
}

var _ stream.Log = (*Log)(nil)

// Log is a stream.Log on Kafka.
type Log struct {
	stream.Log
}

// Open connects to the cluster that the URL names, and makes the topics that are missing.
func Open(ctx context.Context, rawURL string, o Options) (*Log, error) {
	return nil, errors.Join(ctx.Err(), counterpoint.ErrAway)
}

// Fault is something wrong with the cluster, and what to do about it.
type Fault struct{ What, Remedy string }

// Check looks for what would make the log fail or lose records.
func (l *Log) Check(ctx context.Context) []Fault { return nil }
