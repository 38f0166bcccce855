package respond

// path is an alignment while it is read back.
type path struct {
	Alignment
	start, end int  // words of the transcript
	turned     bool // a negation came or went
	neutral    int  // words of the script that stand against numbers
}

type step struct {
	i, j int // words of script and transcript; -1 is none
}

// trace aligns the script with the words from to to of the transcript, the range that best found.
func (c *comparison) trace(from, to int, p polarity) path {
	steps := c.walk(from, to)
	out := path{start: from, end: to}
	out.From, out.To, out.Total = -1, -1, len(c.s)
	first, last := -1, -1
	reached := make([]bool, len(c.s))
	for n, s := range steps {
		switch {
		case s.i < 0:
			out.turned = out.turned || p.words[c.t[s.j].text]
			continue
		case s.j < 0:
			out.turned = out.turned || p.words[c.s[s.i].text]
			if c.besideNumber(steps, n) {
				reached[s.i] = true
				out.neutral++
			}
			continue
		}
		reached[s.i] = true
		a, b := c.s[s.i], c.t[s.j]
		switch score(a, b) {
		case hit:
			out.Matched++
			if first < 0 {
				first = s.i
			}
			last = s.i
		case 0:
			out.neutral++
		default:
			out.turned = out.turned || p.turned(a.text, b.text)
		}
	}
	if first >= 0 {
		out.First, out.Last = first, last+1
	}
	out.Words = len(c.s) - out.neutral
	for i, w := range c.s {
		if w.number && !reached[i] {
			out.Words--
		}
	}
	return out
}

// besideNumber reports whether the word that was not heard is part of a number that was heard in digits: of
// "twenty five" against 25, one word has no partner.
func (c *comparison) besideNumber(steps []step, n int) bool {
	return c.nearestIsNumber(steps, n, -1) || c.nearestIsNumber(steps, n, 1)
}

func (c *comparison) nearestIsNumber(steps []step, n, by int) bool {
	for k := n + by; k >= max(0, n-4) && k < min(len(steps), n+5); k += by {
		if s := steps[k]; s.i >= 0 && s.j >= 0 {
			return c.t[s.j].number && !c.s[s.i].number
		}
	}
	return false
}

// The directions of a cell.
const (
	stop = iota
	both
	transcript
	script
)

// walk is the best path through the range, from its first pair of words to its last.
func (c *comparison) walk(from, to int) []step {
	rows, cols := len(c.s), to-from
	value := make([]int32, cols+1)
	way := make([]uint8, (rows+1)*(cols+1))
	var top int32
	bi, bj := 0, 0
	for i := 1; i <= rows; i++ {
		var diagonal int32
		for j := 1; j <= cols; j++ {
			v, w := diagonal+int32(c.equal[c.si[i-1]][c.ti[from+j-1]]), uint8(both)
			diagonal = value[j]
			if x := value[j] + gap; x > v {
				v, w = x, script
			}
			if x := value[j-1] + gap; x > v && j > 1 {
				v, w = x, transcript
			}
			if v <= 0 {
				v, w = 0, stop
			}
			value[j], way[i*(cols+1)+j] = v, w
			if v > top {
				top, bi, bj = v, i, j
			}
		}
	}
	return back(way, cols+1, bi, bj, from)
}

func back(way []uint8, width, i, j, from int) []step {
	var steps []step
	for {
		switch way[i*width+j] {
		case both:
			steps = append(steps, step{i - 1, from + j - 1})
			i, j = i-1, j-1
		case transcript:
			steps = append(steps, step{-1, from + j - 1})
			j--
		case script:
			steps = append(steps, step{i - 1, -1})
			i--
		default:
			for a, b := 0, len(steps)-1; a < b; a, b = a+1, b-1 {
				steps[a], steps[b] = steps[b], steps[a]
			}
			return steps
		}
	}
}

// Doubts, for a person to look at.
const (
	doubtShort  = "the script has fewer words than can be told from chance"
	doubtTurned = "a word that negates was heard in one and not in the other; listen to it"
	doubtSparse = "the words lie too far apart to have been read as the script"
	doubtLong   = "the script is too long to be looked for as a whole"
	doubtDigits = "too much of it is numbers"
)

// judge weighs the path.
func (p path) judge() Alignment {
	a := p.Alignment
	if a.Words > 0 {
		a.Score = float64(a.Matched) / float64(a.Words)
	}
	a.Cut = float64(a.Last-a.First) < CutShort*float64(a.Total)
	switch {
	case a.Total < MinWords || a.Words < MinWords:
		a.Doubt = doubtShort
	case p.neutral*4 > a.Total:
		a.Doubt = doubtDigits
	case a.Matched*5 < (p.end-p.start)*3:
		a.Doubt = doubtSparse
	case p.turned:
		a.Doubt = doubtTurned
	}
	return a
}
