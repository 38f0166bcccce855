package language

import (
	"math"

	"counterpoint"
	"counterpoint/classify/linear"
)

// Where words disagree. Fitted on mixed sentences put together of dev rows; docs/LANGUAGES.md has the figures.
const (
	doubt        = 1.0 // how much likelier another language must make a window to look closer (log)
	switchCost   = 5.0 // what a change of language costs (log)
	minSpanWords = 3   // a shorter stretch is a borrowed word or a name
	windowWords  = 4   // words looked at together to see whether any disagree
	blockWords   = 32  // words whose languages are found together
	maxCands     = 8   // languages considered in a block
	spanShare    = 0.5 // probability from which a span of a mixed text is named, also where the text is not
	heardBefore  = 1   // words on either side that a word is heard with
)

// weave gives every word of the script its language where its windows disagree with the whole, and reports
// whether any do. Each word then stands with a label in word.class; agreeing blocks have the whole's.
func (d *Detector) weave(s *scratch, text string, script, top int, c *candidates) bool {
	mixed := false
	s.agreed, s.heard, s.fitted, s.fits = 0, 0, 0, 0
	for _, r := range s.runs {
		if r.script != script {
			continue
		}
		last := top
		for i := r.first; i < r.last; i += blockWords {
			end := min(i+blockWords, r.last)
			if r.last-end < blockWords/4 { // no short rest
				end = r.last
			}
			if d.block(s, text, r, i, end, top, last, c) {
				mixed = true
			}
			last = s.words[end-1].class
			if end == r.last {
				break
			}
		}
	}
	return mixed
}

// agreement is the mean probability of the whole's language over the windows that weave looked at; 1 where the
// text has fewer than two. A text in a language that the model has never seen is like one it knows as a whole, but
// seldom in every part.
func (s *scratch) agreement() float64 {
	if s.heard < 2 {
		return 1
	}
	return s.agreed / float64(s.heard)
}

// block names the words from i to end and reports whether any is not of the class of the whole.
func (d *Detector) block(s *scratch, text string, r run, i, end, top, last int, c *candidates) bool {
	for k := i; k < end; k++ {
		s.words[k].class = top
	}
	if end-i < 2*minSpanWords {
		return false
	}
	d.windows(s, text, r, i, end)
	d.choose(s, top, last, c)
	if !d.doubts(s, top, c) {
		return false
	}
	d.chooseMore(s, c)
	d.path(s, text, i, end, last, c)
	s.smooth(i, end)
	for k := i; k < end; k++ {
		if s.words[k].class != top {
			return true
		}
	}
	return false
}

// windows are the sums of the words from i to end, windowWords at a time: those at hand where the script has one
// run and they were read for the whole already.
func (d *Detector) windows(s *scratch, text string, r run, i, end int) {
	from, to := (i-r.first)/windowWords, (end-r.first+windowWords-1)/windowWords
	if s.runsRead == 1 && to <= len(s.allN) {
		s.view, s.viewN = s.all[from*len(s.acc):to*len(s.acc)], s.allN[from:to]
		return
	}
	s.sums, s.counts = s.sums[:0], s.counts[:0]
	for from := i; from < end; from += windowWords {
		s.piece.reset()
		for k := from; k < min(from+windowWords, end); k++ {
			d.addWord(s, text, k, s.piece)
		}
		s.keep()
	}
	s.view, s.viewN = s.sums, s.counts
}

// keep puts the piece to the sums at hand.
func (s *scratch) keep() {
	s.piece.settle()
	s.sums, s.counts = append(s.sums, s.piece.acc...), append(s.counts, s.piece.n)
}

// choose finds the labels that the words of a block may have: the likeliest of the block as a whole, and those of
// the whole text and of the block before.
func (d *Detector) choose(s *scratch, top, last int, c *candidates) {
	s.cands = s.cands[:0]
	d.likeliest(s, 0, len(s.viewN), maxCands, c)
	for _, class := range [2]int{top, last} {
		if l := d.labelOf(s, class); !has(s.cands, l) {
			s.cands = append(s.cands, l)
		}
	}
}

// chooseMore adds the likeliest labels of the halves of the block.
func (d *Detector) chooseMore(s *scratch, c *candidates) {
	if n := len(s.viewN); n > 2 {
		d.likeliest(s, 0, n/2, 2, c)
		d.likeliest(s, n/2, n, 2, c)
	}
}

