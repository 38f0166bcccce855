package hate

import (
	"slices"
	"strings"
	"unicode/utf8"

	"counterpoint"
	"counterpoint/classify/linear"
)

// augmented are the train rows and a copy of some as a hasty or evasive writer would spell them, so that a dropped
// letter does not hide a word from the model.
func (d *data) augmented(r linear.Rand) []example {
	out := slices.Clone(d.train)
	for _, e := range d.train {
		if e.everyday && e.y[0] == 0 || r.Intn(noisyShare) > 0 {
			continue
		}
		e.text, e.spans, e.weight = misspell(e.text, &r), nil, e.weight/2
		out = append(out, e)
	}
	return out
}

// noisyShare is one in how many rows is copied.
const noisyShare = 6

// misspell changes about a third of the longer words.
func misspell(text string, r *linear.Rand) string {
	fields := strings.Fields(text)
	for i, f := range fields {
		w := []rune(f)
		if len(w) < 4 || f[0] == '@' || f[0] == '<' || r.Intn(3) > 0 {
			continue
		}
		at := 1 + r.Intn(len(w)-2)
		switch r.Intn(4) {
		case 0: // dropped
			w = append(w[:at:at], w[at+1:]...)
		case 1: // swapped
			w[at], w[at+1] = w[at+1], w[at]
		case 2: // split
			w = append(w[:at:at], append([]rune{' '}, w[at:]...)...)
		case 3: // masked
			w[at] = '*'
		}
		fields[i] = string(w)
		if i > 0 && r.Intn(8) == 0 { // run together
			fields[i-1], fields[i] = fields[i-1]+fields[i], ""
		}
	}
	return strings.Join(fields, " ")
}

// marked adds the sentences of every text in which people marked what makes it offensive: those with a mark are, and
// those without are not, though the text is. Of whole texts alone, which are all offensive there, nothing is learned
// that their source does not say by itself.
func (d *data) marked() {
	offensive := headOf(counterpoint.Offensive)
	for _, e := range d.train {
		if len(e.spans) == 0 {
			continue
		}
		from := 0
		for _, sentence := range sentences(e.text) {
			to := from + utf8.RuneCountInString(sentence)
			part := example{text: sentence, lang: e.lang, source: e.source, weight: e.weight, domain: guests - 1, part: true, y: unknown}
			part.y[offensive] = 0
			if slices.ContainsFunc(e.spans, func(s [2]int) bool { return s[0] < to && from < s[1] }) {
				part.y[offensive] = 1
			}
			if from = to; len(strings.Fields(sentence)) > 2 {
				d.train = append(d.train, part)
			}
		}
	}
}

// unknown are the labels of a row of which nothing is said.
var unknown = [heads]int8{-1, -1, -1, -1}

// sentences cuts a text after the signs that end a sentence. Together they are the text.
func sentences(text string) []string {
	var out []string
	from := 0
	for i := 0; i < len(text); i++ {
		ends := strings.IndexByte(".!?\n", text[i]) >= 0
		if ends && (i+1 == len(text) || strings.IndexByte(".!?\n", text[i+1]) < 0) {
			out = append(out, text[from:i+1])
			from = i + 1
		}
	}
	if from < len(text) {
		out = append(out, text[from:])
	}
	return out
}
