package kafka_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/stream/kafka"
)

func TestParseURL(t *testing.T) {
	f := func(url string, want kafka.Config) {
		t.Helper()
		got, err := kafka.ParseURL(url)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("ParseURL(%q) = %v (-want +got):\n%s", url, err, diff)
		}
	}
	f("kafka://h:9092", kafka.Config{Brokers: []string{"h:9092"}, Prefix: "counterpoint"})
	f("kafka://h:9092/", kafka.Config{Brokers: []string{"h:9092"}, Prefix: "counterpoint"})
	f("kafka://a:1,[::1]:2/my.prefix-1/", kafka.Config{Brokers: []string{"a:1", "[::1]:2"}, Prefix: "my.prefix-1"})
	f("kafka://amal%40desk@h:9092/p?sasl=scram-sha-512&password-file=/run/secrets/kafka&tls=on", kafka.Config{
		User: "amal@desk", Brokers: []string{"h:9092"}, Prefix: "p", SASL: "scram-sha-512", PasswordFile: "/run/secrets/kafka", TLS: true,
	})
	f("kafka://h:9092?ca=ca.pem&cert=c.pem&key=k.pem&partitions=12&replication=2&retention=720h", kafka.Config{
		Brokers: []string{"h:9092"}, Prefix: "counterpoint", TLS: true, CA: "ca.pem", Cert: "c.pem", Key: "k.pem",
		Partitions: 12, Replication: 2, Retention: 720 * time.Hour,
	})
	f("kafka://h:9092?tls=off", kafka.Config{Brokers: []string{"h:9092"}, Prefix: "counterpoint"})
}

func TestParseURLRefuses(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		_, err := kafka.ParseURL(url)
		if !errors.Is(err, counterpoint.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseURL(%q) = %v, want an ErrInvalid with %q", url, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("ParseURL(%q) tells the password: %v", url, err)
		}
	}
	f("http://h:9092", "kafka://")
	f("kafka://", "host:port")
	f("kafka://h", `broker "h" is not host:port`)
	f("kafka://h:0", "host:port")
	f("kafka://h:99999", "host:port")
	f("kafka://h:9092,,i:9092", `broker ""`)
	f("kafka://amal:s3cret@h:9092?sasl=plain", "COUNTERPOINT_KAFKA_PASSWORD")
	f("kafka://amal@h:9092?sasl=plain&password=s3cret", "COUNTERPOINT_KAFKA_PASSWORD")
	f("kafka://amal@h:9092", "sasl=scram-sha-512")
	f("kafka://@h:9092", "user")
	f("kafka://h:9092?sasl=plain", "needs a user")
	f("kafka://amal@h:9092?sasl=kerberos", "scram-sha-256")
	f("kafka://h:9092/a/b", "prefix")
	f("kafka://h:9092/ä", "prefix")
	f("kafka://h:9092?partition=3", `did you mean "partitions"`)
	f("kafka://h:9092?partitions=0", "1 to 10000")
	f("kafka://h:9092?replication=many", "1 to 100")
	f("kafka://h:9092?retention=30d", "720h")
	f("kafka://h:9092?session=1", "500ms to 5m")
	f("kafka://h:9092?session=100ms", "500ms to 5m")
	f("kafka://h:9092?retention=1s", "an hour or more")
	f("kafka://h:9092?cert=c.pem", "cert and key go together")
	f("kafka://h:9092?ca=ca.pem&tls=off", "contradict")
	f("kafka://h:9092?tls=maybe", "neither on nor off")
	f("kafka://h:9092?tls=on&tls=off", "2 times")
	f("kafka://h:9092?ca=", "ca is empty")
	f("kafka://h:9092?%zz", "escaped")
	f("kafka://h:9092?password-file=x", "needs sasl")
}

func TestConfigString(t *testing.T) {
	c, err := kafka.ParseURL("kafka://amal@a:1,b:2/p?sasl=plain&password-file=/x")
	if got := c.String(); err != nil || got != "kafka://a:1,b:2/p" {
		t.Errorf("String = %q, %v, want the brokers and the prefix alone", got, err)
	}
}

// FuzzParseURL asks that nothing panics, and that what is accepted can be used.
func FuzzParseURL(f *testing.F) {
	f.Add("kafka://amal@h:9092,i:9093/p?sasl=plain&tls=on&retention=720h&partitions=3")
	f.Add("kafka://[::1]:1/?ca=a&cert=b&key=c")
	f.Add("kafka://a:b@c:1")
	f.Fuzz(func(t *testing.T, url string) {
		c, err := kafka.ParseURL(url)
		if err != nil {
			if !errors.Is(err, counterpoint.ErrInvalid) {
				t.Errorf("ParseURL(%q) = %v, want an ErrInvalid", url, err)
			}
			return
		}
		for _, b := range c.Brokers {
			if _, _, err := net.SplitHostPort(b); err != nil {
				t.Errorf("ParseURL(%q) has broker %q", url, b)
			}
		}
		again, err := kafka.ParseURL(c.String())
		if err != nil || again.Prefix != c.Prefix || !cmp.Equal(again.Brokers, c.Brokers) {
			t.Errorf("ParseURL(%q) is written as %q, which is read as %+v, %v", url, c, again, err)
		}
	})
}
