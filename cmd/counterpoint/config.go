package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"counterpoint"
	"counterpoint/classify/language"
)

// config is all that run can be told. Flags win over the file; only secrets are read from the environment:
// COUNTERPOINT_ADMIN_TOKEN, COUNTERPOINT_OIDC_SECRET, COUNTERPOINT_ALERT_… of each channel, and those that the URLs' backends name.
type config struct {
	Data      string                       `yaml:"data"`         // folder of everything kept; default ./data
	Listen    string                       `yaml:"listen"`       // default 127.0.0.1:8080
	Site      string                       `yaml:"site"`         // https://… of the TLS proxy in front; default none, and the pages are for this machine
	TLS       string                       `yaml:"tls"`          // auto, or cert.pem,key.pem; default none
	Proxies   []string                     `yaml:"behind_proxy"` // networks whose forwarded headers are believed; default none
	Languages []string                     `yaml:"languages"`    // the mission's, for detection; ISO 639
	Country   string                       `yaml:"country"`      // ISO 3166-1 alpha-2
	Zone      string                       `yaml:"zone"`         // IANA time zone of the pages; default UTC
	Log       string                       `yaml:"log"`          // json or text; default text on a terminal
	Stream    string                       `yaml:"stream"`       // kafka://…; default the log in the data folder
	Index     string                       `yaml:"index"`        // http(s)://…; default the index in the data folder
	Roles     []string                     `yaml:"roles"`        // default all
	Networks  []string                     `yaml:"networks"`     // of the mission's own, that collectors may reach: 10.20.0.0/16, 10.20.0.7:8000
	Contact   string                       `yaml:"contact"`      // said to the sites that are crawled: an address or page of the mission
	Sources   []sourceConfig               `yaml:"sources"`
	Answers   map[string]map[string]string `yaml:"answers"` // to reporters, agreed on: words by id and language; default English and French ones
	OIDC      oidcConfig                   `yaml:"oidc"`    // a provider by which people sign in; default none
	Alerts    alertsConfig                 `yaml:"alerts"`  // who is told of flags of level 3; default nobody, and the pages show it

	Prevalence float64 `yaml:"prevalence"` // share of what is heard that is assumed to be hateful; default 0.01
	Capacity   int     `yaml:"capacity"`   // flags that are decided in a day; default none said

	beside     bool // a command that may work beside a process on the same data folder
	noExample  bool
	file       string
	adminToken string
}

// sourceConfig is a source of the file, with the folder that is watched for it.
type sourceConfig struct {
	ID        string   `yaml:"id"`
	Name      string   `yaml:"name"`
	Kind      string   `yaml:"kind"`
	Owner     string   `yaml:"owner"`
	Languages []string `yaml:"languages"`
	Country   string   `yaml:"country"`
	Reach     int      `yaml:"reach"`
	Zone      string   `yaml:"zone"`
	Audio     string   `yaml:"audio"`
	FileTime  string   `yaml:"file_time"`
	Basis     string   `yaml:"basis"`
	Retention int      `yaml:"retention_days"`
	Expected  int      `yaml:"expected_a_day"` // segments that should come in; default what was usual
	Own       bool     `yaml:"own"`
	Watch     string   `yaml:"watch"`  // folder to take files from
	Format    string   `yaml:"format"` // of those files; default auto

	Crawl    string        `yaml:"crawl"`     // page of a site to collect from
	Feed     string        `yaml:"feed"`      // RSS, Atom, RDF or JSON Feed to collect from
	Every    time.Duration `yaml:"every"`     // between two rounds of a site or looks at a feed; default 1h and 30m
	Pages    int           `yaml:"pages"`     // of one round; default 500
	Depth    int           `yaml:"depth"`     // links from the page to crawl; default 3
	Parallel int           `yaml:"parallel"`  // requests at a time; default 2
	Delay    time.Duration `yaml:"delay"`     // between two requests to a server; default 1s
	FullText bool          `yaml:"full_text"` // fetch the pages of the feed's entries

	Report *reportConfig `yaml:"report"` // how community reports are taken
}

