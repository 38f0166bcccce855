package classify

import (
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
}

// lang is the language whose model is asked.
func (v *verdict) lang() string {
	if v.answer.Lang == "" {
		return counterpoint.Undetermined
	}
	return v.answer.Lang
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
	c := lexicon.Context{Country: in.Country, Role: in.Role, Day: in.Day}
	for _, t := range in.Before {
		c.Before = append(c.Before, lexicon.Before{Text: t.Text, Same: t.Same, Role: t.Role})
	}
	var err error
	cut := lexicon.Cut(text)
	defer cut.Release()
	seen := map[string]bool{}
	v.cues = lexicon.Reading{Stance: counterpoint.Assert, Imminence: 1}
	read := func(lang string, known float64) {
		if seen[lang] || !s.lexicon.Has(lang) {
			return
		}
		seen[lang] = true
		r, e := s.lexicon.Read(lang, cut, c)
		if e != nil {
			err = e
			return
		}
		if r.Known < known && (r.Grammar || known > knownHinted) {
			return
		}
		if v.cues.Lang == "" || graverReading(r, v.cues) {
			v.cues = r
		}
	}
	read(v.lang(), 0)
	for _, sp := range v.answer.Spans {
		if v.lang() == counterpoint.Undetermined { // what a span is named in a text nobody could name is a hint
			read(sp.Lang, knownHinted)
			continue
		}
		read(sp.Lang, 0)
	}
	read(everywhere, 0)
	for _, lang := range hints(v, in) {
		read(lang, knownHinted)
	}
	tone := v.lang()
	if tone == counterpoint.Undetermined {
		tone = v.answer.Best
	}
	t, e := s.lexicon.Tone(tone, cut)
	if v.tone = t; e != nil {
		err = e
	}
	for _, lang := range s.lexicon.Knowing(cut, knownUnasked) {
		read(lang, max(knownUnasked, v.cues.Known))
	}
	return err
}

// everywhere is the pack of what is said alike in many languages.
const everywhere = "mul"

func graverReading(a, b lexicon.Reading) bool {
	if a.Level != b.Level {
		return a.Level > b.Level
	}
	if a.Raw != b.Raw {
		return a.Raw > b.Raw
	}
	return a.Grammar && a.Known > b.Known
}

// hints are the languages that something beside the words points to.
func hints(v *verdict, in Input) []string {
	out := []string{v.answer.Best}
	for _, also := range v.answer.Also { // Kirundi beside Kinyarwanda, Dioula beside Bambara
		out = append(out, also.Lang)
	}
	for _, code := range append([]string{in.Lang}, in.Languages...) {
		if lang, ok := counterpoint.Lang(code); ok {
			out = append(out, lang)
		}
	}
	return out
}
