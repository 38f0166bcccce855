// Package transcript reads what recognisers, subtitlers and transcribers write: WebVTT, SRT, Whisper's
// JSON, Transcriber TRS, NIST STM, plain text with time marks, and JSONL of items. Each parser streams its
// input, rejects a bad cue alone, and keeps of a recogniser's word lists only what they say about doubt.
package transcript

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"counterpoint"
)

// Parser reads one input and emits each item it holds. It returns a Refusal when the input is not what it
// claims to be, the error of emit unchanged, and any other error only when reading failed.
type Parser func(r io.Reader, o Options, emit func(Parsed) error) error

// Options are what a parser is told. The zero value reads, and drops the names of callers and authors.
type Options struct {
	// Name is the file's name in rejections.
	Name string
	// Pseudonym turns the name of a caller or author into a keyed pseudonym; nil drops such names.
	Pseudonym func(name string) string
	// Zone is the clock of times written without one; nil is UTC.
	Zone *time.Location
	// Note hears what a person should know though nothing was rejected, such as a guessed encoding.
	Note func(note string)
	// Reject hears what was left out while the rest went on: a whole item, or a cue or segment of one.
	Reject func(r counterpoint.Rejection, whole bool)
}

// Parsed is one item as its file tells it, before the door adds what the source says.
type Parsed struct {
	Source    string // JSONL only: the source the line names
	Locator   string // the recording's own id, where the file has one
	Title     string
	Lang      string
	URL       string
	Audio     string
	Author    string // a pseudonym
	Recorded  *time.Time
	Published *time.Time
	Precision counterpoint.Precision // of Recorded or Published; empty is unknown
	Digest    string                 // JSONL only: hash of the line
	Line      int                    // where the item starts; 0 for the whole file
	Segments  []counterpoint.Segment
}

// Refusal says why an input was not accepted at all.
type Refusal struct {
	Line   int // 0 for the whole input
	Reason string
}

// Error is the reason with its line.
func (r *Refusal) Error() string {
	return counterpoint.Rejection{Line: r.Line, Reason: r.Reason}.String()
}

// Is makes errors.Is(err, counterpoint.ErrInvalid) true.
func (r *Refusal) Is(target error) bool { return target == counterpoint.ErrInvalid }

func refuse(line int, format string, args ...any) error {
	return &Refusal{line, fmt.Sprintf(format, args...)}
}

func (o Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

func (o Options) reject(line int, format string, args ...any) {
	if o.Reject != nil {
		o.Reject(counterpoint.Rejection{File: o.Name, Line: line, Reason: fmt.Sprintf(format, args...)}, false)
	}
}

// An item larger than this is refused: a day of speech is a tenth of it.
const (
	maxSegments = 200_000
	maxText     = 24 << 20
	maxSegment  = 8 << 10 // bytes of text; a longer one is cut, so that records stay within their limit
	maxSpeaker  = 120     // runes
)

// Paragraphs makes segments of text that is written, not heard: a segment each, within the limits of an item.
func Paragraphs(texts []string) ([]counterpoint.Segment, error) {
	var b builder
	for _, t := range texts {
		if err := b.add(counterpoint.Segment{Text: t, Quality: counterpoint.Good}); err != nil {
			return nil, err
		}
	}
	return b.segments, nil
}

// builder collects the segments of one item.
type builder struct {
	segments []counterpoint.Segment
	bytes    int
}

// add appends a segment, cut where it is too long; one of punctuation alone is dropped.
func (b *builder) add(s counterpoint.Segment) error {
	s.Text = tidy(s.Text)
	if strings.IndexFunc(s.Text, speaks) < 0 {
		return nil
	}
	for len(s.Text) > maxSegment {
		head, rest := cutSegment(s)
		if err := b.push(head); err != nil {
			return err
		}
		s = rest
	}
	return b.push(s)
}

// speaks is true of what can carry meaning, signs and emoji included.
func speaks(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsSymbol(r) }

func (b *builder) push(s counterpoint.Segment) error {
	b.bytes += len(s.Text)
	if len(b.segments) >= maxSegments || b.bytes > maxText {
		return refuse(0, "is too large for one recording (over %d segments or %d MiB of text); split it", maxSegments, maxText>>20)
	}
	s.Seq = len(b.segments)
	b.segments = append(b.segments, s)
	return nil
}

// cutSegment cuts at the last space before the limit. Both halves keep the times: nobody knows better.
func cutSegment(s counterpoint.Segment) (head, rest counterpoint.Segment) {
	at := strings.LastIndexByte(s.Text[:maxSegment], ' ')
	if at < maxSegment/2 {
		for at = maxSegment; !utf8.RuneStart(s.Text[at]); {
			at--
		}
	}
	head, rest = s, s
	head.Text, rest.Text = s.Text[:at], strings.TrimPrefix(s.Text[at:], " ")
	n := utf8.RuneCountInString(head.Text)
	skip := utf8.RuneCountInString(s.Text[:len(s.Text)-len(rest.Text)])
	head.Weak, rest.Weak = nil, nil
	for _, w := range s.Weak {
		if w.Start < n {
			head.Weak = append(head.Weak, counterpoint.Span{Start: w.Start, End: min(w.End, n)})
		}
		if w.End > skip {
			rest.Weak = append(rest.Weak, counterpoint.Span{Start: max(w.Start-skip, 0), End: w.End - skip})
		}
	}
	return head, rest
}

// tidy makes every run of white space one space, and drops control characters: JSON can escape what the input
// was cleaned of.
func tidy(s string) string {
	if !untidy(s) {
		return s
	}
	b := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r > ' ' && r < 0x7f || r > 0xa0 && r < 0x1680: // neither, and most text
			b = utf8.AppendRune(b, r)
		case unicode.IsSpace(r):
			if len(b) > 0 && b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		case !unicode.IsControl(r):
			b = utf8.AppendRune(b, r)
		}
	}
	return string(bytes.TrimSuffix(b, []byte(" ")))
}

func untidy(s string) bool {
	space := true
	for _, r := range s {
		switch {
		case r > ' ' && r < 0x7f || r > 0xa0 && r < 0x1680:
			space = false
		case unicode.IsSpace(r):
			if space || r != ' ' {
				return true
			}
			space = true
		case unicode.IsControl(r):
			return true
		default:
			space = false
		}
	}
	return space && s != ""
}
