package elastic

import (
	"fmt"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/index"
)

// BenchmarkUpdate is segments through Update, in batches of 2,000, against the same documents sent with plain
// _bulk by the same client: what the stages, the reads before and the positions after cost.
func BenchmarkUpdate(b *testing.B) {
	const batch = 2000
	segment := func(run string, i int) counterpoint.SegmentView {
		var words []string
		for k := range 12 {
			words = append(words, fmt.Sprintf("w%x", (i*7919+k*104729)%20_011))
		}
		item := fmt.Sprint(run, i/20)
		return counterpoint.SegmentView{ID: counterpoint.SegmentID(item, i%20), Item: item, Seq: i % 20, Source: fmt.Sprint("radio-", i%30), Text: strings.Join(words, " "), Lang: "swa", Seen: heardAt}
	}
	s := testStore(b, testURL(b), Options{Log: quiet})
	ran := 0
	b.Run("update", func(b *testing.B) {
		ran++
		for n := range b.N {
			err := s.Update(b.Context(), index.Next{index.Items: {0: int64(n + 1)}}, func(tx index.Tx) error {
				var keys []index.Key
				for i := range batch {
					keys = append(keys, index.Key{Kind: counterpoint.KindSegment, ID: segment(fmt.Sprint("u", ran, "-"), n*batch+i).ID})
				}
				if err := tx.Want(keys...); err != nil {
					return err
				}
				for i := range batch {
					v := segment(fmt.Sprint("u", ran, "-"), n*batch+i)
					if err := tx.Put(counterpoint.KindSegment, v.ID, v); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "segments/s")
	})
	b.Run("bulk", func(b *testing.B) {
		ran++
		for n := range b.N {
			var ops []*op
			for i := range batch {
				v := segment(fmt.Sprint("b", ran, "-"), n*batch+i)
				var buf index.Buffer
				buf.Fetch = func(counterpoint.Kind, string) ([]byte, error) { return nil, counterpoint.ErrNotFound }
				if err := buf.Put(counterpoint.KindSegment, v.ID, v); err != nil {
					b.Fatal(err)
				}
				src, err := sourceOf(buf.Changes()[0])
				if err != nil {
					b.Fatal(err)
				}
				ops = append(ops, &op{kind: "segment", id: v.ID, alias: s.gen.Load().alias(counterpoint.KindSegment), doc: v.ID, source: src, always: true})
			}
			if err := s.bulk(b.Context(), ops); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "segments/s")
	})
}
