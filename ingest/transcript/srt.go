package transcript

import (
	"io"
)

// SRT reads SubRip as it is found: any line end, a point for the comma, no index, no blank line, tags, and
// the Windows code pages, which it says it guessed.
func SRT(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, nil)
	if err != nil {
		return err
	}
	c := cues{o: o}
	l := newLines(in, maxLine)
	for l.next() {
		if l.long {
			o.reject(l.n, "a line of more than %d KiB was cut", maxLine>>10)
		}
		if err := c.line(l.n, l.text); err != nil {
			return err
		}
	}
	if l.err != nil {
		return l.err
	}
	if err := c.finish("SRT"); err != nil {
		return err
	}
	in.tell(o)
	return emit(Parsed{Segments: c.b.segments})
}
