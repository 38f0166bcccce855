package web

import (
	"errors"
	"net/http"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/signon"
)

// ticketCookie is the name of the cookie that a browser keeps while its person is at the provider.
func ticketCookie(tls bool) string {
	if tls {
		return "__Host-counterpoint_ticket"
	}
	return "counterpoint_ticket"
}

func (r *request) setTicket(value string, maxAge int) {
	http.SetCookie(r.w, &http.Cookie{
		Name: ticketCookie(r.secure()), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: r.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// toProvider sends the browser to the provider, with a ticket to come back with.
func (p *Pages) toProvider(r *request) error {
	if p.signOn == nil {
		return counterpoint.ErrNotFound
	}
	there, t, err := p.signOn.Start(r.Context(), local(r.URL.Query().Get("next")))
	if err != nil {
		return err
	}
	sealed, err := p.desk.SealTicket(r.Context(), t)
	if err != nil {
		return err
	}
	r.setTicket(sealed, int(signon.TicketTime.Seconds()))
	http.Redirect(r.w, r.Request, there, http.StatusSeeOther)
	return nil
}

// fromProvider takes a person who comes back.
func (p *Pages) fromProvider(r *request) error {
	if p.signOn == nil {
		return counterpoint.ErrNotFound
	}
	var t signon.Ticket
	if c, err := r.Cookie(ticketCookie(r.secure())); err == nil {
		if err := p.desk.OpenTicket(r.Context(), c.Value, &t); err != nil && !errors.Is(err, counterpoint.ErrInvalid) {
			return err
		}
	}
	r.setTicket("", -1)
	who, err := p.signOn.Finish(r.Context(), t, r.URL.Query())
	if err != nil {
		return p.notSignedOn(r, err, "")
	}
	a, err := p.desk.BySubject(r.Context(), who.Issuer, who.Subject)
	if err != nil {
		return p.notSignedOn(r, err, who.Subject)
	}
	if err := r.startSession(a); err != nil {
		return err
	}
	if next := local(t.Next); next != "/" {
		return r.to(next)
	}
	return r.to(landing(a))
}

// notSignedOn shows the sign-in page again, with why in words; what the provider said goes to the log.
func (p *Pages) notSignedOn(r *request, err error, subject string) error {
	b := signInPage{}
	switch {
	case errors.Is(err, api.ErrNotLinked):
		b.Why, b.Subject = "signon.not-linked", subject
	case errors.Is(err, signon.ErrDenied):
		b.Why = "signon.denied"
	case errors.Is(err, signon.ErrRefused):
		b.Why = "signon.refused"
	case api.Status(err) == http.StatusUnauthorized: // an account that has ended
		b.Why = "signon.ended"
	default:
		return err
	}
	p.log.Warn("sign-in by the provider was refused", "error", err)
	r.status = http.StatusForbidden
	return r.showSignIn(b)
}
