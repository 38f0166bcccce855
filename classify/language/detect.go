package language

import (
	"fmt"
	"math"

	"counterpoint"
)

// How sure an answer must be. Fitted on the dev rows of data/langid; classify/quality holds the figures.
const (
	sureOwn     = 0.50 // own model alone, among all the languages it knows
	sureSecond  = 0.50 // share that the candidates need of the own model before lingua-go may choose among them
	sureOther   = 0.90 // what it takes to go against a declared language, or to call a sentence a change of language
	fewLetters  = 10   // below this the own model must be surer
	minOverrule = 16   // letters a text needs to go against what was declared
	ownLimit    = 3000 // runes the own model looks at
)

// verdict is the answer for one stretch.
type verdict struct {
	lang, best string
	p          float64
	by         string
}

var unknown = verdict{counterpoint.Undetermined, counterpoint.Undetermined, 0, "none"}

// Detect says in which language the text is. It never fails: what it cannot tell is und.
func (d *Detector) Detect(text string, p Prior) Answer {
	runes := []rune(text)
	c := d.candidates(p)
	parts := chunks(runes)
	spans, verdicts := d.judge(runes, parts, c)
	a := Answer{Lang: counterpoint.Undetermined, Best: counterpoint.Undetermined, DecidedBy: "none", Spans: spans, Note: c.note}
	if len(runes) == 0 {
		return a
	}
	if len(verdicts) == 0 { // no letters
		a.Spans = []Span{{0, len(runes), counterpoint.Undetermined}}
		return a
	}
	v := largest(parts, verdicts)
	a.Lang, a.Best, a.Confidence, a.DecidedBy = v.lang, v.best, math.Round(v.p*1e4)/1e4, v.by
	if v.by == "declared" && v.best != v.lang && a.Note == "" {
		a.Note = fmt.Sprintf("as declared; the text alone looks like %s", v.best)
	}
	return a
}

// judge finds the language of every stretch: stretches of one script together, since more text is surer, and
// a sentence by itself only where it clearly differs.
func (d *Detector) judge(text []rune, parts []chunk, c candidates) ([]Span, []verdict) {
	spans, verdicts := []Span{}, make([]verdict, len(parts))
	whole := map[int]verdict{}
	for i, part := range parts {
		v, ok := whole[part.script]
		if !ok {
			v = d.stretch(ofScript(text, parts, part.script), part.script, c)
			whole[part.script] = v
		}
		if len(parts) > 1 && part.letters >= 2*minSpan && scripts[part.script].lang == "" {
			alone := d.stretch(text[part.start:part.end], part.script, c)
			if alone.lang != v.lang && alone.lang != counterpoint.Undetermined && alone.p >= sureOther && alone.by != "declared" {
				v = alone
			}
		}
		verdicts[i] = v
		if n := len(spans); n > 0 && spans[n-1].Lang == v.lang {
			spans[n-1].End = part.end
			continue
		}
		spans = append(spans, Span{part.start, part.end, v.lang})
	}
	return spans, verdicts
}

func ofScript(text []rune, parts []chunk, script int) []rune {
	if len(parts) == 1 {
		return text
	}
	var out []rune
	for _, p := range parts {
		if p.script == script && len(out) < ownLimit {
			out = append(append(out, text[p.start:p.end]...), ' ')
		}
	}
	return out
}

// largest is the verdict that covers most letters; the first of equals.
func largest(parts []chunk, verdicts []verdict) verdict {
	letters := map[string]int{}
	for i, v := range verdicts {
		letters[v.lang] += parts[i].letters
	}
	best := verdicts[0]
	for _, v := range verdicts[1:] {
		if letters[v.lang] > letters[best.lang] || (v.lang == best.lang && v.p > best.p) {
			best = v
		}
	}
	return best
}

