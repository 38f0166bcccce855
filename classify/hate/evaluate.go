package hate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"counterpoint"
	"counterpoint/classify/corpus"
)

// EvaluateOptions say what is measured.
type EvaluateOptions struct {
	Model    *Model // nil means the embedded one
	Progress func(done int)
}

// Quality is how well a model does, a line per set, language and label.
type Quality struct {
	Model string        `json:"model"`
	Rows  []Line        `json:"rows"`
	Quiet []FalseAlarms `json:"false_alarms"`
}

// Line is the outcome for one label on one set.
type Line struct {
	Set       string             `json:"set"`
	Lang      string             `json:"lang"`
	Label     counterpoint.Label `json:"label"`
	Trained   bool               `json:"trained"` // there was training data in the language
	Texts     int                `json:"texts"`
	Positives int                `json:"positives"`
	Precision float64            `json:"precision"` // at .5
	Recall    float64            `json:"recall"`
	F1        float64            `json:"f1"`
	MacroF1   float64            `json:"macro_f1"`
	Alarm     float64            `json:"false_alarms"` // share of the negatives at .5 and above
	BestAt    float64            `json:"best_at"`      // the threshold of the highest macro-F1 on these very rows: an upper bound
	BestF1    float64            `json:"best_f1"`      // F1 there
	BestMacro float64            `json:"best_macro_f1"`
	AUC       float64            `json:"auc"`
	AP        float64            `json:"ap"`
	ECE       float64            `json:"ece"` // at Prevalence
}

// FalseAlarms is how often a label is raised on texts that nobody labelled and that are presumed to be clean.
type FalseAlarms struct {
	Set   string             `json:"set"`
	Lang  string             `json:"lang"`
	Label counterpoint.Label `json:"label"`
	Texts int                `json:"texts"`
	Half  float64            `json:"at_0.5"`
	Nine  float64            `json:"at_0.9"`
}

type setKey struct{ set, lang string }

// Evaluate scores every row of the files and folders that is not a train row.
func Evaluate(ctx context.Context, o EvaluateOptions, paths ...string) (Quality, error) {
	m := o.Model
	if m == nil {
		var err error
		if m, err = Load(); err != nil {
			return Quality{}, err
		}
	}
	files, err := corpus.Files(paths...)
	if err != nil {
		return Quality{}, err
	}
	scored, quiet := map[setKey]*[heads][]point{}, map[setKey]*[heads][]point{}
	done := 0
	for _, f := range files {
		err := corpus.Each(ctx, f, func(r row) error {
			if r.Labels == nil || r.Split == "train" || r.Source == "" {
				return nil
			}
			if done++; o.Progress != nil {
				o.Progress(done)
			}
			into := scored
			if slices.Contains(everyday, r.Source) {
				into = quiet
			}
			m.measure(into, r)
			return nil
		})
		if err != nil {
			return Quality{}, err
		}
	}
	return Quality{m.Version(), m.lines(scored), alarms(quiet)}, nil
}

func (m *Model) measure(into map[setKey]*[heads][]point, r row) {
	lang, _ := counterpoint.Lang(r.Lang)
	key := setKey{r.Source, lang}
	if into[key] == nil {
		into[key] = &[heads][]point{}
	}
	s := m.Score(r.Text, lang, counterpoint.Social)
	for i, h := range Heads {
		y := r.Labels[h]
		if y != nil || slices.Contains(everyday, r.Source) {
			into[key][i] = append(into[key][i], point{z: s.P(h), yes: y != nil && *y == 1})
		}
	}
}

func (m *Model) lines(scored map[setKey]*[heads][]point) []Line {
	out := []Line{}
	for key, perHead := range scored {
		for i, h := range Heads {
			if len(perHead[i]) > 0 {
				out = append(out, line(key, h, m.Trained(key.lang, h), perHead[i]))
			}
		}
	}
	slices.SortFunc(out, func(a, b Line) int {
		return cmp.Or(strings.Compare(a.Set, b.Set), strings.Compare(a.Lang, b.Lang), rank(a.Label)-rank(b.Label))
	})
	return out
}

func rank(l counterpoint.Label) int { return slices.Index(Heads[:], l) }

func line(key setKey, h counterpoint.Label, trained bool, points []point) Line {
	l := Line{Set: key.set, Lang: key.lang, Label: h, Trained: trained, Texts: len(points)}
	half := at(points, 0.5)
	l.Positives = half.tp + half.fn
	l.Precision, l.Recall, l.F1, l.MacroF1, l.Alarm = half.precision(), half.recall(), half.f1(), half.macroF1(), half.falseAlarm()
	l.BestAt = bestThreshold(points)
	best := at(points, l.BestAt)
	l.BestF1, l.BestMacro = best.f1(), best.macroF1()
	l.AUC, l.AP, l.ECE = auc(points), averagePrecision(points), ece(points, Prevalence[rank(h)])
	for _, f := range []*float64{&l.Precision, &l.Recall, &l.F1, &l.MacroF1, &l.Alarm, &l.BestAt, &l.BestF1, &l.BestMacro, &l.AUC, &l.AP, &l.ECE} {
		*f = math.Round(*f*1e4) / 1e4
	}
	return l
}

func alarms(quiet map[setKey]*[heads][]point) []FalseAlarms {
	out := []FalseAlarms{}
	for key, perHead := range quiet {
		for i, h := range Heads {
			a := FalseAlarms{Set: key.set, Lang: key.lang, Label: h, Texts: len(perHead[i])}
			a.Half = math.Round(at(perHead[i], 0.5).falseAlarm()*1e4) / 1e4
			a.Nine = math.Round(at(perHead[i], 0.9).falseAlarm()*1e4) / 1e4
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b FalseAlarms) int {
		return cmp.Or(strings.Compare(a.Set, b.Set), strings.Compare(a.Lang, b.Lang), rank(a.Label)-rank(b.Label))
	})
	return out
}

// WriteJSON writes the tables as one JSON object.
func (q Quality) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(q)
}

// WriteText writes the tables for people.
func (q Quality) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "model %s\n%-15s %-4s %-15s %-7s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s\n", q.Model, "set", "lang", "label", "trained",
		"texts", "pos", "P", "R", "F1", "mF1", "alarm", "best@", "bF1", "bmF1", "AUC", "AP", "ECE")
	for _, l := range q.Rows {
		trained := "no"
		if l.Trained {
			trained = "yes"
		}
		fmt.Fprintf(b, "%-15s %-4s %-15s %-7s %6d %6d %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f %6.3f\n", l.Set, l.Lang, l.Label, trained,
			l.Texts, l.Positives, l.Precision, l.Recall, l.F1, l.MacroF1, l.Alarm, l.BestAt, l.BestF1, l.BestMacro, l.AUC, l.AP, l.ECE)
	}
	fmt.Fprintf(b, "\nunlabelled text, presumed clean: share raised\n%-15s %-4s %-15s %6s %7s %7s\n", "set", "lang", "label", "texts", "at .5", "at .9")
	for _, a := range q.Quiet {
		fmt.Fprintf(b, "%-15s %-4s %-15s %6d %7.4f %7.4f\n", a.Set, a.Lang, a.Label, a.Texts, a.Half, a.Nine)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
