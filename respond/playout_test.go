package respond_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"counterpoint"
	"counterpoint/respond"
)

var eight = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func read(t *testing.T, log string, o respond.LogOptions) ([]respond.Row, []counterpoint.Rejection) {
	t.Helper()
	rows, bad, err := respond.ReadLog(strings.NewReader(log), o)
	if err != nil {
		t.Fatalf("%q: %v", log, err)
	}
	return rows, bad
}

func TestReadLogForms(t *testing.T) {
	want := respond.Row{Line: 2, Station: "radio-one", Aired: eight, Code: "K7M2QX", Title: "Wells, part 1", Duration: 61500 * time.Millisecond, Live: respond.LiveOff, Lang: "swa"}
	f := func(what, log string) {
		t.Helper()
		rows, bad := read(t, log, respond.LogOptions{})
		if len(rows) != 1 || len(bad) != 0 {
			t.Errorf("%s: rows %v, rejected %v", what, rows, bad)
			return
		}
		got := rows[0]
		got.Text = ""
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	plain := "station,aired,code,title,duration,live,lang\nradio-one,2026-03-01 08:00:00,K7M2QX,\"Wells, part 1\",61.5,off,sw\n"
	f("plain", plain)
	f("a mark", "\uFEFF"+plain)
	f("CRLF", strings.ReplaceAll(plain, "\n", "\r\n"))
	f("CR", strings.ReplaceAll(plain, "\n", "\r"))
	f("semicolons, other names", "Channel;Played At;Airing Code;Track Title;Length;Live Source;Language\nradio-one;2026-03-01T08:00:00Z;K7M2QX;Wells, part 1;1:01,5;no;swh\n")
	f("tabs", "station\ttime\tcode\ttitle\tduration\tlive\tlang\nradio-one\t2026-03-01 08:00\tK7M2QX\tWells, part 1\t00:01:01.500\tautomation\tswa")
	f("date and time apart, a column of no use", "artist;date;time;station;code;title;length_s;live;lang\nus;2026-03-01;08:00:00;radio-one;K7M2QX;Wells, part 1;61.5;0;sw\n")
	f("with a zone", "station,starts_at,code,title,duration,live,lang\nradio-one,2026-03-01T09:00:00+01:00,K7M2QX,\"Wells, part 1\",61.5s,Scheduled,sw\n")
	f("UTF-16", utf16Of(plain))
}

func utf16Of(s string) string {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return string(b)
}

func TestReadLogEncodings(t *testing.T) {
	rows, _ := read(t, "time;title\n2026-03-01 08:00;Les puits du march\xe9\n", respond.LogOptions{})
	if len(rows) != 1 || rows[0].Title != "Les puits du marché" {
		t.Errorf("Windows-1252: %+v", rows)
	}
}

func TestReadLogZones(t *testing.T) {
	place := func(name string) *time.Location {
		l, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	f := func(zone, text, want string) {
		t.Helper()
		rows, bad := read(t, "aired,code\n"+text+",X\n", respond.LogOptions{Zone: place(zone)})
		got := ""
		switch {
		case len(rows) == 1:
			got = rows[0].Aired.Format(time.RFC3339)
		case len(bad) == 1:
			got = bad[0].Reason
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s in %s: %q, want %q", text, zone, got, want)
		}
	}
	f("Africa/Bangui", "2026-03-01 09:00:00", "2026-03-01T08:00:00Z")
	f("Africa/Bangui", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z")
	f("Europe/Paris", "2026-03-29 02:30:00", "did not exist")
	f("Europe/Paris", "2026-10-25 02:30:00", "came twice")
	f("Europe/Paris", "2026-10-25 03:30:00", "2026-10-25T02:30:00Z")
	f("UTC", "01.03.2026 08:00", "2026-03-01T08:00:00Z")
	f("UTC", "03/04/2026 08:00", "is not a time")
	f("UTC", "0026-03-01 08:00", "year 26")
	f("UTC", "", "is empty")
}

func TestBadLinesAreRejectedAlone(t *testing.T) {
	rows, bad := read(t, strings.Join([]string{
		"station,aired,code,duration,lang,live",
		"one,2026-03-01 08:00,A,60,sw,off",
		"one,yesterday,B,60,sw,off",
		"one,2026-03-01 08:00,C",
		`one,2026-03-01 08:00,"D,60,sw,off`,
		`one,2026-03-01 08:00,"D"x,60,sw,off`,
		"",
		"one,2026-03-01 08:00,E,a minute,sw,off",
		"one,2026-03-01 08:00,F,60,klingon,off",
		" , , , , , ",
		`one,2026-03-01 08:00,"G ""seven""",60,sw,perhaps`,
	}, "\n"), respond.LogOptions{File: "log.csv"})
	if len(rows) != 2 || rows[0].Code != "A" || rows[1].Code != `G "seven"` || rows[1].LiveText != "perhaps" || rows[1].Line != 11 {
		t.Errorf("rows %+v", rows)
	}
	var got []string
	for _, r := range bad {
		got = append(got, r.String())
	}
	want := []string{"log.csv:3: aired", "log.csv:4: has 3 fields", "log.csv:5: field 3: a quotation", "log.csv:6: field 3: text", "log.csv:8: duration", "log.csv:9: lang"}
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Fatalf("rejected %q, want %q", got, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	f := func(header, want string) {
		t.Helper()
		_, _, err := respond.ReadLog(strings.NewReader(header), respond.LogOptions{})
		if !errors.Is(err, counterpoint.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", header, err, want)
		}
	}
	f("", "empty")
	f("\n \n", "empty")
	f("station,code\n", "no column aired")
	f("station,aired\n", "no column code")
	f("statoin,aired,code\nx", `did you mean "station"`)
	f("aired,time,code\n", "say the same")
	f(`aired,"code`, "not closed")
}

func TestHeaderSlips(t *testing.T) {
	_, _, err := respond.ReadLog(strings.NewReader("aired,code,statio\n"), respond.LogOptions{})
	if err == nil || !strings.Contains(err.Error(), `did you mean "station"`) {
		t.Errorf("%v", err)
	}
}

func FuzzReadLog(f *testing.F) {
	f.Add([]byte(libreTime("K7M2QX", `{"state":"L","start_time":"2026-03-01T08:00:10Z","end_time":null}`, entry("2026-03-01T08:00:00Z", "2026-03-01T08:00:20Z", played))))
	f.Add([]byte(`[{"sh_id":1,"played_at":1772352000,"duration":20,"streamer":"DJ","song":{"text":"Wells K7M2QX"}},{"sh_id":2,"played_at":1772352007}]`))
	f.Add([]byte("TITLE\tEVENT_DATETIME\tEVENT_TYPE\tONAIR_FLAG\tEXT_EVENT_ID\nWells\t2026-03-01 08:00:00\t1\tY\tK7M2QX\nWells\t2026-03-01 08:00:20\t2\tY\tK7M2QX\n"))
	f.Add([]byte("station,aired,code\none,2026-03-01 08:00,A\n"))
	f.Add([]byte("\xff\xfea\x00i\x00"))
	f.Add([]byte("aired;title;duration\n\"2026-03-01 08:00\";\"a \"\"b\"\"\";1:2:3\n"))
	f.Add([]byte("aired|message|live\r2026-03-01T08:00:00+01:00|m|\xe9\r"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, bad, err := respond.ReadLog(strings.NewReader(string(b)), respond.LogOptions{File: "f"})
		if err != nil && len(rows)+len(bad) > 0 {
			t.Errorf("an unusable file gave rows: %v", err)
		}
		last := 0
		for _, r := range rows {
			if r.Line <= last || r.Aired.IsZero() || r.Duration < 0 {
				t.Errorf("row %+v after line %d", r, last)
			}
			last = r.Line
		}
		for _, r := range bad {
			if r.Line < 1 || r.Reason == "" {
				t.Errorf("rejection %+v", r)
			}
		}
		respond.Match(rows, []counterpoint.Airing{slot("air_1", 0)}, []counterpoint.Message{wells})
	})
}

var wells = counterpoint.Message{
	ID: "msg_wells", Narrative: "nar_1", State: counterpoint.Scheduled, Version: 3,
	Variants: []counterpoint.Variant{{Lang: "swa", Script: scripts["swa"], Seconds: 60}, {Lang: "eng", Script: scripts["eng"], Seconds: 50}},
}

// slot is an accepted airing of wells on radio-one so many minutes after eight.
func slot(id string, minutes int, change ...func(*counterpoint.Airing)) counterpoint.Airing {
	a := counterpoint.Airing{
		ID: id, Message: wells.ID, Narrative: wells.Narrative, Lang: "swa", Station: "radio-one", State: counterpoint.Accepted,
		Planned: eight.Add(time.Duration(minutes) * time.Minute), Code: counterpoint.AiringCode(id), Version: 2, Proofs: []counterpoint.Proof{},
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

func row(line, minutes int, change ...func(*respond.Row)) respond.Row {
	r := respond.Row{Line: line, Station: "radio-one", Aired: eight.Add(time.Duration(minutes) * time.Minute), Text: fmt.Sprintf("line %d as it stands", line)}
	for _, c := range change {
		c(&r)
	}
	return r
}

// verdict is a result in one line: airing and grade, or the problem's first words.
func verdict(r respond.Result) string {
	switch {
	case r.Problem != "":
		return "? " + r.Problem
	case r.Airing == "":
		return "-"
	}
	return r.Airing + " " + string(r.Grade)
}

func TestMatch(t *testing.T) {
	one, two := slot("air_1", 0), slot("air_2", 240)
	coded := func(a counterpoint.Airing) func(*respond.Row) { return func(r *respond.Row) { r.Code = a.Code } }
	byMessage := func(r *respond.Row) { r.Message = wells.ID }
	off := func(r *respond.Row) { r.Live = respond.LiveOff }
	on := func(r *respond.Row) { r.Live = respond.LiveOn }
	f := func(what string, airings []counterpoint.Airing, rows []respond.Row, want ...string) {
		t.Helper()
		got := respond.Match(rows, airings, []counterpoint.Message{wells})
		for i, w := range want {
			if v := verdict(got[i]); v != w && !(strings.HasPrefix(w, "?") && strings.HasPrefix(v, w)) {
				t.Errorf("%s: line %d is %q, want %q", what, got[i].Row.Line, v, w)
			}
		}
	}
	both := []counterpoint.Airing{one, two}
	f("by code", both, []respond.Row{row(2, 3, coded(one)), row(3, 241, coded(two), off)}, "air_1 C", "air_2 B")
	f("the live source was on", both, []respond.Row{row(2, 0, coded(one), on)}, "air_1 C")
	f("the code as people write it", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Code = strings.ToLower(one.Code[:3] + " " + one.Code[3:]) })}, "air_1 C")
	f("the code in the title", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Title = "spots/" + strings.ToLower(one.Code) + "_wells.mp3" })}, "air_1 C")
	f("by id", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Airing = "air_1" })}, "air_1 C")
	f("by message and slot", both, []respond.Row{row(2, 15, byMessage), row(3, 16, byMessage), row(4, -15, byMessage)}, "air_1 C", "? no airing of message", "? airing "+one.Code+" is proven by line 2")
	f("station in other letters", both, []respond.Row{row(2, 0, byMessage, func(r *respond.Row) { r.Station = "Radio One" })}, "air_1 C")
	f("no station", both, []respond.Row{row(2, 0, byMessage, func(r *respond.Row) { r.Station = "" }), row(3, 0, coded(one), func(r *respond.Row) { r.Station = "" })}, "? the line names a message", "air_1 C")
	f("music", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Title = "River song" })}, "-")
	f("a code of nobody", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Code = "ZZZZZZ" })}, "? code ZZZZZZ is of no airing")
	f("an unknown message", both, []respond.Row{row(2, 0, func(r *respond.Row) { r.Message = "msg_x" })}, "? message msg_x is not known")
	f("another station", both, []respond.Row{row(2, 0, coded(one), func(r *respond.Row) { r.Station = "radio-two" })}, "? code "+one.Code+" is of an airing on radio-one")
	f("another language", both, []respond.Row{row(2, 0, coded(one), func(r *respond.Row) { r.Lang = "eng" }), row(3, 0, byMessage, func(r *respond.Row) { r.Lang = "eng" })}, "? code", "? no airing")
	f("another day", both, []respond.Row{row(2, 24*60, coded(one))}, "? code "+one.Code+" is of an airing planned for 2026-03-01 08:00 UTC")
	f("one airing, two plays: the nearest", both, []respond.Row{row(2, 9, coded(one)), row(3, 1, coded(one))}, "? airing "+one.Code+" is proven by line 3", "air_1 C")
	f("the same line twice", both, []respond.Row{row(2, 0, coded(one)), row(3, 0, coded(one))}, "air_1 C", "? says the same as line 2")
	close := []counterpoint.Airing{one, slot("air_3", 10)}
	f("could be two: nobody guesses", close, []respond.Row{row(2, 4, byMessage)}, "? could be any of the airings")
	twoLangs := []counterpoint.Airing{one, slot("air_4", 0, func(a *counterpoint.Airing) { a.Lang = "eng" })}
	f("the language decides", twoLangs, []respond.Row{row(2, 1, byMessage, func(r *respond.Row) { r.Lang = "eng" })}, "air_4 C")
	for _, s := range []counterpoint.AiringState{counterpoint.Declined, counterpoint.Cancelled} {
		gone := []counterpoint.Airing{slot("air_5", 0, func(a *counterpoint.Airing) { a.State = s })}
		f(string(s), gone, []respond.Row{row(2, 0, func(r *respond.Row) { r.Airing = "air_5" }), row(3, 1, byMessage)}, "? airing "+gone[0].Code+" is "+string(s), "? no airing")
	}
	missed := []counterpoint.Airing{slot("air_6", 0, func(a *counterpoint.Airing) { a.State = counterpoint.Missed })}
	f("thought missed", missed, []respond.Row{row(2, 0, byMessage)}, "air_6 C")
}

