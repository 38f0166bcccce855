package hate

import (
	"context"
	"math"
	"strings"

	"counterpoint/classify/linear"
)

// The tagger says which words of a text make it toxic, as people marked them: a head says that a text is
// hateful and spreads its reasons over all words; people mark two or three.
const (
	tagBits = 17
	tagSize = 1 << tagBits
)

type taggerHeader struct {
	Bias  float64 `json:"bias"`
	Step  float64 `json:"step"`
	Cut   float64 `json:"cut"`   // log-odds from which a word is marked
	Texts int     `json:"texts"` // with spans, trained on
}

// tagRows lists the buckets of word i: its letters, itself, and its neighbours.
func (s *scratch) tagRows(words []word, i int) []int32 {
	s.spell(words)
	s.tagged = s.tagged[:0]
	for _, b := range s.letters(i) {
		s.tagged = append(s.tagged, tagBucket(b))
	}
	near := s.nearby(i)
	s.tagged = append(s.tagged, near[:]...)
	return s.tagged
}

// tagBucket is the bucket of an n-gram of letters.
func tagBucket(b int32) int32 { return b >> (charBits - tagBits) }

// ownTags is how many of the buckets that nearby lists are of the word itself.
const ownTags = 2

// nearby are the buckets of word i and its neighbours. Each counts twice: words count as much as their many letters.
func (s *scratch) nearby(i int) (out [10]int32) {
	h := s.hashes[i]
	var before, after uint64 = 1, 2
	if i > 0 {
		before = s.hashes[i-1]
	}
	if i+1 < len(s.hashes) {
		after = s.hashes[i+1]
	}
	before, after = linear.Mix(before, '<'), linear.Mix(after, '>')
	for k, x := range [...]uint64{h, before, after, before ^ h*3, after ^ h*5} {
		out[2*k], out[2*k+1] = int32(linear.Bucket(x+7, tagBits)), int32(linear.Bucket(x*3+11, tagBits))
	}
	return out
}

// tagged are the calibrated log-odds of every word to be one that people would mark; where it is asked, no more than those
// of the word without its neighbours.
func (m *Model) tagged(s *scratch, words []word, alone bool) []float64 {
	s.spell(words)
	s.odds = s.odds[:0]
	for i := range words {
		sum, letters, near := 0, s.letters(i), s.nearby(i)
		for _, b := range letters {
			sum += int(m.tags[tagBucket(b)])
		}
		for _, b := range near[:ownTags] {
			sum += int(m.tags[b])
		}
		own := sum
		for _, b := range near[ownTags:] {
			sum += int(m.tags[b])
		}
		z := m.tagOdds(sum, len(letters)+len(near))
		if alone {
			z = min(z, m.tagOdds(own, len(letters)+ownTags))
		}
		s.odds = append(s.odds, z)
	}
	return s.odds
}

func (m *Model) tagOdds(sum, rows int) float64 {
	return m.Tagger.Bias + float64(m.Tagger.Step*scale(rows)*float64(sum))
}

// tagLang is the one language in which people marked words.
const tagLang = "eng"

// Marks returns the runs of words that people would mark as toxic, as ranges of runes. In a text that is toxic for
// other reasons they would mark some, so the worst ones are marked there; in any other text only words that stand out by
// themselves. There are none in a language in which nobody marked any.
func (m *Model) Marks(text, lang string, toxic bool) [][2]int {
	if lang != tagLang || m.Tagger.Texts == 0 {
		return nil
	}
	s := m.scratch()
	defer m.pool.Put(s)
	words := s.cut(clip(text))
	z := m.tagged(s, words, !toxic)
	for i := range words {
		if function[s.hashes[i]] {
			z[i] = math.Inf(-1)
		}
	}
	if !toxic {
		return runs(words, z, max(m.Tagger.Cut, tagAlone))
	}
	return runs(words, z, m.Tagger.cut(z))
}

// tagAlone is the log-odds from which a word is marked whatever it stands in, with its neighbours and without.
const tagAlone = -0.3

// function are the words of English, by their hashes, that are no insult in themselves, whatever they stand beside.
var function = func() map[uint64]bool {
	out := map[uint64]bool{}
	for w := range strings.FieldsSeq("a about all am an and any are as at be been but by can could did do does for from had has have he her here him his how i if in is it its just me my no not of on or our she so than that the their them then there these they this those to too us very was we were what when where who why will with would you your") {
		out[hashWord(word{runes: []rune(w)})] = true
	}
	return out
}()

// cut is where to mark a text: lower where no word stands out, so that the worst of a bad text is marked.
func (h taggerHeader) cut(z []float64) float64 {
	top := math.Inf(-1)
	for _, x := range z {
		top = max(top, x)
	}
	if top < h.Cut && top >= h.Cut-tagSlack {
		return top
	}
	return h.Cut
}

// tagSlack is how far under the cut the worst word of a text may lie.
const tagSlack = 3.5

