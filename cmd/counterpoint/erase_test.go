package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/embedded"
)

// The words to be erased. Each stands in one place of an item only, so that the search says which place was missed.
var erasedWords = map[string]string{
	"text":     "qavexoramit",
	"title":    "wubilonchest",
	"speaker":  "jomverilaks",
	"address":  "ruptelimong",
	"evidence": "hixolbrundy",
	"note":     "gwenquarloft",
	"reason":   "fimpodrastule",
	"by hand":  "lozniverquat",
	"letter":   "bruzmaliton",
	"revision": "yotvexenhal",
}

const keptWord = "trolvensagim"

func eraseItems() string {
	w := erasedWords
	line := func(source, locator string, text string) string {
		b, _ := json.Marshal(map[string]any{"source": source, "locator": locator, "title": "About " + w["title"], "url": "https://x.example/" + w["address"],
			"lang": "eng", "segments": []map[string]any{{"text": text, "speaker": w["speaker"]}, {"text": "The road is dry today."}}})
		return string(b) + "\n"
	}
	var long strings.Builder // enough that the pages of the files were split and moved
	for i := range 300 {
		fmt.Fprintf(&long, `{"source":"radio-y","locator":"y%d","lang":"eng","segments":[{"text":"Report %d on the market of %s, prices and the weather."}]}`+"\n", i, i, keptWord)
	}
	return line("radio-x", "a", "We must drive the Velari out and burn their houses, "+w["revision"]+".") +
		line("radio-x", "a", "We must drive the Velari out and burn their houses, "+w["text"]+".") +
		long.String() +
		line("radio-x", "b", "Calm words of "+w["by hand"]+" in the evening.")
}

// found are those of the words that are in a file of the folder, as they are or in base64, in any case.
func found(t *testing.T, dir string, words ...string) []string {
	t.Helper()
	in := map[string]bool{}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files++
		folded := bytes.ToLower(content)
		for _, w := range words {
			if bytes.Contains(folded, []byte(w[2:])) { // FTS5 leaves out what a term has in common with the one before
				in[w+" in "+d.Name()] = true
			}
			for shift := range 3 {
				code := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + w))
				if bytes.Contains(content, []byte(code[4:len(code)-4])) {
					in[w+" in base64 in "+d.Name()] = true
				}
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("searched %d files: %v", files, err)
	}
	return slices.Sorted(maps.Keys(in))
}

