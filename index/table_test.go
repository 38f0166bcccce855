package index

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestShortcuts holds that runes which are looked up whole make the same terms as those that are taken apart, whatever
// stands beside them.
func TestShortcuts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	beside := []rune("aқнкг'’ \u0301\u064bไकङ्िहqu0.ʼ")
	plain, gaps := 0, 0
	for at := range rune(tableEnd) {
		if table[at].plain != 0 {
			plain++
		} else if table[at].gap {
			gaps++
		}
		for range 20 {
			text := make([]rune, 0, 9)
			for range 4 {
				text = append(text, beside[r.IntN(len(beside))], at)
			}
			check(t, append(text, rune(r.IntN(tableEnd))))
		}
	}
	if plain < 1500 || gaps < 500 {
		t.Errorf("%d letters and %d gaps are looked up, want more", plain, gaps)
	}
}

func check(t *testing.T, text []rune) {
	t.Helper()
	var slow analysis
	for at, r := range text {
		slow.any(at, r)
	}
	slow.flush()
	if d := cmp.Diff(slow.terms, Terms(string(text))); d != "" {
		t.Fatalf("terms of %q (-taken apart +looked up):\n%s", string(text), d)
	}
	if want, got := Join(slow.terms), Joined(string(text)); got != want {
		t.Fatalf("joined terms of %q = %q, want %q", string(text), got, want)
	}
}
