package hate

import (
	"context"
	"errors"
	"math"
	"sync"

	"counterpoint/classify/corpus"
	"counterpoint/classify/linear"
)

// mixtures learns how to mix the columns, of what is written and of what is spoken.
func (m *Model) mixtures(ctx context.Context, d *data, o TrainOptions) error {
	rows, err := d.leftOut(ctx, o)
	if err != nil {
		return err
	}
	for i := range rows {
		m.Mixtures[i] = learnMixture(rows[i], linear.Rand(o.Seed+uint64(i)))
	}
	return nil
}

// mixRow is what a row sums up to.
type mixRow struct {
	x      [cols]float64
	yes    bool
	weight float64
}

// mixParts is in how many parts the rows are cut to learn the mixtures: the columns know the rows they were trained on by
// heart, so what a part sums up to is asked of columns that were trained without it.
const mixParts = 4

// leftOut are the rows of all parts as they are written and as radio would put them.
func (d *data) leftOut(ctx context.Context, o TrainOptions) (rows [deliveries][]mixRow, err error) {
	var parts [mixParts][deliveries][]mixRow
	var errs [mixParts]error
	var wg sync.WaitGroup
	for k := range mixParts {
		wg.Go(func() { parts[k], errs[k] = d.part(ctx, o, k) })
	}
	wg.Wait()
	for k := range mixParts {
		for i := range rows {
			rows[i] = append(rows[i], parts[k][i]...)
		}
	}
	return rows, errors.Join(errs[:]...)
}

func (d *data) part(ctx context.Context, o TrainOptions, k int) (rows [deliveries][]mixRow, err error) {
	rest := data{sources: d.sources}
	for i := range d.train {
		if i%mixParts != k {
			rest.train = append(rest.train, d.train[i])
		}
	}
	o.Progress = nil
	m, err := rest.columns(ctx, o)
	if err != nil {
		return rows, err
	}
	weights := d.shares()
	for i := k; i < len(d.train); i += mixParts {
		e := &d.train[i]
		if e.lang != gated || e.y[0] < 0 {
			continue
		}
		w := weights[e.source][e.y[0]]
		rows[written] = append(rows[written], mixRow{m.all(e.text, e.lang), e.y[0] == 1, w})
		rows[spoken] = append(rows[spoken], mixRow{m.all(corpus.Radio(e.text), e.lang), e.y[0] == 1, w})
	}
	return rows, nil
}

// setCounts is how much a set has to say of the mixtures, whatever its size; anySet is for those without a name here.
// Set by what helped on rows left out.
var setCounts = map[string]float64{
	"ghc": 0.7, "edos": 3.4, "davidson": 3.2, "implicit_hate": 5, "stormfront": 0.5, "hatemoji_build": 0.3, "mlma_eng": 0.05,
	"neutral_frames": 1, "frames": 0.6, "pheme_rumours": 0.2, "african-storybook": 1.5, "tatoeba-test-2021-08-07": 3, "tico19": 2,
}

const (
	anySet = 0.2
	// hateful is the share of a set's weight that its hateful rows have.
	hateful = 0.45
)

// shares are the weights of a row by source and label.
func (d *data) shares() [][2]float64 {
	n := make([][2]float64, len(d.sources))
	for i := range d.train {
		if e := &d.train[i]; e.lang == gated && e.y[0] >= 0 {
			n[e.source][e.y[0]]++
		}
	}
	out := make([][2]float64, len(n))
	for i, name := range d.sources {
		set, ok := setCounts[name]
		if !ok {
			set = anySet
		}
		share := [2]float64{1 - hateful, hateful}
		if n[i][0] == 0 || n[i][1] == 0 {
			share = [2]float64{1, 1}
		}
		for y := range share {
			out[i][y] = set * share[y] / max(n[i][y], 1)
		}
	}
	return out
}

// mixer learns a mixture of columns of mean 0 and spread 1 by Adam, and stays near where it began.
type mixer struct {
	mixture
	start         mixture
	mean, spread  [cols]float64
	first, second mixture // moments of the gradient
	steps         int
}

const (
	mixRounds = 24
	mixBatch  = 1024
	mixRate   = 0.02
	mixNear   = 1e-3 // pull to the start
)

