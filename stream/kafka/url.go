package kafka

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// DefaultPrefix is what topics' names begin with when the URL has no path.
const DefaultPrefix = "counterpoint"

// PasswordEnv names the variable that holds the password when the URL names no password-file.
const PasswordEnv = "COUNTERPOINT_KAFKA_PASSWORD"

// Config is what a URL says.
type Config struct {
	User         string
	Brokers      []string // host:port
	Prefix       string
	TLS          bool
	CA           string // file of the certificates that are trusted; none means the system's
	Cert, Key    string // files of our own certificate
	SASL         string // plain, scram-sha-256, scram-sha-512, or none
	PasswordFile string
	Partitions   int           // of items and assessments; 0 means those of stream.Topics
	Replication  int           // 0 means 3, or as many as there are brokers
	Retention    time.Duration // of items and assessments; 0 means for ever
	Session      time.Duration // after which a silent member of a group has left it; 0 means 10 s
}

const (
	saslPlain  = "plain"
	saslSCRAM2 = "scram-sha-256"
	saslSCRAM5 = "scram-sha-512"
)

var mechanisms = []string{saslPlain, saslSCRAM2, saslSCRAM5}

// settings is the table of the URL's query.
var settings = map[string]func(*Config, string) error{
	"tls":           setTLS,
	"ca":            func(c *Config, v string) error { c.CA, c.TLS = v, true; return nil },
	"cert":          func(c *Config, v string) error { c.Cert, c.TLS = v, true; return nil },
	"key":           func(c *Config, v string) error { c.Key, c.TLS = v, true; return nil },
	"sasl":          setSASL,
	"password-file": func(c *Config, v string) error { c.PasswordFile = v; return nil },
	"partitions":    func(c *Config, v string) (err error) { c.Partitions, err = count(v, 10_000); return err },
	"replication":   func(c *Config, v string) (err error) { c.Replication, err = count(v, 100); return err },
	"retention":     setRetention,
	"session":       setSession,
}

func setTLS(c *Config, v string) error {
	if v != "on" && v != "off" {
		return fmt.Errorf("%q is neither on nor off", v)
	}
	c.TLS = c.TLS || v == "on"
	return nil
}

func setSASL(c *Config, v string) error {
	if !slices.Contains(mechanisms, v) {
		return fmt.Errorf("%q is not one of %s", v, strings.Join(mechanisms, ", "))
	}
	c.SASL = v
	return nil
}

func setRetention(c *Config, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < time.Hour {
		return fmt.Errorf("%q is not a time of an hour or more, such as 720h", v)
	}
	c.Retention = d
	return nil
}

func setSession(c *Config, v string) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < 500*time.Millisecond || d > 5*time.Minute {
		return fmt.Errorf("%q is not a time from 500ms to 5m, such as 10s", v)
	}
	c.Session = d
	return nil
}

func count(v string, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q is not a number from 1 to %d", v, most)
	}
	return n, nil
}

// ParseURL reads kafka://[user@]host:port,host:port/[prefix]?settings. A password in it is refused: command
// lines are seen by everybody on a machine.
func ParseURL(raw string) (Config, error) {
	c, err := parse(raw)
	if err != nil {
		return Config{}, fmt.Errorf("stream URL: %w: %w", err, counterpoint.ErrInvalid)
	}
	return c, nil
}

func parse(raw string) (Config, error) {
	rest, ok := strings.CutPrefix(raw, "kafka://")
	if !ok {
		return Config{}, fmt.Errorf("it does not begin with kafka://") // what it begins with may be a secret
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(rest, "/")
	c := Config{Prefix: DefaultPrefix}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		if strings.Contains(authority[:at], ":") {
			return c, fmt.Errorf("a password does not belong into a URL; put it into %s, or into a file named by password-file", PasswordEnv)
		}
		user, err := url.PathUnescape(authority[:at])
		if err != nil || user == "" {
			return c, fmt.Errorf("the user before @ is empty or badly escaped")
		}
		c.User, authority = user, authority[at+1:]
	}
	if err := c.setBrokers(authority); err != nil {
		return c, err
	}
	if err := c.setPrefix(path); err != nil {
		return c, err
	}
	if err := c.setQuery(query); err != nil {
		return c, err
	}
	return c, c.complete()
}

func (c *Config) setBrokers(list string) error {
	for b := range strings.SplitSeq(list, ",") {
		host, port, err := net.SplitHostPort(b)
		if n, e := strconv.Atoi(port); err != nil || e != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " \t\r\n") {
			return fmt.Errorf("broker %q is not host:port, such as localhost:9092", b)
		}
		c.Brokers = append(c.Brokers, b)
	}
	return nil
}

// goodPrefix is what Kafka allows in a topic's name.
var goodPrefix = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$`)

func (c *Config) setPrefix(path string) error {
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return nil
	}
	if !goodPrefix.MatchString(path) {
		return fmt.Errorf("the path %.80q is no prefix of topics' names: letters, digits, dots, dashes and underscores, at most 200", path)
	}
	c.Prefix = path
	return nil
}

func (c *Config) setQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("what follows the question mark is badly escaped")
	}
	known := make([]string, 0, len(settings))
	for k := range settings {
		known = append(known, k)
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		set, ok := settings[k]
		switch {
		case !ok && strings.Contains(strings.ToLower(k), "password"):
			return fmt.Errorf("a password does not belong into a URL; put it into %s, or into a file named by password-file", PasswordEnv)
		case !ok:
			return fmt.Errorf("unknown setting %.80q%s", k, counterpoint.DidYouMean(k, known))
		case len(values[k]) > 1:
			return fmt.Errorf("%s is given %d times", k, len(values[k]))
		case values[k][0] == "":
			return fmt.Errorf("%s is empty", k)
		}
		if err := set(c, values[k][0]); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	if slices.Equal(values["tls"], []string{"off"}) && c.TLS {
		return fmt.Errorf("tls=off and a certificate contradict each other")
	}
	return nil
}

func (c *Config) complete() error {
	switch {
	case (c.Cert == "") != (c.Key == ""):
		return fmt.Errorf("cert and key go together")
	case c.SASL != "" && c.User == "":
		return fmt.Errorf("sasl=%s needs a user, as in kafka://user@host:port", c.SASL)
	case c.SASL == "" && c.User != "":
		return fmt.Errorf("a user needs a mechanism; add sasl=%s, or what your brokers ask for", saslSCRAM5)
	case c.SASL == "" && c.PasswordFile != "":
		return fmt.Errorf("password-file needs sasl and a user")
	}
	return nil
}

// String is the URL for logs: it has no secrets, and no settings.
func (c Config) String() string { return "kafka://" + strings.Join(c.Brokers, ",") + "/" + c.Prefix }

// topic is the name of a topic on the servers.
func (c Config) topic(name string) string { return c.Prefix + "." + name }
