package api_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

var lists = []string{"items", "segments", "flags", "narratives", "messages", "airings", "alerts", "sources", "audit"}

// TestListsTakeEveryParameter: whatever the kind, a list takes each parameter, refuses others by name, and
// says null where there is no more.
func TestListsTakeEveryParameter(t *testing.T) {
	h := newHouse(t)
	h.broadcast("one")
	for _, list := range lists {
		path := "/api/v1/" + list
		a := h.want(200, "analyst", "GET", path, nil)
		if next, ok := a.body["next"]; !ok || next != nil {
			t.Errorf("GET %s: next = %v, want null", path, next)
		}
		for _, e := range a.data() {
			if e := e.(object); e["id"] == nil || e["version"] == nil {
				t.Errorf("GET %s: %v lacks id or version", path, e)
			}
		}
		for _, p := range []string{"source=x", "lang=sw", "label=hate", "level=1", "from=2026-01-01", "to=2027-01-01", "q=market", "limit=1"} {
			h.want(200, "analyst", "GET", path+"?"+p, nil)
		}
		for field, p := range map[string]string{"limit": "limit=201", "colour": "colour=red", "label": "label=evil", "state": "state=asleep", "level": "level=9"} {
			if a := h.want(422, "analyst", "GET", path+"?"+p, nil); fmt.Sprint(a.fields()) != "["+field+"]" {
				t.Errorf("GET %s?%s names %v, want %s", path, p, a.fields(), field)
			}
		}
		h.want(422, "analyst", "GET", path+"?cursor=nonsense", nil)
	}
}

func TestListPages(t *testing.T) {
	h := newHouse(t)
	for i := range 7 {
		h.broadcast(fmt.Sprintf("number %d", i))
	}
	for _, list := range []string{"items", "segments", "flags", "segments?q=market"} {
		seen, cursor, pages := map[string]bool{}, "", 0
		for {
			at, sep := "/api/v1/"+list, "?"
			if strings.Contains(list, "?") {
				sep = "&"
			}
			a := h.want(200, "analyst", "GET", at+sep+"limit=3&cursor="+url.QueryEscape(cursor), nil)
			for _, e := range a.data() {
				id := e.(object)["id"].(string)
				if seen[id] {
					t.Errorf("%s: %s twice", list, id)
				}
				seen[id] = true
			}
			pages++
			next, _ := a.body["next"].(string)
			if cursor = next; cursor == "" {
				break
			}
		}
		if want := map[string]int{"items": 7, "segments": 42, "flags": 7, "segments?q=market": 7}[list]; len(seen) != want || pages != (want+2)/3 {
			t.Errorf("%s: %d in %d pages, want %d", list, len(seen), pages, want)
		}
	}
}

