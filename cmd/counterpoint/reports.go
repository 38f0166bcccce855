package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/api"
	"counterpoint/ingest"
	"counterpoint/ingest/guard"
	"counterpoint/ingest/report"
	"counterpoint/respond/sms"
)

// reportConfig says of a source of community reports what gateways and forms send, how it is made safe, and by which
// gateway people are answered.
type reportConfig struct {
	CallingCode string        `yaml:"calling_code"`     // of national numbers; default that of the country
	Cell        *float64      `yaml:"cell"`             // degrees: 0.5, 1, 2 or 5; default 0.5; 0 keeps no cell
	KeepNumber  *int          `yaml:"keep_number_days"` // to answer; default 30, and 0 without answer; 0 keeps none
	Places      report.Areas  `yaml:"places"`           // the areas that reports may name; others are not kept
	Fields      report.Fields `yaml:"fields"`           // names of a gateway's fields, where they are not the usual ones
	Form        report.Form   `yaml:"form"`             // what the questions of a form are
	Answer      *answerConfig `yaml:"answer"`           // default nobody is answered
}

// answerConfig is a gateway that answers are sent by.
type answerConfig struct {
	By       string            `yaml:"by"`       // africastalking or http
	URL      string            `yaml:"url"`      // default, with africastalking, its live service
	Key      string            `yaml:"key_file"` // file with the gateway's key
	Username string            `yaml:"username"` // with africastalking
	From     string            `yaml:"from"`     // with africastalking: sender id or short code; default the shared one
	As       string            `yaml:"as"`       // with http: json or form; default json
	To       string            `yaml:"to"`       // with http, names of fields; default to
	Text     string            `yaml:"text"`     // default message
	ID       string            `yaml:"id"`       // of our id; default none
	Ref      string            `yaml:"ref"`      // of the gateway's id in its answer; default id
	More     map[string]string `yaml:"more"`     // further fields
	Header   string            `yaml:"header"`   // with http, what the key is sent as; default Authorization
	Scheme   string            `yaml:"scheme"`   // word before the key; with Authorization default Bearer
}

// replyDays are the days for which numbers are kept: as ingest.Reporting has them.
func (r *reportConfig) replyDays() int {
	switch {
	case r == nil || r.Answer == nil || r.KeepNumber != nil && *r.KeepNumber == 0:
		return -1
	case r.KeepNumber == nil:
		return ingest.ReplyDays
	}
	return *r.KeepNumber
}

// reporting is how the source's reports are made safe. One that the configuration says nothing of is treated strictly.
func (c config) reporting(source string) ingest.Reporting {
	i := slices.IndexFunc(c.Sources, func(s sourceConfig) bool { return s.ID == source })
	if i < 0 || c.Sources[i].Report == nil {
		return ingest.Reporting{ReplyDays: -1}
	}
	s, r := c.Sources[i], c.Sources[i].Report
	o := ingest.Reporting{
		Mapping: report.Mapping{Fields: r.Fields, Form: r.Form}, CallingCode: strings.TrimPrefix(r.CallingCode, "+"), Areas: r.Places, ReplyDays: r.replyDays(),
	}
	if s.Zone != "" {
		o.Mapping.Zone, _ = time.LoadLocation(s.Zone) // checked when it was read
	}
	if r.Cell != nil {
		if o.Cell = *r.Cell; o.Cell == 0 {
			o.Cell = -1
		}
	}
	return o
}

