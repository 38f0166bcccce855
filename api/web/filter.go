package web

import (
	"html/template"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// filter is a list's filter as it stands in the address.
type filter struct {
	values  url.Values
	zone    *time.Location
	Misread []misread
}

// filterNames are the parameters of a list.
var filterNames = []string{"q", "source", "lang", "label", "level", "state", "from", "to", "narrative", "item", overdueOnly}

func newFilter(values url.Values, zone *time.Location) filter {
	f := filter{values: url.Values{}, zone: zone}
	for _, name := range filterNames {
		for _, v := range values[name] {
			switch v = strings.TrimSpace(v); {
			case v == "":
			case f.reads(name, v):
				f.values.Add(name, v)
			default:
				f.Misread = append(f.Misread, misread{name, v})
			}
		}
	}
	if q := f.query(); !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		f.Misread = append(f.Misread, misread{"to", f.Value("to")}) // "nothing was found" in no time at all is no answer
		f.values.Del("to")
	}
	return f
}

// Value is the first value of a parameter.
func (f filter) Value(name string) string { return f.values.Get(name) }

// Has reports whether the parameter has the value.
func (f filter) Has(name, value string) bool { return slices.Contains(f.values[name], value) }

// Set reports whether anything is asked for.
func (f filter) Set() bool { return len(f.values) > 0 }

// Encode is the filter as a form, or another address, carries it: one value among others.
func (f filter) Encode() string { return f.values.Encode() }

// Address is the filter as it stands in an address after the question mark. Each value is encoded already; a string
// would be taken for one value there, and lose its parameters.
func (f filter) Address() template.URL { return address(f.values) }

func address(v url.Values) template.URL { return template.URL(v.Encode()) }

// Export is the filter as the JSON API takes it: what the page does not understand is left out there too, and days
// are times, because the API's days are of UTC.
func (f filter) Export() template.URL {
	q := f.query()
	v := url.Values{"lang": q.Lang}
	for _, name := range []string{"q", "source", "label", "narrative", "item"} {
		v[name] = f.values[name]
	}
	v["state"] = q.State
	for _, n := range q.Level {
		v.Add("level", strconv.Itoa(n))
	}
	for name, t := range map[string]time.Time{"from": q.From, "to": q.To} {
		if !t.IsZero() {
			v.Set(name, t.UTC().Format(time.RFC3339))
		}
	}
	return address(v)
}

// With is the filter with one parameter changed.
func (f filter) With(name, value string) template.URL {
	v := maps.Clone(f.values)
	v.Del(name)
	if value != "" {
		v.Set(name, value)
	}
	return address(v)
}

// all is the word of a filter that asks for every state or language.
const all = "all"

func (f filter) query() counterpoint.Query {
	q := counterpoint.Query{
		Text: f.Value("q"), Source: f.values["source"], State: without(f.values["state"], all),
		Narrative: f.values["narrative"], Item: f.values["item"], From: f.date("from"), To: f.date("to"),
	}
	for _, l := range without(f.values["lang"], all) {
		if code, ok := counterpoint.Lang(l); ok {
			q.Lang = append(q.Lang, code)
		}
	}
	for _, l := range f.values["label"] {
		q.Label = append(q.Label, counterpoint.Label(l))
	}
	for _, l := range f.values["level"] {
		if n, err := strconv.Atoi(l); err == nil {
			q.Level = append(q.Level, n)
		}
	}
	if !q.To.IsZero() && len(f.Value("to")) == len("2006-01-02") {
		q.To = q.To.AddDate(0, 0, 1) // a day is meant to its end
	}
	return q
}

// misread is a value of the address that nobody can filter by. It is left out and shown, so that a list is not taken
// for what was asked for.
type misread struct{ Name, Value string }

// reads reports whether a list can be filtered by the value.
func (f filter) reads(name, v string) bool {
	switch name {
	case "lang":
		_, ok := counterpoint.Lang(v)
		return ok || v == all
	case "label":
		return slices.Contains(counterpoint.Labels, counterpoint.Label(v))
	case "level":
		n, err := strconv.Atoi(v)
		return err == nil && 0 <= n && n <= 3
	case "state":
		return v == all || v == counterpoint.ItemFailed || slices.Contains(counterpoint.FlagStates, counterpoint.FlagState(v))
	case "from", "to":
		return !f.day(v).IsZero()
	}
	return true
}

func without(list []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == word })
}

func (f filter) date(name string) time.Time { return f.day(f.Value(name)) }

// day is a time as a form or an address writes it, zero where it is none.
func (f filter) day(value string) time.Time {
	for _, layout := range []string{time.RFC3339, inputTime, "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, value, f.zone); err == nil {
			return t
		}
	}
	return time.Time{}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// choices are what a list's filter offers.
type choices struct {
	Sources   []counterpoint.Source
	Languages []string
}

// Heard are the languages that a filter of what was heard offers: also that of passages whose language nobody knows.
func (c choices) Heard() []string {
	known := without(c.Languages, counterpoint.Undetermined)
	return append(known, counterpoint.Undetermined)
}

func (r *request) choices(v *view) choices {
	var c choices
	seen := map[string]bool{}
	all := v.names.allSources()
	for _, id := range sorted(all) {
		c.Sources = append(c.Sources, all[id])
		for _, l := range append(all[id].Languages, r.by.Languages...) {
			if !seen[l] {
				seen[l] = true
				c.Languages = append(c.Languages, l)
			}
		}
	}
	sort.Strings(c.Languages)
	return c
}
