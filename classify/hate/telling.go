package hate

import "math"

// pace is how a column learns.
type pace struct {
	rate float32
	// before is the sum of squared gradients a weight begins with: the higher, the less a rare n-gram is believed.
	before float32
	// telling is the power of what an n-gram tells by counting alone: how many times as often it stands in positives as
	// in negatives, or the other way round. A weight moves by it, so that n-grams of both classes stay quiet. Tried for
	// each column on rows left out; violence and dehumanization have too few positives to count by.
	telling float64
}

var paces = func() (p [cols]pace) {
	for c := range p {
		switch {
		case c < 2:
			p[c] = pace{0.2, 1, 0.3}
		case c < heads:
			p[c] = pace{0.2, 1, 0}
		case c < heads+experts:
			p[c] = pace{0.3, 1, 0.5}
		default: // the gate
			p[c] = pace{0.1, 1e-2, 0}
		}
	}
	p[heads].rate = 0.1 // davidson has the fewest positives
	return p
}()

// column is the column of a weight of a table, by its place.
func column(table, place int) int {
	if table == 2 {
		return heads + place%styleCols
	}
	return place % cols
}

// count sets by how much each weight moves: see pace.telling.
func (t *trainer) count() {
	var seen [2][3][]float32 // weight of the rows that an n-gram is in, by label and table
	var last [3][]int32      // the row it was last counted in
	for table, w := range t.weights {
		seen[0][table], seen[1][table], last[table] = make([]float32, len(w)), make([]float32, len(w)), make([]int32, len(w))
	}
	for i := range t.train {
		e := &t.train[i]
		add := func(table int, place uint32, y int8) {
			if y >= 0 && last[table][place] != int32(i+1) {
				last[table][place] = int32(i + 1)
				seen[y][table][place] += e.weight
			}
		}
		own := uint32(e.domain)
		for _, g := range t.s.each(t.s.cut(clip(e.text)), e.lang) {
			table := 0
			if g.word {
				table = 1
			}
			for h, y := range e.y {
				add(table, g.at+uint32(h), y)
			}
			if own < experts {
				add(table, g.at+heads+own, e.y[0])
			}
		}
		if own < experts {
			for _, at := range t.s.mannered(clip(e.text)) {
				add(2, at+own, e.y[0])
			}
		}
	}
	for table := range t.weights {
		t.telling[table] = tellingOf(seen[0][table], seen[1][table], func(place int) (int, float64) {
			c := column(table, place)
			return c, paces[c].telling
		})
	}
}

// tellingOf is the power of the ratio of an n-gram's shares of what is and of what is not so, each counted once more than
// it was seen. The func gives the column that a place belongs to, and the power.
func tellingOf(no, yes []float32, of func(place int) (column int, power float64)) []float32 {
	var sum [2][cols]float64
	for i := range no {
		c, _ := of(i)
		sum[0][c] += float64(no[i]) + 1
		sum[1][c] += float64(yes[i]) + 1
	}
	tell := func(no, yes float32, c int, power float64) float32 {
		ratio := math.Abs(math.Log((float64(yes) + 1) / sum[1][c] / ((float64(no) + 1) / sum[0][c])))
		return float32(math.Round(math.Pow(ratio, power)*1e4) / 1e4) // its last bits may differ between machines
	}
	var never [cols]float32 // of what was not seen, as most are in little data
	out := make([]float32, len(no))
	for i := range out {
		c, power := of(i)
		switch {
		case power == 0:
			out[i] = 1
		case no[i] > 0 || yes[i] > 0:
			out[i] = tell(no[i], yes[i], c, power)
		default:
			if never[c] == 0 {
				never[c] = tell(0, 0, c, power)
			}
			out[i] = never[c]
		}
	}
	return out
}
