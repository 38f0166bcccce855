package hate

import (
	"slices"
	"strings"

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
