package lexicon

import "counterpoint"

// sparseReach is how many words may lie between the words that make a call in a language of which only words of a
// dictionary are known.
const sparseReach = 4

// sparse is the grammar of languages that have none: an obligation, a verb of harm and whom it is said of, close
// together, and in the sentence nothing that denies, reports or rejects, and no thing that is killed or burned. A
// dictionary gives neither inflections nor what negation does to them, and no reader has checked it, so this raises
// level 2 and no more: a person must hear it.
func (r *reader) sparse() {
	for i := range r.toks {
		if !r.tags(i).has(tHarm) {
			continue
		}
		m := r.beside(i, tModal)
		if m < 0 || r.calmed(i) {
			continue
		}
		if at := r.sparseTarget(i, m); at >= 0 {
			r.sparseCall(i, m, at)
			return
		}
	}
}

func (r *reader) sparseCall(i, m, at int) {
	r.raise(2, counterpoint.Uncertain, true)
	r.hit("HARM", counterpoint.Violence, i, i+1, weightHarm, "speaks of harm")
	r.hit("CALL", counterpoint.Violence, m, m+1, weightThreat, "says that it must be done, by words of a dictionary alone")
	if r.tags(at).any(tTime, tPlace) {
		r.hit("TIME", counterpoint.Violence, at, at+1, .3, "names a time or a place")
		return
	}
	r.hit("GROUP", counterpoint.Hate, at, at+1, weightGroup, "people, by a word of a dictionary")
}

// beside is the nearest token with one of the tags, of another entry than i's, at most sparseReach away in the same
// sentence; or -1.
func (r *reader) beside(i int, ts ...tag) int {
	from, to := r.sentence(i)
	for d := 1; d <= sparseReach; d++ {
		for _, j := range [2]int{i + d, i - d} {
			if j >= from && j < to && r.tags(j).any(ts...) && r.toks[j].entry != r.toks[i].entry {
				return j
			}
		}
	}
	return -1
}

// sparseTarget is the token that says whom the harm at i is for: people by a noun or pronoun, else a time or place.
func (r *reader) sparseTarget(i, m int) int {
	at := r.beside(i, tGroup, tHead, tThem, tNonProt)
	if at < 0 {
		at = r.beside(i, tTime, tPlace)
	}
	if at < 0 || r.toks[at].entry == r.toks[m].entry {
		return -1
	}
	return at
}

// calmed reports whether the sentence denies, asks, reports or rejects, or speaks of a thing or a beast.
func (r *reader) calmed(i int) bool {
	from, to := r.sentence(i)
	for j := from; j < to; j++ {
		if r.toks[j].question || r.toks[j].quoted || r.tags(j).any(tNeg, tNegQ, tNegAfter, tStop, tSay, tCondemn, tCrime, tWh, tCond, tThing, tAnimal) {
			return true
		}
	}
	return false
}
