package language

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"
	"sync"
)

// model is a linear softmax over the sum of the rows of a text's n-grams. Which n-grams have a row was chosen
// for what they tell of the languages; all others are skipped. Rows are bytes read where they lie in the file,
// so a model is ready as soon as the program is.
type model struct {
	labels  []string // sorted; one with * has too little text to be relied on
	classes classes
	dims    int // numbers a row, a multiple of 8
	maxGram int
	power   float64 // a sum of n rows is divided by n to this power
	step    float32 // size of one unit of a row
	marks   []byte  // slots × 2: a 16-bit mark of the n-gram that has the slot, in buckets of 8 slots
	rows    []byte  // slots × dims, each 128 more than its value
	out     []float32
	bias    []float32
	hash    string
}

const slotsInBucket = 8

// bucketOf is the bucket of a feature in a table of n buckets.
func bucketOf(h uint64, n int) int {
	hi, _ := bits.Mul64(h, uint64(n))
	return int(hi)
}

// markOf is what tells the features of a bucket apart; 0 is an empty slot.
func markOf(h uint64) uint16 {
	m := uint16(h)
	if m == 0 {
		m = 1
	}
	return m
}

const (
	lanes    = 0x0001000100010001
	laneTops = 0x8000800080008000
)

// slot is where the feature's row lies, or -1.
func (m *model) slot(h uint64) int {
	b := bucketOf(h, len(m.marks)/(2*slotsInBucket))
	mark := uint64(markOf(h)) * lanes
	bucket := m.marks[b*2*slotsInBucket : (b+1)*2*slotsInBucket]
	for half := range 2 {
		x := binary.LittleEndian.Uint64(bucket[8*half:]) ^ mark
		if t := (x - lanes) & ^x & laneTops; t != 0 {
			return b*slotsInBucket + 4*half + bits.TrailingZeros64(t)/16
		}
	}
	return -1
}

// sum is the sum of the rows of some features.
type sum struct {
	n    int // rows
	acc  []int32
	part []uint64 // 16-bit lanes, at most 256 rows
	held int      // rows in part
}

func newSum(dims int) *sum {
	return &sum{acc: make([]int32, dims), part: make([]uint64, dims/4)}
}

func (s *sum) reset() {
	s.n, s.held = 0, 0
	clear(s.acc)
	clear(s.part)
}

const evenBytes = 0x00ff00ff00ff00ff

// most is how many rows the lanes hold.
const most = 256

// add puts rows to the sum, eight numbers at a time, column by column; at most most of them.
func (s *sum) add(rows []byte, slots []int32, dims int) {
	if s.held+len(slots) > most {
		s.settle()
	}
	for k := 0; k+8 <= dims; k += 8 {
		var even, odd uint64
		for _, slot := range slots {
			w := binary.LittleEndian.Uint64(rows[int(slot)*dims+k:])
			even += w & evenBytes
			odd += w >> 8 & evenBytes
		}
		s.part[k/4] += even
		s.part[k/4+1] += odd
	}
	s.held += len(slots)
	s.n += len(slots)
}

// settle moves the lanes into the wide sum.
func (s *sum) settle() {
	if s.held == 0 {
		return
	}
	excess := int32(128 * s.held)
	for k := 0; k < len(s.acc); k += 8 {
		even, odd := s.part[k/4], s.part[k/4+1]
		for j := range 4 {
			s.acc[k+2*j] += int32(even>>(16*j)&0xffff) - excess
			s.acc[k+2*j+1] += int32(odd>>(16*j)&0xffff) - excess
		}
	}
	clear(s.part)
	s.held = 0
}

// join adds a settled sum.
func (s *sum) join(other *sum) {
	for k, v := range other.acc {
		s.acc[k] += v
	}
	s.n += other.n
}

func (m *model) row(slot int) []byte { return m.rows[slot*m.dims : (slot+1)*m.dims] }

