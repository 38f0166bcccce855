package lexicon

import (
	"slices"
	"strings"

	"counterpoint"
)

// subjects makes a group of every beast or pest that a group is called, so that "kill them" after it means the
// group.
func (r *reader) subjects() {
	for i := range r.toks {
		if !r.tags(i).has(tDehum) {
			continue
		}
		if at, _ := r.called(i); at.aim == group || at.aim == pronoun && r.antecedent(at.from) != thing {
			r.toks[i].tags = r.tags(i).without(tThing).with(tGroup)
		}
	}
}

// called finds the group that the word at i is said of: "the … are cockroaches", "these … cockroaches". The
// second answer is the token of a denial, or -1.
func (r *reader) called(i int) (target, int) {
	if k := r.phraseBefore(i); k >= 0 && !r.p.article(r.toks[i].word) && r.labelled(k) {
		return target{aim: group, from: k, to: i}, -1
	}
	cop := r.back(i, 6, tCop, tBe)
	if cop < 0 {
		return target{}, -1
	}
	denial := -1
	if r.tags(cop).has(tNeg) {
		denial = cop
	}
	others := 0
	for j := cop - 1; j <= i; j++ {
		if j > cop && j < i && !r.tags(j).any(tDet, tAdj, tAdv, tAll, tOf, tTake, tNeg, tNegAfter, tLink, tConj, tDem, tCop, tBe) {
			others++
			if r.tags(j).empty() && r.tags(j+1).any(tOf, tDet) && j+1 < i { // "were exposed to the virus"
				return target{}, -1
			}
		}
		if j >= 0 && r.tags(j).any(tNeg, tNegQ, tNegAfter) {
			denial = j
		}
		if j > cop && (r.tags(j).any(tPrep, tWh, tSay, tRel) || j < i && r.tags(j).any(tThing, tDehum) && !r.tags(j).has(tAdj)) {
			return target{}, -1
		}
	}
	if others > 1 {
		return target{}, -1
	}
	if r.tags(cop).has(tThey) { // "they're"
		return target{aim: pronoun, from: cop, to: cop + 1}, denial
	}
	return r.subject(cop, cop), denial
}

// labelled reports whether the word at k, with a word such as "cockroaches" right after it, is a group that is
// called so: a name alone is not enough ("Peppa Pig"), save where a sentence needs no verb.
func (r *reader) labelled(k int) bool {
	if r.noun(k) == group {
		return true
	}
	if !r.nameAt(k) || !r.p.marked(r.toks[k]) {
		return false
	}
	return k > 0 && r.tags(k-1).any(tAll, tDem) || len(r.p.definite) > 0 && k == r.clause(k)
}

// phraseBefore is the first token of the word or phrase right before i, or -1.
func (r *reader) phraseBefore(i int) int {
	if i == 0 || r.toks[i].edge != joined {
		return -1
	}
	k := i - 1
	for k > 0 && r.tags(k).has(tTake) && r.toks[k].entry == r.toks[k-1].entry {
		k--
	}
	return k
}

func (r *reader) hallmarks() {
	for i := range r.toks {
		t := r.tags(i)
		switch {
		case t.has(tTake):
		case t.has(tDehum):
			r.dehum(i)
		case t.has(tRape):
			r.women(i)
		case t.has(tLoyal):
			r.loyal(i)
		}
	}
}

func (r *reader) dehum(i int) {
	at, denial := r.called(i)
	switch {
	case at.aim == nonProt || at.aim == one || at.aim == us || at.aim == thing || at.aim == nothing:
		return
	case at.aim == pronoun && r.antecedent(at.from) == thing:
		return
	case r.toks[i].question:
		return
	case r.tags(i).has(tInsult) && !r.insulted(at): // clubs and films are trash too
		return
	}
	s, asserted := r.said(i, denial)
	r.raise(2, s, asserted)
	r.hit("DEHUM", counterpoint.Dehumanization, i, r.verbEnd(i), weightMark, "calls people beasts, pests, dirt or disease")
	r.hit("GROUP", counterpoint.Hate, at.from, at.to, weightGroup, groupReason(at))
}

// said is judge for words that are no verb of harm.
func (r *reader) said(i, denial int) (counterpoint.Stance, bool) {
	if denial >= 0 {
		r.against("NEGATION", counterpoint.Hate, denial, denial+1, weightDenied, "denies it")
		s, _ := r.frame(i)
		return s, false
	}
	if j := r.doubted(i); j >= 0 {
		r.against("NEGATION", counterpoint.Hate, j, j+1, weightDenied, "denies it")
		s, _ := r.frame(i)
		return s, false
	}
	s, j := r.frame(i)
	if s == counterpoint.Assert || s == counterpoint.Uncertain {
		return s, true
	}
	r.against("REPORT", counterpoint.Hate, j, j+1, weightFrame, "not the speaker's own words")
	return s, false
}

// women judges "they rape our daughters".
func (r *reader) women(i int) {
	w := r.ahead(i, 5, tWomen)
	if w < 0 || !r.tags(w).has(tOur) && r.back(w, 3, tOur) < 0 && r.ahead(w, 2, tOur) < 0 {
		return
	}
	at := r.subject(i, i)
	if !at.people() && !r.tags(i).has(tThey) {
		return
	}
	s, asserted := r.said(i, r.back(i, 3, tNeg, tNegQ))
	r.raise(2, s, asserted)
	r.hit("WOMEN", counterpoint.Women, i, i+1, weightMark, "says that they attack our women")
}

