package classify

import "counterpoint"

// odds are log-odds by label, in the order of counterpoint.Labels.
type odds [labels]float64

const (
	atHate = iota
	atOffensive
	atViolence
	atDehumanization
	atIncitement
	atMisinformation
	atMirror
	atPurity
	atWomen
	atLoyalty
	labels
)

// place is where odds hold a label.
func place(l counterpoint.Label) int {
	switch l {
	case counterpoint.Hate:
		return atHate
	case counterpoint.Offensive:
		return atOffensive
	case counterpoint.Violence:
		return atViolence
	case counterpoint.Dehumanization:
		return atDehumanization
	case counterpoint.Incitement:
		return atIncitement
	case counterpoint.MisinformationCue:
		return atMisinformation
	case counterpoint.Mirror:
		return atMirror
	case counterpoint.Purity:
		return atPurity
	case counterpoint.Women:
		return atWomen
	case counterpoint.Loyalty:
		return atLoyalty
	}
	panic("classify: no label: " + l)
}

// cue is what a cue adds, as odds, and its bit in a set of cues.
type cue struct {
	bit    uint64
	weight odds
}

// cues is the table weight, laid out for adding up.
var cues = func() map[string]*cue {
	out := map[string]*cue{}
	for name, weights := range weight {
		c := &cue{bit: 1 << len(out)}
		for l, w := range weights {
			c.weight[place(l)] = w
		}
		out[name] = c
	}
	return out
}()

var priorLogit, gatedLogit = logit(prior), logit(gated)
