package counterpoint_test

import (
	"testing"

	"counterpoint"
)

func TestDidYouMean(t *testing.T) {
	f := func(key, want string) {
		t.Helper()
		if got := counterpoint.DidYouMean(key, []string{"languages", "lang", "source", "lang"}); got != want {
			t.Errorf("DidYouMean(%q) = %q, want %q", key, got, want)
		}
	}
	f("langauges", `; did you mean "languages"?`)
	f("Lnag", `; did you mean "lang"?`)
	f("sources", `; did you mean "source"?`)
	f("sag", "; known are lang, languages, source")
	f("colour", "; known are lang, languages, source")
}
