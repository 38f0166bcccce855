package hate

import (
	"math"

	"counterpoint"
	"counterpoint/classify/linear"
)

// A head counts as trained in a language when enough dev rows show that it tells the classes apart there, and
// what it says of ordinary talk has been seen.
const (
	minPositives = 25
	minAUC       = 0.70
	minEveryday  = 200 // everyday texts: without them its alarms on ordinary talk are not known
)

// Prevalence is the share of positives that each head's probabilities assume, in the order of Heads: one half
// makes .5 the tipping point of a balanced choice.
var Prevalence = [heads]float64{0.5, 0.5, 0.5, 0.5}

// calibrate fits each head's probabilities, language by language, on all dev rows as they are written: the mixture of what
// is spoken learned the same odds.
func (m *Model) calibrate(dev []example) {
	scored, everyday := map[string]*[heads][]point{}, map[string]int{}
	for i := range dev {
		e := &dev[i]
		if scored[e.lang] == nil {
			scored[e.lang] = &[heads][]point{}
		}
		if e.everyday {
			everyday[e.lang]++
		}
		sums := m.all(e.text, e.lang)
		z, _ := m.heard(&sums, e.lang, counterpoint.Social)
		for h, y := range e.y {
			if y >= 0 {
				scored[e.lang][h] = append(scored[e.lang][h], point{z: z[h], yes: y == 1, everyday: e.everyday})
			}
		}
	}
	m.Platt = map[string]map[counterpoint.Label]Platt{}
	for lang, perHead := range scored {
		if everyday[lang] < minEveryday {
			continue
		}
		for h, points := range perHead {
			p, ok := fit(points, Prevalence[h])
			if !ok {
				continue
			}
			if m.Platt[lang] == nil {
				m.Platt[lang] = map[counterpoint.Label]Platt{}
			}
			m.Platt[lang][Heads[h]] = p
		}
	}
}

// point is one scored row.
type point struct {
	z        float64
	yes      bool
	everyday bool // presumed negative
	weight   float64
}

func fit(points []point, prevalence float64) (Platt, bool) {
	var p Platt
	var labelled []point
	for _, x := range points {
		switch {
		case x.everyday:
			p.Everyday++
			continue
		case x.yes:
			p.Positives++
		default:
			p.Negatives++
		}
		labelled = append(labelled, x)
	}
	p.AUC = math.Round(auc(labelled)*1e4) / 1e4
	if p.Positives < minPositives || p.Negatives < minPositives || p.AUC < minAUC {
		return p, false
	}
	mean, spread := moments(points)
	z := make([]point, len(points))
	for i, x := range points {
		z[i] = point{z: (x.z - mean) / spread, yes: x.yes, weight: p.weight(x, prevalence)}
	}
	p.A, p.B = 1, 0
	for range 100 {
		if !p.step(z) {
			break
		}
	}
	p.A, p.B = p.A/spread, p.B-float64(p.A*mean)/spread
	p.A, p.B = math.Round(p.A*1e6)/1e6, math.Round(p.B*1e6)/1e6
	return p, p.A > 0
}

// weight makes the classes weigh as the prevalence says, and everyday text as much as labelled negatives.
func (p *Platt) weight(x point, prevalence float64) float64 {
	switch {
	case x.yes:
		return prevalence / float64(p.Positives)
	case p.Everyday == 0:
		return (1 - prevalence) / float64(p.Negatives)
	case x.everyday:
		return (1 - prevalence) / 2 / float64(p.Everyday)
	}
	return (1 - prevalence) / 2 / float64(p.Negatives)
}

func moments(points []point) (mean, spread float64) {
	for _, x := range points {
		mean += x.z / float64(len(points))
	}
	for _, x := range points {
		spread += float64((x.z-mean)*(x.z-mean)) / float64(len(points))
	}
	return mean, max(math.Sqrt(spread), 1e-9)
}

// step makes one Newton step, halved until the loss falls, and reports whether it still moved.
func (p *Platt) step(points []point) bool {
	var ga, gb, aa, ab, bb float64
	for _, x := range points {
		q := linear.Sigmoid(float64(p.A*x.z) + p.B)
		g, h := float64(x.weight*(q-float64(side(x)))), float64(x.weight*q)*(1-q)
		ga += float64(g * x.z)
		gb += g
		aa += float64(float64(h*x.z) * x.z)
		ab += float64(h * x.z)
		bb += h
	}
	aa, bb = aa+1e-6, bb+1e-6
	det := float64(aa*bb) - float64(ab*ab)
	da, db := (float64(bb*ga)-float64(ab*gb))/det, (float64(aa*gb)-float64(ab*ga))/det
	before := p.loss(points)
	for t := 1.0; t > 1e-6; t /= 2 {
		next := *p
		next.A, next.B = p.A-float64(t*da), p.B-float64(t*db)
		if after := next.loss(points); after < before {
			*p = next
			return before-after > 1e-12
		}
	}
	return false
}

// loss is the weighted log loss, from the deterministic exponential and math.Log, whose last bit may differ
// between machines: it only orders steps, and the result is rounded far above it.
func (p *Platt) loss(points []point) float64 {
	sum := 0.0
	for _, x := range points {
		z := float64(p.A*x.z) + p.B
		if x.yes {
			z = -z
		}
		sum += float64(x.weight * (max(z, 0) + math.Log1p(linear.Exp(-math.Abs(z)))))
	}
	return sum
}
