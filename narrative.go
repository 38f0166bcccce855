package counterpoint

import (
	"strings"
	"time"
)

// Narrative is a story told again and again, which flags belong to and messages answer.
type Narrative struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Summary   string    `json:"summary,omitempty"` // neutral: what is claimed, of whom, without its words
	Languages []string  `json:"languages,omitempty"`
	Version   int       `json:"version"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
}

type narrativeData struct {
	Title     string   `json:"title"`
	Summary   string   `json:"summary,omitempty"`
	Languages []string `json:"languages,omitempty"`
}

func (d *narrativeData) check() error {
	var bad Invalid
	if d.Title = strings.TrimSpace(d.Title); d.Title == "" {
		bad = append(bad, FieldError{"title", "must not be empty"})
	}
	if len(d.Title) > 300 {
		bad = append(bad, FieldError{"title", "must be at most 300 bytes; put the rest into summary"})
	}
	langs, err := langs("languages", d.Languages)
	d.Languages = langs
	return append(bad, err...).orNil()
}

func langs(field string, in []string) (out []string, bad Invalid) {
	for _, l := range in {
		code, ok := Lang(l)
		if !ok {
			bad = append(bad, FieldError{field, l + " is not an ISO 639 code"})
			continue
		}
		out = append(out, code)
	}
	return out, bad
}

// NewNarrative is the event that makes a narrative.
func NewNarrative(by string, now time.Time, title, summary string, languages []string) (Event, error) {
	d := narrativeData{title, summary, languages}
	if err := d.check(); err != nil {
		return Event{}, err
	}
	return newEvent("narrative.create", by, now, Ref{KindNarrative, NewID("nar"), 0}, d), nil
}

// Describe changes title, summary and languages.
func (n *Narrative) Describe(by string, now time.Time, title, summary string, languages []string) (Event, error) {
	d := narrativeData{title, summary, languages}
	if err := d.check(); err != nil {
		return Event{}, err
	}
	return newEvent("narrative.describe", by, now, n.Ref(), d), nil
}

// Ref names the narrative and its version.
func (n *Narrative) Ref() Ref { return Ref{KindNarrative, n.ID, n.Version} }

func (n *Narrative) apply(e Event) error {
	switch e.Type {
	case "narrative.create", "narrative.describe":
		var d narrativeData
		if err := e.data(&d); err != nil {
			return err
		}
		n.Title, n.Summary, n.Languages = d.Title, d.Summary, d.Languages
		if n.Version == 0 {
			n.CreatedBy, n.CreatedAt = e.By, e.At
		}
		n.Version++
		return nil
	}
	return e.unknown()
}
