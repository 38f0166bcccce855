package transcript

import "io"

// budget fails with err when more is read than is left. Whoever reads value by value fills it up after each.
type budget struct {
	r    io.Reader
	left int
	err  error

	failed error // what reading ended with, if not well: tells a bad disk from bad content
}

// maxValue is the largest JSON value read at once: a decoder holds a value whole.
const maxValue = 16 << 20

var errValue = refuse(0, "a single JSON value of more than %d MiB", maxValue>>20)

// Read reads what the budget allows.
func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.failed = b.err
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}
