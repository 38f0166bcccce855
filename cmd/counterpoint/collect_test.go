package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is a local site of numbered stories, each of which links to the next two, and a feed of three.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int
	total int
	hold  int // stories that are given before the rest are held; 0 holds none
	held  int
}

func newLocalSite(t *testing.T) *site {
	s := &site{asked: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

const siteStories = 60

// ServeHTTP serves the site.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.wait(r) {
		<-r.Context().Done()
		return
	}
	n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/story/"))
	switch {
	case r.URL.Path == "/":
		io.WriteString(w, `<a href="/story/1">first</a>`)
	case r.URL.Path == "/feed.xml":
		io.WriteString(w, `<rss version="2.0"><channel><title>F</title>`)
		for i := range 3 {
			fmt.Fprintf(w, `<item><guid isPermaLink="false">entry-%d</guid><title>Entry %d</title><description>We must drive the Velari out, burn their houses. Entry %d.</description></item>`, i, i, i)
		}
		io.WriteString(w, `</channel></rss>`)
	case err == nil && n >= 1 && n <= siteStories:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<html lang="en"><head><title>Story %d</title><meta property="article:published_time" content="2026-03-02T08:00:00Z"></head><body>
			<article><p>The market of village number %d opened again on Monday morning, and traders came with maize and salt from the river.</p>
			<p>In village number %d a man said that the road is dry, and that the school of number %d begins again next week.</p></article>
			<a href="/story/%d">next</a> <a href="/story/%d">more</a></body></html>`, n, n, n, n, 2*n, 2*n+1)
	default:
		http.NotFound(w, r)
	}
}

// wait counts a request, and reports whether it is to be held.
func (s *site) wait(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !strings.HasPrefix(r.URL.Path, "/story/") {
		return false
	}
	s.asked[r.URL.Path]++
	if s.hold > 0 && s.total >= s.hold {
		s.held++
		return true
	}
	s.total++
	return false
}

// holding reports how many requests are held, and sets how many stories are given from then on.
func (s *site) holding(more int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.held
	if more != 0 {
		s.total, s.hold, s.held = 0, more, 0
	}
	return held
}

func (s *site) config(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mission.yaml")
	write(t, name, fmt.Sprintf(`languages: [eng]
networks: ["%s"]
contact: monitor@mission.example
sources:
  - id: site-x
    languages: [eng]
    crawl: %s/
    depth: 20
    parallel: 4
    delay: 1ms
    every: 24h
  - id: feed-x
    feed: %s/feed.xml
    every: 24h
`, s.Listener.Addr(), s.URL, s.URL))
	return name
}

func items(t *testing.T, p *process, source string) int {
	t.Helper()
	r, err := p.call(context.Background(), testToken, "GET", "/api/v1/counts?kind=items&source="+source, "", nil)
	if err != nil || r.status != 200 {
		return -1
	}
	var counts struct{ Total int }
	if err := json.Unmarshal(r.body, &counts); err != nil {
		t.Fatalf("counts: %v %s", err, r.body)
	}
	return counts.Total
}

// TestCollect crawls a local site and reads its feed with a real process that is killed three times in the middle. All
// stories come in once, and what was fetched twice is what was in flight when it was killed.
func TestCollect(t *testing.T) {
	s := newLocalSite(t)
	dir, bin, cfg := t.TempDir(), build(t, ""), s.config(t)
	const kills, parallel = 3, 4
	s.holding(10)
	for n := range kills {
		p := startProcess(t, bin, "--config", cfg, "--data", dir, "--no-example")
		eventually(t, fmt.Sprintf("the site holds all requests, run %d\n%s", n+1, p.errs), func() bool { return s.holding(0) == parallel })
		p.kill()
		s.holding(10)
	}
	s.holding(1000)
	p := startProcess(t, bin, "--config", cfg, "--data", dir, "--no-example")
	eventually(t, "all stories are in the index", func() bool { return items(t, p, "site-x") == siteStories })
	eventually(t, "the feed is in the index", func() bool { return items(t, p, "feed-x") == 3 })
	again := 0
	s.mu.Lock()
	for path, n := range s.asked {
		if again += n - 1; n > kills+1 {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
	s.mu.Unlock()
	if again > kills*parallel {
		t.Errorf("%d pages were fetched again after %d kills with %d requests in flight each", again, kills, parallel)
	}
	eventually(t, "the entries of the feed are judged", func() bool {
		r, err := p.call(context.Background(), testToken, "GET", "/api/v1/flags?source=feed-x", "", nil)
		return err == nil && r.status == 200 && strings.Contains(string(r.body), "Velari")
	})
	eventually(t, "the round is written down", func() bool {
		out, _, _ := command(t, bin, "", "sources", "--data", dir)
		return strings.Contains(out, "site-x") && !strings.Contains(out, "at work")
	})
	if r, err := p.call(context.Background(), testToken, "GET", "/metrics", "", nil); err != nil || !strings.Contains(string(r.body), `counterpoint_ingest_source_failures{source="site-x"} 0`) {
		t.Errorf("metrics: %v %d", err, r.status)
	}
	if err := p.interrupt(); err != nil {
		t.Errorf("SIGINT: %v\n%s", err, p.errs)
	}
}

// TestCollectRefused shows a source whose server may not be reached: it is said where people look, and the process runs.
func TestCollectRefused(t *testing.T) {
	s := newLocalSite(t)
	dir, bin := t.TempDir(), build(t, "")
	name := filepath.Join(t.TempDir(), "mission.yaml")
	write(t, name, fmt.Sprintf("sources:\n  - {id: inside, feed: %s/feed.xml}\n", s.URL))
	p := startProcess(t, bin, "--config", name, "--data", dir, "--no-example")
	eventually(t, "the refusal is in the log", func() bool { return strings.Contains(p.errs.String(), "feed not collected") })
	out, _, code := command(t, bin, "", "sources", "--data", dir)
	if code != exitDone || !strings.Contains(out, "inside") || !strings.Contains(out, "127.0.0.0/8") {
		t.Errorf("sources: exit %d\n%s", code, out)
	}
	if _, errs, code := command(t, bin, "", "sources", "insde", "--data", dir); code != exitFailed || !strings.Contains(errs, `did you mean "inside"?`) {
		t.Errorf("sources of an unknown id: exit %d\n%s", code, errs)
	}
	if _, errs, code := command(t, bin, "", "sources", "inside", "--data", dir); code != exitDone || !strings.Contains(errs, "of inside could not be had") {
		t.Errorf("sources of a known id: exit %d\n%s", code, errs)
	}
	health, err := p.call(t.Context(), testToken, "GET", "/api/v1/source-health", "", nil)
	if err != nil || health.status != 200 || !strings.Contains(string(health.body), "127.0.0.0/8") || !strings.Contains(string(health.body), `"failures":1`) {
		t.Errorf("the health of the source: %v %d %s", err, health.status, health.body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.asked) > 0 {
		t.Errorf("the server was asked for %v", s.asked)
	}
}

// TestCollectConfig refuses what cannot be meant, naming the field.
func TestCollectConfig(t *testing.T) {
	f := func(source, want string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "mission.yaml")
		write(t, name, "networks: [10.20.0.0/16]\nsources:\n  - "+source+"\n")
		_, err := readConfig(name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
	f("{id: a, crawl: https://site.example/, every: 2h, pages: 50, depth: 2, delay: 3s, parallel: 1}", "")
	f("{id: a, feed: https://site.example/feed, every: 15m, full_text: true}", "")
	f("{id: a, crawl: site.example}", "sources[0].crawl")
	f("{id: a, feed: ftp://site.example/}", "sources[0].feed")
	f("{id: a, crawl: https://a.example/, feed: https://a.example/f}", "sources[0].feed")
	f("{id: a, full_text: true}", "sources[0].full_text")
	f("{id: a, pages: 5}", "pages, depth and parallel")
	f("{id: a, every: 5m}", "every and delay")
	f("{id: a, crawl: https://a.example/, parallel: 500}", "sources[0].crawl")
	f("{id: a, crawls: https://a.example/}", "crawl")
	name := filepath.Join(t.TempDir(), "mission.yaml")
	write(t, name, "networks: [radio.example]\n")
	if _, err := readConfig(name); err == nil || !strings.Contains(err.Error(), "networks[0]") {
		t.Errorf("a name for a network: %v", err)
	}
	cfg, err := readConfig("")
	if err != nil || cfg.Sources != nil {
		t.Fatal(err)
	}
	src := sourceConfig{ID: "a", Crawl: "https://a.example/", Every: time.Hour}.source("CF")
	if src.Kind != "web" || src.Country != "CF" {
		t.Errorf("%+v", src)
	}
}
