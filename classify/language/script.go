package language

import "unicode"

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

// only is the one candidate that the script serves, if there is just one.
func (c candidates) only(script int) (string, bool) {
	found := ""
	for _, l := range shared[scripts[script].name] {
		if c.has(l) {
			if found != "" {
				return "", false
			}
			found = l
		}
	}
	return found, found != ""
}

// scriptOf is the index into scripts of a letter, or -1 of anything else.
func scriptOf(r rune) int {
	if r < 0x80 {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return latin
		}
		return -1
	}
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

// chunk is a stretch of text in one script, cut at the ends of sentences too.
type chunk struct {
	start, end int // runes
	script     int
	letters    int
}

// minSpan is how many letters a stretch needs to be looked at by itself: a name in another script is not a
// change of language.
const minSpan = 12

// chunks cuts the text where the script changes for good and where a sentence ends. A stretch that is too
// short joins the one before it (the first joins the next).
func chunks(text []rune) []chunk {
	var out []chunk
	cur := chunk{script: -1}
	cut := func(at int) {
		cur.end = at
		if cur.letters > 0 {
			out = append(out, cur)
			cur = chunk{start: at, script: -1}
		}
	}
	for i, r := range text {
		s := scriptOf(r)
		if s < 0 {
			if sentenceEnd(text, i) {
				cut(i + 1)
			}
			continue
		}
		if cur.script >= 0 && s != cur.script && !together(s, cur.script) {
			cut(i)
		}
		if cur.script < 0 || cur.script == han {
			cur.script = s
		}
		cur.letters++
	}
	cut(len(text))
	out = join(out)
	if n := len(out); n > 0 {
		out[0].start, out[n-1].end = 0, len(text)
	}
	return out
}

// together reports scripts that one language mixes: kana and Han.
func together(a, b int) bool {
	japanese := func(i int) bool { return i == han || scripts[i].lang == "jpn" }
	return japanese(a) && japanese(b)
}

func sentenceEnd(text []rune, i int) bool {
	switch text[i] {
	case '\n', '!', '?', '؟', '。', '።', '፧', '।':
		return true
	case '.':
		return i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\n'
	}
	return false
}

// join merges stretches that are too short into their neighbours; the larger gives the script.
func join(cs []chunk) []chunk {
	var out []chunk
	for _, c := range cs {
		if n := len(out); n > 0 && (c.letters < minSpan || out[n-1].letters < minSpan) {
			out[n-1] = merge(out[n-1], c)
			continue
		}
		out = append(out, c)
	}
	return out
}

func merge(a, b chunk) chunk {
	s := a.script
	if b.letters > a.letters {
		s = b.script
	}
	return chunk{a.start, b.end, s, a.letters + b.letters}
}
