package api

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

type contextKey int

const (
	accountKey contextKey = iota
	requestKey
	peerKey
)

// SessionCookie is the name of the session cookie. Over TLS it has the __Host- prefix, so that no other host
// of the domain can set it.
func SessionCookie(tls bool) string {
	if tls {
		return "__Host-counterpoint_session"
	}
	return "counterpoint_session"
}

// AccountOf is the account that a request acts as, false for nobody.
func AccountOf(ctx context.Context) (counterpoint.Account, bool) {
	a, ok := ctx.Value(accountKey).(counterpoint.Account)
	return a, ok
}

// WithAccount is a context that acts as the account. Authenticate makes it; so do tests.
func WithAccount(ctx context.Context, a counterpoint.Account) context.Context {
	return context.WithValue(ctx, accountKey, a)
}

// RequestID is the id that the request has in the log and in its answer.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey).(string)
	return id
}

// Authenticate finds out who asks: by bearer token, else by session cookie. A request with neither, or with a
// session that ended, goes on as nobody; a wrong bearer token is refused at once. Whoever brings one of the
// operators' tokens (those left empty are none) acts as Operator.
func Authenticate(desk *Desk, operators ...string) func(http.Handler) http.Handler {
	return authenticate(desk, writeProblem, operators...)
}

func authenticate(desk *Desk, refuse func(http.ResponseWriter, *http.Request, error), operators ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a, err := who(r, desk, operators)
			switch {
			case err == nil:
				r = r.WithContext(WithAccount(r.Context(), a))
			case errors.Is(err, errSignInFirst):
			default:
				refuse(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func who(r *http.Request, desk *Desk, operators []string) (counterpoint.Account, error) {
	if secret, ok := bearer(r); ok {
		for _, o := range operators {
			if o != "" && same(secret, o) {
				return Operator, nil
			}
		}
		return desk.ByToken(r.Context(), secret)
	}
	for _, tls := range []bool{true, false} {
		c, err := r.Cookie(SessionCookie(tls))
		if err != nil || (OverTLS(r) && !tls) {
			continue
		}
		a, err := desk.BySession(r.Context(), c.Value)
		if !errors.Is(err, errSignIn) {
			return a, err
		}
	}
	return counterpoint.Account{}, errSignInFirst
}

func bearer(r *http.Request) (string, bool) {
	scheme, secret, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(secret), ok && strings.EqualFold(scheme, "Bearer")
}

// same compares without telling by its time how much was right, nor how long the secret is.
func same(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// identify gives every request an id.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := counterpoint.NewID("req")
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestKey, id)))
	})
}

// secure sets the headers that every answer has. Pages widen the policy to their own style and script.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// recovering turns a panic into a 500, and writes it to the log.
func recovering(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				if cause == any(http.ErrAbortHandler) || r.Context().Err() != nil {
					panic(http.ErrAbortHandler) // the caller is gone, or must not take what it got for whole
				}
				log.Error("request panicked", "request_id", RequestID(r.Context()), "method", r.Method, "cause", cause, "stack", string(debug.Stack()))
				writeProblem(w, r, errPanic)
			}()
			next.ServeHTTP(w, r)
		})
	}
}

var errPanic = errors.New("panic")

// sameOrigin refuses what browsers send from other sites.
func sameOrigin(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeProblem(w, r, errCrossOrigin) }))
	return cross.Handler(next)
}

// writeProblem answers with the error as a problem.
func writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.RequestID = RequestID(r.Context())
	h := w.Header()
	h.Set("Content-Type", p.ContentType(""))
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="counterpoint"`)
	}
	if p.Status == http.StatusTooManyRequests {
		after := time.Minute
		if e, ok := errors.AsType[*TooManyError](err); ok {
			after = e.After
		}
		h.Set("Retry-After", strconv.Itoa(seconds(after)))
	}
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p) // the caller is gone; there is nobody to tell
}
