package linear_test

import (
	"math"
	"testing"

	"counterpoint/classify/linear"
)

func TestExp(t *testing.T) {
	for x := -60.0; x < 60; x += 0.37 {
		got, want := linear.Exp(x), math.Exp(x)
		if math.Abs(got-want) > 1e-12*want {
			t.Errorf("Exp(%v) = %v, want %v", x, got, want)
		}
	}
	for _, x := range []float64{-700, -699.9, 699.9, 700} { // the power of two is where it belongs
		if got, want := linear.Exp(x), math.Exp(x); math.Abs(got-want) > 1e-12*want {
			t.Errorf("Exp(%v) = %v, want %v", x, got, want)
		}
	}
	if got := linear.Sigmoid(-1e9); got != 0 && got > 1e-300 {
		t.Errorf("Sigmoid(-1e9) = %v, want 0", got)
	}
	if got := linear.Sigmoid(1e9); got != 1 {
		t.Errorf("Sigmoid(1e9) = %v, want 1", got)
	}
}

func TestSoftmax(t *testing.T) {
	s := []float64{1000, 999, -1000}
	linear.Softmax(s)
	if sum := s[0] + s[1] + s[2]; math.Abs(sum-1) > 1e-12 || math.Abs(s[0]/s[1]-math.E) > 1e-9 {
		t.Errorf("Softmax = %v, sum %v", s, sum)
	}
	linear.Softmax(nil)
}

func TestQuantizeKeepsValues(t *testing.T) {
	w := []float32{-1.27, 0, 0.004, 0.635}
	q := make([]int8, len(w))
	step := linear.Quantize(w, q)
	for i := range w {
		if d := float64(w[i] - float32(q[i])*step); math.Abs(d) > float64(step)/2+1e-6 {
			t.Errorf("weight %d: %v became %v", i, w[i], float32(q[i])*step)
		}
	}
	if step := linear.Quantize(make([]float32, 4), q); step != 0 || q[0] != 0 {
		t.Errorf("zero weights: step %v, first %d", step, q[0])
	}
}

// The sequence is part of the model file's recipe, so it must never change.
func TestRandIsFixed(t *testing.T) {
	r := linear.Rand(1)
	if got, want := r.Uint64(), uint64(0x910a2dec89025cc1); got != want {
		t.Errorf("first number of seed 1 is %#x, want %#x", got, want)
	}
	s := []int{0, 1, 2, 3, 4, 5, 6, 7}
	linear.Shuffle(&r, s)
	seen := 0
	for _, v := range s {
		seen |= 1 << v
	}
	if seen != 255 {
		t.Errorf("shuffle lost something: %v", s)
	}
}
