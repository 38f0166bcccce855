package api_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"counterpoint/api"
)

// TestBehind holds that only trusted proxies are believed, and by their own word only.
func TestBehind(t *testing.T) {
	type seen struct {
		status int
		client string
		tls    bool
	}
	ask := func(from, path string, header http.Header) (s seen) {
		h := api.Behind(netip.MustParsePrefix("10.1.2.0/24"), netip.MustParsePrefix("2001:db8::5/128"))(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s.client, s.tls = api.ClientAddr(r).String(), api.OverTLS(r)
			}))
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr = from
		for name, values := range header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		s.status = w.Code
		return s
	}
	f := func(from, forwarded, proto string, want seen) {
		t.Helper()
		header := http.Header{}
		if forwarded != "" {
			header["X-Forwarded-For"] = []string{forwarded}
		}
		if proto != "" {
			header["X-Forwarded-Proto"] = []string{proto}
		}
		if got := ask(from, "/signin", header); got != want {
			t.Errorf("from %s, for %q, %q: %+v, want %+v", from, forwarded, proto, got, want)
		}
	}
	f("10.1.2.3:999", "198.51.100.7", "https", seen{200, "198.51.100.7", true})
	f("10.1.2.3:999", "1.1.1.1, 198.51.100.7", "https", seen{200, "198.51.100.7", true}) // what the client claims comes first
	f("10.1.2.3:999", "198.51.100.7, 10.1.2.9", "HTTPS", seen{200, "198.51.100.7", true})
	f("10.1.2.3:999", "::ffff:198.51.100.7", "https", seen{200, "198.51.100.7", true})
	f("[::ffff:10.1.2.3]:999", "198.51.100.7", "https", seen{200, "198.51.100.7", true})
	f("[2001:db8::5]:999", "2001:db8::77", "https", seen{200, "2001:db8::77", true})
	f("10.1.2.3:999", "198.51.100.7, junk", "https", seen{200, "10.1.2.3", true})
	f("10.1.2.3:999", "", "https", seen{200, "10.1.2.3", true})
	f("10.1.2.3:999", "198.51.100.7", "https, http", seen{403, "", false}) // the last word is the proxy's
	f("10.1.2.3:999", "198.51.100.7", "", seen{403, "", false})
	f("10.1.3.3:999", "198.51.100.7", "https", seen{403, "", false}) // past the proxy
	f("[2001:db8::6]:999", "198.51.100.7", "https", seen{403, "", false})
	f("not an address", "198.51.100.7", "https", seen{403, "", false})
	f("127.0.0.1:999", "198.51.100.7", "https", seen{200, "127.0.0.1", false}) // this machine, and not believed
	if got := ask("10.1.2.3:999", "/healthz", nil); got.status != 200 {
		t.Errorf("the proxy asks for health: %+v", got)
	}
}
