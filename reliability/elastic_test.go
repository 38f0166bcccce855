package reliability

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/index"
	"counterpoint/index/elastic"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// openElastic is an index at the URL under the prefix.
func openElastic(t testing.TB, url, prefix string) *elastic.Store {
	t.Helper()
	s, err := elastic.Open(t.Context(), url+"/"+prefix, elastic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// elasticDo asks the node itself.
func elasticDo(t testing.TB, method, url, body string) []byte {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	b.ReadFrom(res.Body)
	if res.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, url, res.StatusCode, b.Bytes())
	}
	return b.Bytes()
}

// indicesOf are the names of a prefix's indices.
func indicesOf(t testing.TB, url, prefix string) []string {
	t.Helper()
	var rows []struct{ Index string }
	if err := json.Unmarshal(elasticDo(t, "GET", url+"/_cat/indices/"+prefix+"-*?format=json&h=index&expand_wildcards=all", ""), &rows); err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = r.Index
	}
	return names
}

func deleteIndices(t testing.TB, url, prefix string) int {
	t.Helper()
	names := indicesOf(t, url, prefix)
	if len(names) > 0 {
		elasticDo(t, "DELETE", url+"/"+strings.Join(names, ","), "")
	}
	return len(names)
}

// elasticPrefix is a random one whose indices go when the test ends.
func elasticPrefix(t testing.TB, url string) string {
	t.Helper()
	prefix := randomPrefix()
	t.Cleanup(func() { deleteIndices(t, url, prefix) })
	return prefix
}

