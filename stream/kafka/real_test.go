package kafka_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

func client(t testing.TB, addr string) *kafkago.Client {
	tr := &kafkago.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &kafkago.Client{Addr: kafkago.TCP(addr), Transport: tr, Timeout: 10 * time.Second}
}

// settings are a topic's, as the broker has them.
func settings(t testing.TB, c *kafkago.Client, topic string) map[string]string {
	t.Helper()
	res, err := c.DescribeConfigs(t.Context(), &kafkago.DescribeConfigsRequest{Resources: []kafkago.DescribeConfigRequestResource{
		{ResourceType: kafkago.ResourceTypeTopic, ResourceName: topic},
	}})
	if err != nil || len(res.Resources) != 1 {
		t.Fatalf("describe topic %s: %v", topic, err)
	}
	got := map[string]string{}
	for _, e := range res.Resources[0].ConfigEntries {
		got[e.ConfigName] = e.ConfigValue
	}
	return got
}

// TestTopics looks at the topics that Open makes on a real broker.
func TestTopics(t *testing.T) {
	addr := broker(t)
	url := place(t, addr)
	l := open(t, url+"?partitions=3&retention=720h", kafka.Options{})
	prefix := url[strings.LastIndexByte(url, '/')+1:]
	c := client(t, addr)
	want := map[string]map[string]string{
		stream.Items:       {"retention.ms": "2592000000", "cleanup.policy": "delete"},
		stream.Assessments: {"retention.ms": "2592000000", "cleanup.policy": "delete"},
		stream.Decisions:   {"retention.ms": "-1", "cleanup.policy": "delete"},
		stream.Dead:        {"retention.ms": "-1", "cleanup.policy": "delete"},
		stream.Secrets:     {"cleanup.policy": "compact", "delete.retention.ms": "86400000", "max.compaction.lag.ms": "60000", "segment.ms": "60000"},
	}
	for topic, some := range want {
		got := settings(t, c, prefix+"."+topic)
		some["message.timestamp.type"], some["max.message.bytes"], some["min.insync.replicas"] = "LogAppendTime", "4194304", "1"
		for k, v := range some {
			if got[k] != v {
				t.Errorf("topic %s has %s=%s, want %s", topic, k, got[k], v)
			}
		}
		ends, err := l.End(t.Context(), topic)
		if n := map[string]int{stream.Items: 3, stream.Assessments: 3}[topic]; err != nil || len(ends) != max(n, 1) {
			t.Errorf("topic %s has partitions %v, %v, want %d", topic, ends, err, max(n, 1))
		}
	}
	if faults := l.Check(t.Context()); len(faults) > 0 {
		t.Errorf("Check = %q, want nothing", faults)
	}
	set := func(topic, name, value string) {
		t.Helper()
		_, err := c.IncrementalAlterConfigs(t.Context(), &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafkago.ResourceTypeTopic, ResourceName: prefix + "." + topic,
			Configs: []kafkago.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafkago.ConfigOperationSet}},
		}}})
		if err != nil {
			t.Fatalf("set %s of topic %s: %v", name, topic, err)
		}
	}
	set(stream.Decisions, "retention.ms", "604800000")
	set(stream.Secrets, "cleanup.policy", "delete")
	set(stream.Dead, "max.message.bytes", "1000000")
	var what []string
	for _, f := range l.Check(t.Context()) {
		what = append(what, strings.TrimPrefix(f.What, "topic "+prefix+"."))
	}
	faults := strings.Join(what, "\n")
	for _, w := range []string{"decisions forgets: retention.ms is 604800000", "secrets keeps everything", "dead takes too small records"} {
		if !strings.Contains(faults, w) {
			t.Errorf("Check = %q, want it to say %q", what, w)
		}
	}
	again := open(t, url, kafka.Options{ReadOnly: true})
	if err := again.Publish(t.Context(), stream.Items, records(0, 1)...); err == nil {
		t.Error("Publish to a log opened read-only = nil, want ErrReadOnly")
	}
}

