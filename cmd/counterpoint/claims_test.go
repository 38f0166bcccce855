package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
)

// crowd is a server of feeds that sees who asks for which: each process says who it is by its contact.
type crowd struct {
	*httptest.Server
	mu   sync.Mutex
	at   map[string]string         // who asks for a feed right now
	seen map[string]map[string]int // requests by feed and process
	both []string                  // who asked while another did
}

// crowdFeeds are so many that each of three processes has one, but once in 5,000 tries.
const crowdFeeds = 24

func newCrowd(t *testing.T) *crowd {
	c := &crowd{at: map[string]string{}, seen: map[string]map[string]int{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// ServeHTTP takes half a second for a feed.
func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, who, _ := strings.Cut(r.UserAgent(), "+")
	who, _, _ = strings.Cut(who, "@")
	c.mu.Lock()
	if other := c.at[r.URL.Path]; other != "" {
		c.both = append(c.both, fmt.Sprintf("%s by %s and %s", r.URL.Path, other, who))
	}
	c.at[r.URL.Path] = who
	if c.seen[r.URL.Path] == nil {
		c.seen[r.URL.Path] = map[string]int{}
	}
	c.seen[r.URL.Path][who]++
	c.mu.Unlock()
	select {
	case <-r.Context().Done():
	case <-time.After(500 * time.Millisecond):
	}
	c.mu.Lock()
	c.at[r.URL.Path] = ""
	c.mu.Unlock()
	fmt.Fprintf(w, `<rss version="2.0"><channel><title>F</title><item><guid isPermaLink="false">%s</guid><title>One</title><description>The road is open.</description></item></channel></rss>`, r.URL.Path)
}

// since are who asked for each feed since the last call.
func (c *crowd) since() map[string][]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string][]string{}
	for feed, by := range c.seen {
		for who := range by {
			out[feed] = append(out[feed], who)
		}
		slices.Sort(out[feed])
	}
	c.seen = map[string]map[string]int{}
	return out
}

func (c *crowd) config(t *testing.T, who string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), who+".yaml")
	text := fmt.Sprintf("languages: [eng]\nnetworks: [%q]\ncontact: %s@mission.example\nsources:\n", c.Listener.Addr(), who)
	for i := range crowdFeeds {
		text += fmt.Sprintf("  - {id: feed-%d, languages: [eng], feed: \"%s/feed-%d.xml\", every: 1s}\n", i, c.URL, i)
	}
	write(t, name, text)
	return name
}

// shared reports whether each feed was asked for, by one of the processes alone, and each of those had one.
func shared(seen map[string][]string, among []string) bool {
	had := map[string]bool{}
	for _, who := range seen {
		if len(who) != 1 || !slices.Contains(among, who[0]) {
			return false
		}
		had[who[0]] = true
	}
	return len(seen) == crowdFeeds && len(had) == len(among)
}

// TestClaimsOfProcesses has three real processes share feeds on real servers. One is killed: the others take its feeds
// over in time. One comes again: it gets its part. No feed is ever asked for by two at once. The program is made with
// times of seconds instead of minutes.
func TestClaimsOfProcesses(t *testing.T) {
	b := onServers(t)
	bin, c := build(t, "hurried"), newCrowd(t)
	start := func(who, dir string) *process {
		args := append([]string{"--roles", "ingest,index,api,classify", "--config", c.config(t, who), "--data", dir, "--no-example"}, b.args...)
		return startProcess(t, bin, args...)
	}
	settle := func(among ...string) {
		t.Helper()
		deadline := time.Now().Add(2 * time.Minute)
		for c.since(); ; {
			time.Sleep(8 * time.Second)
			seen := c.since()
			if shared(seen, among) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the feeds are not shared among %v after 2 minutes, but %v", among, seen)
			}
		}
	}
	dir := t.TempDir()
	first := start("first", dir)
	settle("first")
	second, third := start("second", t.TempDir()), start("third", t.TempDir())
	settle("first", "second", "third")

	first.kill()
	c.since()
	began := time.Now()
	settle("second", "third")
	t.Logf("taken over %v after the kill, seen every 8s; promised within %v, by the program's unit of a second %v",
		time.Since(began).Round(time.Second), counterpoint.CollectTakeover, counterpoint.CollectTakeover/60)

	first = start("first", dir)
	settle("first", "second", "third")
	health := must[struct{ Data []counterpoint.SourceHealth }](t, third, testToken, "GET", "/api/v1/source-health", nil, 200)
	by := map[string]bool{}
	for _, h := range health.Data {
		if h.Collecting == nil || h.Collecting.By == "" {
			t.Errorf("%s is collected by nobody: %+v", h.Source, h.Collecting)
			continue
		}
		by[h.Collecting.By] = true
	}
	if len(by) != 3 {
		t.Errorf("the API says that %v collect", by)
	}
	for _, p := range []*process{first, second} { // in order: the one left has all at once
		if err := p.interrupt(); err != nil {
			t.Errorf("SIGINT: %v\n%s", err, p.errs)
		}
	}
	settle("third")
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.both) > 0 {
		t.Errorf("asked for by two at once: %v", c.both)
	}
}
