package language

import (
	"fmt"
	"math"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/classify/linear"
)

// ownLimit is how many letters of a script the own model looks at to name a text as a whole.
const ownLimit = 3000

// verdict is the answer for some words.
type verdict struct {
	lang, best string
	p          float64
	by         string
	letters    int
}

var unknown = verdict{lang: counterpoint.Undetermined, best: counterpoint.Undetermined, by: "none"}

// Detect says in which language the text is. It never fails: what it cannot tell is und.
func (d *Detector) Detect(text string, p Prior) Answer {
	a := Answer{Spans: []Span{}}
	d.DetectInto(&a, text, p)
	return a
}

// DetectInto is Detect into an Answer whose slices are used again: in steady state it allocates nothing, save
// where lingua-go is asked.
func (d *Detector) DetectInto(a *Answer, text string, p Prior) {
	s := d.scratch.Get().(*scratch)
	defer d.scratch.Put(s)
	c := d.candidatesFor(s, p)
	*a = Answer{
		Lang: counterpoint.Undetermined, Best: counterpoint.Undetermined, DecidedBy: "none",
		Spans: a.Spans[:0], Also: a.Also[:0], Note: c.note,
	}
	if text == "" {
		return
	}
	d.split(s, text)
	if len(s.words) == 0 { // no letters
		a.Spans = append(a.Spans, Span{0, utf8.RuneCountInString(text), counterpoint.Undetermined})
		return
	}
	s.cut()
	v := d.judge(s, text, c)
	a.Lang, a.Best, a.Confidence, a.DecidedBy = v.lang, v.best, math.Round(v.p*1e4)/1e4, v.by
	a.Spans, a.Also = s.spans(a.Spans, text), append(a.Also, s.also...)
	if i := d.model.classes.index(v.best); i >= 0 {
		a.Experimental = d.model.classes.experimental[i]
	}
	if v.by == "declared" && v.best != v.lang && a.Note == "" {
		a.Note = fmt.Sprintf("as declared; the text alone looks like %s", v.best)
	}
}

// judge finds the language of every word and returns the verdict on the language of most letters. The words of
// one script are named together, since more text is surer; then those that disagree by themselves.
func (d *Detector) judge(s *scratch, text string, c *candidates) verdict {
	s.parts, s.also = s.parts[:0], s.also[:0]
	for i, r := range s.runs {
		if s.named(i) {
			continue
		}
		if l := scripts[r.script].lang; l != "" {
			d.give(s, r.script, verdict{lang: l, best: l, p: 1, by: "script"})
			continue
		}
		d.own(s, text, r.script, c)
	}
	best := s.parts[0]
	for _, v := range s.parts[1:] {
		if v.letters > best.letters {
			best = v
		}
	}
	d.beside(s, best)
	return best
}

// named reports whether an earlier run has the script of run i.
func (s *scratch) named(i int) bool {
	for _, r := range s.runs[:i] {
		if r.script == s.runs[i].script {
			return true
		}
	}
	return false
}

// give names every word of a script.
func (d *Detector) give(s *scratch, script int, v verdict) {
	for _, r := range s.runs {
		if r.script == script {
			v.letters += r.letters
			for i := r.first; i < r.last; i++ {
				s.words[i].lang = v.lang
			}
		}
	}
	s.parts = append(s.parts, v)
}

// own names the words of a script that serves several languages.
func (d *Detector) own(s *scratch, text string, script int, c *candidates) {
	from, to := d.read(s, text, script)
	s.total.settle()
	d.weigh(s, s.total, c)
	if l, ok := c.only(script); ok && (s.codeOfTop(d) == l || s.topP < sureOther || !d.reads(l, script)) {
		d.give(s, script, verdict{lang: l, best: l, p: 1, by: "script"})
		return
	}
	if top, p := s.top, s.topP; d.weave(s, text, script, top, c) {
		from := len(s.parts)
		d.pieces(s, text, script, c)
		d.doubtful(s.parts[from:], top, p)
		return
	}
	d.give(s, script, d.decide(s, text[from:to], s.letters, script, c))
}

// doubtful gives the parts of a mixed text that nobody could name the likeliest language of the whole, which has more
// words to go by.
func (d *Detector) doubtful(parts []verdict, top int, p float64) {
	for i := range parts {
		if best := d.model.classes.codes[top]; parts[i].lang == counterpoint.Undetermined && best != noLanguage {
			parts[i].best, parts[i].p = best, p
		}
	}
}

// read sums the rows of a script's words, up to ownLimit letters, and tells the bytes of its first stretch.
func (d *Detector) read(s *scratch, text string, script int) (from, to int) {
	s.total.reset()
	s.letters = 0
	s.all, s.allN, s.runsRead = s.all[:0], s.allN[:0], 0
	from = -1
	for _, r := range s.runs {
		if r.script != script {
			continue
		}
		if from < 0 {
			from, to = s.words[r.first].from, s.words[r.last-1].to
		}
		s.runsRead++
		for i := r.first; i < r.last && s.letters < ownLimit; i += windowWords {
			d.window(s, text, i, min(i+windowWords, r.last))
		}
	}
	return from, to
}

