package respond

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"counterpoint"
)

// azuraPlay is an entry of a station's history as AzuraCast's API lists it. A name in streamer says that a person was
// connected live.
type azuraPlay struct {
	ID       int     `json:"sh_id"`
	PlayedAt int64   `json:"played_at"`
	Duration float64 `json:"duration"`
	Streamer string  `json:"streamer"`
	Song     struct {
		Text  string `json:"text"`
		Title string `json:"title"`
		Album string `json:"album"`
	} `json:"song"`

	line int
	text string
}

func isAzuraCast(text string) bool {
	return strings.HasPrefix(strings.TrimSpace(text), "[") && strings.Contains(text, `"sh_id"`)
}

// isAzuraCastCSV knows the table that AzuraCast's reports are saved as.
func isAzuraCastCSV(text string) bool {
	return hasColumns(text, "date", "time", "listeners", "delta", "track", "streamer")
}

func refuseAzuraCastCSV(string, LogOptions) ([]Row, []counterpoint.Rejection, error) {
	return nil, nil, counterpoint.Invalid{{Field: "log", Message: "is AzuraCast's CSV, whose times have no seconds and no zone; save the JSON of /api/station/ID/history?start=…&end=… instead"}}
}

func readAzuraCast(text string, o LogOptions) ([]Row, []counterpoint.Rejection, error) {
	list, err := decoded[[]json.RawMessage](text)
	if err != nil {
		return nil, nil, err
	}
	var plays []azuraPlay
	var bad []counterpoint.Rejection
	for i, raw := range list {
		p := azuraPlay{line: i + 1, text: compact(raw)}
		if err := json.Unmarshal(raw, &p); err != nil || !p.sane() {
			bad = append(bad, counterpoint.Rejection{File: o.File, Line: i + 1, Reason: "is not an entry of a history: it needs played_at, in seconds since 1970, and a duration in seconds"})
			continue
		}
		plays = append(plays, p)
	}
	slices.SortStableFunc(plays, func(a, b azuraPlay) int { return int(a.PlayedAt - b.PlayedAt) })
	var rows []Row
	for i, p := range plays {
		row := p.row(o)
		if i+1 < len(plays) {
			row.until(plays[i+1])
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b Row) int { return a.Line - b.Line })
	return rows, bad, nil
}

// sane reports whether it was played at a time that can be, for a time that can be.
func (p azuraPlay) sane() bool {
	_, err := saneTime(time.Unix(p.PlayedAt, 0).UTC())
	return p.PlayedAt > 0 && err == nil && p.Duration >= 0 && p.Duration <= 48*3600
}

func (p azuraPlay) row(o LogOptions) Row {
	row := Row{
		File: o.File, Line: p.line, Text: p.text, Station: o.Station, Aired: time.Unix(p.PlayedAt, 0).UTC(),
		Title: strings.TrimSpace(p.Song.Title + " " + p.Song.Text + " " + p.Song.Album), Duration: seconds(p.Duration), Whole: seconds(p.Duration), Live: LiveOff,
	}
	if p.Streamer != "" {
		row.Live, row.LiveText = LiveOn, "live from "+clip(p.Streamer)
	}
	return row
}

// crossfade is by how much one play may run into the next.
const crossfade = 5 * time.Second

// until ends the play where the next begins, and says so where that is a live source.
func (r *Row) until(next azuraPlay) {
	begins := time.Unix(next.PlayedAt, 0)
	if r.Duration == 0 || begins.Sub(r.Aired)+crossfade >= r.Duration {
		return
	}
	r.Duration = begins.Sub(r.Aired)
	if next.Streamer != "" && r.Live == LiveOff {
		r.Live, r.LiveText = LiveOn, fmt.Sprintf("live from %s at %s", clip(next.Streamer), when(begins))
	}
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}
