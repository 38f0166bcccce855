package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"counterpoint"
	"counterpoint/ingest"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// line is a stream and a register of sources in memory.
type line struct {
	sync.Mutex
	parts   []counterpoint.Item
	calls   int
	err     error
	limit   int // largest part in bytes; 0 is none
	sources map[string]counterpoint.Source
}

func (l *line) Publish(_ context.Context, items ...counterpoint.Item) error {
	l.Lock()
	defer l.Unlock()
	l.calls++
	if l.err != nil {
		return l.err
	}
	for _, it := range items {
		b, err := json.Marshal(it)
		if err != nil {
			return err
		}
		if l.limit > 0 && len(b) > l.limit {
			return counterpoint.ErrTooLarge
		}
	}
	l.parts = append(l.parts, items...)
	return nil
}

func (l *line) Source(_ context.Context, id string) (counterpoint.Source, error) {
	if s, ok := l.sources[id]; ok {
		return s, nil
	}
	return counterpoint.Source{}, counterpoint.ErrNotFound
}

func (l *line) Register(_ context.Context, s counterpoint.Source) error {
	l.sources[s.ID] = s
	return nil
}

var sahil = counterpoint.Source{
	ID: "sahil", Name: "Radio Sahil", Kind: counterpoint.Radio, Owner: "sahil-group", Reach: 20000, Country: "CF",
	Languages: []string{"fra", "swa"}, Zone: "Africa/Bangui", Audio: "https://archive.example/{date}/{time}/{name}.mp3",
	FileTime: "20060102-1504",
}

