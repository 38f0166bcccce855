package lexicon

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The statuses of an entry: how far its meaning can be trusted.
const (
	// Own is grammar and vocabulary written for this project from general knowledge of the language.
	Own = "own"
	// Read was read in the source it names.
	Read = "read"
	// Recalled is from memory of the source: it counts only together with another cue.
	Recalled = "recalled"
	// Ambiguous has an everyday meaning too: it counts only together with another cue.
	Ambiguous = "ambiguous"
	// Dictionary was taken from a dictionary by rule (package dictionary): it counts only together with another cue.
	Dictionary = "dictionary"
)

// Entry is one line of a pack: a word or phrase in all its forms, and where the knowledge comes from.
type Entry struct {
	ID      string
	Gloss   string // in English, for a reviewer who does not know the language
	Source  string
	Status  string
	Country string // ISO 3166-1 alpha-2 where it means this; empty is everywhere
	// From and Until are the first and the last day on which it means this, as 2006-01-02; empty is always.
	From, Until string
	Harmless    string // what it means otherwise, for the reviewer
	Instead     string // what one may say without harm
	tags        tags
}

// means reports whether the entry means this in a country and on a day; what is not known rules nothing out.
func (e Entry) means(country, day string) bool {
	return (e.Country == "" || country == "" || e.Country == country) &&
		(day == "" || (e.From == "" || day >= e.From) && (e.Until == "" || day <= e.Until))
}

// dated reports what is wrong with the days of the entry.
func (e Entry) dated() error {
	for _, d := range []string{e.From, e.Until} {
		if _, err := time.Parse(time.DateOnly, d); d != "" && err != nil {
			return fmt.Errorf("day %q; want the form 2006-01-02", d)
		}
	}
	if e.From != "" && e.Until != "" && e.From > e.Until {
		return fmt.Errorf("from %s until %s: the last day lies before the first", e.From, e.Until)
	}
	return nil
}

// alone reports whether the entry may be believed without a second cue.
func (e Entry) alone() bool { return e.Status == Own || e.Status == Read }

type word struct {
	tags  tags
	entry int
}

type phrase struct {
	words []string // "_" is a gap of up to gapWords words
	word
}

const gapWords = 6

type affix struct {
	prefix, suffix string
	word
}

// pack is what the grammar knows of one language.
type pack struct {
	lang     string
	entries  []Entry
	words    map[string]word
	phrases  map[string][]phrase // by first word, longest first
	affixes  []affix
	split    bool            // an apostrophe ends a word
	headLast bool            // the last noun of a noun phrase is its head
	inPhrase map[string]bool // words of phrases
	clitics  []string        // written onto the front of a word
	definite []string        // those among them that hold the article
	people   string          // prefix of nouns for people
	tones    *tones          // nil where there is no tone file
	grammar  bool            // it knows what makes a call, not only terms
	shy      bool            // its grammar is recalled: names and verbs with everyday uses must be plainer
	sparse   bool            // it knows words of a dictionary and no grammar (sparse.go)
	before   bool            // the object may stand before its verb
	negLast  bool            // a negation closes its clause, however far from the verb
	endings  []string        // nouns for people, as objects, end so
	like     []string        // languages whose packs it reads too
	bit      uint64          // its own in the sets of the index; 0 where it is in none
	index    *index
}

// readPack reads every .tsv file of a language's folder. A line is id, tags, forms, gloss and, where they
// differ from the file's !source and !status, source, status, country, first and last day, harmless sense and what to
// say instead, separated by tabs.
func readPack(fsys fs.FS, lang string) (*pack, error) {
	p := &pack{lang: lang, words: map[string]word{}, phrases: map[string][]phrase{}, inPhrase: map[string]bool{}}
	names, err := p.files(fsys, lang)
	if err != nil {
		return nil, err
	}
	pars := p.paradigms(fsys, names)
	for _, name := range names {
		if err := p.readFile(fsys, name, false, pars); err != nil {
			return nil, err
		}
	}
	p.sparse = !p.grammar && slices.ContainsFunc(p.entries, func(e Entry) bool { return e.Status == Dictionary })
	for first := range p.phrases {
		slices.SortStableFunc(p.phrases[first], func(a, b phrase) int { return cmp.Compare(len(b.words), len(a.words)) })
	}
	p.tones, err = readTones(fsys, lang, p)
	return p, err
}

