package page

import (
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
)

// UTF8 is a body in UTF-8: by its byte order mark, by the zeros of UTF-16 without one, by what the server or the page
// declares, else as UTF-8 where it is that and as Windows-1252 where it is not. What cannot be read is U+FFFD; NUL,
// which hides words from a search, is dropped.
func UTF8(body []byte, contentType string) []byte {
	e := wide(body)
	if e == nil {
		var name string
		e, name, _ = charset.DetermineEncoding(body[:min(len(body), 1024)], contentType)
		if name != "utf-8" && utf8.Valid(body) && bytes.IndexFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			e = unicode.UTF8 // valid UTF-8 with such letters in it is never anything else
		}
	}
	if e != unicode.UTF8 && e != encoding.Nop {
		if text, err := io.ReadAll(io.LimitReader(e.NewDecoder().Reader(bytes.NewReader(body)), int64(len(body))*4+16)); err == nil {
			body = text
		}
	}
	body = bytes.ReplaceAll(body, []byte{0}, nil)
	return bytes.ToValidUTF8(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), []byte("\uFFFD"))
}

// wide is UTF-16 by its byte order mark, or by the zeros that its Latin letters and tags have.
func wide(body []byte) encoding.Encoding {
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	}
	head := body[:min(len(body), 512)]
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch most := len(head) / 4; {
	case len(head) < 16:
	case zeros[1] > most && zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0] > most && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}
