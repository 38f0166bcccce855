package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
	"counterpoint/api/web"
)

func rabatFields() []string {
	var out []string
	for _, part := range []string{"context", "speaker", "intent", "content", "extent", "likelihood"} {
		out = append(out, "rabat."+part+".rating", "met", "rabat."+part+".evidence", "“tuwafukuze” said twice")
	}
	return out
}

// TestNewcomersPath walks from the queue to a message proven on air, as three people with forms alone.
func TestNewcomersPath(t *testing.T) {
	p := newPlace(t)
	reviewer := p.signIn("Nadia Okello")
	queue := reviewer.get("/").is(200)
	queue.says("Calls for harm", "4 open", "2 open passages call for harm", "tuwafukuze", "late by")
	flag := reviewer.fill(queue, "/lease").is(200)
	if flag.path != "/flags/"+p.flag.ID {
		t.Fatalf("taking the next ten leads to %s, want the most urgent flag", flag.path)
	}
	flag.says("Taken for 30 minutes", "with you until", "Kesho asubuhi sokoni", "12:16", "Caller 3", "Tuheshimiane", "names a time and a place", "word lists alone", "late by")
	if got := attr(flag.find("a", "id", "play"), "href"); got != "https://lumo.example.org/archive/jioni-2.mp3#t=736.0,751.0" {
		t.Errorf("play link is %q", got)
	}
	if flag.find("mark", "class", "m-call") == nil || flag.find("span", "class", "weak") == nil && flag.find("mark", "class", "m-when weak") == nil {
		t.Error("marks or weak words are not shown")
	}
	next := reviewer.fill(flag, "/flags/"+p.flag.ID+"/confirm", rabatFields()...).is(200)
	next.says("Confirmed. Here is the next.")
	if next.path == flag.path || !strings.HasPrefix(next.path, "/flags/") {
		t.Errorf("after a decision: %s, want the next flag", next.path)
	}
	if got := apitest.Get[counterpoint.Flag](p.book, p.flag.ID); got.State != counterpoint.Confirmed || got.Reviews[0].Level != counterpoint.Top {
		t.Fatalf("flag is %s (%s), want confirmed (top)", got.State, got.Reviews[0].Level)
	}
	flag = reviewer.get(flag.path)
	linked := reviewer.fill(flag, "/flags/"+p.flag.ID+"/link", "title", "Calls to close the market", "summary", "A caller asks to drive traders out").is(200)
	linked.says("Linked.", "Calls to close the market")
	story := apitest.Get[counterpoint.Flag](p.book, p.flag.ID).Narrative

	radio := p.signIn("Radio Sango team")
	form := radio.get("/messages/new?narrative=" + story).is(200)
	form.says("What was heard", "tuwafukuze")
	draft := radio.fill(form, "/messages", "kind", "reassurance", "audience", "Market traders", "variants[0].lang", "sw", "variants[0].script", "Soko liko wazi kwa wote.").is(200)
	draft.says("Saved as a draft", "Soko liko wazi kwa wote.", "Market traders", "about")
	message := draft.path
	radio.fill(draft, message+"/submit").is(200).says("Somebody else approves it now.", "Waiting for approval")

	approver := p.signIn("Emre Aksoy")
	board := approver.get("/messages?state=submitted").is(200)
	board.says("Calls to close the market")
	approved := approver.fill(approver.get(message), message+"/approve").is(200)
	approved.says("Approved.", "Emre Aksoy")

	offered := radio.fill(radio.get(message), message+"/airings", "station", "Radio Lumo", "lang", "swa", "planned", p.now.Add(-5*time.Minute).UTC().Format("2006-01-02T15:04")).is(200)
	offered.says("Offered.", "Radio Lumo")
	airings, err := counterpoint.All[counterpoint.Airing](context.Background(), p.book, counterpoint.Query{Message: []string{strings.TrimPrefix(message, "/messages/")}})
	if err != nil || len(airings) != 1 {
		t.Fatalf("%d airings, %v", len(airings), err)
	}
	if airings[0].Station != "radio-lumo" {
		t.Errorf("offered to %q; a station that is a source goes by its id", airings[0].Station)
	}
	prove := "/airings/" + airings[0].ID + "/prove"
	today := radio.get("/today").is(200)
	today.says("Went out", "Did not", airings[0].Code[:3]+" "+airings[0].Code[3:])
	done := radio.fill(today, prove).is(200)
	done.says("Noted that it went out.", "attested by a person", "Attested by Radio Sango team")
	if got := apitest.Get[counterpoint.Airing](p.book, airings[0].ID); got.State != counterpoint.Aired || got.Grade != counterpoint.Attested {
		t.Errorf("airing is %s, grade %s; want aired, D", got.State, got.Grade)
	}
	reviewer.get("/narratives/"+story).is(200).says("Time to counter", "Went out", "attested by a person")
}

