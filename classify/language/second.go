//go:build !nolingua

package language

import (
	"context"
	"slices"
	"strings"
	"sync"

	"counterpoint"

	"github.com/pemistahl/lingua-go"
)

// HasLingua reports whether lingua-go is in this build; the tag nolingua leaves it out.
const HasLingua = true

// second is lingua-go. It is asked to choose among a few languages at a time, and loads only the models of
// those, when they are first needed.
type second struct {
	langs     map[string]lingua.Language // those it may be asked about
	mu        sync.Mutex
	detectors map[[2]uint64]lingua.LanguageDetector // by the set of languages, as bits
}

func newSecond(allowed []string, alone bool) *second {
	s := &second{langs: map[string]lingua.Language{}, detectors: map[[2]uint64]lingua.LanguageDetector{}}
	if alone {
		return s
	}
	for _, l := range lingua.AllLanguages() {
		code, ok := Valid(strings.ToLower(l.IsoCode639_3().String()))
		if ok && slices.Contains(allowed, code) {
			s.langs[code] = l
		}
	}
	return s
}

// knows reports whether lingua-go has a say on the language in the script. It needs at least two to choose from.
func (s *second) knows(lang string, script int) bool {
	_, ok := s.langs[lang]
	return ok && len(s.langs) > 1 && linguaScript(lang) == scripts[script].name
}

// linguaScript is the script lingua-go expects of a language: it has not seen Arabic or Serbian in Latin letters.
func linguaScript(lang string) string {
	switch lang {
	case "ara", "fas", "urd":
		return "Arabic"
	case "bel", "bul", "kaz", "mkd", "mon", "rus", "srp", "ukr":
		return "Cyrillic"
	case "hin", "mar":
		return "Devanagari"
	case "ben":
		return "Bengali"
	case "heb":
		return "Hebrew"
	case "zho", "jpn":
		return "Han"
	}
	return "Latin"
}

// secondLimit is how many bytes lingua-go is given at most. Up to 120 letters it looks at n-grams of every
// length, past that only at those of three; and its time grows with the text.
const secondLimit = 72

// ask returns lingua-go's probability of each of the languages, or nil where it has no opinion.
func (s *second) ask(text string, codes []string) []float64 {
	if len(text) > secondLimit {
		end := strings.LastIndexByte(text[:secondLimit], ' ')
		if end < secondLimit/2 {
			end = secondLimit
		}
		text = strings.ToValidUTF8(text[:end], "")
	}
	scores := make([]float64, len(codes))
	said := false
	for _, v := range s.among(codes).ComputeLanguageConfidenceValues(text) {
		for i, code := range codes {
			if s.langs[code] == v.Language() {
				scores[i] = v.Value()
				said = said || v.Value() > 0
			}
		}
	}
	if !said {
		return nil
	}
	return scores
}

// setsKept bounds how many detectors are kept; each is small, as all share the models.
const setsKept = 4096

func (s *second) among(codes []string) lingua.LanguageDetector {
	var key [2]uint64
	for _, code := range codes {
		l := s.langs[code]
		key[l/64] |= 1 << (l % 64)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.detectors[key]; ok {
		return d
	}
	if len(s.detectors) >= setsKept {
		clear(s.detectors)
	}
	var from []lingua.Language
	for _, l := range lingua.AllLanguages() { // in lingua's order, not a map's
		if key[l/64]&(1<<(l%64)) != 0 {
			from = append(from, l)
		}
	}
	d := lingua.NewLanguageDetectorBuilder().FromLanguages(from...).Build()
	s.detectors[key] = d
	return d
}

// allOfLingua is lingua-go by itself with all its languages, as its users have it: measured beside ours.
var allOfLingua = sync.OnceValue(func() lingua.LanguageDetector {
	return lingua.NewLanguageDetectorBuilder().FromAllLanguages().Build()
})

func linguaAlone(text string) { allOfLingua().DetectLanguageOf(text) }

// besideLingua asks lingua-go by itself about every sample.
func besideLingua(ctx context.Context, samples []sample) error {
	for i := range samples {
		if err := ctx.Err(); err != nil {
			return err
		}
		samples[i].lingua = counterpoint.Undetermined
		if l, ok := allOfLingua().DetectLanguageOf(samples[i].text); ok {
			samples[i].lingua, _ = Valid(strings.ToLower(l.IsoCode639_3().String()))
		}
	}
	return nil
}
