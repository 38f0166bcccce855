package main

import (
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/lexicon"
)

// newStage wires the classifiers: the detector for the mission's languages, the heads, the cue packs.
func newStage(languages []string, log *slog.Logger, metrics prometheus.Registerer) (*classify.Stage, error) {
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
	return classify.New(classify.Options{Languages: detector, Model: model, Lexicon: packs, Log: log, Registerer: metrics})
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
order. Without, each line is a text. Scores are calibrated to a prevalence of one half: .5 is the tipping point.`,
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
			stage, err := newStage(codes, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err != nil {
				return err
			}
			return stage.Lines(c.Context(), in, c.OutOrStdout(), classify.LineOptions{JSON: asJSON, Lang: lang, Kind: kind})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "JSON lines in and out")
	c.Flags().StringVar(&lang, "lang", "", "language the texts are in (ISO 639), where a line does not say")
	c.Flags().StringVar(&kind, "kind", "web", "kind of source, where a line does not say: web, social or radio")
	c.Flags().StringSliceVar(&languages, "languages", nil, "languages to consider; default those of the program")
	return c
}
