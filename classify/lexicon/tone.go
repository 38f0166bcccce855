package lexicon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"counterpoint"
)

// toneFile is the part of a pack that says what is bad to say of people, beside the grammar of calls. Its words
// never reach that grammar.
const toneFile = "tone.tsv"

// tone is what a word does to what is said of a group.
type tone uint32

const (
	toneGroup   tone = 1 << iota // a protected group; never a cue by itself
	toneSlur                     // insults a group by its name
	toneBad                      // a bad thing to say of people
	toneHate                     // says that one hates
	toneHarm                     // harm done or wished
	toneOut                      // shut out, denied rights
	toneBeast                    // beasts, pests, dirt
	toneSwear                    // profanity
	toneGood                     // good things, rights, welcome
	toneNot                      // negation
	toneCounter                  // words of those who object
	toneOther                    // whom one may insult without insulting a group: one person, a trade, a thing
	toneDouble                   // a slur that is also an everyday word: it names a group only with a bad word beside it
	toneOwn                      // we, I am: a group's own word for itself
	toneHearsay                  // I heard, people say, from a reliable source
	toneForward                  // forwarded as received, share this before they delete it
	toneUrgent                   // urgent, warn everyone
	toneMotif                    // what rumours of many places tell: poisoned wells, a vaccine that kills
	toneToll                     // dead, wounded: with a figure beside it and no source in the text, a mark
	toneCount                    // hundreds, thousands
	toneSource                   // who is named as the source
	tonePoint                    // this, such a: points at somebody
	toneTerm                     // to call somebody something
	toneAccept                   // what one does with people one is at ease with: marry, hire, live next to
	toneRefuse                   // I would never
	toneNone                     // does not exist
	toneDuty                     // should, must, deserve: what is said of harm is meant to be done
	toneOpinion                  // think, believe, write that
	tonePlain                    // an everyday word that looks like another one misspelt
	toneTrouble                  // hunger, fear: harm that is done to it is done to nobody
)

// toneRumour is what marks a claim that nobody vouches for.
const toneRumour = toneHearsay | toneForward | toneUrgent | toneMotif

var toneNames = map[string]tone{
	"GROUP": toneGroup, "SLUR": toneSlur, "BAD": toneBad, "HATE": toneHate, "HARM": toneHarm, "OUT": toneOut, "BEAST": toneBeast,
	"SWEAR": toneSwear, "GOOD": toneGood, "NOT": toneNot, "COUNTER": toneCounter, "OTHER": toneOther, "OWN": toneOwn, "DOUBLE": toneDouble,
	"HEARSAY": toneHearsay, "FORWARD": toneForward, "URGENT": toneUrgent, "MOTIF": toneMotif, "TOLL": toneToll, "COUNT": toneCount, "SOURCE": toneSource, "TROUBLE": toneTrouble, "POINT": tonePoint, "PLAIN": tonePlain, "OPINION": toneOpinion, "TERM": toneTerm, "ACCEPT": toneAccept, "REFUSE": toneRefuse, "NONE": toneNone, "DUTY": toneDuty,
}

const toneEvil = toneBad | toneHate | toneHarm | toneOut | toneBeast

// tones is a pack's words: whole ones, beginnings of words, and phrases by their first word.
type tones struct {
	words   map[string]tone
	stems   map[string][]stem // by their first bytes, the longest first
	phrases map[string][]tonePhrase
	split   bool
	clitics []string
	bit     uint64 // of its pack in the index; 0 where it is in none
	index   *index
	slots   [keySlots + 1]int32 // where the stems of a slot of keys begin in inSlots
	inSlots []stem
	keys    keys // of stems
	pack    *pack
	lapses  func() *misspellings  // names of groups and bad words, misspelt
	pieces  func() *hashed[uint8] // beginnings of words, for those that are run together
	partial func() *starts        // of words that may be parted
	telling func() *starts        // of words that tell something where they are run together with others
	// forgives is set by "!misspelt": a name or a bad word with a letter left out or two swapped is heard.
	forgives bool
	// glued is set by "!glued": words that are run together are cut up.
	glued bool
}

type tonePhrase struct {
	words []string
	tone  tone
}

