package linear_test

import (
	"math"
	"slices"
	"testing"

	"counterpoint/classify/linear"
)

// The vector instructions and the plain loops must agree in every bit: what was trained on one machine is read
// on another.
func TestDotsAreDot(t *testing.T) {
	r := linear.Rand(1)
	number := func() float32 { return float32(r.Float()-0.5) * float32(math.Pow(10, float64(r.Intn(12)-6))) }
	for _, n := range []int{0, 4, 8, 20, 64, 128} {
		matrix, x := make([]float32, 23*n), make([]float32, n)
		for i := range matrix {
			matrix[i] = number()
		}
		for i := range x {
			x[i] = number()
		}
		for count := range 23 {
			which := make([]int, count)
			for i := range which {
				which[i] = r.Intn(23)
			}
			out, all := make([]float32, count), make([]float32, count)
			linear.Dots(out, matrix, which, x)
			linear.Dots(all, matrix, nil, x)
			for i, w := range which {
				if want := linear.Dot(matrix[w*n:w*n+n], x); math.Float32bits(out[i]) != math.Float32bits(want) {
					t.Errorf("%d numbers, product %d of %d is %x, want %x", n, i, count, out[i], want)
				}
				if want := linear.Dot(matrix[i*n:i*n+n], x); math.Float32bits(all[i]) != math.Float32bits(want) {
					t.Errorf("%d numbers, row %d of %d is %x, want %x", n, i, count, all[i], want)
				}
			}
		}
	}
}

func TestAddRows(t *testing.T) {
	r := linear.Rand(2)
	for _, width := range []int{8, 16, 24, 32, 64, 128} {
		rows := make([]byte, 50*width)
		for i := range rows {
			rows[i] = byte(r.Uint64())
		}
		copy(rows[3*width:4*width], slices.Repeat([]byte{0xff}, width)) // as much as lanes can bear
		for _, n := range []int{0, 1, 2, 33, linear.MostRows} {
			which, sums := make([]int32, n), make([]uint16, width)
			for i := range which {
				which[i] = int32(r.Intn(50))
				if n == linear.MostRows {
					which[i] = 3
				}
				for k := range sums {
					sums[k] += uint16(rows[int(which[i])*width+k])
				}
			}
			lanes := make([]uint64, width/4)
			linear.AddRows(lanes, rows, which[:n/2], width)
			linear.AddRows(lanes, rows, which[n/2:], width)
			once := make([]uint64, width/4)
			if linear.AddRows(once, rows, which, width); !slices.Equal(once, lanes) {
				t.Errorf("width %d, %d rows: %x at once, %x in two", width, n, once, lanes)
			}
			for k, want := range sums {
				if got := linear.Lane(lanes, k); got != want {
					t.Fatalf("width %d, %d rows: column %d is %d, want %d", width, n, k, got, want)
				}
			}
		}
	}
}

func TestAddRowsThatAreNotThere(t *testing.T) {
	f := func(width int, which ...int32) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("width %d: rows %v of 4 were read", width, which)
			}
		}()
		linear.AddRows(make([]uint64, width/4), make([]byte, 4*width), which, width)
	}
	for _, width := range []int{16, 24, 32, 64} {
		f(width, 0, 4)
		f(width, -1)
	}
}

// Fetch only asks: it takes rows that are not there, and none.
func TestFetchDoesNoHarm(t *testing.T) {
	rows := make([]byte, 64)
	linear.Fetch(rows, []int32{0, 3, 4, -1, math.MaxInt32})
	linear.Fetch(rows, nil)
	linear.Fetch(nil, []int32{0})
	if !slices.Equal(rows, make([]byte, 64)) {
		t.Errorf("rows are %v after they were asked for, want zeros", rows)
	}
}
