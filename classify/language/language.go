// Package language says in which language a text is, span by span, and when it does not know. Three voices are
// heard, in this order: the script, where it belongs to one language; an own model, which knows the languages
// of the missions that no other tool does and so keeps a Kinyarwanda broadcast from becoming Swahili; and
// lingua-go, which is asked where the own model is unsure and the text is in one of lingua-go's languages.
// What a source declares decides where these are unsure.
package language

import (
	"fmt"
	"slices"
	"sync"

	"counterpoint"

	"golang.org/x/text/language"
)

// Default are the languages a mission answers for when none are configured.
var Default = []string{"eng", "fra", "ara", "por", "spa", "swa", "som", "lug"}

// Options say which languages a Detector may answer with.
type Options struct {
	// Languages are ISO 639 codes. Only these, those a Prior brings, and those a script gives away are
	// ever answered; lingua-go loads the models of these and no others. Empty means Default; Known() is
	// every language of the own model.
	Languages []string
	// Model is a model file made by Train, in place of the shipped one.
	Model []byte
	// Alone leaves lingua-go out: every answer is the own model's or the script's.
	Alone bool
}

// Answer is the language of a text and how it was found.
type Answer struct {
	Lang         string  // ISO 639-3 of the larger part of the text, or und
	Best         string  // the likeliest language even where Lang is und
	Confidence   float64 // probability of Best
	DecidedBy    string  // own, lingua, both, script, declared or none
	Spans        []Span  // cover the text without gaps; none where the text is empty
	Also         []Score // other languages the text may well be in, likeliest first
	Experimental bool    // Best has too little training text to be relied on; it is never answered of itself
	Note         string
}

// Span is a run of one language, in runes of the text, End exclusive.
type Span struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Lang  string `json:"lang"`
}

// Score is a language with its probability.
type Score struct {
	Lang  string  `json:"lang"`
	Score float64 `json:"score"`
}

// Detector answers for a set of languages. It is safe for concurrent use.
type Detector struct {
	allowed       []string
	allowedWeight float64
	model         *model
	second        *second
	scratch       sync.Pool
	mu            sync.RWMutex
	priors        map[string]*candidates
}

// New returns a Detector. The own model is ready at once; lingua-go loads what it needs when it is first asked.
func New(o Options) (*Detector, error) {
	if len(o.Languages) == 0 {
		o.Languages = Default
	}
	d := &Detector{allowedWeight: askedWeight, priors: map[string]*candidates{}}
	for _, code := range o.Languages {
		three, ok := Valid(code)
		if !ok {
			return nil, fmt.Errorf("language %q: %w: not an ISO 639 code (use codes such as swa, fr or sag)", code, counterpoint.ErrInvalid)
		}
		if !slices.Contains(d.allowed, three) {
			d.allowed = append(d.allowed, three)
		}
	}
	var err error
	if d.model, err = open(o.Model); err != nil {
		return nil, err
	}
	d.scratch.New = func() any { return d.model.newScratch() }
	d.second = newSecond(d.allowed, o.Alone)
	return d, nil
}

// Known are the languages of the own model, those with too little text to be relied on included.
func Known() []string {
	known, err := KnownTo(nil)
	if err != nil {
		return slices.Clone(Default)
	}
	return known
}

// KnownTo are the languages of a model file; nil is the shipped one.
func KnownTo(file []byte) ([]string, error) {
	m, err := open(file)
	if err != nil {
		return nil, err
	}
	return m.languages(), nil
}

// open reads a model file; nil is the shipped one.
func open(file []byte) (*model, error) {
	if len(file) == 0 {
		return shipped()
	}
	return readModel(file)
}

// languages are the codes the model can answer.
func (m *model) languages() []string {
	return slices.DeleteFunc(slices.Clone(m.classes.codes), func(c string) bool { return c == noLanguage })
}

// Experimental are the languages of the own model that have too little text to be relied on.
func Experimental() []string {
	m, err := shipped()
	if err != nil {
		return nil
	}
	var out []string
	for i, code := range m.classes.codes {
		if m.classes.experimental[i] {
			out = append(out, code)
		}
	}
	return out
}

// Version names the model the answers come from.
func (d *Detector) Version() string { return "language-" + d.model.hash }

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