// files lists the files of a language, and of those it is like, and reads their settings.
func (p *pack) files(fsys fs.FS, lang string) ([]string, error) {
	var out []string
	for langs := []string{lang}; len(langs) > 0; langs = langs[1:] {
		names, err := fs.Glob(fsys, langs[0]+"/*.tsv")
		if err != nil {
			return nil, err
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("!like %s: there is no such pack", langs[0])
		}
		slices.Sort(names)
		had := len(p.like)
		for _, name := range names {
			if strings.HasSuffix(name, "/"+toneFile) || slices.Contains(out, name) {
				continue
			}
			out = append(out, name)
			if err := p.readFile(fsys, name, true, nil); err != nil {
				return nil, err
			}
		}
		langs = append(langs, p.like[had:]...)
	}
	return out, nil
}

func (p *pack) paradigms(fsys fs.FS, names []string) paradigms {
	out := paradigms{}
	for _, name := range names {
		data, _ := fs.ReadFile(fsys, name) // readFile reported it in the first pass
		for line := range strings.Lines(string(data)) {
			if key, spec, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && strings.HasPrefix(key, "%") {
				out[key[1:]] = strings.TrimSpace(out[key[1:]] + ", " + spec)
			}
		}
	}
	return out
}

func (p *pack) readFile(fsys fs.FS, name string, settings bool, pars paradigms) error {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return fmt.Errorf("%s: not UTF-8; save it as UTF-8", name)
	}
	file := fileDefaults{status: Own}
	sc := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimRight(sc.Text(), " \t\r")
		var err error
		switch {
		case line == "" || line[0] == '#' || line[0] == '%':
		case line[0] == '!':
			err = p.set(line[1:], &file)
		case !settings:
			err = p.add(line, file, pars)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", name, n, err)
		}
	}
	return sc.Err()
}

type fileDefaults struct{ source, status string }

func (p *pack) set(line string, file *fileDefaults) error {
	key, value, _ := strings.Cut(line, " ")
	value = strings.TrimSpace(value)
	switch key {
	case "source":
		file.source = value
	case "status":
		file.status = value
	case "apostrophe":
		p.split = value == "split"
	case "head":
		p.headLast = value == "last"
	case "clitics":
		p.clitics = strings.Fields(value)
	case "definite":
		p.definite = strings.Fields(value)
	case "people":
		p.people = value
	case "endings":
		for _, e := range strings.Fields(value) {
			p.endings = append(p.endings, foldWord(e))
		}
	case "object":
		p.before = value == "before"
	case "negation":
		p.negLast = value == "last"
	case "like":
		p.like = append(p.like, value)
	default:
		return fmt.Errorf("unknown setting !%s (source, status, apostrophe, head, clitics, definite, people, endings, object, negation, like)", key)
	}
	return nil
}

func (p *pack) add(line string, file fileDefaults, pars paradigms) error {
	cols := strings.Split(line, "\t")
	if len(cols) < 3 {
		return fmt.Errorf("%d columns; want id, tags, forms and a gloss, separated by tabs", len(cols))
	}
	col := func(i int, def string) string {
		if i < len(cols) && cols[i] != "" {
			return cols[i]
		}
		return def
	}
	base, err := parseTags(strings.Fields(cols[1]))
	if err != nil {
		return err
	}
	e := Entry{
		ID: p.lang + "/" + cols[0], Gloss: col(3, ""), Source: col(4, file.source),
		Status: col(5, file.status), Country: col(6, ""),
		From: col(7, ""), Until: col(8, ""), Harmless: col(9, ""), Instead: col(10, ""), tags: base,
	}
	if err := e.dated(); err != nil {
		return err
	}
	if !slices.Contains([]string{Own, Read, Recalled, Ambiguous, Dictionary}, e.Status) {
		return fmt.Errorf("status %q; want own, read, recalled, ambiguous or dictionary", e.Status)
	}
	forms, err := pars.forms(cols[2])
	if err != nil {
		return err
	}
	p.entries = append(p.entries, e)
	p.grammar = p.grammar || base.has(tModal) && e.Status != Dictionary
	p.shy = p.shy || base.has(tModal) && e.Status == Recalled
	for _, f := range forms {
		more, err := parseTags(f.tags)
		if err != nil {
			return err
		}
		p.addForm(f.text, word{base.or(more), len(p.entries) - 1})
	}
	return nil
}

func (p *pack) addForm(text string, w word) {
	if strings.Contains(text, "*") {
		prefix, suffix, _ := strings.Cut(text, "*")
		p.affixes = append(p.affixes, affix{foldWord(prefix), foldWord(suffix), w})
		return
	}
	words := p.formWords(text)
	switch len(words) {
	case 0:
	case 1:
		old, ok := p.words[words[0]]
		if ok {
			// The verb of harm explains a word best; else the first entry that has it.
			if old.tags.has(tHarm) || !w.tags.has(tHarm) {
				w.entry = old.entry
			}
			w.tags = w.tags.or(old.tags)
		}
		p.words[words[0]] = w
	default:
		for _, w := range words {
			p.inPhrase[w] = true
		}
		for i, old := range p.phrases[words[0]] {
			if slices.Equal(old.words, words) {
				p.phrases[words[0]][i].tags = old.tags.or(w.tags)
				return
			}
		}
		p.phrases[words[0]] = append(p.phrases[words[0]], phrase{words, w})
	}
}

