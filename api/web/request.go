package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"counterpoint"
	"counterpoint/api"
)

// request is one request with what every handler needs of it.
type request struct {
	*http.Request
	w      http.ResponseWriter
	p      *Pages
	by     counterpoint.Account
	known  bool // somebody is signed in
	locale *locale
	form   form
	status int // of the page that render writes; 0 is 200
}

// handle checks who asks, parses the form and answers what serve returns as a page.
func (p *Pages) handle(r route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		q := &request{Request: hr, w: w, p: p, locale: p.locales.choose(hr.Header.Get("Accept-Language"))}
		q.by, q.known = api.AccountOf(hr.Context())
		if err := q.run(r); err != nil {
			p.fail(q, err)
		}
	})
}

func (r *request) run(to route) error {
	if err := r.p.desk.Limited(r.w, r.Request, classes[to.pattern]); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := r.parse(); err != nil {
			return err
		}
	}
	if to.op != api.Anyone && !r.known {
		return r.askSignIn()
	}
	if !api.Allowed(r.by, to.op) {
		return fmt.Errorf("this needs a role you do not have (%s): %w", to.op, counterpoint.ErrForbidden)
	}
	return to.serve(r)
}

func (r *request) parse() error {
	err := r.ParseForm()
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		err = r.ParseMultipartForm(1 << 20)
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return fmt.Errorf("the form is larger than %d MiB: %w", big.Limit>>20, counterpoint.ErrTooLarge)
	case err != nil:
		return fmt.Errorf("the form cannot be read: %w", errBadRequest)
	}
	r.form = form{values: r.PostForm}
	return nil
}

// call is who asks and on which version, for a command of the desk.
func (r *request) call() api.Call {
	return api.Call{By: r.by, Version: r.form.int("version"), Key: r.form.Value("key")}
}

// to answers a form with a redirect, so that reloading the page does not send it again.
func (r *request) to(path string, params ...string) error {
	v := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		if params[i+1] != "" {
			v.Set(params[i], params[i+1])
		}
	}
	if len(v) > 0 {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + v.Encode()
	}
	http.Redirect(r.w, r.Request, path, http.StatusSeeOther)
	return nil
}

// done is the word for what became of a command, shown on the next page.
func done(a api.Answer, word string) string {
	if a.Pending {
		return "pending"
	}
	return word
}

// can reports whether the person may do op.
func (r *request) can(op api.Op) bool { return api.Allowed(r.by, op) }

// local is path if it leads to a page of ours, else /.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
