package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// ownCertificate is that of a data folder, at a time.
func ownCertificate(t *testing.T, cfg config, now time.Time) *certificate {
	t.Helper()
	x := &certificate{
		cert: cfg.path(ownCert), key: cfg.path(ownKey), names: cfg.namesOf(), log: slog.New(slog.DiscardHandler),
		now: func() time.Time { return now },
	}
	if err := x.load(); err != nil {
		t.Fatal(err)
	}
	return x
}

// TestOwnCertificate holds that the certificate is kept as long as it is good, names what people type, and is made
// anew, with the same key, while the old one still holds.
func TestOwnCertificate(t *testing.T) {
	cfg := config{Data: t.TempDir(), Listen: "0.0.0.0:8443", TLS: autoTLS, Site: "https://desk.example.org:8443"}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	first := ownCertificate(t, cfg, now)
	leaf := first.have.Leaf
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	for _, name := range append([]string{"desk.example.org", "localhost", "127.0.0.1", "::1"}, ownAddresses()...) {
		if _, err := leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, CurrentTime: now}); err != nil {
			t.Errorf("for %s: %v", name, err)
		}
	}
	if leaf.PublicKeyAlgorithm != x509.ECDSA || leaf.NotAfter.Sub(leaf.NotBefore) > 398*24*time.Hour {
		t.Errorf("%s, %s to %s", leaf.PublicKeyAlgorithm, leaf.NotBefore, leaf.NotAfter)
	}
	if s, err := os.Stat(cfg.path(ownKey)); err != nil || s.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the key's file: %v %v", s.Mode(), err)
	}
	for days, same := range map[int]bool{0: true, 1: true, 366: true, 367: false, 400: false} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(cfg.Data)); err != nil {
			t.Fatal(err)
		}
		later := cfg
		later.Data = dir
		at := now.Add(time.Duration(days) * 24 * time.Hour)
		again := ownCertificate(t, later, at)
		if (again.fingerprint() == first.fingerprint()) != same {
			t.Errorf("after %d days: the same certificate is %v, want %v", days, !same, same)
		}
		if !slices.Equal(again.have.Leaf.RawSubjectPublicKeyInfo, leaf.RawSubjectPublicKeyInfo) {
			t.Errorf("after %d days it has another key", days)
		}
	}
	elsewhere := cfg
	elsewhere.Listen, elsewhere.Site = "10.9.8.7:8443", ""
	moved := ownCertificate(t, elsewhere, now)
	if moved.fingerprint() == first.fingerprint() || !slices.Contains(namesIn(moved.have.Leaf), "10.9.8.7") || !slices.Contains(namesIn(moved.have.Leaf), "desk.example.org") {
		t.Errorf("with another address it is %v", namesIn(moved.have.Leaf))
	}
	if back := ownCertificate(t, cfg, now); back.fingerprint() != moved.fingerprint() {
		t.Error("back at the old address it is another one, though it had the name already")
	}
}

// TestCertificateRenewedWhileServing holds that a handshake after the time gets the new certificate, and an hour
// before the old one.
func TestCertificateRenewedWhileServing(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	x := ownCertificate(t, config{Data: t.TempDir(), Listen: "127.0.0.1:0"}, now)
	x.now = func() time.Time { return now }
	first := x.have
	end := first.Leaf.NotAfter
	for _, step := range []struct {
		at   time.Time
		same bool
	}{{now, true}, {end.Add(-renewLeft - time.Minute), true}, {end.Add(-renewLeft + time.Minute), false}} {
		now = step.at
		got, err := x.get(nil)
		if err != nil || (got == first) != step.same {
			t.Errorf("at %s: another certificate is %v, %v", step.at, got != first, err)
		}
		if !got.Leaf.NotAfter.After(now) {
			t.Errorf("at %s it ended on %s", step.at, got.Leaf.NotAfter)
		}
	}
}

// TestCertificateFiles holds what happens with the operator's own files.
func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	files := func(name string, from time.Time) (cert, key string) {
		x := ownCertificate(t, config{Data: filepath.Join(dir, name), Listen: "127.0.0.1:0"}, from)
		return x.cert, x.key
	}
	cert, key := files("good", time.Now())
	old, oldKey := files("old", time.Now().Add(-500*24*time.Hour))
	next, nextKey := files("next", time.Now().Add(48*time.Hour))
	f := func(setting, want string) {
		t.Helper()
		c := config{TLS: setting}
		err := c.checkTLS()
		if err == nil {
			_, err = c.certificate(slog.New(slog.DiscardHandler))
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("--tls %s = %v, want %q", setting, err, want)
		}
	}
	f(cert+","+key, "")
	f(cert, "neither auto nor")
	f(cert+",", "neither auto nor")
	f(cert+","+oldKey, "read the certificate")
	f(old+","+oldKey, "ended on")
	f(next+","+nextKey, "begins on")
	f(filepath.Join(dir, "no.pem")+","+key, "no.pem")

	x, err := config{TLS: cert + "," + key}.certificate(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := x.have.Certificate[0]
	fresh, freshKey := files("fresh", time.Now())
	copyFile(t, fresh, cert) // the key is not there yet: the old pair serves on
	x.now = func() time.Time { return time.Now().Add(time.Hour) }
	if got, err := x.get(nil); err != nil || !slices.Equal(got.Certificate[0], first) {
		t.Errorf("half a new pair is served, or %v", err)
	}
	copyFile(t, freshKey, key)
	x.now = func() time.Time { return time.Now().Add(2 * time.Hour) }
	if got, err := x.get(nil); err != nil || slices.Equal(got.Certificate[0], first) {
		t.Errorf("a renewed pair is not served: %v", err)
	}
}

