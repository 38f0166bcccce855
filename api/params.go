package api

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"counterpoint"
)

// maxValues bounds how many values one parameter may have, maxText how long the words searched for may be.
const (
	maxValues = 100
	maxText   = 500
)

// param is a query parameter of a list. many says that it takes several values, separated by commas or
// repeated; set puts the values into the query, or says what is wrong with them.
type param struct {
	name, doc string
	many      bool
	enum      []string
	set       func(q *counterpoint.Query, kind counterpoint.Kind, values []string) error
}

// params are those that every list takes.
var params = []param{
	{"source", "Ids of sources", true, nil, texts(func(q *counterpoint.Query) *[]string { return &q.Source })},
	{"lang", "ISO 639 codes; und for not known", true, nil, setLangs},
	{"label", "Labels of findings", true, names(counterpoint.Labels), setLabels},
	{"level", "Levels 0 to 3", true, []string{"0", "1", "2", "3"}, setLevels},
	{"state", "States; all unless one is asked for", true, nil, setStates},
	{"item", "Ids of items", true, nil, texts(func(q *counterpoint.Query) *[]string { return &q.Item })},
	{"narrative", "Ids of narratives", true, nil, texts(func(q *counterpoint.Query) *[]string { return &q.Narrative })},
	{"message", "Ids of messages", true, nil, texts(func(q *counterpoint.Query) *[]string { return &q.Message })},
	{"station", "Stations", true, nil, texts(func(q *counterpoint.Query) *[]string { return &q.Station })},
	{"from", "From this time on: RFC 3339 with a zone, or a date (its start in UTC)", false, nil, setFrom},
	{"to", "Before this time: RFC 3339 with a zone, or a date (its start in UTC)", false, nil, setTo},
	{"q", `Words, all of which must occur; "a phrase"; prefix*`, false, nil, setText},
	{"limit", "How many at most, 1 to 200", false, nil, setLimit},
	{"cursor", "next of the page before", false, nil, func(q *counterpoint.Query, _ counterpoint.Kind, v []string) error {
		q.Cursor = v[0]
		return nil
	}},
}

// parseQuery reads the parameters of a list of the kind. extra are further names that the caller reads
// itself; without narrows the list's own parameters.
func parseQuery(raw string, kind counterpoint.Kind, extra []string, without ...string) (counterpoint.Query, url.Values, error) {
	var q counterpoint.Query
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, nil, counterpoint.Invalid{{Field: "query", Message: "is not a well-formed query string: " + err.Error()}}
	}
	var bad counterpoint.Invalid
	for name := range values {
		if !slices.Contains(extra, name) && !slices.ContainsFunc(params, func(p param) bool { return p.name == name && !slices.Contains(without, name) }) {
			bad = append(bad, counterpoint.FieldError{Field: name, Message: "is not a parameter of this address; it takes " + strings.Join(known(extra, without), ", ")})
		}
	}
	for _, p := range params {
		if slices.Contains(without, p.name) {
			continue
		}
		if err := p.read(&q, kind, values[p.name]); err != nil {
			bad = append(bad, counterpoint.FieldError{Field: p.name, Message: err.Error()})
		}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		bad = append(bad, counterpoint.FieldError{Field: "to", Message: "must lie after from"})
	}
	if len(bad) > 0 {
		slices.SortFunc(bad, func(a, b counterpoint.FieldError) int { return cmp.Compare(a.Field, b.Field) })
		return counterpoint.Query{}, nil, bad
	}
	return q, values, nil
}

func known(extra, without []string) []string {
	out := slices.Clone(extra)
	for _, p := range params {
		if !slices.Contains(without, p.name) {
			out = append(out, p.name)
		}
	}
	slices.Sort(out)
	return out
}

func (p param) read(q *counterpoint.Query, kind counterpoint.Kind, given []string) error {
	var values []string
	if p.many {
		values = split(given)
	} else {
		values = slices.DeleteFunc(slices.Clone(given), func(v string) bool { return strings.TrimSpace(v) == "" })
	}
	switch {
	case len(values) == 0:
		return nil
	case !p.many && len(values) > 1:
		return fmt.Errorf("may be given once only")
	case len(values) > maxValues:
		return fmt.Errorf("has %d values, more than %d", len(values), maxValues)
	}
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return fmt.Errorf("is not UTF-8 text")
		}
	}
	return p.set(q, kind, values)
}