// terms counts the terms of the full-text index that hold a word.
func terms(t *testing.T, dir, word string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE VIRTUAL TABLE temp.v USING fts5vocab(main, words, row)`); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM temp.v WHERE term LIKE ?`, "%"+word+"%").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// buryWords leaves a record that nobody can read, and its dead letter, in an empty log.
func buryWords(t *testing.T, dir, item string) {
	t.Helper()
	log, err := embedded.Open(t.Context(), dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	r := stream.Record{Key: item, Value: []byte("not JSON: " + erasedWords["letter"])}
	if err := log.Publish(t.Context(), stream.Items, r); err != nil {
		t.Fatal(err)
	}
	for r, err := range log.Replay(t.Context(), stream.Items, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Bury(t.Context(), log, r, "classify", "near "+erasedWords["letter"]); err != nil {
			t.Fatal(err)
		}
	}
}

// decideWords decides on the items' flags, with words of theirs.
func decideWords(t *testing.T, p *process, a, b string) (flags []string) {
	t.Helper()
	get := func(item string) (f counterpoint.Flag) {
		eventually(t, "the flag of "+item, func() bool {
			all := must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags?item="+item, nil, 200).Data
			if len(all) > 0 {
				f = all[0]
			}
			return len(all) == 1
		})
		return f
	}
	f := get(a)
	eventually(t, "the flag has its second revision", func() bool {
		f = get(a)
		return strings.Contains(f.Text, erasedWords["text"])
	})
	parts := rabat("met")
	parts["content"] = map[string]string{"rating": "met", "evidence": "he said " + erasedWords["evidence"]}
	flag := "/api/v1/flags/" + f.ID
	must[created](t, p, testToken, "POST", flag+"/confirm", map[string]any{"version": f.Version, "rabat": parts}, 200)
	must[created](t, p, testToken, "POST", flag+"/note", map[string]any{"version": f.Version + 1, "text": "it means " + erasedWords["note"]}, 200)
	nar := must[created](t, p, testToken, "POST", "/api/v1/narratives", map[string]string{"title": "A story"}, 201)
	must[created](t, p, testToken, "POST", flag+"/link", map[string]any{"version": f.Version + 2, "narrative": nar.ID}, 200)
	hand := must[created](t, p, testToken, "POST", "/api/v1/flags",
		map[string]any{"item": b, "from": 0, "level": 2, "reason": "hear " + erasedWords["reason"]}, 201)
	return []string{f.ID, hand.ID}
}

// TestErase searches every byte of the data folder for words of two items, before and after they are erased, and
// holds that what people decided still stands and verifies.
func TestErase(t *testing.T) {
	t.Run("beside the process", func(t *testing.T) { erasing(t, true) })
	t.Run("alone", func(t *testing.T) { erasing(t, false) })
}

func erasing(t *testing.T, beside bool) {
	dir, bin := t.TempDir(), build(t, "")
	do := func(want int, args ...string) string {
		t.Helper()
		out, errs, code := command(t, bin, "", append(args, "--data", dir)...)
		if code != want {
			t.Fatalf("counterpoint %v: exit %d\n%s%s", args, code, out, errs)
		}
		return out + errs
	}
	a, b := counterpoint.ItemID("radio-x", "a"), counterpoint.ItemID("radio-x", "b")
	buryWords(t, dir, a)
	p := startProcess(t, bin, "--data", dir, "--no-example")
	if out, errs, code := command(t, bin, eraseItems(), "ingest", "--data", dir, "--source", "radio-x", "--format", "jsonl", "-"); code != 0 {
		t.Fatalf("ingest: %s%s", out, errs)
	}
	eventually(t, "the last item is there", func() bool { return strings.Contains(do(0, "search", "--json", erasedWords["by hand"]), b) })
	flags := decideWords(t, p, a, b)
	if err := p.interrupt(); err != nil {
		t.Fatal(err)
	}
	head := newestHead(t, dir)
	words := slices.Sorted(maps.Values(erasedWords))
	for _, w := range words {
		sealed := w == erasedWords["evidence"] || w == erasedWords["note"] || w == erasedWords["reason"]
		if len(found(t, dir, w)) == 0 {
			t.Errorf("%s is in no file before it is erased (sealed in the log, plain in the index: %v)", w, sealed)
		}
	}

	do(exitUsage, "erase", "--item", a, "--reason", "no case number")
	if beside {
		p = startProcess(t, bin, "--data", dir, "--no-example")
	}
	if out := do(exitFailed, "erase", "--item", "item_unknown", "--case", "2026-1", "--reason", "consent withdrawn"); !strings.Contains(out, "there is no item item_unknown") || strings.Contains(out, "erased") {
		t.Errorf("an unknown item: %s", out)
	}
	out := do(0, "erase", "--item", a+","+b, "--case", "2026-17", "--reason", "consent withdrawn")
	if !strings.Contains(out, "erased 2 items") || !strings.Contains(out, "1 dead letter,") {
		t.Errorf("erase said: %s", out)
	}
	if in := found(t, dir, words...); len(in) > 0 {
		t.Errorf("after the erasure: %v", in)
	}
	if !beside {
		p = startProcess(t, bin, "--data", dir, "--no-example")
	}
	erasedForPeople(t, p, do, flags, b)
	copied := filepath.Join(t.TempDir(), "copy")
	do(0, "backup", copied)
	if err := p.interrupt(); err != nil {
		t.Fatal(err)
	}
	if in := append(found(t, dir, words...), found(t, copied, words...)...); len(in) > 0 {
		t.Errorf("after everything has ended: %v", in)
	}
	if n := terms(t, dir, erasedWords["text"][2:]); n != 0 {
		t.Errorf("%d erased terms in the full-text index", n)
	}
	if len(found(t, dir, keptWord)) == 0 || terms(t, dir, keptWord) == 0 {
		t.Error("what was not erased is gone too")
	}
	if out := do(0, "verify", "--head", head); !strings.Contains(out, "proven by the head") {
		t.Errorf("verify against the head from before: %s", out)
	}
	live := dump(t, dir)
	do(0, "rebuild")
	if again := dump(t, dir); !bytes.Equal(live, again) {
		t.Errorf("the rebuilt index is not the live one:\n%s", firstDifference(live, again))
	}
	comesAgain(t, bin, dir, words)
}

// erasedForPeople holds what the pages show afterwards.
func erasedForPeople(t *testing.T, p *process, do func(int, ...string) string, flags []string, hand string) {
	t.Helper()
	f := must[counterpoint.Flag](t, p, testToken, "GET", "/api/v1/flags/"+flags[0], nil, 200)
	if f.State != counterpoint.Confirmed || f.Text != "" || len(f.Sightings) != 0 || f.Narrative == "" || len(f.Reviews) != 1 || f.Reviews[0].Level != counterpoint.Top {
		t.Errorf("the decided flag is %+v", f)
	}
	if f.Seen.IsZero() || f.ConfirmedAt == nil {
		t.Errorf("the times of the decision are gone: %v, %v", f.Seen, f.ConfirmedAt)
	}
	if h := must[counterpoint.Flag](t, p, testToken, "GET", "/api/v1/flags/"+flags[1], nil, 200); h.State != counterpoint.Lapsed || h.Text != "" {
		t.Errorf("the flag raised by hand is %s, %q", h.State, h.Text)
	}
	if r, err := p.call(context.Background(), testToken, "GET", "/api/v1/items/"+hand, "", nil); err != nil || r.status != 404 {
		t.Errorf("the item is answered with %d, %v", r.status, err)
	}
	if out := do(0, "search", "--json", erasedWords["text"]); strings.Contains(out, "item_") {
		t.Errorf("search finds %s", out)
	}
	if out := do(0, "export", "audit"); !strings.Contains(out, counterpoint.EraseType) || !strings.Contains(out, "2026-17") {
		t.Error("the audit does not tell of the erasure")
	}
	if out := do(0, "dead", "list"); strings.Contains(out, "classify") {
		t.Errorf("the dead letter still waits: %s", out)
	}
}

// TestEraseInterrupted ends an erasure after each of its steps, as a kill would, and begins it again.
func TestEraseInterrupted(t *testing.T) {
	words := []string{erasedWords["text"], erasedWords["title"], erasedWords["speaker"], erasedWords["revision"], erasedWords["by hand"]}
	a := counterpoint.ItemID("radio-x", "a")
	req := eraseRequest{Source: "radio-x", Case: "2026-19", Reason: "the station asked"}
	for k := range len((*line)(nil).eraser(req).steps()) {
		cfg := config{Data: t.TempDir(), Languages: defaultLanguages}
		l, stop, err := ownLine(t.Context(), cfg, testWriter{t}, roleIngest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.accept(t.Context(), ingestFlags{source: "radio-x", format: "jsonl"}.request("-"), strings.NewReader(eraseItems())); err != nil {
			t.Fatal(err)
		}
		if err := l.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := l.eraser(req)
		for _, step := range e.steps()[:k] {
			if err := step.do(t.Context()); err != nil {
				t.Fatalf("%s: %v", step.what, err)
			}
		}
		if len(found(t, cfg.Data, words...)) == 0 {
			t.Errorf("after %d steps there is nothing left to do", k)
		}
		if r := l.eraseNow(t.Context(), req); r.Problem != "" {
			t.Errorf("again after %d steps: %s", k, r.Problem)
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if in := found(t, cfg.Data, words...); len(in) > 0 {
			t.Errorf("begun again after %d steps: %v", k, in)
		}
		if bytes.Contains(dump(t, cfg.Data), []byte(a+".")) {
			t.Errorf("begun again after %d steps, the item is still shown", k)
		}
	}
}

// comesAgain gives the same file once more: an erased item that comes in again is a new one, live and rebuilt.
func comesAgain(t *testing.T, bin, dir string, words []string) {
	t.Helper()
	if out, errs, code := command(t, bin, eraseItems(), "ingest", "--source", "radio-x", "--format", "jsonl", "-", "--data", dir); code != 0 || !strings.Contains(out, "accepted 3") {
		t.Fatalf("given again: exit %d %s%s", code, out, errs)
	}
	live := dump(t, dir)
	if !bytes.Contains(live, []byte(erasedWords["text"])) {
		t.Error("an item that came again is not there")
	}
	if out, errs, code := command(t, bin, "", "rebuild", "--data", dir); code != 0 {
		t.Fatalf("rebuild: %s%s", out, errs)
	}
	if again := dump(t, dir); !bytes.Equal(live, again) {
		t.Errorf("rebuilt after it came again:\n%s", firstDifference(live, again))
	}
	if out, errs, code := command(t, bin, "", "erase", "--data", dir, "--source", "radio-x", "--case", "2026-18", "--reason", "the station asked"); code != 0 || !strings.Contains(out, "erased 2 items") {
		t.Fatalf("erase the source: exit %d %s%s", code, out, errs)
	}
	if in := found(t, dir, words...); len(in) > 0 {
		t.Errorf("after the source was erased: %v", in)
	}
}
