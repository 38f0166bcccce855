package language

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/linear"
)

// Quality is how well the detector does.
type Quality struct {
	Model       string       `json:"model"`
	Languages   int          `json:"languages"` // considered
	Groups      []Group      `json:"groups"`
	Rows        []Line       `json:"rows"`
	Confusions  []Confusion  `json:"confusions"` // the most frequent, sentences
	Calibration []Bin        `json:"calibration"`
	Country     []Share      `json:"country"` // recall of the mission's languages with the source's country known
	Mixed       []MixedShare `json:"mixed"`
	Speed       []Speed      `json:"speed"`
}

// Group is the macro-F1 of the likeliest language over a group of languages, with its 95 % interval. Texts of
// all languages are in the run, so what another language is mistaken for counts.
type Group struct {
	Group  string   `json:"group"` // mission, lingua or all
	Kind   string   `json:"kind"`
	Texts  int      `json:"texts"`
	Own    Interval `json:"own"`
	Lingua Interval `json:"lingua"` // lingua-go by itself; zero where it was not run
}

// Interval is a figure with the 2.5th and 97.5th percentile of a bootstrap over texts.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Line is the outcome for the texts of one language. A text of a language that was not to be answered is right
// as und.
type Line struct {
	Lang      string   `json:"lang"`
	Kind      string   `json:"kind"`
	Asked     bool     `json:"asked"` // one of the detector's languages
	Texts     int      `json:"texts"`
	Precision float64  `json:"precision"` // of the likeliest language
	Recall    float64  `json:"recall"`
	F1        Interval `json:"f1"`
	Answered  float64  `json:"answered"` // share answered with this language
	Abstain   float64  `json:"abstain"`  // answered und
	Wrong     float64  `json:"wrong"`    // answered with another language: the harm
	Mistaken  string   `json:"mistaken"` // the language most often answered wrongly
	Lingua    float64  `json:"lingua"`   // F1 of lingua-go by itself, where it was run
}

// Confusion is how often a language was taken for another.
type Confusion struct {
	Gold  string `json:"gold"`
	Taken string `json:"taken"`
	Times int    `json:"times"`
	Of    int    `json:"of"`
}

// Bin is how often the likeliest language was right where its probability lay so high.
type Bin struct {
	From  float64 `json:"from"`
	Texts int     `json:"texts"`
	Said  float64 `json:"said"`
	Right float64 `json:"right"`
}

// Share is a share of the texts of a kind.
type Share struct {
	Kind  string  `json:"kind"`
	Texts int     `json:"texts"`
	Share float64 `json:"share"`
}

const resamples = 200

func (q *Quality) fill(samples []sample, d *Detector, beside bool) {
	all := golds(samples)
	for _, g := range []struct {
		name  string
		langs []string
	}{{"mission", mission}, {"lingua", linguas}, {"all", all}, {"all30", all}} {
		for _, kind := range kinds {
			texts, langs := of(samples, kind), g.langs
			if g.name == "all30" {
				langs = plenty(texts, langs)
			}
			q.Groups = appendGroup(q.Groups, g.name, langs, texts, kind, beside)
		}
	}
	for _, kind := range kinds {
		q.Rows = append(q.Rows, linesOf(of(samples, kind), kind, all, d.allowed, beside)...)
	}
	slices.SortStableFunc(q.Rows, func(a, b Line) int { return cmp.Compare(a.Lang, b.Lang) })
	q.Confusions = confusions(of(samples, Sentence), 10)
	q.Calibration = calibration(samples)
}

// plentyTexts is how many texts of a language make its F1 more than chance: of one with three texts, a single
// error takes a third.
const plentyTexts = 30

// plenty are the languages with plentyTexts texts or more.
func plenty(samples []sample, langs []string) []string {
	n := map[string]int{}
	for _, s := range samples {
		n[s.gold]++
	}
	return slices.DeleteFunc(slices.Clone(langs), func(l string) bool { return n[l] < plentyTexts })
}