// window sums the rows of the words from i to end, and keeps the sum by itself and in the total.
func (d *Detector) window(s *scratch, text string, i, end int) {
	s.piece.reset()
	for k := i; k < end; k++ {
		s.letters += s.words[k].letters
		d.addWord(s, text, k, s.piece)
	}
	s.piece.settle()
	s.all, s.allN = append(s.all, s.piece.acc...), append(s.allN, s.piece.n)
	s.total.join(s.piece)
}

// addWord puts the rows of word i to a sum.
func (d *Detector) addWord(s *scratch, text string, i int, to *sum) {
	w := s.words[i]
	if w.read {
		to.add(d.model.rows, s.slots[w.slots:w.slotsEnd], d.model.dims)
	} else if _, _, ok := s.reader.next(text[:w.to], w.from); ok {
		d.model.addWord(&s.reader, to)
	}
}

// weigh turns a sum into probabilities of the languages, the prior multiplied in, and finds the likeliest.
func (d *Detector) weigh(s *scratch, of *sum, c *candidates) {
	m := d.model
	m.hidden(of.acc, of.n, s.hidden)
	m.logits(s.hidden, s.logits)
	s.reweighed = false
	for l, z := range s.logits {
		s.labels[l] = float64(z)
	}
	softmax(s.labels)
	clear(s.probs)
	for l, p := range s.labels {
		s.probs[m.classes.of[l]] += p
	}
	total := 0.0
	for i := range s.probs {
		s.probs[i] *= c.weight[i]
		total += s.probs[i]
	}
	s.top = 0
	for i := range s.probs {
		s.probs[i] /= total
		if s.probs[i] > s.probs[s.top] {
			s.top = i
		}
	}
	s.topP = s.probs[s.top]
}

// softmax is linear.Softmax to nine digits and without the labels that are nowhere near.
func softmax(scores []float64) {
	top := scores[0]
	for _, z := range scores {
		top = max(top, z)
	}
	total := 0.0
	for i, z := range scores {
		scores[i] = 0
		if z > top-18 {
			scores[i] = linear.ExpNine(z - top)
			total += scores[i]
		}
	}
	for i := range scores {
		scores[i] /= total
	}
}

func (s *scratch) codeOfTop(d *Detector) string { return d.model.classes.codes[s.top] }

// reads reports whether the model has seen the language in the script. Of Tamashek it knows only the Latin
// spelling: the corpus in Tifinagh is corrupt.
func (d *Detector) reads(lang string, script int) bool {
	return d.model.classes.index(lang) >= 0 && (lang != "taq" || scripts[script].name != "Tifinagh")
}

// spans are the stretches of one language, gaps going with the word before.
func (s *scratch) spans(out []Span, text string) []Span {
	for i, w := range s.words {
		if n := len(out); i == 0 || out[n-1].Lang != w.lang {
			start := w.rune
			if i == 0 {
				start = 0
			} else {
				out[n-1].End = start
			}
			out = append(out, Span{start, 0, w.lang})
		}
	}
	last := s.words[len(s.words)-1]
	out[len(out)-1].End = last.rune + utf8.RuneCountInString(text[last.from:])
	return out
}

// besideShare is the probability from which another language is told of.
const besideShare = 0.05

// beside lists what else the text may be in: languages not much less likely, a neighbour even where it is, and
// Sudanese Arabic, which a text shows or not.
func (d *Detector) beside(s *scratch, v verdict) {
	top := d.model.classes.index(v.best)
	if top < 0 || v.by == "script" || s.judged != top {
		return
	}
	for range 3 {
		next, p := -1, 0.0
		for i, q := range s.probs {
			if i != top && q > p && !s.listed(d.model.classes.codes[i]) {
				next, p = i, q
			}
		}
		if next < 0 || p < 0.01 || p < besideShare && !d.model.classes.near(next, top) {
			break
		}
		s.also = append(s.also, Score{d.model.classes.codes[next], math.Round(p*1e4) / 1e4})
	}
	if v.best == "ara" {
		d.dialect(s, v)
	}
}

func (s *scratch) listed(code string) bool {
	for _, a := range s.also {
		if a.Lang == code {
			return true
		}
	}
	return false
}

// dialect adds Sudanese Arabic where the words lean to it. It is no answer of its own: in a few words nobody
// can tell it from the Arabic of other places.
func (d *Detector) dialect(s *scratch, v verdict) {
	for l, label := range d.model.labels {
		if trimmed(label) == "apd" && s.labels[l] >= 0.2 {
			s.also = append(s.also, Score{"apd", math.Round(min(s.labels[l], v.p)*1e4) / 1e4})
		}
	}
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
