package crawl_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"counterpoint/ingest/crawl"
	"counterpoint/ingest/guard"
)

// largeSite is a site of numbered pages of some 8 KB, each with links to ten others, in a process of its own so that
// what is measured here is the crawler's.
func largeSite(pages int) http.HandlerFunc {
	para := strings.Repeat("The market of Bolo opened again on Monday morning after the rains, and the traders came back with maize and salt. ", 6)
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/p/"))
		if r.URL.Path == "/" {
			n, err = 0, nil
		}
		if err != nil || n >= pages {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>Story %d</title><meta property="article:published_time" content="2026-03-02T08:00:00Z"></head><body><nav><ul>`, n)
		for i := range 10 {
			fmt.Fprintf(w, `<li><a href="/p/%d">Story %d and what became of it</a></li>`, (10*n+i+1)%pages, 10*n+i+1)
		}
		fmt.Fprintf(w, `</ul></nav><article><h1>Story %d</h1>`, n)
		for i := range 8 {
			fmt.Fprintf(w, "<p>%s (%d.%d)</p>", para, n, i)
		}
		io.WriteString(w, `</article><footer>All rights reserved</footer></body></html>`)
	}
}

// TestMain serves the large site where it is asked to, and runs the tests otherwise.
func TestMain(m *testing.M) {
	if n, err := strconv.Atoi(os.Getenv("COUNTERPOINT_SERVE_PAGES")); err == nil {
		s := httptest.NewServer(largeSite(n))
		fmt.Println(s.URL)
		io.Copy(io.Discard, os.Stdin) // until the test is done
		return
	}
	os.Exit(m.Run())
}

// serveLarge starts the site in a process of its own.
func serveLarge(tb testing.TB, pages int) string {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprint("COUNTERPOINT_SERVE_PAGES=", pages))
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { in.Close(); cmd.Wait() })
	var at string
	if _, err := fmt.Fscanln(out, &at); err != nil {
		tb.Fatal(err)
	}
	return at
}

// cost is what a way of crawling took.
type cost struct {
	Pages      int     `json:"pages"`
	PerSecond  float64 `json:"pages_per_second"`
	CPU        float64 `json:"cpu_us_per_page"`
	Goroutines int     `json:"goroutines"` // beside those that were there
	HeapMiB    float64 `json:"heap_mib"`   // the most in use while it ran
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func costOf(do func() int) (c cost) {
	runtime.GC()
	before := runtime.NumGoroutine()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for tick := time.NewTicker(50 * time.Millisecond); ; {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			c.Goroutines, c.HeapMiB = max(c.Goroutines, runtime.NumGoroutine()-before), max(c.HeapMiB, float64(m.HeapInuse)/(1<<20))
			select {
			case <-stop:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	}()
	began, start := time.Now(), cpu()
	c.Pages = do()
	took, used := time.Since(began), cpu()-start
	close(stop)
	<-done
	c.PerSecond, c.CPU = float64(c.Pages)/took.Seconds(), float64(used.Microseconds())/float64(max(c.Pages, 1))
	return c
}

// TestLargeSite crawls COUNTERPOINT_CRAWL_PAGES pages of a local site and, in the same run, fetches them in a bare
// loop. What it measures is in docs/PERFORMANCE.md; here it holds that every page comes in once, within the bounds of
// goroutines.
func TestLargeSite(t *testing.T) {
	pages, err := strconv.Atoi(os.Getenv("COUNTERPOINT_CRAWL_PAGES"))
	if err != nil {
		pages = 300
	}
	at := serveLarge(t, pages)
	const parallel = 16
	a, err := guard.ParseAllowed(strings.TrimPrefix(at, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	bare := costOf(func() int { return bareLoop(t, at, pages, parallel) })
	f, err := crawl.OpenFrontier(filepath.Join(t.TempDir(), "crawl.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var found sync.Map
	var n atomic.Int64
	c, err := crawl.New(crawl.Options{Guard: guard.New(guard.Options{Allow: []guard.Allowed{a}, PerHost: parallel}), Frontier: f, Emit: func(_ context.Context, x crawl.Found) (bool, error) {
		if _, twice := found.LoadOrStore(x.URL, true); twice {
			t.Errorf("%s came in twice", x.URL)
		}
		n.Add(1)
		return true, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ours := costOf(func() int {
		v, err := c.Round(t.Context(), crawl.Site{Source: "x", Start: []string{at + "/"}, Pages: 2 * pages, Bytes: 1 << 40, Time: 24 * time.Hour,
			Depth: 30, Known: 2 * pages, Parallel: parallel, Delay: -1})
		if err != nil || v.Reason != "" {
			t.Fatal(err, v.Reason)
		}
		return v.Requests
	})
	if got := int(n.Load()); got < pages-1 {
		t.Errorf("%d articles of %d pages", got, pages)
	}
	if most := 4*parallel + 50; ours.Goroutines > most {
		t.Errorf("%d goroutines, at most %d", ours.Goroutines, most)
	}
	for name, c := range map[string]cost{"bare loop": bare, "crawl": ours} {
		b, _ := json.Marshal(c)
		t.Logf("%-10s %s", name, b)
	}
}

// bareLoop fetches as many pages with net/http alone and reads them.
func bareLoop(t *testing.T, at string, pages, parallel int) int {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: parallel}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var g sync.WaitGroup
	for range parallel {
		g.Go(func() {
			for {
				n := next.Add(1) - 1
				if n >= int64(pages) {
					return
				}
				res, err := client.Get(fmt.Sprintf("%s/p/%d", at, n))
				if err != nil {
					t.Error(err)
					return
				}
				size, err := io.Copy(io.Discard, res.Body)
				if res.Body.Close(); err != nil || res.StatusCode != http.StatusOK || size < 4000 {
					t.Errorf("%d, %d bytes, %v", res.StatusCode, size, err)
				}
			}
		})
	}
	g.Wait()
	return pages
}
