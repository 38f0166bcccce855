package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestSignsInByProvider starts the program with a provider in its configuration: the sign-in page offers it, people are
// sent there with our address to come back to, and an admin links an account beside the process. The way back, and what
// can be wrong with it, is tested in api/signon.
func TestSignsInByProvider(t *testing.T) {
	var idp *httptest.Server
	idp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"issuer": idp.URL, "authorization_endpoint": idp.URL + "/authorize", "token_endpoint": idp.URL + "/token", "jwks_uri": idp.URL + "/keys"})
	}))
	defer idp.Close()
	dir, bin := t.TempDir(), build(t, "")
	file := filepath.Join(dir, "mission.yaml")
	write(t, filepath.Join(dir, "secret"), "a secret\n")
	write(t, file, "oidc:\n  issuer: "+idp.URL+"\n  client: desk\n  secret_file: "+filepath.Join(dir, "secret")+"\n  name: Mission account\nnetworks: [127.0.0.1]\n")
	data := filepath.Join(dir, "data")
	if _, errs, code := command(t, bin, "", "run", "--listen", "127.0.0.1:0", "--data", data, "--config", file); code != exitUsage || !strings.Contains(errs, "--site") {
		t.Errorf("without a site: exit %d %s", code, errs)
	}
	p := startProcess(t, bin, "--data", data, "--config", file, "--site", "https://desk.example.org")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res := fetch(t, &client, "http://"+p.address+"/signin/provider")
	u, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.StatusCode != 303 || !strings.HasPrefix(u.String(), idp.URL+"/authorize?") || u.Query().Get("redirect_uri") != "https://desk.example.org/signin/return" {
		t.Errorf("sent to %s with %s", u, res.Status)
	}
	if c := res.Cookies(); len(c) != 1 || c[0].Name != "__Host-counterpoint_ticket" || !c[0].Secure || !c[0].HttpOnly {
		t.Errorf("the ticket's cookie is %v", c)
	}
	if _, errs, code := command(t, bin, "a long enough password\n", "account", "add", "Amina", "--roles", "reviewer", "--data", data); code != 0 {
		t.Fatalf("account add: %s", errs)
	}
	if out, errs, code := command(t, bin, "", "account", "link", "Amina", "6b1f", "--data", data); code != 0 || !strings.Contains(out, "linked acc_") {
		t.Errorf("account link: exit %d %s%s", code, out, errs)
	}
	if _, errs, code := command(t, bin, "", "account", "link", "Nobody", "6b1f", "--data", data); code != exitFailed || !strings.Contains(errs, "there is no account") {
		t.Errorf("link of nobody: exit %d %s", code, errs)
	}
	if out, errs, code := command(t, bin, "", "export", "audit", "--data", data); code != 0 || !strings.Contains(out, "account.link") || strings.Contains(out, "6b1f") {
		t.Errorf("the audit of the link: exit %d %s", code, errs)
	}
}
