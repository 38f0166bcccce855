package web

import (
	"fmt"
	"math"
	"time"

	"counterpoint"
)

// Clock is a moment as people read it: local, with its precision said, and UTC in the title.
type Clock struct {
	Known       bool
	Text        string
	Title       string
	Machine     string
	Approximate bool
}

// moment shows a time in the zone of the place. now decides whether the day and the year need to be said.
func (l *locale) moment(t *time.Time, precision counterpoint.Precision, now time.Time) Clock {
	if t == nil || t.IsZero() {
		return Clock{Text: l.t("time.unknown")}
	}
	at, today := t.In(l.zone), now.In(l.zone)
	c := Clock{Known: true, Machine: t.UTC().Format(time.RFC3339), Title: t.UTC().Format("2006-01-02 15:04:05") + " UTC"}
	day := l.day(at, today)
	switch precision {
	case counterpoint.Day, counterpoint.Unknown:
		c.Text, c.Approximate = day, precision == counterpoint.Unknown
	case counterpoint.Hour:
		c.Text, c.Approximate = day+" "+at.Format("15:04"), true
	default:
		c.Text = day + " " + at.Format("15:04")
	}
	if c.Approximate {
		c.Text = l.t("time.about", c.Text)
	}
	return c
}

func (l *locale) day(at, today time.Time) string {
	y1, m1, d1 := at.Date()
	y2, m2, d2 := today.Date()
	switch {
	case y1 == y2 && m1 == m2 && d1 == d2:
		return l.t("time.today")
	case y1 == y2:
		return fmt.Sprintf("%d %s", d1, l.word("month", int(m1)))
	}
	return fmt.Sprintf("%d %s %d", d1, l.word("month", int(m1)), y1)
}

// hour is the time of day alone.
func (l *locale) hour(t time.Time) string { return t.In(l.zone).Format("15:04") }

// span is a duration in its two largest units: "2 h 14 min". One that runs backwards keeps its sign.
func (l *locale) span(d time.Duration) string {
	if d < 0 {
		return "−" + l.span(-max(d, -math.MaxInt64))
	}
	s := int(d / time.Second)
	switch {
	case s < 60:
		return l.t("span.seconds", s)
	case s < 3600:
		return l.t("span.minutes", s/60)
	case s < 48*3600:
		return l.two("span.hours", s/3600, "span.minutes", s%3600/60)
	}
	return l.two("span.days", s/86400, "span.hours", s%86400/3600)
}

func (l *locale) two(big string, n int, small string, m int) string {
	if m == 0 {
		return l.t(big, n)
	}
	return l.t(big, n) + " " + l.t(small, m)
}

// due says how long is left until the deadline, or how late it is.
func (l *locale) due(deadline, now time.Time) string {
	if left := deadline.Sub(now); left >= 0 {
		return l.t("due.in", l.span(left))
	}
	return l.t("due.late", l.span(now.Sub(deadline)))
}

// timecode is an offset into a recording.
func timecode(ms *int64) string {
	if ms == nil {
		return ""
	}
	s := *ms / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
