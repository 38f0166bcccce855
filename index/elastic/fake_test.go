package elastic

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// fake is as much of Elasticsearch as the bulk loop needs, and goes wrong as it is told.
type fake struct {
	mu     sync.Mutex
	docs   map[string]fakeDoc
	seq    int64
	bulks  int
	whole  func(n int, ops int) string // what goes wrong with the n-th bulk request
	single func(n, op int) int         // the status of one document in it, 0 for what it should be
}

type fakeDoc struct {
	source string
	seq    int64
	writes int
}

func newFake(t testing.TB) (*fake, *client) {
	t.Helper()
	f := &fake{docs: map[string]fakeDoc{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	a, err := ParseURL(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newClient(a, Options{faults: faults{wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.URL.Path == "/_mget" {
		w.Write(f.mget(body))
		return
	}
	f.bulks++
	fault := ""
	if f.whole != nil {
		fault = f.whole(f.bulks, bytes.Count(body, []byte(`"_id"`)))
	}
	switch fault {
	case "429", "502", "503", "413", "400", "401":
		var status int
		fmt.Sscan(fault, &status)
		http.Error(w, `{"error":{"type":"t","reason":"r"}}`, status)
		return
	case "reset":
		panic(http.ErrAbortHandler)
	}
	answer := f.bulk(body)
	switch fault {
	case "502 after":
		http.Error(w, "bad gateway", http.StatusBadGateway)
	case "reset after":
		panic(http.ErrAbortHandler)
	case "garbage":
		io.WriteString(w, "<html>welcome</html>")
	case "short":
		io.WriteString(w, `{"errors":false,"items":[]}`)
	case "half":
		w.Write(answer[:len(answer)/2])
	default:
		w.Write(answer)
	}
}

func (f *fake) bulk(body []byte) []byte {
	var items []any
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var head map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
			Seq   *int64 `json:"if_seq_no"`
		}
		if err := json.Unmarshal(lines.Bytes(), &head); err != nil {
			return []byte(`{}`)
		}
		for action, h := range head {
			source := ""
			if action != "delete" {
				lines.Scan()
				source = lines.Text()
			}
			items = append(items, map[string]any{action: f.one(action, h.Index+"/"+h.ID, h.ID, source, h.Seq, len(items))})
		}
	}
	b, _ := json.Marshal(map[string]any{"items": items})
	return b
}

func (f *fake) one(action, key, id, source string, seq *int64, n int) map[string]any {
	no := func(status int, kind string) map[string]any {
		return map[string]any{"_id": id, "status": status, "error": map[string]any{"type": kind, "reason": "planted"}}
	}
	if f.single != nil {
		switch status := f.single(f.bulks, n); status {
		case 0:
		case 403:
			return no(status, "cluster_block_exception")
		default:
			return no(status, "planted_exception")
		}
	}
	d, there := f.docs[key]
	if there && action == "create" || seq != nil && (!there || d.seq != *seq) {
		return no(409, "version_conflict_engine_exception")
	}
	if action == "delete" {
		delete(f.docs, key)
		return map[string]any{"_id": id, "status": 200}
	}
	f.seq++
	f.docs[key] = fakeDoc{source, f.seq, d.writes + 1}
	return map[string]any{"_id": id, "status": 201}
}

func (f *fake) mget(body []byte) []byte {
	var q struct{ Docs []name }
	json.Unmarshal(body, &q)
	var docs []any
	for _, n := range q.Docs {
		d, ok := f.docs[n.Alias+"/"+n.ID]
		a := map[string]any{"_id": n.ID, "found": ok}
		if ok {
			a["_source"], a["_seq_no"], a["_primary_term"] = json.RawMessage(d.source), d.seq, 1
		}
		docs = append(docs, a)
	}
	b, _ := json.Marshal(map[string]any{"docs": docs})
	return b
}
