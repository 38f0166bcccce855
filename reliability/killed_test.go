package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/deploy/local"
	"counterpoint/stream/vault"
)

// massacre kills processes of a fleet while items and decisions flow.
type massacre struct {
	t      *testing.T
	fleet  *fleet
	check  *flow // counts what is there
	items  []counterpoint.Item
	kills  int
	seed   uint64
	names  []string // of the processes
	prey   []string // of those that get killed
	sent   atomic.Int64
	killed atomic.Int64
	by     map[string]int // kills by process
}

// TestKilledProcesses runs the line as four processes on a real Kafka and a real Elasticsearch and kills any of
// them, at random, while items and decisions flow. COUNTERPOINT_KILLS says how often.
func TestKilledProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes minutes")
	}
	servers := local.Start(t)
	four := []string{"ingest,api.a", "classify.a", "index.a", "index.b"}
	t.Run("holds", func(t *testing.T) {
		kills := number("COUNTERPOINT_KILLS", 20)
		m := newMassacre(t, servers, "kill", build(t, ""), number("COUNTERPOINT_KILL_ITEMS", max(4000, 100*kills)), kills, four, four)
		began := time.Now()
		d := m.run()
		t.Logf("%d kills (%v), %d items, %d decisions acknowledged in %s: %+v", m.kills, m.by, len(m.items), m.check.decided.Load(), time.Since(began).Round(time.Second), d)
		none(t, d)
	})
	t.Run("planted", func(t *testing.T) {
		m := newMassacre(t, servers, "planted", build(t, "plantedbug"), 3000, 8, []string{"ingest,api.a", "classify.a", "index.a"}, []string{"index.a"})
		m.check.impatient = 8 * time.Second
		d := m.run()
		some(t, fmt.Sprintf("positions before documents, %d kills", m.kills), d != (damage{}), d)
	})
}

func newMassacre(t *testing.T, servers *local.Servers, prefix, binary string, items, kills int, names, prey []string) *massacre {
	stream := fmt.Sprintf("kafka://%s/%s?session=1s", servers.Kafka, prefix)
	m := &massacre{t: t, items: makeItems(items, 1), kills: kills, seed: 1, names: names, prey: prey, by: map[string]int{}}
	m.fleet = newFleet(t, binary, "--stream", stream, "--index", servers.Elastic+"/"+prefix)
	for _, name := range slices.Backward(names) { // the index first: who reads waits for it
		m.fleet.start(name)
	}
	log := openKafka(t, servers.Kafka, prefix)
	store := openElastic(t, servers.Elastic, prefix)
	m.check = &flow{t: t, log: log, clear: log, store: store, seen: store}
	return m
}

func (m *massacre) run() damage {
	ctx, stop := context.WithCancel(m.t.Context())
	var err error
	if m.check.vault, err = vault.Open(ctx, m.check.log); err != nil {
		m.t.Fatal(err)
	}
	defer m.check.vault.Close()
	var work, people sync.WaitGroup
	work.Go(func() { m.feed(ctx) })
	for n := range 3 {
		people.Go(func() { m.decide(ctx, n) })
	}
	m.killAll()
	work.Wait()
	m.check.settle(ctx)
	stop()
	people.Wait()
	ctx = m.t.Context()
	m.check.settle(ctx)
	d := m.check.count(ctx, m.items)
	d.Letters = len(letters(m.t, m.check.clear))
	d.Differs = differs(m.t, "the index", m.check.undisturbed(ctx), dump(m.t, m.check.seen))
	m.fleet.end()
	m.verify()
	return d
}

// verify has the program prove the decisions log against the head it signed at its end.
func (m *massacre) verify() {
	m.t.Helper()
	dir := m.fleet.dir(m.names[0])
	heads, err := filepath.Glob(filepath.Join(dir, "heads", "*.head"))
	if err != nil || len(heads) == 0 {
		m.t.Errorf("no signed head in %s: %v", dir, err)
		return
	}
	out, err := m.fleet.command("verify", "--data", dir, "--head", heads[len(heads)-1])
	if err != nil || !strings.Contains(out, "proven") {
		m.t.Errorf("verify: %v\n%s", err, out)
	}
}

