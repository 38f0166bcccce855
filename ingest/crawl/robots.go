package crawl

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// What of a robots.txt is read. RFC 9309 asks for at least 500 KiB; the rest is passed over, not refused.
const (
	maxRobots = 500 << 10
	maxLine   = 16 << 10 // a rule beyond it is cut
	maxDelay  = 5 * time.Minute
)

// Robots is what a site asks of us in its robots.txt, by RFC 9309. Where Google's parser, whose cases are our tests,
// is more lenient than the RFC (a missing colon, a misspelt key, index.html for its folder), so are we: what a site
// meant to forbid is forbidden.
type Robots struct {
	rules    []rule
	Delay    time.Duration // between two requests; 0 where the site does not say
	Sitemaps []string
}

type rule struct {
	allow   bool
	pattern string
}

// group is a run of user-agent lines with the rules that follow.
type group struct {
	named, any bool // of us, of everyone
	closed     bool // rules have come; the next user-agent line begins another
	rules      []rule
}

// pace is a run of user-agent lines with the delay that follows. A Crawl-delay is no rule of the RFC and closes no
// group, but nobody who writes one means it for the agents of the lines below.
type pace struct {
	named, any, closed bool
	own, all           time.Duration
}

func (p *pace) agent(named, any bool) {
	if p.closed {
		p.named, p.any, p.closed = false, false, false
	}
	p.named, p.any = p.named || named, p.any || any
}

func (p *pace) delay(d time.Duration) {
	p.closed = true
	if p.named {
		p.own = d
	}
	if p.any {
		p.all = d
	}
}

// ParseRobots reads the file for a crawler of that name. The groups that name it hold together and alone; where there
// is none, those of everyone do.
func ParseRobots(text []byte, agent string) *Robots {
	r := &Robots{}
	var own, all, g group
	var p pace
	take := func() {
		if g.named {
			own.merge(g)
		}
		if g.any {
			all.merge(g)
		}
	}
	text = text[:min(len(text), maxRobots)]
	for _, line := range strings.FieldsFunc(strings.TrimPrefix(string(text), "\xef\xbb\xbf"), func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value := field(line)
		switch key {
		case "user-agent":
			if g.closed {
				take()
				g = group{}
			}
			named, any := strings.EqualFold(token(value), agent), value == "*" || strings.HasPrefix(value, "* ") || strings.HasPrefix(value, "*\t")
			g.named, g.any = g.named || named, g.any || any
			p.agent(named, any)
		case "allow", "disallow":
			g.closed, p.closed = true, true
			if len(g.rules)+len(own.rules)+len(all.rules) < 20_000 {
				g.rules = append(g.rules, rule{key == "allow", escaped(value)})
			}
		case "crawl-delay":
			p.delay(delay(value))
		case "sitemap":
			if len(r.Sitemaps) < maxSitemaps && value != "" {
				r.Sitemaps = append(r.Sitemaps, value)
			}
		}
	}
	take()
	r.rules, r.Delay = all.rules, p.all
	if own.named {
		r.rules, r.Delay = own.rules, p.own
	}
	return r
}

func (g *group) merge(other group) {
	g.named, g.any = g.named || other.named, g.any || other.any
	g.rules = append(g.rules, other.rules...)
}

// field splits a line into its key, spelt rightly, and its value.
func field(line string) (key, value string) {
	line = line[:min(len(line), maxLine)]
	line, _, _ = strings.Cut(line, "#")
	line = strings.Trim(line, " \t\x00\v\f")
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		words := strings.Fields(line)
		if len(words) != 2 {
			return "", ""
		}
		key, value = words[0], words[1]
	}
	key = strings.ToLower(strings.TrimSpace(key))
	switch key {
	case "useragent", "user agent":
		key = "user-agent"
	case "dissallow", "dissalow", "disalow", "diasllow", "disallaw":
		key = "disallow"
	case "site-map":
		key = "sitemap"
	}
	return key, strings.TrimSpace(value)
}

// token is the product name at the start of a user-agent line: FooBot of FooBot/1.2.
func token(value string) string {
	end := strings.IndexFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	})
	if end < 0 {
		return value
	}
	return value[:end]
}

func delay(value string) time.Duration {
	s, err := strconv.ParseFloat(value, 64)
	if err != nil || !(s > 0) {
		return 0
	}
	return time.Duration(min(s, maxDelay.Seconds()) * float64(time.Second))
}

// Allows reports whether the address may be fetched. It is asked without a file too, and then it may.
func (r *Robots) Allows(u *url.URL) bool {
	if r == nil {
		return true
	}
	path := escaped(u.EscapedPath())
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + escaped(u.RawQuery)
	}
	return r.AllowsPath(path)
}

// AllowsPath is Allows of a path with its query as they are sent, with escapes: the longest pattern that matches
// decides, and allows on a tie.
func (r *Robots) AllowsPath(path string) bool {
	allow, disallow := 0, 0
	for _, x := range r.rules {
		n := x.priority(path)
		if x.allow {
			allow = max(allow, n)
		} else {
			disallow = max(disallow, n)
		}
	}
	return allow >= disallow
}

// priority is the length of a pattern that matches, else 0. An allowed index.html is its folder as well.
func (x rule) priority(path string) int {
	if matches(x.pattern, path) {
		return len(x.pattern)
	}
	if at := strings.LastIndexByte(x.pattern, '/'); x.allow && at >= 0 && strings.HasPrefix(x.pattern[at:], "/index.htm") {
		if folder := x.pattern[:at+1] + "$"; matches(folder, path) {
			return len(folder)
		}
	}
	return 0
}

// matches compares from the start; * is anything, and $ at the end is the end. It keeps to the earliest place where
// each piece fits, so its time is bounded by the two lengths multiplied.
func matches(pattern, path string) bool {
	pattern, toEnd := strings.CutSuffix(pattern, "$")
	pieces := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, pieces[0]) {
		return false
	}
	path = path[len(pieces[0]):]
	if len(pieces) == 1 {
		return !toEnd || path == ""
	}
	last := pieces[len(pieces)-1]
	for _, piece := range pieces[1 : len(pieces)-1] {
		at := strings.Index(path, piece)
		if at < 0 {
			return false
		}
		path = path[at+len(piece):]
	}
	if toEnd {
		return strings.HasSuffix(path, last)
	}
	return strings.Contains(path, last)
}

// escaped writes a pattern or path so that they can be compared: letters beyond ASCII as escapes, escapes in capitals.
func escaped(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteString(strings.ToUpper(s[i : i+3]))
			i += 2
		case c >= 0x80:
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
