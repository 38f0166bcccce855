package lexicon

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"counterpoint"
)

// Hit is a cue where it stands in the text.
type Hit struct {
	Cue    string
	Label  counterpoint.Label
	Start  int // runes of the original text
	End    int
	Entry  string
	Reason string
	Weight float64 // added to the label's logit; negative where it speaks against
}

// Reading is what the cues say of a text in one language.
type Reading struct {
	Lang      string
	Level     int                 // of what is asserted: 3 a call, 2 threat, dehumanization, mirror; 1 hate
	Raw       int                 // the level the words would have if the speaker asserted them
	Stance    counterpoint.Stance // towards the gravest words
	Imminence int                 // 3 names a time or place, 2 calls to act, 1 neither
	Reported  int                 // the imminence the words would have if the speaker asserted them
	When      []Hit               // the time or place beside a call that the speaker does not assert
	Hits      []Hit
	Against   []Hit
	// Frame is what the speaker does with the text as a whole, for words that no cue minds: condemn, report or
	// quote, else assert.
	Frame   counterpoint.Stance
	Known   float64 // share of words the pack knows: how far the text is in its language
	Words   int
	Grammar bool // the pack has one; a few known terms are no grammar
}

// Before is the turn before the text.
type Before struct {
	Text string
	Same bool // spoken by the same person, or by nobody knows whom
	Role counterpoint.Role
}

// Context is what surrounds a text.
type Context struct {
	Before  []Before // nearest last
	Role    counterpoint.Role
	Country string // ISO 3166-1 alpha-2, for entries that mean something only there
	Day     string // when it was said, as 2006-01-02, for entries that mean something only for a time; empty is unknown
}

// reading is what the pack says of a text.
func (p *pack) reading(text *Text, x *index, c Context) Reading {
	r := &reader{p: p, index: x, lastCall: -1}
	if p.grammar || p.touches(text, x) {
		r.toks = p.read(text, x)
		for i := range r.toks {
			r.all = r.all.or(r.toks[i].tags)
		}
	} else {
		r.toks = text.tokens(p.split) // not tagged, so nothing is written to them
	}
	r.out = Reading{Lang: p.lang, Stance: counterpoint.Assert, Imminence: 1, Reported: 1, Words: len(r.toks), Grammar: p.grammar}
	r.stance()
	if r.speaks() {
		r.judgements(c)
	}
	r.coverage()
	return r.out
}

// speaks reports whether the text has a word that could make a cue; in most texts none has.
func (r *reader) speaks() bool {
	return r.all.any(tHarm, tDeathTo, tDie, tMercy, tWhole, tThreat, tMirror, tPurity, tOut, tSlur, tCode, tDehum, tRape, tLoyal, tHateV, tInsult, tEndorse)
}

// judgements reads the text by the grammar, or by what stands for one where only words are known.
func (r *reader) judgements(c Context) {
	r.cased = cased(r.toks)
	if r.turn(c); r.turned != nil {
		defer r.turned.Release()
	}
	r.about, r.endorsed = r.names(), r.endorses()
	if r.p.sparse {
		r.phrases(c.Country, c.Day)
		r.sparse()
	} else {
		r.grammar(c)
	}
	r.unassertedVerbs()
	r.imminence()
	r.out.Hits, r.out.Against = tidy(r.out.Hits), tidy(r.out.Against)
}

// grammar reads calls and threats first, then the hallmarks, then hate.
func (r *reader) grammar(c Context) {
	r.subjects()
	r.verbs()
	r.phrases(c.Country, c.Day)
	r.hallmarks()
	r.hate()
	r.agrees(c)
}

// tail is the end of a turn: no pronoun reaches further back.
func tail(text string) string {
	const runes = 400
	n := 0
	for i := len(text); i > 0; n++ {
		if n == runes {
			return text[i:]
		}
		_, size := utf8.DecodeLastRuneInString(text[:i])
		i -= size
	}
	return text
}

// cased reports whether a text is written with capitals, so that a name in it would have one.
func cased(toks []token) bool {
	return slices.ContainsFunc(toks, func(t token) bool { return t.capital })
}

// stance is the first guess, from the text as a whole; a verb of harm decides it better.
func (r *reader) stance() {
	asked := len(r.toks) > 0
	for i := range r.toks {
		asked = asked && r.toks[i].question
	}
	if asked {
		r.out.Stance = counterpoint.Question
	}
	r.out.Frame = counterpoint.Assert
	if !r.all.any(tCondemn, tSay, tHeard, tCallNoun, tQuoteW) {
		return
	}
	condemns, says, reports := false, false, false
	for i := range r.toks {
		t := r.toks[i].tags
		if t.empty() {
			continue
		}
		condemns = condemns || t.any(tCondemn) && !t.has(tNeg) && r.back(i, 3, tNeg) < 0
		says = says || t.any(tSay, tHeard, tCallNoun, tQuoteW) && !r.mine(i)
		reports = reports || t.any(tHeard, tSource)
	}
	switch {
	case condemns && says:
		r.out.Frame = counterpoint.Condemn
	case says && reports:
		r.out.Frame = counterpoint.ReportOn
	}
}

