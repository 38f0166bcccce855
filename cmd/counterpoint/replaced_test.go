package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"counterpoint"
)

// TestIndexReplacedUnderTheLine rebuilds the index beside a running process, and then deletes it, as somebody with the
// server could. The process goes on by itself each time: what was there comes back, what comes in is shown.
func TestIndexReplacedUnderTheLine(t *testing.T) {
	stream, index := kafkaURL(t), elasticURL(t)
	dir, bin := t.TempDir(), build(t, "")
	flags := []string{"--stream", stream, "--index", index}
	p := startProcess(t, bin, append([]string{"--data", dir, "--no-example"}, flags...)...)
	n := 0
	holds := func(when string) {
		t.Helper()
		n++
		line := fmt.Sprintf(`{"locator":"%d","lang":"eng","segments":[{"text":"We must drive the Velari out, burn their houses. Number %d."}]}`, n, n)
		eventually(t, "the item is taken "+when, func() bool {
			r, err := p.call(t.Context(), testToken, "POST", "/api/v1/ingest?source=radio-x&format=jsonl", "", line)
			return err == nil && r.status == 200
		})
		var got []counterpoint.Flag
		eventually(t, "all flags are there "+when, func() bool {
			r, err := p.call(t.Context(), testToken, "GET", "/api/v1/flags", "", nil)
			if err != nil || r.status != 200 {
				return false
			}
			got = must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags", nil, 200).Data
			return len(got) >= n
		})
		if len(got) != n {
			t.Fatalf("%d flags %s, want %d\n%s", len(got), when, n, p.errs)
		}
	}
	holds("at first")
	if out, errs, code := command(t, bin, "", append([]string{"rebuild", "--data", t.TempDir()}, flags...)...); code != exitDone {
		t.Fatalf("rebuild beside the process: exit %d %s%s", code, out, errs)
	}
	holds("after the rebuild")
	if !strings.Contains(p.errs.String(), "the index was replaced") {
		t.Errorf("the process does not say that it goes on with another index\n%s", p.errs)
	}
	deleteIndices(t, index)
	holds("after the index was deleted")
	deleteIndices(t, index)
	eventually(t, "the flags come back though nothing comes in", func() bool {
		r, err := p.call(t.Context(), testToken, "GET", "/api/v1/flags", "", nil)
		return err == nil && r.status == 200 && strings.Contains(string(r.body), "Number 3")
	})
	r, err := p.call(t.Context(), testToken, "POST", "/api/v1/narratives", "", map[string]string{"title": "A story"})
	if err != nil || r.status != http.StatusCreated {
		t.Errorf("a decision in the end: %v %d %s", err, r.status, r.body)
	}
	if err := p.interrupt(); err != nil {
		t.Errorf("SIGINT: %v\n%s", err, p.errs)
	}
	p = startProcess(t, bin, append([]string{"--data", dir, "--no-example"}, flags...)...)
	holds("after a restart")
}

func deleteIndices(t *testing.T, index string) {
	t.Helper()
	at := strings.LastIndex(index, "/")
	removeIndices(t, index[:at], index[at+1:])
}
