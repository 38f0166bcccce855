package transcript

import (
	"io"
	"math"
	"strconv"
	"strings"

	"counterpoint"
)

// STM reads NIST's segment time marked transcripts: "recording channel speaker start end [<labels>] text".
// Each recording named in the file is an item; gaps and excluded regions are not speech.
func STM(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, nil)
	if err != nil {
		return err
	}
	s := stm{o: o, emit: emit}
	l := newLines(in, maxLine)
	for l.next() {
		if l.long {
			o.reject(l.n, "a line of more than %d KiB was cut", maxLine>>10)
		}
		if err := s.line(l.n, string(l.text)); err != nil {
			return err
		}
	}
	if l.err != nil {
		return l.err
	}
	if err := s.flush(); err != nil {
		return err
	}
	if s.emitted == 0 {
		return refuse(0, "has no STM line with words (recording channel speaker start end <labels> text)")
	}
	in.tell(o)
	return nil
}

type stm struct {
	o         Options
	b         builder
	emit      func(Parsed) error
	recording string
	first     int // line the recording starts at
	emitted   int
}

func (s *stm) line(n int, text string) error {
	if text = strings.TrimSpace(text); text == "" || strings.HasPrefix(text, ";;") {
		return nil
	}
	f, said := fields(text, 5)
	if len(f) < 5 {
		s.o.reject(n, "%q is not an STM line (recording channel speaker start end <labels> text)", clip(text))
		return nil
	}
	start, ok1 := stmTime(f[3])
	end, ok2 := stmTime(f[4])
	if !ok1 || !ok2 {
		s.o.reject(n, "start %q and end %q must be seconds", clip(f[3]), clip(f[4]))
		return nil
	}
	if bad := checkTimes(start, end); bad != "" {
		s.o.reject(n, "%s", bad)
		return nil
	}
	if said = unlabel(said); silent(f[2], said) {
		return nil
	}
	if f[0] != s.recording {
		if err := s.flush(); err != nil {
			return err
		}
		s.recording, s.first = f[0], n
	}
	clean, lang := unmark(said)
	name, role := s.o.speaker(strings.ReplaceAll(f[2], "_", " "))
	return s.b.add(counterpoint.Segment{
		Text: clean, StartMS: start, EndMS: end, Speaker: name, Role: role, Lang: lang, Quality: counterpoint.Good,
	})
}

// silent knows the lines that mark a stretch without transcript.
func silent(speaker, text string) bool {
	return speaker == "inter_segment_gap" || speaker == "excluded_region" ||
		strings.EqualFold(text, "ignore_time_segment_in_scoring") || strings.EqualFold(text, "inter_segment_gap")
}

func (s *stm) flush() error {
	segments := s.b.segments
	s.b = builder{}
	if len(segments) == 0 {
		return nil
	}
	s.emitted++
	return s.emit(Parsed{Locator: recordingID(s.recording), Line: s.first, Segments: segments})
}

// fields are the first n words of a line and what follows them.
func fields(line string, n int) (words []string, rest string) {
	rest = line
	for len(words) < n && rest != "" {
		i := strings.IndexAny(rest, " \t")
		if i < 0 {
			i = len(rest)
		}
		words = append(words, rest[:i])
		rest = strings.TrimLeft(rest[i:], " \t")
	}
	return words, rest
}

func unlabel(text string) string {
	if strings.HasPrefix(text, "<") {
		if i := strings.IndexByte(text[:min(len(text), maxTag)], '>'); i > 0 {
			return strings.TrimSpace(text[i+1:])
		}
	}
	return text
}

func stmTime(s string) (*int64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, false
	}
	return seconds(&f), true
}

// recordingID is the name a transcript gives its recording, empty where it is one that programs fill in.
func recordingID(s string) string {
	s = tidy(s)
	switch counterpoint.Fold(s) {
	case "", "audio", "unknown", "noname", "untitled", "file", "output", "temp", "recording":
		return ""
	}
	if len(s) < 3 || len(s) > 200 {
		return ""
	}
	return s
}
