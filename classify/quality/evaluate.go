package quality

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/classify/corpus"
)

// EvaluateOptions say what is measured beside the scores.
type EvaluateOptions struct {
	Mistakes int                  // of each kind, the worst; 0 names none
	CPU      func() time.Duration // of the process; without it no speed is measured
	Progress func(done int)
}

// Report is how well the whole stage does: language, heads, cues, tone and thresholds together.
type Report struct {
	Sets       []Line       `json:"sets"`
	Languages  []Line       `json:"languages"` // all sets together
	Functional []Functional `json:"functional"`
	Blind      []Blind      `json:"blind"`
	Fairness   []Fairness   `json:"fairness"`
	Everyday   []Everyday   `json:"everyday"`
	Radio      []RadioLoss  `json:"radio"`
	Spans      []Spans      `json:"spans"`
	Speed      *Speed       `json:"speed"`
	Mistakes   []Mistake    `json:"mistakes,omitempty"`
}

// Line is the outcome for one label.
type Line struct {
	Set       string             `json:"set,omitempty"` // empty for all sets of the language
	Lang      string             `json:"lang"`
	Label     counterpoint.Label `json:"label"`
	Texts     int                `json:"texts"`
	Positives int                `json:"positives"`
	Precision Figure             `json:"precision"` // at one half
	Recall    Figure             `json:"recall"`
	F1        Figure             `json:"f1"`
	AUC       Figure             `json:"auc"`
	AP        Figure             `json:"ap"`
	ECE       Figure             `json:"ece"` // of ten bins, both classes weighing one half
}

// Functional is how many cases of one functionality come out right.
type Functional struct {
	Name  string `json:"name"` // ends in _h for what must be of level 1 or more, in _nh for what must not
	Lang  string `json:"lang"`
	Right int    `json:"right"`
	Cases int    `json:"cases"`
}

// Fairness is how often neutral and friendly sentences about groups are taken for hate.
type Fairness struct {
	Lang      string `json:"lang"`
	Sentences int    `json:"sentences"`
	Groups    int    `json:"groups"`
	Guessed   Figure `json:"level_1"` // share of sentences of level 1 or more
	Flagged   Figure `json:"flagged"`
	Named     int    `json:"named"` // sentences in which the group's name itself is shown as an offence
	Worst     string `json:"worst"` // group with the most of level 1 or more; empty where there are none
	WorstAt   Figure `json:"worst_level_1"`
	Spread    Figure `json:"spread"` // of the share of level 1 between the groups, lowest and highest as Low and High
}

// Everyday is how often texts are raised that nobody labelled and that are presumed clean.
type Everyday struct {
	Set     string `json:"set"`
	Lang    string `json:"lang"`
	Texts   int    `json:"texts"`
	Guessed Figure `json:"level_1"`
	Flagged Figure `json:"flagged"`
	Calls   int    `json:"level_3"`
}

// RadioLoss is what a set loses when its texts come as a recogniser might put them: macro-F1 of hate, each half of
// the rows at the cut that is best on the other.
type RadioLoss struct {
	Set   string  `json:"set"`
	Lang  string  `json:"lang"`
	Texts int     `json:"texts"`
	Clean float64 `json:"clean"`
	Radio float64 `json:"radio"`
	Loss  float64 `json:"loss"`
}

// Speed is how many texts a second of one core's time the stage judges, and what the process keeps in memory then.
type Speed struct {
	Texts  float64 `json:"texts_per_cpu_second"`
	HeapMB float64 `json:"heap_mb"`
}

// Mistake is a row on the wrong side of one half, by how far.
type Mistake struct {
	Kind  string             `json:"kind"` // missed or false alarm
	Label counterpoint.Label `json:"label"`
	ID    string             `json:"id"`
	Lang  string             `json:"lang"`
	Score float64            `json:"score"`
	Text  string             `json:"text"`
}

// heads are the labels that rows have.
var heads = []counterpoint.Label{counterpoint.Hate, counterpoint.Offensive, counterpoint.Violence, counterpoint.Dehumanization}

