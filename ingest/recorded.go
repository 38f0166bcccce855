package ingest

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"counterpoint"
)

// FileTime finds a time of a Go layout (such as 20060102-1504) anywhere in a file name, in the zone of the
// source's clock, nil being UTC. The precision is that of the layout. It reports false where no part of the
// name fits, or the layout has no date.
func FileTime(name, layout string, zone *time.Location) (time.Time, counterpoint.Precision, bool) {
	precision := layoutPrecision(layout)
	if precision == counterpoint.Unknown {
		return time.Time{}, precision, false
	}
	if zone == nil {
		zone = time.UTC
	}
	name = filepath.Base(name)
	for i := range name {
		if i > 0 && digit(name[i]) && digit(name[i-1]) {
			continue // in the middle of a number
		}
		if t, ok := parsePrefix(layout, name[i:], zone); ok {
			return t.UTC(), precision, true
		}
	}
	return time.Time{}, counterpoint.Unknown, false
}

// parsePrefix parses a time that the text starts with.
func parsePrefix(layout, text string, zone *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation(layout, text, zone)
	var more *time.ParseError
	if errors.As(err, &more) && strings.HasPrefix(more.Message, ": extra text: ") && !digit(more.ValueElem[0]) {
		t, err = time.ParseInLocation(layout, strings.TrimSuffix(text, more.ValueElem), zone)
	}
	return t, err == nil && counterpoint.CredibleTime(t)
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

// layoutPrecision is the smallest unit that makes a difference in the layout.
func layoutPrecision(layout string) counterpoint.Precision {
	at := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	differs := func(d time.Duration) bool { return at.Add(d).Format(layout) != at.Format(layout) }
	switch {
	case at.AddDate(1, 0, 0).Format(layout) == at.Format(layout), !differs(24 * time.Hour):
		return counterpoint.Unknown
	case differs(time.Second):
		return counterpoint.Second
	case differs(time.Minute):
		return counterpoint.Minute
	case differs(time.Hour):
		return counterpoint.Hour
	}
	return counterpoint.Day
}

// zone is the clock of a source.
func zone(src counterpoint.Source) *time.Location {
	if loc, err := time.LoadLocation(src.Zone); err == nil {
		return loc
	}
	return time.UTC
}

// exact reports whether the start of a recording names it: two programmes may begin on one day, not in one minute.
func exact(p counterpoint.Precision) bool {
	return p == counterpoint.Second || p == counterpoint.Minute
}

// audioAt fills a source's template of where its sound is: {name} is the file's name without ending, {date}
// is 2006-01-02 and {time} 1504, both of the source's clock. It is empty where the template needs a start
// that is not known.
func audioAt(src counterpoint.Source, name string, recorded *time.Time) string {
	t := src.Audio
	dated := strings.Contains(t, "{date}") || strings.Contains(t, "{time}")
	if t == "" || dated && recorded == nil {
		return ""
	}
	stem := stem(name)
	if strings.Contains(t, "://") {
		stem = url.PathEscape(stem)
	}
	pairs := []string{"{name}", stem}
	if recorded != nil {
		local := recorded.In(zone(src))
		pairs = append(pairs, "{date}", local.Format("2006-01-02"), "{time}", local.Format("1504"))
	}
	return strings.NewReplacer(pairs...).Replace(t)
}

// stem is a file's name without folder and endings (.vtt, .vtt.gz); standard input has none.
func stem(name string) string {
	if name == "-" {
		return ""
	}
	base := strings.TrimSuffix(filepath.Base(name), ".gz")
	return strings.TrimSuffix(base, filepath.Ext(base))
}
