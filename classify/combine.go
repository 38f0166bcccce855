package classify

import (
	"math"
	"slices"

	"counterpoint"
	"counterpoint/classify/lexicon"
)

// What a trained model must say before it raises a flag without any cue. Its probabilities are calibrated to a
// prevalence of one half, where .95 is odds of 19 to 1; on air hate is rare, and a false flag costs a
// reviewer's minutes. Without a cue of a call a text is never of level 3.
const (
	modelHate  = 0.95
	modelGrave = 0.95 // violence or dehumanization
	modelBoth  = 0.85 // hate beside it
	modelWords = 5    // shorter texts say too little
	showScore  = 0.8  // from here a model's words are shown even where nothing is flagged
)

// prior is the probability of a label that neither a cue nor a trained model speaks for.
const prior = 0.02

// gated is the highest probability of a text whose words are denied, condemned, quoted or reported.
const gated = 0.2

// weight is how much each cue adds to the logit of each label. Set by hand on the functional cases, not learned;
// a cue counts once for a label however often it stands in the text.
var weight = map[string]map[counterpoint.Label]float64{
	"HARM":    {counterpoint.Incitement: 2.0, counterpoint.Violence: 2.0, counterpoint.Hate: 0.6},
	"GROUP":   {counterpoint.Incitement: 1.4, counterpoint.Violence: 0.4, counterpoint.Hate: 1.4, counterpoint.Dehumanization: 0.3},
	"CALL":    {counterpoint.Incitement: 3.6, counterpoint.Violence: 3.4, counterpoint.Hate: 3.0},
	"THREAT":  {counterpoint.Incitement: 0.6, counterpoint.Violence: 4.2, counterpoint.Hate: 2.2},
	"WISH":    {counterpoint.Incitement: 0.8, counterpoint.Violence: 3.8, counterpoint.Hate: 2.4},
	"JUSTIFY": {counterpoint.Incitement: 1.2, counterpoint.Violence: 3.8, counterpoint.Hate: 2.4},
	"DEHUM":   {counterpoint.Incitement: 0.4, counterpoint.Dehumanization: 5.4, counterpoint.Hate: 3.4},
	"MIRROR":  {counterpoint.Incitement: 1.0, counterpoint.Violence: 3.0, counterpoint.Hate: 1.6, counterpoint.Mirror: 5.0},
	"EXPEL":   {counterpoint.Incitement: 1.6, counterpoint.Violence: 0.4, counterpoint.Hate: 3.4},
	"INSULT":  {counterpoint.Hate: 3.6, counterpoint.Offensive: 2.4},
	"HATE":    {counterpoint.Hate: 4.6, counterpoint.Offensive: 1.4},
	"SLUR":    {counterpoint.Hate: 4.2, counterpoint.Offensive: 3.0},
	"CODE":    {counterpoint.Hate: 3.4},
	"PURITY":  {counterpoint.Hate: 3.4, counterpoint.Purity: 5.0},
	"WOMEN":   {counterpoint.Hate: 2.4, counterpoint.Violence: 0.6, counterpoint.Women: 5.0},
	"LOYALTY": {counterpoint.Hate: 2.4, counterpoint.Loyalty: 5.0},
	"TIME":    {counterpoint.Incitement: 0.3},
}

// combine makes one assessment of what the classifiers found.
func (s *Stage) combine(text string, in Input, v *verdict) counterpoint.SegmentAssessment {
	a := counterpoint.SegmentAssessment{
		Lang: v.lang(), Best: v.answer.Best, Confidence: v.answer.Confidence, DecidedBy: v.answer.DecidedBy,
		Stance: v.cues.Stance, Imminence: max(1, v.cues.Imminence), Quality: in.Quality, Level: v.cues.Level,
	}
	if a.Best == "" {
		a.Best = counterpoint.Undetermined
	}
	if a.DecidedBy == "" {
		a.DecidedBy = "none"
	}
	if a.Stance == "" {
		a.Stance = counterpoint.Assert
	}
	if a.Quality == "" {
		a.Quality = counterpoint.Good
	}
	blocked := v.cues.Raw > 0 && v.cues.Level == 0
	probs := probabilities(v, blocked)
	a.Scores = make(map[counterpoint.Label]float64, len(counterpoint.Scored))
	for _, l := range counterpoint.Scored {
		a.Scores[l] = round(probs[l])
	}
	a.Level = max(a.Level, modelLevel(v, blocked))
	a.Basis = basis(v, a.Level)
	a.Flag = flagged(a)
	s.explain(text, in, v, probs, blocked, &a)
	return a
}

// probabilities adds the cues to what the model says, in logits.
func probabilities(v *verdict, blocked bool) map[counterpoint.Label]float64 {
	out := make(map[counterpoint.Label]float64, len(counterpoint.Labels))
	for _, l := range counterpoint.Labels {
		out[l] = modelP(v, l)
	}
	added := map[string]bool{}
	for _, h := range v.cues.Hits {
		if added[h.Cue] {
			continue
		}
		added[h.Cue] = true
		for l, w := range weight[h.Cue] {
			out[l] = sigmoid(logit(out[l]) + w)
		}
	}
	if blocked || framed(v) {
		for l := range out {
			if l != counterpoint.Offensive {
				out[l] = min(out[l], gated)
			}
		}
	}
	return out
}

