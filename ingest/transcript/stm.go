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
	s := stm{o: o, recordings: map[string]*recording{}}
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
	in.tell(o)
	return s.finish(emit)
}

type stm struct {
	o          Options
	recordings map[string]*recording
	order      []string
}

// recording is what the file says of one recording; its lines need not stand together.
type recording struct {
	builder
	line int // the first
}

// maxRecordings bounds how many a file may name.
const maxRecordings = 10_000

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
	if said = unlabel(said); silent(said) {
		return nil
	}
	rec := s.recordings[f[0]]
	if rec == nil {
		if len(s.order) == maxRecordings {
			return refuse(n, "names more than %d recordings; split it", maxRecordings)
		}
		rec = &recording{line: n}
		s.recordings[f[0]], s.order = rec, append(s.order, f[0])
	}
	clean, lang := unmark(said)
	name, role := s.o.speaker(stmSpeaker(f[2]))
	return rec.add(counterpoint.Segment{
		Text: clean, StartMS: start, EndMS: end, Speaker: name, Role: role, Lang: lang, Quality: counterpoint.Good,
	})
}

// silent knows the lines that mark a stretch without transcript.
func silent(text string) bool {
	return text == "" || strings.EqualFold(text, "ignore_time_segment_in_scoring") || strings.EqualFold(text, "inter_segment_gap")
}

// stmSpeaker is the label, empty where the converter had no speaker: such lines may have words all the same.
func stmSpeaker(label string) string {
	if label == "inter_segment_gap" || label == "excluded_region" {
		return ""
	}
	return strings.ReplaceAll(label, "_", " ")
}

func (s *stm) finish(emit func(Parsed) error) error {
	emitted := 0
	for _, name := range s.order {
		rec := s.recordings[name]
		if len(rec.segments) == 0 {
			continue
		}
		emitted++
		if err := emit(Parsed{Locator: recordingID(name), Line: rec.line, Segments: rec.segments}); err != nil {
			return err
		}
	}
	if emitted == 0 {
		return refuse(0, "has no STM line with words (recording channel speaker start end <labels> text)")
	}
	return nil
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
