package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// person is one browser profile: its own cookies, its own window.
type person struct {
	t    *testing.T
	ctx  context.Context
	base string
}

// browser starts Chromium, or skips where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: apt-get install chromium")
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path), chromedp.NoFirstRun, chromedp.Headless,
		chromedp.DisableGPU, chromedp.NoSandbox, chromedp.WindowSize(1280, 900),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return ctx
}

func newPerson(t *testing.T, browser context.Context, base string) *person {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(stop)
	return &person{t, ctx, base}
}

// open goes to an address of the program, or to a whole link of it.
func (p *person) open(path string) {
	p.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = p.base + path
	}
	if _, err := chromedp.RunResponse(p.ctx, chromedp.Navigate(path)); err != nil {
		p.t.Fatalf("open %s: %v", path, err)
	}
}

// js evaluates an expression in the page.
func js[T any](p *person, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// here is the path of the page.
func (p *person) here() string { p.t.Helper(); return js[string](p, "location.pathname") }

// text is what the page says.
func (p *person) text() string { p.t.Helper(); return js[string](p, "document.body.innerText") }

// sees fails when the page does not say what.
func (p *person) sees(what string) {
	p.t.Helper()
	if text := p.text(); !strings.Contains(strings.ToLower(text), strings.ToLower(what)) {
		p.t.Fatalf("%s does not say %q:\n%s", p.here(), what, text)
	}
}

// submit fills a form as a person would, and sends it.
func (p *person) submit(form string, values map[string]string) {
	p.t.Helper()
	b, err := json.Marshal(values)
	if err != nil {
		p.t.Fatal(err)
	}
	fill := fmt.Sprintf(`(function(form, values) {
		const f = document.querySelector(form);
		if (!f) return 'there is no form ' + form;
		for (let e = f; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
		for (const [name, value] of Object.entries(values || {})) {
			const fields = [...f.elements].filter(e => e.name === name);
			if (!fields.length) return 'there is no field ' + name;
			if (fields[0].type === 'radio') {
				const choice = fields.find(e => e.value === value);
				if (!choice) return 'field ' + name + ' has no choice ' + value;
				choice.checked = true;
			} else fields[0].value = value;
		}
		if (!f.checkValidity()) return 'the form is not valid: ' + [...f.elements].filter(e => e.willValidate && !e.checkValidity()).map(e => e.name);
		return '';
	})(%q, %s)`, form, b)
	if problem := js[string](p, fill); problem != "" {
		p.t.Fatalf("%s: %s\n%s", p.here(), problem, p.text())
	}
	send := chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).requestSubmit(), true", form))
	if _, err := chromedp.RunResponse(p.ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := send(ctx, t)
		return chromedp.Void{}, err
	}); err != nil {
		p.t.Fatalf("%s: send %s: %v", p.here(), form, err)
	}
}

// picture takes a screenshot of the window at a width; into docs/screenshots when
// COUNTERPOINT_SCREENSHOTS says so, else into a temporary folder.
func (p *person) picture(name string, width, height int64) {
	p.t.Helper()
	dir := os.Getenv("COUNTERPOINT_SCREENSHOTS")
	if dir == "" {
		dir = p.t.TempDir()
	}
	if err := chromedp.Do(p.ctx, chromedp.EmulateViewport(width, height)); err != nil {
		p.t.Fatalf("screenshot %s: %v", name, err)
	}
	shot, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("screenshot %s: %v", name, err)
	}
	if err := chromedp.Do(p.ctx, chromedp.ResetViewport()); err != nil {
		p.t.Fatalf("screenshot %s: %v", name, err)
	}
	if !bytes.HasPrefix(shot, []byte("\x89PNG")) || len(shot) < 5000 {
		p.t.Errorf("screenshot %s has %d bytes and shows nothing", name, len(shot))
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), shot, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// links are the sign-in links that the program printed: reviewer, radio team, approver.
func links(t *testing.T, p *process) [3]string {
	t.Helper()
	var found [3]string
	eventually(t, "three sign-in links", func() bool {
		n := 0
		for _, w := range strings.Fields(p.out.String()) {
			if strings.Contains(w, "/enter/") && n < 3 {
				found[n] = w
				n++
			}
		}
		return n == 3
	})
	return found
}

// TestBrowserNewcomer walks the newcomer's path in a real browser, as three people: a flag out of a broadcast
// is decided, answered, approved by somebody else, aired with proof, and its time is read.
func TestBrowserNewcomer(t *testing.T) { eachBackend(t, newcomer) }

