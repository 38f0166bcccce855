// Package language says in which language a segment is, and when it does not know. Three voices are heard, in
// this order: the script, where it belongs to one language; an own small profile model, which also knows the
// languages lingua-go has never heard of and so keeps a Kinyarwanda broadcast from becoming Swahili; and
// lingua-go itself for the languages configured. What a source declares decides where these are unsure.
package language

import (
	"fmt"
	"slices"
	"strings"

	"counterpoint"

	"golang.org/x/text/language"
)

// Default are the languages answered for when no others are asked.
var Default = []string{"eng", "fra", "ara", "por", "spa", "swa", "som", "lug"}

// Options say which languages a Detector may answer with.
type Options struct {
	// Languages are ISO 639 codes. Only these, those a Prior brings, and those a script gives away are
	// ever answered; lingua-go loads the models of these and no others. Empty means Default.
	Languages []string
}

// Prior is what is known of a text before it is read.
type Prior struct {
	Declared  string   // by the file or the person who sent it: believed unless another language is clear
	Country   string   // ISO 3166-1 alpha-2: its languages may be answered too
	Languages []string // of the source: may be answered too, and are likelier than others
}

// Answer is the language of a text and how it was found.
type Answer struct {
	Lang       string  `json:"lang"`       // ISO 639-3 of the larger part of the text, or und
	Best       string  `json:"best"`       // the likeliest language even where Lang is und
	Confidence float64 `json:"confidence"` // probability of Best
	DecidedBy  string  `json:"decided_by"` // own, lingua, both, script, declared or none
	Spans      []Span  `json:"spans"`      // cover the text without gaps; none where the text is empty
	Note       string  `json:"note,omitempty"`
}

// Span is a run of one language, in runes of the text, End exclusive.
type Span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Lang  string `json:"lang"`
}

// Detector answers for a set of languages. It is safe for concurrent use.
type Detector struct {
	allowed []string
	model   *profile
	second  *second
}

// New returns a Detector. Nothing is loaded until a text needs it, save the own model (one megabyte).
func New(o Options) (*Detector, error) {
	if len(o.Languages) == 0 {
		o.Languages = Default
	}
	d := &Detector{}
	for _, code := range o.Languages {
		three, ok := Valid(code)
		if !ok {
			return nil, fmt.Errorf("language %q: %w: not an ISO 639 code (use codes such as swa, fr or sag)", code, counterpoint.ErrInvalid)
		}
		if !slices.Contains(d.allowed, three) {
			d.allowed = append(d.allowed, three)
		}
	}
	m, err := shipped()
	if err != nil {
		return nil, err
	}
	d.model, d.second = m, newSecond(d.allowed)
	return d, nil
}

// Version names the model the answers come from.
func (d *Detector) Version() string { return d.model.version() }

// Valid maps an ISO 639 code, BCP 47 tag or Whisper's language name to the code Counterpoint uses, and reports
// whether such a language exists.
func Valid(code string) (string, bool) {
	three, ok := counterpoint.Lang(code)
	if !ok {
		return "", false
	}
	if _, err := language.ParseBase(three); err != nil || "qaa" <= three && three <= "qtz" { // private use
		return "", false
	}
	return three, true
}

// candidates are the languages that may be answered, with how much likelier the prior makes each.
type candidates struct {
	weight   map[string]float64
	declared string
	note     string
}

func (c candidates) has(lang string) bool { _, ok := c.weight[lang]; return ok }

const (
	askedWeight    = 2.5 // over languages nobody asked for
	countryWeight  = 4.0
	sourceWeight   = 8.0
	declaredWeight = 40.0 // and then still needs another language to be clear to be overruled
)

func (d *Detector) candidates(p Prior) candidates {
	c := candidates{weight: make(map[string]float64, len(d.allowed)+4)}
	raise := func(lang string, w float64) { c.weight[lang] = max(c.weight[lang], w) }
	for _, l := range d.allowed {
		raise(l, askedWeight)
	}
	for _, l := range spoken[strings.ToUpper(strings.TrimSpace(p.Country))] {
		raise(l, countryWeight)
	}
	for _, code := range p.Languages {
		if l, ok := Valid(code); ok && l != counterpoint.Undetermined {
			raise(l, sourceWeight)
		}
	}
	switch l, ok := Valid(p.Declared); {
	case p.Declared == "" || l == counterpoint.Undetermined:
	case ok:
		raise(l, declaredWeight)
		c.declared = l
	default:
		c.note = fmt.Sprintf("declared language %.40q is not an ISO 639 code and was ignored", p.Declared)
	}
	return c
}