// TestMissing asks Check and a read-only Open about topics that nobody made.
func TestMissing(t *testing.T) {
	addr := broker(t)
	url := "kafka://" + addr + "/" + fmt.Sprintf("cptest-none-%d", time.Now().UnixNano())
	if faults := kafka.Diagnose(t.Context(), url); len(faults) != len(stream.Topics) || !strings.Contains(faults[0].What, "is missing") {
		t.Errorf("Diagnose = %q, want all topics missing", faults)
	}
	if l, err := kafka.Open(t.Context(), url, kafka.Options{ReadOnly: true}); err == nil {
		t.Errorf("Open read-only = %v, nil, want an error", l)
	}
	if faults := kafka.Diagnose(t.Context(), url); len(faults) != len(stream.Topics) {
		t.Errorf("after looking, Diagnose = %q, want all topics missing still", faults)
	}
}

// TestAppendTime publishes with a broker's clock that is ours: what counts is that the time is the broker's, the
// same for a whole batch, and not the publisher's, which kafka-go would give.
func TestAppendTime(t *testing.T) {
	addr := broker(t)
	url := place(t, addr)
	l := open(t, url, kafka.Options{})
	prefix := url[strings.LastIndexByte(url, '/')+1:]
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	before := time.Now().Add(-time.Second)
	_, err := client(t, addr).Produce(t.Context(), &kafkago.ProduceRequest{
		Topic: prefix + "." + stream.Items, RequiredAcks: kafkago.RequireAll, Records: kafkago.NewRecordReader(kafkago.Record{Time: old, Key: kafkago.NewBytes([]byte("k"))}),
	})
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range l.Replay(t.Context(), stream.Items, nil) {
		if err != nil || r.Time.Before(before) || r.Time.After(time.Now().Add(time.Second)) {
			t.Errorf("record has time %v, %v, want now: the publisher said %v", r.Time, err, old)
		}
	}
}