func TestTheSameLogTwiceProvesNothingTwice(t *testing.T) {
	proven := slot("air_1", 0, func(a *counterpoint.Airing) {
		a.State, a.Grade = counterpoint.Aired, counterpoint.Logged
		a.Proofs = []counterpoint.Proof{{Grade: counterpoint.Logged, Evidence: "playout log, line 9", Aired: eight.Add(time.Minute)}}
	})
	airings := []counterpoint.Airing{proven, slot("air_2", 10)}
	for what, change := range map[string]func(*respond.Row){
		"by code":    func(r *respond.Row) { r.Code = proven.Code },
		"by message": func(r *respond.Row) { r.Message = wells.ID },
	} {
		got := respond.Match([]respond.Row{row(2, 1, change)}, airings, []counterpoint.Message{wells})[0]
		if got.Airing != "" || !got.Known {
			t.Errorf("%s: %+v", what, got)
		}
	}
	better := respond.Match([]respond.Row{row(2, 1, func(r *respond.Row) { r.Code, r.Live = proven.Code, respond.LiveOff })}, airings, []counterpoint.Message{wells})[0]
	if verdict(better) != "air_1 B" {
		t.Errorf("a log that now knows the live source: %s", verdict(better))
	}
	stolen := respond.Match([]respond.Row{row(2, 1, func(r *respond.Row) { r.Airing = "air_2" })}, airings, []counterpoint.Message{wells})[0]
	if stolen.Airing != "" || !strings.Contains(stolen.Problem, "has proven airing") {
		t.Errorf("one play proved two airings: %+v", stolen)
	}
}

