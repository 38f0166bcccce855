package hate

import "counterpoint/classify/linear"

// What counts as hate differs between sets of labelled data: one means sexism alone, another any attack on who
// people are. One head for all of them is a compromise that fits none, so some sets have an expert beside the
// pooled head, and a gate guesses from words and style which of them a text is like (mixture.go).
//
// The first of the domains have experts. The others are told apart by the gate alone, which finds a border
// between two sets more easily than one around everything else.
var domains = [guests - 1]string{"davidson", "edos", "implicit_hate", "ghc", "stormfront", "hatemoji_build", "toxic_spans"}

const (
	experts = 4
	guests  = 8 // the domains, and none of them last
	// gated is the language of all of them.
	gated = "eng"
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

// strict are the first domains, in which what people mean by hate is least like what is meant elsewhere.
const strict = 3

// familiar is how much a text is like the strict sets.
func familiar(sums *[cols]float64) float64 {
	gate := [guests]float64(sums[heads+experts:])
	for i := range gate {
		gate[i] += gatePrior[i]
	}
	linear.Softmax(gate[:])
	sum := 0.0
	for _, g := range gate[:strict] {
		sum += g
	}
	return sum
}

// gatePrior makes up for the rarity of some sets among the rows of training.
var gatePrior = [guests]float64{1, 0.9}
