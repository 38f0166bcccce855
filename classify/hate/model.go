// Package hate scores text for hate, offence, violence and dehumanization with a linear model on hashed
// character and word n-grams. It is trained on labelled English and Arabic posts (docs/DATA.md); in every other
// language it says so and raises nothing, and cues have to do the work.
package hate

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"

	"counterpoint"
	"counterpoint/classify/linear"
)

//go:embed model.bin
var modelFile []byte

const modelMagic = "CPHATE1\n"

// Heads are the labels the model scores, in the order of its weights.
var Heads = [4]counterpoint.Label{counterpoint.Hate, counterpoint.Offensive, counterpoint.Violence, counterpoint.Dehumanization}

const heads = len(Heads)

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
	Heads   [heads]counterpoint.Label               `json:"heads"`
	Bias    [heads]float64                          `json:"bias"`
	Step    [heads]float64                          `json:"step"`        // size of one step of the int8 weights
	Platt   map[string]map[counterpoint.Label]Platt `json:"calibration"` // language, head; absent is untrained
	Sources []string                                `json:"sources"`
}

// Model is a set of trained heads. It is safe for concurrent use.
type Model struct {
	header
	weights []int8 // buckets × heads
	hash    string
	pool    sync.Pool
}

// Scores is what the model says of a text.
type Scores struct {
	P     map[counterpoint.Label]float64 // calibrated to Prevalence
	Logit map[counterpoint.Label]float64 // calibrated log-odds, of the trained heads alone
	// Trained reports whether any head has training data in the language. Where it is false P is the same
	// low value for every text.
	Trained bool
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

// Score scores the text. The kind of source makes no difference yet: case and punctuation, in which radio
// differs, never reach the model.
func (m *Model) Score(text, lang string, _ counterpoint.SourceKind) Scores {
	out := Scores{P: make(map[counterpoint.Label]float64, heads), Logit: make(map[counterpoint.Label]float64, heads)}
	calibration := m.Platt[lang]
	if out.Trained = len(calibration) > 0; !out.Trained {
		for _, h := range Heads {
			out.P[h] = neutral
		}
		return out
	}
	raw := m.raw(text)
	for i, h := range Heads {
		out.P[h] = neutral
		if c, ok := calibration[h]; ok && raw.grams > 0 {
			z := c.A*raw.z[i] + c.B
			out.Logit[h], out.P[h] = z, linear.Sigmoid(z)
		}
	}
	return out
}

// raw is the uncalibrated outcome of a text.
type raw struct {
	z     [heads]float64
	grams int
}

func (m *Model) raw(text string) raw {
	s := m.scratch()
	defer m.pool.Put(s)
	var sums [heads]int
	r := raw{}
	each(s.cut(clip(text)), func(b uint32, _, _ int) {
		w := m.weights[int(b)*heads : int(b)*heads+heads : int(b)*heads+heads]
		for i := range sums {
			sums[i] += int(w[i])
		}
		r.grams++
	})
	for i, sum := range sums {
		r.z[i] = m.Bias[i] + float64(scale(r.grams)*m.Step[i]*float64(sum))
	}
	return r
}

// scale makes a long text weigh as much as a short one.
func scale(grams int) float64 { return 1 / math.Sqrt(float64(max(grams, 1))) }

func (m *Model) scratch() *scratch {
	if s, ok := m.pool.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

func clip(text string) string {
	if len(text) > textLimit {
		return text[:textLimit]
	}
	return text
}

var errModel = errors.New("not a hate model of this version: make it again with `counterpoint train hate`")

// Read reads a model file as Train writes it.
func Read(file []byte) (*Model, error) {
	rest, ok := bytes.CutPrefix(file, []byte(modelMagic))
	if !ok || len(rest) < 4 {
		return nil, fmt.Errorf("hate model: %w", errModel)
	}
	n := int(binary.LittleEndian.Uint32(rest))
	if n > len(rest)-4 || len(rest)-4-n != buckets*heads {
		return nil, fmt.Errorf("hate model: %d bytes: %w", len(file), errModel)
	}
	sum := sha256.Sum256(file)
	m := &Model{hash: hex.EncodeToString(sum[:6])}
	if err := json.Unmarshal(rest[4:4+n], &m.header); err != nil || m.Heads != Heads {
		return nil, fmt.Errorf("hate model: header: %w", errModel)
	}
	m.weights = make([]int8, buckets*heads)
	for i, b := range rest[4+n:] {
		m.weights[i] = int8(b)
	}
	return m, nil
}

func (m *Model) bytes() ([]byte, error) {
	head, err := json.Marshal(m.header)
	if err != nil {
		return nil, fmt.Errorf("writing the hate model: %w", err)
	}
	out := append([]byte(modelMagic), binary.LittleEndian.AppendUint32(nil, uint32(len(head)))...)
	out = append(out, head...)
	for _, w := range m.weights {
		out = append(out, byte(w))
	}
	return out, nil
}