// TestRetention deletes the first half of the records, as age does: readers go on with what is there.
func TestRetention(t *testing.T) {
	addr := broker(t)
	url := place(t, addr)
	l := open(t, url, kafka.Options{})
	prefix := url[strings.LastIndexByte(url, '/')+1:]
	publish(t, l, stream.Decisions, records(0, 20)...)
	adm, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer adm.Close()
	del := kmsg.NewPtrDeleteRecordsRequest()
	topic := kmsg.NewDeleteRecordsRequestTopic()
	topic.Topic = prefix + "." + stream.Decisions
	topic.Partitions = []kmsg.DeleteRecordsRequestTopicPartition{{Partition: 0, Offset: 8}}
	del.TimeoutMillis, del.Topics = 5000, append(del.Topics, topic)
	if res, err := del.RequestWith(t.Context(), adm); err != nil || res.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("delete records: %+v, %v", res, err)
	}
	tail, err := l.Tail(stream.Decisions, map[int]int64{0: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	if got := drain(t, tail, 12); got["8"] != 1 || got["7"] != 0 {
		t.Errorf("Tail from before the first record = %v, want 8 to 19", got)
	}
	n := 0
	for r, err := range l.Replay(t.Context(), stream.Decisions, nil) {
		if err != nil || r.Offset != int64(8+n) {
			t.Fatalf("Replay gave offset %d, %v, want %d", r.Offset, err, 8+n)
		}
		n++
	}
	if lag, err := l.Lag(t.Context(), stream.Decisions, "new"); n != 12 || lag != 12 || err != nil {
		t.Errorf("Replay gave %d records, and the lag of a new group is %d, %v, want 12 and 12", n, lag, err)
	}
}

// TestCompaction waits until a real broker has compacted, and reads across the gaps.
func TestCompaction(t *testing.T) {
	addr := broker(t)
	url := place(t, addr)
	l := open(t, url, kafka.Options{})
	prefix := url[strings.LastIndexByte(url, '/')+1:]
	_, err := client(t, addr).IncrementalAlterConfigs(t.Context(), &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafkago.ResourceTypeTopic, ResourceName: prefix + "." + stream.Secrets,
		Configs: []kafkago.IncrementalAlterConfigsRequestConfig{
			{Name: "segment.ms", Value: "1000", ConfigOperation: kafkago.ConfigOperationSet}, {Name: "max.compaction.lag.ms", Value: "1000", ConfigOperation: kafkago.ConfigOperationSet},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var first []stream.Record
	for i := range 100 {
		first = append(first, stream.Record{Key: fmt.Sprint(i), Value: []byte("old")})
	}
	publish(t, l, stream.Secrets, first...)
	for i := range 90 {
		first[i].Value = []byte("new")
	}
	publish(t, l, stream.Secrets, first[:90]...)
	tail, err := l.Tail(stream.Secrets, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tail.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	for n := 0; n < 190; {
		rs, _, err := tail.Read(ctx, 1000)
		if err != nil {
			t.Fatalf("Read = %v, want nil", err)
		}
		n += len(rs)
	}
	for wait := 500 * time.Millisecond; ; {
		var old int
		got := map[string]string{}
		for r, err := range l.Replay(ctx, stream.Secrets, nil) {
			if err != nil {
				t.Fatalf("Replay = %v, want nil; the broker compacts within its log.cleaner.backoff.ms", err)
			}
			if string(r.Value) == "old" {
				old++
			}
			if r.Value != nil {
				got[r.Key] = string(r.Value)
			}
		}
		want := map[string]string{}
		for i := range 100 {
			want[fmt.Sprint(i)] = "new"
			if i >= 90 {
				want[fmt.Sprint(i)] = "old"
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("Replay (-want +got):\n%s", diff)
		}
		if old == 10 {
			break // every value that was replaced is gone
		}
		publish(t, l, stream.Secrets, stream.Record{Key: "\x00sweep"}) // closes the segment, as the log does by itself after a minute
		select {
		case <-ctx.Done():
			t.Fatalf("%d old values are still there, want 10", old)
		case <-time.After(wait):
		}
	}
	from := map[int]int64{0: 37} // within the gap
	for r, err := range l.Replay(ctx, stream.Secrets, from) {
		if err != nil || r.Offset < 90 {
			t.Errorf("Replay from a gap gave offset %d, %v, want what comes after it", r.Offset, err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	l := open(b, place(b, broker(b)), kafka.Options{})
	value := []byte(strings.Repeat("the market opened late today ", 40))
	run := func(name string, batch, goroutines int) {
		b.Run(name, func(b *testing.B) {
			per := (b.N + goroutines - 1) / goroutines
			var wg sync.WaitGroup
			b.ResetTimer()
			for g := range goroutines {
				wg.Go(func() {
					for range per {
						rs := make([]stream.Record, batch)
						for j := range rs {
							rs[j] = stream.Record{Key: fmt.Sprint(g, j), Value: value}
						}
						if err := l.Publish(b.Context(), stream.Items, rs...); err != nil {
							b.Error(err)
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(per*goroutines*batch)/b.Elapsed().Seconds(), "records/s")
		})
	}
	run("sequential", 1, 1)
	run("batched 500", 500, 1)
	run("concurrent 64", 1, 64)
}

func BenchmarkRead(b *testing.B) {
	l := open(b, place(b, broker(b)), kafka.Options{})
	value := []byte(strings.Repeat("the market opened late today ", 40))
	const total = 50_000
	for i := 0; i < total; i += 1000 {
		rs := make([]stream.Record, 1000)
		for j := range rs {
			rs[j] = stream.Record{Key: fmt.Sprint(i + j), Value: value, Headers: map[string]string{"schema": "items/1"}}
		}
		publish(b, l, stream.Items, rs...)
	}
	b.Run("group", func(b *testing.B) {
		read := 0
		for i := 0; b.Loop(); i++ {
			r := join(b, l, fmt.Sprint("g", i, b.N))
			for n := 0; n < total; {
				rs, ack, err := r.Read(b.Context(), 1000)
				if err != nil {
					b.Fatal(err)
				}
				if err := ack(b.Context()); err != nil {
					b.Fatal(err)
				}
				n += len(rs)
				read += len(rs)
			}
			_ = r.Close()
		}
		b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("replay", func(b *testing.B) {
		read := 0
		for b.Loop() {
			for _, err := range l.Replay(b.Context(), stream.Items, nil) {
				if err != nil {
					b.Fatal(err)
				}
				read++
			}
		}
		b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
	})
}
