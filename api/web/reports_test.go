package web_test

import (
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/api/apitest"
)

// TestReportIsAnswered walks from the list of reports to answers of both kinds, with forms alone.
func TestReportIsAnswered(t *testing.T) {
	p := newPlace(t)
	reviewer := p.signIn("Nadia Okello")
	list := reviewer.get("/reports").is(200)
	list.says("Community reports", "Bolo", "cell 135758", "Nothing yet", "may name people")
	page := reviewer.get("/reports/" + p.sms.ID).is(200)
	page.says("poisoned the wells", "An answer can be sent until", "Say nothing of what was reported")

	page = reviewer.fill(page, "/reports/"+p.sms.ID+"/act", "text", "Told the patrol of the quarter").is(200)
	page.says("Added.", "Told the patrol of the quarter")
	agreed := page.find("input", "name", "agreed")
	if agreed == nil {
		t.Fatal("no words agreed on are offered")
	}
	none := reviewer.send("/reports/"+p.sms.ID+"/answer", map[string][]string{"agreed": {"1"}, "version": {"1"}}).is(422)
	none.says("choose the words to send")
	page = reviewer.send("/reports/"+p.sms.ID+"/answer", map[string][]string{"agreed": {"1"}, "ready": {"received.eng"}, "version": {"1"}}).is(200)
	page.says("It will be sent in a moment.", "To be sent", "Your message has arrived")

	own := map[string][]string{"lang": {"eng"}, "text": {"We know that the Velari poisoned the wells is said"}, "version": {"2"}}
	reviewer.send("/reports/"+p.sms.ID+"/answer", own).is(422).says("repeats words of the report")
	own["text"] = []string{"We asked the water office, and the water is good."}
	page = reviewer.send("/reports/"+p.sms.ID+"/answer", own).is(200)
	page.says("A second person approves it now.", "Waits for a second person")

	approver := p.signIn("Emre Aksoy")
	page = approver.fill(approver.get("/reports/"+p.sms.ID), "/reports/"+p.sms.ID+"/approve").is(200)
	page.says("To be sent", "approved by")
	f := apitest.Get[counterpoint.Followup](p.book, p.sms.ID)
	if len(f.Answers) != 2 || f.Answers[0].State != counterpoint.AnswerReady || f.Answers[1].State != counterpoint.AnswerReady {
		t.Errorf("answers are %+v, want two that are ready", f.Answers)
	}
	p.gone = true
	reviewer.get("/reports/" + p.sms.ID).is(200).says("No answer can be sent")
	reviewer.send("/reports/"+p.sms.ID+"/answer", map[string][]string{"agreed": {"1"}, "ready": {"received.eng"}, "version": {"4"}}).is(409).says("cannot be answered")
	p.signIn("Visitor").send("/reports/"+p.sms.ID+"/act", map[string][]string{"text": {"x"}, "version": {"4"}}).is(403)
	reviewer.get("/reports/" + p.item.ID).is(404)
}

// TestHookSecretIsShownOnce makes the secret on the source's page.
func TestHookSecretIsShownOnce(t *testing.T) {
	p := newPlace(t)
	w := p.signIn("Chief")
	w.get("/sources/radio-lumo").is(200)
	if page := w.get("/sources/radio-lumo"); page.find("section", "id", "hook") != nil {
		t.Error("a radio station has a secret for reports")
	}
	page := w.fill(w.get("/sources/sms").is(200), "/sources/sms/hook").is(200)
	secret := strings.TrimSpace(text(page.find("code", "class", "long")))
	if !strings.HasPrefix(secret, "cpt_") {
		t.Fatalf("the page shows the secret %q", secret)
	}
	if again := w.get("/sources/sms").is(200); strings.Contains(again.body, secret) {
		t.Error("the secret is shown again")
	}
	if err := p.desk.CheckHook(t.Context(), "sms", secret); err != nil {
		t.Errorf("CheckHook = %v, want nil", err)
	}
	for _, wrong := range []struct{ source, secret string }{{"sms", ""}, {"sms", secret + "x"}, {"radio-lumo", secret}, {"nobody", ""}} {
		if err := p.desk.CheckHook(t.Context(), wrong.source, wrong.secret); api.Status(err) != 401 {
			t.Errorf("CheckHook(%s, %q) = %v, want a 401", wrong.source, wrong.secret, err)
		}
	}
}

// TestNoTimeIsTheTimeItCameIn: gateways that say no time send what was written just now; it must not be shown as of any time.
func TestNoTimeIsTheTimeItCameIn(t *testing.T) {
	p := newPlace(t)
	it := p.book.AddItem(counterpoint.ItemView{Title: "Untimed", Source: "sms", Kind: counterpoint.Report, Lang: "eng", Precision: counterpoint.Unknown, Seen: p.now.Add(-5 * time.Minute), Example: true,
		Segments: []counterpoint.SegmentView{{Text: "They say: drive the Velari out.", Lang: "eng", Level: 3, Assessed: true, Seen: p.now.Add(-5 * time.Minute)}}})
	f := p.passage(it, 0, 0, 3, 2, "eng", p.now.Add(-4*time.Minute))
	w := p.signIn("Nadia Okello")
	for _, path := range []string{"/flags/" + f.ID, "/?source=sms", "/search?q=drive&source=sms"} {
		a := w.get(path).is(200)
		a.says("came in today")
		if strings.Contains(a.body, "time unknown") {
			t.Errorf("%s says that the time is unknown", path)
		}
	}
}
