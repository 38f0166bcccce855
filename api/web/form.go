package web

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// form is what a person typed, with what was wrong with it. It is carried back to the page, so that nothing
// typed is ever lost.
type form struct {
	name   string // which of the page's forms it was
	values url.Values
	errs   counterpoint.Invalid
	lines  []string // errors that belong to no field
}

// Value is what was typed into a field.
func (f form) Value(name string) string { return strings.TrimSpace(f.values.Get(name)) }

func (f form) int(name string) int {
	n, err := strconv.Atoi(f.Value(name))
	if err != nil {
		return 0
	}
	return n
}

// list is the values of a field that holds several, separated by commas or spaces or repeated.
func (f form) list(name string) []string {
	var out []string
	for _, v := range f.values[name] {
		out = append(out, strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '،' || r == '\n' || r == '\r' })...)
	}
	return out
}

const inputTime = "2006-01-02T15:04"

// time is the moment typed into a datetime-local field, in the zone of the place. An empty field is the zero time.
func (f *form) time(name string, zone *time.Location) time.Time {
	v := f.Value(name)
	if v == "" {
		return time.Time{}
	}
	for _, layout := range []string{inputTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil {
			return t
		}
	}
	f.errs = append(f.errs, counterpoint.FieldError{Field: name, Message: "write the time as 2026-11-22T19:30"})
	return time.Time{}
}

// rejected puts what the desk said is wrong into the form, and reports whether the person can mend it there.
func (f *form) rejected(err error) bool {
	var bad counterpoint.Invalid
	switch {
	case errors.As(err, &bad):
		f.errs = append(f.errs, bad...)
	case errors.Is(err, counterpoint.ErrStale), errors.Is(err, counterpoint.ErrConflict):
		f.lines = append(f.lines, plain(err))
	default:
		return false
	}
	return true
}

// plain is the error's words without the kind that ends them.
func plain(err error) string {
	s := err.Error()
	for _, kind := range []error{counterpoint.ErrConflict, counterpoint.ErrStale, counterpoint.ErrForbidden, counterpoint.ErrInvalid, counterpoint.ErrNotFound, counterpoint.ErrTooLarge, errBadRequest} {
		s = strings.TrimSuffix(s, ": "+kind.Error())
	}
	return s
}

// plainer is what is wrong with a field in the words of the page: the domain speaks to programs too, and names formats
// and ids that nobody types here.
func (l *locale) plainer(e counterpoint.FieldError) string {
	switch {
	case strings.HasPrefix(e.Field, "rabat.") && strings.HasSuffix(e.Field, ".rating"):
		return l.t("rabat.choose")
	case strings.Contains(e.Message, "RFC 3339"):
		return l.t("wrong.when")
	case e.Field == "lang" && strings.HasPrefix(e.Message, "the message has no variant"):
		return l.t("wrong.variant")
	case e.Field == "narrative" && (strings.HasPrefix(e.Message, "there is no narrative") || strings.HasPrefix(e.Message, "name the narrative")):
		return l.t("wrong.narrative")
	}
	return e.Message
}

// Whole reports whether the form comes back with all that was typed: a password and a file do not.
func (v *view) Whole() bool {
	files := v.request.MultipartForm != nil && len(v.request.MultipartForm.File) > 0
	return !v.Form.values.Has("password") && !files
}

// Field is one field of a form as a template shows it.
type Field struct {
	ID, Name, Label, Value, Error string
	Hint                          string
	Required, RTL                 bool
}

// field is the field name of the page's form formName; label and hint are keys of the locale, typed is what a
// new form starts with.
func (v *view) field(formName, name, label, typed string) Field {
	f := Field{ID: formName + "-" + name, Name: name, Label: v.locale.t(label), Value: typed}
	if v.locale.has(label + ".hint") {
		f.Hint = v.locale.t(label + ".hint")
	}
	if v.Form.name != formName {
		return f
	}
	if v.Form.values.Has(name) {
		f.Value = v.Form.values.Get(name)
	}
	f.Error = v.Form.wrong(name)
	return f
}

func (f form) wrong(name string) string {
	var all []string
	for _, e := range f.errs {
		if e.Field == name {
			all = append(all, e.Message)
		}
	}
	return strings.Join(all, "; ")
}

// Was reports whether this is the form that came back.
func (f form) Was(name string) bool { return f.name == name && (len(f.errs) > 0 || len(f.lines) > 0) }

// Checked reports whether a choice was made in the form that came back.
func (f form) Checked(formName, name, value string) bool {
	return f.name == formName && slices.Contains(f.values[name], value)
}

// Problem is a line of the summary on top, with the field it leads to.
type Problem struct{ Link, Text string }

// Problems are what is wrong, each once, under the names that the fields have on the page.
func (v *view) Problems() []Problem {
	var out []Problem
	for _, l := range v.Form.lines {
		out = append(out, Problem{Text: l})
	}
	for _, e := range v.Form.errs {
		text := e.Message
		if name := v.locale.fieldOf(v.Form.name, e.Field); name != "" {
			text = name + ": " + text
		}
		out = append(out, Problem{Link: fmt.Sprintf("#%s-%s", v.Form.name, e.Field), Text: text})
	}
	return out
}

var variantField = regexp.MustCompile(`^variants\[(\d+)\]\.(\w+)$`)

// fieldOf is what the page calls a field of one of its forms: one name may mean two things.
func (l *locale) fieldOf(form, name string) string {
	if own := "field." + form + "." + name; l.has(own) {
		return l.t(own)
	}
	return l.field(name)
}

// field is what the pages call a field of a form.
func (l *locale) field(name string) string {
	if m := variantField.FindStringSubmatch(name); m != nil {
		n, _ := strconv.Atoi(m[1])
		return l.t("write.variant", n+1) + ", " + l.word("field", m[2])
	}
	if part, ok := strings.CutSuffix(name, ".rating"); ok && l.has(part) {
		return l.t(part)
	}
	if l.has(name) { // rabat.intent.evidence
		return l.t(name)
	}
	return l.word("field", name)
}
