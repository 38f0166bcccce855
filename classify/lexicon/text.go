package lexicon

import "slices"

// Text is a text cut into words, once for all packs that read it. It is made by Cut, belongs to one goroutine and
// lives as long as the judgement of the text.
type Text struct {
	text   string
	toks   [2][]token // by whether an apostrophe ends a word
	hides  [2][][]string
	hidden [2]bool
	did    [2]bool
}

// Cut prepares a text for reading.
func Cut(text string) *Text { return &Text{text: text} }

// String is the text itself.
func (t *Text) String() string { return t.text }

func mode(split bool) int {
	if split {
		return 1
	}
	return 0
}

// tokens are the words; nobody may change them.
func (t *Text) tokens(split bool) []token {
	m := mode(split)
	if !t.did[m] {
		t.toks[m], t.did[m] = tokenize(t.text, split), true
	}
	return t.toks[m]
}

// copied are the words for a pack to tag.
func (t *Text) copied(split bool) []token { return slices.Clone(t.tokens(split)) }

// spellings are, for each word, those that it may hide; nil where no word hides any.
func (t *Text) spellings(split bool) [][]string {
	m := mode(split)
	if t.hidden[m] {
		return t.hides[m]
	}
	t.hidden[m] = true
	toks := t.tokens(split)
	for i := range toks {
		if h := hidden(toks[i].word); h != nil {
			if t.hides[m] == nil {
				t.hides[m] = make([][]string, len(toks))
			}
			t.hides[m][i] = h
		}
	}
	return t.hides[m]
}
