package lexicon

import (
	"fmt"
	"slices"
	"strings"
)

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
	found := t.stands(w, k, x)
	if found == 0 && (t.bit == 0 || k.loose&t.bit != 0) {
		found = t.onto(w)
	}
	return found
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
