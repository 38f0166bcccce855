package respond_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"counterpoint"
	"counterpoint/respond"
)

// entry is one of a LibreTime schedule, of the wells spot.
func entry(starts, ends, flags string) string {
	return fmt.Sprintf(`{"id":7,"starts_at":%q,"ends_at":%q,"instance_id":3,"file_id":9,"length":"00:00:20","cue_in":"00:00:00","cue_out":"00:00:20",%s}`, starts, ends, flags)
}

func libreTime(code, live string, entries ...string) string {
	return fmt.Sprintf(`{"schedule":[%s],"files":[{"id":8,"track_title":"River song"},{"id":9,"track_title":"Wells %s"}],
		"show_instances":[{"id":3,"ends_at":"2026-03-01T08:30:00Z"}],"live_logs":[%s]}`, strings.Join(entries, ","), code, live)
}

const (
	played      = `"played":true,"broadcasted":1,"overbooked":false`
	overridden  = `"played":true,"broadcasted":0,"overbooked":false`
	overbooked  = `"played":false,"broadcasted":0,"overbooked":true`
	neverPlayed = `"played":null,"broadcasted":0,"overbooked":false`
)

// TestAiringCases is the table of what playout systems log and what it proves: a log says more than that a file was
// played, and less than that it was heard.
func TestAiringCases(t *testing.T) {
	const missed, proven, nothing = counterpoint.Missed, counterpoint.Aired, counterpoint.Accepted
	f := func(name string, log func(code string) string, state counterpoint.AiringState, grade counterpoint.Grade, words string) {
		t.Helper()
		b := newBook()
		b.sources[0].Zone = "Africa/Bangui"
		b.offer(slot("air_1", 0, func(a *counterpoint.Airing) { a.State = counterpoint.Accepted }))
		a := b.airings["air_1"]
		i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(60 * 24) }}
		var got respond.Imported
		for range 2 { // the same log fetched twice is no second airing
			var err error
			if got, err = i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log(a.Code)), "radio-one", ""); err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
		}
		said := a.Reason
		for _, p := range a.Proofs {
			said += p.Evidence
		}
		for _, p := range got.Problems {
			said += p.Reason
		}
		if a.State != state || a.Grade != grade || !strings.Contains(said, words) || len(a.Proofs) > 1 || len(b.events) > 1 {
			t.Errorf("%s: %s %s with %d proofs and %d decisions, says %q; want %s %s, %q", name, a.State, a.Grade, len(a.Proofs), len(b.events), said, state, grade, words)
		}
	}
	const eight, end = "2026-03-01T08:00:00Z", "2026-03-01T08:00:20Z"
	lt := func(starts, ends, flags, live string) func(string) string {
		return func(code string) string { return libreTime(code, live, entry(starts, ends, flags)) }
	}
	scheduledOnly := `{"state":"S","start_time":"2026-03-01T06:00:00Z","end_time":null}`
	f("LibreTime: played and broadcast, nobody live", lt(eight, end, played, scheduledOnly), proven, counterpoint.LiveOff, "live source off")
	f("LibreTime: played, not broadcast", lt(eight, end, overridden, scheduledOnly), missed, "", "overridden")
	f("LibreTime: broadcast, then a live show takes over", lt(eight, end, played, `{"state":"L","start_time":"2026-03-01T08:00:10Z","end_time":"2026-03-01T08:20:00Z"}`), proven, counterpoint.Logged, "on air from 2026-03-01 08:00 UTC and may have covered it")
	f("LibreTime: broadcast during a live show that lasts", lt(eight, end, played, `{"state":"L","start_time":"2026-03-01T07:00:00Z","end_time":null}`), proven, counterpoint.Logged, "may have covered it")
	f("LibreTime: a live show that ended before", lt(eight, end, played, `{"state":"L","start_time":"2026-03-01T07:00:00Z","end_time":"2026-03-01T08:00:00Z"}`), proven, counterpoint.LiveOff, "")
	f("LibreTime: without live logs", func(code string) string {
		return strings.Replace(libreTime(code, "", entry(eight, end, played)), `"live_logs":[]`, `"other":[]`, 1)
	}, proven, counterpoint.Logged, "live source unknown")
	f("LibreTime: it runs beyond the show", lt("2026-03-01T08:29:50Z", "2026-03-01T08:30:10Z", played, ""), proven, counterpoint.LiveOff, "cut short: 10 s of 20 s")
	f("LibreTime: the API cut it at the show's end", lt("2026-03-01T08:29:50Z", "2026-03-01T08:30:00Z", played, ""), proven, counterpoint.LiveOff, "cut short: 10 s of 20 s")
	f("LibreTime: overbooked", lt(eight, end, overbooked, ""), missed, "", "overbooked")
	f("LibreTime: scheduled and never played", lt(eight, end, neverPlayed, ""), missed, "", "not played")
	f("LibreTime: the clock is three minutes off", lt("2026-03-01T08:03:00Z", "2026-03-01T08:03:20Z", played, ""), proven, counterpoint.LiveOff, "")
	f("LibreTime: the file runs again the next day", lt("2026-03-02T08:00:00Z", "2026-03-02T08:00:20Z", played, ""), nothing, "", "airing of its own")

	az := func(streamer string, more string) func(string) string {
		return func(code string) string {
			return fmt.Sprintf(`[{"sh_id":2,"played_at":1772352020,"duration":180,"playlist":"music","streamer":"","song":{"text":"Us - River song","title":"River song"}},
				{"sh_id":1,"played_at":1772352000,"duration":20,"playlist":"spots","streamer":%q,"is_request":false,"song":{"text":"Mission - Wells %s","title":"Wells %s"},"listeners_start":57,"listeners_end":57,"delta_total":0}%s]`, streamer, code, code, more)
		}
	}
	f("AzuraCast: by itself", az("", ""), proven, counterpoint.LiveOff, "live source off")
	f("AzuraCast: while a presenter is live", az("DJ Aisha", ""), proven, counterpoint.Logged, "live from DJ Aisha")
	f("AzuraCast: a presenter takes over", az("", `,{"sh_id":3,"played_at":1772352008,"duration":600,"streamer":"DJ Aisha","song":{"text":"Live"}}`), proven, counterpoint.Logged, "live from DJ Aisha at 2026-03-01 08:00 UTC and may have covered it; cut short: 8 s of 20 s")

	elr := func(rows ...string) func(string) string {
		return func(code string) string {
			out := "ID\tSERVICE_NAME\tLENGTH\tLOG_ID\tCART_NUMBER\tCUT_NUMBER\tTITLE\tSTATION_NAME\tEVENT_DATETIME\tEVENT_TYPE\tPLAY_SOURCE\tONAIR_FLAG\tEXT_EVENT_ID\n"
			for i, r := range rows {
				at, event, flag := r[:8], r[9:10], r[11:12]
				out += fmt.Sprintf("%d\tProduction\t20000\t%d\t20010\t1\tWells\tstudio-pc\t2026-03-01 %s\t%s\t1\t%s\t%s\n", i, 40, at, event, flag, code)
			}
			return out
		}
	}
	f("Rivendell: start and stop, by our id and its clock", elr("09:00:00 1 Y", "09:00:20 2 Y"), proven, counterpoint.Logged, "live source unknown")
	f("Rivendell: a start without a stop", elr("09:00:00 1 Y"), proven, counterpoint.Logged, "cut short")
	f("Rivendell: stopped early", elr("09:00:00 1 Y", "09:00:07 2 Y"), proven, counterpoint.Logged, "cut short: 7 s of")
	f("Rivendell: not on air", elr("09:00:00 1 N", "09:00:20 2 N"), missed, "", "not on air")
	f("Rivendell: three minutes late", elr("09:03:00 1 Y", "09:03:20 2 Y"), proven, counterpoint.Logged, "")
}

