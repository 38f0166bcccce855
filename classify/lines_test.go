package classify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/classify"
)

func lines(t *testing.T, in string, o classify.LineOptions) []string {
	t.Helper()
	var out strings.Builder
	if err := newStage(t, nil).Lines(t.Context(), strings.NewReader(in), &out, o); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func TestLinesHaveTheExactForm(t *testing.T) {
	got := lines(t, `{"id":"a","text":"Kill all the Velari.","lang":"en","kind":"radio"}
{"id":7,"text":""}
`, classify.LineOptions{JSON: true})
	if len(got) != 2 {
		t.Fatalf("%d lines, want 2: %q", len(got), got)
	}
	for i, id := range []string{`"a"`, `7`} {
		var o map[string]json.RawMessage
		if err := json.Unmarshal([]byte(got[i]), &o); err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"id", "lang", "scores", "level", "flag", "stance", "basis", "findings", "against"} {
			if len(o[field]) == 0 || string(o[field]) == "null" {
				t.Errorf("line %d has no %s: %s", i+1, field, got[i])
			}
		}
		if string(o["id"]) != id {
			t.Errorf("id = %s, want %s", o["id"], id)
		}
		var scores map[string]float64
		if err := json.Unmarshal(o["scores"], &scores); err != nil || len(scores) != 5 {
			t.Errorf("scores = %s, want the five scored labels", o["scores"])
		}
	}
	var first struct {
		Lang     string
		Level    int
		Flag     bool
		Stance   string
		Basis    string
		Findings []counterpoint.Finding
	}
	if err := json.Unmarshal([]byte(got[0]), &first); err != nil {
		t.Fatal(err)
	}
	if first.Lang != "eng" || first.Level != 3 || !first.Flag || first.Stance != "assert" || len(first.Findings) == 0 {
		t.Errorf("first answer = %+v", first)
	}
	for _, f := range first.Findings {
		if f.Contribution <= 0 || f.Reason == "" || f.End <= f.Start {
			t.Errorf("finding without contribution, reason or span: %+v", f)
		}
	}
}

func TestBadLinesAreNamedAndTheRestGoesOn(t *testing.T) {
	got := lines(t, "{\"id\":1,\"text\":\"ok\"}\nnonsense\n\n{\"id\":3}\n{\"id\":4,\"text\":\"x\",\"kind\":\"tv\"}\n{\"id\":5,\"text\":9}\n{\"id\":6,\"text\":\"ok\"}", classify.LineOptions{JSON: true})
	if len(got) != 6 {
		t.Fatalf("%d answers, want 6: %q", len(got), got)
	}
	f := func(i, line int, want string) {
		t.Helper()
		var e struct {
			Line  int
			Error string
		}
		if err := json.Unmarshal([]byte(got[i]), &e); err != nil || e.Line != line || !strings.Contains(e.Error, want) {
			t.Errorf("answer %d = %s, want line %d and %q", i, got[i], line, want)
		}
	}
	f(1, 2, "line 2")
	f(2, 4, `"text" is missing`)
	f(3, 5, "want web, social, radio or report")
	f(4, 6, "line 6")
	if !strings.Contains(got[5], `"id":6`) {
		t.Errorf("last answer = %s", got[5])
	}
}

func TestAnUnknownLanguageIsIgnoredAndNoted(t *testing.T) {
	got := lines(t, `{"id":1,"text":"Kill all the Velari and burn their houses.","lang":"qqz9"}`, classify.LineOptions{JSON: true})
	if !strings.Contains(got[0], `"note"`) || !strings.Contains(got[0], `"level":3`) {
		t.Errorf("answer = %s, want a note and level 3", got[0])
	}
}

func TestAVeryLongLineIsRefusedAlone(t *testing.T) {
	long := `{"id":1,"text":"` + strings.Repeat("a ", 3<<20) + `"}`
	got := lines(t, long+"\n{\"id\":2,\"text\":\"ok\"}\n", classify.LineOptions{JSON: true})
	if len(got) != 2 || !strings.Contains(got[0], `"line":1`) || !strings.Contains(got[1], `"id":2`) {
		t.Errorf("%d answers: %.200q", len(got), got)
	}
}

func TestPlainLinesAreForPeople(t *testing.T) {
	got := strings.Join(lines(t, "Kill all the Velari.\nDo not kill the Velari.\n", classify.LineOptions{Lang: "eng"}), "\n")
	for _, want := range []string{"level 3", "calls on others", "denies the call"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestLinesStopAndRefuse(t *testing.T) {
	s := newStage(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Lines(ctx, strings.NewReader("a\n"), &strings.Builder{}, classify.LineOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Lines after the end = %v", err)
	}
	if err := s.Lines(t.Context(), strings.NewReader("a\n"), &strings.Builder{}, classify.LineOptions{Kind: "tv"}); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("Lines of kind tv = %v", err)
	}
}
