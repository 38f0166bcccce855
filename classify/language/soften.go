package language

import (
	"math"

	"counterpoint/classify/linear"
)

// softenLimit is how many dev rows of a label count.
const softenLimit = 60

// soften scales the scores so that probabilities are right as often as they say, on windows of the dev rows. A
// model sounds surer of text it was trained on than it may be of new text.
func (t *trainer) soften(dev map[string][]string) {
	var sums [][]float32
	var golds []int
	s := newSum(t.m.dims)
	for l, label := range t.m.labels[:t.babble] {
		texts := dev[trimmed(label)]
		for i := range min(len(texts), softenLimit) {
			hidden := make([]float32, t.m.dims)
			if t.m.read(&t.reader, s, t.window(texts[i]), hidden) {
				sums, golds = append(sums, hidden), append(golds, l)
			}
		}
	}
	if len(golds) == 0 {
		return
	}
	best, least := 1.0, math.Inf(1)
	for heat := 0.5; heat < 4; heat *= 1.06 {
		if loss := t.m.loss(sums, golds, heat); loss < least {
			best, least = heat, loss
		}
	}
	for i := range t.m.out {
		t.m.out[i] /= float32(best)
	}
	for i := range t.m.bias {
		t.m.bias[i] /= float32(best)
	}
}

// read fills hidden from a text; false where the text has nothing the model knows.
func (m *model) read(r *reader, s *sum, text string, hidden []float32) bool {
	s.reset()
	for at, ok := 0, true; ok; {
		if _, at, ok = r.next(text, at); ok {
			m.addWord(r, s)
		}
	}
	s.settle()
	m.hidden(s.acc, s.n, hidden)
	return s.n > 0
}

// loss is the mean of -log p of the right labels with the scores divided by heat.
func (m *model) loss(hidden [][]float32, golds []int, heat float64) float64 {
	logits, probs := make([]float32, len(m.labels)), make([]float64, len(m.labels))
	sum := 0.0
	for i, h := range hidden {
		m.logits(h, logits)
		for l, z := range logits {
			probs[l] = float64(z) / heat
		}
		linear.Softmax(probs)
		sum -= math.Log(max(probs[golds[i]], 1e-9))
	}
	return sum / float64(len(golds))
}
