package language

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/corpus"
	"counterpoint/classify/linear"
)

// TrainOptions shape a training run. The zero value makes the shipped model.
type TrainOptions struct {
	Epochs int // 0 means 6
	// Lines bounds how many texts a language gives to an epoch; fewer are repeated up to a third of it.
	// 0 means 3000.
	Lines int
	// ShareAlike also reads sources under share-alike licences (NTREX-128, FLORES-200). FLORES and NTREX
	// are the only sentences of many languages, so the shipped model is made with them: see docs/DATA.md.
	// Zero means yes; No leaves them out.
	ShareAlike Choice
	Seed       uint64                   // 0 means 1
	Progress   func(epoch, done, n int) // may be nil
}

// Choice is a switch whose zero value is the default.
type Choice int

// The choices.
const (
	Yes Choice = iota
	No
)

// row is a line of data/langid.
type row struct {
	Lang   string `json:"lang"`
	Text   string `json:"text"`
	Source string `json:"source"`
	Split  string `json:"split"`
}

// mapped is the label a row trains and is measured under. Hassaniya counts as Arabic, as its sources say.
func (r row) mapped() (string, bool) {
	if r.Lang == "mey" {
		return "ara", true
	}
	return Valid(r.Lang)
}

// minLines is how many texts a language needs to be worth a label.
const minLines = 40

// Train makes the own model from the train rows of the folder and writes it to w. It runs on one core in a
// fixed order: the same data gives the same bytes.
func Train(ctx context.Context, dir string, o TrainOptions, w io.Writer) error {
	o.Epochs, o.Lines, o.Seed = cmp.Or(o.Epochs, 6), cmp.Or(o.Lines, 3000), cmp.Or(o.Seed, 1)
	texts, err := readTrain(ctx, dir, o.ShareAlike == Yes)
	if err != nil {
		return err
	}
	t := newTrainer(texts, o)
	for epoch := range o.Epochs {
		if err := t.epoch(ctx, epoch); err != nil {
			return fmt.Errorf("training the language model: %w", err)
		}
	}
	if _, err := w.Write(t.quantized().bytes()); err != nil {
		return fmt.Errorf("writing the language model: %w", err)
	}
	return nil
}

