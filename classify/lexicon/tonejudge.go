package lexicon

import (
	"slices"

	"counterpoint"
)

// Weights of what a tone says, in logits. They were set by hand on functional cases of our own.
const (
	toneSaid      = 4.4 // something bad of a group, near its name
	toneMaybe     = 2.4 // further away
	toneSlurred   = 4.2
	toneCursed    = 1.6 // profanity beside a group's name
	toneDenied    = 4.0 // the group is denied something good
	toneKind      = -1.6
	toneObjects   = -5.0
	toneUnvouched = 2.2
	toneReclaimed = -2.2
	toneNear      = 12 // words between a group's name and what is said of it
)

func (r *toneReader) judge() {
	all := tone(0)
	for _, t := range r.at {
		all |= t
	}
	if all == 0 {
		return
	}
	r.doubles()
	r.rumours()
	for i, t := range r.at {
		r.out.Meant = r.out.Meant || t&toneDuty != 0 || t&toneHarm != 0 && r.pack.tagged(r.toks[i].word).any(tFuture, tImp)
		r.out.Group = r.out.Group || t&(toneGroup|toneSlur) != 0
		if t&toneGroup != 0 && t&toneSlur == 0 {
			r.out.Names = append(r.out.Names, [2]int{r.toks[i].start, r.toks[i].end})
		}
		if t&toneHarm != 0 && !r.negated(i) && r.suffered(i) < 0 {
			r.out.Harm++
		}
		if t&toneCounter != 0 && !r.out.Countered {
			r.out.Countered = true
			r.against("COUNTER", i, toneObjects, "the words of somebody who objects")
		}
		if t&toneDouble != 0 && r.owned(i) {
			r.against("OWN", i, toneReclaimed, "a group's own word for itself")
		}
	}
	if !r.out.Group {
		return
	}
	if i := r.terms(); i >= 0 && !r.out.Countered {
		r.out.Countered = true
		r.against("TERM", i, toneObjects, "speaks of those who call a group so")
	}
	said, inside := r.slurs(), 0
	for i, t := range r.at {
		if i < inside {
			continue
		}
		inside = i + int(r.long[i])
		switch {
		case t&toneEvil != 0:
			said = r.evil(i, t) || said
		case t&toneSwear != 0 && r.near(i, 4) >= 0:
			r.hit("SWEAR", counterpoint.Offensive, i, toneCursed, "a swear word beside the name of a group")
		case t&toneAccept != 0 && r.refused(i):
			said = true
			r.hit("DENIED", counterpoint.Hate, i, toneDenied, "wants nothing to do with a group")
		case t&toneGood != 0 && r.denied(i):
			if g := r.near(i, toneNear); g >= 0 {
				said = true
				r.hit("DENIED", counterpoint.Hate, i, toneDenied, "denies a group something good")
			}
		}
	}
	if !said {
		for i, t := range r.at {
			if t&toneGood != 0 {
				r.against("GOOD", i, toneKind, "good words beside the name of a group")
				return
			}
		}
	}
}

// doubles takes a double word for a slur where a bad word, a swear word or a group's name stands beside it, or where
// somebody is pointed at with it: "that …" and no more.
func (r *toneReader) doubles() {
	for i, t := range r.at {
		if t&toneDouble == 0 {
			continue
		}
		pointed := i > 0 && r.at[i-1]&tonePoint != 0
		for _, o := range r.at[max(0, i-3):min(len(r.at), i+4)] {
			if o&(toneEvil&^toneBeast|toneSwear|toneGroup) != 0 {
				r.at[i] = toneSlur
			}
		}
		if pointed && r.toks[i].edge == joined && (i+1 == len(r.toks) || r.toks[i+1].edge != joined) {
			r.at[i] = toneSlur
		}
	}
}

// owned reports whether somebody says the word at i of themselves.
func (r *toneReader) owned(i int) bool {
	return slices.ContainsFunc(r.at[max(0, i-4):min(len(r.at), i+4)], func(t tone) bool { return t&toneOwn != 0 })
}

// slurs counts the first slur, unless somebody says it of themselves.
func (r *toneReader) slurs() bool {
	for i, t := range r.at {
		if t&toneSlur == 0 {
			continue
		}
		if r.owned(i) {
			r.against("OWN", i, toneReclaimed, "a group's own word for itself")
			continue
		}
		if r.cited(i, i) {
			r.against("QUOTED", i, toneKind, "says what somebody else says")
			continue
		}
		r.hit("SLUR", counterpoint.Hate, i, toneSlurred, "insults a group by its name")
		return true
	}
	return false
}

