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
	head := headOf(label)
	if !ok || head < 0 || top < 1 {
		return nil
	}
	s := m.scratch()
	defer m.pool.Put(s)
	words := s.cut(clip(text))
	sums, grams := m.sums(s, text, lang)
	scores := m.scores(m.calibrations(lang), &sums, grams, lang, kind)
	shares := m.shares(s, m.line(&sums, lang, kind, head), lang, words, c.A)
	var out []counterpoint.Finding
	for i := 0; i < len(words); i++ {
		if shares[i] <= 0 {
			continue
		}
		f := counterpoint.Finding{Label: label, Score: scores.P(label), Start: words[i].start, End: words[i].end, Contribution: shares[i]}
		for i+1 < len(words) && shares[i+1] > 0.05 && words[i+1].start-f.End <= 2 {
			i++
			f.End = words[i].end
			f.Contribution += shares[i]
		}
		out = append(out, f)
	}
	slices.SortStableFunc(out, func(a, b counterpoint.Finding) int { return cmp.Compare(b.Contribution, a.Contribution) })
	out = out[:min(top, len(out))]
	slices.SortFunc(out, func(a, b counterpoint.Finding) int { return cmp.Compare(a.Start, b.Start) })
	for i := range out {
		out[i].Version = m.Version()
		out[i].Reason = fmt.Sprintf("words that mark %s in the training data (%+.2f log-odds)", label, out[i].Contribution)
	}
	return out
}

// shares is what each word adds to the calibrated log-odds; pairs of words count half for each. With the
// constant they sum to the logit: the mixture of experts counts as it stands for this text.
func (m *Model) shares(s *scratch, line [cols + 1]float64, lang string, words []word, slope float64) []float64 {
	out := make([]float64, len(words))
	for c := range m.Step {
		line[c] *= m.Step[c]
	}
	list := s.each(words, lang)
	both := scales(list)
	for _, g := range list {
		row, x := m.rows().row(g), both[0]
		if g.word {
			x = both[1]
		}
		w := 0.0
		for c, f := range line[:cols] {
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

// line is what the sum of each column counts for a head, and last the constant.
func (m *Model) line(sums *[cols]float64, lang string, kind counterpoint.SourceKind, head int) (line [cols + 1]float64) {
	if head > 0 || lang != gated {
		line[head] = 1
		return line
	}
	return m.Mixtures[deliveryOf(kind)].line(sums)
}

// Words is what every word of the text adds to the calibrated log-odds of the label, for and against. With
// Constant they sum to the logit.
func (m *Model) Words(text, lang string, kind counterpoint.SourceKind, label counterpoint.Label) []counterpoint.Finding {
	c, ok := m.Platt[lang][label]
	head := headOf(label)
	if !ok || head < 0 {
		return nil
	}
	s := m.scratch()
	defer m.pool.Put(s)
	words := s.cut(clip(text))
	sums, _ := m.sums(s, text, lang)
	var out []counterpoint.Finding
	for i, share := range m.shares(s, m.line(&sums, lang, kind, head), lang, words, c.A) {
		out = append(out, counterpoint.Finding{Label: label, Start: words[i].start, End: words[i].end, Contribution: share})
	}
	return out
}

// Constant is the part of the calibrated log-odds of a text that none of its words adds.
func (m *Model) Constant(text, lang string, kind counterpoint.SourceKind, label counterpoint.Label) float64 {
	c := m.Platt[lang][label]
	head := headOf(label)
	if head < 0 {
		return 0
	}
	s := m.scratch()
	defer m.pool.Put(s)
	sums, _ := m.sums(s, text, lang)
	line := m.line(&sums, lang, kind, head)
	style := s.mannered(clip(text))
	sum, x := line[cols], scale(len(style))
	for i, f := range line[:cols] {
		z := m.Bias[i]
		for _, at := range style {
			if i >= heads {
				z += x * m.StyleStep * float64(m.style[at+uint32(i-heads)])
			}
		}
		sum += f * z
	}
	return c.A*sum + c.B
}
