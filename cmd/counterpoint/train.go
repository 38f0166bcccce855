package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"counterpoint/classify"
	"counterpoint/classify/hate"
	"counterpoint/classify/language"
	"counterpoint/classify/quality"
	"counterpoint/classify/threshold"
)

func trainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "train",
		Short: "Make the embedded model files from labelled data",
		Args:  argsBetween(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		trainOne("hate", "Train the heads hate, offensive, violence and dehumanization on DATA/*.jsonl.gz",
			func(ctx context.Context, o trainOptions, progress func(int, int, int), w io.Writer) error {
				if len(o.data) != 1 {
					return usagef("--data: one folder")
				}
				return hate.Train(ctx, o.data[0], hate.TrainOptions{NoShareAlike: !o.shareAlike, Reviews: o.reviews, Progress: progress}, w)
			}, true),
		trainOne("language", "Train the language model on DATA/*.jsonl.gz",
			func(ctx context.Context, o trainOptions, progress func(int, int, int), w io.Writer) error {
				lo := language.TrainOptions{Progress: progress, ShareAlike: language.No}
				if o.shareAlike {
					lo.ShareAlike = language.Yes
				}
				return language.Train(ctx, lo, w, o.data...)
			}, true),
		trainThresholdsCommand(),
		trainCalibrationCommand(),
	)
	return c
}

func trainThresholdsCommand() *cobra.Command {
	var o quality.FitOptions
	c := tableCommand("thresholds", "thresholds.tsv", func(ctx context.Context, stage *classify.Stage, data string) ([]byte, int, error) {
		rows, err := quality.Fit(ctx, stage, data, o)
		return threshold.Format(rows), len(rows), err
	})
	c.Short = "Find the scores from which on a passage is flagged, on the dev rows of DATA/*.jsonl.gz"
	c.Long = `Find the score from which on a passage is flagged, by head, language and kind of source, on dev rows, and count
how often a flag is right there. Every text is judged twice, as it is and as radio. With --reviews, what people
decided counts too: it says how often flags are right, not what was never flagged, so it leaves the scores alone.
The same data gives the same table. The file replaces the embedded one at the next build. Make it again after every
change of the model or of a word list.`
	c.Example += "\n  counterpoint train thresholds --data ../shared/data/hate --reviews reviews.jsonl --out classify/threshold/thresholds.tsv"
	c.Flags().StringArrayVar(&o.Reviews, "reviews", nil, "file of 'counterpoint export reviews'; again for each further one")
	return c
}

func trainCalibrationCommand() *cobra.Command {
	c := tableCommand("calibration", "calibration.tsv", func(ctx context.Context, stage *classify.Stage, data string) ([]byte, int, error) {
		curves, err := quality.Calibrate(ctx, stage, data)
		return threshold.FormatCurves(curves), len(curves), err
	})
	c.Short = "Fit what scores come to on labelled rows at a prevalence of one half, on the dev rows of DATA/*.jsonl.gz"
	c.Long = `Fit, by label and language, what the log-odds of model, cues and tone together come to on dev rows at a prevalence
of one half. What is more likely than not stays so: levels and flags do not change. The same data gives the same
curves. The file replaces the embedded one at the next build. Make it again after every change of the model or of a
word list.`
	return c
}

// tableCommand makes one of the embedded tables of the stage.
func tableCommand(name, file string, fit func(ctx context.Context, stage *classify.Stage, data string) (table []byte, rows int, err error)) *cobra.Command {
	var data, out string
	c := &cobra.Command{
		Use:     name,
		Example: fmt.Sprintf("  counterpoint train %s --data ../shared/data/hate --out classify/threshold/%s", name, file),
		Args:    argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if data == "" || out == "" {
				return usagef("--data and --out are both needed")
			}
			stage, err := bareStage()
			if err != nil {
				return err
			}
			b, rows, err := fit(c.Context(), stage, data)
			if err != nil {
				return err
			}
			if err := replaceFile(out, b); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", out, counted(rows, "row"))
			return nil
		},
	}
	c.Flags().StringVar(&data, "data", "", "folder of labelled data")
	c.Flags().StringVar(&out, "out", "", "file to write")
	return c
}

// trainOptions are what the command line says of a model to make.
type trainOptions struct {
	data, reviews []string
	shareAlike    bool
}

