// Package report reads what community reporters send: text messages as gateways hand them on, and submissions of
// forms. It says what is in them and how it is made safe to keep (masked words, coarse places, one form of a number);
// who keeps it is the door.
package report

import (
	"fmt"
	"maps"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// The kinds of hook: one gateway, any gateway, and the two systems of forms.
const (
	AfricasTalking = "africastalking"
	SMS            = "sms"
	Kobo           = "kobo"
	ODK            = "odk"
)

// Kinds lists them.
var Kinds = []string{AfricasTalking, SMS, Kobo, ODK}

// MaxBody is how large what a gateway or form sends may be.
const MaxBody = 256 << 10

// maxReports is how many submissions may come at once.
const maxReports = 200

// Report is one report as it came. Nothing of it is safe to keep but what Safe makes of it.
type Report struct {
	ID     string // the sender's system's id: the same for a repeated or edited report
	Edit   string // tells the editions of a report apart
	From   string // number or name of who sent it; empty is nobody knows
	Texts  []string
	Lang   string     // as the form says; any ISO 639 code
	At     *time.Time // when it was sent
	Place  string     // as the form says
	Where  *Point
	Refuse string // why it may not be kept, such as a consent that was not given
}

// Receipt is what a gateway says became of an answer.
type Receipt struct {
	ID    string // as the gateway named the answer
	State counterpoint.AnswerState
	Why   string
}

// Delivery is what one request brought.
type Delivery struct {
	Reports  []Report
	Receipts []Receipt
}

// Mapping says which field of a gateway, or question of a form, is what. The zero Mapping knows the usual names of
// gateways, and of a form nothing but what its system adds.
type Mapping struct {
	Fields Fields
	Form   Form
	Zone   *time.Location // of times without a zone in fields and answers; nil is UTC
}

// Fields are the names of a gateway's fields; those left empty are looked for under their usual names.
type Fields struct {
	ID     string `yaml:"id"`
	From   string `yaml:"from"`
	Text   string `yaml:"text"`
	At     string `yaml:"at"`
	Status string `yaml:"status"` // of a receipt
}

// Form says what the questions of a form are. A name is a question's path, or the end of it.
type Form struct {
	Text     []string `yaml:"text"`     // the report itself; needed
	Keep     []string `yaml:"keep"`     // further answers to keep, each as "question: answer"
	Place    string   `yaml:"place"`    // an area of the closed list
	Point    string   `yaml:"point"`    // a geopoint
	Time     string   `yaml:"time"`     // when it happened or was heard
	Language string   `yaml:"language"` // ISO 639
	Consent  string   `yaml:"consent"`  // must be answered with yes, or nothing is kept
	Phone    string   `yaml:"phone"`    // where an answer may be sent
}

// parsers is the table of kinds.
var parsers = map[string]func(fields, Mapping) (Delivery, error){
	AfricasTalking: africasTalking,
	SMS:            gateway,
	Kobo:           kobo,
	ODK:            odk,
}

// Parse reads what a hook of the kind was sent. Its errors name fields, questions and submissions, and never what was
// written in them.
func Parse(kind, contentType string, body []byte, m Mapping) (Delivery, error) {
	parse := parsers[kind]
	if parse == nil {
		return Delivery{}, fmt.Errorf("%q is not one of %s: %w", kind, strings.Join(Kinds, ", "), counterpoint.ErrNotFound)
	}
	if len(body) > MaxBody {
		return Delivery{}, fmt.Errorf("the body has %d bytes, it may have %d: %w", len(body), MaxBody, counterpoint.ErrTooLarge)
	}
	f, err := read(contentType, body)
	if err != nil {
		return Delivery{}, err
	}
	return parse(f, m)
}

// fields is a request's body: a form's values, or JSON.
type fields struct {
	form url.Values
	json []object
}

func read(contentType string, body []byte) (f fields, err error) {
	media, _, _ := mime.ParseMediaType(contentType)
	trimmed := strings.TrimSpace(string(body))
	if media == "application/x-www-form-urlencoded" || media != "application/json" && !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		if f.form, err = url.ParseQuery(trimmed); err != nil {
			return f, wrong("body", "is not a form as browsers send it (name=value&…)")
		}
		return f, nil
	}
	f.json, err = objects([]byte(trimmed))
	return f, err
}

func wrong(field, message string) error {
	return counterpoint.Invalid{{Field: field, Message: message}}
}

// value is the first of the names that the request has, with its value.
func (f fields) value(names ...string) string {
	for _, n := range names {
		if n == "" {
			continue
		}
		if v := strings.TrimSpace(f.form.Get(n)); v != "" {
			return v
		}
		if len(f.json) == 1 {
			if v := f.json[0].first(n); v != "" {
				return v
			}
		}
	}
	return ""
}

// fieldName is what a field may be called in an error. What is longer, or has a number, spaces or other signs in it, may be
// words or a telephone number in the place of a name: a body that is not a form is read as one long name.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z_./-]{0,31}[0-9]{0,2}$`)

// names are the fields there are, for an error.
func (f fields) names() string {
	names := slices.Collect(maps.Keys(f.form))
	if len(f.json) == 1 {
		names = slices.Collect(maps.Keys(f.json[0]))
	}
	there := len(names)
	names = slices.DeleteFunc(names, func(n string) bool { return !fieldName.MatchString(n) })
	slices.Sort(names)
	names = names[:min(len(names), 12)]
	for i, n := range names {
		names[i] = strconv.Quote(n)
	}
	switch more := there - len(names); {
	case there == 0:
		return "nothing"
	case len(names) == 0:
		return fmt.Sprintf("%d of other names", there)
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), more)
	}
	return strings.Join(names, ", ")
}

// need is the value of a field that must be there.
func (f fields) need(what string, names ...string) (string, error) {
	if v := f.value(names...); v != "" {
		return v, nil
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	return "", wrong(names[0], fmt.Sprintf("is missing: it has %s; the body has %s", what, f.names()))
}
