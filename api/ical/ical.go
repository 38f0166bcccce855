// Package ical writes the slots of a station as a calendar (RFC 5545) that its programme can subscribe to.
package ical

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"
)

// Status is how sure an event is.
type Status = ics.ObjectStatus

// The statuses. A cancelled event stays in the calendar, so that those who have it take it out.
const (
	Tentative = ics.ObjectStatusTentative
	Confirmed = ics.ObjectStatusConfirmed
	Cancelled = ics.ObjectStatusCancelled
)

// Event is one slot. Summary and Description go to calendars that are not ours: they hold nothing of what was said.
type Event struct {
	ID          string // stays the same for ever
	Sequence    int    // grows with every change
	Changed     time.Time
	Start, End  time.Time
	Status      Status
	Summary     string
	Description string
	Place       string
	URL         string
}

// refresh is how often subscribers are asked to look again.
const refresh = "PT15M"

// Write writes the calendar. The same events give the same bytes. Times are UTC, lines are folded by octets.
func Write(w io.Writer, name string, events []Event) error {
	cal := ics.NewCalendarFor("Counterpoint")
	cal.SetProductId("-//Counterpoint//Slots//EN")
	cal.SetXWRCalName(plain(name))
	cal.SetRefreshInterval(refresh)
	cal.SetXPublishedTTL(refresh)
	for _, e := range events {
		v := cal.AddEvent(e.ID + "@counterpoint")
		v.SetDtStampTime(e.Changed)
		v.SetSequence(e.Sequence)
		v.SetStartAt(e.Start)
		v.SetEndAt(e.End)
		v.SetStatus(e.Status)
		v.SetSummary(plain(e.Summary))
		if e.Description != "" {
			v.SetDescription(plain(e.Description))
		}
		if e.Place != "" {
			v.SetLocation(plain(e.Place))
		}
		if e.URL != "" {
			v.SetURL(e.URL)
		}
	}
	if err := cal.SerializeTo(w, ics.WithNewLine("\r\n")); err != nil {
		return fmt.Errorf("write the calendar: %w", err)
	}
	return nil
}

// plain is text as a calendar may hold it: the library folds and escapes, but lets control characters through.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
