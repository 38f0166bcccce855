package elastic

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/index"
)

func creates(n int) []*op {
	var ops []*op
	for i := range n {
		id := fmt.Sprint("d", i)
		ops = append(ops, &op{kind: "segment", id: id, alias: "a", doc: id, source: fmt.Appendf(nil, `{"doc":"{\"n\":%d}"}`, i)})
	}
	return ops
}

// TestBulkFaults: whatever goes wrong on the way, every document is there once, and none of our own writes is
// taken for somebody else's.
func TestBulkFaults(t *testing.T) {
	const docs = 5000
	dice := rand.New(rand.NewPCG(1, 2))
	sometimes := func(fault string) func(int, int) string {
		return func(n, _ int) string {
			if n%3 != 0 { // never so many in a row that the loop gives up
				return fault
			}
			return ""
		}
	}
	storm := func(int, int) string {
		list := []string{"429", "502", "503", "502 after", "reset", "reset after", "garbage", "half", "short"}
		if dice.IntN(10) < 3 {
			return list[dice.IntN(len(list))]
		}
		return ""
	}
	items := func(status int) func(int, int) int {
		return func(n, i int) int {
			if n <= 6 && (n+i)%3 == 0 {
				return status
			}
			return 0
		}
	}
	for _, c := range []struct {
		name   string
		whole  func(int, int) string
		single func(int, int) int
	}{
		{"nothing", nil, nil},
		{"429", sometimes("429"), nil},
		{"502", sometimes("502"), nil},
		{"503", sometimes("503"), nil},
		{"done, then 502", sometimes("502 after"), nil},
		{"reset", sometimes("reset"), nil},
		{"done, then reset", sometimes("reset after"), nil},
		{"garbage", sometimes("garbage"), nil},
		{"half an answer", sometimes("half"), nil},
		{"an answer for none", sometimes("short"), nil},
		{"too large", func(_, n int) string {
			if n > 700 {
				return "413"
			}
			return ""
		}, nil},
		{"items 429", nil, items(429)},
		{"items 503", nil, items(503)},
		{"disk full for a while", nil, items(403)},
		{"storm", storm, items(429)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, client := newFake(t)
			client.breaker.now = func() time.Time { return time.Unix(0, 0).Add(time.Duration(dice.Int64())) } // never in the way
			f.whole, f.single = c.whole, c.single
			ops := creates(docs)
			if err := client.bulk(t.Context(), ops); err != nil {
				t.Fatal(err)
			}
			lost, doubled, foreign := 0, 0, 0
			for _, o := range ops {
				switch d := f.docs["a/"+o.doc]; {
				case d.writes == 0 || d.source != string(o.source):
					lost++
				case d.writes > 1:
					doubled++
				}
				if o.conflict {
					foreign++
				}
			}
			if lost+doubled+foreign > 0 || len(f.docs) != docs {
				t.Errorf("of %d documents %d lost, %d written twice, %d taken for others'; %d there", docs, lost, doubled, foreign, len(f.docs))
			}
			t.Logf("%d documents in %d requests", docs, f.bulks)
		})
	}
}

// TestBulkChanges: the same for documents that are changed and deleted.
func TestBulkChanges(t *testing.T) {
	f, c := newFake(t)
	if err := c.bulk(t.Context(), creates(100)); err != nil {
		t.Fatal(err)
	}
	var ops []*op
	for i, o := range creates(100) {
		d := f.docs["a/"+o.doc]
		o.was = &stored{seq: d.seq, term: 1}
		if o.source = []byte(`{"doc":"new"}`); i%2 == 0 {
			o.source = nil
		}
		ops = append(ops, o)
	}
	f.whole = func(n, _ int) string {
		if n == 2 {
			return "reset after"
		}
		return ""
	}
	if err := c.bulk(t.Context(), ops); err != nil {
		t.Fatal(err)
	}
	for i, o := range ops {
		d, there := f.docs["a/"+o.doc]
		if o.conflict || there != (i%2 == 1) || there && (d.source != `{"doc":"new"}` || d.writes != 2) {
			t.Errorf("%s after a lost answer: conflict %v, there %v, %+v", o.doc, o.conflict, there, d)
		}
	}
}

