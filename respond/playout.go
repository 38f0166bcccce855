package respond

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// MaxLog is the largest playout log that is read, in bytes.
const MaxLog = 64 << 20

// Row is one line of a playout log.
type Row struct {
	File     string
	Line     int
	Text     string // the line as it stands, for evidence
	Station  string
	Aired    time.Time
	Code     string        // the airing's short code
	Airing   string        // the airing's id, where the station keeps it as external reference
	Message  string        // the message's id
	Title    string        // of the media file; may hold the code
	Lang     string        // ISO 639-3
	Duration time.Duration // how long it was heard; 0 is unknown
	Whole    time.Duration // how long the file is; 0 is unknown
	Live     Live
	LiveText string // what is known of the live source, or what the column says where it is not understood
	Off      string // why it was not heard, though the log has it
	Cut      string // why it is known to have been cut short
}

// Live says whether a live source was on air while the line was logged. Playout systems log a file as played
// also when a presenter talked over it.
type Live int

// The live states.
const (
	LiveUnknown Live = iota
	LiveOn
	LiveOff
)

// LogOptions say what a log does not say itself.
type LogOptions struct {
	File    string         // its name, for messages
	Station string         // of lines without a station
	Zone    *time.Location // of times without a zone; nil is UTC
}

// columns are the names a header may use, lower case and without spaces, dots, dashes and underscores.
var columns = map[string][]string{
	"station":  {"station", "stationid", "channel"},
	"aired":    {"aired", "airedat", "time", "playedat", "played", "started", "startedat", "start", "starts", "starttime", "startsat", "datetime", "timestamp"},
	"date":     {"date", "day"},
	"code":     {"code", "airingcode", "shortcode"},
	"airing":   {"airing", "airingid", "externalref", "reference"},
	"message":  {"message", "messageid"},
	"title":    {"title", "name", "track", "tracktitle", "filename", "file", "song"},
	"duration": {"duration", "length", "seconds", "durations", "lengths"},
	"live":     {"live", "livesource", "liveon", "islive"},
	"lang":     {"lang", "language"},
}

// ReadLog reads a playout log: what LibreTime, AzuraCast or Rivendell export, or a table of one header line, then one
// line per play, separated by comma, semicolon, tab or bar. A bad line is rejected alone. An error means that nothing
// of the file could be used.
func ReadLog(r io.Reader, o LogOptions) ([]Row, []counterpoint.Rejection, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxLog+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the playout log: %w", err)
	}
	if len(b) > MaxLog {
		return nil, nil, fmt.Errorf("the playout log is longer than %d MiB; send it in parts, such as a week each: %w", MaxLog>>20, counterpoint.ErrTooLarge)
	}
	text := plain(b)
	for _, f := range logFormats {
		if f.is(text) {
			return f.read(text, o)
		}
	}
	all := lines(text)
	at := slices.IndexFunc(all, func(l string) bool { return strings.TrimSpace(l) != "" })
	if at < 0 {
		return nil, nil, counterpoint.Invalid{{Field: "header", Message: "the playout log is empty; it begins with a line that names its columns, such as station,aired,code,live"}}
	}
	h, err := readHeader(all[at], o)
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	var bad []counterpoint.Rejection
	for i, line := range all[at+1:] {
		if strings.Trim(line, " \t,;|") == "" {
			continue
		}
		row, err := h.row(line)
		row.File, row.Line, row.Text = o.File, at+i+2, line
		if err != nil {
			bad = append(bad, counterpoint.Rejection{File: o.File, Line: row.Line, Reason: err.Error()})
			continue
		}
		rows = append(rows, row)
	}
	return rows, bad, nil
}

type header struct {
	sep   byte
	at    map[string]int // our name of a column to its place
	width int
	o     LogOptions
}

func readHeader(line string, o LogOptions) (header, error) {
	h := header{sep: separator(line), at: map[string]int{}, o: o}
	if h.o.Zone == nil {
		h.o.Zone = time.UTC
	}
	names, err := fields(line, h.sep)
	if err != nil {
		return h, counterpoint.Invalid{{Field: "header", Message: err.Error()}}
	}
	h.width = len(names)
	var bad counterpoint.Invalid
	for i, name := range names {
		column, like := columnOf(name)
		if column == "" {
			if like != "" {
				bad = append(bad, counterpoint.FieldError{Field: "header", Message: fmt.Sprintf("column %q is not known; did you mean %q?", name, like)})
			}
			continue // other columns, such as the artist, are of no use here
		}
		if _, twice := h.at[column]; twice {
			bad = append(bad, counterpoint.FieldError{Field: "header", Message: fmt.Sprintf("two columns say the same (%s); the second is %q", column, name)})
		}
		h.at[column] = i
	}
	if bad = append(bad, h.missing()...); len(bad) > 0 {
		return h, bad
	}
	return h, nil
}

func (h header) missing() (bad counterpoint.Invalid) {
	if !h.has("aired") {
		bad = append(bad, counterpoint.FieldError{Field: "header", Message: "there is no column aired (or time, played_at, start): when the line went out"})
	}
	if !h.has("code") && !h.has("airing") && !h.has("message") && !h.has("title") {
		bad = append(bad, counterpoint.FieldError{Field: "header", Message: "there is no column code, airing, message or title that says what went out"})
	}
	return bad
}

