//go:build nolingua

package language

import (
	"context"
	"errors"
)

// HasLingua reports whether lingua-go is in this build; the tag nolingua leaves it out.
const HasLingua = false

// second stands in for lingua-go in a small build: it knows no language, so it is never asked.
type second struct{}

func newSecond([]string, bool) *second { return &second{} }

func (*second) knows(string, int) bool { return false }

func (*second) ask(string, []string) []float64 { return nil }

func linguaAlone(string) {}

func besideLingua(context.Context, []sample) error {
	return errors.New("lingua-go is not in this build (tag nolingua): measure without --lingua")
}
