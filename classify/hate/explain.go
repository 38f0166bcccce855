package hate

import (
	"cmp"
	"fmt"
	"slices"

	"counterpoint"
)

// Explain returns the spans of the text that speak most for the label, at most top, in the order of the text.
// A span's contribution is the exact sum of the weights of its n-grams, in calibrated log-odds. There is none
// where the label is not trained in the language.
func (m *Model) Explain(text, lang string, kind counterpoint.SourceKind, label counterpoint.Label, top int) []counterpoint.Finding {
	c, ok := m.Platt[lang][label]
	head := slices.Index(Heads[:], label)
	if !ok || head < 0 || top < 1 {
		return nil
	}
	s := m.scratch()
	defer m.pool.Put(s)
	words := s.cut(clip(text))
	shares := m.shares(s, text, lang, words, head, c.A)
	scores := m.Score(text, lang, kind)
	var out []counterpoint.Finding
	for i := 0; i < len(words); i++ {
		if shares[i] <= 0 {
			continue
		}
		f := counterpoint.Finding{Label: label, Score: scores.P(label), Start: words[i].start, End: words[i].end, Contribution: shares[i], Version: m.Version()}
		for i+1 < len(words) && shares[i+1] > 0.05 && words[i+1].start-f.End <= 2 {
			i++
			f.End = words[i].end
			f.Contribution += shares[i]
		}
		f.Reason = fmt.Sprintf("words that mark %s in the training data (%+.2f log-odds)", label, f.Contribution)
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b counterpoint.Finding) int { return cmp.Compare(b.Contribution, a.Contribution) })
	out = out[:min(top, len(out))]
	slices.SortFunc(out, func(a, b counterpoint.Finding) int { return cmp.Compare(a.Start, b.Start) })
	return out
}

// shares is what each word adds to the calibrated log-odds; pairs of words count half for each. With the
// constant they sum to the logit: the mixture of experts counts as it stands for this text.
func (m *Model) shares(s *scratch, text, lang string, words []word, head int, slope float64) []float64 {
	out := make([]float64, len(words))
	list := s.each(words, lang)
	factor := m.factors(list, s.mannered(clip(text)), head)
	both := scales(list)
	for _, g := range list {
		row, x := m.rows().row(g), both[0]
		if g.word {
			x = both[1]
		}
		w := 0.0
		for c, f := range factor {
			if f != 0 {
				w += f * float64(int(row[c])-zero)
			}
		}
		w *= slope * x
		out[g.first] += w / 2
		out[g.last] += w / 2
	}
	return out
}

// factors is how much a step of each column counts for a head.
func (m *Model) factors(list []gram, style []uint32, head int) (f [charCols]float64) {
	if head > 0 {
		f[head] = m.Step[head]
		return f
	}
	for k, share := range m.mixture(m.sums(list, style)) {
		c := expertCol(k)
		f[c] += share * m.Experts[k].A * m.Step[c]
	}
	return f
}

// Words is what every word of the text adds to the calibrated log-odds of the label, for and against. With
// Constant they sum to the logit.
func (m *Model) Words(text, lang string, label counterpoint.Label) []counterpoint.Finding {
	c, ok := m.Platt[lang][label]
	head := slices.Index(Heads[:], label)
	if !ok || head < 0 {
		return nil
	}
	s := m.scratch()
	defer m.pool.Put(s)
	words := s.cut(clip(text))
	var out []counterpoint.Finding
	for i, share := range m.shares(s, text, lang, words, head, c.A) {
		out = append(out, counterpoint.Finding{Label: label, Start: words[i].start, End: words[i].end, Contribution: share})
	}
	return out
}

// Constant is the part of the calibrated log-odds of a text that none of its words adds.
func (m *Model) Constant(text, lang string, label counterpoint.Label) float64 {
	c := m.Platt[lang][label]
	head := slices.Index(Heads[:], label)
	switch {
	case head < 0:
		return 0
	case head > 0:
		return c.A*m.Bias[head] + c.B
	}
	s := m.scratch()
	defer m.pool.Put(s)
	style := s.mannered(clip(text))
	sum, x := 0.0, scale(len(style))
	for k, share := range m.mixture(m.sums(s.each(s.cut(clip(text)), lang), style)) {
		c := expertCol(k)
		z := m.Bias[c]
		for _, at := range style {
			if k < experts {
				z += x * m.StyleStep * float64(m.style[at+uint32(k)])
			}
		}
		sum += share * (m.Experts[k].A*z + m.Experts[k].B)
	}
	return c.A*sum + c.B
}
