package lexicon

// aim is what a verb of harm is pointed at.
type aim uint8

const (
	nothing  aim = iota
	thing        // an object, an animal, an abstraction
	one          // one person
	nonProt      // a group by what it does: thieves, soldiers
	us           // the speaker's own side
	pronoun      // them
	group        // named, or "these people"
	property     // the houses or cattle of a group
)

// target is what a verb is pointed at, and the tokens that say so.
type target struct {
	aim      aim
	from, to int // tokens, to exclusive; equal where the verb itself carries it
	all      bool
	near     bool // "these", "those", "their"
}

func (t target) people() bool { return t.aim == group || t.aim == property || t.aim == pronoun }

// nameAt reports whether the word at i may be the name of a group.
func (r *reader) nameAt(i int) bool {
	if i < 0 || i >= len(r.toks) || !r.p.name(r.toks[i]) {
		return false
	}
	return !r.cased || r.p.marked(r.toks[i]) || r.toks[i].capital && !(r.p.shy && i == 0)
}

// target finds what the verb at i is pointed at. A passive has it before the marker m, or after the verb.
func (r *reader) target(i, m int) target {
	t := r.tags(i)
	if t.has(tObjUs) {
		return target{aim: us, from: i, to: i + 1}
	}
	var found target
	if t.any(tPassSub, tPass) || t.has(tPart) && (!t.has(tBase) || r.back(i, 3, tBe) >= 0) {
		if found = r.after(i); found.aim == nothing || found.aim == thing {
			if subject := r.subject(min(m, i), i); subject.aim != nothing {
				found = subject
			}
		}
		if t.has(tInf) && found.aim == group && r.ahead(found.to-1, 5, tThing) >= 0 { // "that the farmers burn the straw"
			found = target{aim: thing, from: found.from, to: found.to}
		}
	} else {
		found = r.after(i)
		if r.p.before && (found.aim == nothing || found.aim == thing) {
			found = r.objectBefore(i, found)
		}
	}
	if t.has(tCleanse) && !found.people() {
		if of := r.ahead(i, 6, tOf); of >= 0 {
			if whom := r.after(of); whom.aim == group && !r.tags(whom.from).empty() || whom.aim == group && r.p.marked(r.toks[whom.from]) {
				return whom
			}
		}
	}
	return r.settle(i, found)
}

// objectBefore reads the noun phrase before the verb at i, in a language whose objects stand there; without one the
// answer is what was found after it.
func (r *reader) objectBefore(i int, found target) target {
	all, near := false, false
	for j := i - 1; j >= 0 && i-j <= 6 && r.toks[j+1].edge == joined && !r.tags(j).any(tBreak, tHarm, tRel); j-- {
		t := r.tags(j)
		all, near = all || t.has(tAll), near || t.any(tDem, tTheir)
		n := r.noun(j)
		switch {
		case t.has(tThem):
			n = pronoun
		case n == property && !near && !r.ownedAt(j):
			n = thing
		case n == nothing && t.has(tHead) && (all || near || r.tags(j-1).any(tDem, tAll)):
			n = group
		case n == nothing && r.nameAt(j) && (all || near || r.p.marked(r.toks[j]) && !r.tags(i).has(tWeak)):
			n = group
		}
		if n != nothing {
			return target{aim: n, from: j, to: j + 1, all: all || r.tags(j-1).has(tAll), near: near || r.tags(j-1).has(tDem)}
		}
	}
	if found.aim == nothing && all {
		found.all = true
	}
	return found
}

// ownedAt reports whether the property at j is said to be a group's.
func (r *reader) ownedAt(j int) bool {
	return r.tags(j).has(tTheir) || r.tags(j-1).any(tTheir, tGroup) || r.nameAt(j-1) && r.p.marked(r.toks[j-1])
}

