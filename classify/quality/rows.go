package quality

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"counterpoint"
	"counterpoint/classify/corpus"
)

// Row is a line of labelled data: docs/DATA.md. A label that is nil is not known.
type Row struct {
	ID     string                      `json:"id"`
	Source string                      `json:"source"`
	Lang   string                      `json:"lang"`
	Text   string                      `json:"text"`
	Labels map[counterpoint.Label]*int `json:"labels"`
	Split  string                      `json:"split"`
	Spans  [][2]int                    `json:"spans"` // runes that people marked
	Raw    struct {
		Kind counterpoint.SourceKind `json:"kind"`
	} `json:"raw"`
}

// everyday are the sources whose texts nobody labelled and that are presumed clean: among the labelled data, and
// sentences in the folder of language data beside it.
var (
	everyday  = []string{"afrisenti", "pheme_rumours"}
	sentences = []string{"african-storybook", "tatoeba-test-2021-08-07", "tico19"}
)

// noisy are sets whose labels hardly agree with one another: what is right by them says little.
var noisy = []string{"mlma_eng", "mlma_fra"}

// pages are the sources that were taken from sites and forums; all others are posts.
var pages = append([]string{"stormfront", "toxic_spans"}, sentences...)

func (r Row) everyday() bool {
	return slices.Contains(everyday, r.Source) || slices.Contains(sentences, r.Source)
}

func (r Row) kind() counterpoint.SourceKind {
	switch {
	case r.Raw.Kind != "":
		return r.Raw.Kind
	case slices.Contains(pages, r.Source):
		return counterpoint.Web
	}
	return counterpoint.Social
}

// label is 1, 0, or -1 where it is not known.
func (r Row) label(l counterpoint.Label) int {
	if y := r.Labels[l]; y != nil {
		return *y
	}
	return -1
}

// Stage judges: *classify.Stage.
type Stage interface {
	// Raising says what may flag a text: a head that no threshold stops, or the scores that have to reach one.
	Raising(text, lang string, kind counterpoint.SourceKind) (head string, scores map[counterpoint.Label]float64, err error)
	// Logits are the log-odds of the labels before they are calibrated.
	Logits(text, lang string, kind counterpoint.SourceKind) (map[counterpoint.Label]float64, error)
	Text(text, lang string, kind counterpoint.SourceKind) (counterpoint.SegmentAssessment, error)
}

// devRows calls f with the dev rows of the folder, and with everyday sentences of the folder langid beside it, where
// there is one, in the languages that have labels.
func devRows(ctx context.Context, dir string, f func(Row) error) error {
	files, err := corpus.Files(dir)
	if err != nil {
		return err
	}
	labelled := map[string]bool{}
	for _, file := range files {
		err := corpus.Each(ctx, file, func(r Row) error {
			if r.Labels == nil || r.Split != "dev" || r.Source == "" {
				return nil
			}
			r.Lang, _ = counterpoint.Lang(r.Lang)
			labelled[r.Lang] = labelled[r.Lang] || !r.everyday()
			return f(r)
		})
		if err != nil {
			return err
		}
	}
	for _, name := range sentences {
		file := filepath.Join(filepath.Dir(filepath.Clean(dir)), "langid", name+".jsonl.gz")
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
			continue
		}
		err := corpus.Each(ctx, file, func(r Row) error {
			r.Lang, _ = counterpoint.Lang(r.Lang)
			if r.Split != "dev" || !labelled[r.Lang] {
				return nil
			}
			return f(r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
