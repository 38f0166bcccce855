package transcript

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// maxTime is the longest recording believed. More is a wrong unit or a wrong clock.
const maxTime = 100 * int64(time.Hour/time.Millisecond)

// checkTimes says what is wrong with a segment's times, in words; empty when nothing is.
func checkTimes(start, end *int64) string {
	switch {
	case start != nil && *start < 0, end != nil && *end < 0:
		return "a time before the start of the recording"
	case start != nil && *start > maxTime, end != nil && *end > maxTime:
		return "a time beyond 100 hours; is the unit or the clock wrong?"
	case start != nil && end != nil && *end < *start:
		return fmt.Sprintf("ends (%s) before it starts (%s)", clock(*end), clock(*start))
	}
	return ""
}

func clock(ms int64) string {
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}

// seconds is a time in seconds as milliseconds; nil where it is absent or not a number.
func seconds(s *float64) *int64 {
	if s == nil || math.IsNaN(*s) {
		return nil
	}
	ms := int64(math.Round(min(max(*s, -1e9), 1e9) * 1000))
	return &ms
}

// parseClock reads [hh:]mm:ss[.fraction], with a comma for the point as SRT writes it.
func parseClock(s string) (ms int64, ok bool) {
	s = strings.TrimSpace(s)
	whole, fraction := s, ""
	if i := strings.IndexAny(s, ".,"); i >= 0 {
		whole, fraction = s[:i], s[i+1:]
		if fraction == "" {
			return 0, false
		}
	}
	parts := strings.Split(whole, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	var total int64
	for i, p := range parts {
		n, ok := number(p, 4)
		if !ok || i > 0 && n > 59 {
			return 0, false
		}
		total = total*60 + n
	}
	thousandths, ok := thousandths(fraction)
	return total*1000 + thousandths, ok
}

// thousandths reads the digits after the point as milliseconds: "5" is 500.
func thousandths(digits string) (int64, bool) {
	if digits == "" {
		return 0, true
	}
	n, ok := number(digits, 9)
	for i := len(digits); i < 3; i++ {
		n *= 10
	}
	for i := len(digits); i > 3; i-- {
		n /= 10
	}
	return n, ok
}

func number(s string, most int) (int64, bool) {
	if s == "" || len(s) > most || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// ParseTime reads a time as people give it: RFC 3339, the same without zone or seconds (in the zone given,
// nil being UTC), or a date. It tells how exactly the time is thereby known.
func ParseTime(s string, zone *time.Location) (time.Time, counterpoint.Precision, error) {
	if zone == nil {
		zone = time.UTC
	}
	for _, l := range timeLayouts {
		if t, err := time.ParseInLocation(l.layout, strings.TrimSpace(s), zone); err == nil && counterpoint.CredibleTime(t) {
			return t.UTC(), l.precision, nil
		}
	}
	return time.Time{}, counterpoint.Unknown, fmt.Errorf("%q is not a time such as 2026-11-22T06:00:00+01:00 (RFC 3339)", s)
}

var timeLayouts = []struct {
	layout    string
	precision counterpoint.Precision
}{
	{time.RFC3339, counterpoint.Second},
	{"2006-01-02T15:04:05", counterpoint.Second},
	{"2006-01-02 15:04:05", counterpoint.Second},
	{"2006-01-02T15:04Z07:00", counterpoint.Minute},
	{"2006-01-02T15:04", counterpoint.Minute},
	{"2006-01-02 15:04", counterpoint.Minute},
	{"2006-01-02", counterpoint.Day},
}