// settle decides what a pronoun, or a verb that carries one, stands for.
func (r *reader) settle(i int, found target) target {
	t := r.tags(i)
	if found.aim == thing && t.has(tObjP) && !t.has(tSubj) && !r.animal(found) { // "tuwachome moto": the object is people, moto is how
		found.aim = nothing
	}
	if found.aim == nothing && t.any(tObjP, tObjIt) {
		found = target{aim: pronoun, from: i, to: i, all: found.all, near: found.near}
	}
	if (found.aim == nothing || found.aim == thing) && i > 0 && r.tags(i-1).has(tUs) && r.toks[i].edge == joined {
		return target{aim: us, from: i - 1, to: i}
	}
	if found.aim == nothing {
		if j := r.back(i, 2, tThem); j >= 0 && j == i-1 || j >= 0 && r.tags(i-1).any(tAll, tAdv) {
			found = target{aim: pronoun, from: j, to: j + 1, all: r.ahead(i, 2, tAll) >= 0 || r.back(i, 2, tAll) >= 0}
		}
	}
	if found.aim == nothing && r.tags(i+1).has(tIt) && r.theirs(i) {
		found = target{aim: property, from: i + 1, to: i + 2}
	}
	if r.single(i, found) && r.oneOf(i) {
		return target{aim: group, from: i, to: i}
	}
	if found.aim == pronoun {
		switch ante := r.antecedent(i); {
		case ante == thing:
			found.aim = thing
		case ante == nothing && t.has(tWeak) && !found.all && !t.any(tObjP):
			found.aim = nothing
		}
	}
	return found
}

// single reports whether the verb at i is pointed at "him" or "her".
func (r *reader) single(i int, found target) bool {
	if r.tags(i).has(tObjOne) {
		return found.aim == nothing || found.aim == one
	}
	return found.aim == one && found.to == found.from+1 && found.from == i+1 || r.tags(i+1).has(tDet) && (found.aim == pronoun && found.from == i+1 || found.aim == nothing && (i+2 >= len(r.toks) || r.toks[i+2].edge != joined))
}

// oneOf reports whether the sentence spoke before of one or any of a group: "if you see a …, kill him".
func (r *reader) oneOf(i int) bool {
	from, _ := r.sentence(i)
	cond := false
	for j := from; j < i; j++ {
		cond = cond || r.tags(j).any(tCond, tAll)
		if !cond || j == from {
			continue
		}
		named := r.tags(j).has(tGroup) || r.nameAt(j) && (r.p.marked(r.toks[j]) || !r.cased)
		if named && (r.tags(j-1).any(tDet, tAll) || r.p.people != "" || len(r.p.definite) > 0) {
			return true
		}
	}
	return false
}

// theirs reports whether what "it" at i+1 stands for belongs to a group: "go to their mosque and burn it".
func (r *reader) theirs(i int) bool {
	for j := i - 1; j >= max(0, i-20); j-- {
		if !r.tags(j).has(tProperty) {
			if r.noun(j) == thing {
				return false
			}
			continue
		}
		return r.tags(j-1).any(tTheir, tGroup) || r.nameAt(j-1) && (r.p.marked(r.toks[j-1]) || !r.cased)
	}
	return false
}

func (r *reader) animal(at target) bool {
	for i := at.from; i < at.to; i++ {
		if r.tags(i).has(tAnimal) {
			return true
		}
	}
	return false
}

// noun is what a single token is as the head of a noun phrase.
func (r *reader) noun(i int) aim {
	t := r.tags(i)
	switch {
	case t.has(tGroup):
		return group
	case t.has(tProperty):
		return property
	case t.has(tThing), t.has(tDehum):
		return thing
	case t.has(tNonProt):
		return nonProt
	case t.has(tOne):
		return one
	}
	return nothing
}

