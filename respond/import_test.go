package respond_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/respond"
)

func TestImport(t *testing.T) {
	b := newBook()
	b.sources[1].Zone = "Africa/Bangui"
	b.offer(slot("air_1", 0), slot("air_2", 60), slot("air_3", 180, func(a *counterpoint.Airing) { a.Station = "radio-two" }))
	i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(300) }}
	code := func(id string) string { return b.airings[id].Code }
	log := strings.Join([]string{
		"station;played_at;code;title;live",
		"radio-one;2026-03-01 08:01:00;" + code("air_1") + ";wells;off",
		"radio-one;2026-03-01 08:05:00;;River song;off",
		"radio-one;2026-03-01 09:02:00;;spot " + code("air_2") + ".mp3;on",
		"radio-one;2026-03-01 09:30:00;ZZZZZZ;;on",
		"radio-one;at noon;;x;",
	}, "\n")
	f := func(station, zone, log string, want respond.Imported) {
		t.Helper()
		got, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log), station, zone)
		if err != nil {
			t.Fatal(err)
		}
		for k := range got.Problems {
			got.Problems[k].Reason = strings.Join(strings.Fields(got.Problems[k].Reason)[:3], " ")
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	problems := []counterpoint.Rejection{{Line: 5, Reason: "code ZZZZZZ is"}, {Line: 6, Reason: "aired: \"at noon\""}}
	f("", "", log, respond.Imported{Read: 5, Ours: 3, Proven: 2, Airings: []string{"air_1", "air_2"}, Problems: problems})
	one, two := b.airings["air_1"], b.airings["air_2"]
	if one.Grade != counterpoint.LiveOff || two.Grade != counterpoint.Logged || one.Proofs[0].By != "bosco" || !one.Aired.Equal(minute(1)) {
		t.Errorf("first %+v\nsecond %+v", one, two)
	}
	f("", "", log, respond.Imported{Read: 5, Ours: 3, Known: 2, Airings: []string{}, Problems: problems})
	if len(b.events) != 2 {
		t.Errorf("the same log twice made %d proofs", len(b.events))
	}
	f("radio-two", "", "time,message\n2026-03-01 12:04,msg_wells\n", respond.Imported{Read: 1, Ours: 1, Proven: 1, Airings: []string{"air_3"}, Problems: []counterpoint.Rejection{}})
	if !b.airings["air_3"].Aired.Equal(minute(184)) {
		t.Errorf("the station's clock was not asked: %v", b.airings["air_3"].Aired)
	}
}

// Logs call a station by its name; airings go by the id of the source, or by the name where they were offered so.
func TestImportKnowsStationsByTheirNames(t *testing.T) {
	b := newBook()
	b.sources[0].Name, b.sources[1].Name = "Radio Umoja 98.4", "Radio Deux"
	b.offer(slot("air_1", 0), slot("air_2", 60, func(a *counterpoint.Airing) { a.Station = "Radio Umoja 98.4" }), slot("air_3", 120))
	i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(300) }}
	log := strings.Join([]string{
		"station,aired,code",
		"radio umoja 98.4,2026-03-01T07:01:00Z," + b.airings["air_1"].Code,
		b.sources[0].ID + ",2026-03-01T08:01:00Z," + b.airings["air_2"].Code,
		"Radio Deux,2026-03-01T09:01:00Z," + b.airings["air_3"].Code,
	}, "\n")
	got, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"air_1", "air_2"}, got.Airings); d != "" || len(got.Problems) != 1 || got.Problems[0].Line != 4 {
		t.Errorf("(-want +got):\n%s\nproblems %+v, want one on line 4: another station's airing", d, got.Problems)
	}
}

func TestImportRefuses(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 0))
	i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(300) }}
	f := func(zone, log string, kind error) {
		t.Helper()
		if _, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log), "", zone); !errors.Is(err, kind) {
			t.Errorf("%v, want %v", err, kind)
		}
	}
	f("Mars/Base", "time,code\n", counterpoint.ErrInvalid)
	f("Local", "time,code\n", counterpoint.ErrInvalid)
	f("", "what is this", counterpoint.ErrInvalid)
	f("", "time,code\n"+strings.Repeat(" ", respond.MaxLog), counterpoint.ErrTooLarge)
	b.refuse = "airing is at version 9"
	got, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader("time,airing\n2026-03-01 08:00,air_1\n"), "", "")
	if err != nil || got.Proven != 0 || len(got.Problems) != 1 || !strings.Contains(got.Problems[0].Reason, "import the log again") {
		t.Errorf("%+v, %v", got, err)
	}
	future := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(-48 * 60) }}
	got, err = future.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader("time,airing\n2026-03-01 08:00,air_1\n"), "", "")
	if err != nil || len(got.Problems) != 1 {
		t.Errorf("a play that lies ahead: %+v, %v", got, err)
	}
}