// runs joins neighbouring marked words.
func runs(words []word, z []float64, cut float64) [][2]int {
	var out [][2]int
	last := -2
	for i := range words {
		if z[i] < cut {
			continue
		}
		if n := len(out); last == i-1 && n > 0 && words[i].start-out[n-1][1] <= 1 {
			out[n-1][1] = words[i].end
		} else {
			out = append(out, [2]int{words[i].start, words[i].end})
		}
		last = i
	}
	return out
}

// tagExample is a text whose words people marked.
type tagExample struct {
	e      *example
	weight float32
}

// trainTagger learns from every row with spans, and sets the cut where the marks of dev rows agree best with
// people's.
func (m *Model) trainTagger(ctx context.Context, d *data, o TrainOptions) error {
	var train []tagExample
	for i := range d.train {
		if len(d.train[i].spans) > 0 {
			train = append(train, tagExample{&d.train[i], 1})
		}
	}
	for i := range d.dev {
		if e := &d.dev[i]; len(e.spans) > 0 && d.sources[e.source] == "hatexplain" {
			train = append(train, tagExample{e, 1}) // there are dev rows only
		}
	}
	m.tags = make([]int8, tagSize)
	m.Tagger = taggerHeader{Texts: len(train)}
	if len(train) == 0 {
		return nil
	}
	t := tagTrainer{weights: make([]float32, tagSize), squares: make([]float32, tagSize)}
	t.count(train)
	for i := range t.squares {
		t.squares[i] = tagPace.before
	}
	r := linear.Rand(o.Seed + 7)
	for range 6 {
		if err := ctx.Err(); err != nil {
			return err
		}
		linear.Shuffle(&r, train)
		for _, x := range train {
			t.learn(x)
		}
	}
	m.Tagger.Step, m.Tagger.Bias = float64(linear.Quantize(t.weights, m.tags)), float64(t.bias)
	m.Tagger.Cut = m.bestCut(d)
	return nil
}

// tagPace is how the tagger learns.
var tagPace = pace{rate: 0.3, before: 1, telling: 0.5}

type tagTrainer struct {
	weights, squares, telling []float32
	bias                      float32
	s                         scratch
}

// count sets by how much each weight moves.
func (t *tagTrainer) count(texts []tagExample) {
	var seen [2][]float32
	seen[0], seen[1] = make([]float32, tagSize), make([]float32, tagSize)
	for _, x := range texts {
		words := t.s.cut(clip(x.e.text))
		for i := range words {
			y := int(target(words[i], x.e.spans))
			for _, b := range t.s.tagRows(words, i) {
				seen[y][b]++
			}
		}
	}
	t.telling = tellingOf(seen[0], seen[1], func(int) (column int, power float64) { return 0, tagPace.telling })
}

func (t *tagTrainer) learn(x tagExample) {
	words := t.s.cut(clip(x.e.text))
	for i := range words {
		rows := t.s.tagRows(words, i)
		scaled, z := float32(scale(len(rows))), float32(0)
		for _, b := range rows {
			z += t.weights[b]
		}
		z = t.bias + float32(z*scaled)
		g := (float32(linear.Sigmoid(float64(z))) - target(words[i], x.e.spans)) * x.weight
		t.bias -= float32(0.005 * g)
		g = float32(g * scaled)
		for _, b := range rows {
			d := float32(g * t.telling[b])
			t.squares[b] += float32(d * d)
			t.weights[b] -= float32(float32(tagPace.rate*t.telling[b])*d) / float32(math.Sqrt(float64(t.squares[b])))
		}
	}
}

func target(w word, spans [][2]int) float32 {
	if marked(w, spans) {
		return 1
	}
	return 0
}

func marked(w word, spans [][2]int) bool {
	for _, s := range spans {
		if w.start < s[1] && s[0] < w.end {
			return true
		}
	}
	return false
}

// bestCut tries cuts on dev rows with spans.
func (m *Model) bestCut(d *data) float64 {
	best, at := -1.0, 0.0
	for c := -20; c <= 20; c++ {
		cut, sum, n := float64(c)/10, 0.0, 0
		for i := range d.dev {
			if e := &d.dev[i]; len(e.spans) > 0 && d.sources[e.source] != "hatexplain" {
				sum += m.agreement(e, cut)
				n++
			}
		}
		if n > 0 && sum/float64(n) > best {
			best, at = sum/float64(n), cut
		}
	}
	return at
}

// agreement is the F1 of marked runes of one text.
func (m *Model) agreement(e *example, cut float64) float64 {
	s := &scratch{}
	words := s.cut(clip(e.text))
	both, got, want := 0, 0, 0
	z := m.tagged(s, words, false)
	for _, r := range runs(words, z, taggerHeader{Cut: cut}.cut(z)) {
		got += r[1] - r[0]
		for _, x := range e.spans {
			both += max(0, min(r[1], x[1])-max(r[0], x[0]))
		}
	}
	for _, x := range e.spans {
		want += x[1] - x[0]
	}
	return ratio(2*both, got+want)
}
