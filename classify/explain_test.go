package classify_test

import (
	"math"
	"slices"
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

// In ordinary talk the tagger still finds a word in nearly every sentence; shown, it would make the weather an insult, and
// every segment one that a search for the label finds. An insult keeps its marks.
func TestOrdinaryTalkHasNoInsult(t *testing.T) {
	s := newStage(t, nil)
	f := func(text string, want bool) {
		t.Helper()
		a := judge(t, s, text, classify.Input{Kind: counterpoint.Radio, Lang: "eng"})
		if got := slices.Contains(a.Labels(), counterpoint.Offensive); got != want {
			t.Errorf("%q has the label offensive: %t, want %t: %+v", text, got, want, a.Findings)
		}
	}
	for _, text := range []string{
		"Now the weather.", "Good morning everyone.", "The price of maize went up.", "Water is available at the school.",
		"Our health workers will vaccinate children on Monday.", "The road to the airport is closed until noon.",
	} {
		f(text, false)
	}
	f("You are an idiot and a fool.", true)
}
