// Package emailtest is a mail server on loopback for tests: SMTP with STARTTLS and AUTH PLAIN and LOGIN. It keeps what
// it was given, and goes wrong as it is told.
package emailtest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the server is. The zero Options take mail from anybody, in the clear or after STARTTLS.
type Options struct {
	NoTLS    bool   // offers no STARTTLS
	Implicit bool   // speaks TLS from the first byte
	User     string // who must sign in, and may only after STARTTLS
	Password string
}

// Server is a mail server.
type Server struct {
	Addr string
	o    Options
	tls  *tls.Config
	pool *x509.CertPool

	mu    sync.Mutex
	mails []Mail
	fault func(command string) string
	hang  chan struct{}
}

// Mail is a mail as it was taken.
type Mail struct {
	At        time.Time
	From      string
	To        []string
	Encrypted bool
	User      string
	Raw       []byte
}

// Message is the mail, read.
func (m Mail) Message(t testing.TB) (header mail.Header, body string) {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		t.Fatalf("mail cannot be read: %v\n%s", err, m.Raw)
	}
	b, err := io.ReadAll(msg.Body)
	if err != nil {
		t.Fatal(err)
	}
	return msg.Header, string(b)
}

// New starts a server that ends with the test.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: ln.Addr().String(), o: o, hang: make(chan struct{})}
	s.certify(t)
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			work.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		close(s.hang)
		_ = ln.Close()
		work.Wait()
	})
	return s
}

// certify makes a certificate for 127.0.0.1 that only Roots knows.
func (s *Server) certify(t testing.TB) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.pool = x509.NewCertPool()
	s.pool.AddCert(cert)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

// Roots trust the server's certificate.
func (s *Server) Roots() *tls.Config { return &tls.Config{RootCAs: s.pool} }

// Mails are what was taken so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Hang is the answer of a fault that never comes, for as long as the test runs.
const Hang = "hang"

// Fault makes the server answer a command (EHLO, AUTH, MAIL, RCPT, DATA, "." for the whole mail, "greet") with a line of
// the test's; an empty line is no fault.
func (s *Server) Fault(f func(command string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) faulty(command string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault == nil {
		return ""
	}
	return s.fault(command)
}

// session is one connection.
type session struct {
	*Server
	conn net.Conn
	r    *bufio.Reader
	mail Mail
	err  error
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
	x := &session{Server: s, conn: c, r: bufio.NewReader(c)}
	if s.o.Implicit {
		x.encrypt()
	}
	if !x.fails("greet") {
		x.say("220 mail.test ESMTP")
	}
	for x.err == nil {
		line, err := x.r.ReadString('\n')
		if err != nil {
			return
		}
		x.command(strings.TrimRight(line, "\r\n"))
	}
}

func (x *session) say(format string, args ...any) {
	if _, err := fmt.Fprintf(x.conn, format+"\r\n", args...); err != nil {
		x.err = err
	}
}

// fails does what the test wants to go wrong.
func (x *session) fails(command string) bool {
	switch line := x.faulty(command); line {
	case "":
		return false
	case Hang:
		<-x.hang
		x.err = errors.New("hung")
	default:
		x.say("%s", line)
	}
	return true
}

func (x *session) encrypt() {
	over := tls.Server(x.conn, x.tls)
	if x.err = over.Handshake(); x.err != nil {
		return
	}
	x.conn, x.r = over, bufio.NewReader(over)
	x.mail.Encrypted = true
}

func (x *session) command(line string) {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	if x.fails(verb) {
		return
	}
	switch verb {
	case "EHLO", "HELO":
		x.hello()
	case "STARTTLS":
		x.say("220 go ahead")
		x.encrypt()
	case "AUTH":
		x.auth(rest)
	case "MAIL":
		if x.o.User != "" && x.mail.User == "" {
			x.say("530 5.7.0 sign in first")
			return
		}
		x.mail.From = address(rest)
		x.say("250 ok")
	case "RCPT":
		x.mail.To = append(x.mail.To, address(rest))
		x.say("250 ok")
	case "DATA":
		x.data()
	case "RSET", "NOOP":
		x.say("250 ok")
	case "QUIT":
		x.say("221 bye")
		x.err = io.EOF
	default:
		x.say("500 what?")
	}
}

func (x *session) hello() {
	lines := []string{"mail.test", "8BITMIME", "ENHANCEDSTATUSCODES"}
	if !x.o.NoTLS && !x.mail.Encrypted {
		lines = append(lines, "STARTTLS")
	}
	if x.o.User != "" && x.mail.Encrypted {
		lines = append(lines, "AUTH PLAIN LOGIN")
	}
	for i, l := range lines {
		between := "-"
		if i == len(lines)-1 {
			between = " "
		}
		x.say("250%s%s", between, l)
	}
}

// auth takes PLAIN with its first answer, as clients send it.
func (x *session) auth(rest string) {
	mechanism, first, _ := strings.Cut(rest, " ")
	raw, err := base64.StdEncoding.DecodeString(first)
	if mechanism != "PLAIN" || err != nil || !x.mail.Encrypted || string(raw) != "\x00"+x.o.User+"\x00"+x.o.Password {
		x.say("535 5.7.8 no")
		return
	}
	x.mail.User = x.o.User
	x.say("235 2.7.0 welcome")
}

func address(rest string) string {
	_, rest, _ = strings.Cut(rest, "<")
	a, _, _ := strings.Cut(rest, ">")
	return a
}

func (x *session) data() {
	x.say("354 go on")
	var b bytes.Buffer
	for {
		line, err := x.r.ReadString('\n')
		if err != nil {
			x.err = err
			return
		}
		if line == ".\r\n" {
			break
		}
		b.WriteString(strings.TrimPrefix(line, "."))
	}
	if x.fails(".") {
		return
	}
	x.mail.Raw, x.mail.At = b.Bytes(), time.Now()
	x.mu.Lock()
	x.mails = append(x.mails, x.mail)
	x.mu.Unlock()
	x.say("250 2.0.0 taken")
	x.mail.To = nil
}
