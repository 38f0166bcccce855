package transcript

import (
	"fmt"
	"math"
	"strings"

	"counterpoint"
)

// evidence is what a recogniser says about a segment; nil is unsaid.
type evidence struct {
	logprob, compression, silence, words *float64
	text                                 string
}

const doubtUnknown = "the recogniser did not say how sure it was; a person should listen"

// gate says how far a recognised segment can be trusted, and why not further. The limits are Whisper's own.
func gate(e evidence) (counterpoint.Quality, string) {
	over := func(p *float64, limit float64) bool { return p != nil && *p > limit }
	under := func(p *float64, limit float64) bool { return p != nil && *p < limit }
	switch {
	case over(e.silence, .6) && under(e.logprob, -1):
		return counterpoint.Unusable, fmt.Sprintf("probably no speech (no_speech_prob %.2f, avg_logprob %.2f)", *e.silence, *e.logprob)
	case over(e.compression, 2.4):
		return counterpoint.Unusable, fmt.Sprintf("the recogniser repeats itself (compression_ratio %.1f)", *e.compression)
	case loops(e.text):
		return counterpoint.Unusable, "one word fills the segment"
	case under(e.logprob, -.7):
		return counterpoint.Weak, fmt.Sprintf("the recogniser was unsure (avg_logprob %.2f, %.0f%%)", *e.logprob, 100*math.Exp(*e.logprob))
	case under(e.words, .5):
		return counterpoint.Weak, fmt.Sprintf("the recogniser was unsure of the words (mean probability %.2f)", *e.words)
	case e.logprob == nil && e.words == nil:
		return counterpoint.Weak, doubtUnknown
	}
	return counterpoint.Good, ""
}

// loops reports a text that is one word, at least three times.
func loops(text string) bool {
	first, n := "", 0
	for w := range strings.FieldsSeq(text) {
		w = counterpoint.Fold(w)
		switch {
		case w == "":
			continue
		case first == "":
			first = w
		case w != first:
			return false
		}
		n++
	}
	return n >= 3
}
