package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond/email/emailtest"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

// hook is a receiver of webhooks that checks signatures as the specification says.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	answer []int // status of each request, then 204
	bodies []map[string]any
	ids    []string
	bad    []string
}

func newHook(t *testing.T, answer ...int) *hook {
	h := &hook{answer: answer}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(hookSecret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", r.Header.Get("webhook-id"), r.Header.Get("webhook-timestamp"), body)
	h.mu.Lock()
	defer h.mu.Unlock()
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || r.Header.Get("webhook-signature") != want {
		h.bad = append(h.bad, r.Header.Get("webhook-signature"))
	}
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		h.bad = append(h.bad, err.Error())
	}
	h.bodies, h.ids = append(h.bodies, got), append(h.ids, r.Header.Get("webhook-id"))
	if n := len(h.bodies); n <= len(h.answer) {
		w.WriteHeader(h.answer[n-1])
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (h *hook) got() (bodies []map[string]any, ids, bad []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.bodies, h.ids, h.bad
}

// alertsConfigFile tells a webhook and a mail server on this machine.
func alertsConfigFile(t *testing.T, h *hook, mail string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hook.secret"), hookSecret+"\n")
	name := filepath.Join(dir, "mission.yaml")
	write(t, name, fmt.Sprintf(`languages: [eng]
networks: ["%s", "%s"]
site: https://desk.example.org
alerts:
  channels:
    - {name: desk, kind: webhook, url: %s/in, secret_file: %s}
    - {name: watch, kind: email, server: "%s", from: "Counterpoint <alerts@example.org>", to: [one@example.org, two@example.org]}
    - {name: duty, kind: email, duty: true, server: "%s", from: alerts@example.org, to: [duty@example.org]}
`, h.Listener.Addr(), mail, h.URL, filepath.Join(dir, "hook.secret"), mail, mail))
	return name
}

// TestAlertJourney: a call for harm in a file leaves within a minute by webhook and mail, by the times that are
// recorded; the webhook's failure is tried again; whoever acknowledges second is told who was first; a killed process
// forgets nothing of it.
func TestAlertJourney(t *testing.T) {
	eachBackend(t, func(t *testing.T, b backend) {
		h, mail := newHook(t, http.StatusInternalServerError), emailtest.New(t, emailtest.Options{})
		dir, bin, cfg := t.TempDir(), build(t, ""), alertsConfigFile(t, h, mail.Addr)
		args := append([]string{"--config", cfg, "--data", dir, "--no-example"}, b.args...)
		p := startProcess(t, bin, args...)
		name := filepath.Join(t.TempDir(), "noon.vtt")
		write(t, name, goodVTT)
		if out, errs, code := command(t, bin, "", append([]string{"ingest", "--source", "radio-x", "--lang", "eng", "--data", dir, name}, b.args...)...); code != exitDone {
			t.Fatalf("ingest: exit %d\n%s%s", code, out, errs)
		}
		var a counterpoint.Alert
		eventually(t, "all three were told", func() bool {
			list := must[listOf[counterpoint.Alert]](t, p, testToken, "GET", "/api/v1/alerts?state=open", nil, 200)
			if len(list.Data) != 1 {
				return false
			}
			a = list.Data[0]
			return arrived(a, "desk") && arrived(a, "watch/1") && arrived(a, "watch/2")
		})
		holdsTold(t, a, h, mail)
		page, err := p.call(t.Context(), testToken, "GET", "/sources", "", nil)
		if err != nil || page.status != 200 || !strings.Contains(string(page.body), "nobody has acknowledged it") {
			t.Errorf("a page says nothing of the alert: %v %d", err, page.status)
		}
		p.kill()
		p = startProcess(t, bin, args...)
		acknowledge := "/api/v1/alerts/" + a.ID + "/acknowledge"
		if r, err := p.call(t.Context(), testToken, "POST", acknowledge, "", nil); err != nil || r.status != 200 && r.status != 202 { // the index may come later
			t.Fatalf("acknowledge: %v %d %s", err, r.status, r.body)
		}
		eventually(t, "the alert is acknowledged", func() bool {
			a = must[counterpoint.Alert](t, p, testToken, "GET", "/api/v1/alerts/"+a.ID, nil, 200)
			return a.State == counterpoint.Acknowledged
		})
		if r, err := p.call(context.Background(), testToken, "POST", acknowledge, "", nil); err != nil || r.status != 409 || !strings.Contains(string(r.body), "acknowledged the alert already, at ") {
			t.Errorf("a second acknowledgement: %v %d %s", err, r.status, r.body)
		}
		if len(a.Attempts) != 4 {
			t.Errorf("%d attempts, want 4", len(a.Attempts))
		}
		if err := p.interrupt(); err != nil {
			t.Errorf("SIGINT: %v\n%s", err, p.errs)
		}
	})
}

func arrived(a counterpoint.Alert, channel string) bool {
	for _, n := range a.Attempts {
		if n.Channel == channel && n.Outcome == counterpoint.SendAccepted {
			return true
		}
	}
	return false
}

// holdsTold checks what the receivers got, and when by the record.
func holdsTold(t *testing.T, a counterpoint.Alert, h *hook, mail *emailtest.Server) {
	t.Helper()
	for _, n := range a.Attempts {
		if n.Channel == "duty" {
			t.Errorf("the duty officer was told before the first repeat: %+v", n)
		}
		if n.Outcome == counterpoint.SendAccepted && n.Answered.Sub(a.Flagged) > time.Minute {
			t.Errorf("%s took it %v after it was flagged", n.Channel, n.Answered.Sub(a.Flagged))
		}
	}
	bodies, ids, bad := h.got()
	if len(bodies) != 2 || len(bad) > 0 || ids[0] != ids[1] {
		t.Fatalf("webhook got %d messages %v, wrong signatures %v; want one, failed and sent again", len(bodies), ids, bad)
	}
	data, _ := bodies[1]["data"].(map[string]any)
	if data["flag"] != a.Flag || data["link"] != "https://desk.example.org/alerts/"+a.ID || data["level"] != 3.0 {
		t.Errorf("webhook got %v", bodies[1])
	}
	to := map[string]bool{}
	for _, m := range mail.Mails() {
		for _, one := range m.To {
			to[one] = true
		}
		if !strings.Contains(string(m.Raw), a.ID) || strings.Contains(string(m.Raw), "Velari") {
			t.Errorf("mail lacks the alert or has words of what was said:\n%s", m.Raw)
		}
	}
	if len(mail.Mails()) != 2 || !to["one@example.org"] || !to["two@example.org"] {
		t.Errorf("mails went to %v", to)
	}
}

// TestAlertDoctor: doctor reaches each channel without sending, says what is wrong with one, and sends a test when asked.
func TestAlertDoctor(t *testing.T) {
	h, mail := newHook(t), emailtest.New(t, emailtest.Options{})
	dir, cfg := t.TempDir(), alertsConfigFile(t, h, mail.Addr)
	out, errs, code := in(t, "", "doctor", "--config", cfg, "--data", dir)
	if code != exitDone || !strings.Contains(out, "ok     alerts by desk\n") || !strings.Contains(out, "ok     alerts by watch\n") {
		t.Errorf("doctor: exit %d\n%s%s", code, out, errs)
	}
	if bodies, _, _ := h.got(); len(bodies)+len(mail.Mails()) > 0 {
		t.Errorf("doctor sent %d messages and %d mails", len(bodies), len(mail.Mails()))
	}
	out, errs, code = in(t, "", "doctor", "--config", cfg, "--data", dir, "--send-test")
	if code != exitDone || !strings.Contains(out, "ok     test alert by duty\n") {
		t.Errorf("doctor --send-test: exit %d\n%s%s", code, out, errs)
	}
	bodies, _, bad := h.got()
	if len(bodies) != 1 || len(bad) > 0 || len(mail.Mails()) != 3 {
		t.Fatalf("test alerts: %d messages (%v), %d mails", len(bodies), bad, len(mail.Mails()))
	}
	if data, _ := bodies[0]["data"].(map[string]any); data["test"] != true {
		t.Errorf("the webhook's test is not marked: %v", bodies[0])
	}
	if header, _ := mail.Mails()[0].Message(t); !strings.HasPrefix(header.Get("Subject"), "[TEST] ") {
		t.Errorf("the mail's test is not marked: %v", header)
	}
	mail.Fault(func(c string) string {
		if c == "EHLO" || c == "HELO" {
			return "550 not from here"
		}
		return ""
	})
	h.Close()
	out, _, code = in(t, "", "doctor", "--config", cfg, "--data", dir)
	if code != exitFailed || !strings.Contains(out, "FAULT  alerts by desk: desk: ") || !strings.Contains(out, "connection refused; mend the other side") || !strings.Contains(out, "FAULT  alerts by watch: watch/1: ") {
		t.Errorf("doctor of channels that do not work: exit %d\n%s", code, out)
	}
	if _, errs, code := in(t, "", "doctor", "--data", dir, "--send-test"); code != exitUsage || !strings.Contains(errs, "alerts.channels") {
		t.Errorf("--send-test without channels: exit %d %s", code, errs)
	}
}

// TestAlertGuarded: a channel reaches nothing of the mission's own network that networks does not name.
func TestAlertGuarded(t *testing.T) {
	h, mail := newHook(t), emailtest.New(t, emailtest.Options{})
	cfg := alertsConfigFile(t, h, mail.Addr)
	c, err := readConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	c.Networks = nil
	g := c.guard()
	defer g.Close()
	for _, ch := range c.Alerts.Channels {
		opened, err := ch.open(g)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range opened {
			for what, err := range map[string]error{"Check": one.Channel.Check(t.Context()), "Send": one.Channel.Send(t.Context(), testNotice(c))} {
				if err == nil || !strings.Contains(err.Error(), "networks in the configuration") {
					t.Errorf("%s of %s = %v, want it refused by the guard", what, one.Name, err)
				}
			}
		}
	}
	if bodies, _, _ := h.got(); len(bodies)+len(mail.Mails()) > 0 {
		t.Error("something was sent")
	}
}

// TestAlertConfig refuses what cannot be meant, naming the field.
func TestAlertConfig(t *testing.T) {
	f := func(alerts, want string) {
		t.Helper()
		name := filepath.Join(t.TempDir(), "mission.yaml")
		write(t, name, "alerts:\n"+alerts)
		_, err := readConfig(name)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", alerts, err, want)
		}
	}
	hook := "  channels: [{name: desk, kind: webhook, url: https://hook.example.org/}]\n"
	mail := "  channels: [{name: duty, kind: email, server: smtp.example.org:587, user: desk, from: a@example.org, to: [b@example.org], %s}]\n"
	f("  repeat: 5m\n  repeats: 3\n  within: 48h\n  example: true\n"+hook, "")
	f(fmt.Sprintf(mail, "duty: true"), "")
	f("  repeat: 10s\n", "alerts.repeat: must be 1m to 24h")
	f("  repeats: -1\n", "alerts.repeats: must be 0 to 100")
	f("  repeats: often\n", "line 2: ")
	f("  within: -1h\n", "alerts.within: must not be negative")
	f("  repeats: 0\n"+fmt.Sprintf(mail, "duty: true"), "alerts.channels[0].duty: is for channels that are told from the first repeat on")
	f("  channels: [{name: Desk!, kind: webhook, url: https://hook.example.org/}]\n", "alerts.channels[0].name: must be")
	f("  channels: [{name: a, kind: webhook, url: https://a.example/}, {name: a, kind: webhook, url: https://a.example/}]\n", "alerts.channels[1].name: a stands twice")
	f("  channels: [{name: desk, kind: pigeon}]\n", `alerts.channels[0].kind: "pigeon" is not one of email, webhook`)
	f("  channels: [{name: desk, kind: webhook, url: hook}]\n", "alerts.channels[0].url: must be")
	f("  channels: [{name: desk, kind: webhook, url: https://a.example/, to: [a@example.org]}]\n", "alerts.channels[0].to: is not for a channel of kind webhook")
	f("  channels: [{name: desk, kind: email, server: smtp.example.org:25, from: a@example.org}]\n", "alerts.channels[0].to: name at least one address")
	f("  channels: [{name: desk, kind: email, server: smtp.example.org:25, from: a@example.org, to: [b]}]\n", `alerts.channels[0].to: "b" is not an address`)
	f(fmt.Sprintf(mail, "tls: none"), "alerts.channels[0].tls: none would send the password unencrypted")
	f("  chanels: []\n", `did you mean "channels"?`)
}

// TestAlertSecret: a secret comes from a file or the environment; without one the process says which.
func TestAlertSecret(t *testing.T) {
	g := config{}.guard()
	defer g.Close()
	ch := channelConfig{Name: "night-desk", Kind: "webhook", URL: "https://hook.example.org/"}
	if _, err := ch.open(g); err == nil || !strings.Contains(err.Error(), "COUNTERPOINT_ALERT_NIGHT_DESK") {
		t.Errorf("without a secret: %v", err)
	}
	t.Setenv("COUNTERPOINT_ALERT_NIGHT_DESK", "short")
	if _, err := ch.open(g); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("with a bad secret: %v", err)
	}
	t.Setenv("COUNTERPOINT_ALERT_NIGHT_DESK", hookSecret)
	if all, err := ch.open(g); err != nil || len(all) != 1 || all[0].Name != "night-desk" {
		t.Errorf("from the environment: %+v, %v", all, err)
	}
	ch.Secret = filepath.Join(t.TempDir(), "missing")
	if _, err := ch.open(g); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("with a file that is not there: %v", err)
	}
}

