package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/respond/webhook"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

var at = time.Date(2026, 3, 1, 18, 0, 30, 0, time.UTC)

func notice() counterpoint.Notice {
	heard := at.Add(-time.Hour)
	return counterpoint.Notice{
		Alert: counterpoint.Alert{
			ID: "alr_1", State: counterpoint.AlertOpen, Flag: "flag_1", Item: "item_1", Lang: "hau", Level: 3, Imminent: true, Heard: &heard, Precision: counterpoint.Hour,
			Flagged: at.Add(-time.Minute), Raised: at.Add(-30 * time.Second), Raising: 1, Plan: counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 6},
		},
		Attempt: counterpoint.Attempt{Number: 3, Raising: 1, Round: 1}, Source: "Radio Kogi", Link: "https://desk.example.org/alerts/alr_1", From: "https://desk.example.org",
	}
}

func open(t *testing.T, url string, timeout time.Duration) *webhook.Webhook {
	t.Helper()
	w, err := webhook.New(webhook.Options{
		URL: url, Secret: secret, HTTP: http.DefaultClient, Dial: (&net.Dialer{}).DialContext, Now: func() time.Time { return at }, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// verify is what a receiver does, written after the specification of Standard Webhooks and not after the code.
func verify(secret string, h http.Header, body []byte) bool {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, h.Get("webhook-id")+"."+h.Get("webhook-timestamp")+"."+string(body))
	for _, one := range strings.Fields(h.Get("webhook-signature")) {
		version, sum, _ := strings.Cut(one, ",")
		got, err := base64.StdEncoding.DecodeString(sum)
		if version == "v1" && err == nil && hmac.Equal(got, mac.Sum(nil)) {
			return true
		}
	}
	return false
}

// TestSpecification holds the independent check to the example that Standard Webhooks and its libraries have.
func TestSpecification(t *testing.T) {
	h := http.Header{}
	h.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	h.Set("webhook-timestamp", "1614265330")
	h.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	const key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	if body := []byte(`{"test": 2432232314}`); !verify(key, h, body) || verify(key, h, append(body, ' ')) {
		t.Error("the example does not verify, or verifies when it is changed")
	}
}

// TestEnvelope: what arrives is a signed CloudEvent with what must be in it, and without words of what was said.
func TestEnvelope(t *testing.T) {
	var header http.Header
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer s.Close()
	if err := open(t, s.URL+"/hook?x=1", time.Second).Send(t.Context(), notice()); err != nil {
		t.Fatal(err)
	}
	if !verify(secret, header, body) {
		t.Errorf("the signature does not verify: %v", header)
	}
	if got := header.Get("Webhook-Timestamp"); got != strconv.FormatInt(at.Unix(), 10) {
		t.Errorf("timestamp %s, want %d", got, at.Unix())
	}
	if header.Get("Webhook-Id") != "alr_1.1.1" || header.Get("Content-Type") != "application/cloudevents+json" {
		t.Errorf("header %v", header)
	}
	var got any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"specversion": "1.0", "id": "alr_1.1.1", "source": "https://desk.example.org", "type": "org.counterpoint.alert.v1", "subject": "alr_1",
		"time": "2026-03-01T18:00:00Z", "datacontenttype": "application/json",
		"data": map[string]any{
			"alert": "alr_1", "flag": "flag_1", "level": 3.0, "lang": "hau", "source": "Radio Kogi", "judged_by_person": false, "imminent": true,
			"heard": "2026-03-01T17:00:30Z", "heard_precision": "hour", "flagged": "2026-03-01T17:59:30Z", "raised": "2026-03-01T18:00:00Z",
			"link": "https://desk.example.org/alerts/alr_1", "repeat": 1.0, "attempt": 3.0, "others": 0.0, "test": false, "example": false,
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("envelope (-want +got):\n%s", d)
	}
}

// TestCopies: attempts of one round have one id, a repeat has another.
func TestCopies(t *testing.T) {
	again, repeat := notice(), notice()
	again.Attempt.Number++
	repeat.Attempt.Round++
	if again.Message() != notice().Message() || repeat.Message() == notice().Message() {
		t.Errorf("ids: %s, again %s, repeat %s", notice().Message(), again.Message(), repeat.Message())
	}
}

// TestVerdicts: each way in which it goes wrong, whether it is final, and in what words.
func TestVerdicts(t *testing.T) {
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	f := func(name, detail string, final bool, answer http.HandlerFunc) {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(answer)
			t.Cleanup(s.CloseClientConnections)
			err := open(t, s.URL, 500*time.Millisecond).Send(t.Context(), notice())
			var send *counterpoint.SendError
			if detail == "" {
				if err != nil {
					t.Errorf("Send = %v, want it taken", err)
				}
				return
			}
			if !errors.As(err, &send) || send.Detail != detail || send.Final != final {
				t.Errorf("Send = %#v, want %q, final %v", err, detail, final)
			}
		})
	}
	status := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(n) }
	}
	f("taken", "", false, status(202))
	f("taken, with much to say", "", false, func(w http.ResponseWriter, _ *http.Request) {
		for range 1000 {
			io.WriteString(w, strings.Repeat("x", 10_000))
		}
	})
	f("broken", "HTTP 500", false, status(500))
	f("overloaded", "HTTP 429", false, status(429))
	f("too slow for it", "HTTP 408", false, status(408))
	f("wrong secret", "HTTP 401", true, status(401))
	f("gone", "HTTP 410", true, status(410))
	f("hangs", counterpoint.SendTimeout, false, func(http.ResponseWriter, *http.Request) { <-stop })
	f("garbage", counterpoint.SendGarbled, false, func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(c, "\x00\x01 not HTTP\r\n\r\n")
		c.Close()
	})
	f("ends at once", counterpoint.SendGarbled, false, func(w http.ResponseWriter, _ *http.Request) {
		c, _, _ := w.(http.Hijacker).Hijack()
		c.Close()
	})
	err := open(t, "http://127.0.0.1:1", time.Second).Send(t.Context(), notice())
	var send *counterpoint.SendError
	if !errors.As(err, &send) || send.Final || send.Detail != counterpoint.SendUnreachable {
		t.Errorf("nobody there: %v", err)
	}
}

