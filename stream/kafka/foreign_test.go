package kafka_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// TestOtherProducers: what another client wrote is read, in whichever way it compresses, idempotent and within
// transactions, whose markers take offsets and are no records, and larger than what one fetch asks for.
func TestOtherProducers(t *testing.T) {
	addr := broker(t)
	url := place(t, addr)
	l := open(t, url+"?partitions=1", kafka.Options{})
	topic := url[strings.LastIndexByte(url, '/')+1:] + "." + stream.Items
	large := make([]byte, 3<<20)
	for i := range large {
		large[i] = byte(rand.Uint32())
	}
	var want []string
	for name, codec := range map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(topic), kgo.ProducerBatchCompression(codec),
			kgo.ProducerBatchMaxBytes(4_000_000), kgo.TransactionalID(topic+name))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		var records []*kgo.Record
		add := func(key string, value []byte) {
			records = append(records, &kgo.Record{Key: []byte(key), Value: value, Headers: []kgo.RecordHeader{{Key: "by", Value: []byte(name)}}})
			want = append(want, fmt.Sprint(key, " ", len(value), " ", name))
		}
		for i := range 200 {
			add(fmt.Sprint(name, i), bytes.Repeat([]byte(name), i*10))
		}
		add(name+"-large", large)
		add(name+"-empty", []byte{})
		if err := c.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(name, err)
		}
		if err := c.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(name, err)
		}
		c.Close()
	}
	var got []string
	for r, err := range l.Replay(t.Context(), stream.Items, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(r.Key, "large") && !bytes.Equal(r.Value, large) {
			t.Errorf("%s came with other bytes", r.Key)
		}
		got = append(got, fmt.Sprint(r.Key, " ", len(r.Value), " ", r.Headers["by"]))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}
