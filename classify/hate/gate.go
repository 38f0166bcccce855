package hate

import "counterpoint/classify/linear"

// What counts as hate differs between sets of labelled data: one means sexism alone, another any attack on who
// people are. One head for all of them is a compromise that fits none, so every set has an expert beside the
// pooled head, and a gate guesses from the words which of them a text is like. A text like none of them gets the
// pooled head. For a given text the mixture is linear, so its explanation stays exact.
//
// The first of the domains have experts. The others are told apart by the gate alone, which finds a border
// between two sets more easily than one around everything else.
var domains = [guests - 1]string{"davidson", "edos", "implicit_hate", "ghc", "stormfront", "hatemoji_build", "mlma_ara", "told_br", "toxic_spans"}

const (
	experts = 3
	guests  = 10 // the domains, and none of them last
)

// domain is the place of a set of data among the domains; guests-1 is that of all others.
func domain(source string) int {
	for i, d := range domains {
		if d == source {
			return i
		}
	}
	return guests - 1
}

// mix is how much each expert has to say of a text, the pooled head last.
func mix(gate [guests]float64) (share [experts + 1]float64) {
	for i := range gate {
		gate[i] += gatePrior[i]
	}
	linear.Softmax(gate[:])
	for i, g := range gate {
		share[min(i, experts)] += g
	}
	return share
}

// gatePrior makes up for the rarity of some sets among the rows of training.
var gatePrior = [guests]float64{1, 0.9}
