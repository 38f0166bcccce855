package lexicon

import "counterpoint"

// frame says what the speaker does with the words at i, and which token shows it. The zero answer is that they
// are the speaker's own.
func (r *reader) frame(i int) (counterpoint.Stance, int) {
	if j := r.condemned(i); j >= 0 {
		return counterpoint.Condemn, j
	}
	if j := r.rejectedNext(i); j >= 0 {
		return counterpoint.Condemn, j
	}
	if r.endorsed {
		return counterpoint.Assert, -1
	}
	return r.reported(i)
}

// around gives the tokens among which the speaker's own words about i stand: its sentence or, if i is quoted,
// whatever near it is not quoted.
func (r *reader) around(i int) (from, to int) {
	if r.toks[i].quoted {
		return max(0, i-reach), min(len(r.toks), i+reach)
	}
	from, to = r.sentence(i)
	return max(from, i-40), min(to, i+20)
}

func (r *reader) outside(j, i int) bool { return j != i && !(r.toks[i].quoted && r.toks[j].quoted) }

// condemned finds what rejects the call: "it is wrong to …", "we condemn …", "whoever says … must be tried".
func (r *reader) condemned(i int) int {
	linked := false
	from, to := r.around(i)
	for j := from; j < to; j++ {
		if r.outside(j, i) && r.tags(j).any(tSay, tHeard, tCallNoun, tQuoteW, tDeict) && !r.mine(j) {
			linked = true
		}
	}
	for j := from; j < to; j++ {
		t := r.tags(j)
		if !r.outside(j, i) || !t.any(tCondemn, tCrime) || t.has(tNeg) || r.back(j, 3, tNeg, tNegQ) >= 0 {
			continue
		}
		if t.has(tCrime) && !t.has(tCondemn) && r.back(j, 4, tCop, tBe) < 0 && r.back(j, 1, tDem) < 0 {
			continue
		}
		if r.toks[i].quoted || linked || r.sameClause(i, j) {
			return j
		}
	}
	return -1
}

// rejectedNext finds a rejection that points back in the sentence after, as in "These words have no place here".
func (r *reader) rejectedNext(i int) int {
	_, to := r.sentence(i)
	if to >= len(r.toks) {
		return -1
	}
	_, end := r.sentence(to)
	condemn, points := -1, false
	for j := to; j < end; j++ {
		t := r.tags(j)
		if t.any(tCondemn) && !t.has(tNeg) && r.back(j, 3, tNeg) < 0 {
			condemn = j
		}
		points = points || t.any(tDeict, tQuoteW, tCallNoun)
	}
	if points {
		return condemn
	}
	return -1
}

// endorsed is found once for a text.
func (r *reader) endorses() bool {
	for i := range r.toks {
		if r.tags(i).has(tEndorse) && r.back(i, 3, tNeg, tNegQ) < 0 {
			return true
		}
	}
	return false
}

// mine reports whether a verb of saying is in the first person: "I say", "we are telling you".
func (r *reader) mine(j int) bool {
	return r.tags(j).has(tSayMe) || r.tags(j).has(tCallNoun) && r.tags(j-1).has(tOur) || !r.tags(j).has(tHeard) && r.back(j, 3, tWe) >= 0 && r.back(j, 3, tThey, tRel, tNeg) < 0
}

func (r *reader) reported(i int) (counterpoint.Stance, int) {
	from, to := r.sentence(i)
	near, far := r.around(i)
	if r.opens && from == 0 {
		return counterpoint.ReportOn, i
	}
	if r.toks[i].quoted {
		return r.quotation(i)
	}
	source := r.sourceIn(from, to)
	for j := near; j < far; j++ {
		t := r.tags(j)
		if !r.outside(j, i) || r.mine(j) {
			continue
		}
		switch {
		case j < i && t.has(tHeard):
			return counterpoint.ReportOn, j
		case j < i && t.any(tSay, tCallNoun) && !t.has(tNeg):
			if r.back(j, 5, tInGroup) >= 0 || t.has(tInGroup) {
				return counterpoint.Uncertain, j
			}
			return counterpoint.ReportOn, j
		case j < i && t.has(tQuoteW) && i-j <= 6 && r.back(j, 2, tDem, tOur) < 0:
			return counterpoint.Quote, j
		case j > i && t.any(tSay, tHeard) && !t.has(tRel) && (source || j >= to-3) && r.back(j, 2, tRel) < 0:
			return counterpoint.ReportOn, j
		}
	}
	if j := r.carried(i); j >= 0 {
		return counterpoint.ReportOn, j
	}
	if r.uncertain(i) {
		return counterpoint.Uncertain, i
	}
	return counterpoint.Assert, -1
}

// carried finds a verb of saying that the sentence before ended with, as in "He shouted. Kill them all".
func (r *reader) carried(i int) int {
	from, _ := r.sentence(i)
	for j := from - 1; j >= 0 && from-j <= 2; j-- {
		if r.tags(j).any(tSay, tHeard, tQuoteW) && !r.mine(j) {
			return j
		}
	}
	return -1
}

func (r *reader) sourceIn(from, to int) bool {
	for j := from; j < to; j++ {
		if r.tags(j).any(tSource, tHeard) {
			return true
		}
	}
	return false
}

// quotation judges words between quotation marks by what is said around them.
func (r *reader) quotation(i int) (counterpoint.Stance, int) {
	around := 0
	from, to := r.around(i)
	for j := from; j < to; j++ {
		t := r.tags(j)
		if r.toks[j].quoted {
			continue
		}
		around++
		if r.mine(j) {
			continue
		}
		if t.any(tSay, tHeard, tCallNoun) {
			return counterpoint.ReportOn, j
		}
		if t.any(tQuoteW, tSource) {
			return counterpoint.Quote, j
		}
	}
	if around == 0 {
		return counterpoint.Assert, -1
	}
	return counterpoint.Uncertain, i
}

// asked says what a question makes of the call: one that only asks is none, "why do we not …" is one.
func (r *reader) asked(i, m int) bool {
	if m >= 0 && r.tags(m).has(tModal) && r.tags(m).has(tWh) {
		return false
	}
	if r.toks[i].question {
		return true
	}
	from, _ := r.sentence(i)
	first := r.tags(from)
	return first.has(tWh) && !first.has(tModal) && !first.has(tRel)
}
