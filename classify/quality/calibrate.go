package quality

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"counterpoint"
	"counterpoint/classify/threshold"
)

const (
	// curveRows is how many rows of each class a curve needs.
	curveRows = 60
	// curveBins is how many bins of like log-odds it is made of at most, before those that do not rise are joined;
	// where a class has few rows there are fewer, one for so many of its rows.
	curveBins   = 24
	rowsOfCurve = 8
	// slightest is how steep it is at least, so that no two scores become one.
	slightest = 0.02
)

// believed are the labels and languages whose log-odds one small set of one country must not move: see docs/MODELS.md.
func believed(l counterpoint.Label, lang string) bool {
	return lang == "eng" || l != counterpoint.Hate
}

// Calibrate fits the curves on the dev rows of the folder, both classes weighing one half.
func Calibrate(ctx context.Context, stage Stage, dir string) ([]threshold.Curve, error) {
	rows := map[string]map[counterpoint.Label][]scored{}
	err := devRows(ctx, dir, func(r Row) error {
		if r.everyday() || slices.Contains(noisy, r.Source) {
			return nil
		}
		z, err := stage.Logits(r.Text, r.Lang, r.kind())
		if err != nil {
			return err
		}
		if rows[r.Lang] == nil {
			rows[r.Lang] = map[counterpoint.Label][]scored{}
		}
		for _, l := range heads {
			if y := r.label(l); y >= 0 {
				rows[r.Lang][l] = append(rows[r.Lang][l], scored{z[l], y == 1})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("calibrating: no dev rows with labels in " + dir)
	}
	var out []threshold.Curve
	for _, l := range heads {
		for _, lang := range slices.Sorted(maps.Keys(rows)) {
			if knots := curve(rows[lang][l]); knots != nil && believed(l, lang) {
				out = append(out, threshold.Curve{Label: l, Lang: lang, Rows: len(rows[lang][l]), Knots: knots})
			}
		}
	}
	return out, nil
}

// bin is a run of rows of like log-odds: their weight, that of the positives, and the weighted sum of log-odds.
type bin struct{ weight, yes, sum float64 }

func (b bin) share() float64 { return b.yes / b.weight }

func (b bin) add(o bin) bin { return bin{b.weight + o.weight, b.yes + o.yes, b.sum + o.sum} }

// curve is isotonic regression on bins, made to rise through the origin; nil where there are too few rows.
func curve(rows []scored) [][2]float64 {
	n := [2]int{}
	for _, r := range rows {
		n[bit(r.yes)]++
	}
	if n[0] < curveRows || n[1] < curveRows {
		return nil
	}
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b scored) int { return cmp.Compare(a.p, b.p) })
	bins := float64(min(curveBins, min(n[0], n[1])/rowsOfCurve))
	var pools []bin
	var b bin
	for i, r := range sorted {
		w := 0.5 / float64(n[bit(r.yes)])
		b = b.add(bin{w, w * float64(bit(r.yes)), w * r.p})
		if b.weight < 1/bins && i+1 < len(sorted) || i+1 < len(sorted) && sorted[i+1].p == r.p {
			continue
		}
		for len(pools) > 0 && pools[len(pools)-1].share() >= b.share() {
			b = pools[len(pools)-1].add(b)
			pools = pools[:len(pools)-1]
		}
		pools, b = append(pools, b), bin{}
	}
	return rising(pools)
}

// rising are the knots of the pools, with the origin between those of either side.
func rising(pools []bin) [][2]float64 {
	knots := [][2]float64{{0, 0}}
	y := 0.0
	x := 0.0
	for _, p := range pools { // upwards from the origin
		if z := milli(p.sum / p.weight); z > x {
			y = milli(max(oddsOf(p.share()), y+slightest*(z-x)+0.001))
			x = z
			knots = append(knots, [2]float64{x, y})
		}
	}
	x, y = 0, 0
	for _, p := range slices.Backward(pools) {
		if z := milli(p.sum / p.weight); z < x {
			y = milli(min(oddsOf(p.share()), y-slightest*(x-z)-0.001))
			x = z
			knots = append([][2]float64{{x, y}}, knots...)
		}
	}
	return knots
}

func oddsOf(p float64) float64 {
	p = min(max(p, 0.005), 0.995)
	return math.Log(p / (1 - p))
}

func milli(x float64) float64 { return math.Round(x*1000) / 1000 }
