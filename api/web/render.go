package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
)

//go:embed templates
var templateFiles embed.FS

// view is what every template gets: the frame, and the page's own in Body.
type view struct {
	request *request
	locale  *locale
	names   *names

	Title   string
	Content bool   // the title is content, not words of ours
	Mark    string // language of a title that is content
	Page    string // which template, and which entry of the navigation is current
	Account counterpoint.Account
	Known   bool
	Example bool
	Alerts  alertBar
	Wide    bool
	Done    string // what the form before did, a word of the family done
	Last    string // the flag decided last, for taking it back
	Keys    bool
	Version string
	Zone    string
	Now     time.Time
	Form    form
	Body    any
}

func parsePages(funcs template.FuncMap) (map[string]*template.Template, error) {
	base, err := template.New("base").Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("parse the layout: %w", err)
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, f := range files {
		name := strings.TrimSuffix(path.Base(f), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := template.Must(base.Clone()).ParseFS(templateFiles, f)
		if err != nil {
			return nil, fmt.Errorf("parse page %s: %w", name, err)
		}
		pages[name] = t
	}
	return pages, nil
}

// funcs are the functions of the templates, in one locale.
func (l *locale) funcs(a assets) template.FuncMap {
	return template.FuncMap{
		"t": l.t, "word": l.word, "language": l.language, "span": l.span, "hour": l.hour, "asset": a.url,
		"said": said, "link": link, "play": play, "timecode": timecode, "excerpt": excerpt,
		"bcp":  counterpoint.BCP47,
		"lang": func() string { return l.tag.String() }, "dir": l.dir,
		"key":     func() string { return counterpoint.NewID("key") },
		"shape":   func(level int) string { return strings.Repeat("▲", min(3, max(0, level))) },
		"seconds": func(n int) string { return l.span(time.Duration(n) * time.Second) },
		"add":     func(a, b int) int { return a + b },
		"join":    strings.Join,
		"hundred": l.hundred,
	}
}

// page starts the view of a page with its title in words of ours.
func (r *request) page(name, title string, args ...any) *view {
	v := &view{
		request: r, locale: r.locale, names: &names{r: r}, Page: name, Account: r.by, Known: r.known, Version: r.p.version,
		Zone: r.p.zoneName(), Now: r.p.now(), Form: r.form, Done: r.URL.Query().Get("done"), Last: r.URL.Query().Get("last"),
		Title: r.locale.t(title, args...), Keys: r.keys(),
	}
	if !r.locale.has("done." + v.Done) {
		v.Done = ""
	}
	return v
}

// titled makes content the title of the page.
func (v *view) titled(text, lang string) *view {
	if strings.TrimSpace(text) != "" {
		v.Title, v.Mark, v.Content = excerpt(text, 120), lang, true
	}
	return v
}

func (p *Pages) zoneName() string {
	name, _ := p.now().In(p.zone).Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}

// show renders the page into memory first, so that a template that fails is an error page and not half a page.
func (r *request) show(v *view, body any) error {
	v.Body = body
	if v.Known {
		v.Example, v.Alerts = v.names.anyExample(), r.alertBar()
	}
	t, ok := r.locale.pages[v.Page]
	if !ok {
		return fmt.Errorf("no template for page %s", v.Page)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("render page %s: %w", v.Page, err)
	}
	h := r.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", r.locale.tag.String())
	h.Set("Vary", "Accept-Language, Cookie")
	status := r.status
	if status == 0 {
		status = http.StatusOK
	}
	r.w.WriteHeader(status)
	_, err := r.w.Write(b.Bytes())
	if err != nil {
		r.p.log.Debug("page not delivered", "page", v.Page, "error", err) // the reader went away
	}
	return nil
}

// again shows a page with its form as it was typed and what was wrong with it, under the status of the error.
// Errors that a person cannot mend in the form become an error page.
func (r *request) again(formName string, err error, show func(*request) error) error {
	r.form.name = formName
	status := api.Status(err)
	if !r.form.rejected(err) {
		return err
	}
	for i, e := range r.form.errs {
		r.form.errs[i].Message = r.locale.plainer(e)
	}
	r.status = status
	return show(r)
}

// ---- what templates ask of a view

// Field is one field of a form.
func (v *view) Field(formName, name, label string) Field { return v.field(formName, name, label, "") }

// Required is a field that must be filled in.
func (v *view) Required(formName, name, label string) Field {
	f := v.field(formName, name, label, "")
	f.Required = true
	return f
}

// Filled is a field that starts with what is known already.
func (v *view) Filled(formName, name, label, typed string) Field {
	return v.field(formName, name, label, typed)
}

// Moment shows a time with its precision.
func (v *view) Moment(t *time.Time, p counterpoint.Precision) Clock {
	return v.locale.moment(t, p, v.Now)
}

// Spoken shows when something was said or, where nobody knows, when it came in: a message whose gateway names no time is not
// of any time.
func (v *view) Spoken(t *time.Time, p counterpoint.Precision, seen time.Time) Clock {
	if t != nil && !t.IsZero() || seen.IsZero() {
		return v.Moment(t, p)
	}
	c := v.At(seen)
	c.Text = v.locale.t("time.came", c.Text)
	return c
}

// At shows a time that is known to the minute.
func (v *view) At(t time.Time) Clock { return v.locale.moment(&t, counterpoint.Minute, v.Now) }

// Due says how long is left until a deadline.
func (v *view) Due(t time.Time) string { return v.locale.due(t, v.Now) }

// Late reports whether a deadline has passed.
func (v *view) Late(t time.Time) bool { return v.Now.After(t) }

// Can reports whether the person may do what op names.
func (v *view) Can(op string) bool { return v.Known && v.request.can(api.Op(op)) }

// Person is the name of an account.
func (v *view) Person(id string) string { return v.names.person(id) }

// Source is the name of a source.
func (v *view) Source(id string) string { return v.names.source(id) }

// Report reports whether a source is people who write to us in confidence.
func (v *view) Report(id string) bool {
	return v.names.allSources()[id].Kind == counterpoint.Report
}

// Narrative is the title of a narrative.
func (v *view) Narrative(id string) string { return v.names.narrative(id) }

// Input is a time as a datetime-local field wants it, in the zone of the place.
func (v *view) Input(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(v.request.p.zone).Format(inputTime)
}

// names looks names up once a page.
type names struct {
	r          *request
	sources    map[string]counterpoint.Source
	people     map[string]string
	narratives map[string]string
}

func (n *names) ctx() context.Context { return n.r.Context() }

func (n *names) allSources() map[string]counterpoint.Source {
	if n.sources == nil {
		n.sources = map[string]counterpoint.Source{}
		all, err := counterpoint.All[counterpoint.Source](n.ctx(), n.r.p.views(), counterpoint.Query{})
		n.r.p.missed("sources", err)
		for _, s := range all {
			n.sources[s.ID] = s
		}
	}
	return n.sources
}

// missed logs that a page is shown without a name it could not look up.
func (p *Pages) missed(what string, err error) {
	if err != nil {
		p.log.Warn("page shown without names", "what", what, "error", err)
	}
}

func (n *names) anyExample() bool {
	for _, s := range n.allSources() {
		if s.Example {
			return true
		}
	}
	return false
}

func (n *names) source(id string) string {
	if s, ok := n.allSources()[id]; ok {
		return s.Name
	}
	return id
}

// station is the one name of a station: the id of the source it is, also where an airing has the source's name.
func (n *names) station(name string) string {
	if _, ok := n.allSources()[name]; ok {
		return name
	}
	for id, s := range n.allSources() {
		if counterpoint.Fold(s.Name) == counterpoint.Fold(name) {
			return id
		}
	}
	return name
}

// alike are the names that airings may have for the station.
func (n *names) alike(station string) []string {
	if s, ok := n.allSources()[station]; ok && s.Name != station {
		return []string{station, s.Name}
	}
	return []string{station}
}

func (n *names) person(id string) string {
	if n.people == nil {
		n.people = map[string]string{api.Operator.ID: n.r.locale.t("person.operator"), "respond": n.r.locale.t("person.program"), "ingest": n.r.locale.t("person.program")}
		all, err := counterpoint.All[counterpoint.Account](n.ctx(), n.r.p.views(), counterpoint.Query{})
		n.r.p.missed("accounts", err)
		for _, a := range all {
			n.people[a.ID] = a.Name
		}
	}
	if name, ok := n.people[id]; ok {
		return name
	}
	return id
}

func (n *names) narrative(id string) string {
	if n.narratives == nil {
		n.narratives = map[string]string{}
	}
	if t, ok := n.narratives[id]; ok {
		return t
	}
	s, err := counterpoint.Load[counterpoint.Narrative](n.ctx(), n.r.p.views(), id)
	if err != nil {
		s.Title = id
	}
	n.narratives[id] = s.Title
	return s.Title
}