// TestServesTLS starts the program with a certificate of its own on all addresses: people come in over TLS, the
// cookie is of this host and Secure, the machine's own commands work beside it, and the fingerprint stays.
func TestServesTLS(t *testing.T) {
	dir, bin := t.TempDir(), build(t, "")
	p := startTLS(t, bin, "--data", dir, "--listen", "0.0.0.0:0", "--tls", "auto")
	client := trusting(t, filepath.Join(dir, ownCert))
	_, port, _ := net.SplitHostPort(p.address)
	base := "https://127.0.0.1:" + port
	res := fetch(t, client, base+"/signin")
	if res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") != "" {
		t.Errorf("GET /signin: %s, HSTS %q; of a certificate that no browser knows it must not be said", res.Status, res.Header.Get("Strict-Transport-Security"))
	}
	_, link, _ := strings.Cut(p.out.String(), "/enter/")
	link, _, _ = strings.Cut(link, "\n")
	if res := fetch(t, client, base+"/enter/"+link); res.StatusCode != 200 || res.Request.URL.Path == "/signin" {
		t.Errorf("the printed link leads to %s, %s", res.Request.URL, res.Status)
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	cookies := fetch(t, client, base+"/enter/"+link).Cookies()
	if len(cookies) != 1 || !strings.HasPrefix(cookies[0].Name, "__Host-") || !cookies[0].Secure || !cookies[0].HttpOnly {
		t.Errorf("cookies %v, want one of this host over TLS only", cookies)
	}
	for _, args := range [][]string{{"account", "list"}, {"dead", "redrive"}, {"account", "token", "operator-of-nobody"}} {
		out, errs, code := command(t, bin, "", append(args, "--data", dir)...)
		if code != 0 && !strings.Contains(errs, "there is no account") {
			t.Errorf("%v beside it: exit %d %s%s", args, code, out, errs)
		}
	}
	r, err := findRunning(dir)
	if err != nil || r == nil {
		t.Fatalf("run.json: %+v %v", r, err)
	}
	if res := fetch(t, http.DefaultClient, "http://"+r.Address+"/signin"); res.StatusCode != 403 {
		t.Errorf("the commands' address serves pages in the clear: %s", res.Status)
	}
	told := fingerprintOf(t, p)
	if err := p.interrupt(); err != nil {
		t.Error(err)
	}
	p = startTLS(t, bin, "--data", dir, "--listen", "0.0.0.0:0", "--tls", "auto")
	if again := fingerprintOf(t, p); again != told {
		t.Errorf("the fingerprint was %s and is %s", told, again)
	}
}

// TestServesWithFiles holds that a certificate that browsers know is served with HSTS, on every answer.
func TestServesWithFiles(t *testing.T) {
	dir := t.TempDir()
	x := ownCertificate(t, config{Data: dir, Listen: "127.0.0.1:0"}, time.Now())
	p := startTLS(t, build(t, ""), "--data", filepath.Join(dir, "data"), "--no-example", "--tls", x.cert+","+x.key)
	client := trusting(t, x.cert)
	for _, path := range []string{"/signin", "/nowhere", "/healthz", "/api/v1/flags", "/static/style.css"} {
		if h := fetch(t, client, "https://"+p.address+path).Header.Get("Strict-Transport-Security"); h == "" {
			t.Errorf("GET %s says nothing of staying on TLS", path)
		}
	}
}

// TestServesBehindProxy plays the proxy on loopback.
func TestServesBehindProxy(t *testing.T) {
	dir, bin := t.TempDir(), build(t, "")
	p := startProcess(t, bin, "--data", dir, "--behind-proxy", "127.0.0.1")
	ask := func(proto string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+"/signin", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Forwarded-Proto", proto)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	if res := ask("https"); res.StatusCode != 200 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("through the proxy: %s, %v", res.Status, res.Header)
	}
	if res := ask("http"); res.StatusCode != 403 {
		t.Errorf("through the proxy in the clear: %s", res.Status)
	}
	if out, errs, code := command(t, bin, "", "dead", "redrive", "--data", dir); code != 0 {
		t.Errorf("a command beside it: exit %d %s%s", code, out, errs)
	}
}

// startTLS is startProcess for one that says https.
func startTLS(t *testing.T, bin string, args ...string) *process {
	t.Helper()
	p := spawn(t, bin, args...)
	eventually(t, "it says where it listens", func() bool {
		_, rest, ok := strings.Cut(p.out.String(), "listens on https://")
		p.address, _, _ = strings.Cut(rest, "/")
		said := p.out.String()
		return ok && (strings.Count(said, "/enter/") == 3 || strings.Contains(said, "/welcome/"))
	})
	return p
}

func fingerprintOf(t *testing.T, p *process) string {
	t.Helper()
	for _, line := range strings.Split(p.out.String(), "\n") {
		if line = strings.TrimSpace(line); len(line) == 32*3-1 && strings.Count(line, ":") == 31 {
			return line
		}
	}
	t.Fatalf("no fingerprint in %s", p.out)
	return ""
}

// trusting is a browser to which one certificate was shown.
func trusting(t *testing.T, cert string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("%s holds no certificate", cert)
	}
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
}

func fetch(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res
}
