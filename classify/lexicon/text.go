package lexicon

import (
	"slices"
	"sync"
)

// Text is a text cut into words, once for all packs that read it. It is made by Cut, belongs to one goroutine and
// lives as long as the judgement of the text. Release gives its room to another text.
type Text struct {
	text  string
	cuts  [2]cutting  // by whether an apostrophe ends a word
	read  [2]*cutting // the one to read; nil until it is made
	tags  []token     // of the pack that reads
	tones []tone
	known []bool
	long  []uint8
	langs []string
	heard uint64 // packs that have read it
}

// cutting is one way of cutting a text.
type cutting struct {
	tokenizer
	hides  [][]string // the spellings that each word may hide; nil where no word hides any
	room   [][]string // for them
	hidden bool       // whether hides is known
	asked  []knowing  // what an index knows of each word
	any    uint64     // packs that may know any word
	index  *index     // which
	found  []found
}

var spareTexts = sync.Pool{New: func() any { return new(Text) }}

// Cut prepares a text for reading.
func Cut(text string) *Text {
	t := spareTexts.Get().(*Text)
	t.text, t.read, t.heard = text, [2]*cutting{}, 0
	return t
}

// Release gives up the text. Nothing may read it after.
func (t *Text) Release() {
	t.text = ""
	spareTexts.Put(t)
}

// String is the text itself.
func (t *Text) String() string { return t.text }

func mode(split bool) int {
	if split {
		return 1
	}
	return 0
}

// cutting cuts the text; where no apostrophe stands in a word, both ways are one.
func (t *Text) cutting(split bool) *cutting {
	m := mode(split)
	if c := t.read[m]; c != nil {
		return c
	}
	if other := t.read[1-m]; other != nil && !other.parted {
		t.read[m] = other
		return other
	}
	c := &t.cuts[m]
	c.hides, c.hidden, c.index = nil, false, nil
	c.tokenize(t.text, split)
	t.read[m] = c
	return c
}

// tokens are the words; nobody may change them.
func (t *Text) tokens(split bool) []token { return t.cutting(split).toks }

// copied are the words for a pack to tag, until the next pack asks.
func (t *Text) copied(split bool) []token {
	t.tags = append(t.tags[:0], t.tokens(split)...)
	return t.tags
}

// spellings are, for each word, those that it may hide; nil where no word hides any.
func (t *Text) spellings(split bool) [][]string {
	c := t.cutting(split)
	if c.hidden {
		return c.hides
	}
	c.hidden = true
	for i := range c.toks {
		if !c.toks[i].odd {
			continue
		}
		if h := hidden(c.toks[i].word); h != nil {
			if c.hides == nil {
				c.room = slices.Grow(c.room[:0], len(c.toks))[:len(c.toks)]
				clear(c.room)
				c.hides = c.room
			}
			c.hides[i] = h
		}
	}
	return c.hides
}
