package index

import "unicode"

// tableEnd is where the runes end that are looked up instead of worked out: Latin, Greek, Cyrillic, Arabic, the
// scripts of India, Thai, Tibetan, Myanmar, Georgian and Ethiopic stand before it.
const tableEnd = 0x1400

type runeFacts struct {
	fold         []rune
	mark, letter bool // letter is also a digit

	// What most runes are, and then all there is to know: a letter that folds to one and asks nothing of its
	// neighbours, or no part of a word.
	plain rune
	gap   bool
}

var table = func() []runeFacts {
	t := make([]runeFacts, tableEnd)
	for r := range rune(tableEnd) {
		t[r] = runeFacts{fold: workOutFold(nil, r), mark: unicode.Is(unicode.M, r), letter: unicode.IsLetter(r) || unicode.IsDigit(r)}
	}
	for r := range rune(tableEnd) {
		f := &t[r]
		if len(f.fold) != 1 || f.mark || apostrophe(r) || apostrophe(f.fold[0]) || f.fold[0] >= tableEnd || t[f.fold[0]].mark {
			continue
		}
		c := f.fold[0]
		if f.gap = !t[c].letter; !f.gap && c < firstNasal && !unspaced(c) {
			f.plain = c
		}
	}
	return t
}()

// foldRune appends what the rune folds to; see workOutFold.
func foldRune(dst []rune, r rune) []rune {
	if r >= 0 && r < tableEnd {
		return append(dst, table[r].fold...)
	}
	return workOutFold(dst, r)
}

func isMark(r rune) bool {
	if r >= 0 && r < tableEnd {
		return table[r].mark
	}
	return unicode.Is(unicode.M, r)
}

func isLetter(r rune) bool {
	if r >= 0 && r < tableEnd {
		return table[r].letter
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}
