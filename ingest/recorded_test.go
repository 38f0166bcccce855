package ingest

import (
	"testing"
	"time"

	"counterpoint"
)

func TestFileTime(t *testing.T) {
	bangui, err := time.LoadLocation("Africa/Bangui")
	if err != nil {
		t.Skip("no zone data: ", err)
	}
	f := func(name, layout, want string, precision counterpoint.Precision) {
		t.Helper()
		got, p, ok := FileTime(name, layout, bangui)
		if ok != (want != "") || ok && got.Format(time.RFC3339) != want || p != precision {
			t.Errorf("FileTime(%q, %q) = %v, %s, %v; want %s, %s", name, layout, got, p, ok, want, precision)
		}
	}
	f("in/sahil_20261122-0600.vtt", "20060102-1504", "2026-11-22T05:00:00Z", counterpoint.Minute)
	f("20261122-060030-live.json", "20060102-150405", "2026-11-22T05:00:30Z", counterpoint.Second)
	f("live 22.11.2026 06h.srt", "02.01.2006 15h", "2026-11-22T05:00:00Z", counterpoint.Hour)
	f("2026-11-22.txt", "2006-01-02", "2026-11-21T23:00:00Z", counterpoint.Day)
	f("Nov 2 2026 show.txt", "Jan 2 2006", "2026-11-01T23:00:00Z", counterpoint.Day)
	f("120261122-0600.vtt", "20060102-1504", "", counterpoint.Unknown)
	f("20261122-06000.vtt", "20060102-1504", "", counterpoint.Unknown)
	f("20261322-0600.vtt", "20060102-1504", "", counterpoint.Unknown)
	f("0600.vtt", "1504", "", counterpoint.Unknown)
	f("morning.vtt", "morning", "", counterpoint.Unknown)
	f("", "20060102", "", counterpoint.Unknown)
}

func TestAudioAt(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	f := func(template string, recorded *time.Time, want string) {
		t.Helper()
		src := counterpoint.Source{Audio: template, Zone: "Africa/Nairobi"}
		if got := audioAt(src, "in/a b.vtt.gz", recorded); got != want {
			t.Errorf("audioAt(%q) = %q, want %q", template, got, want)
		}
	}
	f("https://a.example/{date}/{time}/{name}.mp3", &at, "https://a.example/2026-11-23/0230/a%20b.mp3")
	f("/srv/{name}.ogg", nil, "/srv/a b.ogg")
	f("/srv/{date}.ogg", nil, "")
	f("", &at, "")
}

func FuzzFileTime(f *testing.F) {
	f.Add("sahil_20261122-0600.vtt", "20060102-1504")
	f.Add("x", "Jan _2 2006 MST -07:00 .000")
	f.Fuzz(func(t *testing.T, name, layout string) {
		if at, p, ok := FileTime(name, layout, nil); ok && (at.Year() < 0 || p == counterpoint.Unknown) {
			t.Errorf("FileTime(%q, %q) = %v, %s", name, layout, at, p)
		}
	})
}
