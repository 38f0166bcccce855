package indextest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"counterpoint"
	"counterpoint/index"
)

// Question is one thing to ask every store: a list walked to its end, or a search, and counts.
type Question struct {
	Kind   counterpoint.Kind
	Query  counterpoint.Query
	Search bool // segments with highlights
	By     []counterpoint.GroupBy
	Pages  int // how many pages are walked; 0: all

	form, spelling, script string // what it is, for the coverage
}

// most is how many documents the question asks for.
func (q Question) most() int {
	if q.Pages == 0 {
		return 1 << 30
	}
	return q.Pages * q.Query.Limit
}

// asker makes questions about a world.
type asker struct {
	*rand.Rand
	w *World
}

// Questions are n questions about the world; the same seed gives the same.
func (w *World) Questions(seed uint64, n int) []Question {
	for name, list := range w.scripts {
		if len(list) >= 20 && name != "none" {
			w.names = append(w.names, name)
		}
	}
	slices.Sort(w.names)
	w.names = slices.Compact(w.names)
	a := &asker{rand.New(rand.NewPCG(seed, 4)), w}
	out := make([]Question, n)
	for i := range out {
		out[i] = a.question()
	}
	return out
}

// once reports true once in n times.
func (a *asker) once(n int) bool { return a.IntN(n) == 0 }

func oneOfThe[T any](a *asker, list []T) T { return list[a.IntN(len(list))] }

func (a *asker) question() Question {
	v := a.segment()
	q := Question{script: scriptOf(v.Text), form: "filters", spelling: "none"}
	switch a.IntN(20) {
	case 0, 1, 2, 3, 4:
		q.Kind = counterpoint.KindItem
	case 5, 6, 7, 8:
		q.Kind = counterpoint.KindFlag
	default:
		q.Kind, q.Search = counterpoint.KindSegment, !a.once(4)
	}
	if q.Kind == counterpoint.KindFlag && !a.once(4) {
		f := oneOfThe(a, a.w.Flags)
		v.Source, v.Lang, v.Labels, v.Level, v.Text, v.Item = f.Source, f.Lang, f.Labels, f.Level, f.Text, f.Item
		q.Query.State = a.states(f.State)
		q.script = scriptOf(v.Text)
	}
	if q.Search || !a.once(4) {
		a.words(&q, v.Text)
	}
	a.filters(&q, v)
	q.By = a.groups()
	a.limit(&q)
	return q
}

// segment is any, or one in a script that is any: a third of the questions is about scripts that few lines have.
func (a *asker) segment() counterpoint.SegmentView {
	if a.once(3) {
		return a.w.Segments[oneOfThe(a, a.w.scripts[oneOfThe(a, a.w.names)])]
	}
	return oneOfThe(a, a.w.Segments)
}

func (a *asker) states(now counterpoint.FlagState) []string {
	switch {
	case a.once(2):
		return nil
	case a.once(3):
		return []string{string(oneOfThe(a, counterpoint.FlagStates)), string(now)}
	}
	return []string{string(now)}
}

func (a *asker) groups() []counterpoint.GroupBy {
	all := []counterpoint.GroupBy{
		counterpoint.BySource, counterpoint.ByLang, counterpoint.ByLabel, counterpoint.ByLevel, counterpoint.ByState, counterpoint.ByDay, counterpoint.ByHour, counterpoint.ByNarrative,
		counterpoint.BySource.EachDay(), counterpoint.ByLang.EachDay(), counterpoint.ByLabel.EachDay(), counterpoint.ByState.EachDay(), counterpoint.ByNarrative.EachDay(),
	}
	return []counterpoint.GroupBy{"", oneOfThe(a, all)}
}