// TestAlertHangingServer: a server that takes connections and says nothing holds up neither the other channel nor the
// line.
func TestAlertHangingServer(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	h := newHook(t)
	dir, bin, cfg := t.TempDir(), build(t, ""), alertsConfigFile(t, h, silent.Addr().String())
	p := startProcess(t, bin, "--config", cfg, "--data", dir, "--no-example")
	name := filepath.Join(t.TempDir(), "noon.vtt")
	write(t, name, goodVTT)
	begun := time.Now()
	if out, errs, code := command(t, bin, "", "ingest", "--source", "radio-x", "--lang", "eng", "--data", dir, name); code != exitDone {
		t.Fatalf("ingest: exit %d\n%s%s", code, out, errs)
	}
	eventually(t, "the webhook is told", func() bool { bodies, _, _ := h.got(); return len(bodies) == 1 })
	write(t, name, strings.Replace(goodVTT, "Velari", "Oshuni", 1))
	if out, errs, code := command(t, bin, "", "ingest", "--source", "radio-y", "--lang", "eng", "--data", dir, name); code != exitDone {
		t.Fatalf("ingest: exit %d\n%s%s", code, out, errs)
	}
	eventually(t, "the webhook is told of the next", func() bool { bodies, _, _ := h.got(); return len(bodies) == 2 })
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("two alerts took %v beside a server that hangs", took)
	}
	begun = time.Now()
	if err := p.interrupt(); err != nil || time.Since(begun) > 10*time.Second {
		t.Errorf("SIGINT: %v after %v\n%s", err, time.Since(begun), p.errs)
	}
}