func TestEvidence(t *testing.T) {
	f := func(want string, cut bool, change ...func(*respond.Row)) {
		t.Helper()
		a := slot("air_1", 0)
		got := respond.Match([]respond.Row{row(7, 1, append(change, func(r *respond.Row) { r.Code = a.Code })...)}, []counterpoint.Airing{a}, []counterpoint.Message{wells})[0]
		if got.Evidence != want || got.CutShort != cut {
			t.Errorf("got  %q, cut %v\nwant %q, cut %v", got.Evidence, got.CutShort, want, cut)
		}
	}
	f("playout log, line 7; live source unknown: line 7 as it stands", false)
	f("playout log day.csv, line 7; live source off: line 7 as it stands", false, func(r *respond.Row) { r.File, r.Live = "day.csv", respond.LiveOff })
	f("playout log, line 7; a live source was on air at 2026-03-01 08:01 UTC and may have covered it: line 7 as it stands", false, func(r *respond.Row) { r.Live = respond.LiveOn })
	f(`playout log, line 7; live source "perhaps" is not understood: line 7 as it stands`, false, func(r *respond.Row) { r.LiveText = "perhaps" })
	f("playout log, line 7; live source unknown; cut short: 53 s of 60 s: line 7 as it stands", true, func(r *respond.Row) { r.Duration = 53 * time.Second })
	f("playout log, line 7; live source unknown: line 7 as it stands", false, func(r *respond.Row) { r.Duration = 54 * time.Second })
}

func BenchmarkMatch(b *testing.B) {
	var airings []counterpoint.Airing
	var rows []respond.Row
	for i := range 10_000 {
		a := slot(fmt.Sprint("air_", i), i*40)
		airings = append(airings, a)
		for k := range 30 {
			r := row(30*i+k+2, i*40+k)
			r.Title = fmt.Sprintf("song %d %d", i, k)
			if k == 1 {
				r.Message = wells.ID
			}
			rows = append(rows, r)
		}
	}
	for b.Loop() {
		proven := 0
		for _, r := range respond.Match(rows, airings, []counterpoint.Message{wells}) {
			if r.Airing != "" {
				proven++
			}
		}
		if proven != 10_000 {
			b.Fatalf("%d proven", proven)
		}
	}
}
