package lexicon

import "fmt"

// tag is what a word may be in the grammar of a call. Packs give tags to forms; the grammar, which is the same
// for every language, reads tags alone.
type tag uint8

const (
	// Verbs of harm and their forms.
	tHarm    tag = iota // kill, burn, drive out
	tWeak               // a verb of harm with everyday uses (cut, hit, finish): "them" alone is no target
	tExpel              // drives away rather than kills
	tBase               // may be an imperative or an infinitive: needs a marker or the head of a clause
	tImp                // can only be an imperative or hortative
	tAmb                // imperative or past, told apart by its place
	tSubj               // third-person subjunctive: "that they kill"
	tPassSub            // passive subjunctive, its subject the target: wauawe
	tInf                // infinitive, gerund or verbal noun: needs a marker
	tPart               // passive participle: needs a marker and be
	tPass               // passive infinitive
	tFin                // tells what happened
	tFuture             // first person future: a threat
	tTheirs             // third person: they (will, want to) kill
	tObjP               // the verb carries an object that can only be people
	tObjIt              // the verb carries an object that may be people
	tObjUs              // the verb carries us as object
	tNegV               // the verb carries its own negation

	// What makes it a call.
	tModal   // must, should, it is time to
	tHort    // let us
	tWhole   // a whole call by itself
	tDeathTo // "death to" before its target
	tLink    // stands between marker and verb
	tMotion  // go, rise, take up
	tBe      // be, être
	tFut     // will, are going to
	tAim     // want to, plan to
	tTake    // let's you hang a particle on

	// What speaks against it.
	tNeg      // not, never
	tNegQ     // nobody
	tNegAfter // pas, jamais after the verb
	tRaise    // think, say, want: "I do not think that …"
	tStop     // stop, refuse, prevent
	tSay
	tSayMe // I say, we tell you
	tHeard // I heard, I read
	tSource
	tCondemn
	tCallNoun // calls for, threats of
	tQuoteW   // slogan, poster, message
	tEndorse
	tDeict
	tCrime // crime, sin: condemns, and justifies when denied
	tInGroup
	tRel
	tWh
	tCond
	tPurpose

	// Whom or what it is about.
	tGroup
	tHead    // people, tribe: a group with anything before it
	tNonProt // thieves, soldiers
	tOne     // one person
	tThing
	tAnimal
	tProperty
	tAll
	tDem
	tDet
	tTheir
	tOur
	tThem
	tThey
	tWe
	tYou
	tUs
	tAdj
	tPrep
	tOf

	// The rest of a clause.
	tConj
	tBreak
	tAdv
	tTime
	tPlace
	tVoc
	tAux
	tCop
	tSport

	// Hallmarks and hate.
	tDehum
	tInsult
	tHateV
	tWish
	tDie
	tDeserve
	tMercy // spare, left alive
	tMirror
	tPurity
	tWomen
	tRape
	tLoyal
	tJustify
	tRight // a good deed, no sin
	tThreat
	tOut // go home, out of our land
	tSlur
	tCode // other coded speech
	tCommon

	tArms    // weapons and what is used as one
	tIt      // it, which may be what belongs to a group
	tObjOne  // the verb carries one person as object
	tCleanse // "clear the town of …": whom is said after "of"
	tTrouble // hunger, fear: what a verb is pointed at, whoever suffers it
)

var tagNames = map[string]tag{
	"HARM": tHarm, "WEAK": tWeak, "EXPEL": tExpel, "BASE": tBase, "IMP": tImp, "AMB": tAmb, "SUBJ": tSubj, "PASSSUBJ": tPassSub,
	"INF": tInf, "PART": tPart, "PASS": tPass, "FIN": tFin, "FUTURE": tFuture, "THEIRS": tTheirs, "OBJP": tObjP, "OBJIT": tObjIt,
	"OBJUS": tObjUs, "NEGV": tNegV, "MODAL": tModal, "HORT": tHort, "WHOLE": tWhole, "DEATHTO": tDeathTo, "LINK": tLink,
	"MOTION": tMotion, "BE": tBe, "FUT": tFut, "AIM": tAim, "PTCL": tTake, "NEG": tNeg, "NEGQ": tNegQ, "NEGAFTER": tNegAfter,
	"RAISE": tRaise, "STOP": tStop, "SAY": tSay, "SAYME": tSayMe, "HEARD": tHeard, "SOURCE": tSource, "CONDEMN": tCondemn,
	"CALLNOUN": tCallNoun, "QUOTEW": tQuoteW, "ENDORSE": tEndorse, "DEICT": tDeict, "CRIME": tCrime, "INGROUP": tInGroup,
	"REL": tRel, "WH": tWh, "COND": tCond, "PURPOSE": tPurpose, "GROUP": tGroup, "HEAD": tHead, "NONPROT": tNonProt, "ONE": tOne,
	"THING": tThing, "ANIMAL": tAnimal, "PROPERTY": tProperty, "ALL": tAll, "DEM": tDem, "DET": tDet, "THEIR": tTheir, "OUR": tOur, "THEM": tThem,
	"THEY": tThey, "WE": tWe, "YOU": tYou, "US": tUs, "ADJ": tAdj, "PREP": tPrep, "OF": tOf, "CONJ": tConj, "BREAK": tBreak,
	"ADV": tAdv, "TIME": tTime, "PLACE": tPlace, "VOC": tVoc, "AUX": tAux, "COP": tCop, "SPORT": tSport, "DEHUM": tDehum,
	"INSULT": tInsult, "HATEV": tHateV, "WISH": tWish, "DIE": tDie, "DESERVE": tDeserve, "MERCY": tMercy, "MIRROR": tMirror,
	"PURITY": tPurity, "WOMEN": tWomen, "RAPE": tRape, "LOYAL": tLoyal, "JUSTIFY": tJustify, "RIGHT": tRight, "THREAT": tThreat,
	"OUT": tOut, "SLUR": tSlur, "CODE": tCode, "COMMON": tCommon,
	"ARMS": tArms, "IT": tIt, "OBJONE": tObjOne, "CLEANSE": tCleanse, "TROUBLE": tTrouble,
}

// tags is a set of them.
type tags [2]uint64

func (s tags) has(t tag) bool { return s[t>>6]&(1<<(t&63)) != 0 }

func (s tags) any(ts ...tag) bool {
	for _, t := range ts {
		if s.has(t) {
			return true
		}
	}
	return false
}

func (s tags) with(ts ...tag) tags {
	for _, t := range ts {
		s[t>>6] |= 1 << (t & 63)
	}
	return s
}

func (s tags) without(ts ...tag) tags {
	for _, t := range ts {
		s[t>>6] &^= 1 << (t & 63)
	}
	return s
}

func (s tags) or(o tags) tags { return tags{s[0] | o[0], s[1] | o[1]} }

func (s tags) empty() bool { return s[0]|s[1] == 0 }

func parseTags(names []string) (tags, error) {
	var s tags
	for _, n := range names {
		t, ok := tagNames[n]
		if !ok {
			return s, fmt.Errorf("%q is no tag (tag.go lists them)", n)
		}
		s = s.with(t)
	}
	return s, nil
}
