package sms_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond/sms"
)

// stand is a gateway's server that answers as it is told, and keeps what it was sent.
type stand struct {
	*httptest.Server
	status int
	header http.Header
	body   string
	got    string
	asked  *http.Request
	times  int
}

func newStand(t *testing.T, status int, body string) *stand {
	s := &stand{status: status, body: body, header: http.Header{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		s.got, s.asked = string(b), r
		s.times++
		for k, v := range s.header {
			w.Header()[k] = v
		}
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, s.body)
	}))
	t.Cleanup(s.Close)
	return s
}

var text = sms.Text{ID: "ans_1", Number: "+23670123456", Words: "Thank you & stay safe"}

func wantTaken(t *testing.T, what string, got, want sms.Taken) {
	t.Helper()
	if strings.Contains(got.Cause, text.Number) || strings.Contains(got.Cause, "invalid") {
		t.Errorf("%s: the cause %q has the number or the gateway's words in it", what, got.Cause)
	}
	if got.Cause = ""; got != want {
		t.Errorf("%s = %+v, want %+v", what, got, want)
	}
}

var (
	failed  = sms.Taken{State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected}
	unclear = sms.Taken{State: counterpoint.AnswerUnclear, Why: counterpoint.WhyCutOff}
	later   = sms.Taken{State: counterpoint.AnswerReady, Why: counterpoint.WhyLater}
)

func TestAfricasTalking(t *testing.T) {
	said := func(code, status string) string {
		return `{"SMSMessageData":{"Message":"Sent to 1/1","Recipients":[{"statusCode":` + code + `,"number":"+23670123456","status":"` + status + `","cost":"KES 0.8","messageId":"ATXid_1"}]}}`
	}
	f := func(status int, body string, want sms.Taken) {
		t.Helper()
		s := newStand(t, status, body)
		g := sms.AfricasTalking{URL: s.URL, Username: "mission", From: "HELP", Key: "k3y", HTTP: http.DefaultTransport}
		wantTaken(t, body, g.Send(t.Context(), text), want)
		form, err := url.ParseQuery(s.got)
		if err != nil || form.Get("to") != text.Number || form.Get("message") != text.Words || form.Get("username") != "mission" || form.Get("from") != "HELP" || s.asked.Header.Get("apiKey") != "k3y" {
			t.Errorf("sent %q with the key %q", s.got, s.asked.Header.Get("apiKey"))
		}
	}
	f(201, said("101", "Success"), sms.Taken{Ref: "ATXid_1", State: counterpoint.AnswerSent})
	f(201, said("102", "Queued"), sms.Taken{Ref: "ATXid_1", State: counterpoint.AnswerQueued})
	f(201, said("403", "InvalidPhoneNumber"), failed)
	f(201, said("405", "InsufficientBalance"), later)
	f(201, `{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}`, failed)
	f(201, `<html>`, unclear)
	f(500, `oops`, unclear)
	f(401, `The supplied authentication is invalid`, later)
	f(400, `bad`, failed)
}

func TestHTTPGateway(t *testing.T) {
	s := newStand(t, 200, "OK")
	g := sms.HTTP{URL: s.URL, ID: "ref", More: map[string]string{"channel": "7"}, Headers: map[string]string{"Authorization": "Bearer k"}, Client: http.DefaultTransport}
	wantTaken(t, "an answer without status", g.Send(t.Context(), text), sms.Taken{State: counterpoint.AnswerQueued})
	if s.got != `{"channel":"7","message":"Thank you \u0026 stay safe","ref":"ans_1","to":"+23670123456"}` || s.asked.Header.Get("Authorization") != "Bearer k" || s.asked.Header.Get("Idempotency-Key") != "ans_1" {
		t.Errorf("sent %s with %v", s.got, s.asked.Header)
	}
	g.Form, g.To, g.Text = true, "phone", "body"
	s.body = `{"id": 42, "status": "queued"}`
	wantTaken(t, "a form", g.Send(t.Context(), text), sms.Taken{Ref: "42", State: counterpoint.AnswerQueued})
	if form, _ := url.ParseQuery(s.got); form.Get("phone") != text.Number || form.Get("body") != text.Words {
		t.Errorf("sent %s", s.got)
	}
	s.body = `{"id": "m1", "status": "rejected"}`
	wantTaken(t, "a refusal", g.Send(t.Context(), text), sms.Taken{Ref: "m1", State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected})
	s.status, s.header = 429, http.Header{"Retry-After": {"120"}}
	wantTaken(t, "too many", g.Send(t.Context(), text), sms.Taken{State: counterpoint.AnswerReady, Why: counterpoint.WhyLater, After: 2 * time.Minute})
}

// TestRedirectIsNotFollowed holds that neither key nor number goes where the gateway points.
func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := newStand(t, 200, "{}")
	s := newStand(t, 307, "")
	s.header.Set("Location", elsewhere.URL)
	g := sms.HTTP{URL: s.URL, Client: http.DefaultTransport}
	wantTaken(t, "a redirect", g.Send(t.Context(), text), failed)
	if elsewhere.times != 0 {
		t.Error("the redirect was followed")
	}
}

// TestNobodyThere tells what never left from what may have.
func TestNobodyThere(t *testing.T) {
	s := newStand(t, 200, "")
	address := s.URL
	s.Close()
	wantTaken(t, "a closed port", sms.HTTP{URL: address, Client: http.DefaultTransport}.Send(t.Context(), text), later)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}))
	defer slow.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantTaken(t, "no answer", sms.HTTP{URL: slow.URL, Client: http.DefaultTransport}.Send(ctx, text), unclear)
	if err := sms.Check("gateway"); err == nil || !strings.Contains(err.Error(), "https://") {
		t.Errorf("Check of no address = %v", err)
	}
}
