package classify

import (
	"errors"
	"math"
	"slices"

	"counterpoint"
	"counterpoint/classify/lexicon"
	"counterpoint/classify/threshold"
)

// modelWords is how many words a text needs before scores raise a flag without any cue; shorter ones say too little.
// How high a score must be is a matter of data: the table of thresholds. Without a cue of a call a text is never of
// level 3.
const modelWords = 5

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
	"ENDORSE": {counterpoint.Incitement: 2.6, counterpoint.Violence: 4.2, counterpoint.Hate: 2.2},
	"TIME":    {counterpoint.Incitement: 0.3},
}

// combine makes one assessment of what the classifiers found.
func (s *Stage) combine(text string, in Input, v *verdict) counterpoint.SegmentAssessment {
	a := counterpoint.SegmentAssessment{
		Lang: v.named(), Best: v.answer.Best, Confidence: v.answer.Confidence, DecidedBy: v.answer.DecidedBy,
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
	heard := attested(in, v)
	if heard {
		v.cues.Level, v.cues.Hits = v.cues.Raw, append(v.cues.Hits, v.cues.When...)
		a.Level, a.Imminence = v.cues.Raw, max(1, v.cues.Reported)
	}
	blocked := v.cues.Raw > 0 && v.cues.Level == 0
	z := logits(v, blocked)
	head := s.raisedBy(in, v, &z, blocked)
	a.Level = max(a.Level, toneLevel(v, &z, blocked))
	a.Basis = basis(v, a.Level)
	if a.Flag = flagged(a, head != "", heard); a.Flag {
		a.Threshold = s.thresholds.Expect(head, v.named(), in.Kind, s.prevalence)
	}
	for i, curve := range s.curves.In(v.lang()) { // what is decided above does not hang on it: a curve rises through the origin
		z[i] = curve.At(z[i])
	}
	a.Scores = make(map[counterpoint.Label]float64, len(counterpoint.Scored))
	for _, l := range counterpoint.Scored {
		a.Scores[l] = sigmoid(z[place(l)])
	}
	s.explain(text, in, v, &z, blocked, &a)
	return a
}

// attested reports whether a community reporter tells us what others said. From anybody else, words that are reported,
// quoted or condemned are not the speaker's own and raise no flag; a reporter writes to us so that somebody looks at
// them. The stance stays what it is, so that the flag says whose word it rests on.
func attested(in Input, v *verdict) bool {
	if in.Kind != counterpoint.Report || v.cues.Raw == 0 || v.cues.Level > 0 {
		return false
	}
	switch v.cues.Stance {
	case counterpoint.ReportOn, counterpoint.Quote:
		return true
	case counterpoint.Condemn: // of words that somebody said
		return v.cues.Frame == counterpoint.Condemn
	}
	return false
}

// unheard is the logit of hate of a text in a language with a tone file and without a trained model.
const unheard = -2.2

// nobody speaks against hate where a trained model hears some and the text names no group that could be its target.
const nobody = -1.7

// plainly speaks against hate where a text names a group and no bad word that the tone file knows, abroad where the head
// is believed by half.
const (
	plainly       = -1.7
	plainlyAbroad = -1.4
)

// steepest bounds a logit: no text is surer than this.
const steepest = 12

// logits adds the cues and the tone to what the model says.
func logits(v *verdict, blocked bool) (out odds) {
	for i, l := range counterpoint.Labels {
		if p, ok := trainedP(v, l); ok {
			out[i] = logit(p)
		} else {
			out[i] = priorLogit
		}
	}
	added := uint64(0)
	for _, h := range v.cues.Hits {
		c := cues[h.Cue]
		if c == nil || added&c.bit != 0 {
			continue
		}
		added |= c.bit
		for i, w := range c.weight {
			out[i] += w
		}
	}
	toned(v, &out)
	for i := range out {
		if (blocked || framed(v)) && i != atOffensive && i != atMisinformation && out[i] > gatedLogit {
			share := 1.0
			if i == atHate { // which of two framed texts is the worse one, an expert still knows
				share = v.toneShare()
			}
			out[i] -= share * (out[i] - gatedLogit)
		}
		out[i] = min(max(out[i], -steepest), steepest)
	}
	return out
}

// toned adds what the tone file hears. Where the text is of a kind that an expert of the model was trained for, the
// expert knows better.
func toned(v *verdict, out *odds) {
	if !v.tone.Known {
		return
	}
	for _, h := range v.tone.Rumour {
		out[place(h.Label)] += h.Weight
	}
	trained := v.scores.Has(counterpoint.Hate)
	if !trained && v.cues.Level == 0 {
		out[atHate] = unheard
	}
	if trained && v.lang() != english {
		out[atHate] *= abroad
	}
	share := v.toneShare()
	harm := slices.ContainsFunc(v.tone.Hits, func(h lexicon.Hit) bool { return h.Label == counterpoint.Violence })
	if harm { // done to a group: experts know that less well
		share = math.Sqrt(share)
	}
	if kind := v.tone.Group && len(v.tone.Hits) == 0 && !v.tone.Countered; kind {
		out[atHate] += (1 + 3*share) / 4 * v.tone.Logit() // kind words count a little among experts too
	} else {
		out[atHate] += share * v.tone.Logit()
	}
	switch {
	case !trained || v.cues.Level > 0:
	case !v.tone.Group:
		out[atHate] += v.silenceShare() * nobody
	case len(v.tone.Hits) == 0 && v.lang() == english:
		out[atHate] += v.silenceShare() * plainly * (1 - violent(v))
	case len(v.tone.Hits) == 0:
		out[atHate] += v.silenceShare() * plainlyAbroad
	}
	if trained || v.tone.Group {
		out[atViolence] += toneHarm * float64(min(v.tone.Harm, 2))
	}
	if v.tone.Logit() < 0 {
		return
	}
	if harm {
		out[atViolence] += toneViolence
		if v.tone.Meant && !v.scores.Has(counterpoint.Violence) {
			out[atViolence] += toneMeant
		}
	}
	for _, h := range v.tone.Hits {
		if h.Label == counterpoint.Dehumanization && h.Weight > 2 {
			out[atDehumanization] += toneBeast
		}
	}
}

// violent is how far the head for violence is sure: what it is sure of is said in words that the tone file does not know.
func violent(v *verdict) float64 {
	const unsure, sure = 0.8, 0.95
	p, _ := trainedP(v, counterpoint.Violence)
	return min(max((p-unsure)/(sure-unsure), 0), 1)
}

// toneShare is how much the tone counts: the less, the more the text is like those that an expert was trained for, and the
// longer it is where a head was trained. Cases of our own want more of it and labelled rows less.
func (v *verdict) toneShare() float64 {
	near := 1.0
	if v.scores.Has(counterpoint.Hate) && v.cues.Words > toneWords {
		near = toneWords / float64(v.cues.Words)
	}
	return v.silenceShare() * near * near
}

// silenceShare is how much it counts that a text names nobody or has no bad word, however long it is.
func (v *verdict) silenceShare() float64 {
	strange := 1 - v.scores.Familiar
	return strange * math.Sqrt(strange)
}

// toneWords is how long a text may be for its tone to count in full: in a long one a bad word and a group have less to do
// with each other, and the head has more to go by.
const toneWords = 12

// The hate heads of other languages than English know one small set of posts of one country: they are believed
// by little more than half, and the tone more.
const (
	english = "eng"
	abroad  = 0.6
)

const (
	toneHarm     = 1.2 // a word of harm, whomever it is said of
	toneViolence = 1.5
	toneMeant    = 1.5 // should be done, or will be, in a language without a head for violence
	toneBeast    = 2.5
)

// framed reports whether words that only the model minds are condemned, quoted or reported.
func framed(v *verdict) bool {
	return v.cues.Level == 0 && (v.cues.Frame == counterpoint.Condemn || v.cues.Frame == counterpoint.ReportOn || v.cues.Frame == counterpoint.Quote)
}

func modelP(v *verdict, l counterpoint.Label) float64 {
	if p, ok := trainedP(v, l); ok {
		return p
	}
	return prior
}

// trainedP is what a trained model gives the label; false is where none is.
func trainedP(v *verdict, l counterpoint.Label) (float64, bool) {
	if !v.scores.Has(l) {
		return 0, false
	}
	return min(max(v.scores.P(l), 0.0005), 0.9995), true
}

// raisedBy is what is sure enough to take a reviewer's time, empty for nothing: a cue, or a score that reaches its cut.
func (s *Stage) raisedBy(in Input, v *verdict, z *odds, blocked bool) string {
	r := raising(v, z, blocked)
	if !r.scored {
		return r.head
	}
	for _, l := range threshold.Scores {
		p, trained := reaching(v, z, l)
		if !trained {
			continue
		}
		if cut, ok := s.thresholds.Cut(string(l), v.lang(), in.Kind); ok && p >= cut {
			return string(l)
		}
	}
	return ""
}

// raised is what may flag a text. The zero raised is of a text that nothing does.
type raised struct {
	// head is threshold.Call or threshold.Cues where a cue of the grammar, or the tone with more than one reason,
	// flags the text, which no threshold stops.
	head string
	// scored is whether what reaching gives may flag it.
	scored bool
}

// reaching is what a trained head has to reach its threshold with: its own probability, or what is left of it when the
// tone has had its say, whichever is less; false is where none is.
func reaching(v *verdict, z *odds, l counterpoint.Label) (float64, bool) {
	p, trained := trainedP(v, l)
	return min(p, sigmoid(z[place(l)])), trained
}

func raising(v *verdict, z *odds, blocked bool) raised {
	switch {
	case v.cues.Level == 3:
		return raised{head: threshold.Call}
	case v.cues.Level > 0:
		return raised{head: threshold.Cues}
	case toneLevel(v, z, blocked) == 0 || v.cues.Words < modelWords || len(v.cues.Against) > 0:
		return raised{}
	case v.tone.Logit() >= toneSure:
		return raised{head: threshold.Cues}
	}
	return raised{scored: true}
}

// Logits are the log-odds of the labels of a short text before they are calibrated, for those who calibrate.
func (s *Stage) Logits(text, lang string, kind counterpoint.SourceKind) (map[counterpoint.Label]float64, error) {
	var v verdict
	errs := s.listen(text, Input{Lang: lang, Kind: kind}, &v)
	z := logits(&v, v.cues.Raw > 0 && v.cues.Level == 0)
	out := make(map[counterpoint.Label]float64, len(z))
	for i, l := range counterpoint.Labels {
		out[l] = z[i]
	}
	return out, errors.Join(errs...)
}

// Raising says what may flag a short text, for those who look for the thresholds: a head that no threshold stops, or
// the scores that have to reach one. Neither is of a text that nothing flags.
func (s *Stage) Raising(text, lang string, kind counterpoint.SourceKind) (head string, scores map[counterpoint.Label]float64, err error) {
	in := Input{Lang: lang, Kind: kind}
	var v verdict
	errs := s.listen(text, in, &v)
	if len(errs) > 0 {
		return "", nil, errors.Join(errs...)
	}
	blocked := v.cues.Raw > 0 && v.cues.Level == 0
	heard := attested(in, &v)
	if a := s.combine(text, in, &v); !flagged(a, true, heard) {
		return "", nil, nil
	}
	z := logits(&v, blocked)
	r := raising(&v, &z, blocked)
	if !r.scored {
		return r.head, nil, nil
	}
	scores = map[counterpoint.Label]float64{}
	for _, l := range threshold.Scores {
		if p, trained := reaching(&v, &z, l); trained {
			scores[l] = p
		}
	}
	return "", scores, nil
}

// toneSure is a slur and a bad word beside it, or the like.
const toneSure = 8

// toneLevel is the level that model and tone raise at the tipping point of one half: what the machine would guess
// if it had to. Whether that is worth a reviewer's time is another question (surely).
func toneLevel(v *verdict, z *odds, blocked bool) int {
	if blocked || framed(v) || z[atHate] < 0 || v.tone.Countered {
		return 0
	}
	if z[atViolence] >= 0 || z[atDehumanization] >= 0 {
		return 2
	}
	return 1
}

func basis(v *verdict, level int) counterpoint.Basis {
	model := modelP(v, counterpoint.Hate) >= 0.5 || modelP(v, counterpoint.Violence) >= 0.5 || modelP(v, counterpoint.Dehumanization) >= 0.5
	switch {
	case level == 0:
		return ""
	case v.cues.Level == 0 && len(v.tone.Hits) == 0:
		return counterpoint.ByModel
	case v.scores.Trained && model:
		return counterpoint.ByBoth
	}
	return counterpoint.ByCues
}

// flagged is the stance gate and the transcript gate: condemned, quoted and reported words raise no flag, nor do
// words that the recogniser could not hear. Unclear ones go to people, and so does what a reporter attests.
func flagged(a counterpoint.SegmentAssessment, sure, heard bool) bool {
	if !sure {
		return false
	}
	if heard {
		return a.Level > 0
	}
	switch a.Stance {
	case counterpoint.Assert, counterpoint.Question, counterpoint.Uncertain:
		return a.Level > 0 && a.Quality != counterpoint.Unusable
	}
	return false
}

// explain fills in the findings, and what spoke against.
func (s *Stage) explain(text string, in Input, v *verdict, z *odds, blocked bool, a *counterpoint.SegmentAssessment) {
	if denied := blocked && !signal(a.Stance); !denied {
		a.Findings = slices.Grow(a.Findings, len(v.cues.Hits))
		for _, h := range v.cues.Hits {
			a.Findings = append(a.Findings, s.finding(h, z, 1))
		}
	}
	for _, h := range v.cues.Against {
		a.Against = append(a.Against, s.finding(h, z, -1))
	}
	if a.Level > 0 && a.Quality == counterpoint.Unusable {
		a.Against = append(a.Against, counterpoint.Finding{
			Label: counterpoint.Incitement, End: len([]rune(text)), Cue: "ASR", Contribution: -6,
			Reason: "the recogniser could not hear these words; listen before you judge them",
		})
	}
	if z[atMisinformation] >= 0 { // one mark alone is everyday talk
		for _, h := range v.tone.Rumour {
			a.Findings = append(a.Findings, s.finding(h, z, 1))
		}
	}
	own := !blocked && !framed(v)
	if own {
		s.explainTone(v, z, a)
	}
	s.explainModel(text, in, v, z, own, a)
	settle(text, z, a)
}

func (s *Stage) explainTone(v *verdict, z *odds, a *counterpoint.SegmentAssessment) {
	if z[atHate] >= 0 {
		a.Findings = slices.Grow(a.Findings, len(v.tone.Hits))
		for _, h := range v.tone.Hits {
			a.Findings = append(a.Findings, s.finding(h, z, 1))
		}
	}
	for _, h := range v.tone.Against {
		a.Against = append(a.Against, s.finding(h, z, -1))
	}
}

// explainModel marks the words that people would mark: the worst ones where the text is of a level or more likely offensive
// than not, and in other texts those that are bad whatever they stand in, for the worst word of ordinary talk may be the
// weather. An insult is marked in words that are quoted or condemned too, for its score stands. The name of a group is no
// offence by itself, however often it stands beside one. Where a label is over one half without a mark of its own, it gives
// the words that weigh most, if they are the speaker's own.
func (s *Stage) explainModel(text string, in Input, v *verdict, z *odds, own bool, a *counterpoint.SegmentAssessment) {
	if !v.scores.Trained || !own && z[atOffensive] < 0 {
		return
	}
	l := counterpoint.Offensive
	var marks [][2]int
	if toxic := a.Level > 0 || z[atOffensive] >= 0; toxic || z[atOffensive] >= decent {
		marks = slices.DeleteFunc(s.model.Marks(text, v.lang(), toxic), func(m [2]int) bool { return inside(v.tone.Names, m) })
	}
	a.Findings = slices.Grow(a.Findings, len(marks))
	for _, m := range marks {
		a.Findings = append(a.Findings, counterpoint.Finding{Label: l, Score: sigmoid(z[atOffensive]), Start: m[0], End: m[1], Contribution: markWeight,
			Reason: "the trained model hears " + heard[l] + " in these words", Version: s.versions["hate"]})
	}
	for _, l := range []counterpoint.Label{counterpoint.Hate, counterpoint.Violence, counterpoint.Dehumanization} {
		if p := modelP(v, l); p < 0.5 || a.Level == 0 || len(marks) > 0 || !own {
			continue
		}
		found := within(s.model.Explain(text, v.lang(), in.Kind, l, 1), text)
		for i := range found {
			found[i].Score, found[i].Reason = a.Scores[l], "the trained model hears "+heard[l]+" in these words"
		}
		a.Findings = append(a.Findings, found...)
	}
}

// decent is the log-odds of being offensive under which no word of a text is looked at.
const decent = -2

// inside reports whether one of the ranges holds m.
func inside(ranges [][2]int, m [2]int) bool {
	return slices.ContainsFunc(ranges, func(r [2]int) bool { return r[0] <= m[0] && m[1] <= r[1] })
}

// markWeight is the share of a marked word, before all shares are settled.
const markWeight = 1.0

// settle makes the contributions to each label that is shown add up to its logit. What the words shown do not
// account for, the other words and how rare the label is, stands beside what spoke against.
func settle(text string, z *odds, a *counterpoint.SegmentAssessment) {
	if len(a.Findings)+len(a.Against) == 0 {
		return
	}
	for at, l := range counterpoint.Labels {
		sum, best, worst := 0.0, -1, -1
		for i := range a.Findings {
			if f := &a.Findings[i]; f.Label == l {
				sum += f.Contribution
				if best < 0 || f.Contribution > a.Findings[best].Contribution {
					best = i
				}
			}
		}
		for i := range a.Against {
			if f := &a.Against[i]; f.Label == l {
				sum += f.Contribution
				if worst < 0 || f.Contribution < a.Against[worst].Contribution {
					worst = i
				}
			}
		}
		switch rest := z[at] - sum; {
		case best >= 0 && rest > 0:
			a.Findings[best].Contribution += rest
		case best >= 0 && rest < 0:
			a.Against = append(a.Against, counterpoint.Finding{Label: l, Score: sigmoid(z[at]), End: len([]rune(text)), Cue: "REST", Contribution: rest,
				Reason: "all other words, and how seldom such a text is " + string(l)})
		case worst >= 0 && a.Against[worst].Contribution+rest < 0:
			a.Against[worst].Contribution += rest
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

func (s *Stage) finding(h lexicon.Hit, z *odds, sign float64) counterpoint.Finding {
	w := math.Abs(h.Weight)
	if own, ok := weight[h.Cue][h.Label]; ok && sign > 0 {
		w = own
	}
	return counterpoint.Finding{
		Label: h.Label, Score: sigmoid(z[place(h.Label)]), Start: h.Start, End: h.End, Contribution: sign * w,
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
