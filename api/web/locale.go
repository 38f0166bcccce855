package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"counterpoint"
)

//go:embed locale
var localeFiles embed.FS

// locale is the pages in one language: its strings, and the templates with its functions bound in.
type locale struct {
	tag     language.Tag
	strings map[string]phrase
	numbers *message.Printer
	names   display.Namer
	pages   map[string]*template.Template
	zone    *time.Location
}

// phrase is a string of the locale, by plural form where it has several.
type phrase map[string]string

// UnmarshalJSON reads a plain string or an object of plural forms (zero, one, two, few, many, other).
func (p *phrase) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*p = phrase{"other": one}
		return nil
	}
	return json.Unmarshal(b, (*map[string]string)(p))
}

type locales struct {
	all     []*locale
	matcher language.Matcher
}

// languages are those the pages speak, the fallback first. Add a code here and locale/CODE.json.
var languages = []string{"en"}

func loadLocales(a assets, zone *time.Location) (locales, error) {
	var ls locales
	var tags []language.Tag
	for _, code := range languages {
		l, err := loadLocale(code, a, zone)
		if err != nil {
			return ls, err
		}
		ls.all, tags = append(ls.all, l), append(tags, l.tag)
	}
	ls.matcher = language.NewMatcher(tags)
	return ls, nil
}

func loadLocale(code string, a assets, zone *time.Location) (*locale, error) {
	tag, err := language.Parse(code)
	if err != nil {
		return nil, fmt.Errorf("locale %s: %w", code, err)
	}
	l := &locale{tag: tag, numbers: message.NewPrinter(tag), names: display.Languages(tag), zone: zone}
	b, err := localeFiles.ReadFile("locale/" + code + ".json")
	if err != nil {
		return nil, fmt.Errorf("locale %s: %w", code, err)
	}
	if err := json.Unmarshal(b, &l.strings); err != nil {
		return nil, fmt.Errorf("locale/%s.json: %w", code, err)
	}
	l.pages, err = parsePages(l.funcs(a))
	return l, err
}

// choose is the locale a browser prefers.
func (ls locales) choose(accept string) *locale {
	_, i := language.MatchStrings(ls.matcher, accept)
	return ls.all[i]
}

func (l *locale) has(key string) bool { _, ok := l.strings[key]; return ok }

// t is the string of a key with {0}, {1} … filled in. A number in first place chooses the plural form. A key
// that is missing shows itself, so that it is seen.
func (l *locale) t(key string, args ...any) string {
	forms, ok := l.strings[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	s := forms["other"]
	if len(args) > 0 {
		if n, ok := args[0].(int); ok {
			if f, ok := forms[l.plural(n)]; ok {
				s = f
			}
		}
	}
	for i, a := range args {
		s = strings.ReplaceAll(s, fmt.Sprintf("{%d}", i), l.arg(a))
	}
	return s
}

func (l *locale) arg(a any) string {
	switch a := a.(type) {
	case int:
		return l.numbers.Sprint(number.Decimal(a))
	case string:
		return a
	}
	return fmt.Sprint(a)
}

// hundred is a share as so many in a hundred, to one place where it is below ten, to two below one.
func (l *locale) hundred(share float64) string {
	places := 0
	switch {
	case share < 0.0095:
		places = 2
	case share < 0.095:
		places = 1
	}
	return l.numbers.Sprint(number.Decimal(100*share, number.MaxFractionDigits(places)))
}

func (l *locale) plural(n int) string {
	return map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many"}[plural.Cardinal.MatchPlural(l.tag, n, 0, 0, 0, 0)]
}

// word is the string of one value of a closed set: word "flag.state" "open".
func (l *locale) word(family string, value any) string {
	key := family + "." + fmt.Sprint(value)
	if !l.has(key) {
		return fmt.Sprint(value)
	}
	return l.t(key)
}

// language is the name of a language in this locale.
func (l *locale) language(code string) string {
	if code == "" || code == counterpoint.Undetermined {
		return l.t("language.unknown")
	}
	tag, err := language.Parse(counterpoint.BCP47(code))
	if err != nil {
		return code
	}
	if name := l.names.Name(tag); name != "" {
		return name
	}
	return code
}

func (l *locale) dir() string {
	base, _ := l.tag.Base()
	if counterpoint.RightToLeft(base.ISO3()) {
		return "rtl"
	}
	return "ltr"
}
