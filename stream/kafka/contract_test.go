package kafka_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
	"counterpoint/stream/streamtest"
)

const brokerEnv = "COUNTERPOINT_TEST_KAFKA"

// broker is the address of a real broker.
func broker(t testing.TB) string {
	t.Helper()
	addr := os.Getenv(brokerEnv)
	if addr == "" {
		t.Skipf("%s is not set: no test against a real Kafka (make servers starts one)", brokerEnv)
	}
	return addr
}

// fake is the address of a broker in this process.
func fake(t testing.TB, o ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, o...)...)
	if err != nil {
		t.Fatalf("start a broker in this process: %v", err)
	}
	t.Cleanup(c.Close)
	return c, strings.Join(c.ListenAddrs(), ",")
}

// place is a URL with a prefix of its own, whose topics are removed in the end.
func place(t testing.TB, addr string) string {
	t.Helper()
	prefix := counterpoint.NewID("cptest")
	t.Cleanup(func() {
		var names []string
		for _, topic := range stream.Topics {
			names = append(names, prefix+"."+topic.Name)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		tr := &kafkago.Transport{}
		defer tr.CloseIdleConnections()
		c := kafkago.Client{Addr: kafkago.TCP(addr), Transport: tr}
		if _, err := c.DeleteTopics(ctx, &kafkago.DeleteTopicsRequest{Topics: names}); err != nil {
			t.Errorf("remove the topics of %s: %v", prefix, err)
		}
	})
	return fmt.Sprintf("kafka://%s/%s", addr, prefix)
}

func open(t testing.TB, url string, o kafka.Options) *kafka.Log {
	t.Helper()
	if o.SessionTimeout == 0 {
		o.SessionTimeout = 6 * time.Second // the least that brokers allow unless told otherwise
	}
	o.Log = debug(t)
	l, err := kafka.Open(t.Context(), url, o)
	if err != nil {
		t.Fatalf("Open(%s) = %v, want nil", url, err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close = %v, want nil", err)
		}
	})
	return l
}

func contract(t *testing.T, url string) {
	streamtest.Run(t, func(t *testing.T) streamtest.Opener {
		return func(t *testing.T) stream.Log { return open(t, url, kafka.Options{}) }
	})
}

func TestStreamtest(t *testing.T) {
	contract(t, place(t, broker(t)))
	goleak.VerifyNone(t)
}

func TestStreamtestFake(t *testing.T) {
	_, addr := fake(t)
	contract(t, place(t, addr))
}

// debug is the options' log when tests are run with -v.
func debug(t testing.TB) *slog.Logger {
	if !testing.Verbose() {
		return nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})).With("test", t.Name())
}
