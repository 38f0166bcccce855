//go:build !purego

package linear

const vectors = true

//go:noescape
func dot4(out *[4]float32, a, b, c, d, x *float32, n int)

//go:noescape
func fetch16(rows *byte, which *int32, n int)

//go:noescape
func addRows64(lanes *[16]uint64, rows *byte, which *int32, n int)

//go:noescape
func addRows16(lanes *[4]uint64, rows *byte, which *int32, n, have int) (left int)