// framed reports whether words that only the model minds are condemned, quoted or reported.
func framed(v *verdict) bool {
	return v.cues.Level == 0 && (v.cues.Frame == counterpoint.Condemn || v.cues.Frame == counterpoint.ReportOn || v.cues.Frame == counterpoint.Quote)
}

func modelP(v *verdict, l counterpoint.Label) float64 {
	p, scored := v.scores.P[l]
	if _, trained := v.scores.Logit[l]; scored && trained {
		return min(max(p, 0.001), 0.999)
	}
	return prior
}

// modelLevel is the level a trained model alone may raise.
func modelLevel(v *verdict, blocked bool) int {
	if !v.scores.Trained || blocked || framed(v) || v.cues.Words < modelWords {
		return 0
	}
	hate := modelP(v, counterpoint.Hate)
	grave := max(modelP(v, counterpoint.Violence), modelP(v, counterpoint.Dehumanization))
	switch {
	case grave >= modelGrave && hate >= modelBoth:
		return 2
	case hate >= modelHate:
		return 1
	}
	return 0
}

func basis(v *verdict, level int) counterpoint.Basis {
	model := modelP(v, counterpoint.Hate) >= 0.5 || modelP(v, counterpoint.Violence) >= 0.5 || modelP(v, counterpoint.Dehumanization) >= 0.5
	switch {
	case level == 0:
		return ""
	case v.cues.Level == 0:
		return counterpoint.ByModel
	case v.scores.Trained && model:
		return counterpoint.ByBoth
	}
	return counterpoint.ByCues
}

// flagged is the stance gate and the transcript gate: condemned, quoted and reported words raise no flag, nor do
// words that the recogniser could not hear. Unclear ones go to people.
func flagged(a counterpoint.SegmentAssessment) bool {
	switch a.Stance {
	case counterpoint.Assert, counterpoint.Question, counterpoint.Uncertain:
		return a.Level > 0 && a.Quality != counterpoint.Unusable
	}
	return false
}

// explain fills in the findings, and what spoke against.
func (s *Stage) explain(text string, in Input, v *verdict, probs map[counterpoint.Label]float64, blocked bool, a *counterpoint.SegmentAssessment) {
	if denied := blocked && !signal(a.Stance); !denied {
		for _, h := range v.cues.Hits {
			a.Findings = append(a.Findings, s.finding(h, probs, 1))
		}
	}
	for _, h := range v.cues.Against {
		a.Against = append(a.Against, s.finding(h, probs, -1))
	}
	if a.Level > 0 && a.Quality == counterpoint.Unusable {
		a.Against = append(a.Against, counterpoint.Finding{
			Label: counterpoint.Incitement, End: len([]rune(text)), Cue: "ASR", Contribution: -6,
			Reason: "the recogniser could not hear these words; listen before you judge them",
		})
	}
	if blocked || framed(v) || !v.scores.Trained {
		return
	}
	for _, l := range []counterpoint.Label{counterpoint.Hate, counterpoint.Offensive, counterpoint.Violence, counterpoint.Dehumanization} {
		if p := modelP(v, l); p >= showScore || a.Level > 0 && p >= 0.5 {
			found := within(s.model.Explain(text, v.lang(), in.Kind, l, 3), text)
			for i := range found {
				found[i].Score, found[i].Contribution = a.Scores[l], round(found[i].Contribution)
				found[i].Reason = "the trained model hears " + heard[l] + " in these words"
			}
			a.Findings = append(a.Findings, found...)
		}
	}
}

// heard is what a trained model's label means to a reviewer.
var heard = map[counterpoint.Label]string{
	counterpoint.Hate: "hate", counterpoint.Offensive: "insult", counterpoint.Violence: "violence", counterpoint.Dehumanization: "contempt for people",
}

// signal reports whether words that raise no flag are still worth finding: somebody said them to somebody.
func signal(st counterpoint.Stance) bool {
	return slices.Contains([]counterpoint.Stance{counterpoint.Condemn, counterpoint.ReportOn, counterpoint.Quote, counterpoint.Question}, st)
}

func (s *Stage) finding(h lexicon.Hit, probs map[counterpoint.Label]float64, sign float64) counterpoint.Finding {
	w := math.Abs(h.Weight)
	if own, ok := weight[h.Cue][h.Label]; ok && sign > 0 {
		w = own
	}
	return counterpoint.Finding{
		Label: h.Label, Score: round(probs[h.Label]), Start: h.Start, End: h.End, Contribution: sign * w,
		Reason: h.Reason, Cue: h.Cue, Entry: h.Entry, Version: s.versions["lexicon"],
	}
}

// within drops spans that do not lie in the text: a classifier's fault must not break a page.
func within(fs []counterpoint.Finding, text string) []counterpoint.Finding {
	n := len([]rune(text))
	return slices.DeleteFunc(fs, func(f counterpoint.Finding) bool {
		return f.Start < 0 || f.End > n || f.Start >= f.End || f.Contribution < 0.005
	})
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func round(p float64) float64 { return math.Round(p*1e4) / 1e4 }
