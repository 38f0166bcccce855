package lexicon

import (
	"slices"

	"counterpoint"
)

// turn reads the turn before, for what a pronoun stands for and for whose words these are. What comes after is not
// known to the stage: a condemnation in the next turn takes nothing back.
func (r *reader) turn(c Context) {
	n := len(c.Before)
	if n == 0 {
		return
	}
	last := c.Before[n-1]
	r.turned = Cut(tail(last.Text))
	r.before = r.p.read(r.turned, r.index)
	if last.Same {
		r.opens = r.endsInSaying(last.Text) || c.Role == counterpoint.Reporter && r.lastSays(tSay, tHeard, tQuoteW, tCallNoun)
		r.doubtful = !r.opens && r.lastSays(tCondemn) && r.lastSays(tSay, tHeard, tQuoteW, tCallNoun, tDeict)
		return
	}
	r.echo = c.Role == counterpoint.Host && last.Role != counterpoint.Reporter
}

// endsInSaying reports whether the turn before ended with "he said:".
func (r *reader) endsInSaying(text string) bool {
	for i := max(0, len(r.before)-3); i < len(r.before); i++ {
		if r.before[i].tags.any(tSay, tHeard, tQuoteW) && !r.before[i].tags.has(tSayMe) {
			return true
		}
	}
	return len(text) > 0 && text[len(text)-1] == ':' && len(r.before) > 1
}

// lastSays reports whether the last sentence of the turn before has a word of one of the tags that is not the
// speaker's own saying.
func (r *reader) lastSays(ts ...tag) bool {
	for i := len(r.before) - 1; i >= 0; i-- {
		if t := r.before[i].tags; t.any(ts...) && !t.any(tSayMe, tNeg) {
			return true
		}
		if r.before[i].edge == sentence {
			return false
		}
	}
	return false
}

// uncertain reports whether the turn before leaves it open whose words these are: the same speaker has just rejected
// words that may be these, or a host repeats the verb a caller used.
func (r *reader) uncertain(i int) bool {
	if r.doubtful {
		return true
	}
	return r.echo && slices.ContainsFunc(r.before, func(t token) bool { return t.word == r.toks[i].word })
}

// agrees finds "he is right", "do as he says" after another speaker's call. Level 2 and unclear: with what of it the
// speaker agrees, a person must hear.
func (r *reader) agrees(c Context) {
	n := len(c.Before)
	if !r.endorsed || n == 0 || c.Before[n-1].Same || r.out.Level >= 2 || r.out.Frame == counterpoint.Condemn {
		return
	}
	before := Cut(tail(c.Before[n-1].Text))
	said := r.p.reading(before, r.index, Context{})
	before.Release()
	if said.Level < 3 {
		return
	}
	for i := range r.toks {
		if r.tags(i).has(tEndorse) && r.back(i, 3, tNeg, tNegQ) < 0 {
			r.raise(2, counterpoint.Uncertain, true)
			r.hit("ENDORSE", counterpoint.Violence, i, r.verbEnd(i), weightThreat, "agrees with a call that another speaker has just made")
			return
		}
	}
}
