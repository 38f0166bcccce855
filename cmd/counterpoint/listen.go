package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"counterpoint/api"
)

// checkListen refuses an address that others can reach where people sign in or files are handed over, unless TLS or a
// proxy stands before it: what they send would travel in the clear. The other roles serve health and metrics, which
// Prometheus may fetch from afar.
func (c config) checkListen() error {
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		return usagef("--listen %q is not host:port", c.Listen)
	}
	if c.loopback() || c.guarded() || !c.does(roleIngest, roleAPI) {
		return nil
	}
	return usagef(`--listen %s could be reached by others, and sign-ins and files would travel in the clear. Choose one:
  --tls auto                 a certificate of its own, whose fingerprint people compare once
  --tls cert.pem,key.pem     a certificate that browsers know
  --behind-proxy CIDR        a TLS proxy of yours in that network, which alone is let in
  --listen 127.0.0.1:8080    this machine only
Processes without the roles ingest and api may listen anywhere.`, c.Listen)
}

// loopback reports whether only this machine can reach the address.
func (c config) loopback() bool {
	host, _, _ := net.SplitHostPort(c.Listen)
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// guarded reports whether something sees to it that nobody signs in in the clear from afar.
func (c config) guarded() bool { return c.TLS != "" || len(c.Proxies) > 0 }

// proxies are the networks that are believed.
func (c config) proxies() (all []netip.Prefix, err error) {
	for _, p := range c.Proxies {
		n, err := netip.ParsePrefix(p)
		if a, one := netip.ParseAddr(p); one == nil {
			n, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("behind-proxy %q is neither an address nor a network such as 10.1.2.0/24", p)
		}
		if n.Bits() == 0 {
			return nil, fmt.Errorf("behind-proxy %s is everybody: anybody could claim any address; name the proxy's own", p)
		}
		all = append(all, n.Masked())
	}
	return all, nil
}

// around is the handler as others reach it: behind the proxy, and with the browser told to stay on TLS. Not where the
// certificate is our own: a browser that was told so lets nobody past its next one.
func (c config) around(h http.Handler) http.Handler {
	if c.TLS != autoTLS {
		h = strictTransport(c.behindTLS(), h)
	}
	if proxies, _ := c.proxies(); len(proxies) > 0 { // checked before
		h = api.Behind(proxies...)(h)
	}
	return h
}

func strictTransport(always bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if always || api.OverTLS(r) {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// base is the address that people open.
func (c config) base(address string) string {
	if c.Site != "" {
		return c.Site
	}
	if c.TLS == "" {
		return "http://" + address
	}
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = c.namesOf()[0]
	}
	return "https://" + net.JoinHostPort(host, port)
}

// checkSite looks at the address that people open, and makes it one without a slash at the end.
func (c *config) checkSite() error {
	c.Site = strings.TrimSuffix(c.Site, "/")
	if c.Site == "" {
		return nil
	}
	u, err := url.Parse(c.Site)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || c.Site != "https://"+u.Host {
		return fmt.Errorf("site is not of the form https://host or https://host:port, the address of the TLS proxy before the pages; leave it out where there is none")
	}
	return nil
}

// behindTLS reports whether browsers speak TLS to whatever stands before the pages.
func (c config) behindTLS() bool { return c.Site != "" }
