package language

import (
	"cmp"
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"sync"
)

// chosen is a feature with what it tells.
type chosen struct {
	hash  uint64
	worth float64
}

// seen is how often a feature was met in the texts of a label.
type seen struct {
	hash  uint64
	count uint32
	label uint16
}

// choose finds the features worth a row: those whose share of the text differs most between the languages,
// every language counting alike. What was met once in a language says nothing of it.
func choose(texts [][]string, maxGram int) []chosen {
	met, totals := meet(texts, maxGram)
	slices.SortFunc(met, func(a, b seen) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return cmp.Compare(a.label, b.label)
	})
	var out []chosen
	for i := 0; i < len(met); {
		j := i
		for j < len(met) && met[j].hash == met[i].hash {
			j++
		}
		out = append(out, chosen{met[i].hash, worth(met[i:j], totals)})
		i = j
	}
	slices.SortFunc(out, func(a, b chosen) int {
		if a.worth != b.worth {
			return cmp.Compare(b.worth, a.worth)
		}
		return cmp.Compare(a.hash, b.hash)
	})
	return out
}

// worth is the feature's share of the information on the label: the sum over labels of p log(p/mean), with
// rare ones held down.
func worth(of []seen, totals []float64) float64 {
	const rare = 2e-6
	mean := 0.0
	p := make([]float64, len(of))
	for i, s := range of {
		p[i] = (float64(s.count) - 0.9) / totals[s.label]
		mean += p[i]
	}
	mean = mean/float64(len(totals)) + rare
	sum := 0.0
	for _, p := range p {
		sum += p * math.Log((p+rare)/mean)
	}
	return sum
}

// meet counts the features of every label, on all cores; the result does not depend on how many there are.
func meet(texts [][]string, maxGram int) ([]seen, []float64) {
	of, totals := make([][]seen, len(texts)), make([]float64, len(texts))
	var wg sync.WaitGroup
	gate := make(chan struct{}, runtime.GOMAXPROCS(0))
	for l := range texts {
		gate <- struct{}{}
		wg.Go(func() {
			of[l], totals[l] = meetOne(texts[l], uint16(l), maxGram)
			<-gate
		})
	}
	wg.Wait()
	return slices.Concat(of...), totals
}

func meetOne(texts []string, label uint16, maxGram int) ([]seen, float64) {
	r := &reader{maxGram: maxGram}
	counts := map[uint64]uint32{}
	total := 0
	for _, text := range texts {
		for at, ok := 0, true; ok; {
			if _, at, ok = r.next(text, at); ok {
				for _, h := range r.features() {
					counts[h]++
					total++
				}
			}
		}
	}
	var out []seen
	for h, n := range counts {
		if n > 1 {
			out = append(out, seen{h, n, label})
		}
	}
	return out, float64(max(total, 1))
}

// seat gives the features their slots, the most telling first; one whose bucket is full stands outside.
func seat(features []chosen, slots int) []byte {
	marks := make([]byte, 2*slots)
	buckets := slots / slotsInBucket
	used := make([]int, buckets)
	seated := 0
	for _, f := range features {
		if seated == slots {
			break
		}
		b := bucketOf(f.hash, buckets)
		if used[b] == slotsInBucket || holds(marks[2*slotsInBucket*b:], used[b], markOf(f.hash)) {
			continue
		}
		binary.LittleEndian.PutUint16(marks[2*(slotsInBucket*b+used[b]):], markOf(f.hash))
		used[b]++
		seated++
	}
	return marks
}

func holds(marks []byte, n int, mark uint16) bool {
	for i := range n {
		if binary.LittleEndian.Uint16(marks[2*i:]) == mark {
			return true
		}
	}
	return false
}