// evil judges one bad word by the group it is said of.
func (r *toneReader) evil(i int, t tone) bool {
	if r.at[i]&toneGood != 0 {
		return false
	}
	g := r.near(i, toneNear)
	if g < 0 && t&toneOther != 0 {
		return false
	}
	if (r.negated(i) && !r.denial(i) || r.doubted(i)) && !r.every(i) {
		r.against("NEGATION", i, -1, "denies it")
		return false
	}
	if r.cited(i, g) {
		r.against("QUOTED", i, toneKind, "says what somebody else says")
		return false
	}
	if t&toneHarm != 0 && r.spared(i) {
		r.against("NEGATION", i, -1, "the speaker would not let it happen")
		return false
	}
	if j := r.suffered(i); t&(toneHarm|toneOut) != 0 && j >= 0 {
		r.against("TROUBLE", j, toneKind, "what is to end is what people suffer from")
		return false
	}
	weight := toneSaid
	if r.lapsed || g < 0 || r.between(g, i) {
		weight = toneMaybe
	}
	if slices.ContainsFunc(r.out.Hits, func(h Hit) bool { return h.Cue == "SAID" && h.Weight >= weight }) {
		weight = 0.4 // more of the same adds little
	}
	label, reason := counterpoint.Hate, "says bad of a group"
	switch {
	case t&toneHarm != 0:
		label, reason = counterpoint.Violence, "speaks of harm to a group"
	case t&toneBeast != 0:
		label, reason = counterpoint.Dehumanization, "speaks of a group as of beasts or dirt"
	case t&toneOut != 0:
		reason = "shuts a group out"
	}
	r.hit("SAID", label, i, weight, reason)
	if n := int(r.long[i]); n > 1 {
		r.out.Hits[len(r.out.Hits)-1].End = r.toks[i+n-1].end
	}
	return true
}

// suffered is the trouble that the word of harm at i is pointed at, or -1: "end the hunger of refugees", "the refugees'
// hunger". A group that stands between is only whose it is.
func (r *toneReader) suffered(i int) int {
	for j := i + 1; j < len(r.at) && j-i <= 5 && r.toks[j].edge == joined; j++ {
		switch {
		case r.at[j]&toneTrouble != 0:
			return j
		case r.at[j]&(toneGroup|toneSlur) != 0 && (j+1 == len(r.at) || r.at[j+1]&toneTrouble == 0):
			return -1
		}
	}
	return -1
}

// near is the group's name nearest to i, at most n words away, or -1.
func (r *toneReader) near(i, n int) int {
	for d := 1; d <= n; d++ {
		for _, j := range [2]int{i - d, i + d} {
			if j >= 0 && j < len(r.at) && r.at[j]&(toneGroup|toneSlur) != 0 {
				return j
			}
		}
	}
	return -1
}

// between reports whether another target, one person or a thing, stands nearer to the word than the group, in
// another clause than the group's.
func (r *toneReader) between(g, i int) bool {
	lo, hi := min(g, i), max(g, i)
	for j := lo + 1; j < hi; j++ {
		if r.at[j]&toneOther != 0 {
			return true
		}
	}
	return false
}

// negated reports whether a negation stands up to three words before, or right after, in the same clause.
func (r *toneReader) negated(i int) bool {
	for j := i - 1; j >= 0 && i-j <= 3 && r.toks[j+1].edge == joined && !r.turns(j); j-- {
		if r.at[j]&toneNot != 0 {
			return true
		}
	}
	return i+1 < len(r.at) && r.toks[i+1].edge == joined && r.at[i+1] == toneNot && r.lang == "fra"
}

func (r *toneReader) hit(cue string, label counterpoint.Label, i int, weight float64, reason string) {
	r.out.Hits = append(r.out.Hits, Hit{Cue: cue, Label: label, Start: r.toks[i].start, End: r.toks[i].end, Weight: weight, Reason: reason, Entry: r.lang + "/tone"})
}

func (r *toneReader) against(cue string, i int, weight float64, reason string) {
	if n := len(r.out.Against); n > 0 && r.out.Against[n-1].Cue == cue && r.out.Against[n-1].Start == r.toks[i].start {
		return // for a phrase of two words
	}
	r.out.Against = append(r.out.Against, Hit{Cue: cue, Label: counterpoint.Hate, Start: r.toks[i].start, End: r.toks[i].end, Weight: weight, Reason: reason, Entry: r.lang + "/tone"})
}