// TestLogHeardOnceWins: of several entries about one airing, one that was heard goes before one that was not.
func TestLogHeardOnceWins(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 0))
	code := b.airings["air_1"].Code
	log := libreTime(code, "", entry("2026-03-01T08:00:00Z", "2026-03-01T08:00:20Z", overridden), entry("2026-03-01T08:10:00Z", "2026-03-01T08:10:20Z", played))
	i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(60) }}
	got, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log), "radio-one", "")
	if err != nil || got.Proven != 1 || got.Missed != 0 || b.airings["air_1"].State != counterpoint.Aired {
		t.Errorf("%+v, %v; the airing is %s", got, err, b.airings["air_1"].State)
	}
}

// TestLogOfWhatIsToCome: an entry whose time has not come was not missed.
func TestLogOfWhatIsToCome(t *testing.T) {
	b := newBook()
	b.offer(slot("air_1", 0))
	i := respond.Importer{Views: b, Decider: b, Now: func() time.Time { return minute(-5) }}
	log := libreTime(b.airings["air_1"].Code, "", entry("2026-03-01T08:00:00Z", "2026-03-01T08:00:20Z", neverPlayed))
	for _, want := range []int{0, 1} {
		got, err := i.Import(context.Background(), counterpoint.Account{ID: "bosco"}, strings.NewReader(log), "radio-one", "")
		if err != nil || got.Missed != want || len(got.Problems) != 0 {
			t.Errorf("%+v, %v; want %d missed", got, err, want)
		}
		i.Now = func() time.Time { return minute(5) }
	}
}

