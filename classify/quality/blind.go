package quality

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"counterpoint"
)

// Halves of the blind cases: those that were looked at while rules and packs were improved, and those that never were.
const (
	Open   = "open"
	Unseen = "unseen"
)

// Blind is the outcome of one half of the cases of a language that somebody wrote who knew neither packs nor code.
type Blind struct {
	Set          string  `json:"set"` // the language, or "emoji" for English with emoji
	Half         string  `json:"half"`
	Hateful      int     `json:"hateful"`
	HatefulRight int     `json:"hateful_right"` // of level 1 or more
	Fine         int     `json:"fine"`
	FineRight    int     `json:"fine_right"`
	Accuracy     Figure  `json:"accuracy"`
	MacroF1      float64 `json:"macro_f1"`
	Worst        string  `json:"worst"` // the functionality with the smallest share of cases right
	WorstAt      Figure  `json:"worst_right"`
	Threats      int     `json:"threats"`
	Grave        int     `json:"threats_level_2"` // threats of level 2 or more
	Objecting    int     `json:"objecting"`       // cases that deny, quote or object
	Calls        int     `json:"objecting_level_3"`
}

// BlindCase is a case with the half that it is of.
type BlindCase struct {
	Case
	Set, Half string
}

// BlindCases are the cases that somebody wrote without looking at rules, packs or code. Of the lines of a file the
// odd ones are open.
func BlindCases() ([]BlindCase, error) {
	var out []BlindCase
	err := eachCase("testdata/functional/blind/*.tsv", func(set string, n int, c Case) {
		if c.Lang = set; set == "emoji" {
			c.Lang = "eng"
		}
		out = append(out, BlindCase{c, set, [2]string{Open, Unseen}[n%2]})
	})
	return out, err
}

// JudgeBlind judges the blind cases: a line for each set and half.
func JudgeBlind(stage Stage) ([]Blind, error) {
	cases, err := BlindCases()
	if err != nil {
		return nil, err
	}
	out := []Blind{}
	for _, half := range []string{Open, Unseen} {
		for _, set := range setsOf(cases) {
			b, err := blindHalf(stage, set, half, cases)
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

func setsOf(cases []BlindCase) []string {
	var out []string
	for _, c := range cases {
		if !slices.Contains(out, c.Set) {
			out = append(out, c.Set)
		}
	}
	return out
}

func blindHalf(stage Stage, set, half string, cases []BlindCase) (Blind, error) {
	b := Blind{Set: set, Half: half}
	right, all := map[string]int{}, map[string]int{}
	for _, c := range cases {
		if c.Set != set || c.Half != half {
			continue
		}
		a, err := stage.Text(c.Text, c.Lang, counterpoint.Social)
		if err != nil {
			return b, fmt.Errorf("judging a blind case of %s: %w", set, err)
		}
		b.count(c.Name, a.Level)
		all[c.Name]++
		right[c.Name] += bit(c.right(a.Level))
	}
	b.Accuracy = rateOf(b.HatefulRight+b.FineRight, b.Hateful+b.Fine)
	b.MacroF1 = round(macroF1(b.HatefulRight, b.Fine-b.FineRight, b.Hateful-b.HatefulRight, b.FineRight))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if r := rateOf(right[name], all[name]); b.Worst == "" || r.Value < b.WorstAt.Value {
			b.Worst, b.WorstAt = name, r
		}
	}
	return b, nil
}

// count adds one case with the level it got.
func (b *Blind) count(name string, level int) {
	if strings.HasSuffix(name, "_nh") {
		b.Fine++
		b.FineRight += bit(level == 0)
	} else {
		b.Hateful++
		b.HatefulRight += bit(level >= 1)
	}
	if strings.HasPrefix(name, "threat_") {
		b.Threats++
		b.Grave += bit(level >= 2)
	}
	if strings.HasPrefix(name, "counter_") || strings.HasPrefix(name, "negate_neg") {
		b.Objecting++
		b.Calls += bit(level == 3)
	}
}
