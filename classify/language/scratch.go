package language

import (
	"unicode"
	"unicode/utf8"
)

// word is a word of the text at hand.
type word struct {
	from, to int // bytes
	rune     int // the first of it
	letters  int
	script   int
	class    int    // the language it is given first, as a class
	lang     string // and in the end; empty until then

	read            bool // whether its rows are known
	slots, slotsEnd int  // where they stand in scratch.slots
}

// scratch is what one Detect needs besides its answer. It is used again, so a text costs no allocation.
type scratch struct {
	key     []byte // of the prior
	reader  reader
	words   []word
	slots   []int32 // of the rows of the first words
	runs    []run
	parts   []verdict
	also    []Score
	total   *sum // of the words looked at together
	piece   *sum
	letters int // in total
	hidden  []float32
	logits  []float32 // by label
	labels  []float64 // probabilities by label
	probs   []float64 // and by class
	top     int       // the likeliest class
	topP    float64
	agreed  float64 // see agreement
	heard   int     // windows
	fitted  float64 // the same of the words of mixed blocks, each in the language it was given
	fits    int
	judged  int // the class that probs was last judged for

	all       []int32 // sums of the windows of the script at hand
	allN      []int   // rows in each
	runsRead  int     // of that script
	reweighed bool    // logits are no longer those of the whole
	view      []int32 // those of a block
	viewN     []int
	sums      []int32 // of several pieces, one after the other
	counts    []int   // rows in each
	acc       []int32
	accN      int
	cands     []int // labels or classes considered
	codes     []string
	scores    []float32
	back      []int32
}

func (m *model) newScratch() *scratch {
	return &scratch{
		reader: reader{maxGram: m.maxGram}, total: newSum(m.dims), piece: newSum(m.dims), acc: make([]int32, m.dims),
		hidden: make([]float32, m.dims), logits: make([]float32, len(m.labels)),
		labels: make([]float64, len(m.labels)), probs: make([]float64, len(m.classes.codes)),
	}
}

// split finds the words of the text, their scripts, and the rows of as many as are read to name the whole.
func (d *Detector) split(s *scratch, text string) {
	s.words, s.slots = s.words[:0], s.slots[:0]
	runes, counted, letters := 0, 0, 0
	for at, ok := 0, true; ok; {
		var from int
		if from, at, ok = s.reader.next(text, at); !ok {
			return
		}
		runes += utf8.RuneCountInString(text[counted:from])
		counted = from
		w := word{from: from, to: at, rune: runes, letters: s.reader.count(), script: s.reader.script()}
		if letters += w.letters; letters < ownLimit && scripts[w.script].lang == "" {
			w.read, w.slots = true, len(s.slots)
			s.slots = d.model.slotsOf(&s.reader, s.slots)
			w.slotsEnd = len(s.slots)
		}
		s.words = append(s.words, w)
	}
}

// count is how many letters the word at hand has, marks left out.
func (r *reader) count() int {
	n := 0
	for _, c := range r.word[1:r.low] {
		if c < 0x300 && c != '\'' || c >= 0x370 && !unicode.IsMark(c) {
			n++
		}
	}
	return n
}

// script is that of the word at hand: of its first letter, and Japanese where kana stand among Han.
func (r *reader) script() int {
	found := -1
	for _, c := range r.word[1:r.low] {
		s := scriptOf(c)
		switch {
		case s < 0:
		case found < 0:
			found = s
		case found == han && scripts[s].lang == "jpn":
			return s
		}
		if found >= 0 && found != han {
			return found
		}
	}
	return max(found, latin)
}

// run is a stretch of words of one script.
type run struct {
	first, last int // words, last exclusive
	script      int
	letters     int
}

// minRun is how many letters a stretch in another script needs to be a change of language: a name is none.
const minRun = 6

// cut finds the stretches of one script. One that is too short joins its neighbour, the larger giving the script.
func (s *scratch) cut() {
	s.runs = s.runs[:0]
	for i, w := range s.words {
		n := len(s.runs)
		if n > 0 && (s.runs[n-1].script == w.script || together(s.runs[n-1].script, w.script)) {
			s.runs[n-1].last, s.runs[n-1].letters = i+1, s.runs[n-1].letters+w.letters
			if s.runs[n-1].script == han {
				s.runs[n-1].script = w.script
			}
			continue
		}
		s.runs = append(s.runs, run{i, i + 1, w.script, w.letters})
	}
	out := s.runs[:0]
	for _, r := range s.runs {
		n := len(out)
		if n > 0 && (out[n-1].script == r.script || r.letters < minRun || out[n-1].letters < minRun) {
			out[n-1] = joined(out[n-1], r)
			continue
		}
		out = append(out, r)
	}
	s.runs = out
}

func joined(a, b run) run {
	script := a.script
	if b.letters > a.letters {
		script = b.script
	}
	return run{a.first, b.last, script, a.letters + b.letters}
}
