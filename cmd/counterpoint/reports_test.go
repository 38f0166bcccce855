package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"counterpoint"
)

// The reporter of the tests, and all that must be in no file: the number as people and gateways write it, and where
// the reporter stood.
const reporterNumber = "+23670123456"

var reporterSecrets = []string{
	"23670123456", "70123456", "70 12 34 56", "70-12-34-56", "70.12.34.56", "0023670123456", "+236 70", "4.391733", "18.558117", "collect:XYZ", "amina.d@example.org",
}

// leaks are those of the words that stand in a file of the folders, as they are or in base64.
func leaks(t *testing.T, dirs ...string) (all []string) {
	t.Helper()
	files := 0
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			files++
			all = append(all, leaksIn(d.Name(), content)...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if files < 4 {
		t.Fatalf("searched %d files", files)
	}
	return all
}

func leaksIn(name string, content []byte) (all []string) {
	for _, w := range reporterSecrets {
		if bytes.Contains(content, []byte(w)) {
			all = append(all, w+" in "+name)
		}
		for shift := range 3 {
			code := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + w))
			if part := code[4 : len(code)-4]; len(part) >= 8 && bytes.Contains(content, []byte(part)) {
				all = append(all, w+" in base64 in "+name)
			}
		}
	}
	return all
}

// smsGateway stands for Africa's Talking: it takes messages and counts them.
type smsGateway struct {
	*httptest.Server
	mu    sync.Mutex
	texts []url.Values
}

