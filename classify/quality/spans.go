package quality

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"counterpoint"
)

// Spans is how well the words that findings point at are those that people marked: the F1 of letters of each text, 1
// where both mark none, averaged over the texts (SemEval-2021 task 5 measures so).
type Spans struct {
	Set    string  `json:"set"`
	Lang   string  `json:"lang"`
	Texts  int     `json:"texts"`
	Silent int     `json:"silent"` // texts without a finding
	F1     float64 `json:"f1"`
}

// pointed are the labels whose findings count.
var pointed = append([]counterpoint.Label{counterpoint.Incitement}, heads...)

// point measures the findings of a row whose words people marked, or looked for in vain in a text that they call offensive.
func (e *evaluation) point(key setKey, r Row, a counterpoint.SegmentAssessment) {
	if len(r.Spans) == 0 && (r.Spans == nil || r.label(counterpoint.Offensive) < 1) {
		return
	}
	n := len([]rune(r.Text))
	got, want := make([]bool, n), make([]bool, n)
	for _, f := range a.Findings {
		if slices.Contains(pointed, f.Label) {
			mark(got, f.Start, f.End)
		}
	}
	for _, s := range r.Spans {
		mark(want, s[0], s[1])
	}
	s := e.spans[key]
	if s == nil {
		s = &Spans{Set: key.set, Lang: key.lang}
		e.spans[key] = s
	}
	s.Texts++
	s.Silent += bit(!slices.Contains(got, true))
	s.F1 += agreement(got, want)
}

func mark(letters []bool, from, to int) {
	for i := max(from, 0); i < min(to, len(letters)); i++ {
		letters[i] = true
	}
}

func agreement(got, want []bool) float64 {
	both, all := 0, 0
	for i := range got {
		both += bit(got[i] && want[i])
		all += bit(got[i]) + bit(want[i])
	}
	if all == 0 {
		return 1
	}
	return 2 * float64(both) / float64(all)
}

func (e *evaluation) pointing() []Spans {
	out := []Spans{}
	for _, s := range e.spans {
		s.F1 = math.Round(s.F1/float64(s.Texts)*1e4) / 1e4
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Spans) int { return cmp.Or(strings.Compare(a.Set, b.Set), strings.Compare(a.Lang, b.Lang)) })
	return out
}

func (r Report) writeSpans(b *strings.Builder) {
	fmt.Fprintf(b, "\nwords that findings point at, beside those that people marked: F1 of letters\n%-15s %-4s %6s %6s %6s\n", "set", "lang", "texts", "silent", "F1")
	for _, s := range r.Spans {
		fmt.Fprintf(b, "%-15s %-4s %6d %6d %6.3f\n", s.Set, s.Lang, s.Texts, s.Silent, s.F1)
	}
}