type setKey struct{ set, lang string }

// evaluation gathers what is measured.
type evaluation struct {
	stage    Stage
	o        EvaluateOptions
	done     int
	scores   map[setKey]map[counterpoint.Label][]scored
	radio    map[setKey][]scored // of hate
	spans    map[setKey]*Spans
	everyday map[setKey]*Everyday
	counts   map[setKey][3]int // of everyday text: of level 1, flagged
	wrong    []Mistake
	busy     time.Duration
}

// Evaluate judges every row of the files and folders that is not a train row, the functional cases and the sentences
// about groups.
func Evaluate(ctx context.Context, stage Stage, o EvaluateOptions, paths ...string) (Report, error) {
	files, err := corpus.Files(paths...)
	if err != nil {
		return Report{}, err
	}
	e := &evaluation{
		stage: stage, o: o, scores: map[setKey]map[counterpoint.Label][]scored{}, radio: map[setKey][]scored{}, spans: map[setKey]*Spans{}, everyday: map[setKey]*Everyday{}, counts: map[setKey][3]int{},
	}
	for _, f := range files {
		if err := corpus.Each(ctx, f, e.row); err != nil {
			return Report{}, err
		}
	}
	r := Report{Sets: e.lines(), Languages: e.languages(), Everyday: e.quiet(), Radio: e.losses(), Spans: e.pointing(), Speed: e.speed(), Mistakes: e.mistakes()}
	if r.Functional, err = functional(stage); err != nil {
		return r, err
	}
	if r.Blind, err = JudgeBlind(stage); err != nil {
		return r, err
	}
	r.Fairness, err = fairness(stage)
	return r, err
}

func (e *evaluation) row(r Row) error {
	if r.Labels == nil || r.Split == "train" || r.Source == "" {
		return nil
	}
	r.Lang, _ = counterpoint.Lang(r.Lang)
	if e.done++; e.o.Progress != nil {
		e.o.Progress(e.done)
	}
	a, err := e.judge(r.Text, r.Lang, r.kind())
	if err != nil {
		return fmt.Errorf("judging row %s: %w", r.ID, err)
	}
	key := setKey{r.Source, r.Lang}
	if r.everyday() {
		e.still(key, a)
		return nil
	}
	e.point(key, r, a)
	if e.scores[key] == nil {
		e.scores[key] = map[counterpoint.Label][]scored{}
	}
	for _, l := range heads {
		y := r.label(l)
		if y < 0 {
			continue
		}
		e.scores[key][l] = append(e.scores[key][l], scored{a.Scores[l], y == 1})
		e.mistake(r, l, y == 1, a.Scores[l])
	}
	if y := r.label(counterpoint.Hate); y >= 0 {
		noisy, err := e.stage.Text(corpus.Radio(r.Text), r.Lang, counterpoint.Radio)
		if err != nil {
			return fmt.Errorf("judging row %s as radio: %w", r.ID, err)
		}
		e.radio[key] = append(e.radio[key], scored{noisy.Scores[counterpoint.Hate], y == 1})
	}
	return nil
}

func (e *evaluation) judge(text, lang string, kind counterpoint.SourceKind) (counterpoint.SegmentAssessment, error) {
	if e.o.CPU != nil {
		began := e.o.CPU()
		defer func() { e.busy += e.o.CPU() - began }()
	}
	return e.stage.Text(text, lang, kind)
}

// still counts everyday text that is raised.
func (e *evaluation) still(key setKey, a counterpoint.SegmentAssessment) {
	q := e.everyday[key]
	if q == nil {
		q = &Everyday{Set: key.set, Lang: key.lang}
		e.everyday[key] = q
	}
	q.Texts++
	n := e.counts[key]
	n[0] += bit(a.Level >= 1)
	n[1] += bit(a.Flag)
	q.Calls += bit(a.Level == 3)
	e.counts[key] = n
}

func (e *evaluation) mistake(r Row, l counterpoint.Label, yes bool, p float64) {
	if e.o.Mistakes == 0 || yes == (p >= 0.5) {
		return
	}
	kind := "false alarm"
	if yes {
		kind = "missed"
	}
	e.wrong = append(e.wrong, Mistake{kind, l, r.ID, r.Lang, round(p), r.Text})
}

