// Package web is the review pages: what a reviewer, a radio team, an approver and an analyst see in a browser.
// Pages are made on the server with html/template and work without JavaScript; the one script only saves
// steps. Every command goes through api.Desk, so pages and JSON API cannot differ.
//
// A page costs a template, a handler, a line in routes.go and its words in locale/en.json.
package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/signon"
)

// Playout imports a station's playout log and answers how many lines were read and which airings they prove.
type Playout func(ctx context.Context, by counterpoint.Account, csv io.Reader, station, zone string) (any, error)

// Options are what the pages need. Zero Log discards, zero Zone is UTC; without Playout the form that imports
// playout logs is not shown.
type Options struct {
	Desk    *api.Desk
	Log     *slog.Logger
	Secure  bool // a proxy that says nothing serves the pages over TLS: cookies are Secure; else each request tells
	Version string
	Zone    *time.Location // of the place: times are shown in it and typed in it
	Playout Playout
	// Capacity is how many flags are decided in a day; the queue draws a line below them. 0 draws none.
	Capacity int
	SignOn   *signon.Provider // nil where people sign in by password alone
}

// Pages serves everything outside /api, /healthz, /readyz and /metrics. Build it with New.
type Pages struct {
	desk    *api.Desk
	log     *slog.Logger
	secure  bool
	version string
	zone    *time.Location
	playout Playout
	signOn  *signon.Provider
	room    int // for decisions in a day
	locales locales
	assets  assets
	handler http.Handler
}

// New parses the templates of every locale and builds the routes.
func New(o Options) (*Pages, error) {
	if o.Desk == nil {
		return nil, errors.New("web: Options.Desk is missing")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	p := &Pages{desk: o.Desk, log: o.Log, secure: o.Secure, version: o.Version, zone: o.Zone, playout: o.Playout, signOn: o.SignOn, room: o.Capacity}
	var err error
	if p.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if p.locales, err = loadLocales(p.assets, p.zone); err != nil {
		return nil, err
	}
	p.handler = p.secured(p.mux())
	return p, nil
}

// Handler serves the pages. It expects api.Authenticate around it, which puts the account into the context.
func (p *Pages) Handler() http.Handler { return p.handler }

func (p *Pages) now() time.Time { return p.desk.Now() }

func (p *Pages) views() counterpoint.Views { return p.desk.Views() }
