package classify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"counterpoint"
)

// LineOptions say how Lines reads and writes.
type LineOptions struct {
	JSON bool   // lines are JSON objects, answers too
	Lang string // declared for lines that say none; any ISO 639 code
	Kind string // web, social, radio or report, for lines that say none; empty means web
}

// maxLine is the longest line that is read.
const maxLine = 4 << 20

// lineIn is a line of input.
type lineIn struct {
	ID   json.RawMessage `json:"id"`
	Text *string         `json:"text"`
	Lang string          `json:"lang"`
	Kind string          `json:"kind"`
}

// lineOut is a line of output. A field is never left out.
type lineOut struct {
	ID       json.RawMessage                `json:"id"`
	Lang     string                         `json:"lang"`
	Scores   map[counterpoint.Label]float64 `json:"scores"`
	Level    int                            `json:"level"`
	Flag     bool                           `json:"flag"`
	Stance   counterpoint.Stance            `json:"stance"`
	Basis    counterpoint.Basis             `json:"basis"`
	Findings []counterpoint.Finding         `json:"findings"`
	Against  []counterpoint.Finding         `json:"against"`
	Cut      *counterpoint.Threshold        `json:"threshold"` // what a flagged text had to reach; null for others
	Note     string                         `json:"note,omitempty"`
	Errors   []string                       `json:"errors,omitempty"`
}

// lineError is written in place of the answer to a line that cannot be read.
type lineError struct {
	Line  int             `json:"line"`
	ID    json.RawMessage `json:"id,omitempty"`
	Error string          `json:"error"`
}

// Lines judges each line of r and writes one answer a line, in order. A line that cannot be read is answered
// with an error that names it, and the rest goes on; Lines itself fails only where reading or writing does.
func (s *Stage) Lines(ctx context.Context, r io.Reader, w io.Writer, o LineOptions) error {
	if o.Kind == "" {
		o.Kind = string(counterpoint.Web)
	}
	if err := checkKind(o.Kind); err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, 64<<10)
	out := bufio.NewWriter(w)
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, out.Flush())
		}
		line, tooLong, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(fmt.Errorf("read line %d: %w", n, err), out.Flush())
		}
		ended := err != nil
		if !ended || len(line) > 0 {
			if err := s.line(out, n, line, tooLong, o); err != nil {
				return fmt.Errorf("write line %d: %w", n, err)
			}
		}
		if ended || in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write line %d: %w", n, err)
			}
		}
		if ended {
			return nil
		}
	}
}

// readLine reads up to the next line feed; of a line that is too long it keeps the start.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		chunk, err := in.ReadSlice('\n')
		if len(line)+len(chunk) <= maxLine {
			line = append(line, chunk...)
		} else {
			tooLong = true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), tooLong, err
		}
	}
}

