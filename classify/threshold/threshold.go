// Package threshold says from which score on a passage is flagged, by head, language and kind of source, and how often
// such a flag is right. Both are data, a table with the counts they were measured by: thresholds.tsv, made by
// `counterpoint train thresholds`.
package threshold

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"counterpoint"
)

//go:embed thresholds.tsv
var file []byte

// The heads: three scores, and two of the cue packs, which need no score.
const (
	Hate           = string(counterpoint.Hate)
	Violence       = string(counterpoint.Violence)
	Dehumanization = string(counterpoint.Dehumanization)
	Call           = "call" // level 3 by the grammar of calls
	Cues           = "cues" // other words of the packs
)

// Heads lists them in the order of the table. Scores are those that can raise a flag without a cue.
var (
	Heads  = counterpoint.Heads
	Scores = []counterpoint.Label{counterpoint.Hate, counterpoint.Violence, counterpoint.Dehumanization}
)

// DefaultPrevalence is assumed where a mission states none: one text in a hundred.
const DefaultPrevalence = 0.01

// Row is the cut of a head in a language and kind of source, and the counts behind it.
type Row struct {
	Head, Lang, Kind string // Lang and Kind are empty for any
	// Cut is the lowest score that raises a flag; NaN where no score does.
	Cut                 float64
	Positives, Hits     int // rows labelled so, and how many of them are flagged
	Negatives, Alarms   int // rows labelled not so, and how many are flagged all the same
	Everyday, Disturbed int // everyday texts that nobody labelled, and how many are flagged
	Confirmed, Rejected int // flags that people decided
	Data                string
}

// Table is a set of rows. It is safe for concurrent use.
type Table struct {
	rows []Row
	by   map[key]Row
	hash string
}

type key struct{ head, lang, kind string }

var shipped = sync.OnceValues(func() (*Table, error) { return Parse(file) })

// Load returns the embedded table.
func Load() (*Table, error) { return shipped() }

func (t *Table) index() *Table {
	t.by = make(map[key]Row, len(t.rows))
	for _, r := range t.rows {
		t.by[key{r.Head, r.Lang, r.Kind}] = r
	}
	return t
}

// Version names the table by its content.
func (t *Table) Version() string { return "thresholds-" + t.hash }

// Rows are the rows of the table.
func (t *Table) Rows() []Row { return slices.Clone(t.rows) }

// at is the row that holds for the head: of language and kind, else of the language, else of none.
func (t *Table) at(head, lang, kind string) Row {
	for _, k := range []key{{head, lang, kind}, {head, lang, ""}} {
		if r, ok := t.by[k]; ok {
			return r
		}
	}
	if r, ok := t.by[key{head: head}]; ok {
		return r
	}
	return Row{Head: head, Cut: math.NaN()}
}

// Cut is the lowest score of the head that raises a flag by itself; false where none does, as in every language
// without labelled data.
func (t *Table) Cut(head, lang string, kind counterpoint.SourceKind) (float64, bool) {
	c := t.at(head, lang, string(kind)).Cut
	return c, !math.IsNaN(c)
}

// Expect says how often a flag of the head is right at a prevalence of hate in what is heard.
func (t *Table) Expect(head, lang string, kind counterpoint.SourceKind, prevalence float64) *counterpoint.Threshold {
	r := t.at(head, lang, string(kind))
	out := &counterpoint.Threshold{Head: head, Prevalence: prevalence}
	if !math.IsNaN(r.Cut) && head != Call && head != Cues {
		out.Cut = &r.Cut
	}
	if r.Lang == "" || r.Positives == 0 || r.Negatives == 0 {
		return out
	}
	hit, alarm := t.rates(r)
	out.Lang, out.Kind, out.Positives, out.Negatives = r.Lang, r.Kind, r.Positives, r.Negatives+r.Everyday
	out.Sensitivity, out.FalseAlarms = rounded(hit), rounded(alarm)
	out.Reviewed = r.Confirmed + r.Rejected
	if r.Hits+r.Alarms+out.Reviewed >= fewFlags {
		out.Expected = rounded(expected(r, hit, alarm, prevalence))
	}
	return out
}

// fewFlags is how many flags, right or wrong, must have been seen before anything is expected of the next.
const fewFlags = 10

// fewRows is how many rows of its parent a row is mixed with, so that a handful of rows does not say much.
const fewRows = 20

// rates are the share of the labelled positives and of the negatives that is flagged, mixed with those of the row
// above. Where everyday text was measured it is half of the negatives, as in the calibration of the model.
func (t *Table) rates(r Row) (hit, alarm counterpoint.Rate) {
	hits, all := float64(r.Hits), float64(r.Positives)
	alarms, clean := float64(r.Alarms), float64(r.Negatives)
	if p, ok := t.parent(r); ok {
		h, a := share(p.Hits, p.Positives), share(p.Alarms, p.Negatives)
		hits, all = hits+fewRows*h, all+fewRows
		alarms, clean = alarms+fewRows*a, clean+fewRows
	}
	hit, alarm = counterpoint.Wilson(hits, all), counterpoint.Wilson(alarms, clean)
	if r.Everyday >= enough {
		e := counterpoint.Wilson(float64(r.Disturbed), float64(r.Everyday))
		alarm = counterpoint.Rate{Value: (alarm.Value + e.Value) / 2, Low: (alarm.Low + e.Low) / 2, High: (alarm.High + e.High) / 2}
	}
	return hit, alarm
}