func golds(samples []sample) []string {
	var out []string
	for _, s := range samples {
		out = append(out, s.gold)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func of(samples []sample, kind string) []sample {
	var out []sample
	for _, s := range samples {
		if s.kind == kind {
			out = append(out, s)
		}
	}
	return out
}

func appendGroup(to []Group, name string, langs []string, samples []sample, kind string, beside bool) []Group {
	g := Group{Group: name, Kind: kind}
	for _, s := range samples {
		if slices.Contains(langs, s.gold) {
			g.Texts++
		}
	}
	if g.Texts == 0 {
		return to
	}
	g.Own = macro(samples, langs, func(s *sample) string { return s.best })
	if beside {
		g.Lingua = macro(samples, langs, func(s *sample) string { return s.lingua })
	}
	return append(to, g)
}

// counts are true and false answers by language, as indices.
type counts struct{ tp, fp, fn []int }

func (c *counts) clear() { clear(c.tp); clear(c.fp); clear(c.fn) }

func (c *counts) add(gold, said int) {
	if gold == said {
		c.tp[gold]++
		return
	}
	c.fn[gold]++
	c.fp[said]++
}

func (c *counts) f1(i int) float64 {
	if c.tp[i] == 0 {
		return 0
	}
	return 2 * float64(c.tp[i]) / float64(2*c.tp[i]+c.fp[i]+c.fn[i])
}

// coded is gold and answer as numbers, so that a resample is quick.
func coded(samples []sample, said func(*sample) string) (pairs [][2]int, index map[string]int) {
	index = map[string]int{}
	code := func(l string) int {
		i, ok := index[l]
		if !ok {
			i = len(index)
			index[l] = i
		}
		return i
	}
	for i := range samples {
		pairs = append(pairs, [2]int{code(samples[i].gold), code(said(&samples[i]))})
	}
	return pairs, index
}

// macro is the mean F1 of the languages that have texts.
func macro(samples []sample, langs []string, said func(*sample) string) Interval {
	pairs, index := coded(samples, said)
	var in []int
	for _, l := range langs {
		if i, ok := index[l]; ok && slices.ContainsFunc(pairs, func(p [2]int) bool { return p[0] == i }) {
			in = append(in, i)
		}
	}
	return bootstrap(pairs, len(index), func(c *counts) float64 {
		sum := 0.0
		for _, i := range in {
			sum += c.f1(i)
		}
		return sum / float64(len(in))
	})
}

func bootstrap(pairs [][2]int, n int, figure func(*counts) float64) Interval {
	c := &counts{make([]int, n), make([]int, n), make([]int, n)}
	for _, p := range pairs {
		c.add(p[0], p[1])
	}
	out := Interval{Value: figure(c)}
	rand := linear.Rand(1)
	var drawn []float64
	for range resamples {
		c.clear()
		for range pairs {
			p := pairs[rand.Intn(len(pairs))]
			c.add(p[0], p[1])
		}
		drawn = append(drawn, figure(c))
	}
	slices.Sort(drawn)
	out.Low, out.High = drawn[resamples/40], drawn[resamples-1-resamples/40]
	return out
}

func linesOf(samples []sample, kind string, all, allowed []string, beside bool) []Line {
	var out []Line
	pairs, index := coded(samples, func(s *sample) string { return s.best })
	f1s := eachF1(pairs, len(index))
	c := &counts{make([]int, len(index)), make([]int, len(index)), make([]int, len(index))}
	for _, p := range pairs {
		c.add(p[0], p[1])
	}
	second := map[string]float64{}
	if beside {
		second = f1By(samples)
	}
	for _, lang := range all {
		l := Line{Lang: lang, Kind: kind, Asked: slices.Contains(allowed, lang), Lingua: second[lang]}
		l.tally(samples)
		if l.Texts == 0 {
			continue
		}
		i := index[lang]
		l.Precision, l.Recall = share(c.tp[i], c.tp[i]+c.fp[i]), share(c.tp[i], c.tp[i]+c.fn[i])
		l.F1 = Interval{c.f1(i), f1s[i][resamples/40], f1s[i][resamples-1-resamples/40]}
		out = append(out, l)
	}
	return out
}

// eachF1 is the sorted resampled F1 of every language.
func eachF1(pairs [][2]int, n int) [][]float64 {
	out := make([][]float64, n)
	c := &counts{make([]int, n), make([]int, n), make([]int, n)}
	rand := linear.Rand(1)
	for range resamples {
		c.clear()
		for range pairs {
			p := pairs[rand.Intn(len(pairs))]
			c.add(p[0], p[1])
		}
		for i := range out {
			out[i] = append(out[i], c.f1(i))
		}
	}
	for i := range out {
		slices.Sort(out[i])
	}
	return out
}

func f1By(samples []sample) map[string]float64 {
	pairs, index := coded(samples, func(s *sample) string { return s.lingua })
	c := &counts{make([]int, len(index)), make([]int, len(index)), make([]int, len(index))}
	for _, p := range pairs {
		c.add(p[0], p[1])
	}
	out := map[string]float64{}
	for l, i := range index {
		out[l] = c.f1(i)
	}
	return out
}

// tally counts what was answered for the texts of the line's language.
func (l *Line) tally(samples []sample) {
	answered, und, wrong := 0, 0, map[string]int{}
	for _, s := range samples {
		if s.gold != l.Lang {
			continue
		}
		l.Texts++
		switch s.lang {
		case s.gold:
			answered++
		case counterpoint.Undetermined:
			und++
		default:
			wrong[s.lang]++
		}
	}
	most := 0
	for lang, n := range wrong {
		if n > most || n == most && lang < l.Mistaken {
			most, l.Mistaken = n, lang
		}
	}
	l.Answered, l.Abstain = share(answered, l.Texts), share(und, l.Texts)
	l.Wrong = share(l.Texts-answered-und, l.Texts)
}

func confusions(samples []sample, n int) []Confusion {
	of, times := map[string]int{}, map[[2]string]int{}
	for _, s := range samples {
		of[s.gold]++
		if s.best != s.gold {
			times[[2]string{s.gold, s.best}]++
		}
	}
	var out []Confusion
	for k, t := range times {
		out = append(out, Confusion{k[0], k[1], t, of[k[0]]})
	}
	slices.SortFunc(out, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Gold+a.Taken, b.Gold+b.Taken))
	})
	return out[:min(n, len(out))]
}

