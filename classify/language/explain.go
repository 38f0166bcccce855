package language

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Explanation is how an answer came about, for whoever has to check it.
type Explanation struct {
	Script  string  `json:"script"`            // of the largest part of the text; the rest is about that part
	Own     []Score `json:"own"`               // the own model's opinion, without any prior
	Lingua  []Score `json:"lingua"`            // lingua-go's, of those of them that it knows
	Asked   bool    `json:"asked"`             // whether lingua-go's opinion counted
	Against string  `json:"against,omitempty"` // the language that the n-grams are weighed against
	Grams   []Gram  `json:"grams"`             // that weighed most for the likeliest language, heaviest first
}

// Gram is a piece of a word with what it added to the score of one language over another. A piece begins with <
// where the word does and ends with > where it ends.
type Gram struct {
	Text   string  `json:"text"`
	Weight float64 `json:"weight"`
}

// explained is how many languages and n-grams an explanation names.
const (
	explainedLanguages = 5
	explainedGrams     = 10
)

// Explain says how Detect comes to its answer for the text.
func (d *Detector) Explain(text string, p Prior) Explanation {
	s := d.model.newScratch()
	e := Explanation{Own: []Score{}, Lingua: []Score{}, Grams: []Gram{}}
	d.split(s, text)
	if len(s.words) == 0 {
		return e
	}
	s.cut()
	largest := slices.MaxFunc(s.runs, func(a, b run) int { return cmp.Compare(a.letters, b.letters) })
	e.Script = scripts[largest.script].name
	if scripts[largest.script].lang != "" {
		return e
	}
	from, to := d.read(s, text, largest.script)
	s.total.settle()
	d.weigh(s, s.total, d.ready(Prior{}))
	e.Own = d.likeliestClasses(s)
	d.weigh(s, s.total, d.ready(p))
	e.Asked = d.unsure(s, largest.script)
	e.Lingua = d.linguaOn(text[from:to], e.Own, largest.script)
	if len(e.Own) > 1 {
		e.Against = e.Own[1].Lang
		e.Grams = d.grams(s, text[from:to], e.Own[0].Lang, e.Against)
	}
	return e
}

func (d *Detector) likeliestClasses(s *scratch) []Score {
	var out []Score
	for i, p := range s.probs {
		out = append(out, Score{d.model.classes.codes[i], math.Round(p*1e4) / 1e4})
	}
	slices.SortStableFunc(out, func(a, b Score) int { return cmp.Compare(b.Score, a.Score) })
	return out[:min(len(out), explainedLanguages)]
}

func (d *Detector) linguaOn(text string, own []Score, script int) []Score {
	var codes []string
	for _, o := range own {
		if d.second.knows(o.Lang, script) {
			codes = append(codes, o.Lang)
		}
	}
	out := []Score{}
	if len(codes) < 2 {
		return out
	}
	for i, p := range d.second.ask(text, codes) {
		out = append(out, Score{codes[i], math.Round(p*1e4) / 1e4})
	}
	slices.SortStableFunc(out, func(a, b Score) int { return cmp.Compare(b.Score, a.Score) })
	return out
}

// grams are the pieces that spoke most for one language over another: what each row adds to the difference of
// their scores.
func (d *Detector) grams(s *scratch, text, lang, other string) []Gram {
	a, b := d.labelOf(s, d.model.classes.index(lang)), d.labelOf(s, d.model.classes.index(other))
	m := d.model
	scale := m.scale(max(s.total.n, 1))
	weights := map[string]float64{}
	for at, ok := 0, true; ok; {
		if _, at, ok = s.reader.next(text, at); !ok {
			break
		}
		for i, h := range s.reader.features() {
			slot := m.slot(h)
			if slot < 0 {
				continue
			}
			w := 0.0
			for k, v := range m.row(slot) {
				w += float64((m.out[a*m.dims+k] - m.out[b*m.dims+k]) * scale * float32(int(v)-128))
			}
			weights[s.reader.piece(i)] += w
		}
	}
	var out []Gram
	for piece, w := range weights {
		out = append(out, Gram{piece, math.Round(w*1e3) / 1e3})
	}
	slices.SortFunc(out, func(x, y Gram) int { return cmp.Or(cmp.Compare(y.Weight, x.Weight), cmp.Compare(x.Text, y.Text)) })
	return out[:min(len(out), explainedGrams)]
}

// piece is the text of feature i of the word at hand.
func (r *reader) piece(i int) string {
	word := r.word[:r.low+1]
	n := 0
	for at := range word {
		for size := 0; size < r.maxGram && at+size < len(word); size++ {
			if size > 0 || at > 0 && at < len(word)-1 {
				if n == i {
					return string(word[at : at+size+1])
				}
				n++
			}
		}
	}
	return string(word)
}

// String is the explanation as a line of text.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "script %s; own%s", cmp.Or(e.Script, "none"), listed(e.Own))
	if len(e.Lingua) > 0 {
		fmt.Fprintf(&b, "; lingua%s", listed(e.Lingua))
	}
	if len(e.Grams) > 0 {
		fmt.Fprintf(&b, "; against %s", e.Against)
	}
	for _, g := range e.Grams {
		b.WriteString(" " + g.Text)
	}
	return b.String()
}

func listed(scores []Score) string {
	var b strings.Builder
	for _, s := range scores {
		fmt.Fprintf(&b, " %s %.2f", s.Lang, s.Score)
	}
	return b.String()
}
