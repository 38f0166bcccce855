package threshold

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"counterpoint"
)

//go:embed calibration.tsv
var calibrationFile []byte

// Curve turns the log-odds of a label in a language, as model, cues and tone add up, into those that labelled rows
// bear out at a prevalence of one half. It rises through the origin, so what is more likely than not stays so.
type Curve struct {
	Label counterpoint.Label
	Lang  string
	Rows  int          // labelled rows it was fitted on
	Knots [][2]float64 // log-odds before and after, rising in both; straight between them and beyond
}

// At is the calibrated log-odds; those that it is given where there is no curve.
func (c *Curve) At(z float64) float64 {
	if c == nil {
		return z
	}
	i := 1
	for i < len(c.Knots)-1 && c.Knots[i][0] < z {
		i++
	}
	a, b := c.Knots[i-1], c.Knots[i]
	if z == b[0] { // exactly, or the origin would be a little beside itself
		return b[1]
	}
	return a[1] + (z-a[0])*(b[1]-a[1])/(b[0]-a[0])
}

// Calibration is a set of curves. Without a curve log-odds stay as they are.
type Calibration struct {
	curves map[string][]*Curve // by language and label, in the order of counterpoint.Labels
	hash   string
}

var shippedCurves = sync.OnceValues(func() (*Calibration, error) { return ParseCurves(calibrationFile) })

// LoadCurves returns the embedded calibration.
func LoadCurves() (*Calibration, error) { return shippedCurves() }

// Version names the calibration by its content.
func (c *Calibration) Version() string { return "calibration-" + c.hash }

// At is the calibrated log-odds of a label in a language.
func (c *Calibration) At(label counterpoint.Label, lang string, z float64) float64 {
	i := slices.Index(counterpoint.Labels, label)
	if of := c.curves[lang]; of != nil && i >= 0 {
		return of[i].At(z)
	}
	return z
}

// In are the curves of a language in the order of counterpoint.Labels, nil for a label that has none; none at all where
// no label has.
func (c *Calibration) In(lang string) []*Curve { return c.curves[lang] }

var curveFile = format{"calibration", []string{"label", "lang", "rows", "knots"}, "counterpoint train calibration"}

const curveNote = `# What log-odds before calibration come to on labelled rows at a prevalence of one half: before:after, straight between.
# Made by: counterpoint train calibration. A label and language that is not here had too few rows.
`

// FormatCurves writes curves as ParseCurves reads them.
func FormatCurves(curves []Curve) []byte {
	var b bytes.Buffer
	b.WriteString(curveNote + strings.Join(curveFile.columns, "\t") + "\n")
	for _, c := range curves {
		knots := make([]string, len(c.Knots))
		for i, k := range c.Knots {
			knots[i] = strconv.FormatFloat(k[0], 'f', 3, 64) + ":" + strconv.FormatFloat(k[1], 'f', 3, 64)
		}
		fmt.Fprintf(&b, "%s\t%s\t%d\t%s\n", c.Label, c.Lang, c.Rows, strings.Join(knots, " "))
	}
	return b.Bytes()
}

// ParseCurves reads a calibration. An error names the line and what is wrong with it.
func ParseCurves(b []byte) (*Calibration, error) {
	c := &Calibration{curves: map[string][]*Curve{}, hash: hashOf(b)}
	err := curveFile.read(b, func(line int, fields []string) error {
		curve, err := parseCurve(line, fields)
		if err != nil {
			return err
		}
		of := c.curves[curve.Lang]
		if of == nil {
			of = make([]*Curve, len(counterpoint.Labels))
			c.curves[curve.Lang] = of
		}
		i := slices.Index(counterpoint.Labels, curve.Label)
		if of[i] != nil {
			return curveFile.wrong(line, "%s %s stands twice", curve.Label, curve.Lang)
		}
		of[i] = curve
		return nil
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

func parseCurve(n int, fields []string) (*Curve, error) {
	c := &Curve{Label: counterpoint.Label(fields[0]), Lang: fields[1]}
	if !slices.Contains(counterpoint.Labels, c.Label) {
		return nil, curveFile.wrong(n, "label %q is none of %v", fields[0], counterpoint.Labels)
	}
	var err error
	if c.Rows, err = strconv.Atoi(fields[2]); err != nil || c.Rows < 0 {
		return nil, curveFile.wrong(n, "rows %q is not a count", fields[2])
	}
	for _, knot := range strings.Fields(fields[3]) {
		before, after, _ := strings.Cut(knot, ":")
		x, err1 := strconv.ParseFloat(before, 64)
		y, err2 := strconv.ParseFloat(after, 64)
		if err1 != nil || err2 != nil || math.IsNaN(x+y) || math.IsInf(x+y, 0) {
			return nil, curveFile.wrong(n, "knot %q is not two numbers with a colon between them", knot)
		}
		if i := len(c.Knots); i > 0 && (x <= c.Knots[i-1][0] || y <= c.Knots[i-1][1]) {
			return nil, curveFile.wrong(n, "knot %q does not rise", knot)
		}
		c.Knots = append(c.Knots, [2]float64{x, y})
	}
	if len(c.Knots) < 2 {
		return nil, curveFile.wrong(n, "a curve has two knots at least")
	}
	if !slices.Contains(c.Knots, [2]float64{}) {
		return nil, curveFile.wrong(n, "no knot is 0:0")
	}
	return c, nil
}