func TestShapes(t *testing.T) {
	h := newHouse(t)
	it, f := h.broadcast("now")
	flag := h.want(200, "viewer", "GET", "/api/v1/flags?state=open&level=3&label=incitement", nil).data()[0].(object)
	for _, k := range []string{"id", "item", "source", "lang", "level", "priority", "state", "start_ms", "end_ms", "text", "findings", "version"} {
		if _, ok := flag[k]; !ok {
			t.Errorf("a flag lacks %s: %v", k, flag)
		}
	}
	if flag["id"] != f.ID || flag["start_ms"] != 30_000.0 {
		t.Errorf("flag = %v", flag)
	}
	item := h.want(200, "viewer", "GET", "/api/v1/items/"+it.ID, nil)
	for _, k := range []string{"id", "source", "title", "lang", "segments", "quality", "version"} {
		if _, ok := item.body[k]; !ok {
			t.Errorf("an item lacks %s: %s", k, item.text)
		}
	}
	found := h.want(200, "analyst", "GET", "/api/v1/segments?q=market", nil).data()
	if len(found) != 1 || fmt.Sprint(found[0].(object)["highlights"]) != "[map[end:10 start:4]]" {
		t.Errorf("search = %v, want market highlighted", found)
	}
	h.want(200, "viewer", "GET", "/api/v1/segments/"+it.Segments[2].ID, nil)
	if got := h.want(200, "analyst", "GET", "/api/v1/items?q=market", nil).data(); len(got) != 1 {
		t.Errorf("items with the word = %v, want one", got)
	}
	// Text without time.
	plain := h.book.AddItem(counterpoint.ItemView{Title: "a post", Segments: []counterpoint.SegmentView{{Text: "The Oshun are vermin"}}})
	s, err := plain.Passage(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	h.book.AddFlag(s)
	flag = h.want(200, "viewer", "GET", "/api/v1/flags?item="+plain.ID, nil).data()[0].(object)
	if start, ok := flag["start_ms"]; !ok || start != nil || flag["end_ms"] != nil {
		t.Errorf("start_ms of text without time = %v, want null", start)
	}
}

func TestLongItemsAreCutInLists(t *testing.T) {
	h := newHouse(t)
	it := counterpoint.ItemView{Title: "a long night"}
	for i := range 150 {
		it.Segments = append(it.Segments, counterpoint.SegmentView{Text: fmt.Sprint("line ", i)})
	}
	it = h.book.AddItem(it)
	listed := h.want(200, "viewer", "GET", "/api/v1/items", nil).data()[0].(object)
	if n := len(listed["segments"].([]any)); n != 100 || listed["segment_count"] != 150.0 {
		t.Errorf("the list has %d segments of %v, want 100 of 150", n, listed["segment_count"])
	}
	if n := len(h.want(200, "viewer", "GET", "/api/v1/items/"+it.ID, nil).body["segments"].([]any)); n != 150 {
		t.Errorf("the item has %d segments, want 150", n)
	}
}

func TestCounts(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		h.broadcast(fmt.Sprint("number ", i))
	}
	a := h.want(200, "viewer", "GET", "/api/v1/counts?kind=flags&by=level&state=open", nil)
	if fmt.Sprint(a.body["data"]) != "[map[count:5 key:3]]" || a.body["total"] != 5.0 {
		t.Errorf("counts = %s, want five of level 3", a.text)
	}
	a = h.want(200, "viewer", "GET", "/api/v1/counts?kind=segment&by=day", nil)
	if fmt.Sprint(a.body["data"]) != "[map[count:30 key:2026-03-01T00:00:00Z]]" {
		t.Errorf("counts by day = %s", a.text)
	}
	for _, bad := range []string{"", "?kind=account", "?kind=flag&by=colour", "?kind=flag&limit=3", "?kind=flag&state=approved"} {
		h.want(422, "viewer", "GET", "/api/v1/counts"+bad, nil)
	}
}

func TestExport(t *testing.T) {
	h := newHouse(t)
	for i := range 250 {
		it := h.book.AddItem(counterpoint.ItemView{
			Title: fmt.Sprintf("=cmd|' /C calc'!A%d", i), Example: i%2 == 0,
			Segments: []counterpoint.SegmentView{{Text: fmt.Sprintf("@Velari, \"go\"\n%d", i)}},
		})
		s, err := it.Passage(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		h.book.AddFlag(s)
	}
	for _, kind := range []string{"flags", "segments"} {
		a := h.want(200, "analyst", "GET", "/api/v1/export/"+kind+".csv", nil)
		table, err := csv.NewReader(strings.NewReader(a.text)).ReadAll()
		if err != nil || len(table) != 251 {
			t.Fatalf("%s: %d rows, %v, want 251", kind, len(table), err)
		}
		marked := 0
		for _, row := range table[1:] {
			for _, cell := range row {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
					t.Errorf("%s: the cell %q is a formula", kind, cell)
				}
			}
			if row[len(row)-1] == "example" {
				marked++
			}
		}
		if marked != 125 {
			t.Errorf("%s: %d rows marked as example, want 125", kind, marked)
		}
		if !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
			t.Errorf("%s: Content-Type = %q", kind, a.header.Get("Content-Type"))
		}
	}
	if a := h.want(200, "analyst", "GET", "/api/v1/export/airings.csv", nil); !strings.HasPrefix(a.text, "id,state,station") {
		t.Errorf("no airings = %q, want the header alone", a.text)
	}
	h.want(422, "analyst", "GET", "/api/v1/export/flags.csv?limit=3", nil)
}