// TestNobodyApprovesOwnWords holds for an admin too.
func TestNobodyApprovesOwnWords(t *testing.T) {
	p := newPlace(t)
	chief := p.signIn("Chief")
	form := chief.get("/messages/new?narrative=" + p.story).is(200)
	message := chief.fill(form, "/messages", "audience", "All", "variants[0].lang", "eng", "variants[0].script", "The wells are clean.").is(200).path
	submitted := chief.fill(chief.get(message), message+"/submit").is(200)
	submitted.says("You wrote or changed these words. Somebody else must approve them.")
	if submitted.find("form", "action", message+"/approve") != nil {
		t.Error("the writer is offered a button to approve")
	}
	refused := chief.send(message+"/approve", url.Values{"version": {"2"}}).is(http.StatusForbidden)
	refused.says("You may not do this", "somebody else must approve it")
	secured(t, refused)
}

// TestTypedTextIsKept checks that a form comes back as it was typed, with the error at the field.
func TestTypedTextIsKept(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	flag := "/flags/" + p.flag.ID
	a := w.fill(w.get(flag), flag+"/confirm", "rabat.context.rating", "partly", "rabat.context.evidence", "dispute at the market", "rabat.speaker.rating", "met").is(http.StatusUnprocessableEntity)
	a.says("things to put right", "Nothing you typed was lost.", "dispute at the market")
	if !has(a.find("details", "id", "confirm"), "open") {
		t.Error("the form that was refused is not open")
	}
	got := valuesOf(a.find("form", "action", flag+"/confirm"))
	for name, want := range map[string]string{"rabat.context.rating": "partly", "rabat.context.evidence": "dispute at the market", "rabat.speaker.rating": "met"} {
		if got.Get(name) != want {
			t.Errorf("%s came back as %q, want %q", name, got.Get(name), want)
		}
	}
	ids := map[string]bool{}
	for _, n := range a.all("") {
		ids["#"+attr(n, "id")] = true
	}
	links := 0
	for n := range a.find("div", "class", "problems").Descendants() {
		if n.Data != "a" {
			continue
		}
		links++
		if !ids[attr(n, "href")] {
			t.Errorf("the summary leads to %s, which is not on the page", attr(n, "href"))
		}
	}
	if links != 5 {
		t.Errorf("the summary has %d links, want 5", links)
	}
}

// TestDecidedMeanwhile keeps the words of who came second: the form they stood in is gone from the page.
func TestDecidedMeanwhile(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	flag := "/flags/" + p.flag.ID
	reject, confirm := w.get(flag), w.get(flag)
	p.must(p.desk.RejectFlag(context.Background(), api.Call{By: p.by("Chief"), Version: 1}, p.flag.ID, "a song"))
	a := w.fill(reject, flag+"/reject", "reason", "a line of a play, <b>heard</b> in full").is(http.StatusConflict)
	a.says("Chief", "a song", "It is decided, so yours was not taken", "Reason", "a line of a play, <b>heard</b> in full")
	b := w.fill(confirm, flag+"/confirm", "rabat.intent.evidence", "he named the evening")
	b.says("he named the evening")
	if strings.Contains(w.get(flag).is(200).body, "was not taken") {
		t.Error("the page says so to who typed nothing")
	}
}

// TestConflict shows who changed what, and keeps what was typed.
func TestConflict(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	flag := "/flags/" + p.flag.ID
	page := w.get(flag)
	p.must(p.desk.NoteFlag(context.Background(), api.Call{By: p.by("Chief"), Version: 1}, p.flag.ID, "The host objected at once.", ""))
	a := w.fill(page, flag+"/reject", "reason", "the host rejects it").is(http.StatusConflict)
	a.says("Somebody changed this while you were reading", "Chief", "The host objected at once.", "the host rejects it")
	w.fill(a, flag+"/reject").is(200).says("Rejected.")
	if got := apitest.Get[counterpoint.Flag](p.book, p.flag.ID); got.Reviews[0].Reason != "the host rejects it" {
		t.Errorf("rejected because %q", got.Reviews[0].Reason)
	}
}