func readTrain(ctx context.Context, dir string, shareAlike bool) (map[string][][]rune, error) {
	files, err := corpus.Files(dir)
	if err != nil {
		return nil, err
	}
	texts := map[string][][]rune{}
	for _, f := range files {
		if base := filepath.Base(f); !shareAlike && (strings.HasPrefix(base, "ntrex") || strings.HasPrefix(base, "flores")) {
			continue
		}
		err := corpus.Each(ctx, f, func(r row) error {
			if lang, ok := r.mapped(); ok && r.Split == "train" && lang != counterpoint.Undetermined {
				texts[lang] = append(texts[lang], []rune(r.Text))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	for lang, ts := range texts {
		if len(ts) < minLines {
			delete(texts, lang)
		}
	}
	if len(texts) < 2 {
		return nil, errors.New("training the language model: fewer than two languages with 40 train rows")
	}
	return texts, nil
}

type trainer struct {
	o      TrainOptions
	labels []string
	texts  [][][]rune // by label
	rand   linear.Rand
	rows   []float32
	out    []float32
	bias   []float32
	steps  int // samples seen
	total  int

	buckets []uint32 // of the sample at hand
	mean    [dims]float32
	grad    [dims]float32
	probs   []float64
}

func newTrainer(texts map[string][][]rune, o TrainOptions) *trainer {
	t := &trainer{o: o, rand: linear.Rand(o.Seed)}
	for lang := range texts {
		t.labels = append(t.labels, lang)
	}
	slices.Sort(t.labels)
	for _, l := range t.labels {
		t.texts = append(t.texts, texts[l])
		t.total += t.share(len(texts[l])) * o.Epochs
	}
	t.rows = make([]float32, dims<<bits)
	for i := range t.rows {
		t.rows[i] = float32((t.rand.Float()*2 - 1) / dims)
	}
	t.out, t.bias = make([]float32, len(t.labels)*dims), make([]float32, len(t.labels))
	t.probs = make([]float64, len(t.labels))
	return t
}

// share is how many samples an epoch draws from a language with n texts.
func (t *trainer) share(n int) int { return min(max(n, t.o.Lines/3), t.o.Lines) }

func (t *trainer) epoch(ctx context.Context, epoch int) error {
	type sample struct{ label, text int }
	var order []sample
	for l, texts := range t.texts {
		perm := make([]int, len(texts))
		for i := range perm {
			perm[i] = i
		}
		linear.Shuffle(&t.rand, perm)
		for i := range t.share(len(texts)) {
			order = append(order, sample{l, perm[i%len(perm)]})
		}
	}
	linear.Shuffle(&t.rand, order)
	for i, s := range order {
		if i%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if t.o.Progress != nil {
				t.o.Progress(epoch, i, len(order))
			}
		}
		t.learn(s.label, t.window(t.texts[s.label][s.text]))
	}
	return nil
}

// window is the whole text, or more often some neighbouring words of it: what is heard is shorter than what
// is printed.
func (t *trainer) window(text []rune) []rune {
	if t.rand.Float() < 0.4 {
		return text
	}
	var starts []int
	for i, r := range text {
		if r != ' ' && (i == 0 || text[i-1] == ' ') {
			starts = append(starts, i)
		}
	}
	n := 1 + t.rand.Intn(10)
	if len(starts) <= n {
		return text
	}
	from := t.rand.Intn(len(starts) - n)
	return text[starts[from]:starts[from+n]]
}

func (t *trainer) learn(label int, text []rune) {
	rate := float32(0.6 * (1 - float64(t.steps)/float64(t.total)))
	t.steps++
	t.buckets = t.buckets[:0]
	features(text, func(b uint32) { t.buckets = append(t.buckets, b) })
	if len(t.buckets) == 0 {
		return
	}
	clear(t.mean[:])
	clear(t.grad[:])
	for _, b := range t.buckets {
		for k, w := range t.rows[int(b)*dims : int(b)*dims+dims] {
			t.mean[k] += w
		}
	}
	n := float32(len(t.buckets))
	for k := range t.mean {
		t.mean[k] /= n
	}
	t.output(label, rate)
	for k := range t.grad {
		t.grad[k] = float32(t.grad[k]*rate) / n
	}
	for _, b := range t.buckets {
		row := t.rows[int(b)*dims : int(b)*dims+dims]
		for k, g := range t.grad {
			row[k] += g
		}
	}
}

// output moves the last layer towards the label and leaves the gradient of the mean.
func (t *trainer) output(label int, rate float32) {
	for l := range t.probs {
		z := t.bias[l]
		for k, w := range t.out[l*dims : l*dims+dims] {
			z += float32(w * t.mean[k])
		}
		t.probs[l] = float64(z)
	}
	linear.Softmax(t.probs)
	for l, p := range t.probs {
		e := -float32(p)
		if l == label {
			e++
		}
		if e > -1e-4 && e < 1e-4 {
			continue
		}
		row := t.out[l*dims : l*dims+dims]
		for k, m := range t.mean {
			t.grad[k] += float32(e * row[k])
			row[k] += float32(float32(rate*e) * m)
		}
		t.bias[l] += float32(rate * e)
	}
}

func (t *trainer) quantized() *profile {
	p := &profile{labels: t.labels, out: t.out, bias: t.bias, steps: make([]float32, 1<<bits), rows: make([]int8, dims<<bits)}
	for b := range p.steps {
		p.steps[b] = linear.Quantize(t.rows[b*dims:b*dims+dims], p.rows[b*dims:b*dims+dims])
	}
	return p
}
