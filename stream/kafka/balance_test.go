package kafka_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// TestTogether lets several processes join two topics in orders of their own. Each must end up with the same
// partitions of both, and all partitions must be read.
func TestTogether(t *testing.T) {
	for n := range 3 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			_, addr := fake(t)
			url := place(t, addr)
			processes := []*kafka.Log{open(t, url, kafka.Options{}), open(t, url, kafka.Options{}), open(t, url, kafka.Options{})}
			got := make([]map[string]map[int]bool, len(processes))
			type seat struct {
				process int
				topic   string
			}
			var seats []seat
			for i := range processes {
				got[i] = map[string]map[int]bool{stream.Items: {}, stream.Assessments: {}}
				seats = append(seats, seat{i, stream.Items}, seat{i, stream.Assessments})
			}
			readers := map[seat]stream.Reader{}
			for i := range seats {
				s := seats[(i*5+2*n+1)%len(seats)] // every order differs
				r, err := processes[s.process].Reader(s.topic, "index")
				if err != nil {
					t.Fatal(err)
				}
				readers[s] = r
			}
			time.Sleep(2 * time.Second) // the last share is out; earlier ones would be read by others
			publish(t, processes[0], stream.Items, records(0, 400)...)
			publish(t, processes[0], stream.Assessments, records(0, 400)...)
			for s, r := range readers {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				for {
					rs, _, err := r.Read(ctx, 1000)
					if err != nil {
						break
					}
					for _, x := range rs {
						got[s.process][s.topic][x.Partition] = true
					}
				}
				cancel()
			}
			all := map[int]bool{}
			for i, of := range got {
				if !maps.Equal(of[stream.Items], of[stream.Assessments]) {
					t.Errorf("process %d reads %v of the items and %v of the assessments", i,
						slices.Sorted(maps.Keys(of[stream.Items])), slices.Sorted(maps.Keys(of[stream.Assessments])))
				}
				maps.Copy(all, of[stream.Items])
			}
			if len(all) < 2 {
				t.Errorf("only %d partitions were read", len(all))
			}
		})
	}
}