func (p *pack) formWords(text string) []string {
	var out []string
	for _, f := range strings.Fields(text) {
		if f == "_" {
			out = append(out, f)
			continue
		}
		for _, t := range tokenize(f, p.split) {
			out = append(out, t.word)
		}
	}
	return out
}

func foldWord(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteString(foldRune(r))
	}
	return b.String()
}

// lookAny finds a word that is not one as it is, trying without what is written onto it and spellings that it hides.
func (p *pack) lookAny(w string, hidden []string) (word, bool) {
	if found, ok := p.lookOnto(w); ok {
		return found, true
	}
	for _, h := range hidden {
		if found, ok := p.lookPlain(h); ok {
			return found, true
		}
	}
	return word{entry: -1}, false
}

// hidden are the words that a spelling may hide; most hide none.
func hidden(w string) []string {
	if plain, ok := unleet(w); ok {
		if arabic := unleetArabic(w); arabic != nil {
			return arabic
		}
		return append([]string{plain}, unstretch(w)...)
	}
	if arabic := unleetArabic(w); arabic != nil {
		return arabic
	}
	return unstretch(w)
}

// lookWord finds a word as it is.
func (p *pack) lookWord(w string) (word, bool) {
	if p.bit == 0 {
		found, ok := p.words[w]
		return found, ok
	}
	t, k := p.index.ask(w)
	if k.words&p.bit == 0 {
		return word{}, false
	}
	return p.index.words[t.words+rank(k.words, p.bit)], true
}

// tagged are the tags of a word as it is.
func (p *pack) tagged(w string) tags {
	found, _ := p.lookWord(w)
	return found.tags
}

// knows reports whether the pack has a word as it is, by itself or in a phrase.
func (p *pack) knows(w string) bool {
	if p.bit == 0 {
		_, ok := p.words[w]
		return ok || p.inPhrase[w]
	}
	_, k := p.index.ask(w)
	return p.knew(k)
}

// knew is knows, for a word that the index was asked of.
func (p *pack) knew(k *known) bool { return (k.words|k.parts)&p.bit != 0 }

func (p *pack) lookPlain(w string) (word, bool) {
	if found, ok := p.lookWord(w); ok {
		return found, true
	}
	return p.lookOnto(w)
}

// lookOnto finds a word without what is written onto it.
func (p *pack) lookOnto(w string) (word, bool) {
	for _, c := range p.clitics {
		rest, ok := bared(w, c)
		if !ok {
			continue
		}
		if found, ok := p.lookWord(rest); ok && !(found.tags.any(tImp, tAmb, tFin) && c != "و" && c != "ف") {
			return found, true
		}
	}
	return p.lookAffix(w)
}

// bared is a word without a clitic on its front; false is where it has none or three letters are not left.
func bared(w, clitic string) (string, bool) {
	n := len(clitic)
	if n > len(w) || w[n-1] != clitic[n-1] || w[:n] != clitic { // of most words the last byte tells
		return "", false
	}
	return w[n:], utf8.RuneCountInString(w[n:]) >= 3
}

func (p *pack) lookAffix(w string) (word, bool) {
	for i := range p.affixes {
		a := &p.affixes[i]
		if len(w) >= len(a.prefix)+len(a.suffix)+3 && strings.HasPrefix(w, a.prefix) && strings.HasSuffix(w, a.suffix) {
			return a.word, true
		}
	}
	return word{entry: -1}, false
}

// touches reports whether the pack may know a word of the text.
func (p *pack) touches(text *Text, x *index) bool {
	toks, hides, asked := text.tokens(p.split), text.spellings(p.split), text.asked(x, p.split)
	if hides == nil && !p.may(text.cutting(p.split).any) {
		return false
	}
	for i := range toks {
		if hides != nil && hides[i] != nil || p.may(asked[i].words|asked[i].parts|asked[i].loose) && p.touched(toks[i].word) {
			return true
		}
	}
	return false
}

func (p *pack) touched(w string) bool {
	_, ok := p.lookPlain(w)
	return ok || p.inPhrase[w]
}

