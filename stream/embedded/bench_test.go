package embedded_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// value is as long as a segment's assessment, which is what travels most.
var value = make([]byte, 1200)

func rate(b *testing.B, records int) {
	b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkPublish(b *testing.B) {
	var n atomic.Int64
	record := func() stream.Record { return stream.Record{Key: strconv.FormatInt(n.Add(1)/10, 10), Value: value} }
	b.Run("sequential", func(b *testing.B) {
		l := open(b, b.TempDir(), embedded.Options{})
		for b.Loop() {
			publish(b, l, stream.Items, record())
		}
		rate(b, b.N)
	})
	b.Run("batched 100", func(b *testing.B) {
		l := open(b, b.TempDir(), embedded.Options{})
		for b.Loop() {
			batch := make([]stream.Record, 100)
			for i := range batch {
				batch[i] = record()
			}
			publish(b, l, stream.Items, batch...)
		}
		rate(b, b.N*100)
	})
	b.Run("concurrent 64", func(b *testing.B) {
		l := open(b, b.TempDir(), embedded.Options{})
		b.SetParallelism(32) // times GOMAXPROCS, 2 on the reference machine
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				publish(b, l, stream.Items, record())
			}
		})
		rate(b, b.N)
	})
}

func BenchmarkRead(b *testing.B) {
	l := open(b, b.TempDir(), embedded.Options{})
	const total = 20_000
	for i := 0; i < total; i += 1000 {
		batch := make([]stream.Record, 1000)
		for j := range batch {
			batch[j] = stream.Record{Key: strconv.Itoa(i + j), Value: value, Headers: map[string]string{"schema": "items/1"}}
		}
		publish(b, l, stream.Items, batch...)
	}
	b.Run("group, acknowledged by 100", func(b *testing.B) {
		read := 0
		for i := 0; b.Loop(); i++ {
			r, err := l.Reader(stream.Items, strconv.Itoa(i)+"/"+strconv.Itoa(b.N))
			if err != nil {
				b.Fatal(err)
			}
			for n := 0; n < total; {
				rs, ack, err := r.Read(b.Context(), 100)
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
		rate(b, read)
	})
	b.Run("replay", func(b *testing.B) {
		read := 0
		for b.Loop() {
			read += len(values(b, l, stream.Items))
		}
		rate(b, read)
	})
}
