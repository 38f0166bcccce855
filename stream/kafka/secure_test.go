package kafka_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"counterpoint"
	"counterpoint/stream"
	"counterpoint/stream/kafka"
)

// certificate makes one that is valid until a time, and the file of its authority, which is itself.
func certificate(t *testing.T, until time.Time) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, NotBefore: until.Add(-48 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

func password(t *testing.T, p string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(p+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecure(t *testing.T) {
	good, ca := certificate(t, time.Now().Add(time.Hour))
	old, oldCA := certificate(t, time.Now().Add(-time.Hour))
	_, otherCA := certificate(t, time.Now().Add(time.Hour))
	secure := func(c tls.Certificate) string {
		_, addr := fake(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{c}}), kfake.EnableSASL(),
			kfake.Superuser("PLAIN", "amal", "right"), kfake.Superuser("SCRAM-SHA-256", "amal", "right"), kfake.Superuser("SCRAM-SHA-512", "amal", "right"))
		return addr
	}
	addr, expired := secure(good), secure(old)
	_, open := fake(t)
	right, wrong := password(t, "right"), password(t, "s3cret")

	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		url := fmt.Sprintf("kafka://amal@%s/p?ca=%s&sasl=%s&password-file=%s", addr, ca, mechanism, right)
		l, err := kafka.Open(t.Context(), url, kafka.Options{SessionTimeout: 6 * time.Second})
		if err != nil {
			t.Errorf("Open with %s = %v, want nil", mechanism, err)
			continue
		}
		if err := l.Publish(t.Context(), stream.Items, stream.Record{Key: "k", Value: []byte("v")}); err != nil {
			t.Errorf("Publish with %s = %v, want nil", mechanism, err)
		}
		r, err := l.Reader(stream.Items, mechanism)
		if err != nil {
			t.Fatalf("Reader with %s = %v, want nil", mechanism, err)
		}
		got, ack, err := r.Read(t.Context(), 1)
		if err != nil || len(got) != 1 {
			t.Errorf("Read with %s = %d records, %v, want 1, nil", mechanism, len(got), err)
		} else if err := ack(t.Context()); err != nil {
			t.Errorf("ack with %s = %v, want nil", mechanism, err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close with %s = %v, want nil", mechanism, err)
		}
	}

	refused := func(name, url, want string) {
		t.Helper()
		l, err := kafka.Open(t.Context(), url, kafka.Options{})
		if err == nil {
			_ = l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, counterpoint.ErrAway) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: Open = %v, want an error with %q that is not ErrAway", name, err, want)
		}
		faults := kafka.Diagnose(t.Context(), url)
		if len(faults) != 1 || !strings.Contains(faults[0].What+faults[0].Remedy, want) {
			t.Errorf("%s: Diagnose = %q, want one fault with %q", name, faults, want)
		}
	}
	scram := "&sasl=scram-sha-512&password-file="
	refused("wrong password", fmt.Sprintf("kafka://amal@%s?ca=%s%s%s", addr, ca, scram, wrong), "refuse user and password")
	refused("expired", fmt.Sprintf("kafka://amal@%s?ca=%s%s%s", expired, oldCA, scram, right), "has expired")
	refused("unknown authority", fmt.Sprintf("kafka://amal@%s?ca=%s%s%s", addr, otherCA, scram, right), "unknown authority")
	if faults := kafka.Diagnose(t.Context(), fmt.Sprintf("kafka://%s?tls=on", open)); len(faults) != 1 || !strings.Contains(faults[0].What, "does not speak TLS") {
		t.Errorf("Diagnose with TLS of a broker without = %q, want one fault that says so", faults)
	}
	refused("no password file", fmt.Sprintf("kafka://amal@%s?sasl=plain&password-file=%s.none", open, right), "password-file")
	refused("no CA file", fmt.Sprintf("kafka://%s?ca=%s", open, right), "no certificate")
}

func TestAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	_ = listener.Close()
	if l, err := kafka.Open(t.Context(), "kafka://"+addr, kafka.Options{}); !errors.Is(err, counterpoint.ErrAway) {
		t.Errorf("Open without a broker = %v, %v, want ErrAway", l, err)
	}
	if faults := kafka.Diagnose(t.Context(), "kafka://"+addr); len(faults) != 1 || !strings.Contains(faults[0].What, addr) {
		t.Errorf("Diagnose without a broker = %q, want one fault that names it", faults)
	}
}