func learnMixture(rows []mixRow, r linear.Rand) mixture {
	if len(rows) == 0 {
		return mixture{}
	}
	m := newMixer(rows)
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	all := mixRounds * ((len(rows) + mixBatch - 1) / mixBatch)
	for range mixRounds {
		linear.Shuffle(&r, order)
		for from := 0; from < len(order); from += mixBatch {
			m.batch(rows, order[from:min(from+mixBatch, len(order))], mixRate*(1-float64(m.steps)/float64(all)))
		}
	}
	return m.unscaled()
}

// newMixer begins with the gate as it was trained, and with experts and pooled head as they are.
func newMixer(rows []mixRow) *mixer {
	m := &mixer{}
	for c := range m.mean {
		for i := range rows {
			m.mean[c] += rows[i].x[c] / float64(len(rows))
		}
		for i := range rows {
			d := rows[i].x[c] - m.mean[c]
			m.spread[c] += float64(d*d) / float64(len(rows))
		}
		m.spread[c] = max(math.Sqrt(m.spread[c]), 1e-9)
	}
	total := 0.0
	for i := range rows {
		total += rows[i].weight
	}
	for i := range rows {
		x := &rows[i]
		x.weight *= float64(len(rows)) / total
		for c := range x.x {
			x.x[c] = (x.x[c] - m.mean[c]) / m.spread[c]
		}
	}
	const rest = guests - experts
	m.start.Gate[experts][cols] = 1
	for c := range guests {
		at := heads + experts + c
		if c < experts {
			m.start.Gate[c][at], m.start.Gate[c][cols] = m.spread[at], m.mean[at]
			m.start.Voice[c][heads+c] = 1
			continue
		}
		m.start.Gate[experts][at] = m.spread[at] / rest
		m.start.Gate[experts][cols] += m.mean[at] / rest
	}
	m.start.Voice[experts][0] = 1
	m.mixture = m.start
	return m
}

// batch makes one step down the weighted log loss of the rows.
func (m *mixer) batch(rows []mixRow, order []int, rate float64) {
	var grad mixture
	for _, i := range order {
		m.slope(&rows[i], &grad, 1/float64(len(order)))
	}
	m.steps++
	warm := [2]float64{1 - math.Pow(0.9, float64(m.steps)), 1 - math.Pow(0.99, float64(m.steps))}
	move := func(w, start, g, first, second *lines) {
		for k := range w {
			for c := range w[k] {
				d := g[k][c]
				if c < cols {
					d += float64(mixNear * (w[k][c] - start[k][c]))
				}
				first[k][c] = float64(0.9*first[k][c]) + float64(0.1*d)
				second[k][c] = float64(0.99*second[k][c]) + float64(float64(0.01*d)*d)
				w[k][c] -= rate * (first[k][c] / warm[0]) / (math.Sqrt(second[k][c]/warm[1]) + 1e-8)
			}
		}
	}
	move(&m.Gate, &m.start.Gate, &grad.Gate, &m.first.Gate, &m.second.Gate)
	move(&m.Voice, &m.start.Voice, &grad.Voice, &m.first.Voice, &m.second.Voice)
}

// slope adds the gradient of one row.
func (m *mixer) slope(x *mixRow, grad *mixture, weight float64) {
	share := m.shares(&x.x)
	var says [voices]float64
	z := 0.0
	for k := range says {
		says[k] = m.Voice.at(k, &x.x)
		z += float64(share[k] * says[k])
	}
	g := linear.Sigmoid(z)
	if x.yes {
		g--
	}
	g *= float64(x.weight * weight)
	for k := range says {
		voice := float64(g * share[k])
		gate := float64(voice * (says[k] - z))
		grad.Voice[k][cols] += voice
		grad.Gate[k][cols] += gate
		for c, v := range x.x {
			grad.Voice[k][c] += float64(voice * v)
			grad.Gate[k][c] += float64(gate * v)
		}
	}
}

// unscaled is the mixture of columns as they are, to six digits.
func (m *mixer) unscaled() (out mixture) {
	plain := func(in, out *lines) {
		for k := range in {
			rest := in[k][cols]
			for c := range cols {
				v := in[k][c] / m.spread[c]
				rest -= float64(v * m.mean[c])
				out[k][c] = math.Round(v*1e6) / 1e6
			}
			out[k][cols] = math.Round(rest*1e6) / 1e6
		}
	}
	plain(&m.Gate, &out.Gate)
	plain(&m.Voice, &out.Voice)
	return out
}
