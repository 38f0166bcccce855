package language

import (
	"slices"
	"strings"
	"unicode/utf8"

	"counterpoint/classify/linear"
)

// MixedShare is how well the languages of mixed sentences are found, word by word.
type MixedShare struct {
	Allowed string  `json:"allowed"` // what the detector was told
	Texts   int     `json:"texts"`
	Words   float64 `json:"words"` // share of words given the right language
	Exact   float64 `json:"exact"` // share of texts whose set of languages is right
}

// pairs are languages that are mixed on the air of the missions.
var mixedPairs = strings.Fields("swa-fra swa-eng lin-fra som-eng som-ara sag-fra bam-fra hat-fra wol-fra hau-eng amh-eng orm-eng orm-amh tir-amh " +
	"kin-fra run-fra lug-eng kau-eng ful-fra din-eng nus-eng fra-eng ara-fra luo-swa")

// mixture is a text with the language of each of its words.
type mixture struct {
	text  string
	words []string // language by word
	langs []string
}

// mixtures puts neighbouring words of two languages together, three to eight at a time. They are no real speech:
// they compare versions.
func mixtures(samples []sample, each int) []mixture {
	texts := map[string][][]string{}
	for _, s := range samples {
		if s.kind == Sentence {
			if words := lettered(s.text); len(words) >= 6 {
				texts[s.gold] = append(texts[s.gold], words)
			}
		}
	}
	var out []mixture
	rand := linear.Rand(11)
	for _, pair := range mixedPairs {
		a, b, _ := strings.Cut(pair, "-")
		if len(texts[a]) == 0 || len(texts[b]) == 0 {
			continue
		}
		for range each {
			out = append(out, mix(&rand, texts, a, b))
		}
	}
	return out
}

// monolingual are controls: whole sentences of the languages of the pairs.
func monolingual(samples []sample, each int) []mixture {
	var out []mixture
	seen := map[string]int{}
	for _, s := range samples {
		words := lettered(s.text)
		if s.kind != Sentence || len(words) < 6 || seen[s.gold] >= each || !strings.Contains(strings.Join(mixedPairs, " "), s.gold) {
			continue
		}
		seen[s.gold]++
		m := mixture{text: strings.Join(words, " "), langs: []string{s.gold}}
		for range words {
			m.words = append(m.words, s.gold)
		}
		out = append(out, m)
	}
	return out
}

// lettered are the words of a text that have letters.
func lettered(text string) []string {
	var out []string
	r := reader{maxGram: 1}
	for _, w := range strings.Fields(text) {
		if _, _, ok := r.next(w, 0); ok {
			out = append(out, w)
		}
	}
	return out
}

func mix(rand *linear.Rand, texts map[string][][]string, a, b string) mixture {
	m := mixture{langs: []string{a, b}}
	slices.Sort(m.langs)
	var all []string
	lang := [2]string{a, b}
	for turn := range 2 + rand.Intn(3) {
		l := lang[turn%2]
		words := texts[l][rand.Intn(len(texts[l]))]
		n := min(3+rand.Intn(6), len(words))
		from := rand.Intn(len(words) - n + 1)
		for _, w := range words[from : from+n] {
			all, m.words = append(all, w), append(m.words, l)
		}
	}
	m.text = strings.Join(all, " ")
	return m
}

const mixedEach = 20

// mixed measures the spans on mixed sentences and on controls, with nothing known and with a country.
func (d *Detector) mixed(samples []sample) []MixedShare {
	both, one := mixtures(samples, mixedEach), monolingual(samples, mixedEach)
	if len(both) == 0 {
		return nil
	}
	return []MixedShare{
		d.woven("mixed, nothing known", both, false),
		d.woven("mixed, country known", both, true),
		d.woven("one language, nothing known", one, false),
		d.woven("one language, country known", one, true),
	}
}

func (d *Detector) woven(name string, texts []mixture, country bool) MixedShare {
	out := MixedShare{Allowed: name, Texts: len(texts)}
	right, all, exact := 0, 0, 0
	for _, m := range texts {
		p := Prior{}
		if country {
			p.Country = countryOfBoth(m.langs)
		}
		a := d.Detect(m.text, p)
		got := []string{}
		at := 0
		for i, w := range strings.Fields(m.text) {
			l := langAt(a.Spans, at)
			if all++; l == m.words[i] {
				right++
			}
			got = append(got, l)
			at += utf8.RuneCountInString(w) + 1
		}
		slices.Sort(got)
		if slices.Equal(slices.Compact(got), m.langs) {
			exact++
		}
	}
	out.Words, out.Exact = share(right, all), share(exact, len(texts))
	return out
}

// countryOfBoth is a country where all the languages are spoken, or that of the first.
func countryOfBoth(langs []string) string {
	best := ""
	for country, spoken := range spoken {
		all := true
		for _, l := range langs {
			all = all && slices.Contains(spoken, l)
		}
		if all && (best == "" || country < best) {
			best = country
		}
	}
	if best == "" {
		return countryOf(langs[0])
	}
	return best
}

func langAt(spans []Span, rune int) string {
	for _, s := range spans {
		if s.Start <= rune && rune < s.End {
			return s.Lang
		}
	}
	return ""
}
