package ical_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"counterpoint/api/ical"
)

var eight = time.Date(2026, time.March, 10, 8, 0, 0, 0, time.UTC)

func write(t *testing.T, name string, events ...ical.Event) string {
	t.Helper()
	var b strings.Builder
	if err := ical.Write(&b, name, events); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	got := write(t, "Radio Lumo", ical.Event{
		ID: "air_1", Sequence: 2, Changed: eight.Add(-time.Hour), Start: eight.In(time.FixedZone("WAT", 3600)), End: eight.Add(21 * time.Second), Status: ical.Cancelled,
		Summary: "Message K7P2QM; French, 21 s", Description: "Say the code.\nThen read.", Place: "Radio Lumo", URL: "https://desk.example/airings/air_1",
	})
	want := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Counterpoint//Slots//EN
X-WR-CALNAME:Radio Lumo
REFRESH-INTERVAL;VALUE=DURATION:PT15M
X-PUBLISHED-TTL:PT15M
BEGIN:VEVENT
UID:air_1@counterpoint
DTSTAMP:20260310T070000Z
SEQUENCE:2
DTSTART:20260310T080000Z
DTEND:20260310T080021Z
STATUS:CANCELLED
SUMMARY:Message K7P2QM\; French\, 21 s
DESCRIPTION:Say the code.\nThen read.
LOCATION:Radio Lumo
URL:https://desk.example/airings/air_1
END:VEVENT
END:VCALENDAR
`, "\n", "\r\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestFolding holds that no line is longer than 75 octets, that no character is cut, and that unfolding gives it back.
func TestFolding(t *testing.T) {
	for n := range 200 {
		summary := strings.Repeat("x", n) + strings.Repeat("صوت الوادي ", 12) + "ኦሹን"
		got := write(t, "صوت "+summary, ical.Event{ID: "air_1", Changed: eight, Start: eight, End: eight, Status: ical.Confirmed, Summary: summary, Place: strings.Repeat("x", n)})
		for _, line := range strings.Split(strings.TrimSuffix(got, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("a line of %d octets: %q", len(line), line)
			}
		}
		if !strings.Contains(strings.ReplaceAll(got, "\r\n ", ""), "SUMMARY:"+summary+"\r\n") {
			t.Fatalf("a summary of %d octets does not come back", len(summary))
		}
	}
}

// TestNothingBreaksOut: what a station is called cannot end its line.
func TestNothingBreaksOut(t *testing.T) {
	evil := "Radio\r\nATTENDEE:x\nBEGIN:VALARM\rEND"
	got := write(t, evil, ical.Event{ID: "air_1", Changed: eight, Start: eight, End: eight, Summary: evil, Place: evil, Description: evil})
	for _, line := range strings.Split(got, "\r\n") {
		if strings.HasPrefix(line, "ATTENDEE") || strings.HasPrefix(line, "BEGIN:VALARM") || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of its own: %q", line)
		}
	}
}
