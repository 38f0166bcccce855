package language

import (
	"sync"
	"unicode"
)

// script is a writing system as far as it says something about the language.
type script struct {
	name  string
	table *unicode.RangeTable
	lang  string // the one language it gives away; empty where it serves several
}

// scripts: those with a lang are used for one living language by nearly everybody who writes them. Devanagari,
// Ethiopic, Bengali, Cyrillic, Arabic, Hebrew, Myanmar, Tifinagh and Han are not among them.
var scripts = []script{
	{"Latin", unicode.Latin, ""},
	{"Arabic", unicode.Arabic, ""},
	{"Ethiopic", unicode.Ethiopic, ""},
	{"Cyrillic", unicode.Cyrillic, ""},
	{"Devanagari", unicode.Devanagari, ""},
	{"Bengali", unicode.Bengali, ""},
	{"Hebrew", unicode.Hebrew, ""},
	{"Han", unicode.Han, ""},
	{"Myanmar", unicode.Myanmar, ""},
	{"Tifinagh", unicode.Tifinagh, ""},
	{"Nko", unicode.Nko, "nqo"},
	{"Hangul", unicode.Hangul, "kor"},
	{"Hiragana", unicode.Hiragana, "jpn"},
	{"Katakana", unicode.Katakana, "jpn"},
	{"Thai", unicode.Thai, "tha"},
	{"Lao", unicode.Lao, "lao"},
	{"Khmer", unicode.Khmer, "khm"},
	{"Greek", unicode.Greek, "ell"},
	{"Armenian", unicode.Armenian, "hye"},
	{"Georgian", unicode.Georgian, "kat"},
	{"Gurmukhi", unicode.Gurmukhi, "pan"},
	{"Gujarati", unicode.Gujarati, "guj"},
	{"Oriya", unicode.Oriya, "ori"},
	{"Tamil", unicode.Tamil, "tam"},
	{"Telugu", unicode.Telugu, "tel"},
	{"Kannada", unicode.Kannada, "kan"},
	{"Malayalam", unicode.Malayalam, "mal"},
	{"Sinhala", unicode.Sinhala, "sin"},
	{"Thaana", unicode.Thaana, "div"},
	{"Tibetan", unicode.Tibetan, "bod"},
	{"Other", nil, ""}, // letters of any other script
}

const (
	latin = 0
	han   = 7
)

var other = len(scripts) - 1

// shared are the languages of scripts that serve only a few: where one alone of them is a candidate, it is
// the answer.
var shared = map[string][]string{
	"Tifinagh": {"taq", "tzm", "zgh", "shi", "rif", "kab"},
	"Ethiopic": {"amh", "tir", "tig", "gez"},
	"Hebrew":   {"heb", "yid"},
	"Bengali":  {"ben", "asm"},
}

// scriptOf is the index into scripts of a letter, or -1 of anything else.
func scriptOf(r rune) int {
	if r < 0x80 {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return latin
		}
		return -1
	}
	if r < foldsKept {
		return int(scriptsOf()[r])
	}
	return lookScript(r)
}

var scriptsOf = sync.OnceValue(func() *[foldsKept]int8 {
	var t [foldsKept]int8
	for r := range t {
		t[r] = int8(lookScript(rune(r)))
	}
	return &t
})

func lookScript(r rune) int {
	if !unicode.IsLetter(r) {
		return -1
	}
	for i, s := range scripts[:other] {
		if unicode.Is(s.table, r) {
			return i
		}
	}
	return other
}

// together reports scripts that one language mixes: kana and Han.
func together(a, b int) bool {
	japanese := func(i int) bool { return i == han || scripts[i].lang == "jpn" }
	return japanese(a) && japanese(b)
}
