package language

import (
	"slices"
	"strings"

	"counterpoint"
)

// classes are what can be answered: the model's labels with varieties put under their macro-language.
type classes struct {
	codes        []string
	of           []int // label to class
	experimental []bool
	beside       []bool // of each two classes, row by row: whether they are neighbours
}

// experimentalMark follows the label of a language with too little text to be relied on.
const experimentalMark = "*"

func classesOf(labels []string) classes {
	var c classes
	for _, l := range labels {
		code := answered(l)
		if !slices.Contains(c.codes, code) {
			c.codes = append(c.codes, code)
		}
	}
	slices.Sort(c.codes)
	c.experimental = make([]bool, len(c.codes))
	for _, l := range labels {
		i, _ := slices.BinarySearch(c.codes, answered(l))
		c.of = append(c.of, i)
		c.experimental[i] = strings.HasSuffix(l, experimentalMark)
	}
	for _, a := range c.codes {
		for _, b := range c.codes {
			c.beside = append(c.beside, neighbouring(a, b))
		}
	}
	return c
}

// near reports whether two classes are neighbours. It is asked for every window of a text.
func (c *classes) near(a, b int) bool { return c.beside[a*len(c.codes)+b] }

// answered is the code that a label is answered as: Sudanese Arabic as Arabic, Pulaar as Fulah.
func answered(label string) string {
	label = trimmed(label)
	if label == "mey" { // Hassaniya has no macro-language
		return "ara"
	}
	if code, ok := counterpoint.Lang(label); ok {
		return code
	}
	return label
}

// index is the class of a code, or -1.
func (c *classes) index(code string) int {
	if i, ok := slices.BinarySearch(c.codes, code); ok {
		return i
	}
	return -1
}

// trimmed is the label without its star.
func trimmed(label string) string { return strings.TrimSuffix(label, experimentalMark) }

// neighbours are languages so near each other that a few words do not tell them apart, or that the sources of
// text themselves mix. The better half of a pair is answered; the other stands beside it.
var neighbours = [][]string{
	{"kin", "run"}, {"bam", "dyu"}, {"eng", "pcm"}, {"kon", "ktu"}, {"lua", "lub"}, {"bos", "hrv", "srp"}, {"ind", "msa"},
	{"dan", "nno", "nob"}, {"nde", "nbl", "ssw", "xho", "zul"}, {"nso", "sot", "tsn"}, {"aar", "som"}, {"cgg", "nyn", "lug"},
	{"ach", "alz", "luo"}, {"bel", "rus", "ukr"}, {"ces", "slk"}, {"glg", "por", "spa"}, {"hin", "mar"}, {"kam", "kik"},
	{"fas", "urd"}, {"tzm", "kab"},
}

func neighbouring(a, b string) bool {
	for _, group := range neighbours {
		if slices.Contains(group, a) && slices.Contains(group, b) {
			return true
		}
	}
	return false
}