// TestAlertTwoProcesses: two processes with the role respond on the same servers send each message once.
func TestAlertTwoProcesses(t *testing.T) {
	b := onServers(t)
	h, mail := newHook(t), emailtest.New(t, emailtest.Options{})
	dir, bin, cfg := t.TempDir(), build(t, ""), alertsConfigFile(t, h, mail.Addr)
	p := startProcess(t, bin, append([]string{"--config", cfg, "--data", dir, "--no-example"}, b.args...)...)
	startProcess(t, bin, append([]string{"--config", cfg, "--data", t.TempDir(), "--roles", "respond"}, b.args...)...)
	const flags = 6
	for i := range flags {
		name := filepath.Join(t.TempDir(), "noon.vtt")
		write(t, name, strings.Replace(goodVTT, "Velari", "Velari"+strings.Repeat("a", i), 1))
		if out, errs, code := command(t, bin, "", append([]string{"ingest", "--source", fmt.Sprint("radio-", i), "--lang", "eng", "--data", dir, name}, b.args...)...); code != exitDone {
			t.Fatalf("ingest: exit %d\n%s%s", code, out, errs)
		}
	}
	var alerts []counterpoint.Alert
	eventually(t, "all were told", func() bool {
		alerts = must[listOf[counterpoint.Alert]](t, p, testToken, "GET", "/api/v1/alerts", nil, 200).Data
		told := 0
		for _, a := range alerts {
			if arrived(a, "desk") && arrived(a, "watch/1") && arrived(a, "watch/2") {
				told++
			}
		}
		return told == flags
	})
	for _, a := range alerts {
		if len(a.Attempts) != 3 {
			t.Errorf("%d attempts of one alert, want one for each channel: %+v", len(a.Attempts), a.Attempts)
		}
	}
	bodies, ids, bad := h.got()
	unique := map[string]bool{}
	for _, id := range ids {
		unique[id] = true
	}
	if len(bodies) != flags || len(unique) != flags || len(bad) > 0 || len(mail.Mails()) != 2*flags {
		t.Errorf("%d messages with %d ids (%v) and %d mails, want %d and %d", len(bodies), len(unique), bad, len(mail.Mails()), flags, 2*flags)
	}
}