// TestRedirect: what is signed for one server goes to no other.
func TestRedirect(t *testing.T) {
	led := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led = true }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	err := open(t, s.URL, time.Second).Send(t.Context(), notice())
	var send *counterpoint.SendError
	if !errors.As(err, &send) || !send.Final || send.Detail != "HTTP 307" || led {
		t.Errorf("Send = %v, followed %v; want it refused with HTTP 307", err, led)
	}
}

// TestCheck reaches the server and asks it for nothing.
func TestCheck(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer s.Close()
	if err := open(t, s.URL, time.Second).Check(t.Context()); err != nil || asked > 0 {
		t.Errorf("Check = %v, %d requests", err, asked)
	}
	foreign := httptest.NewTLSServer(nil)
	defer foreign.Close()
	if err := open(t, foreign.URL, time.Second).Check(t.Context()); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Check of a server with a foreign certificate = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := open(t, "http://127.0.0.1:1", time.Second).Check(ctx); err == nil {
		t.Error("Check of nobody = nil")
	}
}

func TestOptions(t *testing.T) {
	f := func(url, secret, want string) {
		t.Helper()
		_, err := webhook.New(webhook.Options{URL: url, Secret: secret, HTTP: http.DefaultClient})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("New(%q, %q) = %v, want %q", url, secret, err, want)
		}
	}
	f("https://desk.example.org/hook", secret, "")
	f("ftp://desk.example.org/hook", secret, "url: must be")
	f("https://user:pw@desk.example.org/hook", secret, "url: must be")
	f("/hook", secret, "url: must be")
	f("https://desk.example.org/hook", "", "secret: must be whsec_")
	f("https://desk.example.org/hook", strings.TrimPrefix(secret, "whsec_"), "secret: must be whsec_")
	f("https://desk.example.org/hook", "whsec_c2hvcnQ=", "secret: must be whsec_")
	f("https://desk.example.org/hook", "whsec_!", "secret: must be whsec_")
}
