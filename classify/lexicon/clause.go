package lexicon

// reader holds one text while its grammar is read.
type reader struct {
	p      *pack
	index  *index
	toks   []token
	all    tags    // of all of them, before the grammar changes any
	before []token // of the turn before, for what a pronoun stands for
	turned *Text   // the turn before, while it is read
	opens  bool    // the turn before ended with "he said:", or a reporter goes on with what it reported
	echo   bool    // a host speaks after a caller
	cased  bool    // the text is written with capitals, so a name would have one

	doubtful bool // the speaker has just rejected words that may be these
	endorsed bool // the speaker says that somebody is right
	about    bool // the text, or the turn before, names a group at all
	lastCall int  // the last verb that calls, or -1
	out      Reading
}

func (r *reader) tags(i int) tags {
	if i < 0 || i >= len(r.toks) {
		return tags{}
	}
	return r.toks[i].tags
}

// reach is how many tokens away grammar is looked for: speech written without punctuation has no sentences, and
// a text made to be slow must not be.
const reach = 50

// sentence gives the bounds of the sentence around token i, as far as reach.
func (r *reader) sentence(i int) (from, to int) {
	for from = i; from > 0 && i-from < reach && r.toks[from].edge != sentence; from-- {
	}
	for to = i + 1; to < len(r.toks) && to-i < reach && r.toks[to].edge != sentence; to++ {
	}
	return from, to
}

// clause gives the first token of the clause that token i is in: after a comma or a word such as "but".
func (r *reader) clause(i int) int {
	from := i
	for ; from > 0 && i-from < reach && r.toks[from].edge == joined && !r.tags(from-1).has(tBreak); from-- {
	}
	return from
}

// sameClause reports whether no comma, stop or "but" lies between two tokens.
func (r *reader) sameClause(a, b int) bool {
	if a > b {
		a, b = b, a
	}
	for i := a + 1; i <= b; i++ {
		if r.toks[i].edge != joined || r.tags(i).has(tBreak) {
			return false
		}
	}
	return true
}

// back finds the nearest token before i, in its clause and at most n away, that has one of the tags; or -1.
func (r *reader) back(i, n int, ts ...tag) int {
	for j := i - 1; j >= 0 && i-j <= n; j-- {
		if r.toks[j+1].edge != joined || r.tags(j).has(tBreak) {
			return -1
		}
		if r.tags(j).any(ts...) {
			return j
		}
	}
	return -1
}

// ahead is back to the right.
func (r *reader) ahead(i, n int, ts ...tag) int {
	for j := i + 1; j < len(r.toks) && j-i <= n && r.toks[j].edge == joined && !r.tags(j).has(tBreak); j++ {
		if r.tags(j).any(ts...) {
			return j
		}
	}
	return -1
}

// headOfClause reports whether nothing but calls to attention and adverbs stands before i in its clause, so
// that a bare verb there is an imperative.
func (r *reader) headOfClause(i int) bool {
	for j, from := i-1, r.clause(i); j >= from; j-- {
		if !r.tags(j).any(tVoc, tAdv, tTime, tMotion, tConj, tAll, tPlace, tHort, tYou, tNeg) || r.tags(j).any(tRel, tAux, tModal) {
			return false
		}
	}
	return true
}

// chained reports whether the verb follows "and" or "to" in a clause that an imperative opened: "take your
// machetes and …".
func (r *reader) chained(i int) bool {
	j := i - 1
	for j >= 0 && r.tags(j).any(tThem, tAdv) && r.toks[j+1].edge == joined {
		j--
	}
	if j < 0 || !r.tags(j).any(tConj, tLink, tPurpose) {
		return false
	}
	if r.tags(j-1).has(tMotion) && r.tags(j-2).has(tVoc) && r.spoken() { // "… so go and burn …"
		return true
	}
	for k := r.clause(i); k < j; k++ {
		t := r.tags(k)
		if t.any(tMotion, tHort, tImp) || t.has(tHarm) && t.any(tBase, tSubj) {
			return r.back(j, j-k, tRel, tWh, tThey) < 0
		}
		if !t.any(tVoc, tAdv, tTime, tAll, tConj, tPlace, tYou) {
			return false
		}
	}
	return false
}
