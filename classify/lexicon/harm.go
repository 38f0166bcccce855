package lexicon

import "counterpoint"

// The weights of cues, in logits. They were set by hand on the functional cases of testdata, not learned.
const (
	weightHarm   = 2.0
	weightCall   = 3.6
	weightGroup  = 1.4
	weightThreat = 2.6
	weightMark   = 4.2 // a hallmark found with its grammar
	weightHate   = 3.6
	weightDenied = 6.0
	weightFrame  = 5.0
	weightObject = 4.0
)

// verbs judges every verb of harm.
func (r *reader) verbs() {
	for i := range r.toks {
		t := r.tags(i)
		switch {
		case t.has(tTake): // the rest of a phrase
		case t.any(tHarm, tDeathTo, tDie):
			if t.has(tHarm) {
				r.verb(i)
			}
			if t.has(tDeathTo) {
				r.deathTo(i)
			}
			if t.has(tDie) {
				r.mustDie(i)
			}
		case t.has(tMercy):
			r.mercy(i)
		}
	}
}

func (r *reader) verb(i int) {
	k, m := r.licence(i)
	if k == tells {
		r.justified(i)
		return
	}
	at := r.target(i, m)
	if k == calls {
		r.lastCall = i
	}
	switch k {
	case calls:
		r.call(i, m, at)
	case threat:
		if at.people() && !r.sportsTalk(i, at) {
			r.found(2, i, m, at, "THREAT", "a threat to do it", weightThreat)
		}
	case theirs:
		r.mirrored(i, m, at)
	}
}

// call judges a verb that calls on others, by its target.
func (r *reader) call(i, m int, at target) {
	if r.sportsTalk(i, at) {
		return
	}
	switch {
	case at.people():
		r.found(3, i, m, at, "CALL", "calls on others to do it", weightCall)
	case at.aim == nonProt && !r.tags(i).has(tExpel), at.aim == one && !r.tags(i).any(tWeak, tExpel):
		r.found(2, i, m, at, "CALL", "calls for harm to a person or to people by what they do", weightThreat)
	case at.aim == us && r.tags(i).has(tHarm):
	case at.aim == thing && r.coded(i, at):
		r.found(2, i, m, at, "CODE", "calls for it now, against all or these, by a name of animals that people are called by", weightThreat)
	case at.aim == thing:
		r.against("OBJECT", counterpoint.Violence, at.from, at.to, weightObject, "what the verb is pointed at is a thing")
	}
}

// coded reports whether the animals that a verb is pointed at may be people: those whose names people are called by,
// all of them or these, and at a time that is named. Pests are seldom spoken of so, and a person must hear it.
func (r *reader) coded(i int, at target) bool {
	if !r.dehumAt(at.from, at.to) || !r.animal(at) {
		return false
	}
	from, to := r.sentence(i)
	pointed, now := at.near || at.all, false
	for j := from; j < to; j++ {
		pointed = pointed || r.tags(j).any(tAll, tDem) && r.toks[j].entry >= 0
		now = now || r.tags(j).has(tTime)
	}
	return pointed && now || (pointed || now) && r.peopled()
}

// peopled reports whether the turn before names a group by a word of the pack, or tells people to take up weapons: the
// animals of the next turn may be people.
func (r *reader) peopled() bool {
	for _, t := range r.before {
		if t.tags.has(tGroup) || t.tags.has(tArms) {
			return true
		}
	}
	return false
}

// supported reports whether more than one cue makes the call at i, where the entry of its verb is not to be believed
// alone.
func (r *reader) supported(i, m int, at target) bool {
	e := r.toks[i].entry
	if e < 0 || r.p.entries[e].alone() {
		return true
	}
	if m >= 0 && r.toks[m].entry != e || at.to > at.from && r.toks[at.from].entry != e || r.second(i) {
		return true
	}
	for j := max(0, i-reach); j < min(len(r.toks), i+reach); j++ {
		if r.toks[j].entry != e && r.tags(j).any(tAll, tTime, tPlace, tArms, tProperty, tMotion, tVoc) {
			return true
		}
	}
	return false
}

// found records a call, threat or the like with what speaks for it and against it.
func (r *reader) found(level, i, m int, at target, cue, reason string, weight float64) {
	if !r.supported(i, m, at) {
		return
	}
	s, asserted := r.judge(i, m)
	if asserted && r.asked(i, m) {
		s = counterpoint.Question
		if level = 2; !r.pressing(m) {
			asserted = false
			r.against("QUESTION", counterpoint.Incitement, i, i+1, weightDenied, "a question")
		}
	}
	r.raise(level, s, asserted)
	r.hit("HARM", counterpoint.Violence, i, r.verbEnd(i), weightHarm, "speaks of harm")
	if at.to > at.from {
		r.hit("GROUP", counterpoint.Hate, at.from, at.to, weightGroup, groupReason(at))
	}
	label := counterpoint.Incitement
	if cue != "CALL" || level < 3 {
		label = counterpoint.Violence
	}
	if m < 0 {
		m = i
	}
	r.hit(cue, label, m, m+1, weight, reason)
}

