package respond

import (
	"fmt"
	"strings"
	"time"

	"counterpoint"
)

// Rivendell's table ELR_LINES, saved with its header, has a line for the start of each event and one for its stop, by
// the clock of the station. EXT_EVENT_ID is what we gave it in the traffic import. STATION_NAME is a computer and
// SERVICE_NAME a programme, neither is the radio station.
func isRivendell(text string) bool { return hasColumns(text, "event_datetime", "event_type") }

// elrLine is a line of the table.
type elrLine struct {
	row         Row
	stop, onAir bool
	key         string // what start and stop have in common
}

func readRivendell(text string, o LogOptions) ([]Row, []counterpoint.Rejection, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	all := lines(text)
	head := strings.TrimLeft(all[0], "\ufeff")
	sep := separator(head)
	names, err := fields(head, sep)
	if err != nil {
		return nil, nil, counterpoint.Invalid{{Field: "header", Message: err.Error()}}
	}
	if !hasColumns(text, "title") && !hasColumns(text, "ext_event_id") {
		return nil, nil, counterpoint.Invalid{{Field: "header", Message: "there is neither a column EXT_EVENT_ID nor TITLE that says what went out"}}
	}
	var rows []Row
	var bad []counterpoint.Rejection
	open := map[string]int{} // what has started, by key
	for i, text := range all[1:] {
		if strings.Trim(text, " \t,;|") == "" {
			continue
		}
		line, err := readELR(names, text, sep, o)
		line.row.File, line.row.Line, line.row.Text = o.File, i+2, text
		switch at, begun := open[line.key]; {
		case err != nil:
			bad = append(bad, counterpoint.Rejection{File: o.File, Line: i + 2, Reason: err.Error()})
		case !line.stop:
			open[line.key] = len(rows)
			rows = append(rows, line.begun())
		case begun:
			rows[at].stopped(line.row.Aired)
			delete(open, line.key)
		}
	}
	return rows, bad, nil
}

func readELR(names []string, text string, sep byte, o LogOptions) (elrLine, error) {
	cells, err := fields(text, sep)
	if err != nil {
		return elrLine{}, err
	}
	if len(cells) != len(names) {
		return elrLine{}, fmt.Errorf("has %d fields, the header names %d", len(cells), len(names))
	}
	at := map[string]string{}
	for i, n := range names {
		if v := cells[i]; v != "NULL" && v != `\N` {
			at[strings.ToLower(n)] = v
		}
	}
	l := elrLine{onAir: strings.EqualFold(at["onair_flag"], "Y") || at["onair_flag"] == ""}
	switch at["event_type"] {
	case "1":
	case "2":
		l.stop = true
	default:
		return l, fmt.Errorf("EVENT_TYPE: %q is neither 1 (start) nor 2 (stop)", clip(at["event_type"]))
	}
	l.row = Row{Station: o.Station, Title: at["title"] + " " + at["ext_event_id"] + " " + at["ext_cart_name"] + " " + at["description"]}
	l.key = strings.Join([]string{at["service_name"], at["log_id"], at["cart_number"], at["cut_number"], at["ext_event_id"], at["title"]}, "\x00")
	l.row.Aired, err = airedAt("", at["event_datetime"], o.Zone)
	return l, err
}

// noStop is what is said of a start whose stop is not in the log.
const noStop = "cut short: the log has its start and no stop"

func (l elrLine) begun() Row {
	row := l.row
	row.Cut = noStop
	if !l.onAir {
		row.Off = "played while the studio was not on air"
	}
	return row
}

func (r *Row) stopped(at time.Time) {
	r.Cut = ""
	if d := at.Sub(r.Aired); d > 0 {
		r.Duration = d
	}
}
