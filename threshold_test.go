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

func TestSeen(t *testing.T) {
	measured := counterpoint.Threshold{
		Head: "cues", Prevalence: 0.01, Sensitivity: &counterpoint.Rate{Value: 0.1}, FalseAlarms: &counterpoint.Rate{Value: 0.01},
		Expected: &counterpoint.Rate{Value: 0.09},
	}
	if got := measured.Seen(20, 9); got.Here != 0 || got.Expected.Value != 0.09 {
		t.Errorf("29 decisions: %+v, want what was measured", got)
	}
	got := measured.Seen(20, 10)
	if got.Here != 30 || math.Abs(got.Expected.Value-2.0/3) > 1e-9 || !got.Good() || math.Abs(got.Prevalence-1.0/6) > 1e-9 {
		t.Errorf("30 decisions: %+v %+v, want two thirds and a prevalence of a sixth", got, got.Expected)
	}
	if measured.Expected.Value != 0.09 {
		t.Error("the threshold itself was changed")
	}
	unmeasured := counterpoint.Threshold{Head: "cues", Prevalence: 0.01}
	if got := unmeasured.Seen(40, 0); got.Expected.Value != 1 || got.Prevalence != 0.01 {
		t.Errorf("nothing measured: %+v", got)
	}
}

func TestAtPrevalence(t *testing.T) {
	f := func(score, prevalence, want float64) {
		t.Helper()
		if got := counterpoint.AtPrevalence(score, prevalence); math.Abs(got-want) > 5e-4 {
			t.Errorf("AtPrevalence(%v, %v) = %v, want %v", score, prevalence, got, want)
		}
	}
	f(0.5, 0.01, 0.01)
	f(0.95, 0.5, 0.95)
	f(0.99, 0.01, 0.5)
	f(0, 0.01, 0)
}
