package report

import (
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// receipts are the words by which gateways say what became of a message, in lower case. Africa's Talking has the first
// six: Success is delivered to the phone.
var receipts = map[string]Receipt{
	"success":          {State: counterpoint.AnswerDelivered},
	"sent":             {State: counterpoint.AnswerSent},
	"buffered":         {State: counterpoint.AnswerSent},
	"rejected":         {State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected},
	"failed":           {State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected},
	"expired":          {State: counterpoint.AnswerFailed, Why: counterpoint.WhyExpired},
	"absentsubscriber": {State: counterpoint.AnswerFailed, Why: counterpoint.WhyExpired},
	"submitted":        {State: counterpoint.AnswerQueued},
	"queued":           {State: counterpoint.AnswerQueued},
	"delivered":        {State: counterpoint.AnswerDelivered},
	"undelivered":      {State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected},
	"error":            {State: counterpoint.AnswerFailed, Why: counterpoint.WhyRejected},
}

func receipt(id, status string) (Delivery, error) {
	r, ok := receipts[strings.ToLower(status)]
	if !ok {
		return Delivery{}, wrong("status", "is not a status known here, such as Success, Sent, Failed, delivered")
	}
	r.ID = id
	return Delivery{Receipts: []Receipt{r}}, nil
}

// africasTalking reads a message (id, text, from, to, date, linkId) or a delivery report (id, status).
func africasTalking(f fields, _ Mapping) (Delivery, error) {
	id, err := f.need("the message's id", "id")
	if err != nil {
		return Delivery{}, err
	}
	text := f.value("text")
	if status := f.value("status"); status != "" && text == "" {
		return receipt(id, status)
	}
	if text == "" {
		_, err := f.need("the words", "text")
		return Delivery{}, err
	}
	from, err := f.need("the sender's number", "from")
	if err != nil {
		return Delivery{}, err
	}
	at, err := sentAt("date", f.value("date"), nil) // both of its layouts are UTC
	return Delivery{Reports: []Report{{ID: id, From: from, Texts: []string{text}, At: at}}}, err
}

// gateway reads a message or a receipt of any gateway, under the names the source says or the usual ones.
func gateway(f fields, m Mapping) (Delivery, error) {
	n := m.Fields
	id := f.value(n.ID, "id", "message_id", "messageId", "uuid", "sms_id")
	text := f.value(n.Text, "text", "message", "body", "content")
	if status := f.value(n.Status, "status"); status != "" && text == "" && id != "" {
		return receipt(id, status)
	}
	if text == "" {
		_, err := f.need("the words", n.Text, "text", "message")
		return Delivery{}, err
	}
	from, err := f.need("the sender's number", n.From, "from", "sender", "phone", "msisdn")
	if err != nil {
		return Delivery{}, err
	}
	name := n.At
	if name == "" {
		name = "date"
	}
	at, err := sentAt(name, f.value(n.At, "sent_timestamp", "timestamp", "date", "time", "received_at"), m.Zone)
	return Delivery{Reports: []Report{{ID: id, From: from, Texts: []string{text}, At: at}}}, err
}

// layouts are how gateways and forms write a time, with a zone first.
var layouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04",
}

// sentAt reads a time; a number is seconds or, as SMSSync has it, milliseconds since 1970. Nothing is no time.
func sentAt(field, v string, zone *time.Location) (*time.Time, error) {
	if v == "" {
		return nil, nil
	}
	if zone == nil {
		zone = time.UTC
	}
	at, ok := time.Time{}, false
	if n, err := strconv.ParseInt(v, 10, 64); err == nil && len(v) >= 9 && n > 0 {
		at, ok = time.Unix(n, 0), true
		if n > 1e11 {
			at = time.UnixMilli(n)
		}
	}
	for _, l := range layouts {
		if ok {
			break
		}
		t, err := time.ParseInLocation(l, v, zone)
		at, ok = t, err == nil
	}
	if !ok || !counterpoint.CredibleTime(at) {
		return nil, wrong(field, "is not a time such as 2026-11-27 08:15:00, 2026-11-27T08:15:00Z or milliseconds since 1970")
	}
	at = at.UTC()
	return &at, nil
}
