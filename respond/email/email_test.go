package email_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond/email"
	"counterpoint/respond/email/emailtest"
)

func notice() counterpoint.Notice {
	heard := time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)
	return counterpoint.Notice{
		Alert: counterpoint.Alert{
			ID: "alr_1", State: counterpoint.AlertOpen, Flag: "flag_1", Lang: "hau", Level: 3, Imminent: true, Heard: &heard, Precision: counterpoint.Hour,
			Flagged: heard.Add(time.Hour), Raised: heard.Add(time.Hour), Raising: 1, Plan: counterpoint.AlertPlan{RepeatSeconds: 600, Repeats: 6},
		},
		Attempt: counterpoint.Attempt{Number: 3, Raising: 1, Round: 1}, Source: "Rédïo Kogi", Link: "https://desk.example.org/alerts/alr_1", From: "https://desk.example.org",
	}
}

func open(t *testing.T, s *emailtest.Server, with func(*email.Options)) *email.Email {
	t.Helper()
	o := email.Options{
		Server: s.Addr, TLS: email.StartTLS, From: "Counterpoint Österreich <alerts@desk.example.org>", To: "Duty <duty@example.org>",
		Dial: (&net.Dialer{}).DialContext, Roots: s.Roots(), Timeout: 5 * time.Second,
	}
	if with != nil {
		with(&o)
	}
	e, err := email.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestMail: a mail goes out after STARTTLS and sign-in, and says what it must.
func TestMail(t *testing.T) {
	s := emailtest.New(t, emailtest.Options{User: "desk", Password: "geheim ü"})
	e := open(t, s, func(o *email.Options) { o.User, o.Password = "desk", "geheim ü" })
	if err := e.Check(t.Context()); err != nil || len(s.Mails()) > 0 {
		t.Fatalf("Check: %v, %d mails", err, len(s.Mails()))
	}
	if err := e.Send(t.Context(), notice()); err != nil {
		t.Fatal(err)
	}
	again := notice()
	again.Attempt.Number, again.Attempt.Round = 4, 2
	if err := e.Send(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	mails := s.Mails()
	if len(mails) != 2 || !mails[0].Encrypted || mails[0].User != "desk" || mails[0].From != "alerts@desk.example.org" || strings.Join(mails[0].To, " ") != "duty@example.org" {
		t.Fatalf("mails: %+v", mails)
	}
	h, body := mails[0].Message(t)
	h2, _ := mails[1].Message(t)
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if want := "[repeat 1] Call for harm flagged, Hausa (hau), Rédïo Kogi"; err != nil || subject != want {
		t.Errorf("subject %q, %v; want %q", subject, err, want)
	}
	for name, want := range map[string]string{
		"Message-Id": "<alr_1.1.3@desk.example.org>", "References": "<alr_1@desk.example.org>", "In-Reply-To": "<alr_1@desk.example.org>", "Auto-Submitted": "auto-generated",
		"User-Agent": "", "X-Mailer": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if h2.Get("Message-Id") == h.Get("Message-Id") || h2.Get("References") != h.Get("References") {
		t.Errorf("the repeat has %q in the thread of %q", h2.Get("Message-Id"), h2.Get("References"))
	}
	plain, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"https://desk.example.org/alerts/alr_1", "Hausa (hau)", "Rédïo Kogi", "about 1 March 2026, 17:00 UTC", "A time, a place or a meeting", "every 10 min (still to come: 5)", "no person has decided yet"} {
		if !strings.Contains(string(plain), want) {
			t.Errorf("the mail does not say %q:\n%s", want, plain)
		}
	}
}

// TestNames: what stands in a name stays one header, and a confidential source is not named.
func TestNames(t *testing.T) {
	s := emailtest.New(t, emailtest.Options{})
	e := open(t, s, nil)
	n := notice()
	n.Source = "Evil\r\nBcc: everybody@example.org\r\n\r\nbody\u2028x\u202e"
	n.Test, n.Alert.Example = true, true
	if err := e.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	n.Source = ""
	if err := e.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	mails := s.Mails()
	h, _ := mails[0].Message(t)
	subject, _ := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if h.Get("Bcc") != "" || len(mails[0].To) != 1 || !strings.Contains(subject, "Evil Bcc: everybody@example.org body x") {
		t.Errorf("injected: To %v, header %v", mails[0].To, h)
	}
	if !strings.HasPrefix(subject, "[TEST EXAMPLE] ") {
		t.Errorf("subject %q is not marked", subject)
	}
	if _, body := mails[1].Message(t); !strings.Contains(body, "Source: a report in confidence") || !strings.Contains(body, "TEST EXAMPLE: this is no alert") {
		t.Errorf("second mail:\n%s", body)
	}
}

// TestImplicitTLS: TLS from the first byte.
func TestImplicitTLS(t *testing.T) {
	s := emailtest.New(t, emailtest.Options{Implicit: true, User: "desk", Password: "x"})
	e := open(t, s, func(o *email.Options) { o.TLS, o.User, o.Password = email.TLS, "desk", "x" })
	if err := e.Send(t.Context(), notice()); err != nil || len(s.Mails()) != 1 || !s.Mails()[0].Encrypted {
		t.Errorf("Send: %v, %+v", err, s.Mails())
	}
}

// TestRefusals: each way in which it goes wrong, whether it is final, and in what words.
func TestRefusals(t *testing.T) {
	f := func(name string, so emailtest.Options, with func(*email.Options), fault func(string) string, final bool, detail string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := emailtest.New(t, so)
			s.Fault(fault)
			e := open(t, s, func(o *email.Options) {
				o.Timeout = time.Second
				if with != nil {
					with(o)
				}
			})
			begun := time.Now()
			err := e.Send(t.Context(), notice())
			var send *counterpoint.SendError
			if !errors.As(err, &send) || send.Final != final || send.Detail != detail {
				t.Errorf("Send = %#v, want final %v, %q", err, final, detail)
			}
			if strings.Contains(err.Error(), "duty@example.org") {
				t.Errorf("the error names an address: %v", err)
			}
			if took := time.Since(begun); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
			if len(s.Mails()) > 0 {
				t.Error("a mail was taken")
			}
		})
	}
	at := func(command, line string) func(string) string {
		return func(c string) string {
			if c == command {
				return line
			}
			return ""
		}
	}
	signIn := func(o *email.Options) { o.User, o.Password = "desk", "wrong" }
	f("mailbox unknown", emailtest.Options{}, nil, at("RCPT", "550 5.1.1 duty@example.org is nobody"), true, "SMTP 550")
	f("grey-listed", emailtest.Options{}, nil, at("RCPT", "451 4.7.1 later, duty@example.org"), false, "SMTP 451")
	f("content refused", emailtest.Options{}, nil, at(".", "554 5.7.1 no"), true, "SMTP 554")
	f("full", emailtest.Options{}, nil, at(".", "452 4.3.1 full"), false, "SMTP 452")
	f("no STARTTLS", emailtest.Options{NoTLS: true}, nil, nil, false, counterpoint.SendPlain)
	f("wrong password", emailtest.Options{User: "desk", Password: "x"}, signIn, nil, false, counterpoint.SendSignIn)
	f("foreign certificate", emailtest.Options{}, func(o *email.Options) { o.Roots = nil }, nil, false, counterpoint.SendCertificate)
	f("garbage", emailtest.Options{}, nil, at("greet", "\x00\xff\xfehello"), false, counterpoint.SendGarbled)
	f("hangs at the greeting", emailtest.Options{}, nil, at("greet", emailtest.Hang), false, counterpoint.SendTimeout)
	f("hangs after the mail", emailtest.Options{}, nil, at(".", emailtest.Hang), false, counterpoint.SendTimeout)
	f("nobody there", emailtest.Options{}, func(o *email.Options) { o.Server = "127.0.0.1:1" }, nil, false, counterpoint.SendUnreachable)
}

