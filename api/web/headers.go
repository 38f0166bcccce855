package web

import "net/http"

// policy lets a page load only its own style sheet and script, and play sound from stations' servers.
// Nothing inline runs, so that content which slipped through the escaping still could not.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self' https: http:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secured puts the security headers on every answer and refuses forms sent from other sites.
func (p *Pages) secured(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.fail(&request{Request: r, w: w, p: p, locale: p.locales.choose(r.Header.Get("Accept-Language"))}, errCrossSite)
	}))
	checked := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		checked.ServeHTTP(w, r)
	})
}
