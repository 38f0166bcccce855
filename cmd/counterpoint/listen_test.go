package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestCheckListen holds that only what serves health and metrics alone can be reached by others.
func TestCheckListen(t *testing.T) {
	f := func(listen, roles string, ok bool) {
		t.Helper()
		c := config{Listen: listen}
		if roles != "" {
			c.Roles = strings.Split(roles, ",")
		}
		if err := c.checkListen(); (err == nil) != ok || err != nil && !isUsage(err) {
			t.Errorf("%s for %q: %v", listen, roles, err)
		}
	}
	for _, all := range []string{"0.0.0.0:8080", ":8080", "10.1.2.3:80", "[::]:8080", "somewhere:8080"} {
		f(all, "", false)
		f(all, "ingest", false)
		f(all, "index,api", false)
		f(all, "classify,index,respond", true)
	}
	for _, own := range []string{"127.0.0.1:0", "localhost:80", "[::1]:8080"} {
		f(own, "", true)
		f(own, "api", true)
	}
	f("8080", "index", false)
	for _, c := range []config{{Listen: "0.0.0.0:8443", TLS: autoTLS}, {Listen: ":8443", TLS: "a.pem,b.pem"}, {Listen: "10.1.2.3:80", Proxies: []string{"10.1.2.4"}}} {
		if err := c.checkListen(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	err := config{Listen: "0.0.0.0:8080"}.checkListen()
	for _, remedy := range []string{"in the clear", "--tls auto", "--tls cert.pem,key.pem", "--behind-proxy", "127.0.0.1"} {
		if err == nil || !strings.Contains(err.Error(), remedy) {
			t.Errorf("a refused address does not tell of %s: %v", remedy, err)
		}
	}
}

// TestCheckProxies holds which networks may be believed.
func TestCheckProxies(t *testing.T) {
	f := func(network string, ok bool) {
		t.Helper()
		if _, err := (config{Proxies: []string{network}}).proxies(); (err == nil) != ok {
			t.Errorf("--behind-proxy %s: %v", network, err)
		}
	}
	for _, good := range []string{"10.1.2.3", "10.1.2.0/24", "2001:db8::/64", "::1", "127.0.0.1"} {
		f(good, true)
	}
	for _, bad := range []string{"", "proxy.example.org", "10.1.2.0/33", "0.0.0.0/0", "::/0", "10.1.2"} {
		f(bad, false)
	}
}

// TestCheckSite holds what may be said of the proxy in front.
func TestCheckSite(t *testing.T) {
	f := func(site, want string) {
		t.Helper()
		c := config{Site: site}
		err := c.checkSite()
		if (err == nil) != (want != "-") || err == nil && c.Site != want {
			t.Errorf("site %q = %q, %v; want %q", site, c.Site, err, want)
		}
	}
	f("", "")
	f("https://desk.example.org", "https://desk.example.org")
	f("https://desk.example.org:8443/", "https://desk.example.org:8443")
	for _, bad := range []string{"http://desk.example.org", "desk.example.org", "https://", "https://u:p@desk.example.org", "https://desk.example.org/desk", "https://a?b", "https://a#b"} {
		f(bad, "-")
	}
}

// TestSite signs in behind a TLS proxy: links name the site, and the session's cookie never travels in the clear.
func TestSite(t *testing.T) {
	const site = "https://desk.example.org"
	p := startProcess(t, build(t, ""), "--data", t.TempDir(), "--site", site)
	link := ""
	eventually(t, "a link to sign in that names the site", func() bool {
		_, after, ok := strings.Cut(p.out.String(), site+"/enter/")
		secret, _, whole := strings.Cut(after, "\n")
		link = "/enter/" + secret
		return ok && whole
	})
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	ask := func(path string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "desk.example.org"
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	if h := ask("/signin").Header.Get("Strict-Transport-Security"); h == "" {
		t.Error("no Strict-Transport-Security")
	}
	res := ask(link)
	for _, c := range res.Cookies() {
		if c.Secure && strings.HasPrefix(c.Name, "__Host-") {
			return
		}
	}
	t.Errorf("GET %s: %s, cookies %v; want a session of this host that is Secure", link, res.Status, res.Cookies())
}
