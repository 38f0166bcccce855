package lexicon

import (
	"unicode"

	"counterpoint"
)

// vouches are the marks of a claim that nobody vouches for, and what a reviewer is told of each. None says anything of
// the truth.
var vouches = []struct {
	tone   tone
	cue    string
	reason string
}{
	{toneHearsay, "HEARSAY", "told on hearsay; it may be true"},
	{toneForward, "FORWARD", "asks to be passed on as received; it may be true"},
	{toneUrgent, "URGENT", "presses for haste; it may be true"},
	{toneMotif, "MOTIF", "a motif that rumours of many places tell; it may be true"},
}

// rumours marks the first of each kind: twice the same is one mark, and one mark is everyday talk.
func (r *toneReader) rumours() {
	for _, v := range vouches {
		for i, t := range r.at {
			if t&v.tone != 0 {
				r.rumour(i, r.phraseEnd(i), v.cue, v.reason)
				break
			}
		}
	}
	r.unsourced()
}

// unsourced marks a figure of dead or wounded in a text that names no source.
func (r *toneReader) unsourced() {
	toll := -1
	for i, t := range r.at {
		if t&toneSource != 0 {
			return
		}
		if t&toneToll == 0 || toll >= 0 {
			continue
		}
		for j := max(0, i-3); j < min(len(r.toks), i+4); j++ {
			if figure(r.toks[j].word) || r.at[j]&toneCount != 0 {
				toll = i
			}
		}
	}
	if toll >= 0 {
		r.rumour(toll, r.phraseEnd(toll), "TOLL", "a figure of dead or wounded, and no source is named; it may be true")
	}
}

// figure reports whether a word is a number of two digits or more, which is no year.
func figure(w string) bool {
	for _, c := range w {
		if !unicode.IsDigit(c) {
			return false
		}
	}
	year := len(w) == 4 && (w[:2] == "19" || w[:2] == "20")
	return len(w) >= 2 && !year
}

// phraseEnd is the token after the phrase that begins at i.
func (r *toneReader) phraseEnd(i int) int { return i + max(1, int(r.long[i])) }

func (r *toneReader) rumour(from, to int, cue, reason string) {
	r.out.Rumour = append(r.out.Rumour, Hit{
		Cue: cue, Label: counterpoint.MisinformationCue, Start: r.toks[from].start, End: r.toks[min(to, len(r.toks))-1].end,
		Weight: toneUnvouched, Reason: reason, Entry: r.lang + "/tone",
	})
}