// pressing reports whether a question is put as a call: "shall we not …", "are we going to let …".
func (r *reader) pressing(m int) bool {
	if m < 0 {
		return false
	}
	if _, to := r.sentence(m); to < len(r.toks) && r.tags(to).any(tNeg, tNegQ) && (to+1 == len(r.toks) || r.toks[to+1].edge != joined) {
		return false // it is answered with "no"
	}
	return m >= 0 && (r.tags(m).has(tHort) || r.tags(m).has(tModal) && r.back(m, 3, tWe, tNeg) >= 0 || r.ahead(m, 2, tWe, tNeg) >= 0)
}

func groupReason(at target) string {
	switch at.aim {
	case property:
		return "what belongs to a group"
	case pronoun:
		return "a group, by pronoun"
	case thing:
		return "animals, or people called so"
	}
	return "a group"
}

func (r *reader) verbEnd(i int) int {
	j := i + 1
	for j < len(r.toks) && r.toks[j].entry == r.toks[i].entry && r.toks[j].entry >= 0 && r.toks[j].edge == joined {
		j++
	}
	return j
}

// judge says whether the speaker asserts the words at i, and records what speaks against.
func (r *reader) judge(i, m int) (counterpoint.Stance, bool) {
	if j := r.denied(i, m); j >= 0 {
		r.against("NEGATION", counterpoint.Incitement, j, j+1, weightDenied, "denies the call")
		s, _ := r.frame(i)
		return s, false
	}
	s, j := r.frame(i)
	reason := map[counterpoint.Stance]string{
		counterpoint.Condemn: "condemns the words", counterpoint.ReportOn: "reports what others said", counterpoint.Quote: "quotes the words",
	}[s]
	if reason == "" {
		return s, true
	}
	cue := map[counterpoint.Stance]string{counterpoint.Condemn: "CONDEMN", counterpoint.ReportOn: "REPORT", counterpoint.Quote: "QUOTE"}[s]
	r.against(cue, counterpoint.Incitement, j, j+1, weightFrame, reason)
	return s, false
}

// sportsTalk reports whether the words are of a match: no group by name or by "all" is called on to be harmed.
func (r *reader) sportsTalk(i int, at target) bool {
	if at.aim == group || at.aim == property || at.all {
		return false
	}
	for j := max(0, i-reach); j < min(len(r.toks), i+reach); j++ {
		if r.tags(j).has(tSport) {
			r.against("OBJECT", counterpoint.Violence, j, j+1, weightObject, "talk of a match")
			return true
		}
	}
	return false
}

func (r *reader) deathTo(i int) {
	at := r.after(r.verbEnd(i) - 1)
	if at.aim == nonProt {
		r.found(2, i, i, at, "CALL", "calls for death", weightThreat)
	}
	if at.people() {
		r.found(3, i, i, at, "CALL", "calls for death", weightCall)
	}
}

// mercy judges "leave none of them alive", "do not spare them": a denial makes the call.
func (r *reader) mercy(i int) {
	no := r.back(i, 9, tNeg, tNegQ)
	if no < 0 && !r.tags(i).has(tNegV) {
		no = r.ahead(i, 3, tNegAfter, tNegQ)
	}
	if no < 0 && !r.tags(i).has(tNegV) {
		return
	}
	at := r.after(i)
	if !at.people() {
		at = r.subject(i, i)
	}
	if !at.people() && r.tags(i).has(tObjP) {
		at = target{aim: pronoun, from: i, to: i}
	}
	if !at.people() {
		if j := r.back(i, 8, tThem); j >= 0 {
			at = target{aim: pronoun, from: j, to: j + 1}
		}
	}
	level := 3
	if !at.people() || r.guessed(at) {
		if at = r.raided(i); at.aim == nothing {
			return
		}
		level = 2 // nobody is named
	}
	if at.aim == pronoun && r.antecedent(i) == thing || !r.supported(i, max(no, i), at) {
		return
	}
	s, asserted := counterpoint.Assert, true
	if f, j := r.frame(i); f != counterpoint.Assert && f != counterpoint.Uncertain {
		s, asserted = f, false
		r.against("REPORT", counterpoint.Incitement, max(j, 0), max(j, 0)+1, weightFrame, "not the speaker's own words")
	}
	r.raise(level, s, asserted)
	r.hit("HARM", counterpoint.Violence, i, r.verbEnd(i), weightHarm, "wants none left alive")
	label := counterpoint.Incitement
	if level < 3 {
		label = counterpoint.Violence
	}
	r.hit("CALL", label, max(no, 0), max(no, 0)+1, weightCall, "calls on others to leave none")
	r.hit("GROUP", counterpoint.Hate, at.from, max(at.to, at.from+1), weightGroup, groupReason(at))
}

