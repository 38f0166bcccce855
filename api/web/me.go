package web

import (
	"net/http"
	"slices"
	"strings"

	"counterpoint"
)

// mePage is a person's own preferences.
type mePage struct {
	Languages string
	Blur      bool
	Keys      bool
	Roles     []counterpoint.PersonRole
	Password  bool // there is one, which is asked for before it is changed
}

const keysCookie = "counterpoint_keys"

// keys reports whether single keys do something; a person may have switched them off in this browser.
func (r *request) keys() bool {
	c, err := r.Cookie(keysCookie)
	return err != nil || c.Value != "off"
}

func (p *Pages) me(r *request) error {
	has, err := p.desk.HasPassword(r.Context(), r.by.ID)
	if err != nil {
		return err
	}
	v := r.page("me", "me.title")
	b := mePage{Languages: strings.Join(r.by.Languages, ", "), Blur: r.by.Blur, Keys: r.keys(), Roles: r.by.Roles, Password: has}
	if r.form.name == "me" {
		b.Blur, b.Keys = r.form.Value("blur") != "", r.form.Value("keys") != ""
	}
	return r.show(v, b)
}

func (p *Pages) setPreferences(r *request) error {
	langs := r.form.list("languages")
	blur := r.form.Value("blur") != ""
	if r.form.Value("keys") == "" {
		http.SetCookie(r.w, &http.Cookie{Name: keysCookie, Value: "off", Path: "/", MaxAge: 365 * 86400, HttpOnly: true, Secure: r.secure(), SameSite: http.SameSiteLaxMode})
	} else {
		http.SetCookie(r.w, &http.Cookie{Name: keysCookie, Path: "/", MaxAge: -1, HttpOnly: true, Secure: r.secure(), SameSite: http.SameSiteLaxMode})
	}
	if blur == r.by.Blur && slices.Equal(langs, r.by.Languages) {
		return r.to("/me", "done", "saved")
	}
	a, err := p.desk.SetPreferences(r.Context(), r.call(), langs, blur)
	if err != nil {
		return r.again("me", err, p.me)
	}
	return r.to("/me", "done", done(a, "saved"))
}

// setOwnPassword ends every session, this one too; the person is signed in again at once.
func (p *Pages) setOwnPassword(r *request) error {
	if _, err := p.desk.SetPassword(r.Context(), r.call(), r.by.ID, r.form.values.Get("password"), r.form.values.Get("current")); err != nil {
		return r.again("password", err, p.me)
	}
	now, err := p.desk.FindAccount(r.Context(), r.by.ID)
	if err != nil {
		return err
	}
	if err := r.startSession(now); err != nil {
		return err
	}
	return r.to("/me", "done", "password")
}

func (p *Pages) help(r *request) error {
	return r.show(r.page("help", "help.title"), helpPage{kinds, []int{3, 2, 1}, counterpoint.Grades, helpKeys, []counterpoint.Verdict{counterpoint.CoverGood, counterpoint.CoverDegraded, counterpoint.DoNotCompare}})
}

type helpPage struct {
	Kinds  []string
	Levels []int
	Grades []counterpoint.Grade
	Keys   []string

	Verdicts []counterpoint.Verdict
}

var helpKeys = []string{"j", "k", "Enter", "p", "c", "r", "n", "s", "u", "/", "?"}