// bareStage is the stage as it is in the program, for all languages.
func bareStage() (*classify.Stage, error) {
	return newStage(nil, 0, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

type trainer func(ctx context.Context, o trainOptions, progress func(epoch, done, n int), w io.Writer) error

func trainOne(name, short string, train trainer, shareAlikeDefault bool) *cobra.Command {
	var o trainOptions
	var out string
	c := &cobra.Command{
		Use:     name,
		Short:   short,
		Long:    short + ".\nThe same data gives the same bytes on linux/amd64. The file replaces the embedded one at the next build.",
		Example: fmt.Sprintf("  counterpoint train %s --data ../shared/data/%s --out model.bin", name, map[string]string{"hate": "hate", "language": "langid"}[name]),
		Args:    argsBetween(0, 0, ""),
		RunE: func(c *cobra.Command, _ []string) error {
			if len(o.data) == 0 || out == "" {
				return usagef("--data and --out are both needed")
			}
			var model bytes.Buffer
			if err := train(c.Context(), o, epochs(c.ErrOrStderr()), &model); err != nil {
				return err
			}
			if err := replaceFile(out, model.Bytes()); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: %d bytes\n", out, model.Len())
			return nil
		},
	}
	c.Flags().StringArrayVar(&o.data, "data", nil, "folder or file of labelled data; for languages, again for each further one")
	if name == "hate" {
		c.Flags().StringArrayVar(&o.reviews, "reviews", nil, "file of 'counterpoint export reviews', read as further data; again for each further one")
	}
	c.Flags().StringVar(&out, "out", "", "file to write")
	c.Flags().BoolVar(&o.shareAlike, "share-alike", shareAlikeDefault, "also use sources under share-alike licences")
	return c
}

// epochs shows progress: a bar on a terminal, a line an epoch elsewhere.
func epochs(w io.Writer) func(epoch, done, n int) {
	if !terminal(w) {
		last := -1
		return func(epoch, _, n int) {
			if epoch != last {
				fmt.Fprintf(w, "epoch %d, %d texts\n", epoch+1, n)
				last = epoch
			}
		}
	}
	bar := progressbar.Default(100)
	return func(epoch, done, n int) {
		bar.Describe(fmt.Sprintf("epoch %d", epoch+1))
		bar.ChangeMax(n)
		bar.Set(done)
	}
}

// replaceFile writes a file whole or not at all.
func replaceFile(name string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(name), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(b); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}

func evalCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "eval",
		Short: "The quality table on labelled data",
		Args:  argsBetween(0, 0, ""),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(evalHateCommand(), evalLanguageCommand())
	return c
}

// table is a quality table that can be read by people and by programs.
type table interface {
	WriteJSON(io.Writer) error
	WriteText(io.Writer) error
}

func show(t table, asJSON bool, w io.Writer) error {
	if asJSON {
		return t.WriteJSON(w)
	}
	return t.WriteText(w)
}

func evalHateCommand() *cobra.Command {
	var asJSON, heads bool
	o := quality.EvaluateOptions{CPU: func() time.Duration { return time.Duration(cpu() * float64(time.Second)) }}
	c := &cobra.Command{
		Use:   "hate DATA…",
		Short: "Quality, calibration, fairness and speed of the classify stage on rows that are not train rows",
		Long: `Measure the classify stage on the rows of files and folders that are not train rows: by set, language and label
precision, recall, F1, AUC, average precision and calibration, with 95 % intervals; functional cases of our own; how
often friendly sentences about groups are taken for hate, and the worst group; false alarms on everyday text; what
is lost where a recogniser of speech gets a letter in ten wrong; speed and memory. --mistakes names the worst
mistakes with their words: keep them where you keep the data. --heads measures the trained model alone.`,
		Example: "  counterpoint eval hate ../shared/data/hate\n  counterpoint eval hate ../shared/data/hate --mistakes 10 --json",
		Args:    argsBetween(1, -1, "files or folders of labelled data"),
		RunE: func(c *cobra.Command, args []string) error {
			if heads {
				q, err := hate.Evaluate(c.Context(), hate.EvaluateOptions{}, args...)
				if err != nil {
					return err
				}
				return show(q, asJSON, c.OutOrStdout())
			}
			stage, err := bareStage()
			if err != nil {
				return err
			}
			r, err := quality.Evaluate(c.Context(), stage, o, args...)
			if err != nil {
				return err
			}
			return show(r, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "the table as JSON")
	c.Flags().BoolVar(&heads, "heads", false, "the trained model alone, without cues, tone and language detection")
	c.Flags().IntVar(&o.Mistakes, "mistakes", 0, "name so many of the worst mistakes of each kind, with their words")
	return c
}

func evalLanguageCommand() *cobra.Command {
	var asJSON, beside, alone bool
	var model string
	o := language.EvaluateOptions{CPU: func() time.Duration { return time.Duration(cpu() * float64(time.Second)) }}
	c := &cobra.Command{
		Use:   "language DATA…",
		Short: "Quality, calibration and speed of the language detector on rows that are not train rows",
		Long: `Measure the language detector on the rows of files and folders that are not train rows: sentences whole and cut
to a few words, tweets, words by themselves; by language and together, with 95 % intervals; confusions, calibration,
mixed sentences, speed and memory. lingua-go by itself, all its languages, is measured on the same texts: that
takes 2 GB of memory and most of the time; --lingua=false leaves it out.`,
		Example: "  counterpoint eval language ../shared/data/langid --limit 200",
		Args:    argsBetween(1, -1, "files or folders of labelled data"),
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			if o.Languages, err = languageCodes(o.Languages); err != nil {
				return err
			}
			if model != "" {
				if o.Model, err = os.ReadFile(model); err != nil {
					return err
				}
			}
			o.Beside, o.Alone = beside, alone
			q, err := language.Evaluate(c.Context(), o, args...)
			if err != nil {
				return err
			}
			return show(q, asJSON, c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "the table as JSON")
	c.Flags().BoolVar(&beside, "lingua", language.HasLingua, "measure lingua-go by itself beside")
	c.Flags().BoolVar(&alone, "alone", false, "without lingua-go as second opinion")
	c.Flags().StringVar(&model, "model", "", "a model file in place of the one in the program")
	c.Flags().StringSliceVar(&o.Languages, "languages", nil, "languages to consider; default all that are known")
	c.Flags().IntVar(&o.Limit, "limit", 100, "texts of a language and length that count")
	return c
}