func TestIngest(t *testing.T) {
	var got api.IngestRequest
	var size int64
	h := newHouse(t, func(o *api.Options) {
		o.Ingest = func(_ context.Context, r api.IngestRequest, body io.Reader) (any, error) {
			got = r
			n, err := io.Copy(io.Discard, body)
			size = n
			return map[string]int{"read": 1, "accepted": 1}, err
		}
	})
	big := strings.Repeat("x", 3<<20)
	a := h.want(200, "admin", "POST", "/api/v1/ingest?source=radio-x&format=vtt&name=a.vtt&lang=sw&recorded=2026-03-01T18:00:00%2B03:00", big, "Content-Type", "application/octet-stream")
	if a.body["accepted"] != 1.0 || size != 3<<20 {
		t.Errorf("ingest = %s with %d bytes read", a.text, size)
	}
	if got.Source != "radio-x" || got.Lang != "swa" || got.Format != "vtt" || got.By.Name != "the admin" ||
		got.Recorded == nil || !got.Recorded.Equal(time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("request = %+v", got)
	}
	for _, bad := range []string{"", "?source=x&format=mp3", "?source=x&lang=klingon", "?source=x&recorded=yesterday", "?source=x&colour=red"} {
		h.want(422, "admin", "POST", "/api/v1/ingest"+bad, "x")
	}
}

func TestImportPlayout(t *testing.T) {
	h := newHouse(t, func(o *api.Options) {
		o.Playout = func(_ context.Context, by counterpoint.Account, body io.Reader, station, zone string) (any, error) {
			b, err := io.ReadAll(body)
			return map[string]string{"read": string(b), "by": by.Name, "station": station, "zone": zone}, err
		}
	})
	a := h.want(200, "radio", "POST", "/api/v1/airings/import?station=Radio+One&zone=Africa/Nairobi", "a,b\n1,2\n", "Content-Type", "text/csv")
	if a.body["read"] != "a,b\n1,2\n" || a.body["station"] != "Radio One" || a.body["zone"] != "Africa/Nairobi" || a.body["by"] != "the radio" {
		t.Errorf("import = %s", a.text)
	}
	h.want(200, "radio", "POST", "/api/v1/airings/import?station=Radio+One", `[{"sh_id":1}]`, "Content-Type", "application/json")
	h.want(415, "radio", "POST", "/api/v1/airings/import", "--b", "Content-Type", "multipart/form-data; boundary=b")
	h.want(422, "radio", "POST", "/api/v1/airings/import?zone=Mars", "a", "Content-Type", "text/csv")
}

// TestAround: pages are reached with the account, beside the API.
func TestAround(t *testing.T) {
	h := newHouse(t)
	a, err := api.New(api.Options{Desk: h.desk, LocalToken: "local", Ready: func(context.Context) error { return io.EOF }})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = a.Around(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, ok := api.AccountOf(r.Context())
		if r.URL.Path == "/panic" {
			panic("on purpose")
		}
		fmt.Fprintf(w, "%s %s %t", r.URL.Path, who.Name, ok)
	}))
	if got := h.want(200, "viewer", "GET", "/flags/x", nil); got.text != "/flags/x the viewer true" {
		t.Errorf("page = %q", got.text)
	}
	if got := h.want(200, "", "GET", "/", nil, "Authorization", "Bearer local"); got.text != "/ operator true" {
		t.Errorf("page for the local token = %q", got.text)
	}
	if got := h.want(200, "", "GET", "/signin", nil); got.text != "/signin  false" {
		t.Errorf("page for nobody = %q", got.text)
	}
	h.want(503, "", "GET", "/readyz", nil)
	h.want(500, "", "GET", "/panic", nil)
	h.want(200, "viewer", "GET", "/api/v1/flags", nil)
}

// TestOpenAPINamesEveryRoute: the document is made from the code that answers.
func TestOpenAPINamesEveryRoute(t *testing.T) {
	h := newHouse(t)
	paths := h.want(200, "", "GET", "/api/v1/openapi.json", nil).body["paths"].(object)
	var missing []string
	for _, r := range newAPI(t).Routes() {
		method, path, _ := strings.Cut(r, " ")
		ops, _ := paths[path].(object)
		if _, ok := ops[strings.ToLower(method)]; !ok {
			missing = append(missing, r)
		}
	}
	slices.Sort(missing)
	if want := "GET /api/v1/openapi.json GET /healthz GET /metrics GET /readyz"; strings.Join(missing, " ") != want {
		t.Errorf("the document lacks %v, want only %s", missing, want)
	}
}
