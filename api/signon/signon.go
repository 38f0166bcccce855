// Package signon signs people in by an OpenID Connect provider: the authorization code flow with PKCE, state and nonce.
// The provider says who somebody is, and nothing else: roles are ours, and what a token says of them is not read.
package signon

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"counterpoint"
)

// Options are what a Provider needs. All but Secret, Name and Now are required.
type Options struct {
	Issuer   string       // https://…; http only for one on this machine
	Client   string       // our id there
	Secret   string       // empty for a public client: PKCE alone
	Redirect string       // our own address to which the provider sends people back
	Name     string       // what people call it; empty is the issuer's host
	HTTP     *http.Client // for every request to the provider
	Now      func() time.Time
}

// Provider is an OpenID Connect provider. It is asked what it is when somebody first signs in, so that the program
// starts while it is away. It is safe for concurrent use.
type Provider struct {
	o    Options
	http *http.Client

	mu       sync.Mutex
	provider *oidc.Provider
	verifier *oidc.IDTokenVerifier
	used     map[string]time.Time // states that came back, until their tickets end
}

// TicketTime is how long a person may take to sign in at the provider.
const TicketTime = 10 * time.Minute

// Ticket is what a browser keeps while its person is at the provider. Whoever holds none cannot come back.
type Ticket struct {
	State    string    `json:"state"`
	Nonce    string    `json:"nonce"`
	Verifier string    `json:"verifier"`
	Next     string    `json:"next,omitempty"` // page to go on to
	Until    time.Time `json:"until"`
}

// Identity is somebody as the provider knows them.
type Identity struct {
	Issuer  string
	Subject string
}

// ErrRefused is for a sign-in that is not what it should be; ErrDenied for one that the provider did not grant.
var (
	ErrRefused = errors.New("the sign-in is not valid; begin again")
	ErrDenied  = errors.New("the provider did not let you in")
)

// answerLimit bounds what is read of an answer of the provider.
const answerLimit = 1 << 20

// New checks the options.
func New(o Options) (*Provider, error) {
	u, err := url.Parse(o.Issuer)
	local := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Scheme != "https" && !(u.Scheme == "http" && local):
		return nil, fmt.Errorf("issuer %q is not of the form https://host/path: %w", o.Issuer, counterpoint.ErrInvalid)
	case o.Client == "" || o.Redirect == "" || o.HTTP == nil || o.HTTP.Transport == nil:
		return nil, fmt.Errorf("signon: client, redirect and an HTTP client with its transport are required: %w", counterpoint.ErrInvalid)
	}
	if o.Name == "" {
		o.Name = u.Hostname()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	bounded := *o.HTTP
	bounded.Transport = limited{o.HTTP.Transport}
	return &Provider{o: o, http: &bounded, used: map[string]time.Time{}}, nil
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.o.Name }

// Issuer names the provider in links of accounts.
func (p *Provider) Issuer() string { return p.o.Issuer }

// algorithms are the signatures we take, whatever the provider says it can: each proves that the provider itself signed.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// known is the provider as it describes itself.
func (p *Provider) known(ctx context.Context) (*oidc.Provider, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.provider != nil {
		return p.provider, p.verifier, nil
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.http), p.o.Issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("ask the sign-in provider %s what it is (%w): %w", p.o.Issuer, err, counterpoint.ErrAway)
	}
	keys := oidc.ClientContext(context.WithoutCancel(ctx), p.http)
	p.provider = found
	p.verifier = found.VerifierContext(keys, &oidc.Config{ClientID: p.o.Client, SupportedSigningAlgs: algorithms, Now: p.o.Now})
	return p.provider, p.verifier, nil
}

func (p *Provider) oauth(found *oidc.Provider) oauth2.Config {
	return oauth2.Config{ClientID: p.o.Client, ClientSecret: p.o.Secret, Endpoint: found.Endpoint(), RedirectURL: p.o.Redirect, Scopes: []string{oidc.ScopeOpenID}}
}

