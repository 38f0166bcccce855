package respond

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// plain is the file as UTF-8 without its mark: playout systems also write UTF-16 and Windows-1252.
func plain(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		b = b[3:]
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return utf16Text(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return utf16Text(b[2:], binary.BigEndian)
	}
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(s)
}

func utf16Text(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

// lines are the physical lines, whatever ends them. Fields do not span lines, so that one open quote spoils one
// line and not the rest of the log.
func lines(s string) []string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	return strings.Split(strings.TrimRight(s, "\n\x00"), "\n")
}

// separator is the one that stands most often in the header.
func separator(header string) byte {
	best, most := byte(','), 0
	for _, sep := range []byte{',', ';', '\t', '|'} {
		if n := strings.Count(header, string(sep)); n > most {
			best, most = sep, n
		}
	}
	return best
}

var (
	errQuote = errors.New("a quotation mark is not closed; a field must stand on one line")
	errAfter = errors.New("text follows a closing quotation mark; double the marks inside a field")
)

// fields splits a line as RFC 4180 does. Marks inside an unquoted field are kept as they are.
func fields(line string, sep byte) ([]string, error) {
	var out []string
	for {
		field, rest, more, err := field(line, sep)
		if err != nil {
			return nil, fmt.Errorf("field %d: %w", len(out)+1, err)
		}
		out = append(out, strings.TrimSpace(field))
		if !more {
			return out, nil
		}
		line = rest
	}
}

func field(line string, sep byte) (field, rest string, more bool, err error) {
	if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, `"`) {
		return quoted(trimmed[1:], sep)
	}
	field, rest, more = strings.Cut(line, string(sep))
	return field, rest, more, nil
}

func quoted(s string, sep byte) (field, rest string, more bool, err error) {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return "", "", false, errQuote
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		if !strings.HasPrefix(s, `"`) {
			break
		}
		b.WriteByte('"')
		s = s[1:]
	}
	s = strings.TrimLeft(s, " ")
	switch {
	case s == "":
		return b.String(), "", false, nil
	case s[0] == sep:
		return b.String(), s[1:], true, nil
	}
	return "", "", false, errAfter
}
