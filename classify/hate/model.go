// Package hate scores text for hate, offence, violence and dehumanization with a linear model on hashed
// character and word n-grams. It is trained on labelled English, Arabic and Portuguese posts (docs/DATA.md); in every other
// language it says so and raises nothing, and cues have to do the work.
package hate

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"counterpoint"
	"counterpoint/classify/linear"
)

//go:embed model.bin
var modelFile []byte

const modelMagic = "CPHATE3\n"

// Heads are the labels the model scores, in the order of its weights.
var Heads = [heads]counterpoint.Label{counterpoint.Hate, counterpoint.Offensive, counterpoint.Violence, counterpoint.Dehumanization}

const heads = 4

// neutral is the probability given where a head has no training data in the language: low, and the same for
// every text.
const neutral = 0.08

// Platt turns a logit into a probability: 1/(1+exp(-(A·z+B))), fitted on dev rows weighed to Prevalence.
type Platt struct {
	A         float64 `json:"a"`
	B         float64 `json:"b"`
	Positives int     `json:"positives"` // dev rows it was fitted on
	Negatives int     `json:"negatives"`
	Everyday  int     `json:"everyday"`
	AUC       float64 `json:"auc"` // of the labelled ones
}

// header is the part of a model file that is not weights.
type header struct {
	Heads     [heads]counterpoint.Label               `json:"heads"`
	Bias      [cols]float64                           `json:"bias"`
	Step      [cols]float64                           `json:"step"` // size of one step of the int8 weights
	StyleStep float64                                 `json:"style_step"`
	Mixtures  [deliveries]mixture                     `json:"mixtures"`
	Platt     map[string]map[counterpoint.Label]Platt `json:"calibration"` // language, head; absent is untrained
	Sources   []string                                `json:"sources"`
	Tagger    taggerHeader                            `json:"tagger"`
}

// Model is a set of trained heads. It is safe for concurrent use.
type Model struct {
	header
	chars []int8 // 1<<charBits × cols; nil where they are laid out already
	words []int8 // 1<<wordBits × cols; the same
	style []int8 // 1<<styleBits × styleCols
	tags  []int8
	hash  string
	pool  sync.Pool
	once  sync.Once
	table table // of the weights, for rows

	calibrated sync.Once
	platts     map[string]*[heads]*Platt // Platt as scores read it
}

// Scores is what the model says of a text.
type Scores struct {
	p, logit [heads]float64
	has      [heads]bool
	// Trained reports whether any head has training data in the language. Where it is false P is the same
	// low value for every text.
	Trained bool
	// Familiar is how much the text is like the sets of data that have an expert: 0 is not at all, 1 is quite.
	Familiar float64
}

// P is the probability of a label, calibrated to Prevalence; 0 where no head scores it.
func (s *Scores) P(l counterpoint.Label) float64 {
	if h := headOf(l); h >= 0 {
		return s.p[h]
	}
	return 0
}

// Logit is the calibrated log-odds of a label, 0 where Has says no.
func (s *Scores) Logit(l counterpoint.Label) float64 {
	if h := headOf(l); h >= 0 {
		return s.logit[h]
	}
	return 0
}

// Has reports whether a head trained in the language scored the label.
func (s *Scores) Has(l counterpoint.Label) bool {
	h := headOf(l)
	return h >= 0 && s.has[h]
}

// headOf is the place of a label among Heads, or -1.
func headOf(l counterpoint.Label) int {
	switch l {
	case counterpoint.Hate:
		return 0
	case counterpoint.Offensive:
		return 1
	case counterpoint.Violence:
		return 2
	case counterpoint.Dehumanization:
		return 3
	}
	return -1
}

var shipped = sync.OnceValues(func() (*Model, error) { return Read(modelFile) })

// Load returns the embedded model.
func Load() (*Model, error) { return shipped() }

// Version names the model by the hash of its file.
func (m *Model) Version() string { return "hate-" + m.hash }

// Trained reports whether the head has training data in the language.
func (m *Model) Trained(lang string, label counterpoint.Label) bool {
	_, ok := m.Platt[lang][label]
	return ok
}

// Score scores the text. What is heard on the radio is mixed otherwise than what is written.
func (m *Model) Score(text, lang string, kind counterpoint.SourceKind) Scores {
	calibration := m.calibrations(lang)
	if calibration == nil {
		return Scores{p: [heads]float64{neutral, neutral, neutral, neutral}}
	}
	s := m.scratch()
	defer m.pool.Put(s)
	sums, grams := m.sums(s, text, lang)
	return m.scores(calibration, &sums, grams, lang, kind)
}

