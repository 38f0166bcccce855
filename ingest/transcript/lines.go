package transcript

import (
	"bufio"
	"bytes"
	"io"
)

// maxLine is the longest line of a caption file or a text; what goes beyond is left out and said.
const maxLine = 1 << 20

// lines are the lines of an input, whether they end in LF, CR LF or CR alone.
type lines struct {
	r    *bufio.Reader
	max  int
	n    int    // number of the current line, from 1
	text []byte // the current line; valid until next is called again
	long bool   // the current line was longer than max and is cut
	err  error
}

func newLines(in *input, longest int) *lines { return &lines{r: in.Reader, max: longest} }

// next goes to the next line and reports whether there is one.
func (l *lines) next() bool {
	l.text, l.long = l.text[:0], false
	started := false
	for l.err == nil {
		if _, err := l.r.Peek(1); err != nil {
			if err != io.EOF {
				l.err = err
			}
			break
		}
		if !started {
			started = true
			l.n++
		}
		chunk, _ := l.r.Peek(l.r.Buffered())
		end := lineEnd(chunk)
		if end < 0 {
			l.keep(chunk)
			l.r.Discard(len(chunk))
			continue
		}
		l.keep(chunk[:end])
		cr := chunk[end] == '\r'
		l.r.Discard(end + 1)
		if after, err := l.r.Peek(1); cr && err == nil && after[0] == '\n' {
			l.r.Discard(1)
		}
		return true
	}
	return started && l.err == nil
}

func (l *lines) keep(b []byte) {
	if room := l.max - len(l.text); len(b) > room {
		b, l.long = b[:room], true
	}
	l.text = append(l.text, b...)
}

// lineEnd looks for CR only before the first LF, so that the work stays linear.
func lineEnd(b []byte) int {
	lf := bytes.IndexByte(b, '\n')
	if lf >= 0 {
		b = b[:lf]
	}
	if cr := bytes.IndexByte(b, '\r'); cr >= 0 {
		return cr
	}
	return lf
}