// enough everyday texts say how often everyday text is flagged.
const enough = 200

func (t *Table) parent(r Row) (Row, bool) {
	up := key{r.Head, r.Lang, ""}
	switch {
	case r.Kind == "" && r.Lang == "":
		return Row{}, false
	case r.Kind == "":
		up.lang = ""
	}
	p, ok := t.by[up]
	return p, ok && p.Positives > 0 && p.Negatives > 0
}

// expected is Bayes' rule at the ends of both intervals, which makes its own wider than 95 %. What people decided
// counts flag by flag, beside as many imagined ones as the rule says.
func expected(r Row, hit, alarm counterpoint.Rate, prevalence float64) counterpoint.Rate {
	e := counterpoint.Rate{
		Value: counterpoint.ExpectedPrecision(hit.Value, alarm.Value, prevalence),
		Low:   counterpoint.ExpectedPrecision(hit.Low, alarm.High, prevalence),
		High:  counterpoint.ExpectedPrecision(hit.High, alarm.Low, prevalence),
	}
	decided := float64(r.Confirmed + r.Rejected)
	if decided == 0 {
		return e
	}
	w := counterpoint.Wilson(float64(r.Confirmed), decided)
	share := fewRows / (fewRows + decided)
	mix := func(rule, seen float64) float64 { return share*rule + (1-share)*seen }
	return counterpoint.Rate{Value: mix(e.Value, w.Value), Low: mix(e.Low, w.Low), High: mix(e.High, w.High)}
}

func share(k, n int) float64 { return float64(k) / float64(n) }

func rounded(r counterpoint.Rate) *counterpoint.Rate {
	f := func(x float64) float64 { return math.Round(x*1e4) / 1e4 }
	return &counterpoint.Rate{Value: f(r.Value), Low: f(r.Low), High: f(r.High)}
}

// New makes a table of rows.
func New(rows []Row) (*Table, error) { return Parse(Format(rows)) }

var tableFile = format{
	"thresholds",
	[]string{"head", "lang", "kind", "cut", "positives", "hits", "negatives", "alarms", "everyday", "disturbed", "confirmed", "rejected", "data"},
	"counterpoint train thresholds",
}

const note = `# From which score on a passage is flagged, and the counts that say how often such a flag is right.
# Made by: counterpoint train thresholds. "*" is any; "none" is no score: only cues raise a flag.
`

// Format writes rows as Parse reads them.
func Format(rows []Row) []byte {
	var b bytes.Buffer
	b.WriteString(note + strings.Join(tableFile.columns, "\t") + "\n")
	for _, r := range rows {
		cut := "none"
		if !math.IsNaN(r.Cut) {
			cut = strconv.FormatFloat(r.Cut, 'f', -1, 64)
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Head, star(r.Lang), star(r.Kind), cut, r.Positives, r.Hits,
			r.Negatives, r.Alarms, r.Everyday, r.Disturbed, r.Confirmed, r.Rejected, r.Data)
	}
	return b.Bytes()
}

func star(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// Parse reads a table. An error names the line and what is wrong with it.
func Parse(b []byte) (*Table, error) {
	t := &Table{hash: hashOf(b)}
	seen := map[key]bool{}
	err := tableFile.read(b, func(line int, fields []string) error {
		r, err := parseRow(line, fields)
		if err != nil {
			return err
		}
		k := key{r.Head, r.Lang, r.Kind}
		if seen[k] {
			return tableFile.wrong(line, "%s %s %s stands twice", r.Head, star(r.Lang), star(r.Kind))
		}
		seen[k] = true
		t.rows = append(t.rows, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return t.index(), nil
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}

func parseRow(n int, fields []string) (Row, error) {
	r := Row{Head: fields[0], Lang: unstar(fields[1]), Kind: unstar(fields[2]), Cut: math.NaN(), Data: fields[12]}
	if !slices.Contains(Heads, r.Head) {
		return r, tableFile.wrong(n, "head %q is none of %s", r.Head, strings.Join(Heads, ", "))
	}
	if r.Lang == "" && r.Kind != "" {
		return r, tableFile.wrong(n, "a kind of source needs a language")
	}
	if fields[3] != "none" {
		c, err := strconv.ParseFloat(fields[3], 64)
		if err != nil || !(c >= 0 && c <= 1) {
			return r, tableFile.wrong(n, "cut %q is neither none nor a number from 0 to 1", fields[3])
		}
		r.Cut = c
	}
	for i, at := range []*int{&r.Positives, &r.Hits, &r.Negatives, &r.Alarms, &r.Everyday, &r.Disturbed, &r.Confirmed, &r.Rejected} {
		v, err := strconv.Atoi(fields[4+i])
		if err != nil || v < 0 {
			return r, tableFile.wrong(n, "%s %q is not a count", tableFile.columns[4+i], fields[4+i])
		}
		*at = v
	}
	if r.Hits > r.Positives || r.Alarms > r.Negatives || r.Disturbed > r.Everyday {
		return r, tableFile.wrong(n, "more rows are flagged than there are")
	}
	return r, nil
}

func unstar(s string) string {
	if s == "*" {
		return ""
	}
	return s
}
