package transcript

import (
	"strings"

	"counterpoint"
)

// unmark takes out what transcribers write beside the words: noises in [..] and {..}, hesitations (%hum), and
// the language marks that follow or end a foreign word ("auditeurs :fra", "mille:Fra"). Where more than half
// of the words are marked as of one language, that is the segment's.
func unmark(text string) (clean, lang string) {
	var words []string
	foreign := map[string]int{}
	marked := 0 // the word count at the last mark: only the first mark of a word passes its full stop on
	for w := range strings.FieldsSeq(unbracket(text)) {
		switch {
		case strings.HasPrefix(w, "%"):
			continue
		case strings.HasPrefix(w, ":"):
			code, tail := splitMark(w[1:])
			if len(words) > marked {
				words[len(words)-1] += tail
				foreign[marks[code]]++
				marked = len(words)
			}
			continue
		}
		if i := strings.LastIndexByte(w, ':'); i > 0 {
			if code, tail := splitMark(w[i+1:]); marks[code] != "" {
				w = w[:i] + tail
				foreign[marks[code]]++
				marked = len(words) + 1
			}
		}
		words = append(words, w)
	}
	for code, n := range foreign { // each word has one mark at most, so at most one is over half
		if code != "" && 2*n > len(words) {
			lang = code
		}
	}
	clean = strings.Join(words, " ")
	if counterpoint.Fold(clean) == "" {
		return "", ""
	}
	return clean, lang
}

// splitMark parts "fra." into code and punctuation.
func splitMark(s string) (code, tail string) {
	end := strings.IndexFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') })
	if end < 0 {
		end = len(s)
	}
	return strings.ToLower(s[:end]), s[end:]
}

// marks are the language marks seen in transcripts, with the names and slips transcribers use.
var marks = map[string]string{
	"fra": "fra", "fre": "fra", "fr": "fra", "fa": "fra", "far": "fra", "frq": "fra", "francais": "fra",
	"eng": "eng", "en": "eng", "anglais": "eng", "ara": "ara", "ar": "ara", "arabe": "ara",
	"wol": "wol", "wo": "wol", "wolof": "wol", "ful": "ful", "ff": "ful", "pulaar": "ful", "srr": "srr", "sereer": "srr",
	"por": "por", "pt": "por", "spa": "spa", "es": "spa", "swa": "swa", "sw": "swa", "som": "som", "lug": "lug",
}

// maxNoise bounds a noise mark: a longer bracket holds words.
const maxNoise = 40

// unbracket drops [..] and {..}.
func unbracket(text string) string {
	if !strings.ContainsAny(text, "[{") {
		return text
	}
	var b strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "[{")
		if i < 0 {
			break
		}
		closing := byte(']')
		if text[i] == '{' {
			closing = '}'
		}
		n := strings.IndexByte(text[i:min(len(text), i+maxNoise)], closing)
		if n < 0 {
			b.WriteString(text[:i+1])
			text = text[i+1:]
			continue
		}
		b.WriteString(text[:i])
		b.WriteByte(' ')
		text = text[i+n+1:]
	}
	b.WriteString(text)
	return b.String()
}
