package language

import (
	"math"
	"strings"
)

// How sure an answer must be, and when lingua-go is asked. Fitted on dev rows, with models from which a source or
// thirty languages had been left out; docs/LANGUAGES.md has the figures.
const (
	sureOther    = 0.90 // what it takes to go against a declared language
	minOverrule  = 16   // letters a text needs to go against what was declared
	minAgreement = 0.5  // the least agreement of a text's parts
	minFit       = 0.7  // the same where words of several languages were found
	mixedNeed    = 0.1  // what a part of a mixed text needs more than a text of one language
	askBelow     = 0.97 // own probability below which lingua-go is asked
	askLongBelow = 0.55 // the same of a sentence, where it seldom changes the answer and takes long
	askLong      = 60   // letters of a sentence
	askLongShare = 0.02
	askLongMost  = 4
	askMass      = 0.5   // share of the own probability that must lie on lingua-go's languages
	askShare     = 0.002 // own probability that makes a language one of those lingua-go chooses among
	askMost      = 8     // how many those are at most
	linguaPower  = 3     // weight of lingua-go's log probability beside the own model's: it divides its own by the letters
)

// need is the probability a text of so many letters must reach to be answered.
func need(letters int) float64 {
	switch {
	case letters < 2:
		return 2 // never
	case letters < 6:
		return 0.85
	case letters < 12:
		return 0.75
	}
	return 0.7
}

// decide makes the verdict of the probabilities at hand. Three may speak: the own model, lingua-go where it is
// asked, and what was declared.
func (d *Detector) decide(s *scratch, text string, letters, script int, c *candidates) verdict {
	by := "own"
	if d.unsure(s, script) {
		by = d.consult(s, text, script)
	}
	top := s.top
	s.judged = top
	v := verdict{lang: unknown.lang, best: d.model.classes.codes[top], p: s.probs[top], by: "none"}
	if v.best == noLanguage {
		v.best = unknown.best
	}
	if c.may[top] && !d.model.classes.experimental[top] && d.sure(s, letters) {
		v.lang, v.by = v.best, by
	}
	if c.declared != "" && v.lang != c.declared && fits(c.declared, script) && !overrules(v, c.declared, letters) {
		v.lang, v.by = c.declared, "declared"
	}
	return v
}

// overrules reports whether the text speaks clearly enough against what was declared, be it for a language that
// is no answer here.
func overrules(v verdict, declared string, letters int) bool {
	return v.best != declared && v.p >= sureOther && letters >= minOverrule
}

// sure reports whether the likeliest language, or it and its neighbours together, are likely enough, and enough
// of the text was known to the model at all.
func (d *Detector) sure(s *scratch, letters int) bool {
	p := s.probs[s.top]
	group := p
	for i, q := range s.probs {
		if q > 0.01 && i != s.top && d.model.classes.near(i, s.top) {
			group += q
		}
	}
	n := need(letters)
	if s.fits > 0 && s.heard == s.fits {
		n += mixedNeed
		if s.agreement() < minFit {
			return false
		}
	}
	return s.agreement() >= minAgreement && (p >= n || group >= n && p >= 0.5)
}

// unsure reports whether lingua-go should be asked: the own model hesitates, and mostly between languages that
// lingua-go knows. Elsewhere it would name a neighbour of a language it has never heard of.
func (d *Detector) unsure(s *scratch, script int) bool {
	below := askBelow
	if s.letters >= askLong {
		below = askLongBelow
	}
	if s.topP >= below || !d.second.knows(d.model.classes.codes[s.top], script) {
		return false
	}
	mass := 0.0
	for i, p := range s.probs {
		if p > 1e-3 && d.second.knows(d.model.classes.codes[i], script) {
			mass += p
		}
	}
	return mass >= askMass
}

// consult lets lingua-go choose among the languages that the own model holds possible, and multiplies both
// opinions. What the own model gives to languages that lingua-go does not know stays as it is.
func (d *Detector) consult(s *scratch, text string, script int) string {
	s.cands, s.codes = s.cands[:0], s.codes[:0]
	most, share := askMost, askShare
	if s.letters >= askLong {
		most, share = askLongMost, askLongShare
	}
	for len(s.cands) < most {
		next, p := -1, share
		for i, q := range s.probs {
			if q > p && d.second.knows(d.model.classes.codes[i], script) && !has(s.cands, i) {
				next, p = i, q
			}
		}
		if next < 0 {
			break
		}
		s.cands, s.codes = append(s.cands, next), append(s.codes, d.model.classes.codes[next])
	}
	if len(s.cands) < 2 {
		return "own"
	}
	scores := d.second.ask(inScript(text, script), s.codes)
	if scores == nil {
		return "own"
	}
	own := s.top
	d.pool(s, scores)
	if s.top == own {
		return "both"
	}
	return "lingua"
}

// inScript is the text with the letters of other scripts as spaces: where two alphabets are equally frequent,
// lingua-go takes either, and answers now this, now that.
func inScript(text string, script int) string {
	return strings.Map(func(r rune) rune {
		if other := scriptOf(r); other >= 0 && other != script && !together(other, script) {
			return ' '
		}
		return r
	}, text)
}

// pool multiplies lingua-go's probabilities into the own ones, the mass of the candidates kept.
func (d *Detector) pool(s *scratch, scores []float64) {
	before, after := 0.0, 0.0
	for k, i := range s.cands {
		before += s.probs[i]
		s.probs[i] *= math.Pow(max(scores[k], 1e-6), linguaPower)
		after += s.probs[i]
	}
	for _, i := range s.cands {
		s.probs[i] *= before / after
	}
	for i, p := range s.probs {
		if p > s.probs[s.top] {
			s.top = i
		}
	}
	s.topP = s.probs[s.top]
}

func has(of []int, x int) bool {
	for _, y := range of {
		if y == x {
			return true
		}
	}
	return false
}