func (s *Stage) line(w io.Writer, n int, line []byte, tooLong bool, o LineOptions) error {
	if n == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	if !o.JSON {
		return s.plain(w, n, string(line), tooLong, o)
	}
	if len(bytes.TrimSpace(line)) == 0 && !tooLong {
		return nil
	}
	in, err := parseLine(line, tooLong, o)
	if err != nil {
		return json.NewEncoder(w).Encode(lineError{n, in.ID, fmt.Sprintf("line %d: %v", n, err)})
	}
	return encode(w, s.answer(in))
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func parseLine(line []byte, tooLong bool, o LineOptions) (lineIn, error) {
	in := lineIn{Lang: o.Lang, Kind: o.Kind}
	if tooLong {
		return in, fmt.Errorf("longer than %d bytes; cut the text into segments", maxLine)
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return lineIn{}, fmt.Errorf("not a JSON object with id and text: %w", err)
	}
	if in.Text == nil {
		return in, errors.New(`"text" is missing; want {"id","text","lang"?,"kind"?}`)
	}
	if in.Kind == "" {
		in.Kind = o.Kind
	}
	if in.Lang == "" {
		in.Lang = o.Lang
	}
	return in, checkKind(in.Kind)
}

func checkKind(kind string) error {
	kinds := []counterpoint.SourceKind{counterpoint.Web, counterpoint.Social, counterpoint.Radio, counterpoint.Report}
	if !slices.Contains(kinds, counterpoint.SourceKind(kind)) {
		return fmt.Errorf("kind %q: want web, social, radio or report: %w", kind, counterpoint.ErrInvalid)
	}
	return nil
}

func (s *Stage) answer(in lineIn) lineOut {
	text := *in.Text
	a, note, errs := s.judgeNoted(text, Input{Lang: in.Lang, Kind: counterpoint.SourceKind(in.Kind)})
	out := lineOut{
		ID: in.ID, Lang: a.Lang, Level: a.Level, Flag: a.Flag, Stance: a.Stance, Basis: a.Basis,
		Findings: a.Findings, Against: a.Against, Note: note, Scores: a.Scores, Cut: a.Threshold,
	}
	for _, err := range errs {
		out.Errors = append(out.Errors, err.Error())
	}
	if out.ID == nil {
		out.ID = json.RawMessage("null")
	}
	if out.Basis == "" {
		out.Basis = s.listened(a.Lang)
	}
	if out.Findings == nil {
		out.Findings = []counterpoint.Finding{}
	}
	if out.Against == nil {
		out.Against = []counterpoint.Finding{}
	}
	return out
}

// listened is what a text of level 0 was judged by: what there is for its language.
func (s *Stage) listened(lang string) counterpoint.Basis {
	trained := s.model.Score("", lang, "").Trained
	switch {
	case trained && s.lexicon.Has(lang):
		return counterpoint.ByBoth
	case trained:
		return counterpoint.ByModel
	}
	return counterpoint.ByCues
}

// judgeNoted is judge with the detector's remark on what was declared.
func (s *Stage) judgeNoted(text string, in Input) (counterpoint.SegmentAssessment, string, []error) {
	a, errs := s.judge(text, in)
	note := ""
	if in.Lang != "" {
		v := verdict{}
		if guard(s.table[0], first(text, longest), in, &v) == nil {
			note = v.answer.Note
		}
	}
	return a, note, errs
}

func first(text string, runes int) string {
	n := 0
	for i := range text {
		if n++; n > runes {
			return text[:i]
		}
	}
	return text
}

// plain writes an answer for people: the verdict, the text, and why.
func (s *Stage) plain(w io.Writer, n int, text string, tooLong bool, o LineOptions) error {
	if tooLong {
		_, err := fmt.Fprintf(w, "line %d: longer than %d bytes; cut the text into segments\n", n, maxLine)
		return err
	}
	if strings.TrimSpace(text) == "" {
		_, err := fmt.Fprintln(w)
		return err
	}
	a, note, errs := s.judgeNoted(text, Input{Lang: o.Lang, Kind: counterpoint.SourceKind(o.Kind)})
	mark := "        "
	if a.Flag {
		mark = fmt.Sprintf("level %d ", a.Level)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s %-8s %s\n", mark, a.Lang, a.Stance, first(text, 160))
	runes := []rune(strings.ToValidUTF8(text, "\uFFFD"))
	for _, f := range a.Findings {
		if f.Contribution != 0 {
			fmt.Fprintf(&b, "           + %s %.2f  %s  (%s)\n", f.Label, f.Score, string(runes[f.Start:f.End]), f.Reason)
		}
	}
	for _, f := range a.Against {
		fmt.Fprintf(&b, "           - %s  (%s)\n", string(runes[f.Start:f.End]), f.Reason)
	}
	if note != "" {
		fmt.Fprintf(&b, "           note: %s\n", note)
	}
	for _, err := range errs {
		fmt.Fprintf(&b, "           error: %v\n", err)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