// after reads the noun phrase that follows the verb.
func (r *reader) after(i int) target {
	found := target{from: i + 1, to: i + 1}
	det, head := false, false
	for j := i + 1; j < len(r.toks) && j <= i+12 && r.toks[j].edge == joined; j++ {
		t := r.tags(j)
		switch n := r.noun(j); {
		case n == one && j == i+1 && r.tags(j+1).any(tAll, tDem) && r.toks[j+1].edge == joined: // "fusillez-moi tous ces …"
		case t.any(tBreak, tRel, tModal, tSay, tCond, tPurpose, tWh):
			return r.close(i, found, det)
		case found.aim == nothing && r.trouble(j):
			return target{aim: thing, from: j, to: j + 1}
		case n != nothing && (found.aim == nothing || r.p.headLast && found.aim != one && r.tags(j-1).without(tTake).any(tAll, tGroup, tDem) || r.nameAt(j-1) || found.aim == property || r.p.headLast && head):
			found = r.meet(found, n, j)
			head = true
			if n == group && found.aim == group && !r.p.headLast {
				found.all = found.all || r.ahead(j, 2, tAll) >= 0
				return r.close(i, found, det)
			}
		case t.has(tHead):
			if found.near || found.all || head || det && r.ahead(j, 2, tOf) >= 0 || r.nameAt(j-1) || r.nameAt(j+1) || r.tags(j+1).any(tDem, tAll, tGroup) {
				found = r.meet(found, group, j)
				head = true
			}
		case head && r.p.headLast && t.any(tDet, tDem) && !r.tags(j-1).has(tOf) && !r.dehumAt(j-1, j): // another noun phrase
			return r.close(i, found, det)
		case t.has(tAll):
			found.all = true
		case t.has(tDem):
			found.near = true
		case t.has(tTheir):
			found.near = true
			if found.aim == property {
				found.to = j + 1
			}
		case t.has(tDet) && t.has(tThem) && (r.tags(j+1).any(tAll, tPrep, tTime, tAdv) || j == i+1 && r.tags(j+1).has(tOf) && r.toks[j+1].edge == joined):
			return target{aim: pronoun, from: j, to: j + 1, all: r.tags(j + 1).has(tAll)}
		case t.has(tDet) && t.has(tThem):
			det = true
		case t.has(tThem) && !head:
			found.aim, found.from, found.to = pronoun, j, j+1
			found.all = found.all || r.ahead(j, 3, tAll) >= 0
			if next := j + 1; next < len(r.toks) && r.toks[next].edge == joined && (r.tags(next).without(tTake).any(tHead, tGroup) || r.nameAt(next) && !r.p.headLast) {
				found.aim = nothing
				continue
			}
			return found
		case t.has(tUs) && !head:
			return target{aim: us, from: j, to: j + 1}
		case t.has(tDet), t.has(tOf):
			det = true
		case head && (t.has(tTake) && r.toks[j].entry == r.toks[i].entry || t.has(tTime) && !t.any(tAdj, tDet)):
			found.all = found.all || r.ahead(j, 2, tAll) >= 0
			return r.close(i, found, det) // "drive the … out tonight", whatever is said next
		case t.any(tAdj, tAdv, tTime, tTake, tOur), t.any(tNeg, tNegAfter) && !head:
		case t.has(tConj):
			if !head && r.tags(j-1).has(tAll) && r.tags(j+1).has(tAll) { // "each and every"
				continue
			}
			if head || !r.tags(j+1).has(tHarm) {
				return r.close(i, found, det)
			}
		case t.has(tHarm) && !head:
		case t.any(tPrep, tThey, tWe, tYou, tCop, tBe, tAux, tNeg, tNegAfter, tVoc, tLink):
			return r.close(i, found, det)
		case r.nameAt(j):
			if found.aim == nonProt && found.near && r.tags(j-1).has(tOf) { // "these traitors of …"
				found.aim, found.to = group, j+1
				return r.close(i, found, det)
			}
			if found.aim == nothing || found.aim == property || head && r.p.headLast && found.aim == thing {
				if r.believe(i, j, found, det) {
					found = r.meet(found, group, j)
					head = true
				}
			}
		default:
			if head && !r.p.headLast {
				return r.close(i, found, det)
			}
		}
	}
	return r.close(i, found, det)
}

