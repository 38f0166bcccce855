//go:build !amd64 || purego

package linear

const vectors = false

func dot4(out *[4]float32, a, b, c, d, x *float32, n int) { panic("linear: no vectors here") }

func fetch16(rows *byte, which *int32, n int) { panic("linear: no vectors here") }

func addRows64(lanes *[16]uint64, rows *byte, which *int32, n int) { panic("linear: no vectors here") }

func addRows16(lanes *[4]uint64, rows *byte, which *int32, n, have int) (left int) {
	panic("linear: no vectors here")
}
