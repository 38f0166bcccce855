package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"counterpoint"
	"counterpoint/ingest/guard"
	"counterpoint/respond"
)

// alertsConfig is who is told when a flag reaches level 3, and how often.
type alertsConfig struct {
	Repeat   time.Duration   `yaml:"repeat"`  // until somebody acknowledges; default 10m
	Repeats  *int            `yaml:"repeats"` // after the first time; default 6
	Within   time.Duration   `yaml:"within"`  // what was heard longer ago raises no alert; default 720h
	Example  bool            `yaml:"example"` // alerts of example sources go out too, marked
	Channels []channelConfig `yaml:"channels"`
}

// channelConfig is one way to tell people.
type channelConfig struct {
	Name   string   `yaml:"name"`        // stands in the record: of a post, not of a person
	Kind   string   `yaml:"kind"`        // webhook or email
	Duty   bool     `yaml:"duty"`        // the duty officer's: from the first repeat on
	URL    string   `yaml:"url"`         // of a webhook
	Secret string   `yaml:"secret_file"` // file of the webhook's secret or the mail password; else COUNTERPOINT_ALERT_NAME
	Server string   `yaml:"server"`      // of e-mail: host:port
	TLS    string   `yaml:"tls"`         // of e-mail: starttls, tls or none; default starttls, on this machine none
	User   string   `yaml:"user"`        // of e-mail
	From   string   `yaml:"from"`        // of e-mail
	To     []string `yaml:"to"`          // of e-mail; each gets a mail of their own
}

func (c alertsConfig) plan() counterpoint.AlertPlan {
	p := respond.DefaultPlan
	if c.Repeat != 0 {
		p.RepeatSeconds = int(c.Repeat / time.Second)
	}
	if c.Repeats != nil {
		p.Repeats = *c.Repeats
	}
	return p
}

var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (c *config) checkAlerts() (bad counterpoint.Invalid) {
	say := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: "alerts." + field, Message: message})
	}
	plan := c.Alerts.plan()
	var fields counterpoint.Invalid
	if errors.As(plan.Check(), &fields) {
		for _, f := range fields {
			say(f.Field, f.Message)
		}
	}
	if c.Alerts.Within < 0 {
		say("within", "must not be negative")
	}
	seen := map[string]bool{}
	for i, ch := range c.Alerts.Channels {
		at := fmt.Sprintf("channels[%d].", i)
		if !channelName.MatchString(ch.Name) {
			say(at+"name", "must be 1 to 32 of a-z, 0-9 and dash, starting with a letter or digit")
		}
		if seen[ch.Name] {
			say(at+"name", ch.Name+" stands twice")
		}
		seen[ch.Name] = true
		if ch.Duty && plan.Repeats == 0 {
			say(at+"duty", "is for channels that are told from the first repeat on, and repeats is 0")
		}
		for _, f := range c.checkChannel(ch) {
			say(at+f.Field, f.Message)
		}
	}
	return bad
}

// checkChannel says what is wrong with the channel whatever its secret is: that is read when it is used.
func (c *config) checkChannel(ch channelConfig) (bad counterpoint.Invalid) {
	secret := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	if ch.Kind == "email" && ch.User == "" {
		secret = ""
	}
	if ch.Kind == "email" && len(ch.To) == 0 {
		bad = append(bad, counterpoint.FieldError{Field: "to", Message: "name at least one address"})
	}
	g := guard.New(guard.Options{})
	defer g.Close()
	seen := map[string]bool{}
	for _, o := range ch.options(secret, g) {
		var fields counterpoint.Invalid
		if _, err := respond.NewChannel(o); !errors.As(err, &fields) {
			continue
		}
		for _, f := range fields {
			if !seen[f.Error()] {
				bad = append(bad, f)
			}
			seen[f.Error()] = true
		}
	}
	return append(bad, ch.misplaced()...)
}

// misplaced are fields of the other kind.
func (ch channelConfig) misplaced() (bad counterpoint.Invalid) {
	foreign := map[string]bool{"url": ch.URL != ""}
	if ch.Kind == "webhook" {
		foreign = map[string]bool{"server": ch.Server != "", "tls": ch.TLS != "", "user": ch.User != "", "from": ch.From != "", "to": len(ch.To) > 0}
	}
	for _, field := range []string{"url", "server", "tls", "user", "from", "to"} {
		if foreign[field] {
			bad = append(bad, counterpoint.FieldError{Field: field, Message: "is not for a channel of kind " + ch.Kind})
		}
	}
	return bad
}

// options are those of the channel, for e-mail of each address.
func (ch channelConfig) options(secret string, g *guard.Guard) []respond.ChannelOptions {
	o := respond.ChannelOptions{
		Kind: ch.Kind, URL: ch.URL, Secret: secret, Server: ch.Server, TLS: ch.TLS, User: ch.User, Password: secret, From: ch.From,
		HTTP: g.Client(), Dial: g.Dial,
	}
	if ch.Kind != "email" {
		return []respond.ChannelOptions{o}
	}
	if ch.User == "" {
		o.Password = ""
	}
	all := make([]respond.ChannelOptions, len(ch.To))
	for i, to := range ch.To {
		all[i] = o
		all[i].To = to
	}
	return all
}