// mistakes are the worst of each label and kind, the worst first.
func (e *evaluation) mistakes() []Mistake {
	far := func(m Mistake) float64 { return max(m.Score-0.5, 0.5-m.Score) }
	slices.SortStableFunc(e.wrong, func(a, b Mistake) int {
		return cmp.Or(slices.Index(heads, a.Label)-slices.Index(heads, b.Label), strings.Compare(a.Kind, b.Kind), cmp.Compare(far(b), far(a)))
	})
	var out []Mistake
	n := map[[2]string]int{}
	for _, m := range e.wrong {
		key := [2]string{string(m.Label), m.Kind}
		if n[key]++; n[key] <= e.o.Mistakes {
			out = append(out, m)
		}
	}
	return out
}

func (e *evaluation) lines() []Line {
	out := []Line{}
	for _, key := range sortedKeys(e.scores) {
		for _, l := range heads {
			if rows := e.scores[key][l]; len(rows) > 0 {
				out = append(out, lineOf(key.set, key.lang, l, rows))
			}
		}
	}
	return out
}

func (e *evaluation) languages() []Line {
	all := map[string]map[counterpoint.Label][]scored{}
	for _, key := range sortedKeys(e.scores) {
		if all[key.lang] == nil {
			all[key.lang] = map[counterpoint.Label][]scored{}
		}
		for l, rows := range e.scores[key] {
			all[key.lang][l] = append(all[key.lang][l], rows...)
		}
	}
	out := []Line{}
	for _, lang := range slices.Sorted(maps.Keys(all)) {
		for _, l := range heads {
			if rows := all[lang][l]; len(rows) > 0 {
				out = append(out, lineOf("", lang, l, rows))
			}
		}
	}
	return out
}

func lineOf(set, lang string, l counterpoint.Label, rows []scored) Line {
	out := Line{Set: set, Lang: lang, Label: l, Texts: len(rows)}
	tp, raised := 0, 0
	for _, r := range rows {
		out.Positives += bit(r.yes)
		raised += bit(r.p >= 0.5)
		tp += bit(r.yes && r.p >= 0.5)
	}
	out.Precision, out.Recall = rateOf(tp, raised), rateOf(tp, out.Positives)
	out.F1, out.AUC, out.AP, out.ECE = measured(rows)
	return out
}

func (e *evaluation) quiet() []Everyday {
	out := []Everyday{}
	for _, key := range sortedKeys(e.everyday) {
		q, n := *e.everyday[key], e.counts[key]
		q.Guessed, q.Flagged = rateOf(n[0], q.Texts), rateOf(n[1], q.Texts)
		out = append(out, q)
	}
	return out
}

// minRadio is how many hateful rows a set needs for its loss to be told.
const minRadio = 25

func (e *evaluation) losses() []RadioLoss {
	out := []RadioLoss{}
	for _, key := range sortedKeys(e.radio) {
		clean, radio := e.scores[key][counterpoint.Hate], e.radio[key]
		positives := 0
		for _, r := range radio {
			positives += bit(r.yes)
		}
		if positives < minRadio {
			continue
		}
		l := RadioLoss{Set: key.set, Lang: key.lang, Texts: len(radio), Clean: halfMacroF1(clean), Radio: halfMacroF1(radio)}
		l.Loss = round(l.Clean - l.Radio)
		out = append(out, l)
	}
	return out
}

func (e *evaluation) speed() *Speed {
	if e.o.CPU == nil || e.busy <= 0 {
		return nil
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return &Speed{round(float64(e.done) / e.busy.Seconds()), round(float64(m.HeapAlloc) / 1e6)}
}

func sortedKeys[V any](m map[setKey]V) []setKey {
	return slices.SortedFunc(maps.Keys(m), func(a, b setKey) int {
		return cmp.Or(strings.Compare(a.set, b.set), strings.Compare(a.lang, b.lang))
	})
}
