package reliability

import (
	"context"
	"crypto/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	segmentio "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"counterpoint/deploy/local"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// sharedKafka is the broker that tests share and do not break.
func sharedKafka(t testing.TB) string {
	t.Helper()
	addr := os.Getenv(local.EnvKafka)
	if addr == "" {
		t.Skipf("needs a Kafka broker: run 'make servers' and set %s", local.EnvKafka)
	}
	return addr
}

// sharedElastic is the node that tests share and do not break.
func sharedElastic(t testing.TB) string {
	t.Helper()
	url := os.Getenv(local.EnvElastic)
	if url == "" {
		t.Skipf("needs an Elasticsearch node: run 'make servers' and set %s", local.EnvElastic)
	}
	return strings.TrimSuffix(url, "/")
}

func randomPrefix() string { return "rel-" + strings.ToLower(rand.Text()[:10]) }

// quick are options for groups that notice within a second who is gone.
var quick = kafka.Options{SessionTimeout: time.Second, Stall: 10 * time.Second}

// openKafka is a log under a prefix of its own, which goes when the test ends.
func openKafka(t testing.TB, addr, prefix string) *kafka.Log {
	t.Helper()
	o := quick
	if addr == os.Getenv(local.EnvKafka) {
		o.SessionTimeout = 6 * time.Second // the least that a broker allows by default
	}
	var log *kafka.Log
	var p patience
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	err := p.insist(ctx, func() (err error) { log, err = kafka.Open(ctx, "kafka://"+addr+"/"+prefix, o); return err })
	if err != nil {
		t.Fatalf("open kafka: %v", err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

// removeTopics removes a prefix's topics when the test ends.
func removeTopics(t testing.TB, addr, prefix string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		var names []string
		for _, topic := range stream.Topics {
			names = append(names, prefix+"."+topic.Name)
		}
		client := &segmentio.Client{Addr: segmentio.TCP(addr)}
		if _, err := client.DeleteTopics(ctx, &segmentio.DeleteTopicsRequest{Topics: names}); err != nil {
			t.Logf("the topics of %s stay: %v", prefix, err)
		}
	})
}

// fake is a Kafka in this process.
func fake(t testing.TB, o ...kfake.Opt) (*kfake.Cluster, string) {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(500 * time.Millisecond)}, o...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, c.ListenAddrs()[0]
}

// number is a number from the environment.
func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
