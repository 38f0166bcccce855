// Package email tells people of alerts by mail, through a mail server of the mission (SMTP, RFC 5321) with STARTTLS
// (RFC 3207) or TLS from the first byte.
package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"counterpoint"
)

// The ways to encrypt. None is for a relay on this machine or in a network of one's own.
const (
	StartTLS = "starttls"
	TLS      = "tls"
	None     = "none"
)

// Options are what a channel needs. Zero Now is the clock, zero Timeout 20 s for a whole mail.
type Options struct {
	Server   string // host:port
	TLS      string // StartTLS, TLS or None; empty is StartTLS, and None to a server on this machine
	User     string // empty signs in nowhere
	Password string
	From     string // address, with a name or without
	To       string // one address: what becomes of the mail to it is told apart from others'
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Roots    *tls.Config // of the server's certificate; nil is the system's
	Now      func() time.Time
	Timeout  time.Duration
}

// Email sends notices to one address.
type Email struct {
	o        Options
	host     string
	port     int
	from, to *mail.Address
}

// New checks the options.
func New(o Options) (*Email, error) {
	e := &Email{}
	var bad counterpoint.Invalid
	say := func(field, message string) {
		bad = append(bad, counterpoint.FieldError{Field: field, Message: message})
	}
	var err error
	if e.host, e.port, err = hostPort(o.Server); err != nil {
		say("server", err.Error())
	}
	if o.TLS == "" {
		o.TLS = StartTLS
		if loopback(e.host) {
			o.TLS = None
		}
	}
	switch {
	case o.TLS != StartTLS && o.TLS != TLS && o.TLS != None:
		say("tls", fmt.Sprintf("%q is not starttls, tls or none", o.TLS))
	case o.TLS == None && o.User != "" && !loopback(e.host):
		say("tls", "none would send the password unencrypted; use starttls or tls, or leave user out")
	}
	if (o.User == "") != (o.Password == "") {
		say("password", "goes with user: give both or neither")
	}
	if e.from, err = mail.ParseAddress(o.From); err != nil {
		say("from", "must be an address such as Counterpoint <alerts@example.org>")
	}
	if e.to, err = mail.ParseAddress(o.To); err != nil {
		say("to", fmt.Sprintf("%q is not an address such as duty@example.org", o.To))
	}
	if len(bad) > 0 {
		return nil, bad
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Timeout = cmp.Or(o.Timeout, 20*time.Second)
	e.o = o
	return e, nil
}

func hostPort(server string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(server)
	if err == nil {
		port, err = strconv.Atoi(p)
	}
	if err != nil || host == "" || port < 1 || port > 65535 {
		return host, port, errors.New("must be host and port such as smtp.example.org:587")
	}
	return host, port, nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// Send mails the notice. It returns nil when the server took it, and else a *counterpoint.SendError.
func (e *Email) Send(ctx context.Context, n counterpoint.Notice) error {
	m, err := e.message(n)
	if err != nil {
		return &counterpoint.SendError{Final: true, Detail: counterpoint.SendBroken, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.Timeout)
	defer cancel()
	c, err := e.client(ctx)
	if err != nil {
		return &counterpoint.SendError{Final: true, Detail: counterpoint.SendBroken, Err: err}
	}
	err = c.DialAndSendWithContext(ctx, m)
	if err == nil || m.IsDelivered() { // what goes wrong after that loses nothing
		return nil
	}
	return verdict(ctx, err)
}

// Check signs in at the server without sending anything.
func (e *Email) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, e.o.Timeout)
	defer cancel()
	c, err := e.client(ctx)
	if err != nil {
		return err
	}
	if err := c.DialWithContext(ctx); err != nil {
		return err
	}
	return c.Close()
}

// client is one connection's: the library keeps its state in it.
func (e *Email) client(ctx context.Context) (*gomail.Client, error) {
	config := &tls.Config{}
	if e.o.Roots != nil {
		config = e.o.Roots.Clone()
	}
	config.ServerName, config.MinVersion = e.host, tls.VersionTLS12
	name := "localhost" // this machine's own is nobody's business
	if _, domain, ok := strings.Cut(e.from.Address, "@"); ok {
		name = domain
	}
	options := []gomail.Option{
		gomail.WithPort(e.port), gomail.WithTimeout(e.o.Timeout), gomail.WithHELO(name), gomail.WithoutNoop(), gomail.WithTLSConfig(config),
		gomail.WithDialContextFunc(e.dial(ctx, config)), gomail.WithTLSPolicy(gomail.NoTLS),
	}
	if e.o.TLS == StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if e.o.TLS == TLS {
		options = append(options, gomail.WithSSL())
	}
	if e.o.User != "" {
		options = append(options, gomail.WithUsername(e.o.User), gomail.WithPassword(e.o.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	return gomail.NewClient(e.host, options...)
}

// dial makes connections that end with whole, the context of the mail: the library grants each command all time anew.
func (e *Email) dial(whole context.Context, config *tls.Config) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := e.o.Dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(whole, func() { raw.Close() })
		until, _ := whole.Deadline()
		c := net.Conn(&bounded{raw, until})
		if err := c.SetDeadline(until); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		if e.o.TLS != TLS {
			return c, nil
		}
		over := tls.Client(c, config)
		if err := over.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		return over, nil
	}
}

// bounded is a connection whose deadlines never lie after until.
type bounded struct {
	net.Conn
	until time.Time
}

func (b *bounded) earlier(t time.Time) time.Time {
	if t.IsZero() || t.After(b.until) {
		return b.until
	}
	return t
}

// SetDeadline sets the deadline, at most until.
func (b *bounded) SetDeadline(t time.Time) error { return b.Conn.SetDeadline(b.earlier(t)) }

// SetReadDeadline sets the deadline, at most until.
func (b *bounded) SetReadDeadline(t time.Time) error { return b.Conn.SetReadDeadline(b.earlier(t)) }

// SetWriteDeadline sets the deadline, at most until.
func (b *bounded) SetWriteDeadline(t time.Time) error { return b.Conn.SetWriteDeadline(b.earlier(t)) }

// verdict is why the server did not take the mail. What it wrote stays out, of the log too: it may quote addresses.
func verdict(ctx context.Context, err error) error {
	var send *gomail.SendError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.As(err, &send) && send.ErrorCode() > 0:
		return &counterpoint.SendError{Final: send.ErrorCode() >= 500, Detail: fmt.Sprintf("SMTP %d", send.ErrorCode())}
	case ctx.Err() != nil, errors.As(err, &timeout) && timeout.Timeout():
		return &counterpoint.SendError{Detail: counterpoint.SendTimeout}
	case errors.As(err, &op) && op.Op == "dial":
		return &counterpoint.SendError{Detail: counterpoint.SendUnreachable, Err: op}
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return &counterpoint.SendError{Detail: counterpoint.SendCertificate}
	case strings.Contains(err.Error(), "STARTTLS"):
		return &counterpoint.SendError{Detail: counterpoint.SendPlain}
	case strings.Contains(err.Error(), "AUTH"):
		return &counterpoint.SendError{Detail: counterpoint.SendSignIn}
	}
	return &counterpoint.SendError{Detail: counterpoint.SendGarbled}
}
