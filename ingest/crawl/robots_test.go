package crawl_test

import (
	"bufio"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint/ingest/crawl"
)

// TestRobotsConformance reads the expectations of Google's own test of RFC 9309.
func TestRobotsConformance(t *testing.T) {
	archive, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "data", "corpora", "robots", "google-robotstxt.jsonl.xz"))
	if _, e := os.Stat(archive); err != nil || e != nil {
		t.Skip("the corpus robots is not beside the repository")
	}
	out, err := exec.Command("xz", "-dc", archive).Output()
	if err != nil {
		t.Skipf("xz is needed to unpack the corpus: %v", err)
	}
	n := 0
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var c struct {
			Test, Robots, Agent, URL string
			Allow                    bool
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n++
		if got := crawl.ParseRobots([]byte(c.Robots), c.Agent).AllowsPath(pathOf(c.URL)); got != c.Allow {
			t.Errorf("%s: %s may fetch %s: %v, want %v\n%.300s", c.Test, c.Agent, c.URL, got, c.Allow, c.Robots)
		}
	}
	if n < 100 {
		t.Errorf("only %d cases", n)
	}
}

// pathOf is the path and query of an address as it stands: the cases hold that it is the caller who escapes them.
func pathOf(u string) string {
	_, rest, ok := strings.Cut(u, "//")
	if !ok {
		rest = u
	}
	at := strings.IndexAny(rest, "/?;")
	if at < 0 {
		return "/"
	}
	path, _, _ := strings.Cut(rest[at:], "#")
	if path[0] != '/' {
		path = "/" + path
	}
	return path
}

// TestRobots reads what the RFC's own examples and our users' sites have.
func TestRobots(t *testing.T) {
	f := func(robots, path string, want bool) {
		t.Helper()
		u, err := url.Parse("https://site.example" + path)
		if err != nil {
			t.Fatal(err)
		}
		if got := crawl.ParseRobots([]byte(robots), "Counterpoint").Allows(u); got != want {
			t.Errorf("%q: %s: %v", robots, path, got)
		}
	}
	f("", "/", true)
	f("User-agent: *\nDisallow: /", "/a", false)
	f("User-agent: *\nDisallow:", "/a", true)
	f("User-agent: *\nDisallow: /\n\nUser-agent: counterpoint\nDisallow: /private", "/a", true)
	f("User-agent: *\nDisallow: /\n\nUser-agent: Counterpoint/2.0\nDisallow: /private", "/private/x", false)
	f("User-agent: CounterpointBot\nDisallow: /", "/a", true)
	f("User-agent: *\nDisallow: /*.pdf$\nAllow: /a.pdf", "/b.pdf", false)
	f("User-agent: *\nDisallow: /*.pdf$", "/b.pdf?x", true)
	f("User-agent: *\nDisallow: /été", "/%c3%a9t%C3%A9/1", false)
	f("User-agent: *\nCrawl-delay: 5\nDisallow: /x", "/x", false)
	f("User-agent: a\nCrawl-delay: 5\nUser-agent: *\nDisallow: /x", "/x", false) // the delay closes no group
	f("<html><body>not found</body></html>", "/x", true)
	f("User-agent: *\nDisallow: /"+strings.Repeat("*a", 3000)+"$", "/"+strings.Repeat("a", 4000)+"b", true)

	r := crawl.ParseRobots([]byte("Sitemap: https://a.example/s.xml\nUser-agent: *\nCrawl-delay: 2.5\nSitemap: /relative.xml\nUser-agent: slow\nCrawl-delay: 99999"), "Counterpoint")
	if d := cmp.Diff([]string{"https://a.example/s.xml", "/relative.xml"}, r.Sitemaps); d != "" || r.Delay != 2500*time.Millisecond {
		t.Errorf("%s %s", r.Delay, d)
	}
	if r := crawl.ParseRobots([]byte("User-agent: *\nCrawl-delay: 1e99"), "x"); r.Delay != 5*time.Minute {
		t.Errorf("a delay without end: %s", r.Delay)
	}
	var none *crawl.Robots
	if !none.Allows(&url.URL{Path: "/"}) {
		t.Error("no robots.txt allows nothing")
	}
}

// FuzzRobots holds that reading and asking end, that nothing is forbidden to all by no rule, and that the parser does
// not lose a rule that stands alone.
func FuzzRobots(f *testing.F) {
	f.Add("user-agent: *\ndisallow: /a*b$\nallow: /index.html", "/a?b")
	f.Add("User-agent FooBot\r\rDisallow /\xff", "/%zz")
	f.Add("\xef\xbb\xbfuser-agent:*\ncrawl-delay:-1\nsitemap:", "//")
	f.Fuzz(func(t *testing.T, text, path string) {
		r := crawl.ParseRobots([]byte(text), "Counterpoint")
		if r.Delay < 0 || r.Delay > 5*time.Minute || len(r.Sitemaps) > 50 {
			t.Errorf("delay %s, %d sitemaps", r.Delay, len(r.Sitemaps))
		}
		u := &url.URL{Scheme: "http", Host: "x", Path: path}
		if !strings.Contains(strings.ToLower(text), "allow") && !strings.Contains(strings.ToLower(text), "dis") && !strings.Contains(strings.ToLower(text), "dia") && !r.Allows(u) {
			t.Errorf("%q forbids %q without a rule", text, path)
		}
		if crawl.ParseRobots([]byte(strings.ReplaceAll(text, "\x00", "")+"\nuser-agent: Counterpoint\ndisallow: /\n"), "Counterpoint").Allows(&url.URL{Path: "/only/this"}) &&
			len(text) < 100_000 && !strings.Contains(strings.ToLower(text), "allow") {
			t.Errorf("%q hides a rule after it", text)
		}
	})
}
