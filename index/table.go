package index

import "unicode"

// tableEnd is where the runes end that are looked up instead of worked out: Latin, Greek, Cyrillic, Arabic, the
// scripts of India, Thai, Tibetan, Myanmar, Georgian and Ethiopic stand before it.
const tableEnd = 0x1400

type runeFacts struct {
	fold         []rune
	mark, letter bool // letter is also a digit
}

var table = func() []runeFacts {
	t := make([]runeFacts, tableEnd)
	for r := range rune(tableEnd) {
		t[r] = runeFacts{workOutFold(nil, r), unicode.Is(unicode.M, r), unicode.IsLetter(r) || unicode.IsDigit(r)}
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
