package sms

import (
	"bytes"
	"context"
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

// Text is one message to one number.
type Text struct {
	ID     string // ours; the same for the same answer, for gateways that know what they sent
	Number string // E.164
	Words  string
}

// Taken is what a gateway said when it was handed a message.
type Taken struct {
	Ref   string                   // the gateway's id, for its receipts; may be empty
	State counterpoint.AnswerState // queued, sent or failed; ready where it could not take it now; unclear where nobody knows
	Why   string                   // a code of counterpoint.AnswerReasons
	After time.Duration            // not again before, where ready
	Cause string                   // for the operator: an error of the line, or the status; never the gateway's words
}

// Gateway hands messages to the network. Send answers in Taken also when the gateway does not: nothing that a gateway
// says in words is told further, for it may hold the number.
type Gateway interface {
	Send(ctx context.Context, t Text) Taken
}

var (
	refused = Taken{State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected}
	later   = Taken{State: counterpoint.AnswerReady, Why: counterpoint.WhyLater}
	cutOff  = Taken{State: counterpoint.AnswerUnclear, Why: counterpoint.WhyCutOff}
)

// AfricasTalking sends by Africa's Talking's messaging API.
type AfricasTalking struct {
	URL      string // empty is the live service's
	Username string
	From     string // sender id or short code; empty is the shared one
	Key      string
	HTTP     http.RoundTripper // a redirect is not followed: it would carry the key elsewhere
}

const africasTalkingURL = "https://api.africastalking.com/version1/messaging"

var _ Gateway = AfricasTalking{}

// Send posts the message as a form. Of its one recipient the answer has a status code: 100 to 102 are taken.
func (g AfricasTalking) Send(ctx context.Context, t Text) Taken {
	form := url.Values{"username": {g.Username}, "to": {t.Number}, "message": {t.Words}}
	if g.From != "" {
		form.Set("from", g.From)
	}
	address := g.URL
	if address == "" {
		address = africasTalkingURL
	}
	body, bad := post(ctx, g.HTTP, address, "application/x-www-form-urlencoded", []byte(form.Encode()), map[string]string{"apiKey": g.Key})
	if bad != nil {
		return *bad
	}
	var said struct {
		Data struct {
			Recipients []struct {
				Code int    `json:"statusCode"`
				ID   string `json:"messageId"`
			} `json:"Recipients"`
		} `json:"SMSMessageData"`
	}
	if json.Unmarshal(body, &said) != nil {
		return cutOff
	}
	if len(said.Data.Recipients) != 1 {
		return refused
	}
	r := said.Data.Recipients[0]
	switch {
	case r.Code == 101:
		return Taken{Ref: r.ID, State: counterpoint.AnswerSent}
	case r.Code == 100, r.Code == 102:
		return Taken{Ref: r.ID, State: counterpoint.AnswerQueued}
	case r.Code == 405: // the account has no money left
		return later
	}
	return refused
}

// HTTP sends by any gateway that takes a POST.
type HTTP struct {
	URL     string
	Form    bool              // as a form; else as JSON
	To      string            // name of the number's field; empty is to
	Text    string            // name of the words' field; empty is message
	ID      string            // name of our id's field; empty sends none
	Ref     string            // name of the gateway's id in its answer; empty is id
	More    map[string]string // further fields
	Headers map[string]string // such as Authorization
	Client  http.RoundTripper
}

var _ Gateway = HTTP{}

// Send posts the message. An answer of 200 without a word of what became of it is queued.
func (g HTTP) Send(ctx context.Context, t Text) Taken {
	fields := map[string]string{}
	for k, v := range g.More {
		fields[k] = v
	}
	fields[or(g.To, "to")], fields[or(g.Text, "message")] = t.Number, t.Words
	if g.ID != "" {
		fields[g.ID] = t.ID
	}
	headers := map[string]string{"Idempotency-Key": t.ID}
	for k, v := range g.Headers {
		headers[k] = v
	}
	media, body := "application/json", []byte(nil)
	if g.Form {
		form := url.Values{}
		for k, v := range fields {
			form.Set(k, v)
		}
		media, body = "application/x-www-form-urlencoded", []byte(form.Encode())
	} else {
		body, _ = json.Marshal(fields) // strings only
	}
	answer, bad := post(ctx, g.Client, g.URL, media, body, headers)
	if bad != nil {
		return *bad
	}
	taken := Taken{State: counterpoint.AnswerQueued}
	var said map[string]any
	if json.Unmarshal(answer, &said) != nil {
		return taken
	}
	switch ref := said[or(g.Ref, "id")].(type) {
	case string:
		taken.Ref = ref
	case float64:
		taken.Ref = strconv.FormatFloat(ref, 'f', -1, 64)
	}
	if s, _ := said["status"].(string); strings.EqualFold(s, "failed") || strings.EqualFold(s, "rejected") {
		taken.State, taken.Why = counterpoint.AnswerFailed, counterpoint.WhyRejected
	}
	return taken
}

func or(name, usual string) string {
	if name == "" {
		return usual
	}
	return name
}

// maxAnswer is how much of a gateway's answer is read.
const maxAnswer = 64 << 10

// post asks the gateway. bad is the whole of what is known when it did not take the message.
func post(ctx context.Context, to http.RoundTripper, address, media string, body []byte, headers map[string]string) (answer []byte, bad *Taken) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, &refused
	}
	req.Header.Set("Content-Type", media)
	req.Header.Set("Accept", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	res, err := to.RoundTrip(req)
	if err != nil {
		t := cutOff
		if neverLeft(err) {
			t = later
		}
		t.Cause = err.Error()
		return nil, &t
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if bad := judged(res, err); bad != nil {
		bad.Cause = res.Status
		return nil, bad
	}
	return answer, nil
}

// judged is what the status says that is not of a message taken.
func judged(res *http.Response, err error) *Taken {
	t := refused
	switch {
	case res.StatusCode == http.StatusTooManyRequests, res.StatusCode == http.StatusServiceUnavailable,
		res.StatusCode == http.StatusUnauthorized, res.StatusCode == http.StatusForbidden, res.StatusCode == http.StatusPaymentRequired:
		t = later
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 {
			t.After = min(time.Duration(s)*time.Second, 24*time.Hour)
		}
	case res.StatusCode >= 500:
		t = cutOff // it may have sent the message before it failed
	case res.StatusCode < 200 || res.StatusCode >= 300:
	case err != nil:
		t = cutOff
	default:
		return nil
	}
	return &t
}

// neverLeft reports whether a request failed before any of it was sent: nobody was there to take it.
func neverLeft(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

// Check says what is wrong with a gateway's address.
func Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%q is not an address such as https://gateway.example.org/send: %w", address, counterpoint.ErrInvalid)
	}
	return nil
}