// secretEnv is the variable that has the secret of a channel without secret_file.
func (ch channelConfig) secretEnv() string {
	return "COUNTERPOINT_ALERT_" + strings.ToUpper(strings.ReplaceAll(ch.Name, "-", "_"))
}

func (ch channelConfig) secret() (string, error) {
	if ch.Kind == "email" && ch.User == "" {
		return "", nil
	}
	if ch.Secret != "" {
		b, err := os.ReadFile(ch.Secret)
		if err != nil {
			return "", fmt.Errorf("read the secret of the alert channel %s: %w", ch.Name, err)
		}
		return strings.TrimSpace(string(b)), nil
	}
	if s := os.Getenv(ch.secretEnv()); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("the alert channel %s has no secret: name a file in secret_file, or set %s", ch.Name, ch.secretEnv())
}

// open makes the channels of the configured one. Those to several addresses are told apart by number: the record names
// nobody.
func (ch channelConfig) open(g *guard.Guard) (all []respond.AlertChannel, err error) {
	secret, err := ch.secret()
	if err != nil {
		return nil, err
	}
	options := ch.options(secret, g)
	for i, o := range options {
		name := ch.Name
		if len(options) > 1 {
			name = fmt.Sprintf("%s/%d", ch.Name, i+1)
		}
		made, err := respond.NewChannel(o)
		if err != nil {
			return nil, fmt.Errorf("alert channel %s: %w", name, err)
		}
		all = append(all, respond.AlertChannel{Name: name, Duty: ch.Duty, Channel: made})
	}
	return all, nil
}

// openAlerter makes what tells people of alerts.
func (l *line) openAlerter() error {
	g := l.cfg.guard()
	l.closers = append(l.closers, func() error { g.Close(); return nil })
	o := respond.AlerterOptions{
		Views: l.store, Decider: l.desk, Plan: l.cfg.Alerts.plan(), Within: l.cfg.Alerts.Within, Site: l.cfg.pagesAt(),
		Example: l.cfg.Alerts.Example, Registerer: l.metrics, Log: l.log,
	}
	for _, ch := range l.cfg.Alerts.Channels {
		opened, err := ch.open(g)
		if err != nil {
			return err
		}
		o.Channels = append(o.Channels, opened...)
	}
	l.alerter = respond.NewAlerter(o)
	return nil
}

// pagesAt is the address of the pages for who is told of them: where nothing else is said, the one they are served at.
func (c config) pagesAt() string {
	switch {
	case c.Site != "":
		return c.Site
	case c.TLS != "":
		return "https://" + c.Listen
	}
	return "http://" + c.Listen
}

// checkAlertChannels reaches each channel without sending anything.
func checkAlertChannels(cfg config) (all []check) {
	for _, ch := range cfg.Alerts.Channels {
		all = append(all, check{"alerts by " + ch.Name, alertTime, func(ctx context.Context, cfg config) []diagnosis {
			return ch.each(cfg, func(c respond.AlertChannel) error { return c.Channel.Check(ctx) })
		}})
	}
	if len(all) > 0 && cfg.Site == "" {
		all = append(all, check{"alerts", lookTime, func(context.Context, config) []diagnosis {
			return []diagnosis{{State: remark, What: "the links in alerts lead to " + cfg.pagesAt(), Remedy: "say with site: where others reach the pages"}}
		}})
	}
	return all
}

// alertTime is how long a channel may take: a mail server may let a stranger wait before it greets.
const alertTime = 25 * time.Second

// sendTestAlerts sends each channel an alert that says that it is a test.
func sendTestAlerts(cfg config) (all []check) {
	for _, ch := range cfg.Alerts.Channels {
		all = append(all, check{"test alert by " + ch.Name, alertTime, func(ctx context.Context, cfg config) []diagnosis {
			return ch.each(cfg, func(c respond.AlertChannel) error { return c.Channel.Send(ctx, testNotice(cfg)) })
		}})
	}
	return all
}

func testNotice(cfg config) counterpoint.Notice {
	now := time.Now()
	id := counterpoint.NewID("alr")
	return counterpoint.Notice{
		Alert: counterpoint.Alert{
			ID: id, State: counterpoint.AlertOpen, Flag: "none", Lang: counterpoint.Undetermined, Level: 3, Flagged: now, Raised: now, Raising: 1,
		},
		Attempt: counterpoint.Attempt{Number: 1, Raising: 1}, Source: "none", Link: cfg.pagesAt() + "/alerts", From: cfg.pagesAt(), Test: true,
	}
}

// each opens the channel and does something with each of its addresses.
func (ch channelConfig) each(cfg config, do func(respond.AlertChannel) error) (found []diagnosis) {
	g := cfg.guard()
	defer g.Close()
	opened, err := ch.open(g)
	if err != nil {
		return faults(err)
	}
	for _, c := range opened {
		if err := do(c); err != nil {
			found = append(found, diagnosis{State: faulty, What: c.Name + ": " + said(err), Remedy: "mend the other side, or correct the channel under alerts: in the configuration; until then it tells nobody"})
		}
	}
	return found
}
