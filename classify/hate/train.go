package hate

import (
	"cmp"
	"compress/gzip"
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
	// NoShareAlike leaves out sources under share-alike licences (ToLD-Br, Stormfront): whether weights are an
	// adaptation of their data is unsettled. The shipped model has them; without there is no Portuguese.
	NoShareAlike bool
	// Everyday is a folder of data/langid whose sentences stand in for ordinary talk. Empty means the folder
	// langid beside the labelled data, where there is one; "none" means none.
	Everyday string
	// Reviews are files of 'counterpoint export reviews', read as further labelled data: train rows make weights, dev rows
	// calibrate. A language is calibrated once enough of them say yes and no.
	Reviews  []string
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
	Spans  [][2]int                    `json:"spans"`
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
	domain   int // its place among domains, guests-1 for none
	spans    [][2]int
	part     bool // of a text that is a row too, which alone teaches the gate
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

// noisy are sets whose labels hardly agree with one another: hate in them is near chance for every model tried.
var noisy = []string{"mlma_eng", "mlma_fra"}

const noisyWeight = 0.3

var shareAlike = []string{"told_br", "stormfront"}

type data struct {
	train, dev []example
	sources    []string
}

// Train makes a model from the train rows of the folder, calibrates it on the dev rows, and writes it to w. It
// runs in a fixed order, and the parts that the mixtures are learned on beside each other: the same data gives the same
// bytes. It needs some 1.2 GB.
func Train(ctx context.Context, dir string, o TrainOptions, w io.Writer) error {
	m, err := train(ctx, dir, o)
	if err != nil {
		return err
	}
	file, err := m.bytes()
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	_, err = z.Write(file)
	if err = errors.Join(err, z.Close()); err != nil {
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
	m, err := d.columns(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := m.mixtures(ctx, &d, o); err != nil {
		return nil, err
	}
	m.Sources = d.sources
	if err := m.trainTagger(ctx, &d, o); err != nil {
		return nil, err
	}
	m.calibrate(d.dev)
	return m, nil
}

// columns trains heads, experts and gate on the train rows and copies of some.
func (d *data) columns(ctx context.Context, o TrainOptions) (*Model, error) {
	t := newTrainer(data{train: d.augmented(linear.Rand(o.Seed)), sources: d.sources}, o)
	var late average
	for epoch := range o.Epochs {
		if err := t.epoch(ctx, epoch, &late); err != nil {
			return nil, fmt.Errorf("training the hate model: %w", err)
		}
	}
	late.settle(t)
	return t.quantized(), nil
}

func read(ctx context.Context, dir string, o TrainOptions) (data, error) {
	files, err := corpus.Files(dir)
	if err != nil {
		return data{}, err
	}
	files = append(files, o.Reviews...)
	var d data
	for _, f := range files {
		n := map[string]int{}
		err := corpus.Each(ctx, f, func(r row) error {
			if r.Source == "" || r.Labels == nil || slices.Contains(shareAlike, r.Source) && o.NoShareAlike {
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
	d.marked()
	d.neutral()
	d.frames(o.Seed)
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
			e := example{text: r.Text, source: source, weight: 1, everyday: true, domain: guests - 1}
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
	e := example{text: r.Text, weight: 1, source: d.source(r.Source), domain: domain(r.Source), spans: r.Spans}
	e.lang, _ = counterpoint.Lang(r.Lang)
	known := false
	for i, h := range Heads {
		e.y[i] = -1
		if y := r.Labels[h]; y != nil {
			e.y[i], known = int8(*y), true
		}
	}
	if slices.Contains(noisy, r.Source) {
		e.weight = noisyWeight
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

// trainer is logistic regression for all columns at once, by AdaGrad.
type trainer struct {
	o       TrainOptions
	train   []example
	rand    linear.Rand
	weights [3][]float32 // of character n-grams, of words, of style
	squares [3][]float32 // of gradients
	telling [3][]float32 // see pace
	bias    [cols]float32
	offset  [][heads]float32 // of a source, in training alone: its habits are not the text's
	balance [heads]float32   // how much more a positive counts
	own     [experts]float32 // and to an expert
	s       scratch
}

// maxBalance bounds how much a rare positive counts.
const maxBalance = 6

func newTrainer(d data, o TrainOptions) *trainer {
	t := &trainer{o: o, train: d.train, rand: linear.Rand(o.Seed), offset: make([][heads]float32, len(d.sources))}
	for i, n := range [3]int{charSize, wordSize, styleSize} {
		t.weights[i], t.squares[i] = make([]float32, n), make([]float32, n)
		for j := range t.squares[i] {
			t.squares[i][j] = paces[column(i, j)].before
		}
	}
	t.count()
	for h := range heads {
		t.balance[h] = balance(t.train, h, -1)
	}
	for k := range experts {
		t.own[k] = balance(t.train, 0, k)
	}
	return t
}

// balance is how much more a positive of a head must count, among all rows or those of one expert.
func balance(rows []example, h, domain int) float32 {
	n := [2]float64{}
	for i := range rows {
		if e := &rows[i]; e.y[h] >= 0 && (domain < 0 || e.domain == domain) {
			n[e.y[h]] += float64(e.weight)
		}
	}
	if n[1] == 0 {
		return 1
	}
	return float32(min(max(n[0]/n[1], 1), maxBalance))
}

// epoch learns from every row once. Of the second half of all epochs it adds what the weights are to an average.
func (t *trainer) epoch(ctx context.Context, epoch int, late *average) error {
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
		if quarter := max(len(order)/4, 1); epoch >= t.o.Epochs/2 && n%quarter == quarter-1 {
			late.add(t)
		}
	}
	return nil
}

// average is the mean of what the weights were at several moments: to the end each text pulls them its way, and their
// mean is nearer to where they are pulled to.
type average struct {
	weights [3][]float32
	bias    [cols]float32
	n       float32
}

func (a *average) add(t *trainer) {
	a.n++
	for i, w := range t.weights {
		if a.weights[i] == nil {
			a.weights[i] = make([]float32, len(w))
		}
		for j, x := range w {
			a.weights[i][j] += x
		}
	}
	for c, x := range t.bias {
		a.bias[c] += x
	}
}

// settle gives the trainer the mean for its weights.
func (a *average) settle(t *trainer) {
	if a.n == 0 {
		return
	}
	for i, w := range a.weights {
		for j, x := range w {
			t.weights[i][j] = x / a.n
		}
	}
	for c, x := range a.bias {
		t.bias[c] = x / a.n
	}
}

func (t *trainer) learn(e *example) {
	grams := t.s.each(t.s.cut(clip(e.text)), e.lang)
	if len(grams) == 0 {
		return
	}
	both := scales(grams)
	x := [2]float32{float32(both[0]), float32(both[1])}
	z := t.sums(grams, x)
	style := t.s.mannered(clip(e.text))
	for _, at := range style {
		for i, w := range t.weights[2][at : at+styleCols] {
			z[heads+i] += float32(w * float32(scale(len(style))))
		}
	}
	var grad [cols]float32
	t.heads(e, &z, &grad)
	if k := e.domain; k < experts && e.y[0] >= 0 {
		c := heads + k
		g := float32(linear.Sigmoid(float64(z[c]))) - float32(e.y[0])
		if e.y[0] == 1 {
			g *= t.own[k]
		}
		grad[c] = g
		t.bias[c] -= float32(0.005 * g)
	}
	if e.lang == gated && !e.part {
		t.gate(e, &z, &grad)
	}
	t.styleStep(style, grad[heads:])
	t.step(grams, &grad, x)
}

func (t *trainer) sums(grams []gram, x [2]float32) (z [cols]float32) {
	for _, g := range grams {
		if g.word {
			for i, w := range t.weights[1][g.at : g.at+cols] {
				z[i] += float32(w * x[1])
			}
			continue
		}
		for i, w := range t.weights[0][g.at : g.at+cols] {
			z[i] += float32(w * x[0])
		}
	}
	for i := range z {
		z[i] += t.bias[i]
	}
	return z
}

func (t *trainer) heads(e *example, z, grad *[cols]float32) {
	for h, y := range e.y {
		if y < 0 {
			continue
		}
		v := z[h]
		if !e.everyday {
			v += t.offset[e.source][h]
		}
		g := (float32(linear.Sigmoid(float64(v))) - float32(y)) * e.weight
		if y == 1 {
			g *= t.balance[h]
		}
		t.bias[h] -= float32(0.005 * g)
		if !e.everyday { // its offset would explain it away, and the words teach nothing
			t.offset[e.source][h] -= float32(0.02 * g)
		}
		grad[h] = g
	}
}

// gate learns which set of data a row is from.
func (t *trainer) gate(e *example, z, grad *[cols]float32) {
	var p [guests]float64
	for k := range p {
		p[k] = float64(z[heads+experts+k])
	}
	linear.Softmax(p[:])
	for k := range p {
		g := float32(p[k])
		if k == e.domain {
			g--
		}
		c := heads + experts + k
		grad[c] = g
		t.bias[c] -= float32(0.005 * g)
	}
}

func (t *trainer) step(grams []gram, grad *[cols]float32, x [2]float32) {
	var moved []int
	for c, g := range grad {
		if g != 0 {
			moved = append(moved, c)
		}
	}
	for _, g := range grams {
		table := 0
		if g.word {
			table = 1
		}
		w, q, r := t.weights[table][g.at:g.at+cols], t.squares[table][g.at:g.at+cols], t.telling[table][g.at:g.at+cols]
		for _, c := range moved {
			d := float32(float32(grad[c]*x[table]) * r[c])
			q[c] += float32(d * d)
			w[c] -= float32(float32(paces[c].rate*r[c])*d) / float32(math.Sqrt(float64(q[c])))
		}
	}
}

func (t *trainer) styleStep(style []uint32, grad []float32) {
	x := float32(scale(len(style)))
	for _, at := range style {
		w, q, r := t.weights[2][at:at+styleCols], t.squares[2][at:at+styleCols], t.telling[2][at:at+styleCols]
		for c, g := range grad {
			if g == 0 {
				continue
			}
			g = float32(float32(g*x) * r[c])
			q[c] += float32(g * g)
			w[c] -= float32(float32(paces[heads+c].rate*r[c])*g) / float32(math.Sqrt(float64(q[c])))
		}
	}
}

// quantized turns each column into steps of one size, the same in both tables.
func (t *trainer) quantized() *Model {
	m := &Model{header: header{Heads: Heads}, chars: make([]int8, charSize), words: make([]int8, wordSize)}
	m.style = make([]int8, styleSize)
	m.StyleStep = float64(linear.Quantize(t.weights[2], m.style))
	for c := range cols {
		var top float32
		for i := c; i < wordSize; i += cols {
			top = max(top, t.weights[1][i], -t.weights[1][i])
		}
		for i := c; i < charSize; i += cols {
			top = max(top, t.weights[0][i], -t.weights[0][i])
		}
		m.Bias[c] = float64(t.bias[c])
		if top == 0 {
			continue
		}
		step := top / 127
		m.Step[c] = float64(step)
		for i := c; i < wordSize; i += cols {
			m.words[i] = int8(math.RoundToEven(float64(t.weights[1][i] / step)))
		}
		for i := c; i < charSize; i += cols {
			m.chars[i] = int8(math.RoundToEven(float64(t.weights[0][i] / step)))
		}
	}
	return m
}