// TestTaken: what goes wrong after the server took the mail does not make it come twice.
func TestTaken(t *testing.T) {
	s := emailtest.New(t, emailtest.Options{})
	s.Fault(func(c string) string {
		if c == "QUIT" || c == "RSET" {
			return "421 4.3.2 I am leaving"
		}
		return ""
	})
	if err := open(t, s, nil).Send(t.Context(), notice()); err != nil || len(s.Mails()) != 1 {
		t.Errorf("Send = %v, %d mails; want it taken once", err, len(s.Mails()))
	}
}

// TestStops: who stops the program does not wait for a server that hangs.
func TestStops(t *testing.T) {
	s := emailtest.New(t, emailtest.Options{})
	s.Fault(func(c string) string {
		if c == "MAIL" {
			return emailtest.Hang
		}
		return ""
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := open(t, s, nil).Send(ctx, notice()); err == nil || time.Since(begun) > 2*time.Second {
		t.Errorf("Send = %v after %v", err, time.Since(begun))
	}
}

func TestOptions(t *testing.T) {
	f := func(want string, with func(*email.Options)) {
		t.Helper()
		o := email.Options{Server: "smtp.example.org:587", From: "a@example.org", To: "b@example.org"}
		with(&o)
		_, err := email.New(o)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("New(%+v) = %v, want %q", o, err, want)
		}
	}
	f("", func(*email.Options) {})
	f("server: must be host and port", func(o *email.Options) { o.Server = "smtp.example.org" })
	f("server: must be host and port", func(o *email.Options) { o.Server = "smtp.example.org:70000" })
	f("tls: \"ssl\" is not", func(o *email.Options) { o.TLS = "ssl" })
	f("tls: none would send the password", func(o *email.Options) { o.TLS, o.User, o.Password = "none", "u", "p" })
	f("", func(o *email.Options) { o.Server, o.User, o.Password = "127.0.0.1:25", "u", "p" })
	f("password: goes with user", func(o *email.Options) { o.User = "u" })
	f("from: must be an address", func(o *email.Options) { o.From = "nobody" })
	f("to: \"\" is not an address", func(o *email.Options) { o.To = "" })
	f("to:", func(o *email.Options) { o.To = "a@example.org, b@example.org" })
	f("to:", func(o *email.Options) { o.To = "a@example.org\r\nBcc: c@example.org" })
}