func (s sourceConfig) source(country string) counterpoint.Source {
	if s.Country != "" {
		country = s.Country
	}
	if s.Name == "" {
		s.Name = s.ID
	}
	if s.Kind == "" && s.collected() {
		s.Kind = string(counterpoint.Web)
	}
	if s.Kind == "" {
		s.Kind = string(counterpoint.Radio)
	}
	langs := make([]string, 0, len(s.Languages))
	for _, l := range s.Languages {
		if code, ok := language.Valid(l); ok {
			l = code
		}
		langs = append(langs, l)
	}
	return counterpoint.Source{
		ID: s.ID, Name: s.Name, Kind: counterpoint.SourceKind(s.Kind), Owner: s.Owner, Languages: langs, Country: country,
		Reach: s.Reach, Zone: s.Zone, Audio: s.Audio, FileTime: s.FileTime, Basis: s.Basis, Retention: s.Retention, Expected: s.Expected, Own: s.Own,
	}
}

// defaultLanguages are those detected where nothing is configured.
var defaultLanguages = []string{"eng", "fra", "ara", "por", "spa", "swa", "som", "lug"}

// readConfig reads and checks the file; an empty name is the default configuration.
func readConfig(name string) (config, error) {
	c := config{Data: "data", Listen: "127.0.0.1:8080", file: name}
	if name == "" {
		c.Languages = defaultLanguages
		return c, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return c, fmt.Errorf("read the configuration: %w", err)
	}
	if err := decodeStrict(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	if len(c.Languages) == 0 {
		c.Languages = defaultLanguages
	}
	return c, nil
}

var (
	unknownField = regexp.MustCompile(`^\[(\d+):\d+\] unknown field "([^"]+)"`)
	yamlPlace    = regexp.MustCompile(`^\[(\d+):\d+\] (.*)`)
)

// decodeStrict decodes YAML; an unknown key is an error that names the line and what may have been meant, a value of
// another kind one that names line and key and what to write.
func decodeStrict(b []byte, into any) error {
	err := yaml.NewDecoder(bytes.NewReader(b), yaml.Strict(), yaml.DisallowUnknownField()).Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	if m := unknownField.FindStringSubmatch(first); m != nil {
		if places := placesOf(m[2], reflect.TypeOf(into).Elem(), "the top level"); len(places) > 0 {
			return fmt.Errorf("line %s: key %q cannot stand here; its place is %s", m[1], m[2], strings.Join(places, " or "))
		}
		return fmt.Errorf("line %s: unknown key %q%s", m[1], m[2], counterpoint.DidYouMean(m[2], yamlKeys(reflect.TypeOf(into))))
	}
	if m := findMisfit(b, into); m != nil {
		return m
	}
	switch m := yamlPlace.FindStringSubmatch(first); {
	case m == nil:
		return err
	case strings.Contains(m[2], "'\t'"):
		return fmt.Errorf("line %s: begins with a tab; indent with spaces", m[1])
	default:
		return fmt.Errorf("line %s: %s", m[1], m[2])
	}
}

func yamlKeys(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for i := range t.NumField() {
		f := t.Field(i)
		if tag := f.Tag.Get("yaml"); tag != "" {
			keys = append(keys, tag)
			keys = append(keys, yamlKeys(f.Type)...)
		}
	}
	return keys
}

func (c *config) check() error {
	var bad counterpoint.Invalid
	for i, l := range c.Languages {
		code, ok := language.Valid(l)
		if !ok {
			bad = append(bad, counterpoint.FieldError{Field: fmt.Sprintf("languages[%d]", i), Message: fmt.Sprintf("%q is not an ISO 639 code", l)})
			continue
		}
		c.Languages[i] = code
	}
	bad = append(bad, checkCountry("", c.Country)...)
	if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
		bad = append(bad, counterpoint.FieldError{Field: "zone", Message: c.Zone + " is not an IANA time zone such as Africa/Bangui"})
	}
	if !slices.Contains([]string{"", "json", "text"}, c.Log) {
		bad = append(bad, counterpoint.FieldError{Field: "log", Message: fmt.Sprintf("%q is not json or text", c.Log)})
	}
	if err := c.checkSite(); err != nil {
		bad = append(bad, counterpoint.FieldError{Field: "site", Message: err.Error()})
	}
	if err := c.checkTLS(); err != nil {
		bad = append(bad, counterpoint.FieldError{Field: "tls", Message: err.Error()})
	}
	if _, err := c.proxies(); err != nil {
		bad = append(bad, counterpoint.FieldError{Field: "behind_proxy", Message: err.Error()})
	}
	bad = append(bad, c.checkOIDC()...)
	bad = append(bad, c.checkReview()...)
	if err := c.checkPlaces(); err != nil {
		bad = append(bad, counterpoint.FieldError{Field: "stream and index", Message: err.Error()})
	}
	bad = append(bad, c.checkNetworks()...)
	bad = append(bad, c.checkAlerts()...)
	bad = append(bad, c.checkAnswers()...)
	for i, r := range c.Roles {
		if !slices.Contains(allRoles, r) {
			bad = append(bad, counterpoint.FieldError{Field: fmt.Sprintf("roles[%d]", i), Message: unknownRole(r).Error()})
		}
	}
	seen := map[string]bool{}
	for i, s := range c.Sources {
		at := fmt.Sprintf("sources[%d]", i)
		bad = append(bad, checkCountry(at+".", s.Country)...)
		var fields counterpoint.Invalid
		if err := s.source(c.Country).Check(); errors.As(err, &fields) {
			for _, f := range fields {
				bad = append(bad, counterpoint.FieldError{Field: at + "." + f.Field, Message: f.Message})
			}
		}
		if seen[s.ID] {
			bad = append(bad, counterpoint.FieldError{Field: at + ".id", Message: s.ID + " stands twice"})
		}
		seen[s.ID] = true
		if s.Watch != "" {
			if info, err := os.Stat(s.Watch); err != nil || !info.IsDir() {
				bad = append(bad, counterpoint.FieldError{Field: at + ".watch", Message: s.Watch + " is not a folder; make it or correct the path"})
			}
		}
		bad = append(bad, s.checkCollected(at+".")...)
		bad = append(bad, s.checkReports(at+".")...)
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// maxCapacity bounds what the queue looks at each time it is shown.
const maxCapacity = 2000

func (c *config) checkReview() (bad counterpoint.Invalid) {
	if !(c.Prevalence >= 0 && c.Prevalence < 1) {
		bad = append(bad, counterpoint.FieldError{Field: "prevalence", Message: fmt.Sprintf("%v is not a share such as 0.01 for one text in a hundred", c.Prevalence)})
	}
	if c.Capacity < 0 || c.Capacity > maxCapacity {
		bad = append(bad, counterpoint.FieldError{Field: "capacity", Message: fmt.Sprintf("%d is not a number of flags a day, 1 to %d; leave it out for no line in the queue", c.Capacity, maxCapacity)})
	}
	return bad
}

func checkCountry(at, country string) counterpoint.Invalid {
	if country == "" || isCountry(country) {
		return nil
	}
	return counterpoint.Invalid{{Field: at + "country", Message: fmt.Sprintf("%q is not an ISO 3166-1 code of two capitals such as CD", country)}}
}

// isCountry reports whether the code is shaped as ISO 3166-1 alpha-2 has it.
func isCountry(code string) bool {
	return len(code) == 2 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// path is a file in the data folder.
func (c config) path(name string) string { return filepath.Join(c.Data, name) }
