package elastic

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"counterpoint/index"
	"counterpoint/index/indextest"
)

// testServer is the server the tests use, or skips.
func testServer(t testing.TB) string {
	t.Helper()
	server := os.Getenv("COUNTERPOINT_TEST_ELASTIC")
	if server == "" {
		t.Skip("COUNTERPOINT_TEST_ELASTIC is not set: there is no Elasticsearch to test with")
	}
	return strings.TrimSuffix(server, "/")
}

func testURL(t testing.TB) string {
	return testServer(t) + "/t" + strings.ToLower(rand.Text()[:10])
}

// testStore is an empty index under a prefix of its own, which goes with the test.
func testStore(t testing.TB, url string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	g := s.gen.Load()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		sweep(t, url, g)
	})
	return s
}

// sweep deletes a generation, by a client of its own: the store's may be closed or broken on purpose.
func sweep(t testing.TB, url string, g *generation) {
	t.Helper()
	a, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if err := (&Store{client: c, address: a}).remove(context.Background(), g.indices()); err != nil {
		t.Errorf("sweep: %v", err)
	}
}

// recycler gives each name an index and empties one that is closed for the next name: making the indices takes
// the server ten times longer than emptying them.
type recycler struct {
	mu   sync.Mutex
	urls map[string]string // by name
	free []*lent
}

type lent struct {
	*Store
	name, url string
	from      *recycler
}

func (r *recycler) open(t testing.TB, name string) index.Store {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	url := r.urls[name]
	if url == "" && len(r.free) > 0 {
		old := r.free[len(r.free)-1]
		r.free = r.free[:len(r.free)-1]
		delete(r.urls, old.name)
		url = old.url
		empty(t, old)
	}
	made := url == ""
	if made {
		url = testURL(t)
	}
	for i, f := range r.free {
		if f.url == url {
			r.free = append(r.free[:i], r.free[i+1:]...)
			break
		}
	}
	r.urls[name] = url
	s, err := Open(t.Context(), url, Options{Refresh: true, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if made { // or positions that were deleted would go on keeping lower ones out
		if err := s.call(t.Context(), func() esapi.Request {
			return esapi.IndicesPutSettingsRequest{Index: []string{s.gen.Load().alias(stateKind)}, Body: strings.NewReader(`{"index.gc_deletes":"0s"}`)}
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
	return &lent{s, name, url, r}
}

func (l *lent) Close() error {
	l.from.mu.Lock()
	defer l.from.mu.Unlock()
	l.from.free = append(l.from.free, l)
	return l.Store.Close()
}

func refresh(t testing.TB, c *client, names string) {
	t.Helper()
	if err := c.call(t.Context(), func() esapi.Request { return esapi.IndicesRefreshRequest{Index: strings.Split(names, ",")} }, nil); err != nil {
		t.Fatal(err)
	}
}

// sweep deletes all that was lent.
func (r *recycler) sweep(t testing.TB) func() {
	return func() {
		swept := map[string]bool{}
		for _, l := range r.free {
			if !swept[l.url] {
				swept[l.url] = true
				sweep(t, l.url, l.gen.Load())
			}
		}
	}
}

func empty(t testing.TB, l *lent) {
	t.Helper()
	a, err := ParseURL(l.url)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	g := l.gen.Load()
	var names []string
	for _, k := range kinds() {
		names = append(names, g.alias(k))
	}
	all := strings.Join(names, ",")
	refresh(t, c, all)
	if err := c.call(t.Context(), func() esapi.Request {
		return esapi.DeleteByQueryRequest{Index: names, Body: strings.NewReader(`{"query":{"match_all":{}}}`), Refresh: new(true), Conflicts: "proceed"}
	}, nil); err != nil {
		t.Fatal(err)
	}
	forget(t, c, g.alias(stateKind))
}

// forget waits until the server no longer remembers what was deleted, or its positions would keep lower ones out. Also
// with gc_deletes 0 it remembers until its clock, which moves every 200 ms, has moved. A document that is deleted last
// shows when it has.
func forget(t testing.TB, c *client, alias string) {
	t.Helper()
	put := func(version int) error {
		return c.call(t.Context(), func() esapi.Request {
			return esapi.IndexRequest{Index: alias, DocumentID: "forgotten", Body: strings.NewReader("{}"), Version: &version, VersionType: "external"}
		}, nil)
	}
	drop := func(version int) error {
		return c.call(t.Context(), func() esapi.Request {
			return esapi.DeleteRequest{Index: alias, DocumentID: "forgotten", Version: &version, VersionType: "external"}
		}, nil)
	}
	first := time.Now().UnixNano() // above what earlier ones left
	if err := cmp.Or(put(int(first)), drop(int(first)+1)); err != nil {
		t.Fatal(err)
	}
	for put(1) != nil {
		if time.Since(time.Unix(0, first)) > time.Minute {
			t.Fatal("the server still remembers what was deleted a minute ago")
		}
		time.Sleep(20 * time.Millisecond)
		refresh(t, c, alias)
	}
	if err := drop(2); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	testServer(t)
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		if err := f.Value.Set("6"); err != nil {
			t.Fatal(err)
		}
		defer f.Value.Set(f.DefValue)
	}
	r := &recycler{urls: map[string]string{}}
	t.Cleanup(r.sweep(t))
	indextest.Run(t, r.open)
}
