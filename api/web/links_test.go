package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
)

// withAPI puts the JSON API beside the pages, so that the links to its tables can be followed.
func (p *place) withAPI() {
	p.t.Helper()
	a, err := api.New(api.Options{Desk: p.desk})
	if err != nil {
		p.t.Fatal(err)
	}
	p.server = httptest.NewServer(a.Around(p.pages))
	p.t.Cleanup(p.server.Close)
}

// links are the addresses on a page that begin with prefix and a question mark, as a browser reads them.
func (a answer) links(prefix string) []*url.URL {
	a.t.Helper()
	var out []*url.URL
	for _, n := range a.all("a") {
		u, err := url.Parse(attr(n, "href"))
		if err != nil {
			a.t.Errorf("%s: link %q: %v", a.path, attr(n, "href"), err)
			continue
		}
		if strings.HasPrefix(attr(n, "href"), prefix+"?") {
			out = append(out, u)
		}
	}
	return out
}

// one is the link that carries every one of the values.
func (a answer) one(prefix string, want url.Values) string {
	a.t.Helper()
	for _, u := range a.links(prefix) {
		all := true
		for name, values := range want {
			all = all && fmt.Sprint(u.Query()[name]) == fmt.Sprint(values)
		}
		if all {
			return u.String()
		}
	}
	a.t.Errorf("%s: no link to %s with %v; there are %v", a.path, prefix, want, a.links(prefix))
	return "/"
}

// many are thirty recordings of one station with a flag in each, among which others' stand.
func (p *place) many() {
	p.book.AddSource(counterpoint.Source{ID: "many", Name: "Many", Languages: []string{"eng"}, Example: true})
	for i := range 30 {
		at := p.now.Add(-time.Duration(i+1) * time.Minute)
		it := p.book.AddItem(counterpoint.ItemView{Title: fmt.Sprintf("Hour %d", i), Source: "many", Lang: "eng", Recorded: &at, Seen: at, Example: true, Segments: []counterpoint.SegmentView{
			{Text: fmt.Sprintf("velvet & \"silk\" number %d", i), Lang: "eng", Level: 2, Assessed: true}}})
		p.passage(it, 0, 0, 2, 1, "eng", at)
	}
}

// TestLinksKeepTheFilter follows every link of a list that has a filter: to its next page, its count, its hidden
// passages and its table. Each keeps the filter.
func TestLinksKeepTheFilter(t *testing.T) {
	p := newPlace(t)
	p.many()
	p.withAPI()
	w := p.signIn("Lena Fischer")
	chief := p.signIn("Chief")
	source := []string{"many"}

	found := w.get("/search?" + url.Values{"q": {`velvet`}, "source": source, "level": {"2"}}.Encode()).is(200)
	first := len(found.all("li", "class", "seg row"))
	second := w.get(found.one("/search", url.Values{"q": {"velvet"}, "source": source, "level": {"2"}})).is(200)
	if rest := len(second.all("li", "class", "seg row")); first != 25 || rest != 5 {
		t.Errorf("search: %d hits and %d on the next page, want 25 and 5", first, rest)
	}
	if n := table(t, w.get(found.one("/api/v1/export/segments.csv", url.Values{"q": {"velvet"}, "source": source, "level": {"2"}}))); n != 30 {
		t.Errorf("search: the table has %d rows, want 30", n)
	}

	items := w.get("/items?" + url.Values{"source": source}.Encode()).is(200)
	if n := len(w.get(items.one("/items", url.Values{"source": source})).is(200).all("tr", "class", "row")); n != 5 {
		t.Errorf("items: %d on the next page, want 5", n)
	}

	want := url.Values{"state": {"open"}, "source": source}
	queue := chief.get("/?" + want.Encode()).is(200)
	if n := len(queue.links("/")); n != 2 {
		t.Errorf("queue: %d links, want the count and the next page", n)
	}
	for _, u := range queue.links("/") {
		if u.Query().Get("source") != source[0] || u.Query().Get("state") != "open" {
			t.Errorf("queue: link %s lost its filter", u)
		}
		chief.get(u.String()).is(200).says("30 open")
	}
	if n := table(t, chief.get(queue.one("/api/v1/export/flags.csv", want))); n != 30 {
		t.Errorf("queue: the table has %d rows, want 30", n)
	}
	everything := chief.get("/?state=all&lang=all").is(200)
	if n := table(t, chief.get(everything.links("/api/v1/export/flags.csv")[0].String())); n != len(p.flags) {
		t.Errorf("queue: the table of everything has %d rows, want %d", n, len(p.flags))
	}

	day := p.now.Format(time.DateOnly)
	trend := w.get("/trends?" + url.Values{"by": {"source"}, "source": source, "from": {day}, "to": {day}}.Encode()).is(200)
	for _, u := range trend.links("/api/v1/export/trends.csv") {
		if u.Query().Get("by") != "source" || u.Query().Get("source") != source[0] || !strings.HasPrefix(u.Query().Get("from"), "2026-03-") {
			t.Errorf("trends: the table's address %s lost its filter", u)
		}
		table(t, w.get(u.String()))
	}
	if len(trend.links("/api/v1/export/trends.csv")) != 1 || len(trend.links("/")) == 0 {
		t.Error("trends: no table, or no lists behind its numbers")
	}
	for _, u := range trend.links("/") {
		w.get(u.String()).is(200).says("30 open")
	}
}

// TestHiddenPassagesAreShownInTheFilter follows the link that shows what a person has hidden, and back.
func TestHiddenPassagesAreShownInTheFilter(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	w.fill(w.get("/me"), "/me", "blur", "on").is(200)
	hidden := w.get("/?state=all&lang=swa").is(200)
	hidden.says("Passage hidden")
	want := url.Values{"state": {"all"}, "lang": {"swa"}, "show": {"1"}}
	shown := w.get(hidden.one("/", want)).is(200)
	shown.says("tuwafukuze")
	w.get(shown.one("/", url.Values{"state": {"all"}, "lang": {"swa"}})).is(200)
	p.many()
	first := w.get("/?" + url.Values{"state": {"all"}, "lang": {"all"}, "show": {"1"}}.Encode()).is(200)
	if next := first.find("a", "rel", "next"); next == nil || !strings.Contains(attr(next, "href"), "&show=1&cursor=") {
		t.Error("the next page hides the passages again")
	}
}

// TestLinksOfAHostileFilter checks that what somebody puts into a filter stays one value of it.
func TestLinksOfAHostileFilter(t *testing.T) {
	p := newPlace(t)
	p.many()
	w := p.signIn("Chief")
	for _, x := range []string{`"><script>alert(1)</script>`, `javascript:alert(1)`, `a&cursor=b#c`, `' onfocus='alert(1)`, `%22%3E+`} {
		a := w.get("/?" + url.Values{"state": {"all"}, "lang": {"all"}, "level": {"2"}, "q": {x}}.Encode()).is(200)
		secured(t, a)
		pure(t, a, x)
		if n := len(a.links("/")); n < 2 {
			t.Errorf("%d links with a filter, want the count and the next page", n)
		}
		for _, u := range a.links("/") {
			if u.Query().Get("q") != x && u.Query().Get("level") == "2" {
				t.Errorf("link %s carries q %q, want %q", u, u.Query().Get("q"), x)
			}
		}
	}
}

// table is how many rows a CSV has under its head.
func table(t *testing.T, a answer) int {
	t.Helper()
	a.is(200)
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return len(rows) - 1
}
