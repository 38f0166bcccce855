package lexicon

// kind is what a verb of harm does where it stands.
type kind uint8

const (
	tells  kind = iota // what happened, or nothing at all
	calls              // on others to do it
	threat             // that the speaker will do it
	theirs             // that others will do it
)

// licence says what a verb of harm does, and which token makes it so.
func (r *reader) licence(i int) (kind, int) {
	t := r.tags(i)
	switch {
	case t.any(tTheirs, tObjUs):
		return theirs, i
	case t.has(tImp) && r.wanted(i):
		return tells, -1
	case t.has(tImp) && !r.tags(i-1).any(tYou, tWe, tRel):
		return calls, i
	case t.has(tPassSub) && !r.purpose(i):
		return calls, i
	case t.has(tSubj) && !r.purpose(i) && (r.headOfClause(i) || r.ahead(i, 3, tAll, tGroup) >= 0):
		return calls, i
	case t.has(tAmb) && r.narrated(i):
		return tells, -1
	case t.has(tAmb) && (t.has(tConj) && r.commanded(i) || !t.has(tConj) && r.headOfClause(i)):
		return calls, i
	case t.has(tFuture):
		return threat, i
	}
	if !t.any(tBase, tInf, tPart, tPass, tSubj, tAmb) {
		return tells, -1
	}
	if k, m := r.marker(i); k != tells {
		return k, m
	}
	if t.has(tBase) && (r.headOfClause(i) || r.chained(i)) {
		return calls, i
	}
	if t.any(tInf, tSubj) && r.chained(i) {
		return calls, i
	}
	if t.has(tBase) && i > 0 && r.toks[i].edge == joined && r.tags(i-1).any(tSay, tSayMe) {
		return calls, i
	}
	if t.has(tBase) && r.loose(i) {
		return calls, i
	}
	if t.has(tBase) && i > 0 && r.toks[i].edge == joined && r.tags(i-1).has(tWe) && !r.tags(i-1).has(tUs) {
		return threat, i // "tonight we kill …"
	}
	return tells, -1
}

// narrated reports whether a verb of the sentence that can only be past shows that the one at i is past too.
func (r *reader) narrated(i int) bool {
	from, to := r.sentence(i)
	for j := from; j < to; j++ {
		t := r.tags(j)
		if j != i && t.has(tHarm) && t.has(tFin) && !t.any(tImp, tAmb, tInf, tBase, tSubj) {
			return true
		}
	}
	return false
}

// wanted reports whether the verb is what others want or wanted: "walitaka tuwaue".
func (r *reader) wanted(i int) bool {
	t := r.tags(i - 1)
	return i > 0 && r.toks[i].edge == joined && t.has(tAim) && t.has(tThey) && !t.has(tModal)
}

// modal reports whether the marker at j marks: some do so only at the head of a clause ("que … soient").
func (r *reader) modal(j int) bool {
	return r.tags(j).has(tModal) && (!r.tags(j).has(tPurpose) || r.headOfClause(j))
}

// commanded reports whether the sentence held a command before: "go to their village and …".
func (r *reader) commanded(i int) bool {
	from, _ := r.sentence(i)
	for j := from; j < i; j++ {
		if r.tags(j).any(tImp, tMotion, tHort) || r.modal(j) {
			return true
		}
	}
	return false
}

// purpose reports whether "so that", "who" or an aim stands before a subjunctive, which then tells.
func (r *reader) purpose(i int) bool {
	j := r.back(i, 6, tPurpose, tRel, tAim)
	return j >= 0 && r.back(i, i-j, tModal) < 0
}

// loose catches an imperative in speech written without punctuation: a bare verb with "all" or "every" after
// it and nothing before it that could be its subject.
func (r *reader) loose(i int) bool {
	if i == 0 {
		return false
	}
	t := r.tags(i - 1)
	if r.lastCall >= 0 && i-r.lastCall <= 8 && r.unstopped(r.lastCall, i) {
		return true
	}
	if t.has(tDehum) && t.has(tGroup) && r.tags(i+1).has(tThem) { // "they are snakes kill them"
		return true
	}
	if r.ahead(i, 3, tAll) < 0 {
		return false
	}
	if t.has(tVoc) && t.has(tLink) && !t.any(tConj, tAux) && r.spoken() { // "welcome back so kill all the …"
		return true
	}
	return !t.any(tAux, tFut, tAim, tThey, tWe, tYou, tRel, tWh, tLink, tThing, tGroup, tSource, tConj, tNonProt, tCond, tStop, tHead, tCallNoun) &&
		!r.nameAt(i-1)
}

