package page

import (
	"net"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/net/idna"

	"counterpoint/ingest/guard"
)

// maxURL is the longest address that is kept: traps make longer ones, people do not.
const maxURL = 2_000

// Canonical is the one way to write the address of a page, or false where it is none that is fetched: http or https,
// the host in lower case and ASCII, no default port, no fragment, no dot segments, escapes only where they are needed,
// and without what only says who followed the link or in which session.
func Canonical(base *url.URL, ref string) (string, bool) {
	u, err := parse(base, ref)
	if err != nil || guard.CheckURL(u) != nil {
		return "", false
	}
	host, ok := ascii(u)
	if !ok {
		return "", false
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	path, ok := cleanPath(u.EscapedPath())
	if !ok {
		return "", false
	}
	s := u.Scheme + "://" + host + path
	if q := cleanQuery(u.RawQuery); q != "" {
		s += "?" + q
	}
	return s, len(s) <= maxURL
}

// ascii is the host as it is asked for. A name that the rules for names change once more is none.
func ascii(u *url.URL) (string, bool) {
	if strings.Contains(u.Host, "[") {
		return "[" + strings.ToLower(u.Hostname()) + "]", true // an IPv6 address
	}
	host, err := idna.Lookup.ToASCII(strings.TrimSuffix(u.Hostname(), "."))
	if err != nil || host == "" || strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, "..") {
		return "", false
	}
	again, err := idna.Lookup.ToASCII(host)
	return host, err == nil && again == host
}

// parse resolves a reference as browsers do: without the white space around it and the line ends and tabs in it.
func parse(base *url.URL, ref string) (*url.URL, error) {
	ref = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(ref))
	if len(ref) > 4*maxURL {
		return nil, url.InvalidHostError("too long")
	}
	u, err := url.Parse(ref)
	if err != nil {
		return nil, err
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	u.Scheme, u.Fragment = strings.ToLower(u.Scheme), ""
	return u, nil
}

// cleanPath writes escapes in one way, drops a session in the path, and refuses a path that goes in circles.
func cleanPath(path string) (string, bool) {
	if at := strings.Index(strings.ToLower(path), ";jsessionid="); at >= 0 {
		path = path[:at]
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	path = dots(escapes(path))
	seen := map[string]int{}
	parts := strings.Split(path, "/")
	for _, part := range parts {
		if seen[part]++; part != "" && seen[part] > 3 {
			return "", false
		}
	}
	return path, len(parts) <= 24
}

// dots removes dot segments, also those that were written as escapes.
func dots(path string) string {
	if !strings.Contains(path, "/.") {
		return path
	}
	parts := strings.Split(path, "/")
	var kept []string
	for i, part := range parts {
		last := i == len(parts)-1
		switch {
		case part == "..":
			kept = kept[:max(len(kept)-1, 1)]
		case part != ".":
			kept = append(kept, part)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return strings.Join(kept, "/")
}

// escapes writes %7e as ~, %c3 as %C3, and a space, a letter beyond ASCII or a % that begins no escape as its escape.
func escapes(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && ishex(s[i+1]) && ishex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
			if unreserved(c) {
				b.WriteByte(c)
				continue
			}
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		if c == '%' || c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

func ishex(c byte) bool { return unhex(c) < 16 }

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// followers are the parameters that say who followed a link, or in which session.
var followers = map[string]bool{
	"fbclid": true, "gclid": true, "dclid": true, "gclsrc": true, "msclkid": true, "yclid": true, "igshid": true,
	"mc_cid": true, "mc_eid": true, "_ga": true, "_gl": true, "ref_src": true, "wt_mc": true, "twclid": true,
	"phpsessid": true, "jsessionid": true, "sessionid": true, "session_id": true, "cfid": true, "cftoken": true,
	"oly_anon_id": true, "oly_enc_id": true, "vero_id": true, "s_cid": true,
}

func follower(name string) bool {
	name = strings.ToLower(name)
	return followers[name] || strings.HasPrefix(name, "utm_") || strings.HasPrefix(name, "aspsessionid")
}

// cleanQuery keeps the parameters that choose the page, in their order: some sites tell them apart by it.
func cleanQuery(q string) string {
	if q == "" {
		return ""
	}
	var kept []string
	for _, p := range strings.Split(q, "&") {
		name, _, _ := strings.Cut(p, "=")
		if p != "" && !follower(name) {
			kept = append(kept, escapes(p))
		}
	}
	return strings.Join(kept, "&")
}