// readTones reads a tone file: class, forms separated by commas, gloss or source. A form that ends in * stands
// for every word that begins so. It returns nil where the pack has none.
func readTones(fsys fs.FS, lang string, p *pack) (*tones, error) {
	data, err := fs.ReadFile(fsys, lang+"/"+toneFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &tones{words: map[string]tone{}, stems: map[string][]stem{}, phrases: map[string][]tonePhrase{}, split: p.split, clitics: p.clitics, pack: p}
	t.lapses, t.pieces = sync.OnceValue(t.misspelt), sync.OnceValue(t.beginnings)
	t.partial = sync.OnceValue(func() *starts { return t.starting(forgiven, leastMisspelt) })
	t.telling = sync.OnceValue(func() *starts {
		return t.starting(func(c tone) bool { return c&(toneGroup|toneSlur|toneEvil) != 0 }, 0)
	})
	sc := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		t.forgives = t.forgives || line == "!misspelt"
		t.glued = t.glued || line == "!glued"
		if line == "" || line[0] == '#' || line[0] == '!' {
			continue
		}
		if err := t.add(line); err != nil {
			return nil, fmt.Errorf("%s/%s:%d: %w", lang, toneFile, n, err)
		}
	}
	return t, sc.Err()
}

func (t *tones) add(line string) error {
	class, forms, ok := strings.Cut(line, "\t")
	c, known := toneNames[class]
	if !ok || !known {
		return fmt.Errorf("%q is no class; want GROUP, SLUR, BAD, HATE, HARM, OUT, BEAST, SWEAR, GOOD, NOT, COUNTER, OTHER, DOUBLE, OWN, HEARSAY, FORWARD, URGENT, MOTIF, TOLL, COUNT, SOURCE, POINT, PLAIN, TERM, ACCEPT, REFUSE, NONE, DUTY, OPINION or TROUBLE, a tab and words", class)
	}
	for form := range strings.SplitSeq(forms, ",") {
		form = strings.TrimSpace(form)
		stem, isStem := strings.CutSuffix(form, "*")
		var words []string
		for _, tok := range tokenize(stem, t.split) {
			words = append(words, tok.word)
		}
		switch {
		case len(words) == 0:
		case len(words) > 1:
			t.addPhrase(words, c)
		case isStem:
			t.addStem(words[0], c)
		default:
			t.words[words[0]] |= c
		}
	}
	return nil
}

// look is what a word of no text is: as it is, by what it may hide, or without its ending.
func (t *tones) look(w string) tone {
	if found := t.plain(w); found != 0 {
		return found
	}
	if found := t.hidden(hidden(w)); found != 0 {
		return found
	}
	return t.bare(w)
}

func (t *tones) plain(w string) tone {
	if found := t.stemmed(w); found != 0 {
		return found
	}
	for _, c := range t.clitics {
		if rest, ok := strings.CutPrefix(w, c); ok && utf8.RuneCountInString(rest) >= 3 {
			if found := t.stemmed(rest); found != 0 {
				return found
			}
		}
	}
	return 0
}

func (t *tones) stemmed(w string) tone {
	if found, ok := t.word(w); ok {
		return found
	}
	return t.begun(w)
}

// word is the tone of a word as it is.
func (t *tones) word(w string) (tone, bool) {
	if t.bit == 0 {
		found, ok := t.words[w]
		return found, ok
	}
	at, k := t.index.ask(w)
	if k.tones&t.bit == 0 {
		return 0, false
	}
	return t.index.tones[at.tones+rank(k.tones, t.bit)], true
}

func (t *tones) addPhrase(words []string, c tone) {
	list := t.phrases[words[0]]
	for i := range list {
		if slices.Equal(list[i].words, words) {
			list[i].tone |= c
			return
		}
	}
	t.phrases[words[0]] = append(list, tonePhrase{words, c})
}

// Tone is what the words of a text say of people, by tone files alone.
type Tone struct {
	Known bool // the language has a tone file
	// Hits speak for hate and Against against it, each with its weight in logits.
	Hits    []Hit
	Against []Hit
	// Group reports whether the text names a protected group or insults one by a slur.
	Group bool
	// Names are where groups are named, without a slur, in runes.
	Names [][2]int
	// Rumour are the marks of a claim that nobody vouches for. They say nothing of its truth.
	Rumour []Hit
	// Meant reports whether the text says that something should be done, or will be.
	Meant bool
	// Harm is the number of words of harm that are not denied, whomever they are said of.
	Harm int
	// Countered reports whether the speaker objects to what is said.
	Countered bool
}

