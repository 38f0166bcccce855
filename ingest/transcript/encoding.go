package transcript

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// sniffed is how much of an input the guess of its encoding looks at.
const sniffed = 64 << 10

// input is a foreign text as clean UTF-8: decoded, without byte order mark and control characters, with
// what could not be read replaced by U+FFFD and counted.
type input struct {
	*bufio.Reader
	fix   *repair
	utf16 bool
}

// open decides on the encoding. Declared is what the input itself says, nil for nothing.
func open(r io.Reader, declared encoding.Encoding) (*input, error) {
	raw := bufio.NewReaderSize(r, sniffed)
	head, err := raw.Peek(sniffed)
	if err != nil && err != io.EOF {
		return nil, err
	}
	in := &input{fix: &repair{}}
	var src io.Reader = raw
	switch wide := sniffWide(head); {
	case wide != nil:
		src, in.utf16 = transform.NewReader(raw, wide.NewDecoder()), true
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		raw.Discard(3)
		in.fix.utf8 = true
	case declared == unicode.UTF8:
		in.fix.utf8, in.fix.told = true, true
	case declared != nil:
		src = transform.NewReader(raw, declared.NewDecoder())
	default:
		in.fix.decide(head)
	}
	in.Reader = bufio.NewReaderSize(transform.NewReader(src, in.fix), 32<<10)
	return in, nil
}

// tell notes what was guessed and repaired; it is called when the input was read.
func (in *input) tell(o Options) {
	if in.utf16 {
		o.note("read as UTF-16")
	}
	if in.fix.legacy != nil {
		o.note("read as %v, as it is not UTF-8; if letters look wrong, save it as UTF-8", in.fix.legacy)
	}
	if in.fix.repaired > 0 && !in.fix.told {
		o.note("%d bytes were not valid UTF-8 and show as \uFFFD", in.fix.repaired)
	}
}

// sniffWide is UTF-16 by its byte order mark, or by its zeros where a Latin text has none.
func sniffWide(head []byte) encoding.Encoding {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	head = head[:min(len(head), 1024)]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch few := len(head) / 8; {
	case len(head) < 8:
	case zeros[1] > few && zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0] > few && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// repair is a transformer to valid UTF-8. Where the first bytes beyond ASCII are not UTF-8 it reads all of
// them as the Windows code page they look like.
type repair struct {
	legacy   *charmap.Charmap
	utf8     bool // decided, or proven by what was read
	repaired int
	told     bool // what was repaired is said by the parser
}

// Reset is never called with a repair in use; it is there for transform.Transformer.
func (f *repair) Reset() {}

// Transform decodes and cleans.
func (f *repair) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		if len(dst)-nDst < utf8.UTFMax {
			return nDst, nSrc, transform.ErrShortDst
		}
		if f.utf8 {
			n := clean(src[nSrc:], len(dst)-nDst)
			copy(dst[nDst:], src[nSrc:nSrc+n])
			nDst, nSrc = nDst+n, nSrc+n
			if n > 0 {
				continue
			}
		}
		b := src[nSrc]
		if b < utf8.RuneSelf {
			nSrc++
			if b >= ' ' && b != 0x7f || b == '\n' || b == '\r' || b == '\t' {
				dst[nDst] = b
				nDst++
			}
			continue
		}
		if f.legacy == nil && !atEOF && !utf8.FullRune(src[nSrc:]) {
			return nDst, nSrc, transform.ErrShortSrc
		}
		r, size := f.rune(src[nSrc:])
		nSrc += size
		if r >= 0x80 && r < 0xa0 { // C1 controls
			continue
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
	}
	return nDst, nSrc, nil
}

// clean is how many bytes, of whole characters and at most room, can be taken as they are.
func clean(src []byte, room int) (n int) {
	src = src[:min(len(src), room)]
	for n < len(src) {
		b := src[n]
		switch {
		case b >= ' ' && b < 0x7f, b == '\n', b == '\r', b == '\t':
			n++
		case b >= 0xc3 && b < 0xe0 && n+1 < len(src) && src[n+1]&0xc0 == 0x80: // most letters beyond ASCII
			n += 2
		default:
			r, size := utf8.DecodeRune(src[n:])
			if size < 2 || r < 0xa0 {
				return n
			}
			n += size
		}
	}
	return n
}

func (f *repair) rune(src []byte) (rune, int) {
	if f.legacy != nil {
		return f.legacy.DecodeByte(src[0]), 1
	}
	r, size := utf8.DecodeRune(src)
	if r != utf8.RuneError || size > 1 {
		f.utf8 = true
		return r, size
	}
	if f.utf8 {
		f.repaired++
		return r, 1
	}
	f.legacy = codePage(src)
	return f.legacy.DecodeByte(src[0]), 1
}

// decide looks at the head: UTF-8 with a few torn characters stays UTF-8.
func (f *repair) decide(head []byte) {
	good, bad := 0, 0
	for i := 0; i < len(head); {
		if head[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(head[i:])
		switch {
		case r != utf8.RuneError || size > 1:
			good++
		case len(head)-i >= utf8.UTFMax:
			bad++
		}
		i += size
	}
	switch {
	case good > 0 && good >= bad:
		f.utf8 = true
	case bad > 0:
		f.legacy = codePage(head)
	}
}

// codePage tells Arabic from Latin: in Windows-1256 nearly every letter is above ASCII, in Windows-1252
// nearly none.
func codePage(sample []byte) *charmap.Charmap {
	high, letters := 0, 0
	for _, b := range sample {
		switch {
		case b >= 0xc0:
			high++
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			letters++
		}
	}
	if high > letters {
		return charmap.Windows1256
	}
	return charmap.Windows1252
}
