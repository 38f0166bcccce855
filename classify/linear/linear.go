// Package linear holds the arithmetic that classify's own models share: written so that the same data gives
// the same bits on every machine of an architecture. math.Exp may use fused operations where the processor
// has them; this package does not, and it never lets the compiler fuse a product into a sum.
package linear

import "math"

// Exp is e to the x from additions and multiplications alone, each rounded. It is exact to about 1e-14,
// saturates beyond ±700, and is NaN for NaN.
func Exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 700:
		x = 700
	case x < -700:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*6.93147180369123816490e-01)
	r -= float64(k * 1.90821492927058770002e-10)
	sum := 1.0
	for i := 14; i > 0; i-- {
		sum = 1 + float64(float64(r/float64(i))*sum)
	}
	return sum * math.Float64frombits(uint64(int64(k)+1023)<<52) // exact: neither is far from its range's middle
}

// ExpNine is e to the x to nine digits, without Exp's divisions: for scoring, where training needs all digits. It is
// 0 below -700 and saturates above 700.
func ExpNine(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 700:
		x = 700
	case x < -700:
		return 0
	}
	k := math.Floor(float64(x*math.Log2E) + 0.5)
	r := x - float64(k*math.Ln2)
	sum := 1.0 / 40320
	for _, c := range [...]float64{1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1} {
		sum = c + float64(r*sum)
	}
	return sum * math.Float64frombits(uint64(int64(k)+1023)<<52)
}

// Sigmoid is the logistic function.
func Sigmoid(x float64) float64 { return 1 / (1 + Exp(-x)) }

// Softmax turns scores into probabilities in place.
func Softmax(scores []float64) {
	if len(scores) == 0 {
		return
	}
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	sum := 0.0
	for i, s := range scores {
		scores[i] = Exp(s - top)
		sum += scores[i]
	}
	for i := range scores {
		scores[i] /= sum
	}
}

// Rand is a splitmix64 sequence: the same for a seed on every machine and in every release.
type Rand uint64

// Uint64 is the next number.
func (r *Rand) Uint64() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Intn is a number from 0 to n-1; the bias of the remainder is far below what training notices.
func (r *Rand) Intn(n int) int { return int(r.Uint64() % uint64(n)) }

// Float is a number from 0 up to 1.
func (r *Rand) Float() float64 { return float64(r.Uint64()>>11) / (1 << 53) }

// Shuffle puts s into a random order.
func Shuffle[T any](r *Rand, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.Intn(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

// Quantize writes the weights as int8 into out and returns the size of one step.
func Quantize(weights []float32, out []int8) (step float32) {
	top := float32(0)
	for _, w := range weights {
		top = max(top, w, -w)
	}
	if top == 0 {
		clear(out)
		return 0
	}
	step = top / 127
	for i, w := range weights {
		out[i] = int8(math.RoundToEven(float64(w / step)))
	}
	return step
}

// Hash starts, and Mix continues, a running hash of n-grams: one multiplication a rune.
const Hash uint64 = 0xcbf29ce484222325

// Mix adds a rune to a running hash.
func Mix(h uint64, r rune) uint64 { return (h ^ uint64(r)) * 0x9e3779b97f4a7c15 }

// Bucket is the running hash as an index below 1<<bits.
func Bucket(h uint64, bits int) uint32 {
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return uint32(h >> (64 - bits))
}
