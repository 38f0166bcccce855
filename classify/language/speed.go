package language

import (
	"runtime"
	"time"
)

// Speed is how many texts a second of one core's time a system reads, and what it keeps in memory.
type Speed struct {
	System string  `json:"system"`
	Kind   string  `json:"kind"`
	Rate   float64 `json:"rate"`
	Heap   float64 `json:"heap"` // megabytes in use after it was first used
}

const timed = 1000 // texts

// speed measures the detector as shipped, and lingua-go where it was run, on the same sentences.
func (d *Detector) speed(samples []sample, cpu func() time.Duration, beside bool) []Speed {
	var texts []string
	for i, s := range samples {
		if s.kind == Sentence && i%7 == 0 && len(texts) < timed {
			texts = append(texts, s.text)
		}
	}
	if len(texts) == 0 || cpu == nil {
		return nil
	}
	var a Answer
	out := []Speed{timing("Detect, with spans", texts, cpu, 10, func(t string) { d.DetectInto(&a, t, Prior{}) })}
	if beside {
		out = append(out, timing("lingua-go, high, all", texts[:len(texts)/4], cpu, 1, linguaAlone))
	}
	return out
}

// timing reads the texts some times over, after once to warm up.
func timing(name string, texts []string, cpu func() time.Duration, times int, read func(string)) Speed {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, t := range texts {
		read(t)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	start := cpu()
	for range times {
		for _, t := range texts {
			read(t)
		}
	}
	took := (cpu() - start).Seconds()
	return Speed{name, Sentence, float64(times*len(texts)) / took, float64(m.HeapAlloc) / 1e6}
}
