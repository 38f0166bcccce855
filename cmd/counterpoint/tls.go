package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// autoTLS is how --tls asks for a certificate of our own making.
const autoTLS = "auto"

// The certificate that --tls auto makes, and how long it is good for: no browser takes longer ones. People compare
// its fingerprint, so it is kept as long as can be.
const (
	ownCert   = "tls/cert.pem"
	ownKey    = "tls/key.pem"
	ownFor    = 397 * 24 * time.Hour
	renewLeft = 30 * 24 * time.Hour
)

// checkTLS looks at the form of --tls; the files are read when the program starts.
func (c *config) checkTLS() error {
	if c.TLS == "" || c.TLS == autoTLS {
		return nil
	}
	if cert, key, ok := strings.Cut(c.TLS, ","); !ok || cert == "" || key == "" {
		return fmt.Errorf("tls %q is neither auto nor the files of a certificate and its key, such as cert.pem,key.pem", c.TLS)
	}
	return nil
}

// certificate is what the pages are served with. It is read again when its files change, and one of our own is made
// anew before it ends.
type certificate struct {
	cert, key string
	names     []string // of our own; empty for the operator's files
	now       func() time.Time
	log       *slog.Logger

	mu     sync.Mutex
	have   *tls.Certificate
	stamp  string // of the files it was read from
	looked time.Time
}

// lookAgain is how often the files are looked at, at most.
const lookAgain = time.Minute

func (c config) certificate(log *slog.Logger) (*certificate, error) {
	x := &certificate{now: time.Now, log: log}
	if c.TLS == autoTLS {
		x.cert, x.key, x.names = c.path(ownCert), c.path(ownKey), c.namesOf()
	} else {
		x.cert, x.key, _ = strings.Cut(c.TLS, ",")
	}
	if err := x.load(); err != nil {
		return nil, err
	}
	leaf := x.have.Leaf
	switch now := x.now(); {
	case now.After(leaf.NotAfter):
		return nil, fmt.Errorf("the certificate %s ended on %s: renew it", x.cert, leaf.NotAfter.Format(time.DateOnly))
	case now.Before(leaf.NotBefore):
		return nil, fmt.Errorf("the certificate %s begins on %s: is the clock of this machine right?", x.cert, leaf.NotBefore.Format(time.DateOnly))
	}
	return x, nil
}

// config is for the listener.
func (x *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: x.get, NextProtos: []string{"h2", "http/1.1"}}
}

// get is the certificate of a handshake. What is wrong with new files is told, and the one at hand serves on.
func (x *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if now := x.now(); now.Sub(x.looked) >= lookAgain {
		was := x.have
		if err := x.load(); err != nil {
			x.log.Error("read the certificate again; the one at hand serves on", "error", err)
		} else if !bytes.Equal(was.Certificate[0], x.have.Certificate[0]) {
			x.log.Warn("the certificate is a new one", "sha256", x.fingerprint(), "until", x.have.Leaf.NotAfter)
		}
	}
	return x.have, nil
}

// load reads the files where they changed, and makes those of our own where they are needed.
func (x *certificate) load() error {
	x.looked = x.now()
	if err := x.read(); err != nil && (len(x.names) == 0 || !errors.Is(err, fs.ErrNotExist)) {
		return err
	}
	if len(x.names) == 0 || x.have != nil && x.good(x.have.Leaf) {
		return nil
	}
	if err := x.make(); err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	return x.read()
}

func (x *certificate) read() error {
	stamp := ""
	for _, name := range []string{x.cert, x.key} {
		s, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("read the certificate: %w", err)
		}
		stamp += fmt.Sprint(s.ModTime().UnixNano(), s.Size(), ";")
	}
	if stamp == x.stamp {
		return nil
	}
	have, err := tls.LoadX509KeyPair(x.cert, x.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s with its key %s: %w", x.cert, x.key, err)
	}
	x.have, x.stamp = &have, stamp
	return nil
}

// good reports whether our own certificate has time left, and all the names.
func (x *certificate) good(leaf *x509.Certificate) bool {
	if x.now().Before(leaf.NotBefore) || x.now().Add(renewLeft).After(leaf.NotAfter) {
		return false
	}
	has := namesIn(leaf)
	return !slices.ContainsFunc(x.names, func(n string) bool { return !slices.Contains(has, n) })
}

func namesIn(leaf *x509.Certificate) []string {
	has := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		has = append(has, ip.String())
	}
	return has
}

// manyNames is how many names a certificate keeps of those before it: a laptop comes back to networks it was in, and
// its certificate need not change then.
const manyNames = 40

// make writes a new certificate; the key stays where there is one.
func (x *certificate) make() error {
	if err := os.MkdirAll(filepath.Dir(x.cert), 0o700); err != nil {
		return err
	}
	key, err := x.ownKey()
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	now := x.now()
	form := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: x.names[0], Organization: []string{"Counterpoint"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(ownFor - time.Hour), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	names := slices.Clone(x.names)
	if x.have != nil {
		for _, n := range namesIn(x.have.Leaf) {
			if len(names) < manyNames && !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			form.IPAddresses = append(form.IPAddresses, ip)
		} else {
			form.DNSNames = append(form.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return err
	}
	return writePEM(x.cert, "CERTIFICATE", der)
}

func (x *certificate) ownKey() (*ecdsa.PrivateKey, error) {
	b, err := os.ReadFile(x.key)
	if err == nil {
		block, _ := pem.Decode(b)
		if block == nil {
			return nil, fmt.Errorf("%s is not a key in PEM; delete it, and a new one is made", x.key)
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if k, ok := key.(*ecdsa.PrivateKey); ok {
			return k, nil
		}
		return nil, errors.Join(err, fmt.Errorf("%s is not a key of ours; delete it, and a new one is made", x.key))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(x.key, "PRIVATE KEY", der)
}

// writePEM replaces a file as a whole.
func writePEM(name, kind string, der []byte) error {
	if err := os.WriteFile(name+".new", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// fingerprint is the SHA-256 of the certificate, as browsers show it.
func (x *certificate) fingerprint() string {
	sum := sha256.Sum256(x.have.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
}

// namesOf are the names and addresses under which people may open the pages.
func (c config) namesOf() []string {
	var names []string
	add := func(n string) {
		if n != "" && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	if u, err := url.Parse(c.Site); err == nil {
		add(u.Hostname())
	}
	host, _, _ := net.SplitHostPort(c.Listen) // checked before
	ip := net.ParseIP(host)
	if host != "" && (ip == nil || !ip.IsUnspecified()) {
		add(host)
	}
	if name, err := os.Hostname(); err == nil && !strings.Contains(name, "_") {
		add(strings.ToLower(name))
	}
	if host == "" || ip != nil && ip.IsUnspecified() {
		for _, a := range ownAddresses() {
			add(a)
		}
	}
	add("localhost")
	add("127.0.0.1")
	add("::1")
	return names
}

// ownAddresses are those of this machine that others may reach.
func ownAddresses() (all []string) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			all = append(all, n.IP.String())
		}
	}
	return all
}