// Logit is what the hits and what speaks against them add up to.
func (t Tone) Logit() float64 {
	sum := 0.0
	for _, h := range t.Hits {
		sum += h.Weight
	}
	for _, h := range t.Against {
		sum += h.Weight
	}
	return sum
}

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

// Tone reads a text by the tone file of a language; of a language without one it knows nothing.
func (l *Lexicon) Tone(lang string, text *Text) (Tone, error) {
	x := l.all()
	p := x.of[lang]
	if p == nil {
		if !l.Has(lang) {
			return Tone{}, nil
		}
		var err error
		if p, err = l.pack(lang); err != nil {
			return Tone{}, fmt.Errorf("cue pack %s: %w", lang, err)
		}
	}
	if p.tones == nil {
		return Tone{}, nil
	}
	return p.tones.read(text, x, lang), nil
}

// toneReader walks one text.
type toneReader struct {
	toks  []token
	at    []tone
	known []bool  // whether the pack knows the word
	long  []uint8 // how many words the phrase that begins here has; 0 for one
	lang  string
	pack  *pack
	out   Tone
	// lapsed is set where what is bad is a misspelt word.
	lapsed bool
}

func (t *tones) read(text *Text, x *index, lang string) Tone {
	r := &toneReader{toks: text.pictured(t.split), lang: lang, pack: t.pack, out: Tone{Known: true}}
	r.at, r.known, r.long = text.toneRoom(len(r.toks))
	asked, hides := text.asked(x, t.split), text.spellings(t.split)
	j := 0 // the word in both
	for i := 0; i < len(r.toks); i++ {
		if r.toks[i].picture {
			r.at[i] = pictures[r.toks[i].word]
			continue
		}
		k := asked[j]
		if ph := t.phraseAt(r.toks, i, asked[j:], x); ph.words != nil {
			for k, w := range ph.words {
				r.at[i+k] = ph.tone&^(toneRumour|toneToll) | t.stands(w, asked[j+k], x)&toneGroup // "a woman's place" names whom it is said of
				r.known[i+k] = t.knew(w, asked[j+k])
			}
			r.at[i] |= ph.tone // one mark a phrase
			r.long[i] = uint8(min(len(ph.words), 255))
			i += len(ph.words) - 1
			j += len(ph.words)
			continue
		}
		r.known[i] = t.knew(r.toks[i].word, k)
		if r.at[i] = t.hears(r.toks[i].word, k, x); r.at[i] == 0 && hides != nil {
			r.at[i] = t.hidden(hides[j])
		}
		if r.at[i] == 0 {
			r.at[i] = t.bare(r.toks[i].word)
		}
		j++
	}
	r.unglue(t)
	r.misspelled(t)
	r.judge()
	return r.out
}

// toneRoom is room for the tones of n words.
func (t *Text) toneRoom(n int) ([]tone, []bool, []uint8) {
	t.tones, t.known, t.long = slices.Grow(t.tones[:0], n)[:n], slices.Grow(t.known[:0], n)[:n], slices.Grow(t.long[:0], n)[:n]
	clear(t.tones)
	clear(t.known)
	clear(t.long)
	return t.tones, t.known, t.long
}

// knew is what the pack says of a word that the index was asked of.
func (t *tones) knew(w string, k knowing) bool {
	if t.bit == 0 {
		return t.pack.knows(w)
	}
	return t.pack.knew(k.known)
}

// hears is plain, for a word that the index was asked of.
func (t *tones) hears(w string, k knowing, x *index) tone {
	if len(t.clitics) > 0 && (t.bit == 0 || k.tones&t.bit == 0 && k.loose&t.bit != 0) {
		return t.plain(w)
	}
	return t.stands(w, k, x)
}

// stands is stemmed, for such a word.
func (t *tones) stands(w string, k knowing, x *index) tone {
	switch {
	case t.bit == 0:
		return t.stemmed(w)
	case k.tones&t.bit != 0:
		return x.tone(k, t)
	}
	return t.begun(w)
}