// read cuts the text into tokens and tags them: phrases first, the longest where two begin at one word. They live
// until the next pack reads the text.
func (p *pack) read(text *Text, x *index) []token {
	toks, hides, asked := text.copied(p.split), text.spellings(p.split), text.asked(x, p.split)
	if p.shy && len(toks) > 0 { // a capital there is no sign of a name
		toks[0].edge = sentence
	}
	for i := range toks {
		var hidden []string
		if hides != nil {
			hidden = hides[i]
		}
		switch {
		case asked[i].words&p.bit != 0:
			w := x.word(asked[i], p)
			toks[i].tags, toks[i].entry = w.tags, w.entry
			continue
		case p.bit == 0:
			if w, ok := p.lookWord(toks[i].word); ok {
				toks[i].tags, toks[i].entry = w.tags, w.entry
				continue
			}
		case hidden == nil && asked[i].loose&p.bit == 0:
			continue
		}
		if w, ok := p.lookAny(toks[i].word, hidden); ok {
			toks[i].tags, toks[i].entry = w.tags, w.entry
		}
	}
	for i := 0; i < len(toks); {
		i += max(1, p.phrase(toks, asked, x, i))
	}
	return toks
}

// phrase tags the longest phrase that begins at i and returns how many tokens it takes up; a phrase with a gap
// leaves what stands in the gap as it is.
func (p *pack) phrase(toks []token, asked []knowing, x *index, i int) int {
	switch {
	case i+1 >= len(toks):
		return 0
	case p.bit == 0: // it is in no index
		list := p.phrases[toks[i].word]
		for k := range list {
			if n := list[k].tag(toks, i); n > 0 {
				return n
			}
		}
		return 0
	case asked[i].opens&p.bit == 0:
		return 0
	}
	list, next := x.phrases(asked[i], p), asked[i+1].term
	for k, second := range list.seconds {
		if second != next && second != 0 {
			continue
		}
		if n := list.phrases[k].tag(toks, i); n > 0 {
			return n
		}
	}
	return 0
}

// tag tags the phrase if it begins at i, and returns how many tokens it takes up.
func (ph *phrase) tag(toks []token, i int) int {
	var place [maxPhrase]int
	at, ok := ph.match(toks, i, place[:0])
	if !ok {
		return 0
	}
	for k, j := range at {
		toks[j].entry = ph.entry
		toks[j].tags = tags{}.with(tTake)
		if k == 0 {
			toks[j].tags = ph.tags
		} else if !ph.tags.any(tHarm, tGroup, tThing, tProperty) {
			toks[j].tags = ph.tags.with(tTake)
		}
	}
	if at[len(at)-1]-i+1 == len(at) {
		return len(at)
	}
	return 1
}

// maxPhrase is how many words of a phrase are found without asking for memory.
const maxPhrase = 16

// match appends the places of the phrase's words to at.
func (ph *phrase) match(toks []token, i int, at []int) ([]int, bool) {
	for _, w := range ph.words {
		if w == "_" {
			i = ph.skip(toks, i, len(at))
			if i < 0 {
				return nil, false
			}
			continue
		}
		if i >= len(toks) || toks[i].word != w || (len(at) > 0 && toks[i].edge != joined) {
			return nil, false
		}
		at = append(at, i)
		i++
	}
	return at, true
}

// skip finds the word after a gap.
func (ph *phrase) skip(toks []token, i, matched int) int {
	want := ph.words[slices.Index(ph.words, "_")+1]
	for j := i; j < len(toks) && j <= i+gapWords && toks[j].edge == joined; j++ {
		if toks[j].word == want {
			return j
		}
	}
	return -1
}

// article reports whether a word carries the article: where it is written on, a predicate has none.
func (p *pack) article(w string) bool {
	return slices.ContainsFunc(p.definite, func(c string) bool { return strings.HasPrefix(w, c) })
}

// name reports whether a word no pack knows may be the name of a group: written as a name, or with the article
// or prefix that names of peoples have.
func (p *pack) name(t token) bool {
	if t.end-t.start < 3 || t.acronym || strings.ContainsAny(t.word, "0123456789") {
		return false
	}
	if !t.tags.without(tCommon).empty() {
		return false
	}
	if t.capital && t.edge == joined {
		return true
	}
	return t.tags.empty()
}

// marked reports whether an unknown word carries the sign of a people's name by itself.
func (p *pack) marked(t token) bool {
	switch {
	case t.capital && t.edge == joined:
		return true
	case len(p.definite) > 0:
		return p.article(t.word)
	case p.people != "":
		return strings.HasPrefix(t.word, p.people) && t.tags.empty()
	}
	return t.tags.empty() && slices.ContainsFunc(p.endings, func(e string) bool { return len(t.word) > len(e)+2 && strings.HasSuffix(t.word, e) })
}
