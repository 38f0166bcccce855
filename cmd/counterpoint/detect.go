package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"counterpoint/classify/language"
)

func detectCommand() *cobra.Command {
	var asJSON, explain bool
	var country, model string
	var languages []string
	c := &cobra.Command{
		Use:   "detect [FILE]",
		Short: "Language of each input line",
		Long: `Tell the language of each line of FILE or standard input, und where it is not known well enough.
ISO 639-3 codes, macro-languages for their members. Every language known is considered unless --languages
says otherwise. docs/LANGUAGES.md says which are known, and how well.

With --json: lang, best (the likeliest even where lang is und), confidence, decided_by (own, lingua, both,
script, declared or none), spans in runes, also (other languages the line may be in) and experimental (best
has too little training text to be relied on).`,
		Example: "  echo 'Habari za asubuhi, karibuni.' | counterpoint detect\n  counterpoint detect --json --country CD --languages fra,swa lines.txt\n  counterpoint detect --explain lines.txt",
		Args:    argsBetween(0, 1, ""),
		RunE: func(c *cobra.Command, args []string) error {
			codes, err := languageCodes(languages)
			if err != nil {
				return err
			}
			if country = strings.ToUpper(country); country != "" && !isCountry(country) {
				return usagef("--country: %q is not an ISO 3166-1 code of two letters such as CD", country)
			}
			in, closeIn, err := input(c.InOrStdin(), args)
			if err != nil {
				return err
			}
			defer closeIn()
			d, err := openDetector(model, codes)
			if err != nil {
				return err
			}
			return detect(c, d, language.Prior{Country: country}, in, detectOutput{asJSON, explain})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, in order")
	c.Flags().StringVar(&country, "country", "", "where the text is from (ISO 3166-1 alpha-2)")
	c.Flags().StringSliceVar(&languages, "languages", nil, "languages to consider; default all that are known")
	c.Flags().StringVar(&model, "model", "", "a language model made by 'train language', in place of the one in the program")
	c.Flags().BoolVar(&explain, "explain", false, "say how each answer came about: both opinions, and the n-grams that weighed most")
	return c
}

// openDetector is a detector of the codes, or of every language its model knows; an empty name is the model in the
// program.
func openDetector(name string, codes []string) (*language.Detector, error) {
	o := language.Options{Languages: codes}
	if name != "" {
		file, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		o.Model = file
	}
	if len(codes) == 0 {
		known, err := language.KnownTo(o.Model)
		if err != nil {
			return nil, fmt.Errorf("--model %s: %w", name, err)
		}
		o.Languages = known
	}
	return language.New(o)
}

// detectOutput says how answers are printed.
type detectOutput struct{ json, explain bool }

func languageCodes(in []string) ([]string, error) {
	var codes []string
	for _, l := range in {
		code, ok := language.Valid(l)
		if !ok {
			return nil, usagef("--languages: %q is not an ISO 639 code", l)
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// input is the file named, or standard input.
func input(in io.Reader, args []string) (io.Reader, func() error, error) {
	if len(args) == 0 || args[0] == "-" {
		return in, func() error { return nil }, nil
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}

// detection is the answer for a line as it is printed.
type detection struct {
	Lang         string                `json:"lang"`
	Best         string                `json:"best"`
	Confidence   float64               `json:"confidence"`
	DecidedBy    string                `json:"decided_by"`
	Spans        []language.Span       `json:"spans"`
	Also         []language.Score      `json:"also"`
	Experimental bool                  `json:"experimental"`
	Note         string                `json:"note,omitempty"`
	Explanation  *language.Explanation `json:"explanation,omitempty"`
}

func detect(c *cobra.Command, d *language.Detector, p language.Prior, in io.Reader, o detectOutput) error {
	out := bufio.NewWriter(c.OutOrStdout())
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	lines := bufio.NewReaderSize(in, 1<<20)
	a := language.Answer{Spans: []language.Span{}, Also: []language.Score{}}
	for {
		text, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) && text == "" {
			return out.Flush()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if e := c.Context().Err(); e != nil {
			return e
		}
		text = chomp(text)
		d.DetectInto(&a, text, p)
		var why *language.Explanation
		if o.explain {
			e := d.Explain(text, p)
			why = &e
		}
		if o.json {
			err = enc.Encode(detection{a.Lang, a.Best, a.Confidence, a.DecidedBy, a.Spans, a.Also, a.Experimental, a.Note, why})
		} else {
			err = printAnswer(out, a, why, text)
		}
		if err != nil {
			return err
		}
		if lines.Buffered() == 0 {
			if err := out.Flush(); err != nil { // somebody may be waiting at the other end of a pipe
				return err
			}
		}
	}
}

// printAnswer writes an answer for people, what explains it below.
func printAnswer(w io.Writer, a language.Answer, why *language.Explanation, text string) error {
	mark := ""
	if a.Experimental {
		mark = "?" + a.Best
	}
	if _, err := fmt.Fprintf(w, "%s%s\t%.2f\t%s\t%s\n", a.Lang, mark, a.Confidence, a.DecidedBy, printable(text)); err != nil {
		return err
	}
	if why == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "\t%s\n", printable(why.String()))
	return err
}

func chomp(s string) string {
	if n := len(s); n > 0 && s[n-1] == '\n' {
		s = s[:n-1]
	}
	if n := len(s); n > 0 && s[n-1] == '\r' {
		s = s[:n-1]
	}
	return s
}