// scores is what the sums of all columns say of a text with so many n-grams.
func (m *Model) scores(calibration *[heads]*Platt, sums *[cols]float64, grams int, lang string, kind counterpoint.SourceKind) Scores {
	out := Scores{p: [heads]float64{neutral, neutral, neutral, neutral}, Trained: true}
	var z [heads]float64
	z, out.Familiar = m.heard(sums, lang, kind)
	for i, c := range calibration {
		if c != nil && grams > 0 {
			v := c.A*z[i] + c.B
			out.logit[i], out.p[i], out.has[i] = v, linear.Sigmoid(v), true
		}
	}
	return out
}

// heard is the uncalibrated outcome of a text by the sums of all columns, and how familiar it is.
func (m *Model) heard(sums *[cols]float64, lang string, kind counterpoint.SourceKind) (z [heads]float64, alike float64) {
	copy(z[:], sums[:heads])
	if lang == gated {
		z[0], alike = m.Mixtures[deliveryOf(kind)].outcome(sums), familiar(sums)
	}
	return z, alike
}

// all are the sums of all columns.
func (m *Model) all(text, lang string) [cols]float64 {
	s := m.scratch()
	defer m.pool.Put(s)
	sums, _ := m.sums(s, text, lang)
	return sums
}

// sums are the sums of all columns, and how many n-grams they are of.
func (m *Model) sums(s *scratch, text, lang string) ([cols]float64, int) {
	text = clip(text)
	chars, words := s.buckets(s.cut(text), lang)
	var style []int32
	if lang == gated { // only experts and the gate read it
		style = s.marks(text)
	}
	return m.outcome(chars, words, style), len(chars) + len(words)
}

// scale makes a long text weigh as much as a short one.
func scale(grams int) float64 { return 1 / math.Sqrt(float64(max(grams, 1))) }

func (m *Model) scratch() *scratch {
	if s, ok := m.pool.Get().(*scratch); ok {
		return s
	}
	return &scratch{table: *m.rows()}
}

func clip(text string) string {
	if len(text) > textLimit {
		return text[:textLimit]
	}
	return text
}

var errModel = errors.New("not a hate model of this version: make it again with `counterpoint train hate`")

// Read reads a model file as Train writes it, compressed to half its size, or not.
func Read(file []byte) (*Model, error) {
	file, err := unpacked(file)
	if err != nil {
		return nil, err
	}
	rest, ok := bytes.CutPrefix(file, []byte(modelMagic))
	if !ok || len(rest) < 4 {
		return nil, fmt.Errorf("hate model: %w", errModel)
	}
	n := int(binary.LittleEndian.Uint32(rest))
	if n > len(rest)-4 || len(rest)-4-n != charSize+wordSize+styleSize+tagSize {
		return nil, fmt.Errorf("hate model: %d bytes: %w", len(file), errModel)
	}
	sum := sha256.Sum256(file)
	m := &Model{hash: hex.EncodeToString(sum[:6])}
	if err := json.Unmarshal(rest[4:4+n], &m.header); err != nil || m.Heads != Heads {
		return nil, fmt.Errorf("hate model: header: %w", errModel)
	}
	all := make([]int8, charSize+wordSize+styleSize+tagSize)
	for i, b := range rest[4+n:] {
		all[i] = int8(b)
	}
	m.style, m.tags = slices.Clone(all[charSize+wordSize:len(all)-tagSize]), slices.Clone(all[len(all)-tagSize:])
	m.once.Do(func() { m.lay(all[:charSize], all[charSize:charSize+wordSize]) })
	return m, nil
}

// unpacked is the file without its compression, or what is none.
func unpacked(file []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		return file, nil
	}
	const most = 1 << 20 // of the head
	raw, err := io.ReadAll(io.LimitReader(r, charSize+wordSize+styleSize+tagSize+most))
	if err != nil {
		return nil, fmt.Errorf("hate model: %w: %w", errModel, err)
	}
	return raw, nil
}

func (m *Model) bytes() ([]byte, error) {
	head, err := json.Marshal(m.header)
	if err != nil {
		return nil, fmt.Errorf("writing the hate model: %w", err)
	}
	out := append([]byte(modelMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(head)))...)
	out = append(out, head...)
	for _, part := range [][]int8{m.chars, m.words, m.style, m.tags} {
		for _, w := range part {
			out = append(out, byte(w))
		}
	}
	return out, nil
}
