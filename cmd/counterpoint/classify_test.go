package main

import (
	"io"
	"strings"
	"testing"
)

func TestClassifyEndsWithOneAfterAWrongLine(t *testing.T) {
	bin := build(t, "")
	good, wrong := `{"id":"1","text":"Good morning, dear listeners."}`, `{"id":"2"}`
	f := func(in string, code, lines int, says string) {
		t.Helper()
		out, errs, got := command(t, bin, in, "classify", "--json", "--languages", "eng")
		if got != code || strings.Count(out, "\n") != lines || !strings.Contains(errs, says) {
			t.Errorf("%s: exit %d, want %d, and %d lines:\n%s%s", in, got, code, lines, out, errs)
		}
	}
	f(good+"\n"+good+"\n", exitDone, 2, "")
	f(wrong+"\n"+good+"\nnot JSON\n", exitFailed, 3, "2 lines could not be read")
}

func TestWrongLinesInPieces(t *testing.T) {
	answers := wrongAnswer + "1}\n{\"id\":null," + wrongAnswer + "}\n\n{\"li\n" + wrongAnswer + "5}\n"
	for size := 1; size <= len(answers); size++ {
		w := &wrongLines{Writer: io.Discard}
		for i := 0; i < len(answers); i += size {
			if _, err := w.Write([]byte(answers[i:min(i+size, len(answers))])); err != nil {
				t.Fatal(err)
			}
		}
		if w.n != 2 {
			t.Errorf("in pieces of %d: %d wrong, want 2", size, w.n)
		}
	}
}
