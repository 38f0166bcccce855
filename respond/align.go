package respond

import (
	"fmt"
)

// Heard is one utterance of a transcript, in order.
type Heard struct {
	Text           string
	StartMS, EndMS *int64
}

// The measures of a grade A. A script of fewer than MinWords words is heard everywhere and proves nothing.
const (
	AcceptScore = 0.8
	MinWords    = 8
)

// Alignment is where a script stands in a transcript, and how much of it.
type Alignment struct {
	Score   float64 // share of the script's words that were heard in place; numbers are not counted
	Matched int     // how many those are
	Words   int     // of how many
	From    int     // first and last Heard; -1 where nothing was found
	To      int
	StartMS *int64 // of the first and last word, as far as utterances have times
	EndMS   *int64
	First   int  // the script's words First to Last (exclusive) are those on air
	Last    int  //
	Total   int  // all words of the script, numbers too
	Cut     bool // less than CutShort of the script, from its first word on air to its last
	Doubt   string
}

// Accepted reports whether the alignment proves the airing.
func (a Alignment) Accepted() bool { return a.Doubt == "" && a.Score >= AcceptScore }

// Said is the alignment in words for evidence.
func (a Alignment) Said() string {
	s := fmt.Sprintf("%d of %d words of the script heard in place (%.2f)", a.Matched, a.Words, a.Score)
	if a.Cut {
		s += fmt.Sprintf("; cut short: words %d to %d of %d", a.First+1, a.Last, a.Total)
	}
	if a.Doubt != "" {
		s += "; " + a.Doubt
	}
	return s
}

// Scores of the alignment. A word alike counts as the word itself; numbers neither help nor harm.
const (
	maxWords = 5000 // half an hour of speech; bounds the memory

	hit  = 2
	miss = -1
	gap  = -1
)

// Align finds the script in the transcript: the best local alignment of their words (Smith and Waterman), which
// stands the errors of a recogniser, inserted chatter and a start in the middle. lang is the language of the
// script, for what negates in it. Of equally good places it takes the first.
//
// The time is that of |script| × |transcript| word comparisons, the memory that of the script squared.
func Align(lang, script string, heard []Heard) Alignment {
	none := Alignment{From: -1, To: -1}
	s := wordsOf(script)
	var t []word
	var at []int // word to Heard
	for i, h := range heard {
		for _, w := range wordsOf(h.Text) {
			t, at = append(t, w), append(at, i)
		}
	}
	if none.Total = len(s); len(s) == 0 || len(t) == 0 {
		return none
	}
	if len(s) > maxWords {
		none.Doubt = doubtLong
		return none
	}
	same := compare(s, t)
	from, to := same.best(len(t))
	if to <= from {
		return none
	}
	a := same.trace(from, to, polarityOf(lang))
	a.From, a.To = at[a.start], at[a.end-1]
	a.StartMS, a.EndMS = moment(heard, at, a.start, false), moment(heard, at, a.end-1, true)
	return a.judge()
}

// moment is when a word began or ended: utterances are taken to be spoken evenly.
func moment(heard []Heard, at []int, w int, end bool) *int64 {
	h := heard[at[w]]
	if h.StartMS == nil || h.EndMS == nil {
		return h.StartMS
	}
	first, last := w, w+1
	for first > 0 && at[first-1] == at[w] {
		first--
	}
	for last < len(at) && at[last] == at[w] {
		last++
	}
	n := int64(w - first)
	if end {
		n++
	}
	ms := *h.StartMS + (*h.EndMS-*h.StartMS)*n/int64(last-first)
	return &ms
}

// comparison knows which words of script and transcript are the same, by the numbers of their distinct forms.
type comparison struct {
	s, t  []word
	si    []int32
	ti    []int32
	equal [][]int8 // distinct form of the script × of the transcript: score
}

func compare(s, t []word) *comparison {
	c := &comparison{s: s, t: t}
	var forms, others []word
	c.si, forms = number(s)
	c.ti, others = number(t)
	c.equal = make([][]int8, len(forms))
	for i, a := range forms {
		c.equal[i] = make([]int8, len(others))
		for j, b := range others {
			c.equal[i][j] = score(a, b)
		}
	}
	return c
}

func number(list []word) (ids []int32, forms []word) {
	seen := map[string]int32{}
	ids = make([]int32, len(list))
	for i, w := range list {
		id, ok := seen[w.text]
		if !ok {
			id = int32(len(forms))
			seen[w.text], forms = id, append(forms, w)
		}
		ids[i] = id
	}
	return ids, forms
}

func score(a, b word) int8 {
	switch {
	case a.text == b.text:
		return hit
	case a.number || b.number:
		return 0
	case alike(a.text, b.text):
		return hit
	}
	return miss
}

// best is the range of the transcript's words in which the best local alignment lies. It keeps one column of
// scores, and with each where its alignment began.
func (c *comparison) best(n int) (from, to int) {
	rows := len(c.s)
	value, begin := make([]int32, rows+1), make([]int32, rows+1)
	top := int32(0)
	for j := range n {
		var diagonal int32
		diagonalBegin := int32(j)
		for i := range rows {
			v, b := diagonal+int32(c.equal[c.si[i]][c.ti[j]]), diagonalBegin
			diagonal, diagonalBegin = value[i+1], begin[i+1]
			if diagonal == 0 {
				diagonalBegin = int32(j)
			}
			if x := value[i+1] + gap; x > v { // the transcript has a word more
				v, b = x, begin[i+1]
			}
			if x := value[i] + gap; x > v && i > 0 { // it lacks one
				v, b = x, begin[i]
			}
			if v <= 0 {
				v, b = 0, int32(j)+1
			}
			value[i+1], begin[i+1] = v, b
			if v > top {
				top, from, to = v, int(b), j+1
			}
		}
	}
	return from, to
}
