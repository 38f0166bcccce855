package web

import "counterpoint"

// heard is when a source was last heard, for the part of that name.
type heard struct {
	sourceRow
	At   Clock
	For  string // how long it has been silent
	Next Clock
}

// Heard is when and how well a source was heard.
func (v *view) Heard(s sourceRow) heard {
	h := heard{sourceRow: s, At: v.Moment(s.Health.Last, counterpoint.Minute), For: v.Since(s.Health.Silent)}
	if c := s.Health.Collecting; c != nil {
		h.Next = v.Moment(c.Next, counterpoint.Minute)
	}
	return h
}

// description is a source in a form.
type description struct {
	View   *view
	Kinds  []counterpoint.SourceKind
	Source counterpoint.Source
}

// Describe is the form of a source that is not known yet.
func (v *view) Describe(kinds []counterpoint.SourceKind) description {
	return v.Described(kinds, counterpoint.Source{Kind: counterpoint.Radio})
}

// Described is the form of a source that is known.
func (v *view) Described(kinds []counterpoint.SourceKind, s counterpoint.Source) description {
	return description{v, kinds, s}
}

// Field is a field that starts with what is known.
func (d description) Field(name, label, known string) Field {
	return d.View.Filled("source", name, label, known)
}

// Required is one that must be filled in.
func (d description) Required(name, label, known string) Field {
	f := d.Field(name, label, known)
	f.Required = true
	return f
}

// Is reports whether it is of the kind.
func (d description) Is(kind counterpoint.SourceKind) bool {
	return d.View.Chosen("source", "kind", string(kind), string(d.Source.Kind))
}

// Own reports whether it is a station of ours.
func (d description) Own() bool {
	if d.View.Form.name == "source" {
		return d.View.Form.Value("own") != ""
	}
	return d.Source.Own
}
