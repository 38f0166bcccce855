package transcript

import (
	"bytes"

	"golang.org/x/text/transform"
)

// fixJSON makes what Python writes JSON: NaN, Infinity and -Infinity outside strings become null. It keeps
// where lines end, so that offsets into its output can be told as lines.
type fixJSON struct {
	quoted, escaped bool
	written         int64
	ends            []int64 // offsets of line ends not yet asked about
	line            int     // line ends before those
}

var notNumbers = [][]byte{[]byte("NaN"), []byte("Infinity"), []byte("-Infinity")}

// Reset is there for transform.Transformer; a fixJSON is used once.
func (f *fixJSON) Reset() {}

// Transform copies, replacing what is not JSON.
func (f *fixJSON) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	defer func() { f.written += int64(nDst) }()
	for nSrc < len(src) {
		if len(dst)-nDst < 4 {
			return nDst, nSrc, transform.ErrShortDst
		}
		b := src[nSrc]
		if !f.quoted && (b == 'N' || b == 'I' || b == '-') {
			n, more := notNumber(src[nSrc:], atEOF)
			if more {
				return nDst, nSrc, transform.ErrShortSrc
			}
			if n > 0 {
				nDst += copy(dst[nDst:], "null")
				nSrc += n
				continue
			}
		}
		f.see(b, nDst)
		dst[nDst] = b
		nDst++
		nSrc++
	}
	return nDst, nSrc, nil
}

func (f *fixJSON) see(b byte, at int) {
	switch {
	case f.escaped:
		f.escaped = false
	case b == '\\':
		f.escaped = f.quoted
	case b == '"':
		f.quoted = !f.quoted
	case b == '\n':
		f.ends = append(f.ends, f.written+int64(at))
	}
}

func notNumber(s []byte, atEOF bool) (n int, more bool) {
	for _, w := range notNumbers {
		if bytes.HasPrefix(s, w) {
			return len(w), false
		}
		if !atEOF && bytes.HasPrefix(w, s) {
			more = true
		}
	}
	return 0, more
}

// lineAt is the line of an offset; offsets must be asked in rising order.
func (f *fixJSON) lineAt(offset int64) int {
	n := 0
	for n < len(f.ends) && f.ends[n] < offset {
		n++
	}
	f.line += n
	f.ends = f.ends[n:]
	return f.line + 1
}
