package transcript

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	encoding "golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

// foreign draws text with what has to be cleaned in it: controls, spaces of all kinds, torn characters.
func foreign(t *rapid.T) string {
	parts := rapid.SliceOf(rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{" ", "  ", "\n", "\r", "\t", "\u0085", "\u00a0", "\u1680", "\u2003", "\u0000", "\u007f", "\u009f", "\u00ad",
			"слово", "ሰላም", "\xd0", "\xe1\x88", "\xf0\x9f\x98", "\xff", "\xc2", "\ufffd", "😀", "abc"}),
	)).Draw(t, "parts")
	return strings.Join(parts, "")
}

// TestTidy holds tidy to its plain statement.
func TestTidy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ToValidUTF8(foreign(t), "")
		want := strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) && !unicode.IsSpace(r) {
				return -1
			}
			return r
		}, s)), " ")
		if got := tidy(s); got != want {
			t.Fatalf("tidy(%q) = %q, want %q", s, got, want)
		}
	})
}

// TestCleaned holds what is read of UTF-8 to its plain statement, however it is cut on the way.
func TestCleaned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Repeat(foreign(t), rapid.SampledFrom([]int{1, 2, 5000}).Draw(t, "times"))
		s = "a" + s // no mark of an encoding
		if sniffWide([]byte(s)) != nil {
			t.Skip("UTF-16")
		}
		var want bytes.Buffer
		for b := []byte(s); len(b) > 0; {
			r, n := utf8.DecodeRune(b)
			if b = b[n:]; r < ' ' && !strings.ContainsRune("\n\r\t", r) || r >= 0x7f && r < 0xa0 {
				continue
			}
			want.WriteRune(r)
		}
		var r io.Reader = strings.NewReader(s)
		if rapid.Bool().Draw(t, "in drops") && len(s) < 1000 {
			r = iotest.OneByteReader(r)
		}
		in, err := open(r, encoding.UTF8)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%.200q is read as %.200q, %v; want %.200q", s, got, err, want.Bytes())
		}
	})
}
