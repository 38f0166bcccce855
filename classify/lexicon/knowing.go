package lexicon

// Knowing are the languages whose packs may know at least this share of a text's words. It is quick and errs on
// the side of too many: Reading.Known is the true share.
func (l *Lexicon) Knowing(text string, share float64) []string {
	var cut [2][]token // with and without an apostrophe ending a word
	var hides [2][][]string
	var out []string
	for _, lang := range l.langs {
		p, err := l.pack(lang)
		if err != nil {
			continue // Read says so
		}
		mode := 0
		if p.split {
			mode = 1
		}
		if cut[mode] == nil {
			cut[mode] = tokenize(text, p.split)
			for _, t := range cut[mode] {
				hides[mode] = append(hides[mode], hidden(t.word))
			}
		}
		if p.mayKnow(cut[mode], hides[mode], share) {
			out = append(out, lang)
		}
	}
	return out
}

// mayKnow gives up as soon as too many words are strange.
func (p *pack) mayKnow(toks []token, hidden [][]string, share float64) bool {
	names, strange := 0, 0
	for i := range toks {
		t := &toks[i]
		if _, ok := p.lookAny(t.word, hidden[i]); ok || p.inPhrase[t.word] {
			continue
		}
		if t.capital && t.edge == joined && (i > 0 || p.people != "") {
			names++
		} else if strange++; float64(strange) > (1-share)*float64(len(toks)) {
			return false
		}
	}
	return float64(strange) <= (1-share)*float64(len(toks)-names)
}
