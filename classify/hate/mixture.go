package hate

import (
	"counterpoint"
	"counterpoint/classify/linear"
)

const voices = experts + 1

// lines are linear functions of the sums of all columns; the last number of each is its constant.
type lines [voices][cols + 1]float64

// mixture makes one log-odds of the sums of all columns: a few voices, each linear, and how much each has to say of a
// text, a softmax of linear functions. For a given text it is linear, so its explanation stays exact.
type mixture struct {
	Gate  lines `json:"gate"`
	Voice lines `json:"voice"`
}

// written and spoken are the mixtures of a model. A transcript has no signs and capitals and many a wrong letter: other
// columns are to be believed there.
const (
	written = iota
	spoken
	deliveries
)

func deliveryOf(kind counterpoint.SourceKind) int {
	if kind == counterpoint.Radio {
		return spoken
	}
	return written
}

func (l *lines) at(k int, x *[cols]float64) float64 {
	sum := l[k][cols]
	for c, v := range x {
		sum += float64(l[k][c] * v)
	}
	return sum
}

func (m *mixture) shares(x *[cols]float64) (share [voices]float64) {
	for k := range share {
		share[k] = m.Gate.at(k, x)
	}
	linear.Softmax(share[:])
	return share
}

func (m *mixture) outcome(x *[cols]float64) float64 {
	sum := 0.0
	for k, share := range m.shares(x) {
		sum += float64(share * m.Voice.at(k, x))
	}
	return sum
}

// line is what each column counts for a text; the last is the constant.
func (m *mixture) line(x *[cols]float64) (line [cols + 1]float64) {
	for k, share := range m.shares(x) {
		for c, v := range m.Voice[k] {
			line[c] += float64(share * v)
		}
	}
	return line
}
