package transcript

import (
	"io"
	"strings"

	"counterpoint"
)

// Text reads plain text: [hh:mm:ss], [mm:ss], (00:01:02.5) and [00:01 --> 00:05] begin a segment at that time,
// "SPEAKER 1:" begins one of that speaker, a blank line ends one. What has no mark has no time.
func Text(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, nil)
	if err != nil {
		return err
	}
	t := text{o: o}
	l := newLines(in, maxLine)
	for l.next() {
		if l.long {
			o.reject(l.n, "a line of more than %d KiB was cut", maxLine>>10)
		}
		if err := t.line(l.n, strings.TrimSpace(string(l.text))); err != nil {
			return err
		}
	}
	if l.err != nil {
		return l.err
	}
	if err := t.finish(); err != nil {
		return err
	}
	in.tell(o)
	return emit(Parsed{Segments: t.b.segments})
}

type text struct {
	o         Options
	b         builder
	start     *int64
	end       *int64
	label     string
	said      strings.Builder
	last      int64 // the mark before
	backwards int   // marks before the mark before them
	where     int   // line of the first of those
}

func (t *text) line(n int, line string) error {
	if line == "" {
		if t.said.Len() == 0 {
			return nil // a mark on a line of its own waits for its words
		}
		return t.flush()
	}
	if label, start, ok := heading(line); ok {
		if err := t.flush(); err != nil {
			return err
		}
		t.label = label
		return t.mark(n, start, nil)
	}
	for line != "" {
		rest, err := t.lead(n, line)
		if err != nil {
			return err
		}
		cut := nextMark(rest)
		if t.said.Len() > 0 {
			t.said.WriteByte(' ')
		}
		t.said.WriteString(rest[:cut])
		line = rest[cut:]
		if t.said.Len() > maxSegment {
			if err := t.part(); err != nil {
				return err
			}
		}
	}
	return nil
}

// lead takes marks and a label off the front of a line.
func (t *text) lead(n int, line string) (rest string, err error) {
	for {
		start, end, after, ok := timeMark(line)
		if !ok {
			break
		}
		if err := t.flush(); err != nil {
			return "", err
		}
		if err := t.mark(n, start, end); err != nil {
			return "", err
		}
		line = after
	}
	label, rest := splitLabel(line, true)
	if label == "" {
		return line, nil
	}
	if t.said.Len() > 0 {
		if err := t.flush(); err != nil {
			return "", err
		}
	}
	t.label = label
	if start, end, after, ok := timeMark(rest); ok { // SPEAKER 1: [00:05] …
		return after, t.mark(n, start, end)
	}
	return rest, nil
}

func (t *text) mark(n int, start int64, end *int64) error {
	if bad := checkTimes(&start, end); bad != "" {
		t.o.reject(n, "the time mark: %s; its words are kept without time", bad)
		return nil
	}
	if start < t.last {
		if t.backwards++; t.backwards == 1 {
			t.where = n
		}
	}
	t.start, t.end, t.last = &start, end, start
	return nil
}

// part takes what was said so far of a long paragraph.
func (t *text) part() error {
	start, end, label := t.start, t.end, t.label
	err := t.flush()
	t.start, t.end, t.label = start, end, label
	return err
}

func (t *text) flush() error {
	name, role := t.o.speaker(t.label)
	s := counterpoint.Segment{
		Text: t.said.String(), StartMS: t.start, EndMS: t.end, Speaker: name, Role: role, Quality: counterpoint.Good,
	}
	t.said.Reset()
	t.start, t.end, t.label = nil, nil, ""
	return t.b.add(s)
}

func (t *text) finish() error {
	if err := t.flush(); err != nil {
		return err
	}
	if len(t.b.segments) == 0 {
		return refuse(0, "has no words")
	}
	if t.backwards > 0 {
		t.o.note("line %d: the time goes back (%d times in all); are two recordings in one file?", t.where, t.backwards)
	}
	for i := range len(t.b.segments) - 1 { // a segment lasts until the next mark
		s, next := &t.b.segments[i], t.b.segments[i+1].StartMS
		if s.StartMS != nil && s.EndMS == nil && next != nil && *next > *s.StartMS {
			s.EndMS = next
		}
	}
	return nil
}

// heading is a line that holds only a speaker and a time: "Speaker 1  00:05", "Sela Oshun (00:01:10)".
func heading(line string) (label string, start int64, ok bool) {
	line = strings.TrimSuffix(line, ":")
	i := strings.LastIndexAny(line, " \t")
	if i < 0 || i > maxLabel {
		return "", 0, false
	}
	start, ok = parseClock(strings.Trim(line[i+1:], "[]()"))
	label = strings.TrimRight(strings.TrimSpace(line[:i]), "-–—,: ")
	words := strings.Fields(label)
	if !ok || len(words) == 0 || len(words) > 4 {
		return "", 0, false
	}
	named := anonymous.MatchString(label) || roles[counterpoint.Fold(words[0])] != "" || capitals(words, false)
	return label, start, named
}

// maxMark is the longest a time mark can be, brackets included.
const maxMark = 48

// timeMark takes a time mark off the front: in brackets, or bare where it has hours.
func timeMark(s string) (start int64, end *int64, rest string, ok bool) {
	if s == "" {
		return 0, nil, s, false
	}
	if s[0] != '[' && s[0] != '(' {
		first, after, _ := strings.Cut(s[:min(len(s), maxMark)], " ")
		start, ok = parseClock(first)
		if !ok || strings.Count(first, ":") != 2 {
			return 0, nil, s, false
		}
		return start, nil, strings.TrimLeft(s[min(len(s), len(first)+1):], "-–— \t"), after != "" || len(first) == len(s)
	}
	i := strings.IndexAny(s[:min(len(s), maxMark)], "])")
	if i < 0 {
		return 0, nil, s, false
	}
	from, to, ranged := cutRange(s[1:i])
	if start, ok = parseClock(from); !ok {
		return 0, nil, s, false
	}
	if ranged {
		stop, ok := parseClock(to)
		if !ok {
			return 0, nil, s, false
		}
		end = &stop
	}
	return start, end, strings.TrimLeft(s[i+1:], " \t:"), true
}

func cutRange(s string) (from, to string, ok bool) {
	for _, by := range []string{"-->", "->", "–", "-"} {
		if from, to, ok = strings.Cut(s, by); ok {
			return from, to, true
		}
	}
	return s, "", false
}

// nextMark is where the next mark in square brackets stands within a line, or the line's length.
func nextMark(s string) int {
	for at := 0; ; {
		i := strings.IndexByte(s[at:], '[')
		if i < 0 {
			return len(s)
		}
		if at += i; at > 0 {
			if _, _, _, ok := timeMark(s[at:]); ok {
				return at
			}
		}
		at++
	}
}
