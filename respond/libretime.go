package respond

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"counterpoint"
)

// libreTime is what LibreTime's API answered, put into one object by the names of its addresses: /schedule, and the
// /files, /show-instances and /live-logs that it refers to. Its playout-history is of no use: it has no filter.
type libreTime struct {
	Schedule []json.RawMessage `json:"schedule"`
	Files    []struct {
		ID    int    `json:"id"`
		Title string `json:"track_title"`
		Name  string `json:"name"`
		Path  string `json:"filepath"`
	} `json:"files"`
	Instances []struct {
		ID   int    `json:"id"`
		Ends string `json:"ends_at"`
	} `json:"show_instances"`
	LiveLogs []struct {
		State string `json:"state"` // L live, S scheduled
		Start string `json:"start_time"`
		End   string `json:"end_time"` // empty while it lasts
	} `json:"live_logs"`
}

// scheduled is an entry of /schedule. played says that the file was handed to the player, also while a presenter was
// on air; broadcasted that the scheduled source was on when it began, and is never taken back.
type scheduled struct {
	ID          int    `json:"id"`
	Starts      string `json:"starts_at"`
	Ends        string `json:"ends_at"`
	Instance    int    `json:"instance_id"`
	File        int    `json:"file_id"`
	Length      string `json:"length"`
	Broadcasted int    `json:"broadcasted"`
	Played      *bool  `json:"played"`
	Overbooked  bool   `json:"overbooked"`
}

func isLibreTime(text string) bool {
	return isJSON(text) && strings.HasPrefix(strings.TrimSpace(text), "{") && strings.Contains(text, `"schedule"`)
}

func readLibreTime(text string, o LogOptions) ([]Row, []counterpoint.Rejection, error) {
	log, err := decoded[libreTime](text)
	if err != nil {
		return nil, nil, err
	}
	if len(log.Files) == 0 && len(log.Schedule) > 0 {
		return nil, nil, counterpoint.Invalid{{Field: "files", Message: "the export has a schedule and no files: which file an entry played cannot be told; add the answer of /files"}}
	}
	live, err := log.live()
	if err != nil {
		return nil, nil, err
	}
	var rows []Row
	var bad []counterpoint.Rejection
	for i, raw := range log.Schedule {
		row, err := log.row(raw, live)
		row.File, row.Line, row.Station = o.File, i+1, o.Station
		if err != nil {
			bad = append(bad, counterpoint.Rejection{File: o.File, Line: i + 1, Reason: err.Error()})
			continue
		}
		rows = append(rows, row)
	}
	return rows, bad, nil
}

// span is a time during which a live source was on air.
type span struct{ from, to time.Time }

// live are the times of live sources; nil where the export says nothing about them.
func (l libreTime) live() ([]span, error) {
	if l.LiveLogs == nil {
		return nil, nil
	}
	out := []span{}
	for i, s := range l.LiveLogs {
		if s.State != "L" {
			continue
		}
		from, err := exactTime(s.Start)
		if err != nil {
			return nil, counterpoint.Invalid{{Field: fmt.Sprintf("live_logs[%d].start_time", i), Message: err.Error()}}
		}
		to := time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
		if s.End != "" {
			if to, err = exactTime(s.End); err != nil {
				return nil, counterpoint.Invalid{{Field: fmt.Sprintf("live_logs[%d].end_time", i), Message: err.Error()}}
			}
		}
		out = append(out, span{from, to})
	}
	return out, nil
}

func (l libreTime) row(raw json.RawMessage, live []span) (Row, error) {
	var s scheduled
	if err := json.Unmarshal(raw, &s); err != nil {
		return Row{}, fmt.Errorf("is not an entry of a schedule: %w", err)
	}
	row := Row{Text: string(raw), Title: l.title(s.File)}
	var err error
	if row.Aired, err = exactTime(s.Starts); err != nil {
		return row, fmt.Errorf("starts_at: %w", err)
	}
	ends, err := exactTime(s.Ends)
	if err != nil {
		return row, fmt.Errorf("ends_at: %w", err)
	}
	for _, show := range l.Instances { // the API cuts ends_at at the end of the show, the database does not
		if end, err := exactTime(show.Ends); show.ID == s.Instance && err == nil && end.Before(ends) {
			ends = end
		}
	}
	row.Duration = max(0, ends.Sub(row.Aired))
	if row.Whole, err = durationOf(s.Length); err != nil {
		return row, fmt.Errorf("length: %w", err)
	}
	row.Off = s.off()
	row.heard(live, ends)
	return row, nil
}

// off is why the entry was not heard.
func (s scheduled) off() string {
	played := s.Played != nil && *s.Played
	switch {
	case s.Overbooked:
		return "overbooked: its show had no time left for it"
	case s.Broadcasted > 0:
		return ""
	case played:
		return "overridden: the player ran it while another source was on air"
	}
	return "scheduled and not played"
}

// heard compares the play with the times of live sources.
func (r *Row) heard(live []span, ends time.Time) {
	if live == nil {
		return
	}
	r.Live = LiveOff
	for _, l := range live {
		if l.from.Before(ends) && r.Aired.Before(l.to) {
			r.Live, r.LiveText = LiveOn, fmt.Sprintf("a live source was on air from %s", when(l.from))
			return
		}
	}
}

func (l libreTime) title(file int) string {
	for _, f := range l.Files {
		if f.ID == file {
			return strings.TrimSpace(f.Title + " " + f.Name + " " + f.Path)
		}
	}
	return "file " + strconv.Itoa(file)
}

// exactTime is a time that names its zone, as APIs write it.
func exactTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q is not a time with a zone such as 2026-03-01T08:00:00Z", clip(text))
	}
	return saneTime(t)
}
