package lexicon

// denied finds the token that turns the call at i, made a call by marker m, into its opposite: "do not kill",
// "nobody should", "I do not think we should", "stop killing". It is -1 where nothing does.
func (r *reader) denied(i, m int) int {
	if r.tags(i).has(tNegV) {
		return i
	}
	if j := r.back(i, 6, tStop); j >= 0 && r.reaches(j, i) {
		if r.back(j, 4, tNeg, tNegQ) >= 0 || r.tags(j).has(tNeg) { // "never stop killing them"
			return -1
		}
		return j
	}
	for j := i - 1; j >= 0 && i-j <= 4 && r.toks[j+1].edge == joined && !r.tags(j).has(tBreak); j-- {
		if r.tags(j).any(tNeg, tNegQ) && !r.tags(j).has(tModal) {
			return j
		}
		if r.tags(j).has(tNeg) && r.tags(j).has(tModal) && j == m {
			return j
		}
		if j < m && m < i {
			break
		}
	}
	for j := i + 1; j < len(r.toks) && j-i <= 3 && r.toks[j].edge == joined; j++ {
		if r.tags(j).has(tNegAfter) {
			return j
		}
		if !r.tags(j).any(tThem, tNeg, tTake) {
			break
		}
	}
	if r.p.negLast {
		if j := r.ahead(i, 10, tNegAfter); j >= 0 {
			return j
		}
	}
	if m >= 0 && m != i {
		if j := r.deniedMarker(i, m); j >= 0 {
			return j
		}
	}
	if j := r.nobody(i); j >= 0 {
		return j
	}
	return r.doubted(i)
}

// reaches reports whether a verb such as "stop" governs the one at i: small words lie between.
func (r *reader) reaches(j, i int) bool {
	others := 0
	for k := j + 1; k < i; k++ {
		if r.tags(k).empty() || r.tags(k).any(tThing) {
			others++
		}
	}
	return others <= 3
}

func (r *reader) deniedMarker(i, m int) int {
	if r.tags(m).has(tNeg) {
		return m
	}
	for k := m + 1; k < i; k++ {
		if r.tags(k).any(tNeg, tNegQ, tNegAfter) {
			return k
		}
	}
	for k := m - 1; k >= 0 && m-k <= 4 && r.toks[k+1].edge == joined && !r.tags(k).has(tBreak); k-- {
		if r.tags(k).any(tNeg, tNegQ) {
			return k
		}
		if k+1 < m && r.tags(k).any(tWe, tYou) && r.tags(k+1).empty() {
			break
		}
	}
	return -1
}

// nobody finds "nobody", "no one" as the subject of the clause.
func (r *reader) nobody(i int) int {
	j := r.back(i, 14, tNegQ)
	if j < 0 {
		return -1
	}
	return j
}

// doubted finds "I do not think", "nobody says", "we do not want" before the call.
func (r *reader) doubted(i int) int {
	from, _ := r.sentence(i)
	for j := i - 1; j >= from && i-j <= 18; j-- {
		t := r.tags(j)
		if t.has(tBreak) {
			return -1
		}
		if t.has(tMotion) && t.has(tImp) || t.has(tMotion) && r.tags(i).has(tImp) && !t.any(tRaise, tSubj) {
			return -1 // another command lies between
		}
		if t.any(tModal, tHort) && j < i-1 && r.tags(j-1).any(tBreak) {
			return -1
		}
		if !t.has(tRaise) {
			continue
		}
		if t.any(tNeg, tNegQ) {
			return j
		}
		if k := r.back(j, 3, tNeg, tNegQ); k >= 0 {
			return k
		}
		if r.tags(j + 1).has(tNegAfter) {
			return j + 1
		}
	}
	return -1
}
