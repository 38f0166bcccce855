package language

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"counterpoint"
)

// Prior is what is known of a text before it is read.
type Prior struct {
	Declared  string   // by the file or the person who sent it: believed unless another language is clear
	Country   string   // ISO 3166-1 alpha-2: its languages may be answered too
	Languages []string // of the source: may be answered too, and are likelier than others
}

// How much likelier the prior makes a language than those nobody spoke of. Fitted on dev, see docs/LANGUAGES.md.
const (
	askedWeight    = 2.5
	countryWeight  = 20
	sourceWeight   = 20
	declaredWeight = 40 // and then still needs another language to be clear to be overruled
)

// candidates is a Prior made ready for a model.
type candidates struct {
	weight   []float64 // by class
	bonus    []float32 // its logarithm
	may      []bool    // by class: may be answered
	asked    []string  // every code that may be answered, also those the model does not know
	pointed  []string  // those of the prior
	declared string
	note     string
}

func (c *candidates) has(lang string) bool { return slices.Contains(c.asked, lang) }

// kept is how many priors are kept ready; past it they are made anew, as only noise has so many.
const kept = 4096

// candidatesFor is the prior made ready; each is made once.
func (d *Detector) candidatesFor(s *scratch, p Prior) *candidates {
	s.key = append(append(append(s.key[:0], p.Declared...), 0), p.Country...)
	for _, l := range p.Languages {
		s.key = append(append(s.key, 0), l...)
	}
	d.mu.RLock()
	c := d.priors[string(s.key)]
	d.mu.RUnlock()
	if c != nil {
		return c
	}
	c = d.ready(p)
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.priors) >= kept {
		clear(d.priors)
	}
	d.priors[string(s.key)] = c
	return c
}

func (d *Detector) ready(p Prior) *candidates {
	codes := d.model.classes.codes
	c := &candidates{weight: make([]float64, len(codes)), may: make([]bool, len(codes))}
	for i := range c.weight {
		c.weight[i] = 1
	}
	raise := func(lang string, w float64) {
		if !c.has(lang) {
			c.asked = append(c.asked, lang)
		}
		if i := d.model.classes.index(lang); i >= 0 {
			c.weight[i], c.may[i] = max(c.weight[i], w), true
		}
	}
	for _, l := range d.allowed {
		raise(l, d.allowedWeight)
	}
	point := func(lang string, w float64) {
		raise(lang, w)
		c.pointed = append(c.pointed, lang)
	}
	for _, l := range spoken[strings.ToUpper(strings.TrimSpace(p.Country))] {
		point(l, countryWeight)
	}
	for _, code := range p.Languages {
		if l, ok := Valid(code); ok && l != counterpoint.Undetermined {
			point(l, sourceWeight)
		}
	}
	c.declare(p.Declared, point)
	c.bonus = make([]float32, len(codes))
	for i, w := range c.weight {
		c.bonus[i] = float32(math.Log(w))
	}
	return c
}

func (c *candidates) declare(code string, point func(string, float64)) {
	switch l, ok := Valid(code); {
	case code == "" || l == counterpoint.Undetermined:
	case ok:
		point(l, declaredWeight)
		c.declared = l
	default:
		c.note = fmt.Sprintf("declared language %.40q is not an ISO 639 code and was ignored", code)
	}
}

// only is the one candidate that the script serves, if there is just one.
func (c *candidates) only(script int) (string, bool) {
	from := c.asked
	if len(c.pointed) > 0 {
		from = c.pointed
	}
	found := ""
	for _, l := range shared[scripts[script].name] {
		if slices.Contains(from, l) {
			if found != "" {
				return "", false
			}
			found = l
		}
	}
	return found, found != ""
}
