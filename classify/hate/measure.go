package hate

import (
	"cmp"
	"slices"
)

// auc is the chance that a positive scores above a negative, ties counting half; 0.5 where a class is missing.
func auc(points []point) float64 {
	sorted := byScore(points)
	pos, neg, area := 0, 0, 0.0
	for i := 0; i < len(sorted); {
		j, p, n := i, 0, 0
		for ; j < len(sorted) && sorted[j].z == sorted[i].z; j++ {
			if sorted[j].yes {
				p++
			} else {
				n++
			}
		}
		area += float64(float64(n) * (float64(pos) + float64(p)/2))
		pos, neg, i = pos+p, neg+n, j
	}
	if pos == 0 || neg == 0 {
		return 0.5
	}
	return area / float64(pos) / float64(neg)
}

// byScore is a copy of the points, highest first.
func byScore(points []point) []point {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b point) int { return cmp.Compare(b.z, a.z) })
	return sorted
}

// averagePrecision is the area under the precision-recall steps.
func averagePrecision(points []point) float64 {
	hits, sum, seen := 0, 0.0, 0
	for _, p := range byScore(points) {
		seen++
		if p.yes {
			hits++
			sum += float64(hits) / float64(seen)
		}
	}
	if hits == 0 {
		return 0
	}
	return sum / float64(hits)
}

// counts is a threshold's outcome.
type counts struct{ tp, fp, fn, tn int }

func at(points []point, threshold float64) counts {
	var c counts
	for _, p := range points {
		switch {
		case p.z >= threshold && p.yes:
			c.tp++
		case p.z >= threshold:
			c.fp++
		case p.yes:
			c.fn++
		default:
			c.tn++
		}
	}
	return c
}

func (c counts) precision() float64 { return ratio(c.tp, c.tp+c.fp) }
func (c counts) recall() float64    { return ratio(c.tp, c.tp+c.fn) }
func (c counts) f1() float64        { return ratio(2*c.tp, 2*c.tp+c.fp+c.fn) }
func (c counts) falseAlarm() float64 {
	return ratio(c.fp, c.fp+c.tn)
}

// macroF1 is the mean of the F1 of both classes.
func (c counts) macroF1() float64 {
	return (c.f1() + counts{tp: c.tn, fp: c.fn, fn: c.fp}.f1()) / 2
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// bestThreshold is the score at which macro-F1 is highest.
func bestThreshold(points []point) float64 {
	sorted := byScore(points)
	pos := 0
	for _, p := range sorted {
		if p.yes {
			pos++
		}
	}
	best, threshold, tp := -1.0, 0.5, 0
	for i, p := range sorted {
		if p.yes {
			tp++
		}
		if i+1 < len(sorted) && sorted[i+1].z == p.z {
			continue
		}
		c := counts{tp: tp, fp: i + 1 - tp, fn: pos - tp, tn: len(sorted) - i - 1 - (pos - tp)}
		if f := c.macroF1(); f > best {
			best, threshold = f, p.z
		}
	}
	return threshold
}

// ece is the expected calibration error over ten bins, the classes weighing as the prevalence says.
func ece(points []point, prevalence float64) float64 {
	var n [2]int
	for _, p := range points {
		n[side(p)]++
	}
	if n[0] == 0 || n[1] == 0 {
		return 0
	}
	var weight, confidence, truth [10]float64
	for _, p := range points {
		b, w := min(int(p.z*10), 9), (1-prevalence)/float64(n[0])
		if p.yes {
			w = prevalence / float64(n[1])
		}
		weight[b] += w
		confidence[b] += w * p.z
		truth[b] += w * float64(side(p))
	}
	sum := 0.0
	for b := range weight {
		sum += max(confidence[b]-truth[b], truth[b]-confidence[b])
	}
	return sum
}

func side(p point) int {
	if p.yes {
		return 1
	}
	return 0
}
