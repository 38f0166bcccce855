package quality

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteJSON writes the report as one JSON object.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// String is a figure with its interval.
func (f Figure) String() string { return fmt.Sprintf("%.3f %.3f %.3f", f.Value, f.Low, f.High) }

// WriteText writes the report for people.
func (r Report) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	fmt.Fprint(b, "the whole stage, scores at one half; in each column the figure and its 95 % interval\n")
	fmt.Fprintf(b, "%-15s %-4s %-15s %6s %6s %-17s %-17s %-17s %-17s %-17s %-17s\n", "set", "lang", "label", "texts", "pos", "P", "R", "F1", "AUC", "AP", "ECE")
	for _, l := range append(r.Sets, r.Languages...) {
		set := l.Set
		if set == "" {
			set = "all"
		}
		fmt.Fprintf(b, "%-15s %-4s %-15s %6d %6d %-17s %-17s %-17s %-17s %-17s %-17s\n", set, l.Lang, l.Label, l.Texts, l.Positives, l.Precision, l.Recall, l.F1, l.AUC, l.AP, l.ECE)
	}
	r.writeCases(b)
	fmt.Fprintf(b, "\neveryday text that nobody labelled\n%-15s %-4s %6s %-17s %-17s %7s\n", "set", "lang", "texts", "level 1 or more", "flagged", "level 3")
	for _, q := range r.Everyday {
		fmt.Fprintf(b, "%-15s %-4s %6d %-17s %-17s %7d\n", q.Set, q.Lang, q.Texts, q.Guessed, q.Flagged, q.Calls)
	}
	fmt.Fprintf(b, "\nhate as radio would put it: macro-F1, the cut from the other half\n%-15s %-4s %6s %6s %6s %6s\n", "set", "lang", "texts", "clean", "radio", "loss")
	for _, l := range r.Radio {
		fmt.Fprintf(b, "%-15s %-4s %6d %6.3f %6.3f %6.3f\n", l.Set, l.Lang, l.Texts, l.Clean, l.Radio, l.Loss)
	}
	r.writeSpans(b)
	if r.Speed != nil {
		fmt.Fprintf(b, "\n%.0f texts a second of CPU, %.0f MB of heap\n", r.Speed.Texts, r.Speed.HeapMB)
	}
	for i, m := range r.Mistakes {
		if i == 0 || r.Mistakes[i-1].Label != m.Label || r.Mistakes[i-1].Kind != m.Kind {
			fmt.Fprintf(b, "\n%s, %s\n", m.Label, m.Kind)
		}
		fmt.Fprintf(b, "  %.3f %s %s: %s\n", m.Score, m.Lang, m.ID, strings.Join(strings.Fields(m.Text), " "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeCases writes functional cases and fairness, a line for each functionality and language.
func (r Report) writeCases(b *strings.Builder) {
	fmt.Fprint(b, "\nfunctional cases right, by language\n")
	for i, f := range r.Functional {
		if i == 0 || r.Functional[i-1].Name != f.Name {
			if i > 0 {
				fmt.Fprintln(b)
			}
			fmt.Fprintf(b, "%-22s", f.Name)
		}
		fmt.Fprintf(b, " %s %d/%d", f.Lang, f.Right, f.Cases)
	}
	fmt.Fprint(b, "\n\n")
	writeBlind(b, r.Blind)
	fmt.Fprintf(b, "\nneutral and friendly sentences about groups\n%-4s %9s %6s %-17s %-17s %5s %-24s %-17s %6s\n", "lang", "sentences", "groups", "level 1 or more", "flagged", "named", "worst group", "its level 1", "spread")
	for _, f := range r.Fairness {
		worst := f.Worst
		if worst == "" {
			worst = "-"
		}
		fmt.Fprintf(b, "%-4s %9d %6d %-17s %-17s %5d %-24s %-17s %6.3f\n", f.Lang, f.Sentences, f.Groups, f.Guessed, f.Flagged, f.Named, worst, f.WorstAt, f.Spread.Value)
	}
}

// writeBlind writes what came of the cases that somebody wrote without knowing packs or code.
func writeBlind(b *strings.Builder, lines []Blind) {
	fmt.Fprint(b, "cases written without knowledge of packs and code, the half that was looked at and the half that never was\n")
	fmt.Fprintf(b, "%-6s %-6s %-9s %-7s %-17s %8s %-22s %-17s %-15s %s\n", "set", "half", "hateful", "fine", "accuracy", "macro-F1", "worst functionality", "its share right", "threats level 2", "denials, objections level 3")
	for _, l := range lines {
		fmt.Fprintf(b, "%-6s %-6s %-9s %-7s %-17s %8.3f %-22s %-17s %-15s %d/%d\n", l.Set, l.Half, fmt.Sprintf("%d/%d", l.HatefulRight, l.Hateful), fmt.Sprintf("%d/%d", l.FineRight, l.Fine),
			l.Accuracy, l.MacroF1, l.Worst, l.WorstAt, fmt.Sprintf("%d/%d", l.Grave, l.Threats), l.Calls, l.Objecting)
	}
}