func TestLogsRefused(t *testing.T) {
	f := func(log, words string) {
		t.Helper()
		_, _, err := respond.ReadLog(strings.NewReader(log), respond.LogOptions{})
		if !errors.Is(err, counterpoint.ErrInvalid) || !strings.Contains(err.Error(), words) {
			t.Errorf("%.60q: %v, want it refused with %q", log, err, words)
		}
	}
	f(`{"a":1}`, "neither LibreTime's")
	f(`[]`, "neither LibreTime's")
	f(`{"schedule":[{"id":1}]`, "is not whole")
	f(`{"schedule":[{"id":1}]}`, "no files")
	f(`{"schedule":[],"live_logs":[{"state":"L","start_time":"at eight"}]}`, "live_logs[0].start_time")
	f("Date,Time,Listeners,Delta,Track,Artist,Playlist,Streamer\n2026-03-01,8:00 am,5,0,Wells,Us,spots,\n", "no seconds and no zone")
	f("EVENT_DATETIME,EVENT_TYPE\n2026-03-01 08:00:00,1\n", "EXT_EVENT_ID")

	g := func(log string, line int, words string) {
		t.Helper()
		_, bad, err := respond.ReadLog(strings.NewReader(log), respond.LogOptions{})
		if err != nil || len(bad) != 1 || bad[0].Line != line || !strings.Contains(bad[0].Reason, words) {
			t.Errorf("%.60q: rejected %v, %v; want entry %d with %q", log, bad, err, line, words)
		}
	}
	g(`{"schedule":[{"starts_at":"2026-03-01T08:00:00"}],"files":[{"id":1}]}`, 1, "starts_at")
	g(`{"schedule":[7],"files":[{"id":1}]}`, 1, "not an entry")
	g(`[{"sh_id":1,"played_at":1772352000,"song":{}},{"sh_id":2}]`, 2, "played_at")
	g("TITLE,EVENT_DATETIME,EVENT_TYPE\nWells,2026-03-01 08:00:00,3\n", 2, "neither 1 (start) nor 2")
	g("TITLE,EVENT_DATETIME,EVENT_TYPE\nWells,2026-03-01 08:00:00\n", 2, "has 2 fields")
}