// checkReports says what is wrong with how a source's reports are taken.
func (s sourceConfig) checkReports(at string) (bad counterpoint.Invalid) {
	wrong := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: at + "report" + field, Message: message})
	}
	r := s.Report
	if r == nil {
		return nil
	}
	if s.Kind != string(counterpoint.Report) {
		wrong("", "is for a source of kind report")
	}
	if code := strings.TrimPrefix(r.CallingCode, "+"); len(code) > 3 || strings.Trim(code, "0123456789") != "" {
		wrong(".calling_code", fmt.Sprintf("%q is not a country's calling code such as 236", r.CallingCode))
	}
	if r.Cell != nil && *r.Cell != 0 && !slices.Contains(report.CellSizes, *r.Cell) {
		wrong(".cell", fmt.Sprintf("%g is not one of %v degrees; finer ones would show where a reporter lives", *r.Cell, report.CellSizes))
	}
	if r.KeepNumber != nil && (*r.KeepNumber < 0 || *r.KeepNumber > ingest.MaxReplyDays) {
		wrong(".keep_number_days", fmt.Sprintf("must be 0 to %d", ingest.MaxReplyDays))
	}
	for i, p := range r.Places {
		if counterpoint.Fold(p.Name) == "" {
			wrong(fmt.Sprintf(".places[%d].name", i), "must not be empty")
		}
		if strings.Trim(p.Cell, "0123456789") != "" {
			wrong(fmt.Sprintf(".places[%d].cell", i), fmt.Sprintf("%q is not a number of PRIO-GRID", p.Cell))
		}
	}
	if r.Answer != nil {
		bad = append(bad, r.Answer.check(at+"report.answer.")...)
	}
	return bad
}

func (a answerConfig) check(at string) (bad counterpoint.Invalid) {
	wrong := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: at + field, Message: message})
	}
	switch a.By {
	case report.AfricasTalking:
		if a.Username == "" {
			wrong("username", "is missing: the name of the application at Africa's Talking")
		}
		if a.Key == "" {
			wrong("key_file", "is missing: a file with the application's API key")
		}
	case "http":
		if !slices.Contains([]string{"", "json", "form"}, a.As) {
			wrong("as", fmt.Sprintf("%q is not json or form", a.As))
		}
	default:
		wrong("by", fmt.Sprintf("%q is not africastalking or http", a.By))
	}
	if a.URL != "" || a.By == "http" {
		if err := sms.Check(a.URL); err != nil {
			wrong("url", said(err))
		}
	}
	if a.Key != "" {
		if _, err := a.key(); err != nil {
			wrong("key_file", err.Error())
		}
	}
	return bad
}

func (a answerConfig) key() (string, error) {
	if a.Key == "" {
		return "", nil
	}
	b, err := os.ReadFile(a.Key)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	if key := strings.TrimSpace(string(b)); key != "" {
		return key, nil
	}
	return "", errors.New(a.Key + " is empty")
}

// gateway is what sends the source's answers.
func (a answerConfig) gateway(g *guard.Guard) (sms.Gateway, error) {
	key, err := a.key()
	if err != nil {
		return nil, fmt.Errorf("key_file: %w", err)
	}
	if a.By == report.AfricasTalking {
		return sms.AfricasTalking{URL: a.URL, Username: a.Username, From: a.From, Key: key, HTTP: g}, nil
	}
	out := sms.HTTP{URL: a.URL, Form: a.As == "form", To: a.To, Text: a.Text, ID: a.ID, Ref: a.Ref, More: a.More, Headers: map[string]string{}, Client: g}
	if key != "" {
		header, scheme := a.Header, a.Scheme
		if header == "" {
			header = "Authorization"
			if scheme == "" {
				scheme = "Bearer"
			}
		}
		out.Headers[header] = strings.TrimSpace(scheme + " " + key)
	}
	return out, nil
}

// openSender opens what answers reporters. Without a gateway it only deletes numbers that had their time.
func (l *line) openSender() error {
	l.outgoing = l.cfg.guard()
	l.closers = append(l.closers, func() error { l.outgoing.Close(); return nil })
	gateways := map[string]sms.Gateway{}
	for _, s := range l.cfg.Sources {
		if s.Report == nil || s.Report.Answer == nil {
			continue
		}
		g, err := s.Report.Answer.gateway(l.outgoing)
		if err != nil {
			return fmt.Errorf("source %s: report.answer: %w", s.ID, err)
		}
		gateways[s.ID] = g
	}
	l.sender = sms.New(sms.Options{Views: l.store, Decider: l.desk, Numbers: l.vault, Gateways: gateways, Registerer: l.metrics, Log: l.log})
	return nil
}