// raided is the village, the market or the like that the text orders people to attack or surround, in or beside the
// sentence at i; its aim is nothing where there is none.
func (r *reader) raided(i int) target {
	order := false
	place := target{}
	for j := max(0, i-reach/2); j < min(len(r.toks), i+reach/2); j++ {
		t := r.tags(j)
		order = order || t.has(tHarm) && (t.any(tImp, tHort, tBase, tSubj, tAmb)) || t.has(tMotion)
		if t.any(tProperty) || t.has(tPlace) && !t.has(tTime) {
			place = target{aim: property, from: j, to: j + 1}
		}
	}
	if !order {
		return target{}
	}
	return place
}

// guessed reports whether nothing but its place makes a group of an unknown word.
func (r *reader) guessed(at target) bool {
	return at.aim == group && at.to == at.from+1 && r.tags(at.from).empty() && !at.all && !r.p.marked(r.toks[at.from]) &&
		!r.tags(at.from-1).any(tAll, tDem, tDet, tOf)
}

// mustDie judges "all the … must die", "they deserve to die", "I hope they die".
func (r *reader) mustDie(i int) {
	m := r.back(i, 6, tModal, tDeserve, tWish)
	if m < 0 {
		m = r.wished(i)
	}
	if m < 0 || r.tags(m).has(tModal) && !r.modal(m) || r.midWish(m) {
		return
	}
	at := r.subject(m, i)
	if !at.people() {
		at = r.after(i)
	}
	if at.aim == pronoun && r.antecedent(m) == thing || !at.people() {
		return
	}
	if r.tags(m).has(tModal) && !r.tags(m).has(tWish) {
		r.found(3, i, m, at, "CALL", "calls for their death", weightCall)
		return
	}
	r.found(2, i, m, at, "WISH", "wishes or justifies their death", weightThreat)
}

// midWish reports whether a word that wishes only at the head of a clause stands inside one: "it may die".
func (r *reader) midWish(m int) bool {
	return r.tags(m).has(tWish) && r.tags(m).has(tPurpose) && !r.headOfClause(m)
}

// wished finds a wish further back, past the name of a group: "I hope that all the … die".
func (r *reader) wished(i int) int { return r.back(i, 10, tWish, tDeserve) }

// mirrored judges "they are going to kill us".
func (r *reader) mirrored(i, m int, at target) {
	if at.aim != us || r.toks[i].question && r.back(i, 3, tCond) >= 0 {
		return
	}
	subject := r.subject(m, m)
	if r.p.people != "" && r.guessed(subject) { // "the flu is about to kill us"
		return
	}
	if subject.aim == thing || subject.aim == pronoun && r.antecedent(m) == thing || subject.aim == nothing && !r.tags(i).has(tTheirs) {
		return
	}
	if !r.supported(i, m, subject) {
		return
	}
	s, asserted := r.judge(i, m)
	r.raise(2, s, asserted)
	r.hit("MIRROR", counterpoint.Mirror, i, r.verbEnd(i), weightMark, "says that they are about to harm us")
	r.hit("HARM", counterpoint.Violence, i, r.verbEnd(i), weightHarm, "speaks of harm")
}

// justified judges "killing them is no sin", "they deserve to be killed".
func (r *reader) justified(i int) {
	if m := r.back(i, 6, tDeserve, tWish); m >= 0 && !r.midWish(m) {
		at := r.after(i)
		if at.aim == nothing {
			at = r.subject(m, i)
		}
		if at.people() && !(at.aim == pronoun && r.antecedent(m) == thing) {
			r.found(2, i, m, at, "JUSTIFY", "wishes or justifies the harm", weightThreat)
		}
		return
	}
	from, to := r.sentence(i)
	for j := from; j < to; j++ {
		t := r.tags(j)
		good := t.has(tRight) && r.back(j, 3, tNeg) < 0 || t.has(tCrime) && (t.has(tNeg) || r.back(j, 3, tNeg, tNegQ) >= 0)
		if !good || j-i > 12 || i-j > 12 {
			continue
		}
		at := r.after(i)
		if !at.people() {
			at = r.settle(i, at)
		}
		if !at.people() {
			continue
		}
		s, frame := r.frame(i)
		asserted := s == counterpoint.Assert || s == counterpoint.Uncertain
		if !asserted {
			r.against("REPORT", counterpoint.Violence, frame, frame+1, weightFrame, "not the speaker's own words")
		}
		r.raise(2, s, asserted)
		r.hit("JUSTIFY", counterpoint.Violence, j, j+1, weightThreat, "calls the harm good or no wrong")
		r.hit("HARM", counterpoint.Violence, i, r.verbEnd(i), weightHarm, "speaks of harm")
		return
	}
}
