package signon_test

import (
	"context"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
	"counterpoint/api/signon"
	"counterpoint/api/web"
)

const client = "counterpoint-desk"

// key is one of the provider's.
type key struct {
	id   string
	priv *rsa.PrivateKey
}

func newKey(t *testing.T, id string) key {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key{id, k}
}

// idp is a provider on loopback that lets in whom the test says, and lies as the test says.
type idp struct {
	t      *testing.T
	server *httptest.Server

	mu       sync.Mutex
	keys     []key // published
	sign     func(claims map[string]any) string
	grants   map[string]grant // codes
	exchange int
}

// grant is what a code was given for.
type grant struct {
	nonce, challenge, redirect, subject string
}

func newIDP(t *testing.T) *idp {
	p := &idp{t: t, keys: []key{newKey(t, "one")}, grants: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 200, map[string]any{
			"issuer": p.server.URL, "authorization_endpoint": p.server.URL + "/authorize", "token_endpoint": p.server.URL + "/token",
			"jwks_uri": p.server.URL + "/keys", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}, // what it says it can is not believed
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		var all []map[string]string
		for _, k := range p.keys {
			all = append(all, jwk(k))
		}
		reply(w, 200, map[string]any{"keys": all})
	})
	mux.HandleFunc("POST /token", p.token)
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func jwk(k key) map[string]string {
	b64 := base64.RawURLEncoding.EncodeToString
	return map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id, "n": b64(k.priv.N.Bytes()), "e": b64(big.NewInt(int64(k.priv.E)).Bytes())}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// token exchanges a code once, for who shows the verifier of its challenge.
func (p *idp) token(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.exchange++
	g, ok := p.grants[r.FormValue("code")]
	delete(p.grants, r.FormValue("code"))
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	if !ok || g.redirect != r.FormValue("redirect_uri") || base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		reply(w, 400, map[string]string{"error": "invalid_grant"})
		return
	}
	claims := map[string]any{
		"iss": p.server.URL, "aud": client, "sub": g.subject, "nonce": g.nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix(), "roles": []string{"admin"}, "role": "admin",
	}
	sign := p.sign
	if sign == nil {
		sign = func(c map[string]any) string { return rs256(p.keys[0], c, nil) }
	}
	reply(w, 200, map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": sign(claims)})
}

