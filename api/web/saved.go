package web

import (
	"net/url"

	"counterpoint"
)

// savedForm keeps the search that the page shows, and lists those kept before.
type savedForm struct {
	Path  string // of the search shown
	Saved []counterpoint.Saved
}

// savedForm is the form of a page with its query. Where a page comes back, and which page, is no part of a search.
func (r *request) savedForm(page, query string) savedForm {
	f := savedForm{Path: page}
	values, err := url.ParseQuery(query)
	if err == nil && len(values) > 0 {
		f.Path += "?" + values.Encode()
	}
	f.Saved = r.by.Saved
	return f
}

func (p *Pages) saveSearch(r *request) error {
	path := r.form.Value("path")
	a, err := p.desk.Save(r.Context(), r.call(), counterpoint.Saved{Name: r.form.Value("name"), Path: path})
	if err != nil {
		return r.again("saved", err, p.me)
	}
	return r.to(local(path), "done", done(a, "kept"))
}

func (p *Pages) dropSearch(r *request) error {
	a, err := p.desk.Drop(r.Context(), r.call(), r.form.Value("name"))
	if err != nil {
		return r.again("saved", err, p.me)
	}
	return r.to("/me", "done", done(a, "dropped"))
}
