package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"counterpoint"
	"counterpoint/stream"
)

// dial builds what connects to brokers. It does not connect yet.
func (l *Log) dial() error {
	secure, err := l.cfg.tls()
	if err != nil {
		return err
	}
	mechanism, err := l.cfg.sasl()
	if err != nil {
		return err
	}
	if l.cfg.SASL == saslPlain && secure == nil {
		l.log.Warn("sasl=plain without tls=on sends the password readable over the network")
	}
	l.conns.open = map[*conn]struct{}{}
	dial := l.conns.through((&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext)
	l.dialer = &kafkago.Dialer{ClientID: clientID, Timeout: 5 * time.Second, DialFunc: dial, TLS: secure, SASLMechanism: mechanism}
	l.transport = &kafkago.Transport{
		Dial: dial, DialTimeout: 5 * time.Second, IdleTimeout: time.Minute, MetadataTTL: 3 * time.Second,
		ClientID: clientID, TLS: secure, SASL: mechanism,
	}
	for _, t := range stream.Topics {
		l.transport.MetadataTopics = append(l.transport.MetadataTopics, l.cfg.topic(t.Name))
	}
	l.client = &kafkago.Client{Addr: kafkago.TCP(l.cfg.Brokers...), Timeout: callTimeout, Transport: l.transport}
	return nil
}

func (c Config) tls() (*tls.Config, error) {
	if !c.TLS {
		return nil, nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("ca: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca: there is no certificate in %s, in PEM form: %w", c.CA, counterpoint.ErrInvalid)
		}
	}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("cert %s and key %s: %w", c.Cert, c.Key, err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func (c Config) sasl() (sasl.Mechanism, error) {
	if c.SASL == "" {
		return nil, nil
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	switch c.SASL {
	case saslSCRAM2:
		return scram.Mechanism(scram.SHA256, c.User, password)
	case saslSCRAM5:
		return scram.Mechanism(scram.SHA512, c.User, password)
	default:
		return plain.Mechanism{Username: c.User, Password: password}, nil
	}
}

func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		if p := os.Getenv(PasswordEnv); p != "" {
			return p, nil
		}
		return "", fmt.Errorf("no password for user %s: set %s, or name a file with password-file: %w", c.User, PasswordEnv, counterpoint.ErrInvalid)
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password-file: %w", err)
	}
	p := strings.TrimRight(string(b), "\r\n")
	if p == "" {
		return "", errors.Join(fmt.Errorf("password-file %s is empty", c.PasswordFile), counterpoint.ErrInvalid)
	}
	return p, nil
}

// conns are the open connections. Close closes them all, so that a broker that does not answer holds nobody up.
type conns struct {
	mu    sync.Mutex
	open  map[*conn]struct{}
	ended bool
}

type conn struct {
	net.Conn
	of *conns
}

// through dials and keeps what was dialled.
func (c *conns) through(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		n, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ended {
			return nil, errors.Join(net.ErrClosed, n.Close())
		}
		x := &conn{n, c}
		c.open[x] = struct{}{}
		return x, nil
	}
}

// Close closes one connection.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

func (c *conns) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for x := range c.open {
		_ = x.Conn.Close()
	}
}
