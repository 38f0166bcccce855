package embedded_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
)

// BenchmarkFlagged is what a passage costs the index: one that is not flagged, one that is, and one that is a near-copy
// of an earlier one. Items are of one segment of 30 words.
func BenchmarkFlagged(b *testing.B) {
	f := func(name string, flagged bool, text func(k int, words []string)) {
		b.Run(name, func(b *testing.B) {
			s, err := embedded.Open(filepath.Join(b.TempDir(), "index.db"), embedded.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			speech := newSpeech()
			speech.segments, speech.words = 1, 30
			p := index.NewProjector(s, index.ProjectorOptions{})
			var items []counterpoint.Entry[counterpoint.Item]
			var judged []counterpoint.Entry[counterpoint.Assessment]
			for k := range b.N {
				it, a := speech.item(k)
				words := strings.Fields(it.Segments[0].Text)
				text(k, words)
				it.Segments[0].Text = strings.Join(words, " ")
				a.Sightings = nil
				if flagged {
					sighting := counterpoint.NewSighting(it, it.Segments)
					sighting.Level, sighting.Quality = 3, counterpoint.Good
					a.Sightings = append(a.Sightings, sighting)
				}
				pos := counterpoint.Position{Offset: int64(k)}
				items = append(items, counterpoint.Entry[counterpoint.Item]{Position: pos, Value: it})
				judged = append(judged, counterpoint.Entry[counterpoint.Assessment]{Position: pos, Value: a})
			}
			started := cpu(b)
			b.ResetTimer()
			for at := 0; at < b.N; at += index.BatchSize {
				to := min(at+index.BatchSize, b.N)
				if err := p.PutTogether(b.Context(), items[at:to], judged[at:to]); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64((cpu(b)-started).Microseconds())/float64(b.N), "cpu-us/segment")
		})
	}
	own := func(int, []string) {}
	f("not flagged", false, own)
	f("flagged", true, own)
	copies := func(each int) func(k int, words []string) {
		return func(k int, words []string) { // one word of its own in the text of its family
			for i := range words {
				words[i] = fmt.Sprint("w", k/each, ".", i)
			}
			words[k%each%len(words)] = fmt.Sprint("own", k)
		}
	}
	f("in families of 10", true, copies(10))
	f("in families of 500", true, copies(500))
}
