package main

import (
	"strings"
	"testing"
)

func TestWithPath(t *testing.T) {
	f := func(raw, want string) {
		t.Helper()
		if got := withPath(raw, "bench-x"); got != want {
			t.Errorf("withPath(%q) = %q, want %q", raw, got, want)
		}
	}
	f("kafka://a:9092", "kafka://a:9092/bench-x")
	f("kafka://u@a:9092,b:9092/theirs?sasl=plain", "kafka://u@a:9092,b:9092/bench-x?sasl=plain")
	f("http://a:9200/", "http://a:9200/bench-x")
}

func TestThirds(t *testing.T) {
	var grows, flat []float64
	for i := range 90 {
		grows = append(grows, float64(i<<20))
		flat = append(flat, 100<<20)
	}
	if m := thirds(grows, 90_000); m.Last <= 1.1*m.Middle || m.Slope < 1023 || m.Slope > 1025 {
		t.Errorf("a MiB a thousand items: %+v", m)
	}
	if m := thirds(flat, 90_000); m.Last != 100 || m.Middle != 100 || m.Slope != 0 {
		t.Errorf("flat: %+v", m)
	}
	if m := thirds(nil, 10); m.Most != 0 {
		t.Errorf("nothing known: %+v", m)
	}
}

func TestVerdict(t *testing.T) {
	f := func(good bool, spread float64, want string) {
		t.Helper()
		if got := verdict(good, spread, "1"); !strings.HasPrefix(got, want) {
			t.Errorf("verdict(%v, %v) = %q, want %q", good, spread, got, want)
		}
	}
	f(true, 0.1, "kept")
	f(false, 0.1, "missed")
	f(true, 0.3, "not judged")
}

func TestBench(t *testing.T) {
	out, errs := new(strings.Builder), new(strings.Builder)
	if code := run(t.Context(), []string{"bench", "--only", "stages,reference"}, strings.NewReader(""), out, errs); code != 0 {
		t.Fatalf("bench ends with %d: %s", code, errs)
	}
	for _, want := range []string{"7 files", "segments a second", "reference pipeline"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}
