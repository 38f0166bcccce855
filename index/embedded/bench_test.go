package embedded_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
	"counterpoint/index/embedded"
)

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// speech makes segments of words with frequencies like those of language.
type speech struct {
	rand *rand.Rand
	zipf *rand.Zipf

	segments, words int // of an item
}

func newSpeech() speech {
	r := rand.New(rand.NewPCG(1, 2))
	return speech{r, rand.NewZipf(r, 1.1, 4, 20_000), 20, 10}
}

func (s speech) item(n int) (counterpoint.Item, counterpoint.Assessment) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	id := counterpoint.ItemID("bench", fmt.Sprint(n))
	it := counterpoint.Item{ID: id, Source: fmt.Sprint("radio-", n%20), Owner: "o", Title: "Morning " + fmt.Sprint(n), Recorded: &at, Seen: at, Part: 1, Parts: 1}
	a := counterpoint.Assessment{Item: id, Source: it.Source, Part: 1, Parts: 1, At: at, Versions: map[string]string{"hate": "1", "lexicon": "1"}}
	for i := range s.segments {
		words := make([]string, s.words)
		for k := range words {
			words[k] = fmt.Sprintf("w%x", s.zipf.Uint64())
		}
		g := counterpoint.Segment{Seq: i, Text: strings.Join(words, " "), Quality: counterpoint.Good}
		it.Segments = append(it.Segments, g)
		a.Segments = append(a.Segments, counterpoint.SegmentAssessment{
			Seq: i, Lang: []string{"swa", "fra", "ara"}[n%3], DecidedBy: "own", Level: map[bool]int{true: 3}[s.rand.IntN(50) == 0],
			Scores: map[counterpoint.Label]float64{"hate": 0.01, "offensive": 0.02, "violence": 0.01, "dehumanization": 0.004, "incitement": 0.003},
		})
	}
	it.Revision = counterpoint.Revision(it.Segments)
	a.Revision = it.Revision
	if n%25 == 0 {
		it := it
		it.Segments = it.Segments[:min(2, s.segments)]
		s := counterpoint.NewSighting(it, it.Segments)
		s.Level, s.Quality = 3, counterpoint.Good
		a.Sightings = append(a.Sightings, s)
	}
	return it, a
}

// fill projects n items of 20 segments, heard and judged together as Run does, in batches of size.
func fill(b *testing.B, p *index.Projector, s speech, from, n, size int) {
	b.Helper()
	for at := from; at < from+n; at += size {
		var items []counterpoint.Entry[counterpoint.Item]
		var judged []counterpoint.Entry[counterpoint.Assessment]
		for k := at; k < min(at+size, from+n); k++ {
			it, a := s.item(k)
			pos := counterpoint.Position{Offset: int64(k)}
			items = append(items, counterpoint.Entry[counterpoint.Item]{Position: pos, Value: it})
			judged = append(judged, counterpoint.Entry[counterpoint.Assessment]{Position: pos, Value: a})
		}
		if err := p.PutTogether(b.Context(), items, judged); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProject is the whole of the index stage, for items of 20 segments of 10 words and of one of 60.
func BenchmarkProject(b *testing.B) {
	f := func(name string, segments, words int) {
		b.Run(name, func(b *testing.B) {
			s, err := embedded.Open(filepath.Join(b.TempDir(), "index.db"), embedded.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			p := index.NewProjector(s, index.ProjectorOptions{})
			speech := newSpeech()
			speech.segments, speech.words = segments, words
			var items []counterpoint.Entry[counterpoint.Item]
			var judged []counterpoint.Entry[counterpoint.Assessment]
			for k := range b.N {
				it, a := speech.item(k)
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
			n := float64(b.N * segments)
			b.ReportMetric(n/b.Elapsed().Seconds(), "segments/s")
			b.ReportMetric(float64((cpu(b)-started).Microseconds())/n, "cpu-us/segment")
		})
	}
	f("items of 20 segments", 20, 10)
	f("items of 1 segment", 1, 60)
}

// BenchmarkQuery asks a store of 100,000 segments.
func BenchmarkQuery(b *testing.B) {
	s, err := embedded.Open(filepath.Join(b.TempDir(), "index.db"), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	fill(b, index.NewProjector(s, index.ProjectorOptions{}), newSpeech(), 0, 5000, 500)
	f := func(name string, do func(i int) error) {
		b.Run(name, func(b *testing.B) {
			started := cpu(b)
			for i := 0; b.Loop(); i++ {
				if err := do(i); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpu(b)-started).Microseconds())/float64(b.N), "cpu-us/op")
		})
	}
	search := func(q counterpoint.Query) error {
		_, err := s.Search(b.Context(), q)
		return err
	}
	f("rare word", func(i int) error { return search(counterpoint.Query{Text: fmt.Sprintf("w%x", 3000+i%10_000)}) })
	f("common word", func(i int) error { return search(counterpoint.Query{Text: "w1"}) })
	f("two words", func(i int) error { return search(counterpoint.Query{Text: fmt.Sprintf("w%x w%x", 1+i%5, 50+i%50)}) })
	f("phrase", func(i int) error { return search(counterpoint.Query{Text: fmt.Sprintf(`"w%x w%x"`, 1+i%5, i%50)}) })
	f("prefix", func(i int) error { return search(counterpoint.Query{Text: fmt.Sprintf("w%x*", 256+i%1000)}) })
	f("common word of a source", func(i int) error {
		return search(counterpoint.Query{Text: "w2", Source: []string{fmt.Sprint("radio-", i%20)}})
	})
	list := func(kind counterpoint.Kind, q counterpoint.Query) error {
		_, err := s.List(b.Context(), kind, q, func([]byte) error { return nil })
		return err
	}
	f("list segments", func(i int) error { return list(counterpoint.KindSegment, counterpoint.Query{}) })
	f("list level 3", func(i int) error { return list(counterpoint.KindSegment, counterpoint.Query{Level: []int{3}}) })
	f("list a language and source", func(i int) error {
		return list(counterpoint.KindSegment, counterpoint.Query{Lang: []string{"swa"}, Source: []string{"radio-3"}})
	})
	f("list flags", func(i int) error { return list(counterpoint.KindFlag, counterpoint.Query{State: []string{"open"}}) })
	count := func(q counterpoint.Query, by counterpoint.GroupBy) error {
		_, err := s.Count(b.Context(), counterpoint.KindSegment, q, by)
		return err
	}
	f("count by language", func(i int) error { return count(counterpoint.Query{}, counterpoint.ByLang) })
	f("count by day", func(i int) error { return count(counterpoint.Query{}, counterpoint.ByDay) })
	f("count a common word by day", func(i int) error { return count(counterpoint.Query{Text: "w1"}, counterpoint.ByDay) })
}
