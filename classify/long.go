package classify

import (
	"slices"
	"unicode"

	"counterpoint"
)

// A text longer than longest runes is judged in pieces of about piece runes, cut where a sentence or at least
// a word ends: one call in a long page must not drown in the rest of it.
const (
	longest = 4000
	piece   = 2000
)

type part struct {
	text string
	at   int // first rune in the whole
}

// split is the pieces of a long text, nil for a short one.
func split(text string) []part {
	if len(text) <= longest {
		return nil
	}
	runes := []rune(text)
	if len(runes) <= longest {
		return nil
	}
	var out []part
	for at := 0; at < len(runes); {
		end := min(at+piece, len(runes))
		if end < len(runes) {
			end = cut(runes, at, end)
		}
		out = append(out, part{string(runes[at:end]), at})
		at = end
	}
	return out
}

// cut finds the best place to end a piece: after a sentence, else after a word, else right there.
func cut(runes []rune, at, end int) int {
	word := -1
	for i := end; i > at+piece/2; i-- {
		switch r := runes[i-1]; {
		case r == '.' || r == '!' || r == '?' || r == '\n' || r == '؟' || r == '።':
			return i
		case unicode.IsSpace(r) && word < 0:
			word = i
		}
	}
	if word > 0 {
		return word
	}
	return end
}

// judgeLong judges the pieces and answers for the whole with the gravest of them.
func (s *Stage) judgeLong(pieces []part, in Input) (counterpoint.SegmentAssessment, []error) {
	var whole counterpoint.SegmentAssessment
	var errs []error
	for i, p := range pieces {
		next := in
		if i > 0 {
			next.Before = []Turn{{Text: pieces[i-1].text, Same: true, Role: in.Role}}
		}
		a, es := s.judgeShort(p.text, next)
		errs = append(errs, es...)
		a.Findings, a.Against = moved(a.Findings, p.at), moved(a.Against, p.at)
		if i == 0 {
			whole = a
			continue
		}
		whole = graver(whole, a)
	}
	return whole, errs
}

func moved(fs []counterpoint.Finding, by int) []counterpoint.Finding {
	for i := range fs {
		fs[i].Start += by
		fs[i].End += by
	}
	return fs
}

// graver joins two pieces: the level and stance of the graver one, the language of the first, all findings.
func graver(a, b counterpoint.SegmentAssessment) counterpoint.SegmentAssessment {
	out := a
	if b.Flag && !a.Flag || b.Flag == a.Flag && b.Level > a.Level {
		out.Level, out.Flag, out.Stance, out.Basis, out.Threshold = b.Level, b.Flag, b.Stance, b.Basis, b.Threshold
	}
	if a.Lang == counterpoint.Undetermined {
		out.Lang, out.Best, out.Confidence, out.DecidedBy = b.Lang, b.Best, b.Confidence, b.DecidedBy
	}
	out.Imminence = max(a.Imminence, b.Imminence)
	for l, p := range b.Scores {
		out.Scores[l] = max(out.Scores[l], p)
	}
	out.Findings, out.Against = slices.Concat(a.Findings, b.Findings), slices.Concat(a.Against, b.Against)
	return out
}