// trouble reports whether the noun at j is what people suffer from, and the head of its phrase: who suffers it is no
// target then ("kill the hunger of the children").
func (r *reader) trouble(j int) bool {
	if !r.tags(j).has(tTrouble) {
		return false
	}
	next := j+1 < len(r.toks) && r.toks[j+1].edge == joined
	return !(r.p.headLast && next && (r.noun(j+1) != nothing || r.tags(j+1).has(tHead) || r.nameAt(j+1)))
}

// meet adds a noun to the phrase: a thing after a group's name is a thing of theirs.
func (r *reader) meet(found target, n aim, j int) target {
	owned := found.aim == property && n == group || n == property && (found.aim == group || found.near)
	if found.aim == nothing {
		found.from = j
	}
	found.to = j + 1
	found.near = found.near || r.tags(j).has(tTheir)
	switch {
	case owned:
		found.aim, found.near = property, true
	case found.aim == property && n == thing:
	case found.aim == group && (n == nonProt || n == thing && r.tags(j).has(tDehum)):
	default:
		found.aim = n
	}
	return found
}

// close turns the houses of nobody in particular into things.
func (r *reader) close(i int, found target, det bool) target {
	if found.aim == property && !found.near && (!found.all || r.tags(found.to-1).has(tThing)) {
		found.aim = thing
	}
	article := i+2 < len(r.toks) && r.toks[i+2].edge == joined && (r.tags(i+2).empty() || r.tags(i+2).has(tAdj)) // of a noun no pack knows
	if found.aim == nothing && det && r.tags(i+1).has(tThem) && !(article && r.cased) {                          // "tuez-les": an article that nothing follows is a pronoun
		found.aim, found.from, found.to = pronoun, i+1, i+2
	}
	if found.aim == thing && found.near && r.dehumAt(found.from, found.to) && r.about {
		found.aim = group
	}
	return found
}

func (r *reader) dehumAt(from, to int) bool {
	for i := from; i < to; i++ {
		if r.tags(i).has(tDehum) {
			return true
		}
	}
	return false
}

// names reports whether the text, or the turn before, names a group at all.
func (r *reader) names() bool {
	for i := range r.toks {
		if r.tags(i).has(tGroup) || r.nameAt(i) && r.p.marked(r.toks[i]) || r.tags(i).has(tHead) && r.tags(i-1).has(tDem) {
			return true
		}
	}
	for _, t := range r.before {
		if t.tags.has(tGroup) || r.p.name(t) && r.p.marked(t) {
			return true
		}
	}
	return false
}

// believe decides whether an unknown word is the name of a group: a verb with everyday uses asks for more.
func (r *reader) believe(i, j int, found target, det bool) bool {
	strong := r.p.marked(r.toks[j])
	if len(r.p.definite) > 0 && r.tags(i).has(tWeak) {
		strong = false
	}
	if found.aim == property {
		if r.p.headLast { // the owner stands before, or after "of"
			return strong || r.tags(j-1).any(tOf, tAll, tDet, tDem) || r.nameAt(j-1)
		}
		return true
	}
	if r.p.people != "" { // a language that marks nouns for people
		return strong
	}
	if r.tags(i).has(tWeak) && r.p.shy && r.tags(j).empty() {
		return found.all || found.near
	}
	if r.tags(i).has(tWeak) && !strong {
		return found.all || found.near || det && r.armed(i)
	}
	return strong || found.all || found.near || det
}

// armed reports whether the sentence tells people to take up weapons; what is a tool too counts when somebody
// is called on by name of brother or the like.
func (r *reader) armed(i int) bool {
	arms, tools, voice := false, false, false
	from, to := r.sentence(i)
	for j := from; j < to; j++ {
		t := r.tags(j)
		arms = arms || t.has(tArms) && !t.has(tCommon)
		tools = tools || t.has(tArms)
		voice = voice || t.has(tVoc) && !t.any(tConj, tLink, tAdv, tTime)
	}
	return arms || tools && voice
}