// likeliest adds the labels of highest score over some windows.
func (d *Detector) likeliest(s *scratch, from, to, most int, c *candidates) {
	clear(s.acc)
	n := 0
	for w := from; w < to; w++ {
		for k, v := range s.view[w*len(s.acc) : (w+1)*len(s.acc)] {
			s.acc[k] += v
		}
		n += s.viewN[w]
	}
	if from > 0 || s.runsRead != 1 || to < len(s.allN) || s.reweighed {
		d.model.hidden(s.acc, n, s.hidden)
		d.model.logits(s.hidden, s.logits)
	} // else they are at hand, from the whole
	s.reweighed = true
	for l := range s.logits {
		s.logits[l] += c.bonus[d.model.classes.of[l]]
	}
	s.takeBest(most)
}

// takeBest adds the labels of highest score that are not among the candidates.
func (s *scratch) takeBest(most int) {
	first := len(s.cands)
	for l, z := range s.logits {
		n := len(s.cands)
		if n-first == most && z <= s.logits[s.cands[n-1]] || has(s.cands[:first], l) {
			continue
		}
		if n-first < most {
			s.cands = append(s.cands, l)
			n++
		}
		k := n - 1
		for ; k > first && z > s.logits[s.cands[k-1]]; k-- {
			s.cands[k] = s.cands[k-1]
		}
		s.cands[k] = l
	}
}

// labelOf is the label of a class that fits the block best by the scores at hand.
func (d *Detector) labelOf(s *scratch, class int) int {
	best := -1
	for l, of := range d.model.classes.of {
		if of == class && (best < 0 || s.logits[l] > s.logits[best]) {
			best = l
		}
	}
	return best
}

// score is how well the candidates fit a sum, as log probabilities among them.
func (d *Detector) score(s *scratch, acc []int32, n int, c *candidates, out []float32) {
	d.model.hidden(acc, max(n, 1), s.hidden)
	d.model.logitsOf(s.cands, s.hidden, out)
	top := float32(math.Inf(-1))
	for k, l := range s.cands {
		out[k] += c.bonus[d.model.classes.of[l]]
		top = max(top, out[k])
	}
	total := 0.0
	for _, z := range out {
		total += linear.ExpNine(float64(z - top))
	}
	norm := top + float32(math.Log(total))
	for k := range out {
		out[k] -= norm
	}
}

// doubts reports whether a window speaks for a language other than the whole's.
func (d *Detector) doubts(s *scratch, top int, c *candidates) bool {
	dims := len(s.acc)
	scores := s.room(len(s.cands))
	doubted := false
	for w, n := range s.viewN {
		if n == 0 {
			continue
		}
		d.score(s, s.view[w*dims:(w+1)*dims], n, c, scores)
		best, own, agreed := 0, float32(math.Inf(-1)), 0.0
		for k, z := range scores {
			if z > scores[best] {
				best = k
			}
			class := d.model.classes.of[s.cands[k]]
			if class == top {
				own = max(own, z)
			}
			if class == top || d.model.classes.near(class, top) {
				agreed += linear.ExpNine(float64(z))
			}
		}
		s.agreed, s.heard = s.agreed+agreed, s.heard+1
		doubted = doubted || scores[best]-own > doubt
	}
	return doubted
}

func (s *scratch) room(n int) []float32 {
	if cap(s.scores) < n {
		s.scores = make([]float32, n)
	}
	return s.scores[:n]
}

// path is the likeliest sequence of languages over the words from i to end: Viterbi, each word heard with its
// neighbours, a change costing switchCost.
func (d *Detector) path(s *scratch, text string, i, end, last int, c *candidates) {
	d.each(s, text, i, end)
	n, states, dims := end-i, len(s.cands), len(s.acc)
	scores := s.room((n + 1) * states)
	cost := scores[n*states:]
	s.back = grown(s.back, n*states)
	for k := range cost {
		cost[k] = 0
		if d.model.classes.of[s.cands[k]] != last {
			cost[k] = -switchCost
		}
	}
	for w := range n {
		d.around(s, w, n, dims)
		here := scores[w*states : (w+1)*states]
		d.score(s, s.acc, s.accN, c, here)
		best := 0
		for k := range cost {
			if cost[k] > cost[best] {
				best = k
			}
		}
		top := cost[best]
		for k := range cost {
			s.back[w*states+k] = int32(k)
			if top-switchCost > cost[k] {
				cost[k], s.back[w*states+k] = top-switchCost, int32(best)
			}
			cost[k] += here[k]
		}
	}
	at := 0
	for k := range cost {
		if cost[k] > cost[at] {
			at = k
		}
	}
	for w := n - 1; w >= 0; w-- {
		s.words[i+w].class = d.model.classes.of[s.cands[at]]
		s.fitted, s.fits = s.fitted+linear.ExpNine(float64(scores[w*states+at])), s.fits+1
		at = int(s.back[w*states+at])
	}
}