// loyal judges "whoever helps them is a traitor".
func (r *reader) loyal(i int) {
	if !r.about && r.back(i, 10, tThem, tWh, tRel) < 0 {
		return
	}
	if r.back(i, 3, tCop, tBe, tDet, tOf, tAll) < 0 && r.ahead(r.verbEnd(i)-1, 1, tCop) < 0 {
		return
	}
	denial := r.back(i, 4, tNeg, tNegQ)
	s, asserted := counterpoint.Assert, true
	f, j := r.frame(i)
	if whoever := f == counterpoint.ReportOn && r.tags(j).has(tCallNoun) && !r.tags(j).any(tSay, tHeard); denial >= 0 || !whoever {
		s, asserted = r.said(i, denial) // "whoever helps them is a traitor" reports nobody
	}
	r.raise(1, s, asserted)
	r.hit("LOYALTY", counterpoint.Loyalty, i, i+1, weightHate, "calls people traitors to their own")
}

// phrases judges what a pack's entry says by itself.
func (r *reader) phrases(country, day string) {
	for i := range r.toks {
		t := r.tags(i)
		if r.toks[i].entry < 0 || !t.any(tWhole, tMirror, tPurity, tOut, tSlur, tCode, tThreat) || i > 0 && r.toks[i-1].entry == r.toks[i].entry && t.has(tTake) {
			continue
		}
		e := r.p.entries[r.toks[i].entry]
		if !e.means(country, day) {
			continue
		}
		if !e.alone() && !r.second(i) {
			continue
		}
		r.phrase(i, t)
	}
}

// second reports whether another cue stands in the text.
func (r *reader) second(i int) bool {
	if len(r.out.Hits) > 0 {
		return true
	}
	for j := max(0, i-reach); j < min(len(r.toks), i+reach); j++ {
		if r.toks[j].entry != r.toks[i].entry && r.tags(j).any(tHarm, tGroup, tDehum, tSlur, tThey, tThem, tWhole, tCode) {
			return true
		}
	}
	return false
}

func (r *reader) phrase(i int, t tags) {
	end := r.verbEnd(i)
	no := r.back(i, 3, tNeg, tNegQ)
	switch {
	case t.has(tWhole):
		r.mark(3, i, end, no, "CALL", counterpoint.Incitement, weightCall+weightHarm, "a known call")
	case t.has(tThreat):
		r.mark(2, i, end, no, "THREAT", counterpoint.Violence, weightMark, "a known threat")
	case t.has(tMirror):
		r.mark(2, i, end, no, "MIRROR", counterpoint.Mirror, weightMark, "says that they are about to harm us")
	case t.has(tPurity):
		if r.about || r.back(i, 8, tThey) >= 0 {
			r.mark(1, i, end, no, "PURITY", counterpoint.Purity, weightHate, "says that they threaten our purity or land")
		}
	case t.has(tOut):
		if at := r.outer(i); at.people() {
			r.mark(2, i, end, no, "EXPEL", counterpoint.Hate, weightHate, "tells a group to leave")
		}
	case t.has(tSlur):
		r.mark(1, i, end, no, "SLUR", counterpoint.Hate, weightHate, "a slur")
	case t.has(tCode):
		r.mark(1, i, end, no, "CODE", counterpoint.Hate, weightHate, "coded speech")
	}
}

func (r *reader) outer(i int) target {
	if at := r.subject(i, i); at.people() {
		return at
	}
	for j := max(0, i-6); j < min(len(r.toks), i+8); j++ {
		if r.noun(j) == group || r.nameAt(j) && r.p.marked(r.toks[j]) {
			return target{aim: group, from: j, to: j + 1}
		}
	}
	return target{}
}

func (r *reader) mark(level, i, end, denial int, cue string, label counterpoint.Label, weight float64, reason string) {
	s, asserted := r.said(i, denial)
	if asserted && r.toks[i].question {
		s, asserted = counterpoint.Question, false
	}
	r.raise(level, s, asserted)
	r.hit(cue, label, i, end, weight, reason)
}

// insulted reports whether it is a group that something bad is said of, and not a person or a thing.
func (r *reader) insulted(at target) bool {
	return at.aim == group && r.whole(at) || at.aim == pronoun && r.about
}

// whole reports whether what is insulted is a group, not something with a capital at the head of a sentence.
func (r *reader) whole(at target) bool {
	return r.tags(at.from).any(tGroup, tHead) || at.all || r.tags(at.from-1).any(tDet, tDem, tAll) || r.p.article(r.toks[at.from].word) ||
		r.p.people != "" && r.p.marked(r.toks[at.from])
}

// unsure reports whether a word is too little of a group to be hated: an unknown one where the grammar is recalled, or
// where every noun may have the article that marks a name ("I hate the printer") and this one has no ending of people.
func (r *reader) unsure(at target) bool {
	if !r.tags(at.from).empty() {
		return false
	}
	ends := func(e string) bool { return strings.HasSuffix(r.toks[at.from].word, e) }
	return r.p.shy || len(r.p.definite) > 0 && !slices.ContainsFunc(r.p.endings, ends)
}

// hate judges "I hate the …" and "all the … are thieves".
func (r *reader) hate() {
	for i := range r.toks {
		t := r.tags(i)
		switch {
		case t.has(tTake):
		case t.has(tHateV) && (t.has(tWe) || r.back(i, 4, tWe, tAll) >= 0):
			at := r.settle(i, r.after(i))
			if at.aim == group && !(r.unsure(at) && !at.all) || at.aim == pronoun && r.about {
				r.mark(1, i, r.verbEnd(i), r.back(i, 3, tNeg, tNegQ), "HATE", counterpoint.Hate, weightHate, "says that they hate a group")
			}
		case t.has(tInsult):
			at, denial := r.called(i)
			if r.insulted(at) && !r.toks[i].question {
				r.mark(1, i, r.verbEnd(i), denial, "INSULT", counterpoint.Hate, weightHate, "says bad of a whole group")
			}
		}
	}
}
