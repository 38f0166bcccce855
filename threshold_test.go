package counterpoint_test

import (
	"math"
	"testing"

	"counterpoint"
)

func TestExpectedPrecision(t *testing.T) {
	f := func(sensitivity, alarms, prevalence, want float64) {
		t.Helper()
		got := counterpoint.ExpectedPrecision(sensitivity, alarms, prevalence)
		if math.Abs(got-want) > 5e-4 {
			t.Errorf("ExpectedPrecision(%v, %v, %v) = %.4f, want %v", sensitivity, alarms, prevalence, got, want)
		}
		if sensitivity == 0 {
			return
		}
		if back := counterpoint.PrevalenceOf(sensitivity, alarms, got); math.Abs(back-prevalence) > 1e-9 {
			t.Errorf("PrevalenceOf(%v, %v, %.4f) = %v, want %v", sensitivity, alarms, got, back, prevalence)
		}
	}
	f(0.8, 0.05, 0.01, 0.139)
	f(0.8, 0.05, 0.5, 0.941)
	f(0, 0, 0.01, 0)
}

func TestWilson(t *testing.T) {
	f := func(k, n, low, high float64) {
		t.Helper()
		r := counterpoint.Wilson(k, n)
		if math.Abs(r.Low-low) > 5e-4 || math.Abs(r.High-high) > 5e-4 {
			t.Errorf("Wilson(%v, %v) = %.4f, want %v to %v", k, n, r, low, high)
		}
	}
	f(0, 0, 0, 1)
	f(0, 10, 0, 0.2775)
	f(5, 10, 0.2366, 0.7634)
	f(10, 10, 0.7225, 1)
}