// TestDoubleSubmit sends one form twice: it is once.
func TestDoubleSubmit(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	page := w.get("/narratives")
	for range 2 {
		w.fill(page, "/narratives", "title", "One story").is(200).says("One story")
	}
	all, err := counterpoint.All[counterpoint.Narrative](context.Background(), p.book, counterpoint.Query{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range all {
		if s.Title == "One story" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("sent twice, made %d times", n)
	}
}

// TestFlagByHand ticks segments of a transcript.
func TestFlagByHand(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	item := "/items/" + p.item.ID
	page := w.get(item).is(200)
	w.fill(page, item+"/flag", "level", "1").is(http.StatusUnprocessableEntity).says("tick at least one segment")
	v := valuesOf(page.find("form", "action", item+"/flag"))
	v["segment"], v["level"] = []string{"0", "4"}, []string{"1"}
	w.send(item+"/flag", v).is(http.StatusUnprocessableEntity).says("must follow one another")
	v["segment"] = []string{"4", "5"}
	raised := w.send(item+"/flag", v).is(200)
	raised.says("Flagged.", "Flagged by hand", "Hatuwezi kusema hivyo", "a person who flagged it")
}

// TestDecisions gives every other decision and takes one back.
func TestDecisions(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	state := func(i int, want counterpoint.FlagState) {
		t.Helper()
		if got := apitest.Get[counterpoint.Flag](p.book, p.flags[i].ID).State; got != want {
			t.Errorf("flag %d is %s, want %s", i, got, want)
		}
	}
	at := func(i int) string { return "/flags/" + p.flags[i].ID }
	w.fill(w.get(at(1)), at(1)+"/needs-context", "asked", "the liaison officer", "due", "2030-01-02T10:00", "reason", "who is meant?").is(200).says("Set aside.")
	state(1, counterpoint.NeedsContext)
	w.get(at(1)).says("the liaison officer", "2 January 2030")
	w.fill(w.get(at(2)), at(2)+"/duplicate", "of", p.server.URL+at(0)+"?queue=").is(200).says("Marked as a duplicate.")
	state(2, counterpoint.Duplicate)
	w.fill(w.get(at(2)), at(2)+"/reopen", "reason", "not the same").is(200).says("Reopened.")
	state(2, counterpoint.Open)
	w.fill(w.get(at(4)), at(4)+"/reject").is(http.StatusUnprocessableEntity).says("say why the passage is not hateful")
	w.fill(w.get(at(4)), at(4)+"/reject", "reason", "a report that asks for help").is(200)
	state(4, counterpoint.Rejected)
	noted := w.fill(w.get(at(1)), at(1)+"/note", "text", "They live like rats in our houses.", "lang", "en").is(200)
	noted.says("Translation", "They live like rats", "Nadia Okello")
}

// TestHiddenPassages checks that a person who hides passages gets none until they ask.
func TestHiddenPassages(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	w.fill(w.get("/me"), "/me", "blur", "1", "keys", "1").is(200).says("Saved.")
	for _, path := range []string{"/", "/flags/" + p.flag.ID, "/items/" + p.item.ID, "/narratives/" + p.story} {
		if a := w.get(path).is(200); strings.Contains(a.body, "tuwafukuze") || strings.Contains(a.body, "viande") {
			t.Errorf("%s shows a passage that is hidden", path)
		}
	}
	w.get("/flags/" + p.flag.ID + "?show=1").says("tuwafukuze")
	w.get("/?show=1").says("tuwafukuze")
}

// TestKeysOff leaves the script out.
func TestKeysOff(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	if w.get("/").find("script") == nil {
		t.Error("the script is missing")
	}
	v := valuesOf(w.get("/me").find("form", "action", "/me"))
	v.Del("keys")
	w.send("/me", v).is(200)
	if w.get("/").find("script") != nil {
		t.Error("the script is there though keys are switched off")
	}
}

// TestSignIn takes name and password, refuses a wrong one alike for known and unknown names, and goes where it was asked to.
func TestSignIn(t *testing.T) {
	p := newPlace(t)
	chief := p.signIn("Chief")
	made := chief.get("/accounts").is(200)
	v := valuesOf(made.find("form", "action", "/accounts"))
	v.Set("name", "Amina")
	v.Set("password", "short")
	chief.send("/accounts", v).is(http.StatusUnprocessableEntity).says("8 to 1000 characters")
	v = valuesOf(chief.get("/accounts").find("form", "action", "/accounts"))
	v.Set("name", "Amina")
	v.Set("password", "four random words here")
	v["roles"] = []string{"approver"}
	chief.send("/accounts", v).is(200).says("The account is made.", "Amina")

	w := p.signIn("")
	form := w.get("/narratives").is(200)
	if form.path != "/signin" {
		t.Fatalf("without sign-in: %s, want /signin", form.path)
	}
	w.fill(form, "/signin", "name", "Amina", "password", "wrong").is(http.StatusUnauthorized).says("Name or password is not right.")
	w.fill(form, "/signin", "name", "Nobody", "password", "wrong").is(http.StatusUnauthorized).says("Name or password is not right.")
	in := w.fill(form, "/signin", "name", "amina", "password", "four random words here").is(200)
	if in.path != "/narratives" {
		t.Errorf("signed in, went to %s, want /narratives", in.path)
	}
	w.fill(in, "/signout").is(200).says("Signed out.")
	if w.get("/").path != "/signin" {
		t.Error("signed out, still in")
	}
	for _, next := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, "javascript:alert(1)"} {
		got := w.send("/signin", url.Values{"name": {"Amina"}, "password": {"four random words here"}, "next": {next}}).is(200)
		if !strings.HasPrefix(got.path, "/messages") {
			t.Errorf("next=%q went to %s, want the landing page", next, got.path)
		}
		w.fill(got, "/signout")
	}
}

// TestSessionEnds keeps what was typed when the session ended, and sends it after sign-in.
func TestSessionEnds(t *testing.T) {
	p := newPlace(t)
	chief := p.signIn("Chief")
	p.must(p.desk.SetPassword(context.Background(), api.Call{By: api.Operator, Version: p.by("Nadia Okello").Version}, p.by("Nadia Okello").ID, "four random words here", ""))
	page := chief.get("/narratives").is(200)
	nobody := p.signIn("")
	asked := nobody.fill(page, "/narratives", "title", "Typed after the session ended").is(http.StatusUnauthorized)
	asked.says("Your session has ended.", "what you typed is kept")
	again := nobody.fill(asked, "/signin", "name", "Nadia Okello", "password", "four random words here").is(200)
	again.says("Send what you had typed?")
	nobody.fill(again, "/narratives").is(200).says("Typed after the session ended")
}

// TestFirstAdmin makes the first admin by a link that works once.
func TestFirstAdmin(t *testing.T) {
	p := newPlace(t)
	secret, err := p.desk.MakeInvite(context.Background(), api.Invite{Until: p.now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	w, at := p.signIn(""), "/welcome/"+secret
	w.fill(w.get(at).is(200), at, "name", "Root", "password", "tiny").is(http.StatusUnprocessableEntity).says("8 to 1000 characters")
	w.fill(w.get(at), at, "name", "Root", "password", "four random words here").is(200).says("Welcome.", "Accounts", "Root")
	p.signIn("").get(at).is(http.StatusNotFound)
	p.signIn("").get("/enter/nothing").is(http.StatusNotFound)
}

// TestTokenIsShownOnce shows a new token on the page that answers and nowhere else.
func TestTokenIsShownOnce(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Chief")
	made := w.fill(w.get("/accounts?edit="+p.by("Lena Fischer").ID), "/accounts/"+p.by("Lena Fischer").ID+"/token").is(200)
	made.says("It is not shown again.", "cpt_")
	if strings.Contains(w.get("/accounts").body, "cpt_") {
		t.Error("the token is shown again")
	}
}

// TestPlayout imports a log and lists what could not be used.
func TestPlayout(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Radio Sango team")
	page := w.get("/today")
	w.fill(page, "/airings/import").is(http.StatusUnprocessableEntity).says("choose a file or paste")
	w.fill(page, "/airings/import", "log", "a;b\nc;d", "station", "Radio Lumo").is(200).says("2 lines read. Airings proven: 1, not heard: 0.", "Line 2: no time in it")
}

// TestDidNotGoOut takes the reason, and wants one.
func TestDidNotGoOut(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Radio Sango team")
	page := w.get("/today")
	page.says("One is late: did it go out?", "late by")
	var miss string
	for _, f := range page.all("form") {
		if a := attr(f, "action"); miss == "" && strings.HasSuffix(a, "/miss") {
			miss = a
		}
	}
	w.fill(page, miss).is(http.StatusUnprocessableEntity).says("say why it did not go out")
	w.fill(page, miss, "reason", "power cut").is(200).says("Noted that it did not go out.", "power cut")
}

// TestErrorPages checks that every error is a page of ours with its headers, and never foreign text.
func TestErrorPages(t *testing.T) {
	p := newPlace(t)
	viewer := p.signIn("Visitor")
	f := func(a answer, status int, words string) {
		t.Helper()
		a.is(status).says(words)
		secured(t, a)
		accessible(t, a)
	}
	f(viewer.get("/flags/nothing"), 404, "There is nothing here")
	f(viewer.get("/no/such/page"), 404, "There is nothing here")
	f(viewer.get("/accounts"), 403, "You may not do this")
	f(viewer.send("/flags/"+p.flag.ID+"/reject", url.Values{"reason": {"mine"}}), 403, "mine")
	f(viewer.send("/no/such/page", nil), 405, "That cannot be sent here")
	big := url.Values{"text": {strings.Repeat("x", 5<<20)}}
	f(p.signIn("Nadia Okello").send("/flags/"+p.flag.ID+"/note", big), 413, "That is too large")
	asViewer := api.WithAccount(context.Background(), p.by("Visitor"))
	p.book.Fail(errors.New("shard 3 of 10.0.0.7 is gone"))
	defer p.book.Fail(nil)
	rec := httptest.NewRecorder()
	p.pages.ServeHTTP(rec, httptest.NewRequestWithContext(asViewer, "GET", "/", nil))
	broken := viewer.read(rec.Result(), nil)
	f(broken, 500, "Something broke")
	if strings.Contains(broken.body, "shard") {
		t.Errorf("a broken index shows its own words: %s", broken.body)
	}
}

// TestOtherSites refuses a form that another site sends with the person's cookie.
func TestOtherSites(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	req, err := http.NewRequest("POST", p.server.URL+"/flags/"+p.flag.ID+"/reject", strings.NewReader("version=1&reason=x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://evil.example")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := w.Do(req)
	w.read(res, err).is(http.StatusForbidden).says("You may not do this")
	if got := apitest.Get[counterpoint.Flag](p.book, p.flag.ID).State; got != counterpoint.Open {
		t.Errorf("the flag is %s", got)
	}
}

// TestRoutesNeedSignIn asks every route as nobody.
func TestRoutesNeedSignIn(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("")
	w.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, r := range web.Routes() {
		if r.Op == api.Anyone {
			continue
		}
		var a answer
		if r.Method == "POST" {
			a = w.send(r.Path, url.Values{"reason": {"typed"}}).is(http.StatusUnauthorized)
		} else if a = w.get(r.Path).is(http.StatusSeeOther); !strings.HasPrefix(a.header.Get("Location"), "/signin") {
			t.Errorf("%s leads to %s", r.Path, a.header.Get("Location"))
		}
		secured(t, a)
	}
}

// TestPending says that a decision was taken though it does not show yet.
func TestPending(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	flag := "/flags/" + p.flag.ID
	page := w.get(flag)
	p.book.Hold()
	w.fill(page, flag+"/reject", "reason", "not hateful").is(200).says("Recorded. It shows in a moment.")
	p.book.Release()
	if diff := cmp.Diff(counterpoint.Rejected, apitest.Get[counterpoint.Flag](p.book, p.flag.ID).State); diff != "" {
		t.Error(diff)
	}
}

// TestOwnPassword asks for the current password where there is one.
func TestOwnPassword(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Nadia Okello")
	if w.get("/me").is(200).find("input", "name", "current") != nil {
		t.Error("a password is asked for that was never set")
	}
	w.fill(w.get("/me"), "/me/password", "password", "four random words here").is(200).says("The password is set.")
	page := w.get("/me").is(200)
	wrong := w.fill(page, "/me/password", "current", "not this", "password", "five other random words").is(http.StatusUnprocessableEntity)
	wrong.says("must be the password you have now")
	w.fill(wrong, "/me/password", "current", "four random words here", "password", "five other random words").is(200).says("The password is set.")
}
