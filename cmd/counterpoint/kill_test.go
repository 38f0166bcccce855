package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/index"
	indexstore "counterpoint/index/embedded"
	"counterpoint/stream"
)

// storm is the kill test: items flow and people decide while the process is killed again and again.
type storm struct {
	t       *testing.T
	binary  string
	dir     string
	items   int
	kills   int
	seed    uint64
	process atomic.Pointer[process]

	sent    atomic.Int64 // items acknowledged
	killed  atomic.Int64
	mu      sync.Mutex
	decided map[string]string // idempotency key to the event it was answered with
	stories map[string]string // title to id
}

// damage is what the storm left behind.
type damage struct {
	Lost, Doubled                  int // items
	LostDecisions, DoubleDecisions int
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

// TestKill kills a real process with SIGKILL, spread over the work, while 20,000 items flow and people decide.
// Nothing that was acknowledged may be lost, and nothing may be there twice (R1 and R2).
func TestKill(t *testing.T) {
	s := &storm{t: t, binary: build(t, ""), dir: t.TempDir(), items: number("COUNTERPOINT_KILL_ITEMS", 20_000), kills: number("COUNTERPOINT_KILLS", 40), seed: 1}
	began := time.Now()
	d := s.run()
	t.Logf("%d kills, %d items, %d decisions acknowledged in %s: %+v", s.kills, s.items, len(s.decided), time.Since(began).Round(time.Second), d)
	if d != (damage{}) {
		t.Errorf("the storm left damage: %+v", d)
	}
	s.rebuilds()
}

// TestKillPlanted holds the kill test itself: with the position committed before the documents, it must find
// what was lost.
func TestKillPlanted(t *testing.T) {
	s := &storm{t: t, binary: build(t, "plantedbug"), dir: t.TempDir(), items: 8_000, kills: 16, seed: 2}
	d := s.run()
	t.Logf("planted bug, %d kills, %d items: %+v", s.kills, s.items, d)
	if d == (damage{}) {
		t.Error("the kill test did not find the planted bug")
	}
}

func (s *storm) run() damage {
	s.decided, s.stories = map[string]string{}, map[string]string{}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	s.start()
	var work, people sync.WaitGroup
	work.Go(func() { s.feed(ctx) })
	for n := range 3 {
		people.Go(func() { s.decide(ctx, n) })
	}
	s.killAll()
	work.Wait()
	s.waitForItems()
	stop()
	people.Wait()
	s.waitForLine()
	d := s.count()
	if err := s.process.Load().interrupt(); err != nil {
		s.t.Errorf("SIGINT: %v\n%s", err, s.process.Load().errs)
	}
	return d
}

func (s *storm) start() {
	s.process.Store(startProcess(s.t, s.binary, "--data", s.dir, "--no-example"))
}

// killAll kills at random moments, each in its own share of the work.
func (s *storm) killAll() {
	r := rand.New(rand.NewPCG(s.seed, 40))
	for n := range s.kills {
		share := int64(n+1) * int64(s.items) / int64(s.kills+1)
		early := int64(r.IntN(s.items/(s.kills+1) + 1))
		for deadline := time.Now().Add(time.Minute); s.sent.Load() < share-early; {
			if time.Now().After(deadline) {
				s.t.Fatalf("the work stands still at %d of %d items\n%s", s.sent.Load(), s.items, s.process.Load().errs)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(r.IntN(600)) * time.Millisecond) // the index gathers for 200 before it writes
		s.process.Load().kill()
		s.killed.Add(1)
		s.start()
	}
}

const stormBatch = 100

// feed hands over items in small batches, each until it is acknowledged; it waits for the kills, so that they
// are spread over the work.
func (s *storm) feed(ctx context.Context) {
	for from := 0; from < s.items; from += stormBatch {
		for s.sent.Load() > (s.killed.Load()+1)*int64(s.items)/int64(s.kills+1) && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		to := min(from+stormBatch, s.items)
		body := stormItems(from, to)
		for ctx.Err() == nil {
			r, err := s.process.Load().call(ctx, testToken, "POST", "/api/v1/ingest?source=storm&format=jsonl", "", body)
			if err == nil && r.status == 200 {
				s.sent.Add(int64(to - from))
				break
			}
			if err == nil && r.status/100 == 4 {
				s.t.Errorf("ingest answered %d: %s", r.status, r.body)
				return
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

func stormItems(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		text := fmt.Sprintf("The market of village number %d opens in the morning, and the road is dry.", i)
		if i%50 == 0 {
			text = fmt.Sprintf("In village number %d a man said on air: we must drive the Velari out, burn their houses tonight.", i)
			text = text[strings.Index(text, "we must"):] + fmt.Sprintf(" Village %d.", i)
		}
		fmt.Fprintf(&b, `{"source":"storm","locator":"item-%d","lang":"eng","segments":[{"text":%q}]}`+"\n", i, text)
	}
	return b.String()
}

// decide is one person: they confirm, reject, and make narratives, each command with a key, repeated until it
// is answered.
func (s *storm) decide(ctx context.Context, person int) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("person-%d-%d", person, n)
		if n%3 == 0 {
			title := "Story " + key
			if id, ok := s.ask(ctx, key, "/api/v1/narratives", map[string]string{"title": title}); ok {
				s.mu.Lock()
				s.stories[title] = id
				s.mu.Unlock()
			}
			continue
		}
		s.decideFlag(ctx, key, n)
	}
}

func (s *storm) decideFlag(ctx context.Context, key string, n int) {
	r, err := s.process.Load().call(ctx, testToken, "GET", "/api/v1/flags?state=open&limit=20", "", nil)
	var page listOf[created]
	if err != nil || r.status != 200 || json.Unmarshal(r.body, &page) != nil || len(page.Data) == 0 {
		time.Sleep(5 * time.Millisecond)
		return
	}
	f := page.Data[rand.IntN(len(page.Data))]
	if n%2 == 0 {
		s.ask(ctx, key, "/api/v1/flags/"+f.ID+"/confirm", map[string]any{"version": f.Version, "rabat": rabat("met")})
		return
	}
	s.ask(ctx, key, "/api/v1/flags/"+f.ID+"/reject", map[string]any{"version": f.Version, "reason": "not what it seems"})
}

// ask repeats a command with its key until the process answers it, and notes the event of a command that was
// done. A conflict is an answer: somebody else was first.
func (s *storm) ask(ctx context.Context, key, path string, body any) (id string, done bool) {
	for ctx.Err() == nil {
		r, err := s.process.Load().call(ctx, testToken, "POST", path, key, body)
		if err != nil || r.status/100 == 5 || r.status == 202 {
			time.Sleep(2 * time.Millisecond)
			continue
		}
		if r.status/100 != 2 {
			if r.status != 409 {
				s.t.Errorf("%s: %d %s", path, r.status, r.body)
			}
			return "", false
		}
		var a struct{ ID, Event string }
		if err := json.Unmarshal(r.body, &a); err != nil {
			s.t.Errorf("%s: %v", path, err)
			return "", false
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.decided[key] = a.Event
		return a.ID, true
	}
	return "", false
}

// waitForItems waits until the index has everything, or stands still (with the planted bug it never gets there).
func (s *storm) waitForItems() {
	last, moved := -1, time.Now()
	for time.Since(moved) < 10*time.Second {
		n := s.indexed()
		if n >= s.items {
			return
		}
		if n != last {
			last, moved = n, time.Now()
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Logf("the index stands still at %d of %d items\n%s", last, s.items, s.process.Load().errs)
}

// waitForLine waits until everything on the log is classified and in the index.
func (s *storm) waitForLine() {
	ctx := context.Background()
	log, err := openStream(ctx, s.dir)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	store, err := openIndex(config{Data: s.dir})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	eventually(s.t, "the line has carried everything", func() bool {
		n, err := log.Lag(ctx, stream.Items, "classify") // first: what it finishes meanwhile counts for the index
		if err != nil {
			s.t.Fatal(err)
		}
		all, err := standings(ctx, log, store)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, x := range all {
			n += x.behind()
		}
		return n == 0
	})
}

func (s *storm) indexed() int {
	r, err := s.process.Load().call(context.Background(), testToken, "GET", "/api/v1/counts?kind=items", "", nil)
	if err != nil || r.status != 200 {
		return -1
	}
	var counts struct{ Total int }
	if err := json.Unmarshal(r.body, &counts); err != nil {
		s.t.Fatalf("counts: %v %s", err, r.body)
	}
	return counts.Total
}

// count compares what was acknowledged with what is there.
func (s *storm) count() damage {
	var d damage
	heard := map[string]int{}
	s.export("segments", func(line []byte) {
		var v counterpoint.SegmentView
		s.decode(line, &v)
		heard[v.Text]++
	})
	for _, text := range stormTexts(s.items) {
		switch n := heard[text]; {
		case n == 0:
			d.Lost++
		case n > 1:
			d.Doubled += n - 1
		}
	}
	applied := map[string]int{}
	s.export("audit", func(line []byte) {
		var o counterpoint.Outcome
		s.decode(line, &o)
		if o.Applied {
			applied[o.Event.ID]++
		}
	})
	for _, event := range s.decided {
		switch n := applied[event]; {
		case n == 0:
			d.LostDecisions++
		case n > 1:
			d.DoubleDecisions += n - 1
		}
	}
	titles := map[string]int{}
	s.export("narratives", func(line []byte) {
		var n counterpoint.Narrative
		s.decode(line, &n)
		titles[n.Title]++
	})
	for title := range s.stories {
		switch n := titles[title]; {
		case n == 0:
			d.LostDecisions++
		case n > 1:
			d.DoubleDecisions += n - 1
		}
	}
	s.export("flags", func(line []byte) {
		var f counterpoint.Flag
		s.decode(line, &f)
		if len(f.Reviews) > 1 || f.Version != 1+len(f.Reviews) {
			d.DoubleDecisions++
		}
	})
	return d
}

func stormTexts(n int) []string {
	var texts []string
	for _, line := range strings.Split(strings.TrimSpace(stormItems(0, n)), "\n") {
		var it struct{ Segments []struct{ Text string } }
		if err := json.Unmarshal([]byte(line), &it); err != nil {
			panic(err)
		}
		texts = append(texts, it.Segments[0].Text)
	}
	return texts
}

func (s *storm) decode(line []byte, into any) {
	if err := json.Unmarshal(line, into); err != nil {
		s.t.Fatalf("%v: %s", err, line)
	}
}

func (s *storm) export(what string, each func([]byte)) {
	s.t.Helper()
	out, errs, code := command(s.t, s.binary, "", "export", what, "--data", s.dir)
	if code != 0 {
		s.t.Fatalf("export %s: %s", what, errs)
	}
	lines := bufio.NewScanner(strings.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		each(lines.Bytes())
	}
}

// rebuilds makes the index again twice, and compares it with the live one by value.
func (s *storm) rebuilds() {
	live := dump(s.t, s.dir)
	for range 2 {
		if _, errs, code := command(s.t, s.binary, "", "rebuild", "--data", s.dir); code != 0 {
			s.t.Fatalf("rebuild: %s", errs)
		}
		again := dump(s.t, s.dir)
		if !bytes.Equal(live, again) {
			s.t.Fatalf("the rebuilt index is not the live one (-live +rebuilt):\n%s", firstDifference(live, again))
		}
	}
	if out, errs, code := command(s.t, s.binary, "", "verify", "--data", s.dir, "--head", newestHead(s.t, s.dir)); code != 0 {
		s.t.Errorf("verify: %s %s", out, errs)
	}
}

func firstDifference(a, b []byte) string {
	x, y := strings.Split(string(a), "\n"), strings.Split(string(b), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return cmp.Diff(x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

func dump(t testing.TB, dir string) []byte {
	t.Helper()
	store, err := indexstore.Open(filepath.Join(dir, "index.db"), indexstore.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var b bytes.Buffer
	if err := index.Dump(context.Background(), store, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newestHead(t testing.TB, dir string) string {
	t.Helper()
	heads, err := filepath.Glob(filepath.Join(dir, "heads", "*.head"))
	if err != nil || len(heads) == 0 {
		t.Fatalf("no signed head in %s: %v", dir, err)
	}
	return heads[len(heads)-1]
}