// filters are mostly such as the segment passes.
func (a *asker) filters(q *Question, v counterpoint.SegmentView) {
	other := v
	if a.once(6) {
		other = a.segment()
	}
	if a.once(8) {
		q.Query.Source = []string{other.Source}
		if a.once(2) {
			q.Query.Source = append(q.Query.Source, a.segment().Source, "source-nowhere")
		}
	}
	if a.once(8) && other.Lang != "" {
		q.Query.Lang = []string{other.Lang, a.segment().Lang}[:1+a.IntN(2)]
	}
	if a.once(8) && len(other.Labels) > 0 {
		q.Query.Label = []counterpoint.Label{oneOfThe(a, other.Labels), oneOfThe(a, counterpoint.Labels)}[:1+a.IntN(2)]
	}
	if a.once(7) {
		q.Query.Level = []int{other.Level, a.IntN(4)}[:1+a.IntN(2)]
	}
	if a.once(25) {
		q.Query.Item = []string{other.Item, a.segment().Item}
	}
	a.times(q, first(other.Heard, other.Seen))
}

// times are bounds around a moment that some document has exactly.
func (a *asker) times(q *Question, at time.Time) {
	switch a.IntN(16) {
	case 0:
		q.Query.From = at
	case 1:
		q.Query.To = at.Add(1)
	case 2:
		q.Query.From, q.Query.To = at.AddDate(0, 0, -a.IntN(20)), at.AddDate(0, 0, 1+a.IntN(20))
	case 3:
		q.Query.To = at // not itself
	}
}

// limit makes pages so small that there are up to eight, and walks the beginning of the very long lists.
func (a *asker) limit(q *Question) {
	words, err := index.ParseWords(q.Query.Text)
	n := 0
	if q.Query.Text == "" || err == nil {
		n = len(a.w.Oracle().hits(*q, words))
	}
	largest := 60
	switch {
	case q.Kind == counterpoint.KindItem: // each comes with up to a hundred segments
		largest = 12
	case n%10 == 0:
		largest = counterpoint.MaxLimit
	}
	least := min(largest, 1+n/8)
	q.Query.Limit = least + a.IntN(largest-least+1)
	if a.once(2) {
		q.Query.Limit = min(largest, least+a.IntN(5))
	}
	if n > 3*largest {
		q.Pages = 3
	}
}

// words asks for what the text says, in one form and one spelling.
func (a *asker) words(q *Question, text string) {
	raw := rawWords(text)
	if len(raw) == 0 {
		return
	}
	a.spell(q, raw)
	switch n := a.IntN(20); {
	case n < 7:
		q.form, q.Query.Text = "word", a.frequent(raw)
	case n < 9:
		q.form, q.Query.Text = "words", a.frequent(raw)+" "+oneOfThe(a, raw)
	case n < 12:
		q.form, q.Query.Text = "phrase", `"`+a.run(raw)+`"`
	case n < 16:
		q.form, q.Query.Text = "prefix", a.cut(a.frequent(raw))+"*"
	case n < 17:
		q.form, q.Query.Text = "phrase with a prefix", `"`+a.cut(a.run(raw))+`*"`
	case n < 19:
		q.form, q.Query.Text = "mixed", a.cut(oneOfThe(a, raw))+`* "`+a.run(raw)+`" `+oneOfThe(a, raw)
	default:
		slices.Reverse(raw)
		q.form, q.Query.Text = "backwards", `"`+a.run(raw)+`"`
	}
}

// frequent is any of the words or, three times as often, the one that most documents have.
func (a *asker) frequent(words []string) string {
	if a.once(4) {
		return oneOfThe(a, words)
	}
	return slices.MaxFunc(words, func(x, y string) int { return a.w.frequency(x) - a.w.frequency(y) })
}

func (w *World) frequency(word string) int {
	if terms := index.Terms(word); len(terms) > 0 {
		return w.frequencies[terms[0].Text]
	}
	return 0
}

// rawWords are the words as written: between spaces, or one to three signs where there are none.
func rawWords(text string) []string {
	var out []string
	for _, f := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`*"“”„«»`, r) }) {
		switch terms := index.Terms(f); {
		case len(terms) == 0:
		case len(terms) < 5:
			out = append(out, f)
		default: // long compounds and scripts without spaces
			rs := []rune(f)
			for i := 0; i < len(terms); i += 2 {
				out = append(out, string(rs[terms[i].Span.Start:terms[min(len(terms)-1, i+len(terms)%3)].Span.End]))
			}
		}
	}
	return out
}

// run is some words that follow one another.
func (a *asker) run(raw []string) string {
	n := min(len(raw), 2+a.IntN(3))
	at := a.IntN(len(raw) - n + 1)
	sep := " "
	if strings.ContainsFunc(raw[at], func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Thai, unicode.Hiragana, unicode.Katakana) }) {
		sep = ""
	}
	return strings.Join(raw[at:at+n], sep)
}

