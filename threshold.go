package counterpoint

import "math"

// Rate is a share with its 95 % interval.
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Threshold is what a machine's flag had to reach, and how often such a flag is right. The shares were measured on
// labelled text of the language and kind of source named, which need not be alike to what is heard.
type Threshold struct {
	// Head is what raised the flag: hate, violence or dehumanization, whose score reached Cut; call, the grammar's
	// call for harm; or cues, any other words of the packs.
	Head string   `json:"head"`
	Lang string   `json:"lang"` // measured in, empty where nothing was measured in the language
	Kind string   `json:"kind"` // measured on: web, social or radio; empty is any
	Cut  *float64 `json:"cut"`  // null where no score was asked

	Positives   int   `json:"positives"` // rows labelled so
	Negatives   int   `json:"negatives"` // rows labelled not so, and everyday text
	Reviewed    int   `json:"reviewed"`  // flags decided by people that Expected knows of
	Sensitivity *Rate `json:"sensitivity"`
	FalseAlarms *Rate `json:"false_alarms"`

	// Prevalence is the share of what is heard that is assumed to be hateful; Expected is the share of such flags
	// that is right then, null where nothing was measured.
	Prevalence float64 `json:"prevalence"`
	Expected   *Rate   `json:"expected_precision"`
}

// GoodEnough is the expected precision from which on a machine's flags may be put in an order by themselves.
const GoodEnough = 0.5

// Good reports whether at least half of such flags are right. Where it is false the flag is still shown, and says so.
func (t Threshold) Good() bool { return t.Expected != nil && t.Expected.Value >= GoodEnough }

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
