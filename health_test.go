package counterpoint_test

import (
	"testing"
	"time"

	"counterpoint"
)

func TestHealthOf(t *testing.T) {
	now := time.Date(2026, time.March, 10, 9, 30, 0, 0, time.UTC)
	f := func(said int, usual float64, seen int, ago time.Duration, want counterpoint.Hearing, expected int) {
		t.Helper()
		var last *time.Time
		if ago > 0 {
			at := now.Add(-ago)
			last = &at
		}
		h := counterpoint.HealthOf(counterpoint.Source{ID: "a", Expected: said}, usual, seen, last, now)
		if h.State != want || h.Expected != expected || (h.Silent != nil) != (want == counterpoint.HeardNothing) {
			t.Errorf("said %d, usual %v, seen %d, last heard %v ago: %+v, want %s of %d", said, usual, seen, ago, h, want, expected)
		}
	}
	f(0, 0, 0, 0, counterpoint.NeverHeard, 0)
	f(100, 0, 0, 0, counterpoint.NeverHeard, 100)
	f(0, 0, 3, time.Hour, counterpoint.HeardWell, 0)
	f(0, 0, 0, 47*time.Hour, counterpoint.HeardWell, 0)
	f(0, 0, 0, 49*time.Hour, counterpoint.HeardNothing, 0)
	f(0, 100, 97, time.Hour, counterpoint.HeardWell, 100)
	f(0, 100, 40, 11*time.Hour, counterpoint.HeardLess, 100)
	f(0, 100, 40, 13*time.Hour, counterpoint.HeardNothing, 100)
	f(300, 100, 97, time.Hour, counterpoint.HeardLess, 300)
	f(0, 2, 0, 59*time.Hour, counterpoint.HeardWell, 2) // two a day: a quiet day says nothing
	f(0, 2, 0, 61*time.Hour, counterpoint.HeardNothing, 2)
}
