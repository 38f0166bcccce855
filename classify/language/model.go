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

	"counterpoint/classify/linear"
)

// model is a linear softmax over the sum of the rows of a text's n-grams. Which n-grams have a row was chosen
// for what they tell of the languages; all others are skipped. Rows are bytes read where they lie in the file,
// so a model is ready as soon as the program is.
type model struct {
	labels  []string // sorted; one with * has too little text to be relied on
	classes classes
	dims    int // numbers a row, a multiple of 8
	maxGram int
	power   float64   // a sum of n rows is divided by n to this power
	step    float32   // size of one unit of a row
	scales  []float32 // see scale
	marks   []byte    // slots × 2: a 16-bit mark of the n-gram that has the slot, in buckets of 8 slots
	rows    []byte    // slots × dims, each 128 more than its value
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
	part []uint64 // 16-bit lanes, as linear.AddRows has them
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

// add puts rows to the sum, at most linear.MostRows of them.
func (s *sum) add(rows []byte, slots []int32, dims int) {
	if s.held+len(slots) > linear.MostRows {
		s.settle()
	}
	linear.AddRows(s.part, rows, slots, dims)
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

// slotsOf appends where the rows of the word at hand lie.
func (m *model) slotsOf(r *reader, to []int32) []int32 {
	first := len(to)
	for _, h := range r.features() {
		if slot := m.slot(h); slot >= 0 && len(to)-first < linear.MostRows {
			to = append(to, int32(slot))
		}
	}
	return to
}

// addWord puts the rows of the word at hand to the sum.
func (m *model) addWord(r *reader, s *sum) {
	r.slots = m.slotsOf(r, r.slots[:0])
	s.add(m.rows, r.slots, m.dims)
}

// hidden is the sum as the output layer takes it.
func (m *model) hidden(acc []int32, n int, out []float32) {
	scale := m.scale(n)
	for k, v := range acc {
		out[k] = float32(v) * scale
	}
}

// scale is what a sum of n rows is multiplied by.
func (m *model) scale(n int) float32 {
	if n < len(m.scales) {
		return m.scales[n]
	}
	return m.step / float32(math.Pow(float64(n), m.power))
}

// scalesKept is up to how many rows the scale is looked up: those of a long sentence.
const scalesKept = 1024

func (m *model) keepScales() {
	m.scales = nil
	kept := make([]float32, scalesKept)
	for n := range kept {
		kept[n] = m.scale(max(n, 1))
	}
	m.scales = kept
}

// logits are the scores of all labels, before softmax.
func (m *model) logits(hidden, out []float32) {
	linear.Dots(out, m.out, nil, hidden)
	for l, b := range m.bias {
		out[l] = b + out[l]
	}
}

// logitsOf are the scores of some labels.
func (m *model) logitsOf(labels []int, hidden, out []float32) {
	linear.Dots(out[:len(labels)], m.out, labels, hidden)
	for k, l := range labels {
		out[k] = m.bias[l] + out[k]
	}
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
	m.keepScales()
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
