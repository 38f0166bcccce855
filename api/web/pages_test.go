package web_test

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// everyPage are addresses of every page, by who looks at it.
func (p *place) everyPage() map[string][]string {
	message := p.find("Radio Sango team", "/messages?state=aired", "/messages/msg_")
	airing := p.find("Radio Sango team", message, "/airings/air_")
	return map[string][]string{
		"Nadia Okello": {
			"/", "/?state=all&lang=all", "/?state=confirmed&lang=all", "/flags/" + p.flag.ID, "/flags/" + p.flags[1].ID, "/flags/" + p.flags[3].ID, "/flags/" + p.flags[4].ID,
			"/items", "/items/" + p.item.ID, "/narratives", "/narratives/" + p.story, "/messages", "/messages?state=submitted", message, "/today", "/search", "/search?q=maji", "/search?level=3", "/sources", "/help", "/me", "/reports", "/reports/" + p.sms.ID,
		},
		"Radio Sango team": {"/", "/messages/new", "/messages/new?narrative=" + p.story, message, message + "/edit", "/today", "/today?station=radio-lumo", "/today/sheet", airing},
		"Emre Aksoy":       {"/messages?state=submitted", message},
		"Lena Fischer":     {"/audit", "/trends", "/trends?by=label", "/trends?by=source&from=2026-01-01", "/sources/radio-lumo", "/search?q=%22soko%20jipya%22"},
		"Chief":            {"/accounts", "/audit", "/sources", "/sources/sms", "/reports/" + p.sms.ID},
		"":                 {"/signin"},
	}
}

// find is the first link of a page that begins with prefix.
func (p *place) find(who, page, prefix string) string {
	p.t.Helper()
	for _, a := range p.signIn(who).get(page).is(200).all("a") {
		if strings.HasPrefix(attr(a, "href"), prefix) && !strings.Contains(attr(a, "href"), "?") {
			return attr(a, "href")
		}
	}
	p.t.Fatalf("%s has no link to %s…", page, prefix)
	return ""
}

const pageBudget = 60 << 10

// TestEveryPage checks what must hold on every page: it is whole, light, safe and can be used by keyboard and
// with a screen reader.
func TestEveryPage(t *testing.T) {
	p := newPlace(t)
	style := p.signIn("").get(attr(p.signIn("").get("/signin").find("link", "rel", "stylesheet"), "href")).is(200)
	for who, pages := range p.everyPage() {
		w := p.signIn(who)
		for _, path := range pages {
			a := w.get(path).is(200)
			if n := len(a.body) + len(style.body); n > pageBudget {
				t.Errorf("%s: %d bytes with its style, want at most %d", path, n, pageBudget)
			}
			if strings.Contains(a.body, "⟦") {
				t.Errorf("%s: shows the key of a missing string: %s", path, a.body[strings.Index(a.body, "⟦"):][:60])
			}
			if strings.Contains(a.body, "<no value>") || strings.Contains(a.body, "ZgotmplZ") || strings.Contains(a.body, "%!") {
				t.Errorf("%s: shows a value that could not be shown", path)
			}
			accessible(t, a)
			secured(t, a)
			if who != "" && !strings.Contains(a.body, "None of it was ever broadcast") {
				t.Errorf("%s: does not say that it is an example", path)
			}
		}
	}
}

func accessible(t *testing.T, a answer) {
	t.Helper()
	root := a.find("html")
	if attr(root, "lang") != "en" || attr(root, "dir") != "ltr" {
		t.Errorf("%s: html has lang %q and dir %q", a.path, attr(root, "lang"), attr(root, "dir"))
	}
	if n := len(a.all("h1")); n != 1 {
		t.Errorf("%s: %d h1, want 1", a.path, n)
	}
	if len(a.all("main")) != 1 || strings.TrimSpace(text(a.find("title"))) == "" {
		t.Errorf("%s: main or title is missing", a.path)
	}
	labelled, ids := map[string]bool{}, map[string]bool{}
	for _, l := range a.all("label") {
		labelled[attr(l, "for")] = true
	}
	for _, n := range a.all("") {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("%s: id %q stands twice", a.path, id)
			}
			ids[id] = true
		}
	}
	for _, n := range a.all("") {
		for _, ref := range strings.Fields(attr(n, "aria-describedby") + " " + attr(n, "aria-labelledby")) {
			if !ids[ref] {
				t.Errorf("%s: %s refers to %q, which is not there", a.path, n.Data, ref)
			}
		}
		if named(n, labelled) {
			continue
		}
		t.Errorf("%s: %s named %q has no label", a.path, n.Data, attr(n, "name"))
	}
	for _, b := range append(a.all("button"), a.all("a")...) {
		if strings.TrimSpace(text(b)) == "" && attr(b, "aria-label") == "" {
			t.Errorf("%s: a %s says nothing", a.path, b.Data)
		}
		if b.Data == "a" && attr(b, "href") == "" {
			t.Errorf("%s: link %q leads nowhere", a.path, text(b))
		}
	}
}

// named reports whether a control has a label; other elements need none.
func named(n *html.Node, labelled map[string]bool) bool {
	switch n.Data {
	case "input", "select", "textarea":
	default:
		return true
	}
	if attr(n, "type") == "hidden" || attr(n, "aria-label") != "" || labelled[attr(n, "id")] {
		return true
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if up.Data == "label" {
			return true
		}
	}
	return false
}

