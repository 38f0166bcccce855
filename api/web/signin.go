package web

import (
	"fmt"
	"net/http"
	"net/url"

	"counterpoint"
	"counterpoint/api"
)

// showSignIn shows the ways to sign in that there are.
func (r *request) showSignIn(b signInPage) error {
	if r.p.signOn != nil {
		b.Provider = r.p.signOn.Name()
	}
	return r.show(r.page("signin", "signin.title"), b)
}

// signInPage asks for name and password. What was being sent when the session ended is carried along.
type signInPage struct {
	Next  string
	Again string // the form that could not be sent, encoded
	Ended bool

	Provider string // by which one can sign in too
	Why      string // word for why that failed
	Subject  string // of somebody whom no account belongs to
}

// askSignIn answers a request that needs a person: a page redirects, a form keeps what was typed.
func (r *request) askSignIn() error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		next := r.URL.RequestURI()
		if next == "/" {
			next = ""
		}
		return r.to("/signin", "next", next)
	}
	typed := url.Values{}
	for k, v := range r.PostForm {
		if k != "password" && k != "current" {
			typed[k] = v
		}
	}
	r.status = http.StatusUnauthorized
	r.form = form{}
	return r.showSignIn(signInPage{Next: r.URL.Path, Again: typed.Encode(), Ended: true})
}

func (p *Pages) signInForm(r *request) error {
	if r.known {
		return r.to(landing(r.by))
	}
	return r.showSignIn(signInPage{Next: local(r.URL.Query().Get("next"))})
}

func (p *Pages) signIn(r *request) error {
	a, err := p.desk.ByPassword(r.Context(), r.form.Value("name"), r.form.values.Get("password"))
	if err != nil {
		status := api.Status(err)
		if status >= http.StatusInternalServerError {
			return err
		}
		r.status, r.form.name = status, "signin"
		r.form.lines = append(r.form.lines, r.locale.word("signin.wrong", status))
		return r.showSignIn(signInPage{Next: local(r.form.Value("next")), Again: r.form.Value("again")})
	}
	if err := r.startSession(a); err != nil {
		return err
	}
	next := local(r.form.Value("next"))
	if again := r.form.Value("again"); again != "" && next != "/" {
		return r.offerAgain(a, next, again)
	}
	if next == "/" {
		next = landing(a)
	}
	return r.to(next)
}

// resume is a form that was typed before the session ended, to be sent with one button.
type resume struct {
	To     string
	Fields []Kept
}

func (r *request) offerAgain(a counterpoint.Account, next, again string) error {
	values, err := parseQuery(again)
	if err != nil {
		return err
	}
	r.by, r.known = a, true
	b := resume{To: next}
	for _, name := range sorted(values) {
		for _, v := range values[name] {
			b.Fields = append(b.Fields, Kept{name, v})
		}
	}
	return r.show(r.page("resume", "resume.title"), b)
}

// landing is the page a person starts on, by what they do.
func landing(a counterpoint.Account) string {
	switch {
	case a.Has(counterpoint.Reviewer, counterpoint.Analyst):
		return "/"
	case a.Has(counterpoint.RadioTeam):
		return "/messages"
	case a.Has(counterpoint.Approver):
		return "/messages?state=submitted"
	}
	return "/"
}

// secure reports whether cookies of the answer may travel over TLS only.
func (r *request) secure() bool { return r.p.secure || api.OverTLS(r.Request) }

func (r *request) startSession(a counterpoint.Account) error {
	value, err := r.p.desk.Session(r.Context(), a)
	if err != nil {
		return err
	}
	r.setSession(value, int(api.SessionTime.Seconds()))
	return nil
}

func (r *request) setSession(value string, maxAge int) {
	http.SetCookie(r.w, &http.Cookie{
		Name: api.SessionCookie(r.secure()), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: r.secure(), SameSite: http.SameSiteLaxMode,
	})
}

func (p *Pages) signOut(r *request) error {
	r.setSession("", -1)
	return r.to("/signin", "done", "signed-out")
}

// enter signs in by a link that the program printed, as the example does.
func (p *Pages) enter(r *request) error {
	a, err := p.desk.ByInvite(r.Context(), r.PathValue("secret"))
	if err != nil {
		if api.Status(err) == http.StatusUnauthorized {
			return fmt.Errorf("this link belongs to no account: %w", counterpoint.ErrNotFound)
		}
		return err
	}
	if err := r.startSession(a); err != nil {
		return err
	}
	return r.to(landing(a))
}

// welcomePage makes the first admin.
type welcomePage struct{ Secret string }

func (p *Pages) welcomeForm(r *request) error {
	secret := r.PathValue("secret")
	i, err := p.desk.FindInvite(r.Context(), secret)
	if err != nil {
		return err
	}
	if i.Account != "" {
		return fmt.Errorf("this link does not make an admin: %w", counterpoint.ErrNotFound)
	}
	return r.show(r.page("welcome", "welcome.title"), welcomePage{secret})
}

func (p *Pages) welcome(r *request) error {
	a, err := p.desk.FirstAdmin(r.Context(), r.PathValue("secret"), r.form.Value("name"), r.form.values.Get("password"))
	if err != nil {
		return r.again("welcome", err, p.welcomeForm)
	}
	if err := r.startSession(a); err != nil {
		return err
	}
	return r.to("/accounts", "done", "welcome")
}

// word is a key of the locale made of a family and a value.
func word(family string, value any) string { return family + "." + fmt.Sprint(value) }