func calibration(samples []sample) []Bin {
	edges := []float64{0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99}
	bins := make([]Bin, len(edges))
	right := make([]int, len(edges))
	for _, s := range samples {
		i := len(edges) - 1
		for edges[i] > s.p {
			i--
		}
		bins[i].Texts++
		bins[i].Said += s.p
		if s.best == s.gold {
			right[i]++
		}
	}
	for i := range bins {
		bins[i].From, bins[i].Right = edges[i], share(right[i], bins[i].Texts)
		bins[i].Said /= float64(max(1, bins[i].Texts))
	}
	return bins
}

// WriteJSON writes the table as one JSON object.
func (q Quality) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(q)
}

// WriteText writes the table for people.
func (q Quality) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	b.WriteString(q.title())
	q.writeGroups(b)
	q.writeShares(b)
	q.writeLines(b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (q Quality) writeGroups(b *strings.Builder) {
	fmt.Fprintf(b, "\n%-8s %-10s %6s  %-22s %s\n", "group", "kind", "texts", "macro-F1 (95 %)", "lingua-go by itself")
	for _, g := range q.Groups {
		fmt.Fprintf(b, "%-8s %-10s %6d  %s", g.Group, dashed(g.Kind), g.Texts, g.Own)
		if g.Lingua.High > 0 {
			fmt.Fprintf(b, "   %s", g.Lingua)
		}
		b.WriteByte('\n')
	}
}

// String is the figure as people read it, in hundredths.
func (i Interval) String() string {
	return fmt.Sprintf("%5.1f %5.1f %5.1f", 100*i.Value, 100*i.Low, 100*i.High)
}

func dashed(kind string) string { return strings.ReplaceAll(kind, " ", "-") }

func (q Quality) writeShares(b *strings.Builder) {
	fmt.Fprintf(b, "\nwith the source's country known, mission's languages: recall\n")
	for _, s := range q.Country {
		fmt.Fprintf(b, "%-10s %6d  %.3f\n", dashed(s.Kind), s.Texts, s.Share)
	}
	fmt.Fprintf(b, "\nmixed sentences put together: %-12s %6s %9s %9s\n", "languages", "texts", "words", "exact")
	for _, m := range q.Mixed {
		fmt.Fprintf(b, "%-42s %6d %9.3f %9.3f\n", m.Allowed, m.Texts, m.Words, m.Exact)
	}
	fmt.Fprintf(b, "\nmost frequent confusions of sentences\n")
	for _, c := range q.Confusions {
		fmt.Fprintf(b, "%s taken for %s: %d of %d\n", c.Gold, c.Taken, c.Times, c.Of)
	}
	fmt.Fprintf(b, "\n%-12s %6s %7s %7s\n", "probability", "texts", "said", "right")
	for _, bin := range q.Calibration {
		fmt.Fprintf(b, "%.2f         %6d %7.3f %7.3f\n", bin.From, bin.Texts, bin.Said, bin.Right)
	}
	for i, s := range q.Speed {
		if i == 0 {
			fmt.Fprintf(b, "\n%-22s %-10s %14s %10s\n", "system", "kind", "texts/CPU s", "heap MB")
		}
		fmt.Fprintf(b, "%-22s %-10s %14.0f %10.1f\n", s.System, dashed(s.Kind), s.Rate, s.Heap)
	}
}

func (q Quality) writeLines(b *strings.Builder) {
	fmt.Fprintf(b, "\n%-5s %-9s %-5s %5s %6s %6s %-20s %8s %7s %6s  %-9s %s\n", "lang", "kind", "asked", "texts", "prec", "recall", "F1 (95 %)", "answered", "abstain", "wrong", "mistaken", "lingua")
	for _, l := range q.Rows {
		asked, mistaken, lingua := "no", l.Mistaken, ""
		if l.Asked {
			asked = "yes"
		}
		if mistaken == "" {
			mistaken = "-"
		}
		if l.Lingua > 0 {
			lingua = fmt.Sprintf("%5.1f", 100*l.Lingua)
		}
		fmt.Fprintf(b, "%-5s %-9s %-5s %5d %6.3f %6.3f %s %8.3f %7.3f %6.3f  %-9s %s\n",
			l.Lang, dashed(l.Kind), asked, l.Texts, l.Precision, l.Recall, l.F1, l.Answered, l.Abstain, l.Wrong, mistaken, lingua)
	}
}
