package classify

import (
	"counterpoint"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
)

// Detector says which language a text is in.
type Detector interface {
	Detect(text string, p language.Prior) language.Answer
	Version() string
}

// Model scores a text for labels it was trained on, and says where in the text they come from.
type Model interface {
	Score(text, lang string, kind counterpoint.SourceKind) hate.Scores
	Explain(text, lang string, kind counterpoint.SourceKind, label counterpoint.Label, top int) []counterpoint.Finding
	Marks(text, lang string, toxic bool) [][2]int
	Version() string
}

// Lexicon reads cues.
type Lexicon interface {
	Read(lang string, text *lexicon.Text, c lexicon.Context) (lexicon.Reading, error)
	Tone(lang string, text *lexicon.Text) (lexicon.Tone, error)
	Knowing(text *lexicon.Text, share float64) []string
	Has(lang string) bool
	Version() string
}

var (
	_ Detector = (*language.Detector)(nil)
	_ Model    = (*hate.Model)(nil)
	_ Lexicon  = (*lexicon.Lexicon)(nil)
)

// classifier is one voice in the judgement of a text. It adds what it found to the verdict; what it cannot
// judge it returns as an error, and the others go on without it.
type classifier struct {
	name    string
	version func() string
	judge   func(text string, in Input, v *verdict) error
}

// classifiers is the table: who is asked, in this order. To add one, write a folder and a line here; combine
// reads what it left in the verdict.
func (s *Stage) classifiers() []classifier {
	return []classifier{
		{"language", s.languages.Version, s.detect},
		{"lexicon", s.lexicon.Version, s.cues},
		{"hate", s.model.Version, s.score},
	}
}