func newcomer(t *testing.T, b backend) {
	chrome := browser(t)
	p := startProcess(t, build(t, ""), append([]string{"--data", t.TempDir()}, b.args...)...)
	base := "http://" + p.address
	sign := links(t, p)

	reviewer := newPerson(t, chrome, base)
	reviewer.open(sign[0])
	reviewer.sees("Morning Line")
	reviewer.picture("queue", 1280, 820)
	reviewer.picture("queue-phone", 360, 740)
	reviewer.open(js[string](reviewer, `[...document.querySelectorAll('a[href^="/flags/"]')].find(a => a.closest('tr, li, article').innerText.includes('Morning Line')).href`))
	flag := reviewer.here()
	reviewer.sees("not people like us")
	reviewer.picture("flag", 1280, 1000)
	js[bool](reviewer, `document.querySelectorAll('article.reading details').forEach(d => d.open = true), document.querySelector('#why').scrollIntoView(), true`)
	reviewer.picture("flag-why", 1280, 1000)

	// Without the six parts nothing is confirmed, and what was typed stays.
	reviewer.submit(`form[action$="/link"]`, map[string]string{"title": "The Velari are to be driven out"})
	reviewer.open(flag)
	reviewer.sees("The Velari are to be driven out")
	rabat := map[string]string{}
	for _, part := range []string{"context", "speaker", "intent", "content", "extent", "likelihood"} {
		rabat["rabat."+part+".rating"] = "met"
		rabat["rabat."+part+".evidence"] = "a caller on air asks listeners to come tonight"
	}
	reviewer.submit(`form[action$="/confirm"]`, rabat)
	reviewer.open(flag)
	reviewer.sees("Confirmed")
	narrative := js[string](reviewer, `document.querySelector('a[href^="/narratives/nar_"]').getAttribute('href')`)

	radio := newPerson(t, chrome, base)
	radio.open(sign[1])
	radio.open("/messages/new?narrative=" + strings.TrimPrefix(narrative, "/narratives/"))
	radio.submit(`form[action="/messages"]`, map[string]string{
		"kind": "reassurance", "audience": "Everybody around Kanzara", "variants[0].lang": "eng",
		"variants[0].script": "The elders of all families met at the bridge this morning. They will walk the market road together tonight.",
	})
	message := radio.here()
	radio.submit(`form[action$="/submit"]`, nil)
	radio.open(message)
	radio.picture("message", 1280, 860)
	if js[bool](radio, `!!document.querySelector('form[action$="/approve"]')`) {
		t.Error("the radio team is offered to approve its own words")
	}

	approver := newPerson(t, chrome, base)
	approver.open(sign[2])
	approver.open(message)
	approver.submit(`form[action$="/approve"]`, nil)
	approver.open(message)
	approver.sees("Approved")

	radio.open(message)
	radio.submit(`form[action$="/airings"]`, map[string]string{"station": "radio-umoja", "lang": "eng", "planned": time.Now().UTC().Format("2006-01-02T15:04")})
	radio.open("/today")
	radio.picture("today-phone", 360, 740)
	radio.submit(`form[action$="/prove"]`, map[string]string{"grade": "D", "evidence": "Baraka heard it on air", "aired": time.Now().UTC().Add(time.Minute).Format("2006-01-02T15:04")})

	reviewer.open(narrative)
	reviewer.sees("attested")
	reviewer.picture("narrative", 1280, 900)
	if steps := js[int](reviewer, `document.querySelectorAll('.steps .known').length`); steps != 6 {
		t.Errorf("%d of six steps are known:\n%s", steps, reviewer.text())
	}
	reviewer.open("/trends")
	reviewer.sees("went out")
	if !js[bool](reviewer, `!!document.querySelector('.plots path.answer') && document.querySelectorAll('.numbers a').length > 0`) {
		t.Errorf("the trend has no mark of the answer, or no number that leads to its flags:\n%s", reviewer.text())
	}
	reviewer.picture("trends", 1280, 900)
	reviewer.open("/sources")
	reviewer.sees("segments in 24 hours")
	reviewer.picture("sources", 1280, 900)
	radio.open("/today/sheet?station=radio-umoja")
	radio.sees("The elders of all families")
	radio.picture("sheet", 1280, 700)
	clock := must[listOf[struct {
		Narrative string
		Seconds   *int64
		Open      bool
		Grade     string
	}]](t, p, testToken, "GET", "/api/v1/time-to-counter", nil, 200)
	for _, c := range clock.Data {
		if "/narratives/"+c.Narrative == narrative && (c.Open || c.Seconds == nil || c.Grade != "D") {
			t.Errorf("time-to-counter: %+v", c)
		}
	}
}