// split is the values of a parameter that was repeated, separated by commas, or both.
func split(given []string) []string {
	var out []string
	for _, g := range given {
		for v := range strings.SplitSeq(g, ",") {
			if v = strings.TrimSpace(v); v != "" {
				out = append(out, v)
			}
		}
	}
	return out
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// oneOf is the value as one of the list, or what is wrong with it.
func oneOf[T ~string](v string, list []T) (T, error) {
	if slices.Contains(list, T(v)) {
		return T(v), nil
	}
	return "", fmt.Errorf("%q is not one of %s", v, strings.Join(names(list), ", "))
}

func texts(field func(*counterpoint.Query) *[]string) func(*counterpoint.Query, counterpoint.Kind, []string) error {
	return func(q *counterpoint.Query, _ counterpoint.Kind, values []string) error {
		*field(q) = values
		return nil
	}
}

func setLangs(q *counterpoint.Query, _ counterpoint.Kind, values []string) error {
	for _, v := range values {
		code, ok := counterpoint.Lang(v)
		if !ok {
			return fmt.Errorf("%q is not an ISO 639 code", v)
		}
		q.Lang = append(q.Lang, code)
	}
	return nil
}

func setLabels(q *counterpoint.Query, _ counterpoint.Kind, values []string) error {
	for _, v := range values {
		l, err := oneOf(v, counterpoint.Labels)
		if err != nil {
			return err
		}
		q.Label = append(q.Label, l)
	}
	return nil
}

func setLevels(q *counterpoint.Query, _ counterpoint.Kind, values []string) error {
	for _, v := range values {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 3 {
			return fmt.Errorf("%q is not one of 0, 1, 2, 3", v)
		}
		q.Level = append(q.Level, n)
	}
	return nil
}

// states are those of the kinds that have them. A kind without states takes any, and has none of them.
func states(kind counterpoint.Kind) []string {
	switch kind {
	case counterpoint.KindFlag:
		return names(counterpoint.FlagStates)
	case counterpoint.KindMessage:
		return names(counterpoint.MessageStates)
	case counterpoint.KindAiring:
		return names(counterpoint.AiringStates)
	case counterpoint.KindAccount:
		return []string{"active", "disabled"}
	case counterpoint.KindAlert:
		return names(counterpoint.AlertStates)
	case counterpoint.KindFollowup:
		return counterpoint.FollowupStates()
	case counterpoint.KindEvent:
		return []string{counterpoint.EventApplied, counterpoint.EventRefused, counterpoint.EventAmong}
	}
	all := slices.Concat(names(counterpoint.FlagStates), names(counterpoint.MessageStates), names(counterpoint.AiringStates), names(counterpoint.AlertStates),
		counterpoint.FollowupStates(), []string{counterpoint.ItemFailed})
	slices.Sort(all)
	return slices.Compact(all)
}

func setStates(q *counterpoint.Query, kind counterpoint.Kind, values []string) error {
	for _, v := range values {
		s, err := oneOf(v, states(kind))
		if err != nil {
			return err
		}
		q.State = append(q.State, s)
	}
	return nil
}

func setFrom(q *counterpoint.Query, _ counterpoint.Kind, v []string) (err error) {
	q.From, err = parseTime(v[0])
	return err
}

func setTo(q *counterpoint.Query, _ counterpoint.Kind, v []string) (err error) {
	q.To, err = parseTime(v[0])
	return err
}

func parseTime(v string) (time.Time, error) {
	// A plus sign that was not escaped arrives as a space.
	v = strings.ReplaceAll(strings.TrimSpace(v), " ", "+")
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, v); err == nil && counterpoint.CredibleTime(t) {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a date such as 2026-03-01 nor a time such as 2026-03-01T18:00:00Z", v)
}

// parseInstant is a time to the second: a date alone is not enough.
func parseInstant(v string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, strings.ReplaceAll(strings.TrimSpace(v), " ", "+"))
	if err != nil {
		return t, fmt.Errorf("%q is not a time with a zone such as 2026-03-01T18:00:00Z", v)
	}
	if !counterpoint.CredibleTime(t) {
		return t, fmt.Errorf("%q is not in the years 1 to 9998", v)
	}
	return t.UTC(), nil
}

func setText(q *counterpoint.Query, _ counterpoint.Kind, v []string) error {
	if utf8.RuneCountInString(v[0]) > maxText {
		return fmt.Errorf("is longer than %d characters", maxText)
	}
	q.Text = v[0]
	return nil
}

func setLimit(q *counterpoint.Query, _ counterpoint.Kind, v []string) error {
	n, err := strconv.Atoi(v[0])
	if err != nil || n < 1 || n > counterpoint.MaxLimit {
		return fmt.Errorf("must be 1 to %d", counterpoint.MaxLimit)
	}
	q.Limit = n
	return nil
}

// paramDocs describes the parameters of a list for OpenAPI.
func paramDocs(kind counterpoint.Kind, without ...string) []*huma.Param {
	var out []*huma.Param
	for _, p := range params {
		if slices.Contains(without, p.name) {
			continue
		}
		s := &huma.Schema{Type: huma.TypeString}
		enum := p.enum
		switch p.name {
		case "limit":
			lo, hi := 1.0, float64(counterpoint.MaxLimit)
			s = &huma.Schema{Type: huma.TypeInteger, Minimum: &lo, Maximum: &hi, Default: counterpoint.DefaultLimit}
		case "state":
			enum = states(kind)
		}
		for _, e := range enum {
			s.Enum = append(s.Enum, e)
		}
		if p.many {
			s = &huma.Schema{Type: huma.TypeArray, Items: s}
		}
		explode := true
		out = append(out, &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: s, Explode: &explode})
	}
	return out
}
