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
	return t.onto(w)
}

// onto is what a word is without what is written onto its front.
func (t *tones) onto(w string) tone {
	for _, c := range t.clitics {
		if rest, ok := bared(w, c); ok {
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
