package quality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/corpus"
	"counterpoint/classify/threshold"
)

// FitOptions shape a table of thresholds. The zero value makes the shipped one.
type FitOptions struct {
	// Reviews are files of `counterpoint export reviews`. What people decided says how often flags are right; it
	// cannot say what was never flagged, so it moves the expected precision and leaves the cuts.
	Reviews []string
	// Budget is the share of what is not hateful that a score may flag by itself; 0 means .003.
	Budget   float64
	Progress func(done int)
}

const (
	// minRows is how many positives a language needs for rows of its own, kindRows a kind of source in it, and
	// headRows a head, in all languages together, to flag by itself: with fewer violence flagged ticks on goats.
	minRows  = 25
	kindRows = 200
	headRows = 200
	// unreached is a cut that no score reaches.
	unreached = 2
	// noBudget is held by no score.
	noBudget = -1
	// tipping is the lowest cut: below one half a score speaks against.
	tipping = 0.5
)

// sample is a judged row.
type sample struct {
	lang, kind string
	source     string
	everyday   bool
	y          [3]int // of threshold.Scores
	raised     string // the cue head that flags it, empty for none
	score      [3]float64
}

// Fit finds the cut of each head by language and kind of source on the dev rows of the folder, and counts what is
// flagged there. The same data gives the same table.
func Fit(ctx context.Context, stage Stage, dir string, o FitOptions) ([]threshold.Row, error) {
	o.Budget = cmp.Or(o.Budget, 0.003)
	var all []sample
	err := devRows(ctx, dir, func(r Row) error {
		if slices.Contains(noisy, r.Source) {
			return nil
		}
		a, err := judged(stage, r, r.Text, r.kind())
		if err != nil {
			return err
		}
		b, err := judged(stage, r, corpus.Radio(r.Text), counterpoint.Radio)
		if all = append(all, a, b); o.Progress != nil {
			o.Progress(len(all) / 2)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("fitting thresholds: no dev rows with labels in " + dir)
	}
	rows := fit(all, o.Budget)
	if err := countReviews(ctx, stage, rows, o.Reviews); err != nil {
		return nil, err
	}
	return rows, nil
}

func judged(stage Stage, r Row, text string, kind counterpoint.SourceKind) (sample, error) {
	head, scores, err := stage.Raising(text, r.Lang, kind)
	if err != nil {
		return sample{}, fmt.Errorf("judging row %s: %w", r.ID, err)
	}
	s := sample{lang: r.Lang, kind: string(kind), source: r.Source, everyday: r.everyday(), raised: head}
	for i, l := range threshold.Scores {
		s.y[i], s.score[i] = r.label(l), scores[l]
	}
	return s, nil
}

// truth is whether the row is what the head looks for: 1, 0, or -1 where nobody said. A call for harm, and the other
// cues, look for hate and for violence alike.
func (s *sample) truth(head string) int {
	switch head {
	case threshold.Violence:
		return s.y[1]
	case threshold.Dehumanization:
		return s.y[2]
	case threshold.Hate:
		return s.y[0]
	}
	return max(s.y[0], s.y[1])
}

// flagged reports whether the head flags the row. A score flags what no cue does.
func (s *sample) flagged(head string, cut float64) bool {
	if i := scoreOf(head); i >= 0 {
		return s.raised == "" && s.score[i] >= cut
	}
	return s.raised == head
}

func scoreOf(head string) int {
	return slices.Index(threshold.Scores, counterpoint.Label(head))
}

// fit makes the rows of all heads: of any language first, then by language, then by kind.
func fit(all []sample, budget float64) []threshold.Row {
	byLang := map[string][]sample{}
	for _, s := range all {
		byLang[s.lang] = append(byLang[s.lang], s)
	}
	var out []threshold.Row
	for _, head := range threshold.Heads {
		budget := budget
		if positives(all, head) < headRows {
			budget = noBudget
		}
		whole := threshold.Row{Head: head, Cut: math.NaN(), Data: "all languages below"}
		var rows []threshold.Row
		for _, lang := range slices.Sorted(maps.Keys(byLang)) {
			own := fitLang(head, lang, byLang[lang], budget)
			if len(own) == 0 {
				continue
			}
			whole.Positives, whole.Hits = whole.Positives+own[0].Positives, whole.Hits+own[0].Hits
			whole.Negatives, whole.Alarms = whole.Negatives+own[0].Negatives, whole.Alarms+own[0].Alarms
			whole.Everyday, whole.Disturbed = whole.Everyday+own[0].Everyday, whole.Disturbed+own[0].Disturbed
			rows = append(rows, own...)
		}
		out = append(append(out, whole), rows...)
	}
	return out
}

// positives counts the texts that are what the head looks for.
func positives(all []sample, head string) (n int) {
	for i := range all {
		if all[i].kind != string(counterpoint.Radio) && all[i].truth(head) == 1 {
			n++
		}
	}
	return n
}

// fitLang makes the rows of a head in a language, none where too little is labelled.
func fitLang(head, lang string, all []sample, budget float64) []threshold.Row {
	natural := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.kind == string(counterpoint.Radio) })
	whole := fitOne(threshold.Row{Head: head, Lang: lang}, natural, budget)
	if whole.Positives < minRows || whole.Negatives < minRows {
		return nil
	}
	out := []threshold.Row{whole}
	for _, kind := range []counterpoint.SourceKind{counterpoint.Web, counterpoint.Social, counterpoint.Radio} {
		own := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.kind != string(kind) })
		r := fitOne(threshold.Row{Head: head, Lang: lang, Kind: string(kind)}, own, budget)
		if r.Positives >= kindRows && r.Negatives >= kindRows {
			out = append(out, r)
		}
	}
	return out
}

