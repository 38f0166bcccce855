package lexicon

// How a speaker stands to what is said of a group, as the tone reader sees it: called so by others, quoted, refused,
// denied.

// terms is where somebody speaks of those who call a group something bad ("calling refugees rats is …"), or -1. What
// the speaker calls a group himself is no such word.
func (r *toneReader) terms() int {
	for i, t := range r.at {
		if t&toneTerm == 0 || i > 0 && r.toks[i].edge == joined && r.at[i-1]&(toneOwn|toneRefuse|toneOther) != 0 {
			continue
		}
		named, bad := false, false
		for j := i + 1; j < len(r.at) && j-i <= 7 && r.toks[j].edge == joined; j++ {
			named = named || r.at[j]&(toneGroup|toneSlur) != 0 && j-i <= 5
			bad = bad || r.at[j]&(toneEvil|toneSlur) != 0
		}
		if named && bad {
			return i
		}
	}
	return -1
}

// cited reports whether the word at i, said of the group at g, stands with it between quotation marks, in a text that
// has words of its own.
func (r *toneReader) cited(i, g int) bool {
	if !r.toks[i].quoted || g < 0 || !r.toks[g].quoted {
		return false
	}
	own, quoted := 0, 0
	for _, t := range r.toks {
		if t.quoted {
			quoted++
		} else {
			own++
		}
	}
	return own > 2 && own <= 30 && quoted <= 12 && quoted > 1
}

// refused reports whether the speaker would not do with a group what one does with people, at i. "I would never let
// refugees starve" refuses no group.
func (r *toneReader) refused(i int) bool {
	refuses := false
	for j := i - 1; j >= 0 && i-j <= 4 && r.toks[j+1].edge == joined; j-- {
		refuses = refuses || r.at[j]&toneRefuse != 0
	}
	if !refuses || r.near(i, 7) < 0 {
		return false
	}
	for j := i + 1; j < len(r.at) && j-i <= 9 && r.toks[j].edge == joined; j++ {
		if r.at[j]&(toneHarm|toneHate|toneTrouble) != 0 {
			return false
		}
	}
	return true
}

// denied reports whether the good at i is denied: by a negation, or because there is none ("an honest … does not
// exist"). Who "does not deserve blame" is denied nothing.
func (r *toneReader) denied(i int) bool {
	for j := i + 1; j < len(r.at) && j-i <= 3 && r.toks[j].edge == joined && !r.turns(j); j++ {
		if r.at[j]&toneEvil != 0 {
			return false
		}
	}
	if r.negated(i) || r.noneOf(i) {
		return true
	}
	for j := i + 1; j < len(r.at) && j-i <= 4; j++ {
		if r.at[j]&toneNone != 0 {
			return true
		}
	}
	return false
}

// noneOf reports whether the good at i is said of no member of a group: "not one … is honest".
func (r *toneReader) noneOf(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 7 && r.toks[j+1].edge == joined; j-- {
		switch {
		case r.at[j]&toneNot != 0:
			return j+2 < i && (r.at[j+1]|r.at[j+2])&(toneGroup|toneSlur) != 0
		case r.at[j]&toneEvil != 0:
			return false
		}
	}
	return false
}

// every reports whether the denial of the bad word at i stands behind another one, so that it is said of all: "I have
// yet to meet one who is not …".
func (r *toneReader) every(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 9 && r.toks[j+1].edge == joined; j-- {
		if r.at[j]&toneNone != 0 {
			return true
		}
	}
	return false
}

// denial reports whether the phrase at i denies something itself: "no shame".
func (r *toneReader) denial(i int) bool {
	return r.long[i] > 1 && r.pack.tones.stemmed(r.toks[i].word)&toneNot != 0
}

// doubted reports whether the speaker denies to think, or that one may say, what is bad at i: "I do not believe that
// they are …", "nobody should write that …".
func (r *toneReader) doubted(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 9 && r.toks[j+1].edge == joined; j-- {
		if r.at[j]&toneOpinion == 0 {
			continue
		}
		if j+1 < len(r.at) && r.at[j+1]&toneNot != 0 && r.lang == "fra" {
			return true
		}
		for k := j - 1; k >= 0 && j-k <= 6 && r.toks[k+1].edge == joined; k-- {
			if r.at[k]&toneNot != 0 {
				return true
			}
		}
	}
	return false
}

// spared reports whether the speaker would not allow the harm at i: "I would never let refugees starve".
func (r *toneReader) spared(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 4 && r.toks[j+1].edge == joined; j-- {
		if r.at[j]&toneAccept == 0 {
			continue
		}
		for k := j - 1; k >= 0 && j-k <= 4 && r.toks[k+1].edge == joined; k-- {
			if r.at[k]&toneRefuse != 0 {
				return true
			}
		}
	}
	return false
}

// turns reports whether the word at j is a "but", behind which no denial reaches.
func (r *toneReader) turns(j int) bool { return r.pack.words[r.toks[j].word].tags.has(tBreak) }