// cut leaves a beginning, often a short one.
func (a *asker) cut(word string) string {
	rs := []rune(word)
	if len(rs) < 2 {
		return word
	}
	if n := 1 + a.IntN(3); strings.Count(word, " ") == 0 && n < len(rs) {
		return string(rs[:n])
	}
	return string(rs[:len(rs)-1])
}

// spell writes the words as people also do.
func (a *asker) spell(q *Question, words []string) {
	s := oneOfThe(a, spellings)
	q.spelling = s.name
	for i, w := range words {
		words[i] = s.write(w)
	}
}

var spellings = []struct {
	name  string
	write func(string) string
}{
	{"as written", func(s string) string { return s }},
	{"composed", norm.NFC.String},
	{"decomposed", norm.NFD.String},
	{"compatible", norm.NFKC.String},
	{"capitals", strings.ToUpper},
	{"small letters", strings.ToLower},
	{"marks removed", withoutMarks},
	{"marks added", withMarks},
	{"turned", func(s string) string { return "\u202b" + s + "\u200f" }},
	{"apostrophes", strings.NewReplacer("'", "’", "’", "'", "ʼ", "'").Replace},
}

// optional are the marks that people leave out, by script; extra is one that they might add.
var optional = []struct {
	script *unicode.RangeTable
	left   string // empty: all
	extra  string
}{
	{unicode.Latin, "", "\u0301"},
	{unicode.Greek, "", "\u0301"},
	{unicode.Cyrillic, "", "\u0301"},
	{unicode.Arabic, "", "\u064e"},
	{unicode.Hebrew, "", "\u05b7"},
	{unicode.Nko, "", "\u07eb"},
	{unicode.Adlam, "", "\U0001e945"},
	{unicode.Ethiopic, "", "\u135f"},
	{unicode.Devanagari, "\u0901\u0902\u093c\u094d", "\u093c"},
	{unicode.Bengali, "\u0981\u0982\u09bc\u09cd", "\u09bc"},
	{unicode.Gujarati, "\u0a81\u0a82\u0abc\u0acd", "\u0abc"},
	{unicode.Gurmukhi, "\u0a02\u0a3c\u0a4d\u0a70\u0a71", "\u0a3c"},
	{unicode.Tamil, "\u0bcd", ""},
	{unicode.Telugu, "\u0c02\u0c4d", ""},
}

func optionalIn(s string) (left func(rune) bool, extra string) {
	for _, o := range optional {
		if !strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(o.script, r) }) {
			continue
		}
		return func(r rune) bool {
			return strings.ContainsRune(o.left, r) || o.left == "" && unicode.Is(unicode.Mn, r) && r != 0x3099 && r != 0x309a
		}, o.extra
	}
	return func(rune) bool { return false }, ""
}

func withoutMarks(s string) string {
	left, _ := optionalIn(s)
	return strings.Map(func(r rune) rune {
		if left(r) {
			return -1
		}
		return r
	}, norm.NFD.String(s))
}

// withMarks adds one to the first letter of each word.
func withMarks(s string) string {
	_, extra := optionalIn(s)
	var b strings.Builder
	letter := false
	for _, r := range s {
		b.WriteRune(r)
		if unicode.IsLetter(r) && !letter {
			b.WriteString(extra)
		}
		letter = unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
	}
	return b.String()
}

// scriptOf is the script of the first letter.
func scriptOf(text string) string {
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		for _, name := range scripts {
			if unicode.Is(unicode.Scripts[name], r) {
				return name
			}
		}
	}
	return "none"
}

// scripts are those of the training data, the frequent ones first.
var scripts = []string{
	"Latin", "Arabic", "Ethiopic", "Cyrillic", "Devanagari", "Han", "Hiragana", "Katakana", "Thai", "Hebrew", "Greek", "Hangul", "Armenian", "Georgian",
	"Bengali", "Tamil", "Telugu", "Gujarati", "Gurmukhi", "Tifinagh", "Nko", "Adlam", "Myanmar", "Khmer", "Lao",
}