// subject finds the group before the marker of a passive.
func (r *reader) subject(m, i int) target {
	if m < 0 {
		m = i
	}
	look := func(j int) (target, bool) {
		t := r.tags(j)
		switch n := r.noun(j); {
		case n == group || n == nonProt || n == one:
			return target{aim: n, from: j, to: j + 1, all: r.back(j, 3, tAll) >= 0}, true
		case n == property && (r.tags(j-1).has(tTheir) || r.nameAt(j-1) || r.tags(j-1).has(tGroup) || r.ahead(j, 4, tTheir, tGroup) >= 0):
			return target{aim: property, from: j, to: j + 1}, true
		case n == thing, n == property:
			return target{aim: thing, from: j, to: j + 1}, true
		case t.has(tHead) && r.tags(j-1).any(tDem, tAll, tGroup, tTheir) || t.has(tHead) && (r.nameAt(j-1) || r.tags(j+1).has(tDem)):
			return target{aim: group, from: j, to: j + 1}, true
		case t.any(tThey) || t.has(tThem) && !t.has(tDet):
			return target{aim: pronoun, from: j, to: j + 1, all: r.back(j, 2, tAll) >= 0 || r.ahead(j, 2, tAll) >= 0}, true
		case t.any(tWe, tUs):
			return target{aim: us, from: j, to: j + 1}, true
		case j == 0 && r.p.headLast && j+1 < m && r.toks[1].edge == joined && r.tags(1).empty() && !r.toks[1].capital && r.cased && t.empty():
			return target{}, false // "Windows updates", whatever they are
		case r.nameAt(j) || j == 0 && !r.p.shy && r.toks[j].capital && t.empty():
			return target{aim: group, from: j, to: j + 1, all: r.back(j, 3, tAll) >= 0}, true
		}
		return target{}, false
	}
	for j := m - 1; j >= 0 && m-j <= 8 && r.toks[j+1].edge == joined; j-- {
		if found, ok := look(j); ok {
			if found.aim == thing || found.aim == property {
				if k := r.placed(j); k >= 0 {
					if owner, ok := look(k); ok && owner.aim == group {
						return owner
					}
				}
			}
			return found
		}
	}
	for j := m + 1; j < i; j++ {
		if found, ok := look(j); ok {
			return found
		}
	}
	return target{}
}

// placed reports the token before "in this village", whose noun is at j: what the place is said of; or -1.
func (r *reader) placed(j int) int {
	k := j - 1
	for k > 0 && j-k <= 4 && r.tags(k).any(tDet, tDem, tOur, tAll, tAdj) && !r.tags(k).has(tOf) && r.toks[k].edge == joined {
		k--
	}
	if k < 1 || !r.tags(k).any(tPrep, tOf) || r.toks[k].edge != joined {
		return -1
	}
	return k - 1
}

// antecedent says what "them" at i most likely stands for: the nearest noun before it, in this text or the turn
// before, that is either a group or a thing.
func (r *reader) antecedent(i int) aim {
	people := r.tags(i).has(tObjP)
	skip := func(t token, a aim) bool { return a == nothing || people && a == thing && !t.tags.has(tAnimal) }
	for j := i - 1; j >= max(0, i-reach); j-- {
		if r.tags(j-1).has(tOur) || r.tags(j).has(tOur) { // what they took from us
			continue
		}
		if a := r.candidate(r.toks[j]); !skip(r.toks[j], a) {
			return a
		}
	}
	for j := len(r.before) - 1; j >= 0; j-- {
		if a := r.candidate(r.before[j]); !skip(r.before[j], a) {
			return a
		}
	}
	for j := i + 1; j < min(len(r.toks), i+reach); j++ { // "kill them, the Velari"
		if a := r.candidate(r.toks[j]); a == group {
			return a
		}
	}
	return nothing
}

func (r *reader) candidate(t token) aim {
	switch {
	case t.tags.any(tGroup, tNonProt), t.tags.has(tHead):
		return group
	case t.tags.has(tThing):
		return thing
	case r.p.name(t) && r.p.marked(t):
		return group
	}
	return nothing
}
