package classify

import (
	"slices"

	"counterpoint"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
)

// Input is what is known of a text beside its words. The zero Input knows nothing.
type Input struct {
	Lang      string // as declared; any ISO 639 code
	Kind      counterpoint.SourceKind
	Country   string   // of the source, ISO 3166-1 alpha-2
	Languages []string // of the source
	Quality   counterpoint.Quality
	Role      counterpoint.Role // of who speaks
	Day       string            // when it was said or published, as 2006-01-02
	Before    []Turn            // nearest last
}

// Turn is what was said before.
type Turn struct {
	Text string
	Same bool // by the same speaker, or by nobody knows whom
	Role counterpoint.Role
}

// verdict is what the classifiers found, before it is combined.
type verdict struct {
	answer language.Answer
	cues   lexicon.Reading
	tone   lexicon.Tone
	scores hate.Scores
	heard  [8]string // room for the languages whose packs read the text
}

// named is the language that the text is said to be in.
func (v *verdict) named() string {
	if v.answer.Lang == "" {
		return counterpoint.Undetermined
	}
	return v.answer.Lang
}

// lang is the language whose model and tone file are asked: that of a text that nobody could name is the best guess,
// for short and careless English is often too little to be sure of.
func (v *verdict) lang() string {
	if named := v.named(); named != counterpoint.Undetermined || v.answer.Best == "" {
		return named
	}
	return v.answer.Best
}

func (s *Stage) detect(text string, in Input, v *verdict) error {
	v.answer = s.languages.Detect(text, language.Prior{Declared: in.Lang, Country: in.Country, Languages: in.Languages})
	return nil
}

func (s *Stage) score(text string, in Input, v *verdict) error {
	v.scores = s.model.Score(text, v.lang(), in.Kind)
	return nil
}

// How much of a text a pack must know before it is believed in a language that nobody named. Short texts in
// particular are often taken for another language, and a call is often short.
const (
	knownHinted  = 0.3 // the language is declared, the source's, or the detector's second thought
	knownUnasked = 0.6 // nothing points to it but the words themselves
)

// cues reads the text with the pack of its language, of every language that was hinted at, and of any other
// that knows most of its words; the gravest reading counts.
func (s *Stage) cues(text string, in Input, v *verdict) error {
	h := hearing{lexicon: s.lexicon, text: lexicon.Cut(text), context: lexicon.Context{Country: in.Country, Role: in.Role, Day: in.Day}, v: v}
	defer h.text.Release()
	for _, t := range in.Before {
		h.context.Before = append(h.context.Before, lexicon.Before{Text: t.Text, Same: t.Same, Role: t.Role})
	}
	h.seen = v.heard[:0]
	v.cues = lexicon.Reading{Stance: counterpoint.Assert, Imminence: 1}
	h.read(v.named(), 0)
	for _, sp := range v.answer.Spans {
		if v.named() == counterpoint.Undetermined { // what a span is named in a text nobody could name is a hint
			h.read(sp.Lang, knownHinted)
			continue
		}
		h.read(sp.Lang, 0)
	}
	h.read(everywhere, 0)
	h.hints(in)
	t, e := s.lexicon.Tone(v.lang(), h.text)
	if v.tone = t; e != nil {
		h.err = e
	}
	for _, lang := range s.lexicon.Knowing(h.text, knownUnasked) {
		h.read(lang, max(knownUnasked, v.cues.Known))
	}
	return h.err
}

// hearing is one text while packs read it.
type hearing struct {
	lexicon Lexicon
	text    *lexicon.Text
	context lexicon.Context
	v       *verdict
	seen    []string // languages
	err     error
}

// read keeps the reading of a language, once, if it knows enough of the text and is graver than what was read before.
func (h *hearing) read(lang string, known float64) {
	if slices.Contains(h.seen, lang) || !h.lexicon.Has(lang) {
		return
	}
	h.seen = append(h.seen, lang)
	r, err := h.lexicon.Read(lang, h.text, h.context)
	if err != nil {
		h.err = err
		return
	}
	if r.Known < known && (r.Grammar || known > knownHinted) {
		return
	}
	if h.v.cues.Lang == "" || graverReading(&r, &h.v.cues) {
		h.v.cues = r
	}
}

// everywhere is the pack of what is said alike in many languages.
const everywhere = "mul"

func graverReading(a, b *lexicon.Reading) bool {
	if a.Level != b.Level {
		return a.Level > b.Level
	}
	if a.Raw != b.Raw {
		return a.Raw > b.Raw
	}
	return a.Grammar && a.Known > b.Known
}

// hints reads the languages that something beside the words points to.
func (h *hearing) hints(in Input) {
	h.read(h.v.answer.Best, knownHinted)
	for _, also := range h.v.answer.Also { // Kirundi beside Kinyarwanda, Dioula beside Bambara
		h.read(also.Lang, knownHinted)
	}
	h.named(in.Lang)
	for _, code := range in.Languages {
		h.named(code)
	}
}

// named reads the language of a code.
func (h *hearing) named(code string) {
	if lang, ok := counterpoint.Lang(code); ok {
		h.read(lang, knownHinted)
	}
}
