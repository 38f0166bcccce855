package linear

import "encoding/binary"

// Dot is the product of two vectors of 4n numbers, in four sums so that the additions need not wait for each other.
// It panics where b is shorter than a.
func Dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for k := 0; k+4 <= len(a); k += 4 {
		s0 += float32(a[k] * b[k])
		s1 += float32(a[k+1] * b[k+1])
		s2 += float32(a[k+2] * b[k+2])
		s3 += float32(a[k+3] * b[k+3])
	}
	return float32(s0+s1) + float32(s2+s3)
}

// Dots are the products of rows of a matrix with x, as Dot makes them: out[i] is that of row which[i], or of row i
// where which is nil. A row has as many numbers as x, a multiple of 4. It panics where the matrix lacks a row.
func Dots(out, matrix []float32, which []int, x []float32) {
	n, i := len(x), 0
	at := func(i int) []float32 {
		if which != nil {
			i = which[i]
		}
		return matrix[i*n : i*n+n]
	}
	if vectors && n > 0 && n%4 == 0 {
		for ; i+4 <= len(out); i += 4 {
			a, b, c, d := at(i), at(i+1), at(i+2), at(i+3)
			dot4((*[4]float32)(out[i:]), &a[0], &b[0], &c[0], &d[0], &x[0], n)
		}
	}
	for ; i < len(out); i++ {
		out[i] = Dot(at(i), x)
	}
}

// MostRows is how many rows of bytes fit in 16-bit lanes.
const MostRows = 256

// Fetch asks for rows of 16 bytes that AddRows will be given soon, so that they are on their way while other work is done.
func Fetch(rows []byte, which []int32) {
	if vectors && len(rows) > 0 && len(which) > 0 {
		fetch16(&rows[0], &which[0], len(which))
	}
}

const evenBytes = 0x00ff00ff00ff00ff

// AddRows adds rows of bytes to 16-bit lanes: which are the numbers of the rows, width the bytes of each, a multiple
// of 8. The lanes of eight bytes are two words of lanes: those of the even bytes, then those of the odd. They hold
// MostRows rows; the caller counts. It panics where a row or a lane is not there.
func AddRows(lanes []uint64, rows []byte, which []int32, width int) {
	switch {
	case len(which) == 0 || !vectors:
	case width == 16 && len(rows) > 0:
		if addRows16((*[4]uint64)(lanes), &rows[0], &which[0], len(which), len(rows)/16) > 0 {
			panic("linear: no such row")
		}
		return
	case width == 64:
		last := uint32(0)
		for _, w := range which {
			last = max(last, uint32(w)) // one below zero is beyond all
		}
		_ = rows[int(last)*width+width-1]
		addRows64((*[16]uint64)(lanes), &rows[0], &which[0], len(which))
		return
	}
	for k := 0; k+8 <= width; k += 8 {
		var even, odd uint64
		for _, w := range which {
			x := binary.LittleEndian.Uint64(rows[int(w)*width+k:])
			even += x & evenBytes
			odd += x >> 8 & evenBytes
		}
		lanes[k/4] += even
		lanes[k/4+1] += odd
	}
}

// Lane is the sum of column k in lanes that AddRows filled.
func Lane(lanes []uint64, k int) uint16 { return uint16(lanes[k/8*2+k%2] >> (k % 8 / 2 * 16)) }
