package index

import (
	"fmt"
	"strings"
	"testing"
)

const sentence = "they came by night and took the cattle and burned the stores by the river"

// TestStable: what a text is looked up by lies in stored data. If this fails, raise Version.
func TestStable(t *testing.T) {
	want := "[67efdd9fb5a14688 f924ea68f3978a87 817b63ec81d7c2c 2c3ac73d48f7803e 8140552c2d475788 e92c2e82d80a91d7 5cdf441d0d1f863a ad9988b39ab6a48]"
	if got := fmt.Sprintf("%x", text(sentence).buckets()); got != want || wordingVersion != 1 {
		t.Errorf("buckets of version %d are %s, want %s", wordingVersion, got, want)
	}
}

func TestJaccard(t *testing.T) {
	f := func(a, b string, want float64) {
		t.Helper()
		x, y := text(a), text(b)
		if got := x.jaccard(y); got != want || y.jaccard(x) != want {
			t.Errorf("Jaccard(%q, %q) = %v and %v, want %v", a, b, got, y.jaccard(x), want)
		}
	}
	f("", "", 0)
	f("a b", "a b", 0)
	f("a b c", "A, b; C!", 1)
	f("a b c d", "a b c e", 1.0/3)
	f("a b c a b c a b c", "a b c a b c", 1) // each triple counts once
	f("one two three four", "five six seven eight", 0)
}

func TestDiffers(t *testing.T) {
	f := func(a, b string, want int) {
		t.Helper()
		if got := text(a).differs(text(b)); got != want || text(b).differs(text(a)) != want {
			t.Errorf("Differs(%q, %q) = %d and %d, want %d", a, b, got, text(b).differs(text(a)), want)
		}
	}
	f("", "", 0)
	f("a b c", "c b a", 0)
	f("a b c", "a x c", 1)
	f("a b c", "a b", 1)
	f("a b c", "a b c c d", 2)
}

func TestPlain(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
	f("no links at all", "no links at all")
	f("they came. More: https://t.me/x/1 (www.example.org/a) @channel", "they came. More:")
	f("read [here](https://example.org/x) now", "read now")
	f("at 5 @ the market, and/or the mill", "at 5 @ the market, and/or the mill")
}

func TestLong(t *testing.T) {
	words := strings.Fields(sentence)
	for n := range words {
		short := text(strings.Join(words[:n], " "))
		if short.long() != (n >= minWords) || (short.buckets() != nil) != short.long() {
			t.Errorf("%d words: long is %v, %d buckets", n, short.long(), len(short.buckets()))
		}
	}
}

func TestTurned(t *testing.T) {
	f := func(lang, in, want string) {
		t.Helper()
		if got := strings.Join(text(in).turned(lang), ", "); got != want {
			t.Errorf("%s: %q is turned by %q, want %q", lang, in, got, want)
		}
	}
	f("eng", "they came by night", "")
	f("eng", "They did NOT come, and never will.", "did not, never")
	f("fra", "ils ne sont pas venus", "ne sont pas")
	f("rus", "Они не пришли", "не")
	f("xyz", "они не пришли", "не") // no words of its own: all languages'
}
