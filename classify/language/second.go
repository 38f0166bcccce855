package language

import (
	"strings"
	"sync"

	"github.com/pemistahl/lingua-go"
)

// second is lingua-go, restricted to the configured languages. Its models load on first use, one language at a
// time, and stay.
type second struct {
	once  sync.Once
	langs map[string]lingua.Language
	inner lingua.LanguageDetector
}

func newSecond(allowed []string) *second {
	s := &second{langs: map[string]lingua.Language{}}
	for _, l := range lingua.AllLanguages() {
		code := strings.ToLower(l.IsoCode639_3().String())
		for _, a := range allowed {
			if three, _ := Valid(code); three == a {
				s.langs[a] = l
			}
		}
	}
	return s
}

// knows reports whether lingua-go has a say on the language here. It needs at least two to choose from.
func (s *second) knows(lang string) bool {
	_, ok := s.langs[lang]
	return ok && len(s.langs) > 1
}

// secondLimit bounds what lingua-go is given: past it more text changes neither its answer nor its certainty.
const secondLimit = 240

// ask returns lingua-go's answer and its confidence, and false where it has none. It asks in the low-accuracy
// mode: a tenth of the memory, and the own model has spoken already.
func (s *second) ask(text []rune) (lang string, confidence float64, ok bool) {
	s.once.Do(func() {
		var from []lingua.Language
		for _, l := range lingua.AllLanguages() { // in lingua's order, not a map's
			for _, mine := range s.langs {
				if l == mine {
					from = append(from, l)
				}
			}
		}
		s.inner = lingua.NewLanguageDetectorBuilder().FromLanguages(from...).WithLowAccuracyMode().Build()
	})
	if len(text) > secondLimit {
		text = text[:secondLimit]
	}
	values := s.inner.ComputeLanguageConfidenceValues(string(text))
	if len(values) == 0 || values[0].Value() == 0 {
		return "", 0, false
	}
	for code, l := range s.langs {
		if l == values[0].Language() {
			return code, values[0].Value(), true
		}
	}
	return "", 0, false
}
