package language

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterpoint/classify/corpus"
	"counterpoint/classify/linear"
)

// EvaluateOptions say what is measured.
type EvaluateOptions struct {
	Languages []string             // the detector's; empty means every language known
	Model     []byte               // a model file in place of the shipped one
	Limit     int                  // texts of a language and length that count; 0 means 100
	Alone     bool                 // without lingua-go as second opinion
	Beside    bool                 // lingua-go by itself on the same texts: all its languages, high accuracy, 2 GB of memory
	CPU       func() time.Duration // of the process; without it no speed is measured
	Progress  func(done int)
}

// The lengths at which sentences are read, and the other kinds of text.
const (
	Sentence = "sentence"
	Five     = "5 words"
	Short    = "2-3 words"
	Tweet    = "tweet"
	Words    = "words" // rows of fewer than six words as they stand: entries of word lists, mostly
)

var kinds = []string{Sentence, Five, Short, Tweet, Words}

// sample is a text with its language and what was answered.
type sample struct {
	kind, gold, text string
	best, lang       string
	p                float64
	lingua           string
}

// Evaluate detects every row of the files and folders that is not a train row: sentences whole and cut to a few
// words, tweets, and words by themselves.
func Evaluate(ctx context.Context, o EvaluateOptions, paths ...string) (Quality, error) {
	o.Limit = cmp.Or(o.Limit, 100)
	d, err := o.detector()
	if err != nil {
		return Quality{}, err
	}
	samples, err := readSamples(ctx, o.Limit, paths)
	if err != nil {
		return Quality{}, err
	}
	q := Quality{Model: d.Version(), Languages: len(d.allowed)}
	if err := d.answer(ctx, samples, o.Progress); err != nil {
		return Quality{}, err
	}
	if o.Beside {
		if err := besideLingua(ctx, samples); err != nil {
			return Quality{}, err
		}
	}
	q.fill(samples, d, o.Beside)
	q.Country = d.withCountry(samples)
	q.Mixed = d.mixed(samples)
	q.Speed = d.speed(samples, o.CPU, o.Beside)
	return q, nil
}

func (o EvaluateOptions) detector() (*Detector, error) {
	langs := o.Languages
	if len(langs) == 0 {
		known, err := KnownTo(o.Model)
		if err != nil {
			return nil, err
		}
		langs = known
	}
	return New(Options{Languages: langs, Model: o.Model, Alone: o.Alone})
}

// readSamples draws the texts; the draw depends on nothing but the rows.
func readSamples(ctx context.Context, limit int, paths []string) ([]sample, error) {
	files, err := corpus.Files(paths...)
	if err != nil {
		return nil, err
	}
	byKey := map[[2]string][]sample{}
	add := func(kind, gold, text string) {
		key := [2]string{kind, gold}
		byKey[key] = append(byKey[key], sample{kind: kind, gold: gold, text: text})
	}
	for _, f := range files {
		err := corpus.Each(ctx, f, func(r row) error {
			gold, ok := r.mapped()
			if !ok || r.Split == "train" {
				return nil
			}
			switch words := len(strings.Fields(r.Text)); {
			case strings.Contains(r.Source, "afrisenti"):
				add(Tweet, gold, r.Text)
			case words >= 6 || words == 1 && len(r.Text) > 60: // the second has no spaces
				add(Sentence, gold, r.Text)
			default:
				add(Words, gold, r.Text)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	keys := make([][2]string, 0, len(byKey))
	for k := range byKey {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	var out []sample
	for _, k := range keys {
		out = append(out, draw(byKey[k], k, limit)...)
	}
	return out, nil
}

// draw takes some samples of a kind and language, spread over the sources, and cuts sentences short as well.
func draw(from []sample, key [2]string, limit int) []sample {
	rand := linear.Rand(0)
	for _, c := range key[0] + key[1] {
		rand = linear.Rand(linear.Mix(uint64(rand), c))
	}
	linear.Shuffle(&rand, from)
	from = from[:min(len(from), limit)]
	if key[0] != Sentence {
		return from
	}
	var five, short []sample
	for _, s := range from {
		five = append(five, cutTo(&rand, s, Five, 5))
		short = append(short, cutTo(&rand, s, Short, 2+rand.Intn(2)))
	}
	return slices.Concat(from, five, short)
}

// cutTo is the sample with n neighbouring words of its text.
func cutTo(rand *linear.Rand, s sample, kind string, n int) sample {
	words := strings.Fields(s.text)
	from := rand.Intn(max(1, len(words)-n+1))
	s.kind, s.text = kind, strings.Join(words[from:min(len(words), from+n)], " ")
	return s
}

func (d *Detector) answer(ctx context.Context, samples []sample, progress func(int)) error {
	var a Answer
	for i := range samples {
		if i%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(i)
			}
		}
		d.DetectInto(&a, samples[i].text, Prior{})
		samples[i].best, samples[i].lang, samples[i].p = a.Best, a.Lang, a.Confidence
	}
	return nil
}

// withCountry is the recall of the mission's languages with the country of the source known, by kind.
func (d *Detector) withCountry(samples []sample) []Share {
	var out []Share
	var a Answer
	for _, kind := range kinds {
		n, right := 0, 0
		for _, s := range samples {
			country := countryOf(s.gold)
			if s.kind != kind || country == "" || !slices.Contains(mission, s.gold) {
				continue
			}
			d.DetectInto(&a, s.text, Prior{Country: country})
			n++
			if a.Best == s.gold {
				right++
			}
		}
		if n > 0 {
			out = append(out, Share{kind, n, share(right, n)})
		}
	}
	return out
}

// countryOf is the country where the language ranks highest among those spoken; the first of equals.
func countryOf(lang string) string {
	best, rank := "", 0
	for country, langs := range spoken {
		i := slices.Index(langs, lang)
		if i >= 0 && (best == "" || i < rank || i == rank && country < best) {
			best, rank = country, i
		}
	}
	return best
}

func share(a, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(a) / float64(n)
}

// mission are the languages of the missions and their neighbours that data/langid has sentences of.
var mission = strings.Fields("amh ara bam din dyu eng fra ful hat hau kam kau kik kin kon lin lua lug luo nus orm por run sag som spa swa taq tir wol")

// linguas are the languages of lingua-go v1.4, also where it is not built in.
var linguas = strings.Fields("afr ara aze bel ben bos bul cat ces cym dan deu ell eng epo est eus fas fin fra gle guj heb hin hrv hun hye ind isl ita jpn " +
	"kat kaz kor lat lav lit lug mar mkd mon mri msa nld nno nob pan pol por ron rus slk slv sna som sot spa sqi srp swa swe tam tel tgl tha tsn tso tur ukr urd vie xho yor zho zul")

func (q *Quality) title() string {
	return fmt.Sprintf("model %s, %d languages considered\n", q.Model, q.Languages)
}