// addWord puts the rows of the word at hand to the sum and tells how many features the word has.
func (m *model) addWord(r *reader, s *sum) int {
	hashes := r.features()
	r.slots = r.slots[:0]
	for _, h := range hashes {
		if slot := m.slot(h); slot >= 0 && len(r.slots) < most {
			r.slots = append(r.slots, int32(slot))
		}
	}
	s.add(m.rows, r.slots, m.dims)
	return len(hashes)
}

// hidden is the sum as the output layer takes it.
func (m *model) hidden(acc []int32, n int, out []float32) {
	scale := m.step / float32(math.Pow(float64(max(n, 1)), m.power))
	for k, v := range acc {
		out[k] = float32(v) * scale
	}
}

// logits are the scores of all labels, before softmax.
func (m *model) logits(hidden, out []float32) {
	for l := range out {
		out[l] = m.logit(l, hidden)
	}
}

func (m *model) logit(l int, hidden []float32) float32 {
	return m.bias[l] + dot(m.out[l*m.dims:(l+1)*m.dims], hidden)
}

// dot is the product of two vectors, in four sums so that the additions need not wait for each other.
func dot(a, b []float32) float32 {
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

//go:embed model.bin
var modelFile []byte

var shipped = sync.OnceValues(func() (*model, error) { return readModel(modelFile) })

const modelMagic = "CPLANG3\n"

// bytes is the model as a file: magic, head, labels, output layer, marks, rows.
func (m *model) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(modelMagic)
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer never fails
	names := strings.Join(m.labels, " ")
	put([]uint32{uint32(len(names)), uint32(m.dims), uint32(m.maxGram), uint32(len(m.marks) / 2)})
	put(m.power)
	put(m.step)
	b.WriteString(names)
	put(m.out)
	put(m.bias)
	b.Write(m.marks)
	b.Write(m.rows)
	return b.Bytes()
}

var errModel = errors.New("not a language model of this version: make it again with `counterpoint train language`")

const headBytes = len(modelMagic) + 4*4 + 8 + 4

// readModel reads a file; the rows stay where they are in it.
func readModel(file []byte) (*model, error) {
	if len(file) < headBytes || string(file[:len(modelMagic)]) != modelMagic {
		return nil, fmt.Errorf("language model: %w", errModel)
	}
	le := binary.LittleEndian
	head := file[len(modelMagic):]
	names, dims, slots := int(le.Uint32(head)), int(le.Uint32(head[4:])), int(le.Uint32(head[12:]))
	m := &model{dims: dims, maxGram: int(le.Uint32(head[8:]))}
	m.power, m.step = math.Float64frombits(le.Uint64(head[16:])), math.Float32frombits(le.Uint32(head[24:]))
	rest := file[headBytes:]
	if names > len(rest) || dims < 8 || dims%8 != 0 || dims > 1024 || slots%slotsInBucket != 0 || slots == 0 || m.maxGram < 1 || m.maxGram > maxWord {
		return nil, fmt.Errorf("language model: head says %d labels' bytes, %d numbers, %d rows: %w", names, dims, slots, errModel)
	}
	m.labels = strings.Fields(string(rest[:names]))
	m.classes = classesOf(m.labels)
	rest = rest[names:]
	l := len(m.labels)
	if want := 4*(l*dims+l) + slots*(2+dims); len(rest) != want || l < 2 {
		return nil, fmt.Errorf("language model: %d bytes of weights, want %d: %w", len(rest), want, errModel)
	}
	m.out, rest = floats(rest, l*dims)
	m.bias, rest = floats(rest, l)
	m.marks, m.rows = rest[:2*slots], rest[2*slots:]
	sum := sha256.Sum256(file)
	m.hash = hex.EncodeToString(sum[:6])
	return m, nil
}

func floats(b []byte, n int) (out []float32, rest []byte) {
	out = make([]float32, n)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out, b[4*n:]
}
