package language

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/corpus"
	"counterpoint/classify/linear"
)

// TrainOptions shape a training run. The zero value makes the shipped model.
type TrainOptions struct {
	Recipe
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

// Recipe is the shape of the model and of its training. Zero values are those of the shipped model, negative ones
// mean none.
type Recipe struct {
	Rows     int     // n-grams that have a row
	Dims     int     // numbers a row, a multiple of 8
	MaxGram  int     // letters of the longest n-gram
	Epochs   int     // passes over the texts
	Lines    int     // texts a language gives to an epoch; fewer are repeated up to a third of it
	Rate     float64 // at the start; it falls to nothing
	Power    float64 // a sum of n rows is divided by n to this power
	Drop     float64 // share of the n-grams left out of a sample
	DropWord float64 // share of whole words left out of a sample
	Whole    float64 // share of samples that are whole lines; the others are windows of 1 to 10 words
	Short    float64 // share of the windows that have 1 to 4 words
	Noise    float64 // share of samples read as a recogniser or a hasty writer would put them
	Babble   float64 // texts of no language an epoch, as a share of Lines
}

func (r *Recipe) fill() {
	r.Rows, r.Dims, r.MaxGram = cmp.Or(r.Rows, 80000), cmp.Or(r.Dims, 64), cmp.Or(r.MaxGram, 5)
	r.Epochs, r.Lines, r.Rate, r.Power = cmp.Or(r.Epochs, 14), cmp.Or(r.Lines, 3000), cmp.Or(r.Rate, 0.1), cmp.Or(r.Power, 0.5)
	r.Drop, r.DropWord = cmp.Or(r.Drop, 0.3), cmp.Or(r.DropWord, 0.4)
	r.Whole, r.Short, r.Noise, r.Babble = cmp.Or(r.Whole, 0.15), cmp.Or(r.Short, 0.55), cmp.Or(r.Noise, 0.12), cmp.Or(r.Babble, 0.1)
}

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

// label is what a row trains as. Sudanese Arabic is a label of its own, so that a text can be said to lean to it.
func (r row) label() (string, bool) {
	if r.Lang == "apd" {
		return r.Lang, true
	}
	return r.mapped()
}

// minLines is how many texts a language needs to be worth a label; with fewer than enoughSentences texts of
// sentenceWords words it is experimental.
const (
	minLines        = 40
	enoughSentences = 300
	sentenceWords   = 4
)

// noLanguage is the label of babble: letters that are no language.
const noLanguage = "zxx"

// rows are the texts of labelled data, by label.
type rows struct{ train, dev map[string][]string }

// Train makes the own model from the files and folders and writes it to w. train rows make the weights, dev rows
// how sure they sound. The same data gives the same bytes, whatever the number of cores.
func Train(ctx context.Context, o TrainOptions, w io.Writer, paths ...string) error {
	texts, err := readRows(ctx, o.ShareAlike == Yes, paths)
	if err != nil {
		return err
	}
	m, err := fit(ctx, texts, o)
	if err != nil {
		return fmt.Errorf("training the language model: %w", err)
	}
	if _, err := w.Write(m.bytes()); err != nil {
		return fmt.Errorf("writing the language model: %w", err)
	}
	return nil
}

func readRows(ctx context.Context, shareAlike bool, paths []string) (rows, error) {
	files, err := corpus.Files(paths...)
	if err != nil {
		return rows{}, err
	}
	texts := rows{map[string][]string{}, map[string][]string{}}
	for _, f := range files {
		if base := filepath.Base(f); !shareAlike && (strings.HasPrefix(base, "ntrex") || strings.HasPrefix(base, "flores")) {
			continue
		}
		err := corpus.Each(ctx, f, func(r row) error {
			lang, ok := r.label()
			switch {
			case !ok || lang == counterpoint.Undetermined || lang == noLanguage:
			case r.Split == "dev":
				texts.dev[lang] = append(texts.dev[lang], r.Text)
			default:
				texts.train[lang] = append(texts.train[lang], r.Text)
			}
			return nil
		})
		if err != nil {
			return rows{}, err
		}
	}
	for lang, ts := range texts.train {
		if len(ts) < minLines {
			delete(texts.train, lang)
			delete(texts.dev, lang)
		}
	}
	if len(texts.train) < 2 {
		return rows{}, fmt.Errorf("training the language model: fewer than two languages with %d train rows", minLines)
	}
	return texts, nil
}

// marked is the label as the model has it: with a star where there are too few sentences to rely on.
func marked(lang string, texts []string) string {
	n := 0
	for _, t := range texts {
		if words := len(strings.Fields(t)); words >= sentenceWords || words == 1 && len(t) >= 60 {
			n++
		}
	}
	if n < enoughSentences && lang != "apd" {
		return lang + experimentalMark
	}
	return lang
}

type trainer struct {
	o      TrainOptions
	m      *model // marks and shape; rows come at the end
	texts  [][]string
	babble int // label
	rand   linear.Rand
	rows   []float32
	grads  []float32 // of each row, the squares summed
	out    []float32
	bias   []float32
	steps  int // samples seen
	total  int
	reader reader

	slots  []int32 // of the sample at hand
	hidden []float32
	grad   []float32
	probs  []float64
}

func fit(ctx context.Context, texts rows, o TrainOptions) (*model, error) {
	o.fill()
	o.Seed = cmp.Or(o.Seed, 1)
	t := newTrainer(texts.train, o)
	for epoch := range o.Epochs {
		if err := t.epoch(ctx, epoch); err != nil {
			return nil, err
		}
	}
	t.quantize()
	t.soften(texts.dev)
	t.m.classes = classesOf(t.m.labels)
	return t.m, nil
}

func newTrainer(texts map[string][]string, o TrainOptions) *trainer {
	t := &trainer{o: o, rand: linear.Rand(o.Seed), reader: reader{maxGram: o.MaxGram}}
	t.m = &model{dims: o.Dims, maxGram: o.MaxGram, power: o.Power}
	langs := slices.Sorted(maps.Keys(texts))
	for _, l := range langs {
		t.m.labels = append(t.m.labels, marked(l, texts[l]))
		t.texts = append(t.texts, texts[l])
	}
	slots := max(o.Rows/slotsInBucket, 1) * slotsInBucket
	t.m.marks = seat(choose(t.texts, o.MaxGram), slots)
	t.m.labels, t.texts, t.babble = append(t.m.labels, noLanguage), append(t.texts, nil), len(t.texts)
	for l := range t.texts {
		t.total += t.share(l) * o.Epochs
	}
	t.rows = make([]float32, o.Dims*slots)
	for i := range t.rows {
		t.rows[i] = float32((t.rand.Float()*2 - 1) / float64(o.Dims))
	}
	t.out, t.bias, t.grads = make([]float32, len(t.texts)*o.Dims), make([]float32, len(t.texts)), make([]float32, slots)
	t.probs, t.hidden, t.grad = make([]float64, len(t.texts)), make([]float32, o.Dims), make([]float32, o.Dims)
	return t
}

// share is how many samples an epoch draws from a label.
func (t *trainer) share(label int) int {
	if label == t.babble {
		return int(t.o.Babble * float64(t.o.Lines))
	}
	return min(max(len(t.texts[label]), t.o.Lines/3), t.o.Lines)
}

func (t *trainer) epoch(ctx context.Context, epoch int) error {
	type sample struct{ label, text int }
	var order []sample
	for l, texts := range t.texts {
		perm := make([]int, max(len(texts), 1))
		for i := range perm {
			perm[i] = i
		}
		linear.Shuffle(&t.rand, perm)
		for i := range t.share(l) {
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
		text, whole := t.sample(s.label, s.text)
		t.learn(s.label, text, whole)
	}
	return nil
}

// sample is a text as the model is to meet it: whole, or a window of it.
func (t *trainer) sample(label, text int) (s string, whole bool) {
	if label == t.babble {
		return t.nonsense(), false
	}
	s = t.texts[label][text]
	if whole = t.rand.Float() < t.o.Whole; !whole {
		s = t.window(s)
	}
	if t.rand.Float() < t.o.Noise {
		s = t.hurry(s, label)
	}
	return s, whole
}

// read fills slots with those of the text's features that have a row, some left out, of windows more than of whole
// lines: the model shall not rely on any one of them.
func (t *trainer) read(text string, whole bool) {
	t.slots = t.slots[:0]
	share, words := t.o.Drop, t.o.DropWord
	if whole {
		share, words = share/3, words/3
	}
	for at, ok := 0, true; ok; {
		if _, at, ok = t.reader.next(text, at); !ok {
			return
		}
		hashes := t.reader.features()
		for i, h := range hashes {
			drop := share
			if i == len(hashes)-1 {
				drop = words
			}
			if t.rand.Float() < drop {
				continue
			}
			if s := t.m.slot(h); s >= 0 {
				t.slots = append(t.slots, int32(s))
			}
		}
	}
}

// learn takes one step: Adagrad for the rows, each of which is met at its own rate, plain descent for the rest.
func (t *trainer) learn(label int, text string, whole bool) {
	rate := float32(t.o.Rate * (1 - float64(t.steps)/float64(t.total)))
	t.steps++
	t.read(text, whole)
	if len(t.slots) == 0 {
		return
	}
	d := t.o.Dims
	clear(t.hidden)
	clear(t.grad)
	for _, s := range t.slots {
		addTo(t.hidden, t.rows[int(s)*d:int(s)*d+d])
	}
	scale := float32(1 / math.Pow(float64(len(t.slots)), t.o.Power))
	for k := range t.hidden {
		t.hidden[k] *= scale
	}
	t.output(label, 2*rate)
	square := linear.Dot(t.grad, t.grad) * scale * scale / float32(d)
	for _, s := range t.slots {
		t.grads[s] += square
		addScaled(t.rows[int(s)*d:int(s)*d+d], t.grad, rate*scale/float32(math.Sqrt(float64(t.grads[s])+1e-12)))
	}
}

func addTo(a, b []float32) {
	b = b[:len(a)]
	for k := 0; k+4 <= len(a); k += 4 {
		a[k] += b[k]
		a[k+1] += b[k+1]
		a[k+2] += b[k+2]
		a[k+3] += b[k+3]
	}
}

func addScaled(a, b []float32, w float32) {
	b = b[:len(a)]
	for k := range a {
		a[k] += float32(w * b[k])
	}
}

// output moves the last layer towards the label and leaves the gradient of the hidden numbers.
func (t *trainer) output(label int, rate float32) {
	d := t.o.Dims
	for l := range t.probs {
		t.probs[l] = float64(t.bias[l] + linear.Dot(t.out[l*d:l*d+d], t.hidden))
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
		row := t.out[l*d : l*d+d]
		addScaled(t.grad, row, e)
		addScaled(row, t.hidden, rate*e)
		t.bias[l] += float32(rate * e)
	}
}

// quantize makes bytes of the rows. What lies beyond 999 in a thousand of the numbers is cut off.
func (t *trainer) quantize() {
	size := make([]float32, 0, len(t.rows)/64+1)
	for i := 0; i < len(t.rows); i += 64 {
		size = append(size, max(t.rows[i], -t.rows[i]))
	}
	slices.Sort(size)
	top := size[len(size)-1-len(size)/2000]
	t.m.step = top / 127
	t.m.rows = make([]byte, len(t.rows))
	for i, w := range t.rows {
		q := math.RoundToEven(float64(w / t.m.step))
		t.m.rows[i] = byte(int(max(-127, min(127, q))) + 128)
	}
	t.m.out, t.m.bias = t.out, t.bias
}
