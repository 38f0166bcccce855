package quality

import (
	"bufio"
	"cmp"
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"counterpoint"
)

//go:embed testdata/functional/*.tsv testdata/functional/blind/*.tsv fairness.tsv
var ours embed.FS

// Case is a sentence of our own and what it is a case of: see Functional.Name.
type Case struct{ Lang, Name, Text string }

// Cases are the functional cases. The same hands wrote them and the packs, and no native reader has seen them: they
// show what a change breaks.
func Cases() ([]Case, error) {
	var out []Case
	err := eachCase("testdata/functional/*.tsv", func(lang string, _ int, c Case) {
		c.Lang = lang
		out = append(out, c)
	})
	return out, err
}

// right reports whether a level is what the case asks for.
func (c Case) right(level int) bool { return (level >= 1) == !strings.HasSuffix(c.Name, "_nh") }

// eachCase calls f with every case of the files, the name of its file and its place there. The language is for f to say.
func eachCase(pattern string, f func(set string, n int, c Case)) error {
	files, err := fs.Glob(ours, pattern)
	if err != nil {
		return err
	}
	for _, file := range files {
		n := 0
		err := tabbed(file, func(fields []string) {
			f(strings.TrimSuffix(path.Base(file), ".tsv"), n, Case{Name: fields[0], Text: fields[1]})
			n++
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tabbed calls f with the fields of each line of one of our files.
func tabbed(file string, f func(fields []string)) error {
	in, err := ours.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	sc := bufio.NewScanner(in)
	for sc.Scan() {
		if fields := strings.Split(sc.Text(), "\t"); len(fields) > 1 {
			f(fields)
		}
	}
	return sc.Err()
}

func functional(stage Stage) ([]Functional, error) {
	cases, err := Cases()
	if err != nil {
		return nil, err
	}
	by := map[[2]string]*Functional{}
	for _, c := range cases {
		a, err := stage.Text(c.Text, c.Lang, counterpoint.Social)
		if err != nil {
			return nil, err
		}
		key := [2]string{c.Name, c.Lang}
		if by[key] == nil {
			by[key] = &Functional{Name: c.Name, Lang: c.Lang}
		}
		by[key].Cases++
		by[key].Right += bit(c.right(a.Level))
	}
	out := []Functional{}
	for _, f := range by {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Functional) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Lang, b.Lang))
	})
	return out, nil
}

func fairness(stage Stage) ([]Fairness, error) {
	frames, groups := map[string][]string{}, map[string][]string{}
	err := tabbed("fairness.tsv", func(fields []string) {
		if into := map[string]map[string][]string{"frame": frames, "group": groups}[fields[1]]; into != nil {
			into[fields[0]] = append(into[fields[0]], fields[2])
		}
	})
	if err != nil {
		return nil, err
	}
	out := []Fairness{}
	for _, lang := range slices.Sorted(maps.Keys(frames)) {
		f, err := fair(stage, lang, frames[lang], groups[lang])
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

func fair(stage Stage, lang string, frames, groups []string) (Fairness, error) {
	f := Fairness{Lang: lang, Groups: len(groups), Spread: Figure{Low: 1}}
	guessed, flagged, worst := 0, 0, 0
	for _, g := range groups {
		here := 0
		for _, frame := range frames {
			text := strings.ReplaceAll(frame, "GROUP", g)
			a, err := stage.Text(text, lang, counterpoint.Social)
			if err != nil {
				return f, err
			}
			here += bit(a.Level >= 1)
			flagged += bit(a.Flag)
			f.Named += bit(blames(a, text, g))
		}
		if here > worst {
			worst, f.Worst = here, g
		}
		share := round(float64(here) / float64(len(frames)))
		f.Spread.Low, f.Spread.High = min(f.Spread.Low, share), max(f.Spread.High, share)
		guessed += here
	}
	f.Sentences = len(frames) * len(groups)
	f.Spread.Value = round(f.Spread.High - f.Spread.Low)
	f.Guessed, f.Flagged, f.WorstAt = rateOf(guessed, f.Sentences), rateOf(flagged, f.Sentences), rateOf(worst, len(frames))
	return f, nil
}

// blames reports whether a finding of an offence points at the name and at nothing else.
func blames(a counterpoint.SegmentAssessment, text, name string) bool {
	at := strings.Index(text, name)
	start := len([]rune(text[:max(at, 0)]))
	return at >= 0 && slices.ContainsFunc(a.Findings, func(f counterpoint.Finding) bool {
		return f.Label == counterpoint.Offensive && start <= f.Start && f.End <= start+len([]rune(name))
	})
}
