package quality

import (
	"cmp"
	"math"
	"slices"

	"counterpoint"
	"counterpoint/classify/linear"
)

// Figure is a measured value with the interval that holds 95 % of 200 resamples of the rows; the seed is fixed.
type Figure struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// resamples is how often the rows are drawn anew.
const resamples = 200

// scored is a row with its score and truth.
type scored struct {
	p   float64
	yes bool
}

// figures are what is measured of the scores of a label: at one half, and over all cuts.
type figures struct{ f1, auc, ap, ece float64 }

// of measures rows that are sorted by score, the highest first, each counted as often as times says.
func figuresOf(sorted []scored, times []int) figures {
	var pos, neg float64
	for i, s := range sorted {
		if s.yes {
			pos += float64(times[i])
		} else {
			neg += float64(times[i])
		}
	}
	out := figures{auc: 0.5}
	if pos == 0 || neg == 0 { // nothing to tell apart
		return out
	}
	out.auc = 0
	var hits, seen, tp, fp float64
	var weight, said, true1 [10]float64
	for i := 0; i < len(sorted); {
		var p, n float64
		score := sorted[i].p
		for ; i < len(sorted) && sorted[i].p == score; i++ {
			if sorted[i].yes {
				p += float64(times[i])
			} else {
				n += float64(times[i])
			}
		}
		out.auc += n * (hits + p/2)
		hits, seen = hits+p, seen+p+n
		if seen > 0 {
			out.ap += p * hits / seen
		}
		if score >= 0.5 {
			tp, fp = tp+p, fp+n
		}
		b, w := min(int(score*10), 9), p/pos/2+n/neg/2
		weight[b], said[b], true1[b] = weight[b]+w, said[b]+w*score, true1[b]+p/pos/2
	}
	for b := range weight {
		out.ece += math.Abs(said[b] - true1[b])
	}
	out.auc, out.ap, out.f1 = out.auc/pos/neg, out.ap/pos, 2*tp/(tp+fp+pos)
	return out
}

// measured are the figures of the rows with their intervals.
func measured(rows []scored) (f1, auc, ap, ece Figure) {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Compare(b.p, a.p) })
	times := make([]int, len(sorted))
	for i := range times {
		times[i] = 1
	}
	whole := figuresOf(sorted, times)
	rand := linear.Rand(1)
	var drawn [4][]float64
	for range resamples {
		clear(times)
		for range times {
			times[rand.Intn(len(times))]++
		}
		f := figuresOf(sorted, times)
		for i, v := range [4]float64{f.f1, f.auc, f.ap, f.ece} {
			drawn[i] = append(drawn[i], v)
		}
	}
	return between(whole.f1, drawn[0]), between(whole.auc, drawn[1]), between(whole.ap, drawn[2]), between(whole.ece, drawn[3])
}

func between(value float64, drawn []float64) Figure {
	slices.Sort(drawn)
	return Figure{round(value), round(drawn[len(drawn)*25/1000]), round(drawn[len(drawn)*975/1000])}
}

func rateOf(k, n int) Figure {
	w := counterpoint.Wilson(float64(k), float64(n))
	return Figure{round(w.Value), round(w.Low), round(w.High)}
}

func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }

// halfMacroF1 is the macro-F1 of each half of the rows at the cut that is best on the other half.
func halfMacroF1(rows []scored) float64 {
	var halves [2][]scored
	for i, r := range rows {
		halves[i%2] = append(halves[i%2], r)
	}
	sum := 0.0
	for i, h := range halves {
		sum += macroF1At(h, bestCut(halves[1-i]))
	}
	return round(sum / 2)
}

// bestCut is the score at which macro-F1 is highest.
func bestCut(rows []scored) float64 {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Compare(b.p, a.p) })
	pos := 0
	for _, r := range sorted {
		if r.yes {
			pos++
		}
	}
	best, cut, tp := -1.0, 0.5, 0
	for i, r := range sorted {
		if r.yes {
			tp++
		}
		if i+1 < len(sorted) && sorted[i+1].p == r.p {
			continue
		}
		if f := macroF1(tp, i+1-tp, pos-tp, len(sorted)-i-1-pos+tp); f > best {
			best, cut = f, r.p
		}
	}
	return cut
}

func macroF1At(rows []scored, cut float64) float64 {
	var n [2][2]int // by truth and answer
	for _, r := range rows {
		n[bit(r.yes)][bit(r.p >= cut)]++
	}
	return macroF1(n[1][1], n[0][1], n[1][0], n[0][0])
}

func macroF1(tp, fp, fn, tn int) float64 {
	f := func(tp, wrong int) float64 {
		if tp == 0 {
			return 0
		}
		return 2 * float64(tp) / float64(2*tp+wrong)
	}
	return (f(tp, fp+fn) + f(tn, fp+fn)) / 2
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