func (t *tones) hidden(spellings []string) tone {
	for _, h := range spellings {
		if found := t.plain(h); found != 0 {
			return found
		}
	}
	return 0
}

// bare is what a word is without the Arabic ending of an object.
func (t *tones) bare(w string) tone {
	if rest, ok := strings.CutSuffix(w, "ا"); ok && len(rest) >= 6 {
		return t.plain(rest)
	}
	return 0
}

// phraseAt is the longest phrase that begins at i; asked is what the index knows from there on.
func (t *tones) phraseAt(toks []token, i int, asked []knowing, x *index) (best tonePhrase) {
	switch {
	case t.bit == 0: // it is in no index
		for _, ph := range t.phrases[toks[i].word] {
			best = ph.longer(best, toks, i)
		}
		return best
	case asked[0].tonesRun&t.bit == 0 || len(asked) == 1:
		return best
	}
	list := x.run(asked[0], t)
	for k, second := range list.seconds {
		if second == asked[1].term {
			best = list.phrases[k].longer(best, toks, i)
		}
	}
	return best
}

// longer is the phrase if it stands at i and has more words than the best one, else that.
func (ph tonePhrase) longer(best tonePhrase, toks []token, i int) tonePhrase {
	if i+len(ph.words) > len(toks) || len(ph.words) <= len(best.words) || !ph.at(toks, i) {
		return best
	}
	return ph
}

func (ph tonePhrase) at(toks []token, i int) bool {
	for k, w := range ph.words {
		if toks[i+k].word != w {
			return false
		}
	}
	return true
}

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
	switch {
	case slices.ContainsFunc(r.out.Hits, func(h Hit) bool { return h.Cue == "SAID" && h.Weight >= weight }):
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

// pictures are emoji that stand in a sentence for a word, as the runes they are.
var pictures = func() map[string]tone {
	m := map[string]tone{}
	for t, runes := range map[tone]string{
		toneGroup: "🏳🌈👬👭⚧☪🕌🧕👳✡🕍✝♿🦽🦼🧏🦯🏿🏾👩👧👵👸🚺♀",
		toneBeast: "🐀🐁🐭🐍🐖🐷🐽🐒🐵🦍🦧🐕🐶🪳🐛🦟🦠💩🐑🐐🪰🐜🦗🪱🦂🦨🦝🐗🐎🐄🐮🦎🐊🪲🕷",
		toneHarm:  "🔪🗡⚔🔫💣🧨⚰☠💀🪓🪦🩸🏹",
		toneBad:   "🤮🤢🗑🚮🤡👎🤥👹👺😈",
		toneHate:  "😡🤬😠👿",
		toneSwear: "🖕",
		toneGood:  "❤🧡💛💚💙💜💕💖💗💓😍🥰😊🤗👍👏🎉🙌💪👑💎🫂✨🌟⭐🥳🤝😇🏅🏆🌻🌹🌷🫶💐",
		toneNot:   "🚫",
	} {
		for _, r := range runes {
			m[string(r)] = t
		}
	}
	return m
}()

// firstPicture is below every emoji that stands for a word.
const firstPicture = 0x2600

// shades reports whether a sign is only the skin or the sex of the hand or face before it.
func shades(r, last rune) bool {
	switch r {
	case '🏿', '🏾':
		return !strings.ContainsRune("👩👨🧑👧👦👶👵👴👱", last)
	case '♀':
		return last == 0x200d
	}
	return false
}

// pictured are the words of a text with a token for every such emoji, in the order of the text.
func (t *Text) pictured(split bool) []token {
	c := t.cutting(split)
	if !c.pictures {
		return c.toks
	}
	var found []token
	pos, last := 0, rune(0)
	for _, r := range t.text {
		if r >= firstPicture {
			if w := string(r); pictures[w] != 0 && !shades(r, last) {
				found = append(found, token{word: w, start: pos, end: pos + 1, entry: -1, picture: true})
			}
		}
		pos, last = pos+1, r
	}
	if found == nil {
		return c.toks
	}
	toks := slices.Concat(c.toks, found)
	slices.SortStableFunc(toks, func(a, b token) int { return a.start - b.start })
	return toks
}
