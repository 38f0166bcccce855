package hate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"counterpoint"
	"counterpoint/classify/corpus"
	"counterpoint/classify/linear"
)

// TrainOptions shape a training run. The zero value makes the shipped model.
type TrainOptions struct {
	// ShareAlike adds sources under share-alike licences (ToLD-Br, Stormfront). The shipped model is made
	// without them: whether weights are an adaptation of their data is unsettled.
	ShareAlike bool
	// Everyday is a folder of data/langid whose sentences stand in for ordinary talk. Empty means the folder
	// langid beside the labelled data, where there is one; "none" means none.
	Everyday string
	Epochs   int                      // 0 means 4
	Rows     int                      // train and dev rows read of each file; 0 means all
	Seed     uint64                   // 0 means 1
	Progress func(epoch, done, n int) // may be nil
}

// row is a line of data/hate. A label that is null is not known.
type row struct {
	Source string                      `json:"source"`
	Lang   string                      `json:"lang"`
	Text   string                      `json:"text"`
	Labels map[counterpoint.Label]*int `json:"labels"`
	Scope  string                      `json:"scope"`
	Split  string                      `json:"split"`
}

// example is a row ready to be learned: y is 1, 0, or -1 for not known.
type example struct {
	text   string
	lang   string
	source int
	y      [heads]int8
	weight float32
	// everyday text was labelled by nobody and is presumed clean.
	everyday bool
}

// everydayWeight is what a row counts that nobody labelled for hate and that is presumed to hold none: there
// is a little in it. Sentences of data/langid, written by translators and story tellers, count in full.
const everydayWeight = 0.3

// everyday are the sources of such rows among the labelled data, African tweets and breaking news, and in
// data/langid: those under licences that ask for no more than attribution.
var (
	everyday          = []string{"afrisenti", "pheme_rumours"}
	everydaySentences = []string{"african-storybook", "tatoeba-test-2021-08-07", "tico19"}
	everydayLanguages = []string{"ara", "eng", "fra", "por", "spa", "swa"}
)

var shareAlike = []string{"told_br", "stormfront"}

type data struct {
	train, dev []example
	sources    []string
}

// Train makes a model from the train rows of the folder, calibrates it on the dev rows, and writes it to w. It
// runs on one core in a fixed order: the same data gives the same bytes.
func Train(ctx context.Context, dir string, o TrainOptions, w io.Writer) error {
	m, err := train(ctx, dir, o)
	if err != nil {
		return err
	}
	file, err := m.bytes()
	if err != nil {
		return err
	}
	if _, err := w.Write(file); err != nil {
		return fmt.Errorf("writing the hate model: %w", err)
	}
	return nil
}

func train(ctx context.Context, dir string, o TrainOptions) (*Model, error) {
	o.Epochs, o.Seed = cmp.Or(o.Epochs, 4), cmp.Or(o.Seed, 1)
	d, err := read(ctx, dir, o)
	if err != nil {
		return nil, err
	}
	t := newTrainer(d, o)
	for epoch := range o.Epochs {
		if err := t.epoch(ctx, epoch); err != nil {
			return nil, fmt.Errorf("training the hate model: %w", err)
		}
	}
	m := t.quantized()
	m.Sources = d.sources
	m.calibrate(d.dev)
	return m, nil
}

func read(ctx context.Context, dir string, o TrainOptions) (data, error) {
	files, err := corpus.Files(dir)
	if err != nil {
		return data{}, err
	}
	var d data
	for _, f := range files {
		n := map[string]int{}
		err := corpus.Each(ctx, f, func(r row) error {
			if r.Source == "" || r.Labels == nil || slices.Contains(shareAlike, r.Source) && !o.ShareAlike {
				return nil // the lexicon has no labels
			}
			if n[r.Split]++; o.Rows > 0 && n[r.Split] > o.Rows {
				return nil
			}
			d.add(r)
			return nil
		})
		if err != nil {
			return data{}, err
		}
	}
	if len(d.train) == 0 || len(d.dev) == 0 {
		return data{}, errors.New("training the hate model: no train or no dev rows with labels in " + dir)
	}
	d.neutral()
	if err := d.sentences(ctx, cmp.Or(o.Everyday, filepath.Join(filepath.Dir(filepath.Clean(dir)), "langid")), o); err != nil {
		return data{}, err
	}
	return d, nil
}

