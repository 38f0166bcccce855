package index

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// turnsFile has the words that turn what is said: negation, and the words of those who object or report. A text with
// other ones than its like says something else, however many words the two share: a denial quotes what it denies. A
// line is a language, a tab and a form; one that ends in * stands for every word that begins so. TestTurns makes it
// from the classifiers' packs and turns_own.tsv.
//
//go:embed turns.tsv
var turnsFile string

// everywhere is the language of forms that are looked for in all texts.
const everywhere = "mul"

// turns are the forms of one language, by first word, the longest first; and the beginnings of words.
type turns struct {
	forms map[string][][]string
	stems []string
}

var turnTable = sync.OnceValue(func() map[string]*turns {
	t := map[string]*turns{}
	for line := range strings.Lines(turnsFile) {
		lang, form, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		if t[lang] == nil {
			t[lang] = &turns{forms: map[string][][]string{}}
		}
		t[lang].add(form)
	}
	return t
})

func (t *turns) add(form string) {
	if stem, ok := strings.CutSuffix(form, "*"); ok {
		t.stems = append(t.stems, stem)
		return
	}
	words := strings.Fields(form)
	t.forms[words[0]] = append(t.forms[words[0]], words)
	slices.SortFunc(t.forms[words[0]], func(a, b []string) int { return len(b) - len(a) })
}

// at is the form at the beginning of the words, nil where there is none.
func (t *turns) at(words []string) []string {
	for _, f := range t.forms[words[0]] {
		if len(f) <= len(words) && slices.Equal(f, words[:len(f)]) {
			return f
		}
	}
	for _, s := range t.stems {
		if strings.HasPrefix(words[0], s) {
			return words[:1]
		}
	}
	return nil
}

// turned are the forms in the text that turn what is said, sorted, each as often as it stands there. langs are the
// languages whose forms count; where none of them has any, those of all languages do.
func (t wording) turned(langs ...string) []string {
	var in []*turns
	for _, l := range append(slices.Clone(langs), everywhere) {
		if list := turnTable()[l]; list != nil && !slices.Contains(in, list) {
			in = append(in, list)
		}
	}
	if len(in) == 0 || len(in) == 1 && in[0] == turnTable()[everywhere] {
		in = in[:0]
		for _, list := range turnTable() {
			in = append(in, list)
		}
	}
	var out []string
	for i := 0; i < len(t.words); {
		n := 0
		for _, list := range in {
			n = max(n, len(list.at(t.words[i:])))
		}
		if n > 0 {
			out = append(out, strings.Join(t.words[i:i+n], " "))
		}
		i += max(1, n)
	}
	slices.Sort(out)
	return out
}
