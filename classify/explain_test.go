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
	f("He said that you are an idiot and a fool.", true) // an insult that is quoted is none of the speaker's, and still one
}

// A text too short or too careless to be sure of its language is judged in the one it is most like, and still named
// undetermined.
func TestABestGuessIsJudged(t *testing.T) {
	s := newStage(t, nil)
	const text = "you sir an idiot"
	a := judge(t, s, text, classify.Input{Kind: counterpoint.Social})
	if a.Lang != counterpoint.Undetermined || a.Best != "eng" {
		t.Fatalf("%q is named %s, best guess %s: the case tests nothing", text, a.Lang, a.Best)
	}
	if p := a.Scores[counterpoint.Offensive]; p < 0.5 {
		t.Errorf("%q is offensive with %.2f", text, p)
	}
	if b := judge(t, s, "xyzzy plugh", classify.Input{Kind: counterpoint.Social}); b.Level > 0 || b.Flag {
		t.Errorf("words of no language: %+v", b)
	}
}

// In a long text a bad word somewhere and a group elsewhere say less than side by side.
func TestTheToneOfALongTextCountsLess(t *testing.T) {
	s := newStage(t, nil)
	const bad = "Those Somali people are disgusting and stupid"
	const more = ", I told the driver while we stood at the bus stop and waited for the rain to end, because the shop was closed, the road was full of water and nobody knew when the next one would come"
	z := func(text string) float64 {
		all, err := s.Logits(text, "eng", counterpoint.Social)
		if err != nil {
			t.Fatal(err)
		}
		return all[counterpoint.Hate]
	}
	if short, long := z(bad+"."), z(bad+more+"."); long >= short || long < 0 {
		t.Errorf("hate %.2f in short, %.2f in long", short, long)
	}
}