func (h header) has(column string) bool {
	_, ok := h.at[column]
	return ok
}

// columnOf is our name of a column or, for one that is not known, the known name it is a slip of.
func columnOf(name string) (column, like string) {
	key := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.()", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for column, names := range columns {
		if slices.Contains(names, key) {
			return column, ""
		}
	}
	if len(key) < 5 || len(key) > 20 {
		return "", ""
	}
	most := 1
	if len(key) >= 7 { // two letters swapped are two slips
		most = 2
	}
	for column := range columns {
		if len(column) > 3 && distance([]rune(key), []rune(column), most) <= most {
			return "", column
		}
	}
	return "", ""
}

// row reads one line.
func (h header) row(line string) (Row, error) {
	cells, err := fields(line, h.sep)
	if err != nil {
		return Row{}, err
	}
	if len(cells) != h.width {
		return Row{}, fmt.Errorf("has %d fields, the header names %d", len(cells), h.width)
	}
	get := func(column string) string {
		if i, ok := h.at[column]; ok {
			return cells[i]
		}
		return ""
	}
	row := Row{Station: get("station"), Code: get("code"), Airing: get("airing"), Message: get("message"), Title: get("title")}
	if row.Station == "" {
		row.Station = h.o.Station
	}
	if row.Aired, err = airedAt(get("date"), get("aired"), h.o.Zone); err != nil {
		return row, err
	}
	if row.Duration, err = durationOf(get("duration")); err != nil {
		return row, err
	}
	if l := get("lang"); l != "" {
		code, ok := counterpoint.Lang(l)
		if !ok {
			return row, fmt.Errorf("lang: %q is not an ISO 639 code", l)
		}
		row.Lang = code
	}
	row.Live, row.LiveText = liveOf(get("live"))
	return row, nil
}

var dateForms = []string{
	"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006/01/02 15:04:05", "2006/01/02 15:04", "02.01.2006 15:04:05", "02.01.2006 15:04",
}

// airedAt reads a time. Forms in which day and month could be mistaken for one another are refused, and so are
// local times that did not exist or came twice on the night the clocks changed.
func airedAt(date, text string, zone *time.Location) (time.Time, error) {
	if date != "" {
		text = date + " " + text
	}
	if text == "" {
		return time.Time{}, fmt.Errorf("aired: is empty; say when the line went out")
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 -0700"} {
		if t, err := time.Parse(form, text); err == nil {
			return saneTime(t)
		}
	}
	for _, form := range dateForms {
		if t, err := time.ParseInLocation(form, text, zone); err == nil {
			return localTime(t, text, form, zone)
		}
	}
	return time.Time{}, fmt.Errorf("aired: %q is not a time; write 2026-11-22 08:00:00 or, with a zone, 2026-11-22T08:00:00+01:00", clip(text))
}

func localTime(t time.Time, text, form string, zone *time.Location) (time.Time, error) {
	wall, err := time.Parse(form, text)
	if err != nil {
		return t, err
	}
	const clock = "2006-01-02 15:04:05"
	if wall.Format(clock) != t.Format(clock) {
		return t, fmt.Errorf("aired: %s did not exist in %s, the clocks were put forward", text, zone)
	}
	for _, by := range []time.Duration{-time.Hour, time.Hour} {
		if t.Add(by).Format(clock) == t.Format(clock) {
			return t, fmt.Errorf("aired: %s came twice in %s, the clocks were put back; write it with a zone, such as 2026-10-25T02:30:00+01:00", text, zone)
		}
	}
	return saneTime(t)
}

func saneTime(t time.Time) (time.Time, error) {
	if t.Year() < 2000 || t.Year() > 2199 {
		return t, fmt.Errorf("aired: the year %d cannot be right", t.Year())
	}
	return t.UTC(), nil
}

// durationOf reads seconds (90, 90.5) and clock forms (1:30, 00:01:30.500); empty is unknown.
func durationOf(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	bad := fmt.Errorf("duration: %q is not a length; write seconds or h:mm:ss", clip(text))
	parts := strings.Split(strings.TrimSuffix(text, "s"), ":")
	if len(parts) > 3 {
		return 0, bad
	}
	total := 0.0
	for i, p := range parts {
		last := i == len(parts)-1
		if last {
			p = strings.Replace(p, ",", ".", 1)
		}
		n, err := strconv.ParseFloat(p, 64)
		if err != nil || strings.Trim(p, "0123456789.") != "" || (!last && strings.Contains(p, ".")) || (i > 0 && n >= 60) {
			return 0, bad
		}
		total = total*60 + n
	}
	if total > 48*3600 {
		return 0, bad
	}
	return time.Duration(total * float64(time.Second)), nil
}

func liveOf(text string) (Live, string) {
	switch strings.ToLower(text) {
	case "on", "yes", "true", "1", "live", "l", "y":
		return LiveOn, ""
	case "off", "no", "false", "0", "auto", "automation", "scheduled", "s", "n":
		return LiveOff, ""
	case "", "-", "?", "unknown":
		return LiveUnknown, ""
	}
	return LiveUnknown, clip(text)
}

// clip shortens foreign text for a message.
func clip(s string) string {
	const most = 200
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
