package counterpoint_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
)

// answers are the six parts from one letter each: m met, p partly, n not, x not assessable, ? nonsense, - missing.
func answers(letters string) counterpoint.Rabat {
	part := func(i int) counterpoint.Part {
		r := map[byte]counterpoint.Rating{'m': counterpoint.Met, 'p': counterpoint.Partly, 'n': counterpoint.NotMet, 'x': counterpoint.NotAssessable, '?': "yes"}[letters[i]]
		return counterpoint.Part{Rating: r, Evidence: "as heard"}
	}
	return counterpoint.Rabat{Context: part(0), Speaker: part(1), Intent: part(2), Content: part(3), Extent: part(4), Likelihood: part(5)}
}

func TestRabatLevel(t *testing.T) {
	f := func(letters string, want counterpoint.RabatLevel) {
		t.Helper()
		if got := answers(letters).Level(); got != want {
			t.Errorf("%s proposes %s, want %s", letters, got, want)
		}
	}
	f("mmmmmm", counterpoint.Top)
	f("mmmmmp", counterpoint.Intermediate)
	f("xmmmmm", counterpoint.Intermediate)
	f("nnppnn", counterpoint.Intermediate)
	f("nnnpnp", counterpoint.Intermediate)
	f("mmnmmn", counterpoint.Bottom)
	f("mmmnmm", counterpoint.Bottom)
	f("mmmxmm", counterpoint.Bottom)
	f("nnnnnn", counterpoint.Bottom)
	f("xxxxxx", counterpoint.Bottom)
}

func TestRabatCheckNamesEveryPart(t *testing.T) {
	r := answers("m-?xnp")
	r.Context.Evidence, r.Content.Evidence, r.Likelihood.Evidence = " ", "", ""
	err := r.Check()
	var bad counterpoint.Invalid
	if !errors.As(err, &bad) || !errors.Is(err, counterpoint.ErrInvalid) {
		t.Fatalf("%v", err)
	}
	var fields []string
	for _, f := range bad {
		fields = append(fields, f.Field)
	}
	want := []string{"rabat.context.evidence", "rabat.speaker.rating", "rabat.intent.rating", "rabat.likelihood.evidence"}
	if d := cmp.Diff(want, fields); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if err := answers("mpnxmm").Check(); err != nil {
		t.Errorf("a whole test: %v", err)
	}
}