// TestBulkConflict: what others wrote stays, also where we cannot know at first who it was.
func TestBulkConflict(t *testing.T) {
	f, c := newFake(t)
	f.docs["a/d1"] = fakeDoc{`{"doc":"theirs"}`, 9, 1}
	for _, fault := range []string{"", "reset"} {
		f.bulks = 0
		f.whole = func(n, _ int) string {
			if n == 1 {
				return fault
			}
			return ""
		}
		ops := creates(2)
		ops[0].doc = fmt.Sprint("new", fault)
		if err := c.bulk(t.Context(), ops); err != nil {
			t.Fatal(err)
		}
		if ops[0].conflict || !ops[1].conflict || f.docs["a/d1"].source != `{"doc":"theirs"}` {
			t.Errorf("fault %q: conflicts %v, %v; %+v", fault, ops[0].conflict, ops[1].conflict, f.docs["a/d1"])
		}
	}
}

func TestBulkRefused(t *testing.T) {
	f, c := newFake(t)
	f.single = func(_, i int) int {
		if i == 7 {
			return 400
		}
		return 0
	}
	err := c.bulk(t.Context(), creates(20))
	if !errors.Is(err, index.ErrRefused) || !strings.Contains(err.Error(), "segment d7") {
		t.Errorf("a document that cannot be stored: %v", err)
	}
	f.single, f.whole = nil, func(_, n int) string {
		if n > 0 {
			return "413"
		}
		return ""
	}
	if err := c.bulk(t.Context(), creates(20)); !errors.Is(err, index.ErrRefused) {
		t.Errorf("a document too large alone: %v", err)
	}
}

func TestBulkGivesUp(t *testing.T) {
	for fault, want := range map[string]string{"429": "429", "503": "not answer", "garbage": "not answer"} {
		f, c := newFake(t)
		f.whole = func(int, int) string { return fault }
		err := c.bulk(t.Context(), creates(3))
		if err == nil {
			err = c.bulk(t.Context(), creates(3))
		}
		if !errors.Is(err, counterpoint.ErrAway) {
			t.Errorf("%s for ever: %v, want ErrAway", fault, err)
		}
		if err = c.bulk(t.Context(), creates(3)); !errors.Is(err, counterpoint.ErrAway) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s for ever, asked again: %v, want %q in it", fault, err, want)
		}
	}
	f, c := newFake(t)
	f.single = func(int, int) int { return 403 }
	if err := c.bulk(t.Context(), creates(3)); !errors.Is(err, counterpoint.ErrAway) || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("a full disk for ever: %v", err)
	}
	f, c = newFake(t)
	f.whole = func(int, int) string { return "401" }
	if err := c.bulk(t.Context(), creates(3)); err == nil || errors.Is(err, counterpoint.ErrAway) || f.bulks != 1 {
		t.Errorf("a wrong key: %v after %d requests, want an error at once", err, f.bulks)
	}
}

func TestBreaker(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBreaker()
	b.now = func() time.Time { return now }
	for range breakAfter {
		if err := b.allow(); err != nil {
			t.Fatalf("closed: %v", err)
		}
		b.failed()
	}
	if err := b.allow(); !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("after %d failures: %v, want ErrAway", breakAfter, err)
	}
	now = now.Add(breakFor)
	if err := b.allow(); err != nil {
		t.Errorf("the probe: %v", err)
	}
	if err := b.allow(); err == nil {
		t.Error("a second probe beside the first was let through")
	}
	b.failed()
	if err := b.allow(); err == nil {
		t.Error("let through after the probe failed")
	}
	now = now.Add(breakFor)
	if err := b.allow(); err != nil {
		t.Errorf("the next probe: %v", err)
	}
	b.worked()
	if err := errors.Join(b.allow(), b.allow()); err != nil {
		t.Errorf("after a probe that worked: %v", err)
	}
}

func FuzzReadBulk(f *testing.F) {
	f.Add([]byte(`{"items":[{"create":{"_id":"d0","status":201}},{"index":{"_id":"d1","status":429,"error":{"type":"t"}}}]}`))
	f.Add([]byte(`{"items":[{"create":{"_id":"d1","status":201}},{}]}`))
	f.Add([]byte(`{"items":[null,{"a":{},"b":{}}]}`))
	ops := creates(2)
	f.Fuzz(func(t *testing.T, answer []byte) {
		items, err := readBulk(answer, ops)
		if err != nil {
			return
		}
		for i, it := range items {
			if it.ID != ops[i].doc || it.Status < 300 && it.Error != nil {
				t.Errorf("%q gives %+v for %s", answer, it, ops[i].doc)
			}
		}
	})
}