// fitOne finds the cut of a row on its samples and counts what is flagged.
func fitOne(r threshold.Row, own []sample, budget float64) threshold.Row {
	r.Cut = math.NaN()
	if scoreOf(r.Head) >= 0 {
		r.Cut = lowestCut(r.Head, own, budget)
	}
	cut := r.Cut
	if math.IsNaN(cut) {
		cut = unreached
	}
	sources := map[string]bool{}
	for i := range own {
		s := &own[i]
		n, k := &r.Everyday, &r.Disturbed
		if !s.everyday {
			switch s.truth(r.Head) {
			case 1:
				n, k = &r.Positives, &r.Hits
			case 0:
				n, k = &r.Negatives, &r.Alarms
			default:
				continue
			}
			sources[s.source] = true
		}
		*n++
		if s.flagged(r.Head, cut) {
			*k++
		}
	}
	r.Data = strings.Join(slices.Sorted(maps.Keys(sources)), " ")
	return r
}

// lowestCut is the lowest score at which no more than the budget of what is not hateful is flagged, half of it
// everyday text where there is any; NaN where no score holds the budget.
func lowestCut(head string, own []sample, budget float64) float64 {
	i := scoreOf(head)
	var clean, plain []float64 // scores of what is not so, and of everyday text
	for j := range own {
		s := &own[j]
		switch {
		case s.everyday:
			plain = append(plain, s.score[i])
		case s.truth(head) == 0:
			clean = append(clean, s.score[i])
		}
	}
	slices.Sort(clean)
	slices.Sort(plain)
	for cut := tipping; cut < 1; cut = math.Round(cut*1000+1) / 1000 {
		alarm := above(clean, cut)
		if len(plain) > 0 {
			alarm = (alarm + above(plain, cut)) / 2
		}
		if alarm <= budget {
			return cut
		}
	}
	return math.NaN()
}

// above is the share of sorted scores that reach the cut.
func above(sorted []float64, cut float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i, _ := slices.BinarySearch(sorted, cut)
	return float64(len(sorted)-i) / float64(len(sorted))
}
