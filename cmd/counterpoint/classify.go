package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
)

// newStage wires the classifiers: the detector for the mission's languages, the heads, the cue packs. A prevalence of
// 0 is the usual one.
func newStage(languages []string, prevalence float64, log *slog.Logger, metrics prometheus.Registerer) (*classify.Stage, error) {
	detector, err := language.New(language.Options{Languages: languages})
	if err != nil {
		return nil, err
	}
	model, err := hate.Load()
	if err != nil {
		return nil, err
	}
	packs, err := lexicon.Open()
	if err != nil {
		return nil, err
	}
	return classify.New(classify.Options{Languages: detector, Model: model, Lexicon: packs, Prevalence: prevalence, Log: log, Registerer: metrics})
}

func classifyCommand() *cobra.Command {
	var asJSON bool
	var lang, kind string
	var languages []string
	c := &cobra.Command{
		Use:   "classify [FILE]",
		Short: "The classify stage on its own: text in, findings out",
		Long: `Judge each line of FILE or standard input, without servers or a data folder.

With --json, lines are {"id","text","lang"?,"kind"?:"web|social|radio"} and each answer is one JSON object, in
order; where a line cannot be read its answer says why, the others are answered, and the command ends with 1.
Without, each line is a text. Scores are calibrated to a prevalence of one half: .5 is the tipping point.`,
		Example: `  echo '{"id":"1","text":"Good morning, dear listeners."}' | counterpoint classify --json`,
		Args:    argsBetween(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			codes, err := languageCodes(languages)
			if err != nil {
				return err
			}
			in, closeIn, err := input(c.InOrStdin(), args)
			if err != nil {
				return err
			}
			defer closeIn()
			stage, err := newStage(codes, 0, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err != nil {
				return err
			}
			out := &wrongLines{Writer: c.OutOrStdout()}
			if err := stage.Lines(c.Context(), in, out, classify.LineOptions{JSON: asJSON, Lang: lang, Kind: kind}); err != nil {
				return err
			}
			if asJSON && out.n > 0 {
				return fmt.Errorf("%s could not be read; their answers say why", counted(out.n, "line"))
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "JSON lines in and out")
	c.Flags().StringVar(&lang, "lang", "", "language the texts are in (ISO 639), where a line does not say")
	c.Flags().StringVar(&kind, "kind", "web", "kind of source, where a line does not say: web, social or radio")
	c.Flags().StringSliceVar(&languages, "languages", nil, "languages to consider; default those of the program")
	return c
}

// wrongAnswer is what an answer begins with that says why a line could not be read.
const wrongAnswer = `{"line":`

// wrongLines counts the lines written that begin as wrongAnswer does.
type wrongLines struct {
	io.Writer
	n     int
	begun []byte // of the current line, as much as tells
}

// Write passes on.
func (w *wrongLines) Write(b []byte) (int, error) {
	for line := range bytes.Lines(b) {
		if missing := len(wrongAnswer) - len(w.begun); missing > 0 {
			w.begun = append(w.begun, line[:min(missing, len(line))]...)
			if string(w.begun) == wrongAnswer {
				w.n++
			}
		}
		if bytes.HasSuffix(line, []byte("\n")) {
			w.begun = w.begun[:0]
		}
	}
	return w.Writer.Write(b)
}