// spoken reports whether the text is speech written down without punctuation.
func (r *reader) spoken() bool {
	for _, t := range r.toks[min(1, len(r.toks)):] {
		if t.edge != joined {
			return false
		}
	}
	return len(r.toks) > 5
}

// unstopped reports whether nothing but the object of the call at j stands between it and the verb at i, as in
// speech written without punctuation: "crush them kill the …", "cut down the tall trees kill the …".
func (r *reader) unstopped(j, i int) bool {
	if i-j < 2 || !r.sameClause(j, i) {
		return false
	}
	for k := j + 1; k < i; k++ {
		t := r.tags(k)
		if t.any(tRel, tWh, tSay, tAux, tFut, tAim, tModal, tNeg, tNegQ, tStop, tCond, tHeard, tCallNoun, tPrep, tThey, tWe) && !t.any(tThem, tTake) {
			return false
		}
	}
	last := r.tags(i - 1)
	return last.any(tThem, tAll, tThing, tGroup, tTime, tTake, tDehum, tNonProt, tProperty) || r.nameAt(i-1)
}

// marker looks back for what makes a bare verb a call or a threat: must, let us, it is time to; will, want to.
// What stands between may be small words, or a few others if the verb is tied on by "and" or "to".
func (r *reader) marker(i int) (kind, int) {
	others, be := 0, false
	for j := i - 1; j >= 0 && i-j <= 14 && r.toks[j+1].edge == joined; j-- {
		t := r.tags(j)
		be = be || t.has(tBe)
		if t.has(tRel) && t.has(tOf) && j+1 < i { // Arabic "min": from, or who right before its verb
			t = t.without(tRel)
		}
		switch {
		case t.any(tBreak, tRel, tStop, tCallNoun), t.has(tWh) && !t.any(tModal, tHort), t.has(tSay) && !t.has(tModal):
			return tells, -1
		case t.has(tModal) && !r.modal(j):
		case t.any(tModal, tHort):
			if (r.tied(i, others) || others <= 1 && t.has(tPurpose) && r.tags(i).any(tSubj, tBase)) && (be && r.back(i, 4, tBe) >= 0 || !r.needsBe(i)) {
				return calls, j
			}
			return tells, -1
		case t.any(tFut, tAim):
			if !r.tied(i, others) || be && r.needsBe(i) {
				return tells, -1
			}
			return r.whose(j), j
		case t.any(tHarm):
			others++
		case t.any(tLink, tAdv, tTime, tAll, tMotion, tConj, tNeg, tNegQ, tNegAfter, tThem, tThey, tWe, tYou, tUs, tBe, tTake, tVoc, tPlace):
		case r.tags(i).any(tPart, tImp, tPass, tSubj) && (t.any(tGroup, tHead, tDem, tDet, tThing, tTheir) || r.nameAt(j)):
		case t.any(tDet, tOur, tDem, tOf):
		default:
			others++
		}
		if others > 4 {
			return tells, -1
		}
	}
	return tells, -1
}

func (r *reader) needsBe(i int) bool {
	t := r.tags(i)
	return t.has(tPart) && !t.any(tBase, tInf)
}

func (r *reader) tied(i, others int) bool {
	if others == 0 || r.tags(i).has(tConj) {
		return true
	}
	j := i - 1
	for j > 0 && r.tags(j).any(tThem, tAdv) {
		j--
	}
	return r.tags(j).any(tLink, tConj, tPurpose)
}

// whose says whether a future or an aim is the speaker's own.
func (r *reader) whose(j int) kind {
	if r.tags(j).any(tWe) {
		return threat
	}
	if r.tags(j).any(tThey) {
		return theirs
	}
	for k := j - 1; k >= 0 && j-k <= 4 && r.toks[k+1].edge == joined; k-- {
		t := r.tags(k)
		switch {
		case t.has(tWe):
			return threat
		case t.any(tThey, tGroup, tHead) || r.nameAt(k):
			return theirs
		case t.any(tRel, tThing):
			return tells
		}
	}
	return tells
}
