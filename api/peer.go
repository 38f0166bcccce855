package api

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
)

// peer is who speaks to us, where a proxy that we trust says so.
type peer struct {
	addr netip.Addr
	tls  bool
}

// OverTLS reports whether the browser speaks TLS: to us, or to a proxy that Behind trusts.
func OverTLS(r *http.Request) bool {
	p, _ := r.Context().Value(peerKey).(peer)
	return r.TLS != nil || p.tls
}

// ClientAddr is the address that limits are counted by: the other end of the connection or, behind a trusted proxy,
// the one that the proxy saw. The zero Addr stands for one that is not known.
func ClientAddr(r *http.Request) netip.Addr {
	if p, ok := r.Context().Value(peerKey).(peer); ok {
		return p.addr
	}
	return remote(r)
}

func remote(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// Behind believes the headers X-Forwarded-For and X-Forwarded-Proto of the proxies in these networks, and of nobody
// else. Whoever comes past the proxies, other than from this machine, and whoever speaks to them without TLS, is
// refused: what they sent would have travelled in the clear.
func Behind(proxies ...netip.Prefix) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			from := remote(r)
			switch {
			case !within(proxies, from) && !from.IsLoopback():
				writeProblem(w, r, errPastProxy)
				return
			case !within(proxies, from):
				next.ServeHTTP(w, r)
				return
			}
			p := peer{addr: forwardedFor(r, proxies, from), tls: forwardedTLS(r)}
			if !p.tls && !health(r.URL.Path) {
				writeProblem(w, r, errProxyClear)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey, p)))
		})
	}
}

// forwardedFor is the last address that no trusted proxy has: those before it are what the client claims.
func forwardedFor(r *http.Request, proxies []netip.Prefix, from netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return from // whatever stands before it, no proxy of ours wrote this
		}
		if from = a.Unmap().WithZone(""); !within(proxies, from) {
			return from
		}
	}
	return from
}

// forwardedTLS asks the last word, which is the proxy's own.
func forwardedTLS(r *http.Request) bool {
	all := strings.Split(strings.Join(r.Header.Values("X-Forwarded-Proto"), ","), ",")
	return strings.EqualFold(strings.TrimSpace(all[len(all)-1]), "https")
}

func within(nets []netip.Prefix, a netip.Addr) bool {
	for _, n := range nets {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

func health(path string) bool { return path == "/healthz" || path == "/readyz" || path == "/metrics" }
