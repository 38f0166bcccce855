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
	var asJSON bool
	var country string
	var languages []string
	c := &cobra.Command{
		Use:     "detect [FILE]",
		Short:   "Language of each input line",
		Long:    "Tell the language of each line of FILE or standard input, und where it is not known well enough.\nISO 639-3 codes, macro-languages for their members.",
		Example: "  echo 'Habari za asubuhi, karibuni.' | counterpoint detect\n  counterpoint detect --json --country CD --languages fra,swa lines.txt",
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
			d, err := language.New(language.Options{Languages: codes})
			if err != nil {
				return err
			}
			return detect(c, d, language.Prior{Country: country}, in, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, in order")
	c.Flags().StringVar(&country, "country", "", "where the text is from (ISO 3166-1 alpha-2)")
	c.Flags().StringSliceVar(&languages, "languages", nil, "languages to consider; default those of the program")
	return c
}

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
	Lang       string          `json:"lang"`
	Best       string          `json:"best"`
	Confidence float64         `json:"confidence"`
	DecidedBy  string          `json:"decided_by"`
	Spans      []language.Span `json:"spans"`
	Note       string          `json:"note,omitempty"`
}

func detect(c *cobra.Command, d *language.Detector, p language.Prior, in io.Reader, asJSON bool) error {
	out := bufio.NewWriter(c.OutOrStdout())
	enc := json.NewEncoder(out)
	lines := bufio.NewReaderSize(in, 1<<20)
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
		a := d.Detect(chomp(text), p)
		if a.Spans == nil {
			a.Spans = []language.Span{}
		}
		if asJSON {
			err = enc.Encode(detection{a.Lang, a.Best, a.Confidence, a.DecidedBy, a.Spans, a.Note})
		} else {
			_, err = fmt.Fprintf(out, "%s\t%.2f\t%s\t%s\n", a.Lang, a.Confidence, a.DecidedBy, printable(chomp(text)))
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

func chomp(s string) string {
	if n := len(s); n > 0 && s[n-1] == '\n' {
		s = s[:n-1]
	}
	if n := len(s); n > 0 && s[n-1] == '\r' {
		s = s[:n-1]
	}
	return s
}