func newSMSGateway(t *testing.T) *smsGateway {
	g := &smsGateway{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if err := r.ParseForm(); err != nil || r.Header.Get("apiKey") != "k3y" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		g.texts = append(g.texts, r.PostForm)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"SMSMessageData":{"Message":"Sent to 1/1","Recipients":[{"statusCode":101,"number":%q,"status":"Success","messageId":"ATXid_%d"}]}}`,
			r.PostForm.Get("to"), len(g.texts))
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *smsGateway) sent() []url.Values {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]url.Values(nil), g.texts...)
}

func reportsConfig(t *testing.T, g *smsGateway) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "key"), "k3y\n")
	name := filepath.Join(dir, "mission.yaml")
	write(t, name, fmt.Sprintf(`country: CF
networks: ["%s"]
answers:
  received: {sag: "Singîla. Mbeti ti mo asï awe."}
sources:
  - id: sms-x
    kind: report
    report:
      answer: {by: africastalking, url: %s/version1/messaging, username: sandbox, key_file: %s}
  - id: forms-x
    kind: report
    report:
      places: [{name: Bolo, also: [bolo_centre]}]
      form: {text: [alert/what], keep: ["*"], place: where, point: gps, consent: consent, phone: contact/phone}
`, strings.TrimPrefix(g.URL, "http://"), g.URL, filepath.Join(dir, "key")))
	return name
}

// hook sends what a gateway would, and returns the status and the answer.
func (p *process) hook(kind, source, secret, media, body string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), "POST", "http://"+p.address+"/api/v1/hooks/"+kind+"/"+source+"?secret="+secret, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", media)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func atMessage(id, from, text string) string {
	return url.Values{"id": {id}, "from": {from}, "to": {"40404"}, "text": {text}, "date": {"2026-11-20 08:15:00"}, "linkId": {""}}.Encode()
}

const formMedia = "application/x-www-form-urlencoded"

const koboAlert = `{"_id": 4711, "formhub/uuid": "f00d", "_uuid": "u-1", "meta/instanceID": "uuid:u-1", "deviceid": "collect:XYZ", "phonenumber": "+23670123456",
 "_submission_time": "2026-11-20T07:20:31", "alert/what": "Leaflets say drive the Velari out. Ask 70-12-34-56 or amina.d@example.org", "alert/where": "bolo_centre",
 "alert/gps": "4.391733 18.558117 369.0 4.9", "consent": "yes", "contact/phone": "70 12 34 56", "_geolocation": [4.391733, 18.558117]}`

// TestReportIsHeardAndAnswered goes the whole way of a report: a storm of retries at the door, a flag, an answer that
// goes out once, its receipts, a new key, a backup and an erasure; and nothing of it, nowhere, tells who reported.
func TestReportIsHeardAndAnswered(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		dir, bin, g := t.TempDir(), build(t, ""), newSMSGateway(t)
		mission := reportsConfig(t, g)
		p := startProcess(t, bin, append([]string{"--data", dir, "--config", mission, "--no-example"}, b.args...)...)
		var said strings.Builder
		do := func(args ...string) string {
			t.Helper()
			args = append(append(args, "--data", dir), b.args...)
			out, errs, code := command(t, bin, "", args...)
			if code != exitDone {
				t.Fatalf("counterpoint %v: exit %d\n%s%s", args, code, out, errs)
			}
			said.WriteString(out + errs)
			return strings.TrimSpace(out)
		}
		smsSecret, formSecret := do("reporters", "secret", "sms-x"), do("reporters", "secret", "forms-x")

		first := reportsComeIn(t, p, smsSecret, formSecret)
		answersGoOut(t, p, g, first, smsSecret)

		if out := do("reporters", "rotate"); !strings.Contains(out, "1 sender") {
			t.Errorf("reporters rotate: %s", out)
		}
		if status, body := p.hook("africastalking", "sms-x", smsSecret, formMedia, atMessage("at-2", "0023670123456", "All is calm now")); status != 200 {
			t.Fatalf("after the rotation: %d %s", status, body)
		}
		items := func() []counterpoint.ItemView {
			return must[listOf[counterpoint.ItemView]](t, p, testToken, "GET", "/api/v1/items?source=sms-x", nil, 200).Data
		}
		eventually(t, "the second message", func() bool { return len(items()) == 2 })
		if two := items(); two[0].Voice != two[1].Voice || two[0].Voice == "" {
			t.Errorf("with the new key the same person has the voices %s and %s", two[0].Voice, two[1].Voice)
		}

		voice := items()[0].Voice
		metrics, err := p.call(t.Context(), testToken, "GET", "/metrics", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.interrupt(); err != nil {
			t.Fatalf("SIGINT: %v\n%s", err, p.errs)
		}
		to := filepath.Join(t.TempDir(), "copy")
		do("backup", to)
		for _, what := range []string{"flags", "segments", "items", "audit", "followups"} {
			out := do("export", what)
			if what == "items" && (strings.Contains(out, "135758") || strings.Contains(out, "Bolo")) {
				t.Errorf("a single item is exported with its place: %s", out)
			}
		}
		do("dead", "list")
		if control := leaksIn("control", []byte(koboAlert+base64.StdEncoding.EncodeToString([]byte(koboAlert)))); len(control) < 8 {
			t.Errorf("the search finds only %q in the form itself", control)
		}
		found := append(leaks(t, dir, to), leaksIn("what the program said", []byte(said.String()+p.out.String()+p.errs.String()+string(metrics.body)))...)
		if len(found) > 0 {
			t.Errorf("the reporter can be told from: %q", found)
		}
		erasedReports(t, bin, dir, mission, first, voice, smsSecret, b)
	})
}

// reportsComeIn sends one message as a storm of retries, and a form; it returns the message's item.
func reportsComeIn(t *testing.T, p *process, smsSecret, formSecret string) string {
	t.Helper()
	message := atMessage("at-1", reporterNumber, "On the radio they said: kill all the Velari tonight. Call +236 70 12 34 56")
	var wg sync.WaitGroup
	answers := make([]string, 24)
	for i := range answers {
		wg.Go(func() {
			status, body := p.hook("africastalking", "sms-x", smsSecret, formMedia, message)
			answers[i] = fmt.Sprint(status, " ", body)
		})
	}
	wg.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.HasPrefix(a, "200 ") {
			t.Errorf("retries are answered %s and %s", answers[0], a)
		}
	}
	for _, secret := range []string{"", formSecret} {
		if status, _ := p.hook("africastalking", "sms-x", secret, formMedia, message); status != 401 {
			t.Errorf("the secret %q lets in: %d", secret, status)
		}
	}
	if status, body := p.hook("kobo", "forms-x", formSecret, "application/json", koboAlert); status != 200 {
		t.Fatalf("kobo: %d %s", status, body)
	}
	if status, body := p.hook("kobo", "forms-x", formSecret, "application/json", strings.Replace(koboAlert, "alert/what", "alert/other", 1)); status != 422 || !strings.Contains(body, "f00d/4711") {
		t.Errorf("a form without its question: %d %s, want a 422 that names the submission", status, body)
	}
	var items []counterpoint.ItemView
	eventually(t, "two items", func() bool {
		items = must[listOf[counterpoint.ItemView]](t, p, testToken, "GET", "/api/v1/items", nil, 200).Data
		return len(items) == 2
	})
	first := ""
	for _, it := range items {
		if it.Source == "sms-x" {
			first = it.ID
			continue
		}
		if it.Cell != "135758" || it.Place != "Bolo" {
			t.Errorf("the form is from cell %q, place %q", it.Cell, it.Place)
		}
	}
	eventually(t, "the flag of what the reporter tells of others", func() bool {
		flags := must[listOf[counterpoint.Flag]](t, p, testToken, "GET", "/api/v1/flags?source=sms-x", nil, 200).Data
		return len(flags) == 1 && flags[0].Stance == counterpoint.ReportOn && flags[0].Level == 3
	})
	return first
}

// answersGoOut writes answers, and follows them to the phone.
func answersGoOut(t *testing.T, p *process, g *smsGateway, item, secret string) {
	t.Helper()
	at := "/api/v1/followups/" + item
	must[created](t, p, testToken, "POST", at+"/act", map[string]any{"version": 0, "text": "Told the patrol"}, 201)
	must[created](t, p, testToken, "POST", at+"/answer", map[string]any{"version": 1, "template": "received", "lang": "sag"}, 200)
	get := func() counterpoint.Followup { return must[counterpoint.Followup](t, p, testToken, "GET", at, nil, 200) }
	eventually(t, "the answer is sent", func() bool { return get().State == string(counterpoint.AnswerSent) })
	for range 2 {
		if status, body := p.hook("africastalking", "sms-x", secret, formMedia, "id=ATXid_1&status=Success&phoneNumber=%2B23670123456&networkCode=62301"); status != 200 {
			t.Fatalf("a receipt: %d %s", status, body)
		}
	}
	if status, _ := p.hook("africastalking", "sms-x", secret, formMedia, "id=ATXid_1&status=Buffered"); status != 200 {
		t.Errorf("a late receipt: %d, want 200", status)
	}
	f := get()
	if f.State != string(counterpoint.AnswerDelivered) || f.Version != 5 { // act, write, claim, sent, delivered
		t.Errorf("the follow-up is %s at version %d, want delivered at 5", f.State, f.Version)
	}
	must[created](t, p, testToken, "POST", at+"/answer", map[string]any{"version": 5, "lang": "eng", "text": "The patrol will pass by."}, 200)
	account := must[created](t, p, testToken, "POST", "/api/v1/accounts", map[string]any{"name": "Emre", "roles": []string{"approver"}, "password": "four random words here"}, 201)
	token := must[map[string]string](t, p, testToken, "POST", "/api/v1/tokens", map[string]string{"account": account.ID}, 201)["token"]
	must[created](t, p, token, "POST", at+"/approve", map[string]any{"version": 6, "answer": get().Answers[1].ID}, 200)
	eventually(t, "the second answer is sent", func() bool { return get().Answers[1].State == counterpoint.AnswerSent })
	texts := g.sent()
	if len(texts) != 2 || texts[0].Get("to") != reporterNumber || texts[0].Get("message") != "Singîla. Mbeti ti mo asï awe." || texts[1].Get("message") != "The patrol will pass by." {
		t.Errorf("the gateway was handed %v", texts)
	}
}

// erasedReports erases both sources beside the process: no words of answers are left, and nobody can be answered any more.
func erasedReports(t *testing.T, bin, dir, mission, item, voice, smsSecret string, b backend) {
	t.Helper()
	p := startProcess(t, bin, append([]string{"--data", dir, "--config", mission, "--no-example"}, b.args...)...)
	words := []string{"Told the patrol", "The patrol will pass by"}
	if b.name == "embedded" && len(found(t, dir, words...)) == 0 {
		t.Error("the search does not find the words of the follow-up before they are erased")
	}
	for source, items := range map[string]string{"forms-x": "1 item", "sms-x": "2 items"} { // all that the person sent
		args := append([]string{"erase", "--source", source, "--case", "2026-3", "--reason", "the reporter asked", "--data", dir}, b.args...)
		out, errs, code := command(t, bin, "", args...)
		if whole := code == exitDone; whole != (b.name == "embedded") || !strings.Contains(out, "erased "+items) { // records stay on Kafka
			t.Fatalf("erase: %d %s%s", code, out, errs)
		}
	}
	f := must[counterpoint.Followup](t, p, testToken, "GET", "/api/v1/followups/"+item, nil, 200)
	if len(f.Answers) != 2 || f.Answers[0].Text != "" || f.Actions[0].Text != "" {
		t.Errorf("the follow-up still has words: %+v", f)
	}
	r, err := p.call(t.Context(), testToken, "POST", "/api/v1/followups/"+item+"/answer", "", map[string]any{"version": f.Version, "template": "received", "lang": "eng"})
	if err != nil || r.status != 404 {
		t.Errorf("an answer to an erased report: %v %d %s, want 404", err, r.status, r.body)
	}
	if status, body := p.hook("africastalking", "sms-x", smsSecret, formMedia, atMessage("at-3", reporterNumber, "Good morning")); status != 200 {
		t.Fatalf("after the erasure: %d %s", status, body)
	}
	eventually(t, "a message after the erasure", func() bool {
		all := must[listOf[counterpoint.ItemView]](t, p, testToken, "GET", "/api/v1/items?source=sms-x", nil, 200).Data
		if len(all) > 0 && all[0].Voice == voice {
			t.Fatalf("after the erasure the person still has the voice %s", voice)
		}
		return len(all) == 1
	})
	if err := p.interrupt(); err != nil {
		t.Fatalf("SIGINT: %v\n%s", err, p.errs)
	}
	if left := found(t, dir, words...); b.name == "embedded" && len(left) > 0 {
		t.Errorf("words of the follow-up are still there: %q", left)
	}
}