// templates are the answers agreed on, those of the configuration over those built in.
func (c config) templates() []counterpoint.AnswerTemplate {
	all := slices.Clone(counterpoint.AnswerTemplates)
	for _, id := range slices.Sorted(maps.Keys(c.Answers)) {
		i := slices.IndexFunc(all, func(t counterpoint.AnswerTemplate) bool { return t.ID == id })
		if i < 0 {
			all = append(all, counterpoint.AnswerTemplate{ID: id})
			i = len(all) - 1
		}
		texts := maps.Clone(all[i].Texts)
		if texts == nil {
			texts = map[string]string{}
		}
		for lang, text := range c.Answers[id] {
			code, _ := counterpoint.Lang(lang) // checked when it was read
			texts[code] = strings.TrimSpace(text)
		}
		all[i].Texts = texts
	}
	return all
}

func (c config) checkAnswers() (bad counterpoint.Invalid) {
	for id, texts := range c.Answers {
		for lang, text := range texts {
			field := "answers." + id + "." + lang
			if _, ok := counterpoint.Lang(lang); !ok {
				bad = append(bad, counterpoint.FieldError{Field: field, Message: fmt.Sprintf("%q is not an ISO 639 code", lang)})
			}
			if n := len([]rune(strings.TrimSpace(text))); n == 0 || n > counterpoint.MaxAnswer {
				bad = append(bad, counterpoint.FieldError{Field: field, Message: fmt.Sprintf("has %d letters; it must have 1 to %d", n, counterpoint.MaxAnswer)})
			}
		}
	}
	slices.SortFunc(bad, func(a, b counterpoint.FieldError) int { return strings.Compare(a.Field, b.Field) })
	return bad
}

// takeHook takes what a gateway or a form's server sent. When it answers, all that may be kept is durable.
func (l *line) takeHook(ctx context.Context, q api.HookRequest) (out api.HookAnswer, err error) {
	o := l.cfg.reporting(q.Source)
	d, err := report.Parse(q.Kind, q.Type, q.Body, o.Mapping)
	if err != nil {
		return out, err
	}
	for _, r := range d.Receipts {
		if err := l.takeReceipt(ctx, q.Source, r); err != nil {
			return out, err
		}
		out.Receipts++
	}
	if len(d.Reports) == 0 {
		return out, nil
	}
	receipt, err := l.door.AcceptReports(ctx, q.Source, q.Kind, o, d.Reports)
	if err != nil {
		return out, err
	}
	out.Accepted = receipt.Accepted + receipt.Duplicates
	for _, r := range receipt.Rejected {
		out.Refused = append(out.Refused, r.Reason)
	}
	return out, nil
}

// A receipt may come before its answer is recorded as handed over: some gateways are quicker than a disk.
const (
	receiptWait = 5 * time.Second
	receiptLook = 50 * time.Millisecond
)

func (l *line) takeReceipt(ctx context.Context, source string, r report.Receipt) error {
	ctx, cancel := context.WithTimeout(ctx, receiptWait)
	defer cancel()
	for {
		s, err := l.vault.Sending(ctx, source, r.ID)
		if err == nil {
			return sms.Settle(ctx, l.store, l.desk, s.Item, counterpoint.Sending{Answer: s.Answer, State: r.State, Why: r.Why}, time.Now)
		}
		if !errors.Is(err, counterpoint.ErrNotFound) {
			return err
		}
		if pause(ctx, receiptLook) != nil {
			return fmt.Errorf("no answer of the last two weeks has the id of this receipt: %w", counterpoint.ErrNotFound)
		}
	}
}
