package web

import (
	"time"

	"counterpoint"
)

// coverage is a verdict on what was collected, as the part "cover" shows it.
type coverage struct {
	counterpoint.Coverage
	Days string   // which are judged
	Why  []string // the gravest
	Rest []string
}

// reasonsShown is how many reasons stand open; the others are a click away.
const reasonsShown = 3

// Covered puts a verdict into words.
func (v *view) Covered(c counterpoint.Coverage) coverage {
	out := coverage{Coverage: c}
	if !c.From.IsZero() {
		out.Days = v.locale.t("cover.days", v.utcDay(c.From), v.utcDay(c.To.Add(-time.Nanosecond)))
	}
	for i, s := range c.Reasons {
		if i < reasonsShown {
			out.Why = append(out.Why, v.shortfall(s))
			continue
		}
		out.Rest = append(out.Rest, v.shortfall(s))
	}
	return out
}

// utcDay is a day of UTC, as counts go by.
func (v *view) utcDay(t time.Time) string { return v.locale.day(t.UTC(), time.Time{}) }

func (v *view) shortfall(s counterpoint.Shortfall) string {
	name := s.Name
	switch s.What {
	case counterpoint.ShortSource:
		name = v.names.source(s.Name)
	case counterpoint.ShortLang:
		name = v.locale.language(s.Name)
	}
	text := v.locale.t("short."+s.What, s.Got, s.Of, name)
	if s.Days > 0 {
		return v.locale.t("cover.on", s.Days, text)
	}
	return text
}

// Shape is the verdict as a sign, for those who see no colour.
func (c coverage) Shape() string {
	return map[counterpoint.Verdict]string{counterpoint.CoverGood: "●", counterpoint.CoverDegraded: "◐", counterpoint.DoNotCompare: "○"}[c.Verdict]
}
