package web

import (
	"errors"
	"net/http"

	"counterpoint"
	"counterpoint/api"
)

// errBadRequest is for a request that no page of ours sends.
var errBadRequest = errors.New("bad request")

// errCrossSite is for a form that another site sent.
var errCrossSite = errors.New("form from another site")

// failure is what an error page says.
type failure struct {
	Status int
	Known  bool   // the locale has its own words for the status
	Detail string // in our own words; foreign text is never shown
}

// fail writes the error page.
func (p *Pages) fail(r *request, err error) {
	f := failure{Status: statusOf(err)}
	switch f.Status {
	case http.StatusForbidden, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		if !errors.Is(err, errCrossSite) {
			f.Detail = plain(err)
		}
	}
	if f.Status >= http.StatusInternalServerError {
		p.log.Error("page failed", "path", r.URL.Path, "status", f.Status, "error", err)
	}
	key := word("error", f.Status)
	if !r.locale.has(key + ".title") {
		key = word("error", http.StatusInternalServerError)
	}
	r.status = f.Status
	v := r.page("error", key+".title")
	typed := r.form.kept()
	for i := range typed {
		typed[i].Name = r.locale.field(typed[i].Name)
	}
	if showErr := r.show(v, errorPage{f, key + ".why", key + ".do", typed}); showErr != nil {
		p.log.Error("error page failed", "error", showErr)
		http.Error(r.w, http.StatusText(f.Status), f.Status)
	}
}

type errorPage struct {
	failure
	Why, Do string
	Typed   []Kept
}

// Kept is something that was typed into a form that could not be taken.
type Kept struct{ Name, Value string }

// kept is what a person typed, to be copied from the error page.
func (f form) kept() []Kept {
	var out []Kept
	for _, name := range sorted(f.values) {
		for _, v := range f.values[name] {
			if v == "" || hiddenField[name] {
				continue
			}
			out = append(out, Kept{name, v})
		}
	}
	return out
}

var hiddenField = map[string]bool{"version": true, "key": true, "password": true, "current": true, "from": true, "next": true, "name": true, "again": true, "to": true}

func statusOf(err error) int {
	switch {
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	case errors.Is(err, errCrossSite):
		return http.StatusForbidden
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	}
	return api.Status(err)
}

// errMethod is for a path that has no such form.
var errMethod = errors.New("method not allowed")

// nowhere answers what no other route does.
func (p *Pages) nowhere(r *request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return errMethod
	}
	return counterpoint.ErrNotFound
}
