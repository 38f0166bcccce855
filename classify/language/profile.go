package language

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"

	"counterpoint/classify/linear"
)

//go:embed model.bin
var modelFile []byte

const (
	modelMagic = "CPLANG1\n"
	bits       = 16 // 2^bits rows of n-grams
	dims       = 16 // numbers a row
	maxGram    = 4
)

// profile is a linear softmax over the mean of hashed n-gram rows: a word of text costs a few additions.
type profile struct {
	labels []string
	steps  []float32 // size of one int8 step, a row
	rows   []int8
	out    []float32 // labels × dims
	bias   []float32
	hash   string
}

var shipped = sync.OnceValues(func() (*profile, error) { return readProfile(modelFile) })

func (p *profile) version() string { return "language-" + p.hash }

// reads reports whether the model has seen the language in the script. Of Tamashek it knows only the Latin
// spelling: the corpus in Tifinagh is corrupt.
func (p *profile) reads(lang string, script int) bool {
	_, ok := slices.BinarySearch(p.labels, lang)
	return ok && (lang != "taq" || scripts[script].name != "Tifinagh")
}

// features calls f with the bucket of every n-gram of the words: letters and marks, lower case, in marks of
// beginning and end. It reports how many letters there were.
func features(text []rune, f func(uint32)) (letters int) {
	word := make([]rune, 0, 32)
	flush := func() {
		if len(word) > 1 {
			grams(append(word, '>'), f)
		}
		word = append(word[:0], '<')
	}
	flush()
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
			word = append(word, unicode.ToLower(r))
		case unicode.IsMark(r):
			word = append(word, r)
		case r == '\'' || r == '’' || r == 'ʼ' || r == '‘':
			word = append(word, '\'')
		default:
			flush()
		}
		if len(word) > 40 { // no word: CJK, or noise
			flush()
		}
	}
	flush()
	return letters
}

func grams(word []rune, f func(uint32)) {
	for i := range word {
		h := linear.Hash
		for n := 0; n < maxGram && i+n < len(word); n++ {
			h = linear.Mix(h, word[i+n])
			if n > 0 || (i > 0 && i < len(word)-1) {
				f(linear.Bucket(h+uint64(n), bits))
			}
		}
	}
	h := linear.Hash + 77
	for _, r := range word {
		h = linear.Mix(h, r)
	}
	f(linear.Bucket(h, bits))
}

// score is the probability of every label. It is nil where the text has no letter.
func (p *profile) score(text []rune) []float64 {
	var sum [dims]float32
	n := 0
	features(text, func(b uint32) {
		row, step := p.rows[int(b)*dims:int(b)*dims+dims], p.steps[b]
		for k, q := range row {
			sum[k] += float32(float32(q) * step)
		}
		n++
	})
	if n == 0 {
		return nil
	}
	scores := make([]float64, len(p.labels))
	for l := range scores {
		z := float64(p.bias[l])
		for k, w := range p.out[l*dims : l*dims+dims] {
			z += float64(float64(w) * float64(sum[k]/float32(n)))
		}
		scores[l] = z
	}
	linear.Softmax(scores)
	return scores
}

// bytes is the model as a file: magic, labels, output layer, steps, rows.
func (p *profile) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(modelMagic)
	put := func(v any) { _ = binary.Write(&b, binary.LittleEndian, v) } // a Buffer never fails
	names := strings.Join(p.labels, " ")
	put(uint32(len(names)))
	b.WriteString(names)
	put(p.out)
	put(p.bias)
	put(p.steps)
	put(p.rows)
	return b.Bytes()
}

var errModel = errors.New("not a language model of this version: make it again with `counterpoint train language`")

func readProfile(file []byte) (*profile, error) {
	rest, ok := bytes.CutPrefix(file, []byte(modelMagic))
	if !ok || len(rest) < 4 {
		return nil, fmt.Errorf("language model: %w", errModel)
	}
	n := int(binary.LittleEndian.Uint32(rest))
	if n < 1 || n > len(rest)-4 {
		return nil, fmt.Errorf("language model: label list of %d bytes: %w", n, errModel)
	}
	sum := sha256.Sum256(file)
	p := &profile{labels: strings.Fields(string(rest[4 : 4+n])), hash: hex.EncodeToString(sum[:6])}
	l := len(p.labels)
	p.out, p.bias = make([]float32, l*dims), make([]float32, l)
	p.steps, p.rows = make([]float32, 1<<bits), make([]int8, dims<<bits)
	rest = rest[4+n:]
	if want := 4*(l*dims+l+1<<bits) + dims<<bits; len(rest) != want {
		return nil, fmt.Errorf("language model: %d bytes of weights, want %d: %w", len(rest), want, errModel)
	}
	r := bytes.NewReader(rest)
	for _, part := range []any{p.out, p.bias, p.steps, p.rows} {
		if err := binary.Read(r, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("language model: %w", err)
		}
	}
	return p, nil
}