// sentences adds everyday text of the languages there are labels for.
func (d *data) sentences(ctx context.Context, dir string, o TrainOptions) error {
	for _, name := range everydaySentences {
		path := filepath.Join(dir, name+".jsonl.gz")
		if _, err := os.Stat(path); err != nil && o.Everyday == "" || o.Everyday == "none" {
			continue
		}
		n, source := map[string]int{}, d.source(name)
		err := corpus.Each(ctx, path, func(r row) error {
			e := example{text: r.Text, source: source, weight: 1, everyday: true}
			e.lang, _ = counterpoint.Lang(r.Lang)
			if n[r.Split]++; !slices.Contains(everydayLanguages, e.lang) || o.Rows > 0 && n[r.Split] > o.Rows {
				return nil
			}
			switch r.Split {
			case "train":
				d.train = append(d.train, e)
			case "dev":
				d.dev = append(d.dev, e)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *data) add(r row) {
	e := example{text: r.Text, weight: 1, source: d.source(r.Source)}
	e.lang, _ = counterpoint.Lang(r.Lang)
	known := false
	for i, h := range Heads {
		e.y[i] = -1
		if y := r.Labels[h]; y != nil {
			e.y[i], known = int8(*y), true
		}
	}
	if slices.Contains(everyday, r.Source) {
		e.y, e.weight, e.everyday, known = [heads]int8{}, everydayWeight, true, true
	}
	switch {
	case !known:
	case r.Split == "train":
		d.train = append(d.train, e)
	case r.Split == "dev":
		d.dev = append(d.dev, e)
	}
}

func (d *data) source(name string) int {
	i := slices.Index(d.sources, name)
	if i < 0 {
		i = len(d.sources)
		d.sources = append(d.sources, name)
	}
	return i
}

// trainer is logistic regression for all heads at once, by AdaGrad.
type trainer struct {
	o       TrainOptions
	train   []example
	rand    linear.Rand
	weights []float32 // buckets × heads
	squares []float32 // of gradients
	bias    [heads]float32
	offset  [][heads]float32 // of a source, in training alone: its habits are not the text's
	balance [heads]float32   // how much more a positive counts
	s       scratch
	grams   []uint32
}

const (
	rate = 0.12
	// maxBalance bounds how much a rare positive counts.
	maxBalance = 6
)

func newTrainer(d data, o TrainOptions) *trainer {
	t := &trainer{o: o, train: d.train, rand: linear.Rand(o.Seed), offset: make([][heads]float32, len(d.sources))}
	t.weights, t.squares = make([]float32, buckets*heads), make([]float32, buckets*heads)
	for i := range t.squares {
		t.squares[i] = 1e-3
	}
	for h := range heads {
		n := [2]float64{}
		for _, e := range t.train {
			if e.y[h] >= 0 {
				n[e.y[h]] += float64(e.weight)
			}
		}
		t.balance[h] = 1
		if n[1] > 0 {
			t.balance[h] = float32(min(max(n[0]/n[1], 1), maxBalance))
		}
	}
	return t
}

func (t *trainer) epoch(ctx context.Context, epoch int) error {
	order := make([]int, len(t.train))
	for i := range order {
		order[i] = i
	}
	linear.Shuffle(&t.rand, order)
	for n, i := range order {
		if n%4096 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if t.o.Progress != nil {
				t.o.Progress(epoch, n, len(order))
			}
		}
		t.learn(&t.train[i])
	}
	return nil
}

func (t *trainer) learn(e *example) {
	t.grams = t.grams[:0]
	each(t.s.cut(clip(e.text)), func(b uint32, _, _ int) { t.grams = append(t.grams, b) })
	if len(t.grams) == 0 {
		return
	}
	x := float32(scale(len(t.grams)))
	var sum, grad [heads]float32
	for _, b := range t.grams {
		for h, w := range t.weights[int(b)*heads : int(b)*heads+heads] {
			sum[h] += w
		}
	}
	for h, y := range e.y {
		if y < 0 {
			continue
		}
		z := t.bias[h] + float32(sum[h]*x)
		if !e.everyday {
			z += t.offset[e.source][h]
		}
		g := (float32(linear.Sigmoid(float64(z))) - float32(y)) * e.weight
		if y == 1 {
			g *= t.balance[h]
		}
		t.bias[h] -= float32(0.005 * g)
		if !e.everyday { // its offset would explain it away, and the words teach nothing
			t.offset[e.source][h] -= float32(0.02 * g)
		}
		grad[h] = float32(g * x)
	}
	t.step(grad)
}

func (t *trainer) step(grad [heads]float32) {
	for _, b := range t.grams {
		at := int(b) * heads
		for h, g := range grad {
			if g == 0 {
				continue
			}
			t.squares[at+h] += float32(g * g)
			t.weights[at+h] -= float32(rate*g) / float32(math.Sqrt(float64(t.squares[at+h])))
		}
	}
}

func (t *trainer) quantized() *Model {
	m := &Model{header: header{Heads: Heads}, weights: make([]int8, buckets*heads)}
	one, q := make([]float32, buckets), make([]int8, buckets)
	for h := range heads {
		for b := range one {
			one[b] = t.weights[b*heads+h]
		}
		m.Step[h] = float64(linear.Quantize(one, q))
		m.Bias[h] = float64(t.bias[h])
		for b := range q {
			m.weights[b*heads+h] = q[b]
		}
	}
	return m
}