func secured(t *testing.T, a answer) {
	t.Helper()
	csp := a.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("%s (%d): policy %q lacks %s", a.path, a.status, csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("%s: policy %q is not strict", a.path, csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s (%d): %s is %q, want %q", a.path, a.status, name, got, want)
		}
	}
	clean(t, a)
}

// clean fails on anything that could run or load from elsewhere, whatever made it.
func clean(t *testing.T, a answer) {
	t.Helper()
	for _, n := range a.all("") {
		if n.Data == "style" || n.Data == "iframe" || n.Data == "object" || n.Data == "embed" || n.Data == "base" || n.Data == "meta" && has(n, "http-equiv") {
			t.Errorf("%s: has an element %s", a.path, n.Data)
		}
		if n.Data == "script" && (!strings.HasPrefix(attr(n, "src"), "/static/") || text(n) != "") {
			t.Errorf("%s: has a script that is not ours: %q %q", a.path, attr(n, "src"), text(n))
		}
		for _, at := range n.Attr {
			if strings.HasPrefix(at.Key, "on") || at.Key == "style" || at.Key == "srcdoc" {
				t.Errorf("%s: %s has an attribute %s=%q", a.path, n.Data, at.Key, at.Val)
			}
			if at.Key != "href" && at.Key != "src" && at.Key != "action" && at.Key != "formaction" {
				continue
			}
			switch v := strings.ToLower(strings.TrimSpace(at.Val)); {
			case strings.HasPrefix(v, "http://"), strings.HasPrefix(v, "https://"):
				if !strings.Contains(attr(n, "rel"), "noreferrer") || !strings.Contains(attr(n, "rel"), "noopener") {
					t.Errorf("%s: link to %s without rel=noreferrer noopener", a.path, v)
				}
			case strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "//"), strings.HasPrefix(v, "?"), strings.HasPrefix(v, "#"), v == "":
			default:
				t.Errorf("%s: %s %s leads to %q", a.path, n.Data, at.Key, v)
			}
		}
	}
}

// TestContentHasItsLanguage checks that what was said stands in an element with its language and direction.
func TestContentHasItsLanguage(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	f := func(path, words, lang, dir string) {
		t.Helper()
		a := w.get(path).is(200)
		for _, n := range a.all("") {
			if n.Data != "bdi" && n.Data != "p" || !strings.Contains(text(n), words) {
				continue
			}
			if attr(n, "lang") == lang && attr(n, "dir") == dir {
				return
			}
		}
		t.Errorf("%s: %q does not stand in an element with lang=%s dir=%s", path, words, lang, dir)
	}
	f("/", "المارين", "ar", "rtl")
	f("/", "ኦሹን", "am", "auto")
	f("/flags/"+p.flags[1].ID, "كالجرذان", "ar", "rtl")
	f("/flags/"+p.flags[2].ID, "መውጣት", "am", "auto")
	f("/flags/"+p.flags[1].ID, "نرجو من الجميع", "ar", "rtl")
	f("/items/"+p.item.ID, "Tuheshimiane", "sw", "auto")
	f("/search?q=Tuheshimiane", "Tuheshimiane", "sw", "auto")
}

func TestStaticFilesAreKept(t *testing.T) {
	p := newPlace(t)
	page := p.signIn("").get("/signin")
	css := p.signIn("").get(attr(page.find("link", "rel", "stylesheet"), "href")).is(200)
	if got := css.header.Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("style sheet: Cache-Control is %q, want immutable", got)
	}
	if n := len(css.body); n > 15<<10 {
		t.Errorf("style sheet has %d bytes, want at most 15 KB", n)
	}
	if got := page.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("page: Cache-Control is %q, want no-store", got)
	}
	p.signIn("").get("/static/style.css").is(http.StatusNotFound)
}

// A search by filters alone lists what they leave, and one that cannot be read says so, counting nothing.
func TestSearchWithoutWords(t *testing.T) {
	p := newPlace(t)
	p.many()
	w := p.signIn("Lena Fischer")
	a := w.get("/search?level=2&source=many").is(200)
	a.says("30 segments")
	if n := len(a.all("li", "class", "seg row")); n != 25 {
		t.Errorf("a search by level and source lists %d segments, want a page of 25", n)
	}
	wrong := w.get("/search?q=%21%21").is(422)
	wrong.says("Words: has no word to search for")
	for _, words := range []string{"Nothing was found", "segments"} {
		if strings.Contains(wrong.body, words) {
			t.Errorf("a search that cannot be read says %q", words)
		}
	}
}

// A time that ends before it begins is not searched: nothing would be found, and that would be taken for an answer.
func TestTimeThatRunsBackwards(t *testing.T) {
	p := newPlace(t)
	p.many()
	w := p.signIn("Lena Fischer")
	a := w.get("/search?source=many&from=2026-01-05&to=2026-01-04").is(200)
	a.says("Not understood and left out of the filter", "2026-01-04", "30 segments")
	if strings.Contains(w.get("/search?source=many&from=2026-01-05&to=2026-01-05").is(200).body, "left out") {
		t.Error("one day is left out of the filter")
	}
}