// authorize is the person at the provider: they sign in, and the provider sends the browser back with a code.
func (p *idp) authorize(location, subject string) (back string) {
	p.t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, p.server.URL+"/authorize?") {
		p.t.Fatalf("sent to %s, want the provider (%v)", location, err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("client_id") != client || q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || q.Get("nonce") == "" || len(q.Get("state")) < 20 {
		p.t.Fatalf("the request has no PKCE, nonce or state: %s", location)
	}
	code := fmt.Sprint("code-", len(p.grants), "-", q.Get("state")[:6])
	p.mu.Lock()
	p.grants[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri"), subject}
	p.mu.Unlock()
	return q.Get("redirect_uri") + "?" + url.Values{"code": {code}, "state": {q.Get("state")}}.Encode()
}

func jws(header, claims map[string]any, sign func(input []byte) []byte) string {
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	input := part(header) + "." + part(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

func rs256(k key, claims, header map[string]any) string {
	h := map[string]any{"alg": "RS256", "typ": "JWT", "kid": k.id}
	maps.Copy(h, header)
	return jws(h, claims, func(in []byte) []byte {
		sum := sha256.Sum256(in)
		sig, err := rsa.SignPKCS1v15(rand.Reader, k.priv, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return sig
	})
}

// desk is a mission whose people may sign in by the provider.
type desk struct {
	t      *testing.T
	idp    *idp
	desk   *api.Desk
	server *httptest.Server
	now    func() time.Time
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, idp: newIDP(t), now: time.Now}
	d.desk = apitest.NewBook(t).Desk(api.DeskOptions{Now: func() time.Time { return d.now() }})
	d.server = httptest.NewUnstartedServer(nil)
	d.server.Start()
	t.Cleanup(d.server.Close)
	on, err := signon.New(signon.Options{
		Issuer: d.idp.server.URL, Client: client, Secret: "s", Redirect: d.server.URL + "/signin/return", Name: "Mission account",
		HTTP: &http.Client{Transport: d.idp.server.Client().Transport, Timeout: 10 * time.Second}, Now: func() time.Time { return d.now() },
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(web.Options{Desk: d.desk, Version: "test", Log: slog.New(slog.DiscardHandler), SignOn: on})
	if err != nil {
		t.Fatal(err)
	}
	d.server.Config.Handler = api.Authenticate(d.desk)(pages.Handler())
	for name, role := range map[string]counterpoint.PersonRole{"Amina": counterpoint.Reviewer, "Chief": counterpoint.Admin} {
		if _, err := d.desk.MakeAccount(t.Context(), api.Call{By: api.Operator}, name, "", []counterpoint.PersonRole{role}, false); err != nil {
			t.Fatal(err)
		}
		if _, err := d.desk.LinkSubject(t.Context(), api.Call{By: api.Operator}, name, d.idp.server.URL, "sub-"+name); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// browser is one person's.
type browser struct {
	d    *desk
	http *http.Client
}

func (d *desk) browser() *browser {
	jar, _ := cookiejar.New(nil)
	return &browser{d, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

func (b *browser) get(address string) (status int, location, body string) {
	b.d.t.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.d.server.URL + address
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		b.d.t.Fatal(err)
	}
	res, err := b.http.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(all)
}

// begin goes to the provider and comes back to the address it gives.
func (b *browser) begin(subject, next string) (back string) {
	b.d.t.Helper()
	_, there, _ := b.get("/signin/provider?next=" + url.QueryEscape(next))
	return b.d.idp.authorize(there, subject)
}

// who is the account that the browser acts as, empty for nobody.
func (b *browser) who() string {
	b.d.t.Helper()
	status, _, body := b.get("/me")
	if status != 200 {
		return ""
	}
	for _, name := range []string{"Amina", "Chief"} {
		if strings.Contains(body, name) {
			return name
		}
	}
	return "somebody"
}

func TestSignIn(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	if _, _, page := b.get("/signin"); !strings.Contains(page, "Sign in with Mission account") {
		t.Error("the sign-in page does not offer the provider")
	}
	status, location, _ := b.get(b.begin("sub-Amina", "/narratives"))
	if status != 303 || location != "/narratives" || b.who() != "Amina" {
		t.Errorf("back with %d at %s, as %q", status, location, b.who())
	}
	a, err := d.desk.FindAccount(t.Context(), "Amina")
	if err != nil || len(a.Roles) != 1 || a.Roles[0] != counterpoint.Reviewer {
		t.Errorf("roles are %v: the token's claim of admin was read", a.Roles)
	}
	if status, _, _ := b.get("/accounts"); status != 403 {
		t.Errorf("a reviewer whose token says admin gets %d from /accounts", status)
	}
	if _, err := d.desk.DisableAccount(t.Context(), api.Call{By: api.Operator, Version: a.Version}, a.ID); err != nil {
		t.Fatal(err)
	}
	again := d.browser()
	if status, _, _ := again.get(again.begin("sub-Amina", "")); status != 403 || again.who() != "" {
		t.Errorf("an account that has ended: %d, as %q", status, again.who())
	}
}

// TestAttacks is the list of row S5 and more. Each must end with nobody signed in; the same way without the attack is
// TestSignIn's.
func TestAttacks(t *testing.T) {
	type attack func(d *desk, victim *browser)
	// token goes the whole way with a token that the provider, or somebody in its place, made otherwise.
	token := func(forge func(d *desk, claims map[string]any) string) attack {
		return func(d *desk, b *browser) {
			d.idp.sign = func(c map[string]any) string { return forge(d, c) }
			b.get(b.begin("sub-Amina", ""))
		}
	}
	changed := func(name string, value any) attack {
		return token(func(d *desk, c map[string]any) string {
			if c[name] = value; value == nil {
				delete(c, name)
			}
			return rs256(d.idp.keys[0], c, nil)
		})
	}
	attacks := map[string]attack{
		"alg none": token(func(_ *desk, c map[string]any) string {
			return jws(map[string]any{"alg": "none", "typ": "JWT"}, c, func([]byte) []byte { return nil })
		}),
		"alg none, spelt otherwise": token(func(_ *desk, c map[string]any) string {
			return jws(map[string]any{"alg": "nOnE"}, c, func([]byte) []byte { return nil })
		}),
		"HS256 with the public key": token(func(d *desk, c map[string]any) string {
			der, _ := x509.MarshalPKIXPublicKey(&d.idp.keys[0].priv.PublicKey)
			secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			return jws(map[string]any{"alg": "HS256", "kid": d.idp.keys[0].id}, c, func(in []byte) []byte {
				h := hmac.New(sha256.New, secret)
				h.Write(in)
				return h.Sum(nil)
			})
		}),
		"HS256 with the client's secret": token(func(_ *desk, c map[string]any) string {
			return jws(map[string]any{"alg": "HS256"}, c, func(in []byte) []byte {
				h := hmac.New(sha256.New, []byte("s"))
				h.Write(in)
				return h.Sum(nil)
			})
		}),
		"made for another program":          changed("aud", "another-client"),
		"made for several, without azp":     changed("aud", []string{client, "another-client"}),
		"made for another party":            changed("azp", "another-client"),
		"of another issuer":                 changed("iss", "https://idp.example.org"),
		"expired":                           changed("exp", time.Now().Add(-time.Minute).Unix()),
		"without an end":                    changed("exp", nil),
		"of the future":                     changed("iat", time.Now().Add(time.Hour).Unix()),
		"without a nonce":                   changed("nonce", nil),
		"with the nonce of another sign-in": changed("nonce", "another"),
		"that names nobody":                 changed("sub", ""),
		"that names one who is not linked":  changed("sub", "sub-nobody"),
		"subject that differs by case":      changed("sub", "SUB-AMINA"),
		"kid that leads elsewhere": token(func(d *desk, c map[string]any) string {
			return rs256(newKey(t, "one"), c, map[string]any{"kid": "../../../keys?x=", "jku": d.idp.server.URL + "/evil", "x5u": d.idp.server.URL + "/evil"})
		}),
		"key that the token brings itself": token(func(_ *desk, c map[string]any) string {
			mine := newKey(t, "mine")
			return rs256(mine, c, map[string]any{"jwk": jwk(mine)})
		}),
		"another key under a known kid": token(func(_ *desk, c map[string]any) string { return rs256(newKey(t, "one"), c, nil) }),
		"key that was retired": func(d *desk, b *browser) {
			old := d.idp.keys[0]
			d.idp.mu.Lock()
			d.idp.keys = []key{newKey(t, "two")}
			d.idp.mu.Unlock()
			d.idp.sign = func(c map[string]any) string { return rs256(old, c, nil) }
			b.get(b.begin("sub-Amina", ""))
		},
		"changed after it was signed": token(func(d *desk, c map[string]any) string {
			whole := strings.Split(rs256(d.idp.keys[0], c, nil), ".")
			c["sub"] = "sub-Chief"
			b, _ := json.Marshal(c)
			return whole[0] + "." + base64.RawURLEncoding.EncodeToString(b) + "." + whole[2]
		}),
		"no token at all": token(func(*desk, map[string]any) string { return "" }),
		"state of another browser": func(d *desk, b *browser) {
			attacker := d.browser()
			b.get(attacker.begin("sub-Chief", "")) // the victim opens the attacker's way back
		},
		"state and ticket of two sign-ins": func(d *desk, b *browser) {
			attacker := d.browser()
			theirs := attacker.begin("sub-Chief", "")
			b.begin("sub-Amina", "")
			b.get(theirs)
		},
		"no state": func(d *desk, b *browser) {
			u, _ := url.Parse(b.begin("sub-Amina", ""))
			b.get("/signin/return?code=" + u.Query().Get("code"))
		},
		"code of another sign-in under one's own state (no PKCE)": func(d *desk, b *browser) {
			stolen, _ := url.Parse(d.browser().begin("sub-Chief", ""))
			own, _ := url.Parse(b.begin("sub-Amina", ""))
			b.get("/signin/return?" + url.Values{"code": {stolen.Query().Get("code")}, "state": {own.Query().Get("state")}}.Encode())
		},
		"answer that another issuer gave": func(d *desk, b *browser) {
			b.get(b.begin("sub-Amina", "") + "&iss=" + url.QueryEscape("https://idp.example.org"))
		},
		"ticket made by oneself": func(d *desk, b *browser) {
			back, _ := url.Parse(b.begin("sub-Amina", ""))
			body := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"state":%q,"nonce":"x","verifier":"y","until":"2099-01-01T00:00:00Z"}`, back.Query().Get("state")))
			at, _ := url.Parse(d.server.URL)
			b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "counterpoint_ticket", Value: body + ".AAAA", Path: "/"}})
			b.get(back.String())
		},
		"session signed as a ticket is": func(d *desk, b *browser) {
			a, _ := d.desk.FindAccount(t.Context(), "Chief")
			ticket, _ := d.desk.SealTicket(t.Context(), fmt.Sprintf("%s.%d.4000000000", a.ID, a.Epoch))
			at, _ := url.Parse(d.server.URL)
			b.http.Jar.SetCookies(at, []*http.Cookie{{Name: "counterpoint_session", Value: ticket, Path: "/"}})
		},
		"the provider says no": func(d *desk, b *browser) {
			back, _ := url.Parse(b.begin("sub-Amina", ""))
			b.get("/signin/return?error=access_denied&state=" + back.Query().Get("state"))
		},
		"too late": func(d *desk, b *browser) {
			back := b.begin("sub-Amina", "")
			d.now = func() time.Time { return time.Now().Add(signon.TicketTime + time.Minute) }
			b.get(back)
		},
	}
	for name, do := range attacks {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			b := d.browser()
			do(d, b)
			if who := b.who(); who != "" {
				t.Errorf("signed in as %s", who)
			}
		})
	}
	if len(attacks) < 14 {
		t.Errorf("%d attacks", len(attacks))
	}
}

// TestStateReplay holds that a way back is good once, also with its ticket and a new code.
func TestStateReplay(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	_, there, _ := b.get("/signin/provider")
	at, _ := url.Parse(d.server.URL)
	ticket := b.http.Jar.Cookies(at)
	first := d.idp.authorize(there, "sub-Amina")
	if status, _, _ := b.get(first); status != 303 || b.who() != "Amina" {
		t.Fatalf("the first time: %d, %q", status, b.who())
	}
	thief := d.browser()
	thief.http.Jar.SetCookies(at, ticket)
	if status, _, _ := thief.get(d.idp.authorize(there, "sub-Amina")); status != 403 || thief.who() != "" {
		t.Errorf("the same state again, with a fresh code: %d, %q", status, thief.who())
	}
	if d.idp.exchange != 1 {
		t.Errorf("%d codes were exchanged, want one", d.idp.exchange)
	}
}

// TestOpenRedirect holds that nobody is sent elsewhere after they signed in.
func TestOpenRedirect(t *testing.T) {
	for _, next := range []string{"https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:/evil", "\thttps://evil.example"} {
		d := newDesk(t)
		b := d.browser()
		_, location, _ := b.get(b.begin("sub-Amina", next))
		if u, err := url.Parse(location); err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(location, "//") || !strings.HasPrefix(location, "/") {
			t.Errorf("next=%q leads to %q", next, location)
		}
		if b.who() != "Amina" {
			t.Errorf("next=%q: not signed in", next)
		}
	}
}

// TestKeyRotation holds that a new key of the provider is found.
func TestKeyRotation(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	b.get(b.begin("sub-Amina", ""))
	d.idp.mu.Lock()
	d.idp.keys = append([]key{newKey(t, "two")}, d.idp.keys...)
	d.idp.mu.Unlock()
	later := d.browser()
	if later.get(later.begin("sub-Chief", "")); later.who() != "Chief" {
		t.Error("a token of the new key is refused")
	}
}

// TestProviderAway holds that the program works without its provider, and says so.
func TestProviderAway(t *testing.T) {
	d := newDesk(t)
	d.idp.server.Close()
	b := d.browser()
	if status, _, _ := b.get("/signin/provider"); status != 503 {
		t.Errorf("while the provider is away: %d", status)
	}
	if status, _, _ := b.get("/signin"); status != 200 {
		t.Errorf("the sign-in page while the provider is away: %d", status)
	}
}

// TestNotLinked holds what somebody sees whom no account belongs to: what to tell an admin.
func TestNotLinked(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	status, _, page := b.get(b.begin("sub-new", ""))
	if status != 403 || !strings.Contains(page, "sub-new") || !strings.Contains(page, "Ask an admin") {
		t.Errorf("%d: %s", status, page)
	}
}

func TestOptions(t *testing.T) {
	with := func(issuer string) error {
		_, err := signon.New(signon.Options{Issuer: issuer, Client: "c", Redirect: "https://desk.example/signin/return", HTTP: &http.Client{Transport: http.DefaultTransport}})
		return err
	}
	for _, good := range []string{"https://idp.example.org", "https://idp.example.org/realms/mission", "http://127.0.0.1:8081"} {
		if err := with(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "http://idp.example.org", "idp.example.org", "https://u@idp.example.org", "https://idp.example.org?x=1", "file:///etc"} {
		if with(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := signon.New(signon.Options{Issuer: "https://a.example", Client: "c", Redirect: "https://b.example", HTTP: &http.Client{}}); err == nil {
		t.Error("a client that would use the default transport is taken")
	}
}
