package language

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/corpus"
)

// EvaluateOptions say what is measured.
type EvaluateOptions struct {
	Languages []string // the detector's; empty means Default
	Limit     int      // rows of a file, language and length that count; 0 means all
	Progress  func(done int)
}

// Quality is how well the detector does, a line per language and length of text.
type Quality struct {
	Model string `json:"model"`
	Rows  []Line `json:"rows"`
}

// Line is the outcome for the texts of one language. A text of a language that was not to be answered is
// right as und.
type Line struct {
	Lang     string  `json:"lang"`
	Length   string  `json:"length"` // sentence (six words or more) or short
	Asked    bool    `json:"asked"`  // one of the detector's languages
	Texts    int     `json:"texts"`
	Recall   float64 `json:"recall"`   // answered with this language
	Abstain  float64 `json:"abstain"`  // answered und
	Wrong    float64 `json:"wrong"`    // answered with another language: the harm, above all where Asked is false
	Best     float64 `json:"best"`     // the likeliest language was this one, whatever was answered
	Mistaken string  `json:"mistaken"` // the language most often answered wrongly
}

type tally struct {
	n, right, und, wrong, best int
	as                         map[string]int
}

// Evaluate detects every row of the files and folders that is not a train row, without any prior.
func Evaluate(ctx context.Context, o EvaluateOptions, paths ...string) (Quality, error) {
	d, err := New(Options{Languages: o.Languages})
	if err != nil {
		return Quality{}, err
	}
	files, err := corpus.Files(paths...)
	if err != nil {
		return Quality{}, err
	}
	tallies := map[[2]string]*tally{}
	done := 0
	for _, f := range files {
		seen := map[[2]string]int{}
		err := corpus.Each(ctx, f, func(r row) error {
			lang, ok := r.mapped()
			if !ok || r.Split == "train" {
				return nil
			}
			key := [2]string{lang, length(r.Text)}
			if seen[key]++; o.Limit > 0 && seen[key] > o.Limit {
				return nil
			}
			if done++; o.Progress != nil {
				o.Progress(done)
			}
			if tallies[key] == nil {
				tallies[key] = &tally{as: map[string]int{}}
			}
			tallies[key].add(lang, d.Detect(r.Text, Prior{}))
			return nil
		})
		if err != nil {
			return Quality{}, err
		}
	}
	return Quality{d.Version(), table(tallies, d.allowed)}, nil
}

func length(text string) string {
	if len(strings.Fields(text)) >= 6 {
		return "sentence"
	}
	return "short"
}

func (t *tally) add(gold string, a Answer) {
	t.n++
	if a.Best == gold {
		t.best++
	}
	switch a.Lang {
	case gold:
		t.right++
	case counterpoint.Undetermined:
		t.und++
	default:
		t.wrong++
		t.as[a.Lang]++
	}
}

func table(tallies map[[2]string]*tally, allowed []string) []Line {
	lines := make([]Line, 0, len(tallies))
	for key, t := range tallies {
		l := Line{Lang: key[0], Length: key[1], Asked: slices.Contains(allowed, key[0]), Texts: t.n}
		l.Recall, l.Abstain, l.Wrong, l.Best = share(t.right, t.n), share(t.und, t.n), share(t.wrong, t.n), share(t.best, t.n)
		most := 0
		for lang, n := range t.as {
			if n > most || n == most && lang < l.Mistaken {
				most, l.Mistaken = n, lang
			}
		}
		lines = append(lines, l)
	}
	slices.SortFunc(lines, func(a, b Line) int {
		if a.Asked != b.Asked {
			if a.Asked {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Lang+a.Length, b.Lang+b.Length)
	})
	return lines
}

func share(a, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(a) / float64(n)
}

// WriteJSON writes the table as one JSON object.
func (q Quality) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(q)
}

// WriteText writes the table for people.
func (q Quality) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%-5s %-9s %-6s %7s %8s %8s %8s %8s  %s\n", "lang", "length", "asked", "texts", "recall", "abstain", "wrong", "best", "mistaken for")
	for _, l := range q.Rows {
		asked := "no"
		if l.Asked {
			asked = "yes"
		}
		fmt.Fprintf(b, "%-5s %-9s %-6s %7d %8.3f %8.3f %8.3f %8.3f  %s\n", l.Lang, l.Length, asked, l.Texts, l.Recall, l.Abstain, l.Wrong, l.Best, l.Mistaken)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