func openLog(t testing.TB) stream.Log {
	t.Helper()
	log, err := embedded.Open(t.Context(), t.TempDir(), embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

// TestR6SearchStorm puts a storm between the line and a real Elasticsearch: 429 for requests and for single items,
// 503, resets before and after the node did what it was asked, garbage and half answers.
func TestR6SearchStorm(t *testing.T) {
	t.Parallel()
	url := sharedElastic(t)
	t.Run("holds", func(t *testing.T) {
		prefix := elasticPrefix(t, url)
		s := &storm{url: url, busy: 0.3, items: 0.1, broken: 0.02}
		proxy := startStorm(t, s, 1)
		clear := openElastic(t, url, prefix)
		s.calm.Store(true)
		store := openElastic(t, proxy, prefix)
		s.calm.Store(false)
		f := &flow{t: t, log: openLog(t), store: store, seen: clear, people: 2, impatient: 5 * time.Minute, refresh: func() { refresh(t, url, prefix) }}
		began := time.Now()
		d := f.row(t.Context(), makeItems(1000, 10), 20)
		t.Logf("10000 segments, %d decisions in %s: %v: %+v", f.decided.Load(), time.Since(began).Round(time.Second), s.did, d)
		for _, evil := range append(evils, "429", "items 429") {
			if s.did[evil] == 0 {
				t.Errorf("%q never happened: the row proves nothing about it", evil)
			}
		}
		none(t, d)
	})
	t.Run("planted", func(t *testing.T) {
		prefix := elasticPrefix(t, url)
		s := &storm{url: url, items: 0.1, hides: true}
		clear := openElastic(t, url, prefix)
		f := &flow{t: t, log: openLog(t), store: openElastic(t, startStorm(t, s, 2), prefix), seen: clear}
		items := makeItems(300, 10)
		f.start(t.Context())
		f.send(t.Context(), items)
		f.settle(t.Context())
		refresh(t, url, prefix)
		d := f.count(t.Context(), items)
		f.end()
		some(t, fmt.Sprintf("items answered 429 in a bulk answer of 200 are taken as done: %d of them", s.did["items 429"]), d.Lost > 0, d)
	})
}

func refresh(t testing.TB, url, prefix string) {
	t.Helper()
	elasticDo(t, "POST", url+"/"+prefix+"-*/_refresh?expand_wildcards=all", "")
}

// block sets or takes off the block by which a node with a full disk refuses writes.
func block(t testing.TB, url, prefix string, on bool) {
	t.Helper()
	value := "null"
	if on {
		value = "true"
	}
	elasticDo(t, "PUT", url+"/"+prefix+"-*/_settings?expand_wildcards=all", `{"index.blocks.read_only_allow_delete":`+value+`}`)
}

// TestR7DiskFull blocks the indices as a full disk does, and takes the block off again: nothing is lost, and what
// is there can be read meanwhile. Documents that the node never takes go to the dead letters and nothing else does.
func TestR7DiskFull(t *testing.T) {
	t.Parallel()
	url := sharedElastic(t)
	items := makeItems(600, 10)
	full := func(t *testing.T, wrap func(index.Store) index.Store) (*flow, damage) {
		prefix := elasticPrefix(t, url)
		clear := openElastic(t, url, prefix)
		f := &flow{t: t, log: openLog(t), store: wrap(openElastic(t, url, prefix)), seen: clear, impatient: 15 * time.Second}
		f.start(t.Context())
		f.send(t.Context(), items[:200])
		f.settle(t.Context())
		refresh(t, url, prefix) // lists are looked at while nothing can be refreshed
		block(t, url, prefix, true)
		f.send(t.Context(), items[200:400])
		f.blocked()
		pause(t.Context(), time.Duration(number("COUNTERPOINT_FULL_SECONDS", 8))*time.Second)
		if n, err := f.waiting(t.Context()); err == nil && n == 0 {
			t.Error("the index took documents while it was blocked")
		}
		block(t, url, prefix, false)
		f.send(t.Context(), items[400:])
		f.settle(t.Context())
		refresh(t, url, prefix)
		d := f.count(t.Context(), items)
		d.Letters = len(letters(t, f.log))
		return f, d
	}
	t.Run("holds", func(t *testing.T) {
		f, d := full(t, func(s index.Store) index.Store { return s })
		d.Differs = differs(t, "the index", f.undisturbed(t.Context()), dump(t, f.seen))
		t.Logf("6000 segments, 2000 of them sent while the indices were blocked: %+v", d)
		none(t, d)
		f.end()
	})
	t.Run("planted", func(t *testing.T) {
		skips := &skips{}
		f, d := full(t, func(s index.Store) index.Store { skips.Store = s; return skips })
		f.end()
		some(t, fmt.Sprintf("a batch that the index cannot take is skipped: %d of them", skips.n.Load()), d.Lost > 0, d)
	})
	t.Run("refused", func(t *testing.T) { refusedRow(t, url, false) })
	t.Run("planted refused", func(t *testing.T) { refusedRow(t, url, true) })
}

// skips is a store that takes what cannot be written now for done.
type skips struct {
	index.Store
	n atomic.Int64
}

// Update returns no error of a server.
func (s *skips) Update(ctx context.Context, next index.Next, fn func(index.Tx) error) error {
	err := s.Store.Update(ctx, next, fn)
	if errors.Is(err, counterpoint.ErrAway) {
		s.n.Add(1)
		return nil
	}
	return err
}

// blocked demands that while the index takes nothing it can be read, and that a command says that it waits, or that
// the server is away, and not that it failed.
func (f *flow) blocked() {
	f.t.Helper()
	ctx := f.t.Context()
	page, err := counterpoint.List[counterpoint.Flag](ctx, f.seen, counterpoint.Query{Limit: 5})
	if err != nil || len(page.Data) == 0 {
		f.t.Fatalf("list flags while the index is blocked: %d, %v", len(page.Data), err)
	}
	flag, err := counterpoint.Load[counterpoint.Flag](ctx, f.seen, page.Data[0].ID)
	if err != nil {
		f.t.Errorf("get a flag while the index is blocked: %v", err)
	}
	call := api.Call{By: api.Operator, Key: "while blocked", Version: flag.Version}
	answer, err := f.desk.RejectFlag(ctx, call, flag.ID, "an old song")
	if err != nil || !answer.Pending {
		f.t.Errorf("a decision while the index is blocked: %+v, %v; want it pending", answer, err)
	}
	f.answered.Store(call.Key, answer.Event)
}

// marker is in the words of the documents that the node refuses for good.
const marker = "zzrefused"

func refusedRow(t *testing.T, url string, planted bool) {
	prefix := elasticPrefix(t, url)
	s := &storm{url: url, refuse: marker}
	clear := openElastic(t, url, prefix)
	f := &flow{t: t, log: openLog(t), store: openElastic(t, startStorm(t, s, 3), prefix), seen: clear}
	if planted {
		f.impatient = 12 * time.Second
	}
	f.bury = func(ctx context.Context, topic string, at counterpoint.Position, value any, reason string) error {
		if planted {
			return counterpoint.ErrAway
		}
		r, err := stream.Encode(topic, value.(stream.Value))
		if err != nil {
			return err
		}
		r.Topic, r.Partition, r.Offset = topic, at.Partition, at.Offset
		return stream.Bury(ctx, f.log, r, "index", reason)
	}
	var sound, refused []counterpoint.Item
	var every []counterpoint.Item
	const items = 300 // a batch with a refused document is applied one by one, which takes its time
	for n := range items {
		it := makeItem(n, 3)
		if n%100 == 37 {
			it.Segments[1].Text += " " + marker
			it.Revision = counterpoint.Revision(it.Segments)
			refused = append(refused, it)
		} else {
			sound = append(sound, it)
		}
		every = append(every, it)
	}
	f.start(t.Context())
	f.send(t.Context(), every)
	f.settle(t.Context())
	refresh(t, url, prefix)
	d := f.count(t.Context(), sound)
	want := map[string]bool{}
	for _, it := range refused {
		want[it.ID] = true
	}
	found := map[string]bool{}
	for _, l := range letters(t, f.log) {
		if l.Topic != stream.Items || !want[l.Key] || !strings.Contains(l.Reason, "refused") {
			d.Letters++
			t.Logf("letter %s of %s: %s", l.ID, l.Key, l.Reason)
		}
		found[l.Key] = true
	}
	d.Letters += len(refused) - len(found)
	f.end()
	if planted {
		some(t, "what the index refuses for good is tried for ever", d.Letters > 0, d)
		return
	}
	left := 0
	for _, v := range all[counterpoint.ItemView](t, clear) {
		if want[v.ID] {
			left++
		}
	}
	t.Logf("%d items, %d of them refused and buried; what came before the refused segment is shown of %d of those: %+v", items, len(refused), left, d)
	none(t, d)
}

// TestR16Rebuild deletes all indices twice: the index that comes back from the log, by itself, is the same to the
// byte, and the same as the embedded one.
func TestR16Rebuild(t *testing.T) {
	t.Parallel()
	addr, url := sharedKafka(t), sharedElastic(t)
	prefix := elasticPrefix(t, url)
	removeTopics(t, addr, prefix)
	log := openKafka(t, addr, prefix)
	run := func(group string, people int, do func(*flow)) (string, damage) {
		s := openElastic(t, url, prefix)
		f := &flow{t: t, log: log, store: s, people: people, group: group}
		if group == "" {
			f.group = "index-" + s.Generation()
		}
		f.start(t.Context())
		do(f)
		f.leave()
		f.reviews.Wait()
		f.settle(t.Context())
		refresh(t, url, prefix)
		d := f.count(t.Context(), makeItems(500, 10))
		d.Differs = differs(t, "the index", f.undisturbed(t.Context()), dump(t, s))
		f.end()
		return dump(t, s), d
	}
	live, d := run("", 3, func(f *flow) {
		f.send(t.Context(), makeItems(500, 10))
		f.enough(t.Context(), 60)
	})
	t.Logf("live: %d bytes: %+v", len(live), d)
	none(t, d)
	for n := range 2 {
		deleted := deleteIndices(t, url, prefix)
		again, d := run("", 0, func(*flow) {})
		d.Differs = d.Differs || differs(t, "the rebuilt index", live, again)
		t.Logf("rebuild %d: %d indices deleted, %d bytes: %+v", n+1, deleted, len(again), d)
		none(t, d)
	}
	deleteIndices(t, url, prefix)
	run("index", 0, func(*flow) {}) // commits what the next one must not begin at
	deleteIndices(t, url, prefix)
	_, d = run("index", 0, func(f *flow) { f.impatient = 8 * time.Second })
	some(t, "a rebuilt index reads on from the committed offset", d.Lost > 0, d)
}
