package elastic

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"counterpoint"
)

// The environment variables that hold the secrets; files named in the URL come first.
const (
	EnvAPIKey   = "COUNTERPOINT_ELASTIC_API_KEY"
	EnvPassword = "COUNTERPOINT_ELASTIC_PASSWORD"
)

// DefaultPrefix begins the names of all indices unless the URL says otherwise.
const DefaultPrefix = "counterpoint"

// Address is where the index is and how to get in. It holds no secret.
type Address struct {
	Server       *url.URL // scheme and host only
	User         string
	Prefix       string
	CA           string // PEM file of the authority that signed the server's certificate
	APIKeyFile   string
	PasswordFile string
	Shards       int
}

// String is the address as logs and messages show it.
func (a Address) String() string { return a.Server.String() + "/" + a.Prefix }

const urlForm = "write http://host:9200 or https://[user@]host:9200[/prefix][?ca=FILE&api-key-file=FILE&password-file=FILE&shards=N]"

var prefixes = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)

// ParseURL reads http(s)://[user@]host:port[/prefix][?ca=FILE&api-key-file=FILE&password-file=FILE&shards=N].
func ParseURL(raw string) (Address, error) {
	a, err := parseURL(raw)
	if err != nil {
		return Address{}, fmt.Errorf("index URL: %w", err)
	}
	return a, nil
}

func parseURL(raw string) (Address, error) {
	u, err := url.Parse(raw)
	if err != nil { // net/url's message would show a password
		return Address{}, errors.New("is not a URL; " + urlForm)
	}
	a := Address{Server: &url.URL{Scheme: u.Scheme, Host: u.Host}, User: u.User.Username(), Prefix: cmp.Or(strings.Trim(u.Path, "/"), DefaultPrefix), Shards: 1}
	_, secret := u.User.Password()
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return a, fmt.Errorf("the scheme is %q, not http or https; %s", u.Scheme, urlForm)
	case secret:
		return a, fmt.Errorf("a password in the URL shows in process lists; put it into %s or a file named with ?password-file=FILE", EnvPassword)
	case u.Hostname() == "":
		return a, errors.New("has no host; " + urlForm)
	case u.Fragment != "":
		return a, errors.New("has a fragment (#…); " + urlForm)
	case !prefixes.MatchString(a.Prefix) || len(a.Prefix) > 100:
		return a, fmt.Errorf("the prefix %q cannot begin the name of an index; use lower-case letters, digits, - and _, at most 100", a.Prefix)
	}
	if u.Port() == "" {
		a.Server.Host = strings.TrimSuffix(u.Host, ":") + ":9200"
	}
	return a, a.options(u.RawQuery)
}

func (a *Address) options(raw string) error {
	q, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("the part after ? cannot be read; " + urlForm)
	}
	known := []string{"ca", "api-key-file", "password-file", "shards"}
	for key, values := range q {
		if !slices.Contains(known, key) {
			return fmt.Errorf("unknown option %q%s", key, counterpoint.DidYouMean(key, known))
		}
		if len(values) != 1 || values[0] == "" {
			return fmt.Errorf("the option %s needs one value", key)
		}
	}
	a.CA, a.APIKeyFile, a.PasswordFile = q.Get("ca"), q.Get("api-key-file"), q.Get("password-file")
	if a.APIKeyFile != "" && (a.PasswordFile != "" || a.User != "") {
		return errors.New("names an API key and a user; keep one of them")
	}
	if a.PasswordFile != "" && a.User == "" {
		return errors.New("names a password but no user; write https://user@host:9200")
	}
	if a.CA != "" && a.Server.Scheme != "https" {
		return errors.New("has a CA but no TLS; write https://")
	}
	if s := q.Get("shards"); s != "" {
		if a.Shards, err = strconv.Atoi(s); err != nil || a.Shards < 1 || a.Shards > 1024 {
			return fmt.Errorf("shards is %q; write a number from 1 to 1024", s)
		}
	}
	return nil
}

// secrets are the API key or the password, from the files or the environment.
func (a Address) secrets() (key, password string, err error) {
	switch {
	case a.APIKeyFile != "":
		key, err = secret(a.APIKeyFile)
	case a.User == "":
		key = os.Getenv(EnvAPIKey)
	case a.PasswordFile != "":
		password, err = secret(a.PasswordFile)
	default:
		if password = os.Getenv(EnvPassword); password == "" {
			err = fmt.Errorf("the user %s has no password; put it into %s or a file named with ?password-file=FILE", a.User, EnvPassword)
		}
	}
	return key, password, err
}

func secret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("%s is empty; it holds the secret in one line", file)
	}
	return s, nil
}