// payloads try to run in a page. Each says its number if it does.
var payloads = []string{
	`<script>window.pwned=%d</script>`,
	`<img src=x onerror="window.pwned=%d">`,
	`"><svg onload=window.pwned=%d>`,
	`'"></title></textarea></select><script>window.pwned=%d</script>`,
	`<iframe srcdoc="<script>parent.window.pwned=%d</script>">`,
	`<a href="javascript:window.pwned=%d" autofocus onfocus="window.pwned=1">x</a>`,
	`<details open ontoggle=window.pwned=%d>`,
	`{{.}}<body onload=window.pwned=%d>`,
	`<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=%d>`,
	`<meta http-equiv="refresh" content="0;url=javascript:window.pwned=%d">`,
}

// hostileItems put every payload into title, speaker and text of passages that are flagged.
func hostileItems() string {
	var b strings.Builder
	for i, p := range payloads {
		bad := fmt.Sprintf(p, i+1)
		item := map[string]any{
			"source": "hostile", "locator": fmt.Sprint(i), "title": bad, "lang": "eng",
			"segments": []map[string]any{{"text": "We must drive the Velari out tonight. " + bad, "speaker": bad, "start_ms": 0, "end_ms": 4000}},
		}
		line, err := json.Marshal(item)
		if err != nil {
			panic(err)
		}
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// TestBrowserHostile shows pages full of hostile content to a real browser. Nothing may run: not as the pages
// are, and not with escaping broken on the way, when the content security policy holds alone. That the same
// content runs without both shows that the test can fail.
func TestBrowserHostile(t *testing.T) { eachBackend(t, hostile) }

func hostile(t *testing.T, b backend) {
	chrome := browser(t)
	p := startProcess(t, build(t, ""), append([]string{"--data", t.TempDir()}, b.args...)...)
	base := "http://" + p.address
	sign := links(t, p)
	must[map[string]any](t, p, testToken, "POST", "/api/v1/ingest?source=hostile&format=jsonl", hostileItems(), 200)
	type flag struct{ ID, Item, Title string }
	var flags []flag
	eventually(t, "all hostile passages are flagged", func() bool {
		flags = must[listOf[flag]](t, p, testToken, "GET", "/api/v1/flags?source=hostile", nil, 200).Data
		return len(flags) >= len(payloads)
	})
	paths := []string{"/", "/search?q=Velari", "/sources", "/audit"}
	for _, f := range flags {
		paths = append(paths, "/flags/"+f.ID, "/items/"+f.Item)
	}
	broken := httptest.NewServer(breakEscaping(t, base, true))
	defer broken.Close()
	naked := httptest.NewServer(breakEscaping(t, base, false))
	defer naked.Close()

	for name, c := range map[string]struct {
		base string
		runs bool
	}{"as it is": {base, false}, "escaping broken": {broken.URL, false}, "escaping broken and no policy": {naked.URL, true}} {
		t.Run(name, func(t *testing.T) {
			r := newPerson(t, chrome, c.base)
			r.open(c.base + "/enter/" + sign[0][strings.LastIndex(sign[0], "/")+1:])
			ran := 0
			for _, path := range paths {
				r.open(path)
				if js[bool](r, "window.pwned !== undefined") {
					ran++
					if !c.runs {
						t.Errorf("%s ran payload %v", path, js[any](r, "window.pwned"))
					}
				}
			}
			if c.runs && ran == 0 {
				t.Error("no payload runs even without escaping and policy: the test cannot fail")
			}
		})
	}
}

// breakEscaping is a proxy that takes the escaping out of pages, and the policy too if keepPolicy is not set.
func breakEscaping(t *testing.T, base string, keepPolicy bool) http.Handler {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = target.Host
		r.Out.Header.Del("Accept-Encoding")
	}}
	proxy.ModifyResponse = func(res *http.Response) error {
		if !keepPolicy {
			res.Header.Del("Content-Security-Policy")
		}
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			return nil
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		b = []byte(html.UnescapeString(string(b)))
		res.Body = io.NopCloser(bytes.NewReader(b))
		res.ContentLength = int64(len(b))
		res.Header.Set("Content-Length", fmt.Sprint(len(b)))
		return nil
	}
	return proxy
}
