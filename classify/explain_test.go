package classify_test

import (
	"math"
	"testing"

	"counterpoint"
	"counterpoint/classify"
)

// What is shown for a label and what is shown against it add up to its logit, whatever was said.
func TestContributionsSumToTheLogit(t *testing.T) {
	s := newStage(t, nil)
	labels := 0
	for _, lang := range []string{"eng", "fra", "swa", "ara"} {
		for _, c := range cases(t, lang) {
			a := judge(t, s, c.text, classify.Input{Lang: lang})
			sums := map[counterpoint.Label]float64{}
			for _, f := range a.Findings {
				sums[f.Label] += f.Contribution
			}
			for _, l := range a.Labels() {
				p, scored := a.Scores[l]
				if !scored {
					continue
				}
				for _, f := range a.Against {
					if f.Label == l {
						sums[l] += f.Contribution
					}
				}
				labels++
				if want := math.Log(p / (1 - p)); math.Abs(sums[l]-want) > 1e-6 {
					t.Errorf("%q, %s: contributions sum to %.9f, logit %.9f", c.text, l, sums[l], want)
				}
			}
		}
	}
	if labels < 500 {
		t.Errorf("%d labels shown: the cases test nothing", labels)
	}
}