// Start is where the person signs in, and the ticket that their browser keeps meanwhile.
func (p *Provider) Start(ctx context.Context, next string) (string, Ticket, error) {
	found, _, err := p.known(ctx)
	if err != nil {
		return "", Ticket{}, err
	}
	t := Ticket{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next, Until: p.o.Now().Add(TicketTime)}
	c := p.oauth(found)
	return c.AuthCodeURL(t.State, oidc.Nonce(t.Nonce), oauth2.S256ChallengeOption(t.Verifier)), t, nil
}

// Finish is who comes back from the provider with the query. A ticket is good for one return.
func (p *Provider) Finish(ctx context.Context, t Ticket, query url.Values) (Identity, error) {
	if err := p.redeem(t, query); err != nil {
		return Identity{}, err
	}
	if query.Get("error") != "" || query.Get("code") == "" {
		return Identity{}, ErrDenied
	}
	found, verifier, err := p.known(ctx)
	if err != nil {
		return Identity{}, err
	}
	c := p.oauth(found)
	token, err := c.Exchange(oidc.ClientContext(ctx, p.http), query.Get("code"), oauth2.VerifierOption(t.Verifier))
	if err != nil {
		if _, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
			return Identity{}, fmt.Errorf("the provider does not take the code: %w", ErrRefused)
		}
		return Identity{}, fmt.Errorf("ask the sign-in provider for a token (%w): %w", err, counterpoint.ErrAway)
	}
	raw, _ := token.Extra("id_token").(string)
	return p.check(ctx, verifier, raw, t, token.AccessToken)
}

// redeem takes a ticket that belongs to the query, once.
func (p *Provider) redeem(t Ticket, query url.Values) error {
	state, now := query.Get("state"), p.o.Now()
	switch {
	case t.State == "" || t.Nonce == "" || t.Verifier == "" || subtle.ConstantTimeCompare([]byte(state), []byte(t.State)) != 1:
		return fmt.Errorf("it was begun in another browser: %w", ErrRefused)
	case now.After(t.Until):
		return fmt.Errorf("it took longer than %s: %w", TicketTime, ErrRefused)
	case query.Has("iss") && query.Get("iss") != p.o.Issuer: // RFC 9207
		return fmt.Errorf("another provider answered: %w", ErrRefused)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, until := range p.used {
		if now.After(until) {
			delete(p.used, s)
		}
	}
	if _, again := p.used[t.State]; again {
		return fmt.Errorf("it was used before: %w", ErrRefused)
	}
	p.used[t.State] = t.Until
	return nil
}

// check believes an ID token that this provider signed, for us, now, for this ticket.
func (p *Provider) check(ctx context.Context, verifier *oidc.IDTokenVerifier, raw string, t Ticket, access string) (Identity, error) {
	token, err := verifier.Verify(oidc.ClientContext(ctx, p.http), raw)
	if err != nil {
		return Identity{}, fmt.Errorf("the token does not verify (%w): %w", err, ErrRefused)
	}
	var claims struct {
		Azp string  `json:"azp"`
		Nbf float64 `json:"nbf"`
	}
	if err := token.Claims(&claims); err != nil {
		return Identity{}, fmt.Errorf("the token cannot be read: %w", ErrRefused)
	}
	const skew = 2 * time.Minute
	now := p.o.Now()
	switch {
	case subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(t.Nonce)) != 1:
		return Identity{}, fmt.Errorf("the token is of another sign-in: %w", ErrRefused)
	case claims.Azp != "" && claims.Azp != p.o.Client, len(token.Audience) > 1 && claims.Azp == "":
		return Identity{}, fmt.Errorf("the token was made for another program: %w", ErrRefused)
	case token.IssuedAt.After(now.Add(skew)), time.Unix(int64(claims.Nbf), 0).After(now.Add(skew)):
		return Identity{}, fmt.Errorf("the token is of the future; is the clock of this machine right?: %w", ErrRefused)
	case token.Subject == "" || len(token.Subject) > 255:
		return Identity{}, fmt.Errorf("the token names nobody: %w", ErrRefused)
	}
	if token.AccessTokenHash != "" && token.VerifyAccessToken(access) != nil {
		return Identity{}, fmt.Errorf("the token belongs to another answer: %w", ErrRefused)
	}
	return Identity{Issuer: p.o.Issuer, Subject: token.Subject}, nil
}
