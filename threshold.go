package counterpoint

import "math"

// Rate is a share with its 95 % interval.
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Heads are what can raise a flag: three scores, which must reach a cut; the grammar's calls for harm; and any other
// words of the cue packs.
var Heads = []string{string(Hate), string(Violence), string(Dehumanization), "call", "cues"}

// Threshold is what a machine's flag had to reach, and how often such a flag is right. The shares were measured on
// labelled text of the language and kind of source named, which need not be alike to what is heard.
type Threshold struct {
	Head string   `json:"head"` // one of Heads
	Lang string   `json:"lang"` // measured in, empty where nothing was measured in the language
	Kind string   `json:"kind"` // measured on: web, social or radio; empty is any
	Cut  *float64 `json:"cut"`  // null where no score was asked

	Positives   int   `json:"positives"` // rows labelled so
	Negatives   int   `json:"negatives"` // rows labelled not so, and everyday text
	Reviewed    int   `json:"reviewed"`  // flags decided elsewhere by people, of which the table knows
	Here        int   `json:"here"`      // flags of the same source and language decided here, once that is enough; then Expected is theirs
	Sensitivity *Rate `json:"sensitivity"`
	FalseAlarms *Rate `json:"false_alarms"`

	// Prevalence is the share of what is heard that is assumed to be hateful; Expected is the share of such flags
	// that is right then, null where nothing was measured, or too few flags were seen to tell.
	Prevalence float64 `json:"prevalence"`
	Expected   *Rate   `json:"expected_precision"`
}

// GoodEnough is the expected precision from which on a machine's flags may be put in an order by themselves.
const GoodEnough = 0.5

// Good reports whether at least half of such flags are right. Where it is false the flag is still shown, and says so.
func (t Threshold) Good() bool { return t.Expected != nil && t.Expected.Value >= GoodEnough }

// EnoughDecided is how many decisions on flags of a source in a language outweigh what was measured elsewhere.
const EnoughDecided = 30

// Seen is the threshold with what people decided on flags of the same source and language, once that is enough: the
// share confirmed, and the prevalence at which such a share would be right.
func (t Threshold) Seen(confirmed, rejected int) Threshold {
	decided := confirmed + rejected
	if decided < EnoughDecided {
		return t
	}
	seen := Wilson(float64(confirmed), float64(decided))
	t.Here, t.Expected = decided, &seen
	if t.Sensitivity != nil && t.FalseAlarms != nil {
		if p := PrevalenceOf(t.Sensitivity.Value, t.FalseAlarms.Value, seen.Value); p > 0 {
			t.Prevalence = p
		}
	}
	return t
}

// AtPrevalence is a score calibrated to a prevalence of one half, as it is where a share of prevalence is hateful.
func AtPrevalence(score, prevalence float64) float64 {
	return ExpectedPrecision(score, 1-score, prevalence)
}

// ExpectedPrecision is Bayes' rule: the share of flags that is right where a share of prevalence of what is heard is
// hateful. It is 0 where nothing is ever flagged.
func ExpectedPrecision(sensitivity, falseAlarms, prevalence float64) float64 {
	right, wrong := prevalence*sensitivity, (1-prevalence)*falseAlarms
	if right+wrong == 0 {
		return 0
	}
	return right / (right + wrong)
}

// PrevalenceOf is the inverse: the prevalence at which a share of precision of the flags is right. It is 0 where
// that cannot be told.
func PrevalenceOf(sensitivity, falseAlarms, precision float64) float64 {
	if precision >= 1 || sensitivity <= 0 {
		return 0
	}
	odds := precision / (1 - precision) * falseAlarms / sensitivity
	return odds / (1 + odds)
}

// Wilson is k of n with Wilson's 95 % interval; of nothing it is all of 0 to 1.
func Wilson(k, n float64) Rate {
	if n <= 0 {
		return Rate{0, 0, 1}
	}
	const z = 1.959964
	p := k / n
	d := 1 + z*z/n
	mid, half := (p+z*z/(2*n))/d, z/d*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return Rate{p, max(0, mid-half), min(1, mid+half)}
}