func (d *Detector) stretch(text []rune, script int, c candidates) verdict {
	if s := scripts[script]; s.lang != "" {
		return verdict{s.lang, s.lang, 1, "script"}
	}
	if len(text) > ownLimit {
		text = text[:ownLimit]
	}
	v := d.unprompted(text, c)
	if l, ok := c.only(script); ok && (v.best == l || v.p < sureOther || !d.model.reads(l, script)) {
		return verdict{l, l, 1, "script"}
	}
	if c.declared != "" && v.lang != c.declared && fits(c.declared, script) && !d.overrules(v, text) {
		v.lang, v.by = c.declared, "declared"
	}
	return v
}

// overrules reports whether the text speaks clearly enough against what was declared.
func (d *Detector) overrules(v verdict, text []rune) bool {
	return v.p >= sureOther && count(text) >= minOverrule
}

// unprompted is what the text says, the prior only weighing: own model first, lingua-go for the languages it
// was given, and no answer where they disagree or the likeliest language is not a candidate.
func (d *Detector) unprompted(text []rune, c candidates) verdict {
	probs := d.model.score(text)
	if probs == nil {
		return unknown
	}
	weigh(probs, d.model.labels, c)
	top, mass, known := 0, 0.0, 0.0
	for l, p := range probs {
		if p > probs[top] {
			top = l
		}
		if c.has(d.model.labels[l]) {
			mass += p
		}
		if d.second.knows(d.model.labels[l]) {
			known += p
		}
	}
	v := verdict{counterpoint.Undetermined, d.model.labels[top], probs[top], "none"}
	need := sureOwn
	if n := count(text); n < fewLetters {
		need += 0.03 * float64(fewLetters-n)
	}
	switch {
	case !c.has(v.best) && v.p >= sureSecond, mass < sureSecond:
		return v
	case d.second.knows(v.best):
		return d.consult(text, v, need, known)
	case c.has(v.best) && v.p >= need:
		v.lang, v.by = v.best, "own"
	}
	return v
}

// consult asks lingua-go about a text that the own model believes to be in a language lingua-go knows; known
// is the own model's probability that it is in any of those. Only where that is near certain may lingua-go
// choose against the own model: elsewhere it would name a neighbour of a language it has never heard of.
func (d *Detector) consult(text []rune, v verdict, need, known float64) verdict {
	lang, p, ok := d.second.ask(text)
	switch {
	case ok && lang == v.best && (v.p >= need*2/3 || p >= sureOther && v.p >= need/2):
		v.lang, v.by, v.p = lang, "both", max(v.p, math.Sqrt(v.p*p))
	case v.p >= sureOther:
		v.lang, v.by = v.best, "own"
	case ok && lang != v.best && known >= sureOther && p >= sureOther:
		v.lang, v.best, v.by, v.p = lang, lang, "lingua", p*known
	}
	return v
}

// weigh multiplies the prior in.
func weigh(probs []float64, labels []string, c candidates) {
	sum := 0.0
	for l := range probs {
		if w := c.weight[labels[l]]; w > 0 {
			probs[l] *= w
		}
		sum += probs[l]
	}
	for l := range probs {
		probs[l] /= sum
	}
}

func count(text []rune) int {
	n := 0
	for _, r := range text {
		if scriptOf(r) >= 0 {
			n++
		}
	}
	return n
}

// fits reports whether the language is written in the script: a declared language is not believed of a text
// it cannot be.
func fits(lang string, script int) bool {
	name := scripts[script].name
	switch lang {
	case "amh", "tir", "gez":
		return name == "Ethiopic"
	case "ara", "fas", "urd", "pus", "ckb", "apd":
		return name == "Arabic" || name == "Latin" // Arabizi, and chats in Latin letters
	case "hau", "ful", "kau", "som", "swa", "bam", "wol", "taq":
		return name == "Latin" || name == "Arabic"
	case "rus", "ukr", "bel", "bul", "mkd", "kaz", "kir", "mon":
		return name == "Cyrillic"
	case "hin", "mar", "nep":
		return name == "Devanagari" || name == "Latin"
	case "eng", "fra", "por", "spa", "lug", "kin", "run", "lin", "sag", "hat", "orm", "din", "nus", "yor", "ibo", "pcm":
		return name == "Latin"
	}
	return true
}
