package main

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// checkListen refuses an address that others can reach where people sign in or files are handed over: without TLS
// that would travel in the clear. The other roles serve health and metrics, which Prometheus may fetch from afar.
func (c config) checkListen() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return usagef("--listen %q is not host:port", c.Listen)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) || !c.does(roleIngest, roleAPI) {
		return nil
	}
	return usagef("--listen %s could be reached by others, and sign-ins and files would travel in the clear; listen on 127.0.0.1 and put a TLS proxy on the same machine before it; processes without the roles ingest and api may listen anywhere", c.Listen)
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
