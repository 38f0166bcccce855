// Package webhook tells a server of alerts by HTTP: a CloudEvents 1.0 envelope in JSON, signed as the Standard Webhooks
// specification (standardwebhooks.com) says, so that the receiver knows who sent it, and a copy when it sees one.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// Type is the type of the events.
const Type = "org.counterpoint.alert.v1"

// Options are what a channel needs. Zero Now is the clock, zero Timeout 10 s.
type Options struct {
	URL     string // where to send to
	Secret  string // whsec_ and 24 to 64 bytes in base64
	HTTP    *http.Client
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // for Check
	Now     func() time.Time
	Timeout time.Duration
}

// Webhook sends notices to one server.
type Webhook struct {
	o    Options
	to   *url.URL
	key  []byte
	http *http.Client
}

// secretPrefix marks the secrets of Standard Webhooks.
const secretPrefix = "whsec_"

// New checks the options.
func New(o Options) (*Webhook, error) {
	var bad counterpoint.Invalid
	to, err := url.Parse(o.URL)
	if err != nil || (to.Scheme != "https" && to.Scheme != "http") || to.Host == "" || to.User != nil {
		bad = append(bad, counterpoint.FieldError{Field: "url", Message: "must be an address such as https://desk.example.org/hooks/counterpoint, without a user name"})
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(o.Secret, secretPrefix))
	if err != nil || !strings.HasPrefix(o.Secret, secretPrefix) || len(key) < 24 || len(key) > 64 {
		bad = append(bad, counterpoint.FieldError{Field: "secret", Message: "must be whsec_ and 24 to 64 bytes in base64; make one with: echo whsec_$(openssl rand -base64 32)"})
	}
	if len(bad) > 0 {
		return nil, bad
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	client := *o.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the body is for the configured server alone
	return &Webhook{o, to, key, &client}, nil
}

// event is the CloudEvents envelope.
type event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        data      `json:"data"`
}

type data struct {
	Alert     string     `json:"alert"`
	Flag      string     `json:"flag"`
	Level     int        `json:"level"`
	Lang      string     `json:"lang"`
	Source    string     `json:"source,omitempty"`
	Person    bool       `json:"judged_by_person"`
	Imminent  bool       `json:"imminent"`
	Heard     *time.Time `json:"heard"`
	Precision string     `json:"heard_precision,omitempty"`
	Flagged   time.Time  `json:"flagged"`
	Raised    time.Time  `json:"raised"`
	Link      string     `json:"link"`
	Repeat    int        `json:"repeat"`  // 0 the first time
	Attempt   int        `json:"attempt"` // of the alert, over all channels
	Others    int        `json:"others"`  // alerts that nobody has acknowledged beside this one
	Test      bool       `json:"test"`
	Example   bool       `json:"example"`
}

func envelope(n counterpoint.Notice) event {
	a := n.Alert
	e := event{
		SpecVersion: "1.0", ID: n.Message(), Source: n.From, Type: Type, Subject: a.ID, Time: a.Raised, ContentType: "application/json",
		Data: data{
			Alert: a.ID, Flag: a.Flag, Level: a.Level, Lang: a.Lang, Source: n.Source, Person: a.Person, Imminent: a.Imminent, Heard: a.Heard,
			Flagged: a.Flagged, Raised: a.Raised, Link: n.Link, Repeat: n.Attempt.Round, Attempt: n.Attempt.Number, Others: n.Others, Test: n.Test, Example: a.Example,
		},
	}
	if a.Heard != nil {
		e.Data.Precision = string(a.Precision)
	}
	return e
}

// Send posts the notice. It returns nil when the server answered with 2xx, and else a *counterpoint.SendError.
func (w *Webhook) Send(ctx context.Context, n counterpoint.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, w.o.Timeout)
	defer cancel()
	body, err := json.Marshal(envelope(n))
	if err != nil {
		return &counterpoint.SendError{Final: true, Detail: counterpoint.SendBroken, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.to.String(), bytes.NewReader(body))
	if err != nil {
		return &counterpoint.SendError{Final: true, Detail: counterpoint.SendBroken, Err: err}
	}
	at := strconv.FormatInt(w.o.Now().Unix(), 10)
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set("Webhook-Id", n.Message())
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", "v1,"+w.sign(n.Message(), at, body))
	res, err := w.http.Do(req)
	if err != nil {
		return &counterpoint.SendError{Detail: failure(err), Err: err}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again; what it says matters to nobody
	return verdict(res.StatusCode)
}

// sign is the signature of Standard Webhooks over id, time and body.
func (w *Webhook) sign(id, at string, body []byte) string {
	mac := hmac.New(sha256.New, w.key)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// verdict is nil for 2xx. What says that it passes (5xx, 429 and the like) is tried again; redirects are not followed.
func verdict(status int) error {
	if status >= 200 && status < 300 {
		return nil
	}
	e := &counterpoint.SendError{Detail: fmt.Sprintf("HTTP %d", status)}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		e.Final = status < 500
	}
	return e
}

// failure is what went wrong on the way.
func failure(err error) string {
	var op *net.OpError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return counterpoint.SendTimeout
	case errors.Is(err, context.Canceled):
		return counterpoint.SendStopped
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return counterpoint.SendCertificate
	case errors.As(err, &op) && op.Op == "dial":
		return counterpoint.SendUnreachable
	}
	return counterpoint.SendGarbled
}

// Check reaches the server without sending anything: it connects and, for https, shakes hands.
func (w *Webhook) Check(ctx context.Context) error {
	port := w.to.Port()
	if port == "" {
		port = w.to.Scheme // net knows their ports
	}
	c, err := w.o.Dial(ctx, "tcp", net.JoinHostPort(w.to.Hostname(), port))
	if err != nil {
		return err
	}
	defer c.Close()
	if w.to.Scheme != "https" {
		return nil
	}
	return tls.Client(c, &tls.Config{ServerName: w.to.Hostname(), MinVersion: tls.VersionTLS12}).HandshakeContext(ctx)
}
