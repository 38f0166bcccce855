package counterpoint

import (
	"math"
	"slices"
	"time"
)

// Factors are what the priority is the product of. All are shown, never the product alone. Each is a count, a
// sum or a maximum over the sightings, those of near-copies too, so that the order of arrival does not matter.
type Factors struct {
	Weight        float64 `json:"weight"`        // 8, 3, 1 for level 3, 2, 1, or for top, intermediate, bottom once a person set it
	Imminence     float64 `json:"imminence"`     // 3 names a time, place or meeting, 2 calls to act, 1 neither
	Reach         float64 `json:"reach"`         // log10 of the listeners or followers of all sources, 1 to 5; 2 when unknown
	Corroboration float64 `json:"corroboration"` // independent owners, 1 to 3: copies of one owner are one voice
	Quality       float64 `json:"quality"`       // good 1, weak 0.5, unusable 0
}

// Product is the priority.
func (f Factors) Product() float64 {
	return f.Weight * f.Imminence * f.Reach * f.Corroboration * f.Quality
}

func factorsOf(f *Flag) Factors {
	x := Factors{Weight: weightOf(f), Imminence: 1, Reach: 1}
	owners, reach := map[string]bool{}, map[string]int{}
	rank := 0
	for _, s := range slices.Concat(f.heardIn(), f.copied()) {
		owners[s.Owner] = true
		reach[s.Source] = max(reach[s.Source], s.Reach)
		x.Imminence = max(x.Imminence, float64(s.Imminence))
		rank = max(rank, qualityRank(s.Quality))
	}
	x.Reach = max(x.Reach, reachOf(reach))
	x.Corroboration = float64(min(3, max(1, len(owners))))
	x.Quality = float64(rank) / 2
	return x
}

func weightOf(f *Flag) float64 {
	if j := f.Judgement(); j != nil && f.State == Confirmed {
		return map[RabatLevel]float64{Top: 8, Intermediate: 3, Bottom: 1}[j.Level]
	}
	return []float64{0, 1, 3, 8}[min(3, max(0, f.Level))]
}

// reachOf is the class of what all sources reach together. Audiences overlap; in classes of ten that is seldom seen.
func reachOf(bySource map[string]int) float64 {
	all, class := 0, 0.0
	for _, n := range bySource {
		if n <= 0 {
			class = reachClass(n)
			continue
		}
		all += n
	}
	if all > 0 {
		class = max(class, reachClass(all))
	}
	return class
}

func reachClass(n int) float64 {
	if n <= 0 {
		return 2
	}
	return math.Min(5, math.Max(1, math.Floor(math.Log10(float64(n)))))
}

// First reports whether the flag goes before all others whatever its product: a call for harm that names a
// time or place.
// A transcript too poor to use never jumps the queue.
func (f *Flag) First() bool {
	return f.Level == 3 && f.Factors.Imminence == 3 && f.Factors.Quality > 0
}

// Rank orders the queue: flags that go first, then by priority, highest first.
func (f *Flag) Rank() float64 {
	if f.First() {
		return 1e6 + f.Priority
	}
	return f.Priority
}

// Deadline is by when the flag should be decided.
func (f *Flag) Deadline() time.Time {
	switch {
	case f.First() || f.Priority >= 48:
		return f.Flagged.Add(30 * time.Minute)
	case f.Priority >= 12:
		return f.Flagged.Add(4 * time.Hour)
	case f.Priority >= 3:
		return f.Flagged.Add(24 * time.Hour)
	}
	return f.Flagged.Add(72 * time.Hour)
}