// killAll kills at random moments, each in its own share of the work.
func (m *massacre) killAll() {
	r := rand.New(rand.NewPCG(m.seed, 40))
	for n := range m.kills {
		share := int64(n+1) * int64(len(m.items)) / int64(m.kills+1)
		for deadline := time.Now().Add(2 * time.Minute); m.sent.Load() < share; pause(m.t.Context(), time.Millisecond) {
			if time.Now().After(deadline) {
				m.t.Fatalf("the work stands still at %d of %d items\n%s", m.sent.Load(), len(m.items), m.fleet.get(m.names[0]).errs.tail())
			}
		}
		pause(m.t.Context(), time.Duration(r.IntN(300))*time.Millisecond)
		name := m.prey[r.IntN(len(m.prey))]
		m.by[name]++
		m.fleet.get(name).kill()
		m.killed.Add(1)
		m.fleet.start(name)
	}
}

const killBatch = 50

// feed hands over items in small batches, each until it is acknowledged; it waits for the kills, so that they are
// spread over the work.
func (m *massacre) feed(ctx context.Context) {
	for from := 0; from < len(m.items); from += killBatch {
		for m.sent.Load() > (m.killed.Load()+1)*int64(len(m.items))/int64(m.kills+1) && ctx.Err() == nil {
			pause(ctx, time.Millisecond)
		}
		to := min(from+killBatch, len(m.items))
		body := jsonLines(m.items[from:to])
		for ctx.Err() == nil {
			r, err := m.fleet.get(m.names[0]).call(ctx, testToken, "POST", "/api/v1/ingest?source=radio-a&format=jsonl", "", body)
			if err == nil && r.status == 200 {
				m.sent.Add(int64(to - from))
				break
			}
			if err == nil && r.status/100 == 4 {
				m.t.Errorf("ingest answered %d: %s", r.status, r.body)
				return
			}
			pause(ctx, 5*time.Millisecond)
		}
	}
}

// jsonLines are the items as a file that a person hands over.
func jsonLines(items []counterpoint.Item) string {
	var b strings.Builder
	for _, it := range items {
		fmt.Fprintf(&b, `{"source":"radio-a","locator":%q,"lang":"eng","segments":[{"text":%q}]}`+"\n", it.Locator, it.Segments[0].Text)
	}
	return b.String()
}

// decide is one person who confirms, rejects and makes narratives through the API.
func (m *massacre) decide(ctx context.Context, person int) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("person-%d-%d", person, n)
		if n%3 == 0 {
			m.ask(ctx, key, "/api/v1/narratives", map[string]string{"title": "Story " + key})
			continue
		}
		r, err := m.fleet.get(m.names[0]).call(ctx, testToken, "GET", "/api/v1/flags?state=open&limit=20", "", nil)
		var page listOf[created]
		if err != nil || r.status != 200 || json.Unmarshal(r.body, &page) != nil || len(page.Data) == 0 {
			pause(ctx, 20*time.Millisecond)
			continue
		}
		f := page.Data[rand.IntN(len(page.Data))]
		m.ask(ctx, key, "/api/v1/flags/"+f.ID+"/reject", map[string]any{"version": f.Version, "reason": "not what it seems"})
	}
}

// ask repeats a command with its key until it is answered, and notes the event of a command that was done.
func (m *massacre) ask(ctx context.Context, key, path string, body any) {
	for ctx.Err() == nil {
		r, err := m.fleet.get(m.names[0]).call(ctx, testToken, "POST", path, key, body)
		if err != nil || r.status/100 == 5 || r.status == 202 {
			pause(ctx, 10*time.Millisecond)
			continue
		}
		if r.status/100 != 2 {
			if r.status != 409 {
				m.t.Errorf("%s: %d %s", path, r.status, r.body)
			}
			return
		}
		var a created
		if err := json.Unmarshal(r.body, &a); err != nil {
			m.t.Errorf("%s: %v", path, err)
			return
		}
		m.check.answered.Store(key, a.Event)
		m.check.decided.Add(1)
		pause(ctx, 20*time.Millisecond)
		return
	}
}
