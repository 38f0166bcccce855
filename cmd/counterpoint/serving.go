package main

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"counterpoint/api"
	"counterpoint/api/web"
	"counterpoint/stream"
)

// handler is what the process serves: by every role health, metrics and what is for the machine's own commands;
// by the role ingest the door; by the role api everything.
func (l *line) handler(cfg config, secret string) (http.Handler, error) {
	mux := limitedMux{http.NewServeMux(), api.NewLimiter(nil)}
	mux.handle("GET /readyz", api.Open, l.readyz)
	mux.handle("POST "+redrivePath, api.Command, l.onlyLocal(secret, l.letters(stream.Redrive)))
	mux.handle("POST "+dismissPath, api.Command, l.onlyLocal(secret, l.letters(stream.Dismiss)))
	if l.desk != nil {
		mux.handle("POST "+erasePath, api.Command, l.onlyLocal(secret, l.eraseLocal))
		mux.handle("POST "+linkPath, api.Command, l.onlyLocal(secret, l.linkLocal))
		mux.handle("POST "+rotatePath, api.Command, l.onlyLocal(secret, l.rotateLocal))
	}
	if l.door == nil {
		mux.handle("GET /healthz", api.Open, healthz)
		mux.handle("GET /metrics", api.Open, promhttp.HandlerFor(l.metrics, promhttp.HandlerOpts{}).ServeHTTP)
		mux.handle("/", api.Open, l.notHere)
		return mux, nil
	}
	a, err := api.New(api.Options{
		Desk: l.desk, Ingest: l.ingestRequest, Hook: l.takeHook, Playout: l.importPlayout, Registerer: l.metrics, Gatherer: l.metrics, Ready: l.ready,
		AdminToken: cfg.adminToken, LocalToken: secret, Version: version(), Log: l.log,
	})
	if err != nil {
		return nil, err
	}
	if !cfg.does(roleAPI) {
		mux.Handle("/", l.onlyDoor(a.Handler(), secret, cfg.adminToken))
		return mux, nil
	}
	zone := time.UTC
	if cfg.Zone != "" {
		if zone, err = time.LoadLocation(cfg.Zone); err != nil {
			return nil, fmt.Errorf("zone: %w", err)
		}
	}
	provider, err := cfg.signOn()
	if err != nil {
		return nil, err
	}
	pages, err := web.New(web.Options{
		Desk: l.desk, Log: l.log, Secure: cfg.behindTLS(), Version: version(), Zone: zone, Playout: l.importPlayout, SignOn: provider,
		Capacity: cfg.Capacity,
	})
	if err != nil {
		return nil, err
	}
	mux.Handle("/", a.Around(pages.Handler()))
	return mux, nil
}

// limitedMux has a limit for each address.
type limitedMux struct {
	*http.ServeMux
	limiter *api.Limiter
}

func (m limitedMux) handle(pattern string, c api.Class, do http.HandlerFunc) {
	m.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := m.limiter.Limited(w, r, c); err != nil {
			status := api.Status(err)
			if status == http.StatusTooManyRequests {
				w.Header().Set("Retry-After", "60")
			}
			http.Error(w, err.Error(), status)
			return
		}
		do(w, r)
	})
}

// onlyDoor lets through what hands over files, for those who have a token of the operator.
func (l *line) onlyDoor(next http.Handler, tokens ...string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", next)
	mux.Handle("GET /metrics", next)
	mux.HandleFunc("/", l.notHere)
	mux.Handle("POST /api/v1/hooks/{kind}/{source}", next) // has a secret of its own
	for _, pattern := range []string{"POST /api/v1/ingest", "GET /api/v1/sources/{id}"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !holds(r, tokens...) {
				l.notHere(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	return mux
}

// holds reports whether the request brings one of the tokens; an empty one is none.
func holds(r *http.Request, tokens ...string) bool {
	got := []byte(r.Header.Get("Authorization"))
	for _, t := range tokens {
		if t != "" && subtle.ConstantTimeCompare(got, []byte("Bearer "+t)) == 1 {
			return true
		}
	}
	return false
}

// onlyLocal lets through who can read run.json.
func (l *line) onlyLocal(secret string, do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !holds(r, secret) {
			http.Error(w, "this is for the machine's own commands beside the process", http.StatusForbidden)
			return
		}
		do(w, r)
	}
}

// notHere answers what a process without the role api does not serve.
func (l *line) notHere(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusNotFound, api.Problem{
		Type: "urn:counterpoint:problem:no-stage", Title: "Not done by this process", Status: http.StatusNotFound,
		Detail: "This process does " + strings.Join(l.cfg.Roles, ", ") + "; ask one with the role api.",
	})
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok", "version": version()})
}

// readyz says whether the process can take work, and else what is away.
func (l *line) readyz(w http.ResponseWriter, r *http.Request) {
	away := l.away(r.Context())
	if len(away) == 0 {
		answer(w, http.StatusOK, map[string]string{"status": "ready"})
		return
	}
	names := make([]string, len(away))
	for i, a := range away {
		names[i] = a.what
	}
	l.log.Warn("not ready", "error", joined(away))
	answer(w, http.StatusServiceUnavailable, api.Problem{
		Type: "urn:counterpoint:problem:not-ready", Title: "Not ready", Status: http.StatusServiceUnavailable,
		Detail: strings.Join(names, " and ") + ": no answer. When it is back this goes on by itself; the log of the program says more.",
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	if status >= 400 {
		h.Set("Content-Type", "application/problem+json")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller is gone; there is nobody to tell
}

// readyWithin is how long a backend may take to answer before the process calls it away.
const readyWithin = 3 * time.Second

// awayError says which backend does not answer. It names none of the machines: anybody may ask.
type awayError struct {
	what string
	error
}

// Unwrap is the reason.
func (e *awayError) Unwrap() error { return e.error }

// ready says whether the log and the index answer.
func (l *line) ready(ctx context.Context) error { return joined(l.away(ctx)) }

func joined(away []*awayError) error {
	var err error
	for _, a := range away {
		err = errors.Join(err, a)
	}
	return err
}

// away are the backends that do not answer.
func (l *line) away(ctx context.Context) (all []*awayError) {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if _, err := l.stream.End(ctx, stream.Decisions); err != nil {
		all = append(all, &awayError{"the log", err})
	}
	if l.store != nil {
		if _, err := l.store.Positions(ctx, stream.Decisions); err != nil {
			all = append(all, &awayError{"the index", err})
		}
	}
	return all
}