func newDoor(t testing.TB, l *line, dir string, set ...func(*ingest.Options)) *ingest.Door {
	t.Helper()
	if l.sources == nil {
		l.sources = map[string]counterpoint.Source{"sahil": sahil}
	}
	seen, err := ingest.OpenSeen(filepath.Join(dir, "ingest.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { seen.Close() })
	o := ingest.Options{
		Publisher: l, Seen: seen, Sources: l, Now: func() time.Time { return noon },
		Pseudonym: func(s string) string { return "p_" + s }, Registerer: prometheus.NewRegistry(),
	}
	for _, f := range set {
		f(&o)
	}
	d, err := ingest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func accept(t testing.TB, d *ingest.Door, name, data string, o ingest.FileOptions) ingest.Receipt {
	t.Helper()
	r, err := d.Accept(t.Context(), sahil, name, strings.NewReader(data), o)
	if err != nil {
		t.Fatalf("accept %s: %v", name, err)
	}
	return r
}

// counts is a receipt in short.
func counts(r ingest.Receipt) string {
	return fmt.Sprintf("%d read %d accepted %d duplicates %d rejected", r.Read, r.Accepted, r.Duplicates, len(r.Rejected))
}

const vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Host>The market is open.\n"

func TestAccept(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	got := accept(t, d, "in/morning_20261122-0600.vtt", vtt, ingest.FileOptions{Lang: "swh"})
	if want := "1 read 1 accepted 0 duplicates 0 rejected"; counts(got) != want {
		t.Fatalf("got %s, want %s", counts(got), want)
	}
	start, end := int64(1000), int64(2000)
	recorded := time.Date(2026, 11, 22, 5, 0, 0, 0, time.UTC)
	it := counterpoint.Item{
		ID: counterpoint.ItemID("sahil", "2026-11-22T05:00:00Z/morning_20261122-0600"), Source: "sahil", Kind: counterpoint.Radio, Owner: "sahil-group",
		Reach: 20000, Country: "CF", Locator: "2026-11-22T05:00:00Z/morning_20261122-0600", Title: "morning_20261122-0600", Lang: "swa",
		Languages: []string{"fra", "swa"}, Audio: "https://archive.example/2026-11-22/0600/morning_20261122-0600.mp3",
		Format: "vtt", Recorded: &recorded, Precision: counterpoint.Minute, Seen: noon, Clock: true, Part: 1, Parts: 1,
		Segments: []counterpoint.Segment{{
			Text: "The market is open.", StartMS: &start, EndMS: &end, Speaker: "Host", Role: counterpoint.Host,
			Quality: counterpoint.Weak, Doubt: "the file does not say how sure the recogniser was",
		}},
		Context: []counterpoint.Segment{},
	}
	it.Revision = counterpoint.Revision(it.Segments)
	if diff := cmp.Diff([]counterpoint.Item{it}, l.parts); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}

func TestTwiceIsOnce(t *testing.T) {
	l, dir := &line{}, t.TempDir()
	d := newDoor(t, l, dir)
	f := func(name, data, want string) {
		t.Helper()
		if got := counts(accept(t, d, name, data, ingest.FileOptions{})); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	const accepted, duplicate = "1 read 1 accepted 0 duplicates 0 rejected", "1 read 0 accepted 1 duplicates 0 rejected"
	f("a.vtt", vtt, accepted)
	f("a.vtt", vtt, duplicate)
	f("copy under another name.vtt", vtt, duplicate)
	f("a_20261122-0600.vtt", vtt, accepted) // another recording: its start is known
	f("a_20261122-0600.vtt", strings.Replace(vtt, "open", "closed", 1), accepted)
	f("a_20261122-0600.vtt", vtt, duplicate) // the old bytes again do not undo the revision
	f("a_20261122-0600.vtt", strings.ReplaceAll(vtt, "00:01", "00:00"), accepted)
	f("copy_20261122-0600.vtt", vtt, duplicate)
	f("other_20261122-0600.vtt", strings.Replace(vtt, "open", "far", 1), accepted) // two at one time are two
	f("two.stm", "rec1 1 a 0 1 one\nrec2 1 a 0 1 two\n", "2 read 2 accepted 0 duplicates 0 rejected")
	f("two.stm", "rec1 1 a 0 1 one\nrec2 1 a 0 1 two\n", "2 read 0 accepted 2 duplicates 0 rejected")
	if ids := distinct(l.parts); ids != 5 {
		t.Errorf("%d items, want 5", ids)
	}
	d = newDoor(t, l, dir)
	f("a.vtt", vtt, duplicate)
	f("two.jsonl", `{"locator":"x","segments":[{"text":"one"}]}`+"\n"+`{"locator":"x","segments":[{"text":"One!"}]}`+"\n"+
		`{"locator":"x","segments":[{"text":"two"}]}`+"\n", "3 read 2 accepted 1 duplicates 0 rejected")
}

func distinct(parts []counterpoint.Item) int {
	ids := map[string]bool{}
	for _, p := range parts {
		ids[p.ID] = true
	}
	return len(ids)
}

// A line whose time no document can hold is rejected alone, and none that the others stand beside.
func TestWildTimesAreRejectedAlone(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	lines := `{"locator":"1","recorded":"9999-12-31T23:59:59Z","segments":[{"text":"Late.","start_ms":7200000,"end_ms":7300000}]}
{"locator":"2","published":"9999-12-31T23:59:59-12:00","segments":[{"text":"Later."}]}
{"locator":"3","recorded":"0000-01-01T00:00:00+12:00","segments":[{"text":"Early."}]}
{"locator":"4","recorded":"2026-11-20T08:00:00Z","segments":[{"text":"Now."}]}
`
	r := accept(t, d, "x.jsonl", lines, ingest.FileOptions{})
	if want := "4 read 1 accepted 0 duplicates 3 rejected"; counts(r) != want {
		t.Fatalf("got %s (%v), want %s", counts(r), r.Rejected, want)
	}
	if !strings.Contains(r.Rejected[0].Reason, "recorded: ") {
		t.Errorf("rejected %v, want the field named", r.Rejected[0])
	}
}

func TestHostileFieldsAreMadeHarmless(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	r := accept(t, d, "x.jsonl", `{"locator":"1","title":"a\u0000b`+strings.Repeat("ት", 5000)+`","url":" javascript:alert(1)","audio":"JavaScript:alert(1)","segments":[{"text":"one\u0000 two\u001b[31m","speaker":"Ho\u0000st"}]}
{"locator":"2","url":"https://example.org/a:b","audio":"recordings/06:00.mp3","segments":[{"text":"three"}]}
`, ingest.FileOptions{})
	if r.Accepted != 2 || len(r.Notes) != 2 {
		t.Fatalf("%+v, want two accepted and two notes", r)
	}
	a, b := l.parts[0], l.parts[1]
	if a.URL != "" || a.Audio != "" || len([]rune(a.Title)) != 300 || !strings.HasPrefix(a.Title, "abት") {
		t.Errorf("kept %q, %q and a title of %d letters", a.URL, a.Audio, len([]rune(a.Title)))
	}
	if g := a.Segments[0]; g.Text != "one two[31m" || strings.Contains(g.Speaker, "\x00") {
		t.Errorf("kept %q by %q", g.Text, g.Speaker)
	}
	if b.URL != "https://example.org/a:b" || b.Audio != "recordings/06:00.mp3" {
		t.Errorf("changed harmless addresses: %q, %q", b.URL, b.Audio)
	}
}

func TestRefused(t *testing.T) {
	d := newDoor(t, &line{}, t.TempDir())
	f := func(name, data, want string) {
		t.Helper()
		r := accept(t, d, name, data, ingest.FileOptions{})
		if r.Read != 1 || r.Accepted != 0 || len(r.Rejected) == 0 {
			t.Fatalf("%s: %+v, want one read and rejected", name, r)
		}
		last := r.Rejected[len(r.Rejected)-1]
		if last.File != name || !strings.Contains(last.Reason, want) {
			t.Errorf("%s: %v, want %q", name, last, want)
		}
	}
	f("none.vtt", "", "is empty")
	f("a.ttml", "<tt></tt>", "TTML captions are not read yet; convert to WebVTT")
	f("captions.xml", `<tt xmlns="http://www.w3.org/ns/ttml"></tt>`, "TTML")
	f("a.sbv", "0:00:00.3,0:00:11.3\nx", "SBV")
	f("a.mp3", "ID3", "not transcribed here")
	f("a.bin", "\x00\x01\x02", "no format known here (vtt, trs,")
	f("other.json", `{"monologues":[]}`, "no format known")
	f("a.srt", "some text", "no SRT caption")
	f("a.json", `{"segments":[`, "ends in the middle")
	if _, err := d.Accept(t.Context(), sahil, "a", strings.NewReader("x"), ingest.FileOptions{Format: "doc"}); !errors.Is(err, counterpoint.ErrInvalid) {
		t.Errorf("an unknown --format: %v, want ErrInvalid", err)
	}
	r, err := d.AcceptFile(t.Context(), sahil, filepath.Join(t.TempDir(), "gone.vtt"), ingest.FileOptions{})
	if err != nil || len(r.Rejected) != 1 || !strings.Contains(r.Rejected[0].Reason, "no such file") {
		t.Errorf("a missing file: %+v, %v", r, err)
	}
}

func TestDetect(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	f := func(name, data, want string) {
		t.Helper()
		l.parts = nil
		r := accept(t, d, name, data, ingest.FileOptions{})
		if len(l.parts) != 1 || l.parts[0].Format != want {
			t.Errorf("%s: %d items, %v; want one of %s", name, len(l.parts), r.Rejected, want)
		}
	}
	const srt = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n"
	f("-", vtt, "vtt")
	f("-", "\xef\xbb\xbf"+srt, "srt")
	f("captions.txt", strings.Replace(srt, "Hello", "Hello you", 1), "srt")
	f("wide.srt", "\xff\xfe1\x00\n\x000\x000\x00:\x000\x000\x00:\x000\x001\x00 \x00-\x00-\x00>\x00 \x000\x000\x00:\x000\x000\x00:\x000\x002\x00\n\x00W\x00\n\x00", "srt")
	f("-", `{"text":"x","segments":[{"start":0,"end":1,"text":"A \"source\" here."}]}`, "whisper")
	f("x.json", `{"transcription":[{"offsets":{"from":0,"to":9},"text":"B"}]}`, "whisper")
	f("x.json", `{"source":"sahil","segments":[{"text":"C"}]}`, "jsonl")
	f("x.json", "{\n\"source\": \"a.wav\",\n\"segments\": [{\"start\": 0, \"end\": 1, \"text\": \"C2\"}]\n}\n", "whisper")
	f("x.ndjson", `{"segments":[{"text":"D"}]}`, "jsonl")
	f("x.xml", `<?xml version="1.0"?><Trans><Turn startTime="0" endTime="1"><Sync time="0"/>E</Turn></Trans>`, "trs")
	f("x", "a 1 b 0.0 1.0 <o> F\n", "stm")
	f("x.txt", "[00:01] G at 5 1 o'clock\n", "text")
	f("-", "Just a note.\n", "text")

	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	gz.Write([]byte(strings.Replace(vtt, "open", "packed", 1)))
	gz.Close()
	f("x.vtt.gz", packed.String(), "vtt")
	r := accept(t, d, "torn.vtt.gz", packed.String()[:packed.Len()-12], ingest.FileOptions{})
	if len(r.Rejected) != 1 || !strings.Contains(r.Rejected[0].Reason, "cannot be unpacked") {
		t.Errorf("torn gzip: %+v", r)
	}
}

func TestJSONLSources(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	r := accept(t, d, "x.jsonl", `{"source":"web-1","url":"https://example.org/1","published":"2026-11-20T08:00:00Z","author":"Ada","lang":"fr","segments":[{"text":"Un."}]}
{"source":"No Good","segments":[{"text":"Deux."}]}
{"segments":[{"text":"Trois."}],"recorded":"2026-11-20T08:00:00Z"}
bad
`, ingest.FileOptions{Lang: "swa"})
	if want := "4 read 2 accepted 0 duplicates 2 rejected"; counts(r) != want {
		t.Fatalf("got %s (%v), want %s", counts(r), r.Rejected, want)
	}
	if r.Rejected[0].Line != 4 && r.Rejected[1].Line != 4 || !strings.Contains(fmt.Sprint(r.Rejected), "x.jsonl:2: source: id") {
		t.Errorf("rejected %v, want lines 2 and 4", r.Rejected)
	}
	if _, ok := l.sources["web-1"]; !ok || !strings.Contains(fmt.Sprint(r.Notes), `registered the new source "web-1"`) {
		t.Errorf("sources %v, notes %v: web-1 was not registered and said so", l.sources, r.Notes)
	}
	a, b := l.parts[0], l.parts[1]
	if a.Source != "web-1" || a.Owner != "web-1" || a.Lang != "fra" || a.Author != "p_ada" || a.Recorded != nil || a.Precision != counterpoint.Second {
		t.Errorf("first item %+v", a)
	}
	if b.Source != "sahil" || b.Lang != "swa" || b.Recorded == nil || b.Locator == "2026-11-20T08:00:00Z" {
		t.Errorf("second item %+v: a line without locator is named by its hash", b)
	}
}

func TestPublishFailsThenAgain(t *testing.T) {
	l := &line{err: counterpoint.ErrDiskFull}
	d := newDoor(t, l, t.TempDir())
	r, err := d.Accept(t.Context(), sahil, "a.vtt", strings.NewReader(vtt), ingest.FileOptions{})
	if !errors.Is(err, counterpoint.ErrDiskFull) || r.Accepted != 0 {
		t.Fatalf("%+v, %v; want ErrDiskFull and nothing accepted", r, err)
	}
	l.err = nil
	if got := counts(accept(t, d, "a.vtt", vtt, ingest.FileOptions{})); got != "1 read 1 accepted 0 duplicates 0 rejected" {
		t.Errorf("after the disk was freed: %s", got)
	}
}

func TestTooLargeIsRejectedAlone(t *testing.T) {
	l := &line{limit: 2000}
	d := newDoor(t, l, t.TempDir())
	r := accept(t, d, "x.jsonl", fmt.Sprintf(`{"segments":[{"text":"small"}]}
{"segments":[{"text":%q}]}
{"segments":[{"text":"small too"}]}
`, strings.Repeat("large ", 500)), ingest.FileOptions{})
	if want := "3 read 2 accepted 0 duplicates 1 rejected"; counts(r) != want || len(l.parts) != 2 {
		t.Errorf("got %s, %d published; want %s", counts(r), len(l.parts), want)
	}
}

// TestPartsFitRecords holds that no text, however hostile, makes a record that the stream refuses for ever.
func TestPartsFitRecords(t *testing.T) {
	for _, unit := range []string{"the road is dry ", "<&>", "\"\\", "\u2028 x", "<x y z w", "\xff\xfe", "é", "😀 "} {
		l := &line{limit: 512 << 10}
		d := newDoor(t, l, t.TempDir())
		r := accept(t, d, "x.txt", "ab "+strings.Repeat(unit, 1<<20/len(unit)), ingest.FileOptions{Format: "text"})
		if r.Accepted != 1 {
			t.Errorf("%q: %s %v", unit, counts(r), r.Rejected)
		}
	}
}

func TestThousandsTakeSeconds(t *testing.T) {
	var b strings.Builder
	const n = 20_000
	for i := range n {
		fmt.Fprintf(&b, `{"source":"sahil","locator":"k-%d","lang":"swa","segments":[{"text":"Soko liko wazi leo %d."}]}`+"\n", i, i)
	}
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	began := time.Now()
	r := accept(t, d, "many.jsonl", b.String(), ingest.FileOptions{})
	took := time.Since(began)
	if r.Accepted != n || len(l.parts) != n {
		t.Fatalf("%s, %d published", counts(r), len(l.parts))
	}
	t.Logf("%d items in %v, %d publishes", n, took, l.calls)
	if r = accept(t, d, "many.jsonl", b.String(), ingest.FileOptions{}); r.Duplicates != n || len(l.parts) != n {
		t.Errorf("again: %s, %d published", counts(r), len(l.parts))
	}
	if took > 60*time.Second {
		t.Errorf("took %v, want seconds", took)
	}
}

func TestConcurrentSameFile(t *testing.T) {
	l := &line{}
	d := newDoor(t, l, t.TempDir())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := d.Accept(context.Background(), sahil, "a.vtt", strings.NewReader(vtt), ingest.FileOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(l.parts) != 1 {
		t.Errorf("published %d times, want once", len(l.parts))
	}
}

func TestReceiptJSON(t *testing.T) {
	var sum ingest.Receipt
	sum.Add(accept(t, newDoor(t, &line{}, t.TempDir()), "a.vtt", vtt, ingest.FileOptions{}))
	got, err := json.Marshal(sum)
	if want := `{"read":1,"accepted":1,"duplicates":0,"rejected":[]}`; err != nil || string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSidecar(t *testing.T) {
	l, dir := &line{}, t.TempDir()
	d := newDoor(t, l, dir)
	write := func(name, data string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := write("show_20261122-0600.vtt", vtt)
	write("show_20261122-0600.meta.yaml", "recorded: 2026-11-22 07:30\naudio: /srv/show.ogg\ntitle: The morning\nlang: fr\n")
	r, err := d.AcceptFile(t.Context(), sahil, path, ingest.FileOptions{Title: "By hand"})
	if err != nil || r.Accepted != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	it := l.parts[0]
	if it.Title != "By hand" || it.Lang != "fra" || it.Audio != "/srv/show.ogg" || it.Precision != counterpoint.Minute ||
		!it.Recorded.Equal(time.Date(2026, 11, 22, 6, 30, 0, 0, time.UTC)) {
		t.Errorf("item %+v: want the person's title and the sidecar's rest", it)
	}
	f := func(side, want string) {
		t.Helper()
		path := write("bad.vtt", vtt)
		write("bad.vtt.meta.json", side)
		r, err := d.AcceptFile(t.Context(), sahil, path, ingest.FileOptions{})
		if err != nil || len(r.Rejected) != 1 || !strings.Contains(r.Rejected[0].Reason, want) {
			t.Errorf("sidecar %s: %+v, %v; want %q", side, r, err, want)
		}
	}
	f(`{"recoded": "2026-11-22T06:00:00Z"}`, "recoded")
	f(`{"recorded": "dawn"}`, "recorded: \"dawn\" is not a time")
	f(`{"lang": "klingonese"}`, "not an ISO 639 code")
	f(`{"lang": `, "bad.vtt.meta.json")

	files, err := ingest.Files(dir)
	if err != nil || len(files) != 4 { // bad.vtt, show…vtt, ingest.db and its -wal, -shm are files too
		names := strings.Join(files, " ")
		if strings.Contains(names, ".meta.") || !strings.Contains(names, "bad.vtt") || !strings.Contains(names, "show_") {
			t.Errorf("files %v, %v", files, err)
		}
	}
}