func grown(b []int32, n int) []int32 {
	if cap(b) < n {
		return make([]int32, n)
	}
	return b[:n]
}

// each sums the rows of every word by itself.
func (d *Detector) each(s *scratch, text string, i, end int) {
	s.sums, s.counts = s.sums[:0], s.counts[:0]
	for k := i; k < end; k++ {
		s.piece.reset()
		d.addWord(s, text, k, s.piece)
		s.keep()
	}
}

// around sums word w and its neighbours.
func (d *Detector) around(s *scratch, w, n, dims int) {
	clear(s.acc)
	s.accN = 0
	for k := max(0, w-heardBefore); k <= min(n-1, w+heardBefore); k++ {
		for j, v := range s.sums[k*dims : (k+1)*dims] {
			s.acc[j] += v
		}
		s.accN += s.counts[k]
	}
}

// smooth gives stretches shorter than minSpanWords to the one before them, or after them at the start.
func (s *scratch) smooth(i, end int) {
	for from := i; from < end; {
		to := from + 1
		for to < end && s.words[to].class == s.words[from].class {
			to++
		}
		if to-from < minSpanWords {
			switch {
			case from > i:
				s.name(from, to, s.words[from-1].class)
			case to < end:
				s.name(from, to, s.words[to].class)
				continue
			}
		}
		from = to
	}
}

func (s *scratch) name(from, to, class int) {
	for k := from; k < to; k++ {
		s.words[k].class = class
	}
}

// pieces gives the verdict on each language that weave found in a script, from all its words together.
func (d *Detector) pieces(s *scratch, text string, script int, c *candidates) {
	for _, r := range s.runs {
		if r.script != script {
			continue
		}
		for i := r.first; i < r.last; i++ {
			if s.words[i].lang == "" {
				d.pieceOf(s, text, script, i, c)
			}
		}
	}
}

// pieceOf names all words of the script that have the class of word i.
func (d *Detector) pieceOf(s *scratch, text string, script, i int, c *candidates) {
	class := s.words[i].class
	s.total.reset()
	letters, all := 0, 0
	from, to, unbroken := s.words[i].from, s.words[i].to, true
	for k := i; k < len(s.words); k++ {
		w := s.words[k]
		if w.class != class || w.lang != "" || !s.inScript(k, script) {
			unbroken = false
			continue
		}
		if unbroken {
			to = w.to
		}
		if all += w.letters; letters < ownLimit {
			letters += w.letters
			d.addWord(s, text, k, s.total)
		}
	}
	s.total.settle()
	d.weigh(s, s.total, c)
	s.agreed, s.heard = s.fitted, s.fits
	v := d.decide(s, text[from:to], letters, script, c)
	v.letters = all
	lang := v.lang
	if t := s.judged; lang == counterpoint.Undetermined && s.probs[t] >= spanShare && c.may[t] && !d.model.classes.experimental[t] {
		lang = v.best
	}
	for k := i; k < len(s.words); k++ {
		if s.words[k].class == class && s.words[k].lang == "" && s.inScript(k, script) {
			s.words[k].lang = lang
		}
	}
	s.parts = merged(s.parts, v)
}

// inScript reports whether word k is in a run of the script.
func (s *scratch) inScript(k, script int) bool {
	for _, r := range s.runs {
		if r.first <= k && k < r.last {
			return r.script == script
		}
	}
	return false
}

// merged adds a verdict, to the one of the same language where there is one.
func merged(parts []verdict, v verdict) []verdict {
	for i := range parts {
		if parts[i].lang == v.lang && v.lang != counterpoint.Undetermined {
			parts[i].letters += v.letters
			return parts
		}
	}
	return append(parts, v)
}