// unassertedVerbs gives a text that speaks of harm without calling for it the stance it takes towards it.
func (r *reader) unassertedVerbs() {
	if r.out.Raw > 0 || r.out.Stance != counterpoint.Assert {
		return
	}
	for i := range r.toks {
		if !r.tags(i).has(tHarm) || r.tags(i).has(tTake) {
			continue
		}
		if s, j := r.frame(i); j >= 0 && s != counterpoint.Assert && s != counterpoint.Uncertain {
			r.out.Stance = s
			return
		}
	}
}

// coverage counts the words the pack knows.
func (r *reader) coverage() {
	known, names := 0, 0
	if r.all.empty() {
		return
	}
	for i := range r.toks {
		switch {
		case !r.toks[i].tags.empty():
			known++
		case r.toks[i].capital && r.toks[i].edge == joined && i > 0:
			names++ // of no language
		case r.p.people != "" && r.toks[i].capital && r.p.marked(r.toks[i]):
			names++ // of a people, at the head
		}
	}
	if known > 0 {
		r.out.Known = float64(known) / float64(len(r.toks)-names)
	}
}

// imminence looks for a time or a place beside a call. One that the speaker does not assert is no cue of their own.
func (r *reader) imminence() {
	if r.out.Raw < 3 {
		return
	}
	r.out.Reported, r.out.When = r.when()
	if r.out.Level == 3 {
		r.out.Imminence = r.out.Reported
		r.out.Hits, r.out.When = append(r.out.Hits, r.out.When...), nil
	}
}

// when is the imminence of a call, with the time or place that the text names.
func (r *reader) when() (int, []Hit) {
	for i := range r.toks {
		if r.tags(i).any(tTime, tPlace) && !r.tags(i).any(tDet) {
			return 3, []Hit{r.make("TIME", counterpoint.Incitement, i, i+1, .3, "names a time or a place")}
		}
	}
	return 2, nil
}

// raise records that the text has words of a level, and whether the speaker asserts them.
func (r *reader) raise(level int, s counterpoint.Stance, asserted bool) {
	if asserted {
		if level > r.out.Level {
			r.out.Level, r.out.Stance = level, s
		}
	} else if r.out.Level == 0 && level >= r.out.Raw {
		r.out.Stance = s
	}
	r.out.Raw = max(r.out.Raw, level)
}

func (r *reader) span(from, to int) (start, end int) {
	return r.toks[from].start, r.toks[to-1].end
}

// hit records a cue over the tokens from and before to.
func (r *reader) hit(cue string, label counterpoint.Label, from, to int, weight float64, reason string) {
	r.out.Hits = append(r.out.Hits, r.make(cue, label, from, to, weight, reason))
}

func (r *reader) against(cue string, label counterpoint.Label, from, to int, weight float64, reason string) {
	r.out.Against = append(r.out.Against, r.make(cue, label, from, to, -weight, reason))
}

func (r *reader) make(cue string, label counterpoint.Label, from, to int, weight float64, reason string) Hit {
	h := Hit{Cue: cue, Label: label, Reason: reason, Weight: weight}
	h.Start, h.End = r.span(r.phraseBounds(from, max(to, from+1)))
	if e := r.toks[from].entry; e >= 0 {
		entry := r.p.entries[e]
		h.Entry = entry.ID
		if explains(cue, entry) && !strings.Contains(reason, entry.Gloss) {
			h.Reason += ": “" + entry.Gloss + "”"
		}
		if entry.Harmless != "" {
			h.Reason += "; it may also mean “" + entry.Harmless + "”"
		}
	}
	return h
}

// phraseBounds widens a range of tokens to whole phrases of the pack: "ce soir", not "ce".
func (r *reader) phraseBounds(from, to int) (int, int) {
	for from > 0 && r.continues(from) {
		from--
	}
	for to < len(r.toks) && r.continues(to) {
		to++
	}
	return from, to
}

// continues reports whether the token at i belongs to the phrase that the token before it is of.
func (r *reader) continues(i int) bool {
	return i > 0 && i < len(r.toks) && r.toks[i].entry >= 0 && r.toks[i].entry == r.toks[i-1].entry && r.tags(i).has(tTake) && r.toks[i].edge == joined
}

// explains reports whether an entry's gloss tells a reviewer what the words of the cue mean; that of a small
// word does not.
func explains(cue string, e Entry) bool {
	if strings.Trim(e.Gloss, "- ") == "" {
		return false
	}
	switch cue {
	case "HARM":
		return e.tags.any(tHarm, tDie, tMercy, tWhole)
	case "GROUP":
		return e.tags.has(tGroup)
	case "CALL", "THREAT":
		return e.tags.any(tWhole, tThreat)
	case "DEHUM", "SLUR", "CODE", "MIRROR", "PURITY":
		return true
	}
	return false
}

// tidy sorts hits by place and drops the same cue on the same span.
func tidy(hits []Hit) []Hit {
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.Cue, b.Cue), cmp.Compare(a.Label, b.Label))
	})
	return slices.CompactFunc(hits, func(a, b Hit) bool {
		return a.Start == b.Start && a.End == b.End && a.Cue == b.Cue && a.Label == b.Label
	})
}
