package respond

import (
	"encoding/json"
	"fmt"
	"strings"

	"counterpoint"
)

// logFormat is a kind of playout log that says itself what it is.
type logFormat struct {
	name string
	is   func(text string) bool
	read func(text string, o LogOptions) ([]Row, []counterpoint.Rejection, error)
}

// logFormats is the table of them, asked in order. What is none of these is read as a table with a header of its own.
var logFormats = []logFormat{
	{"LibreTime", isLibreTime, readLibreTime},
	{"AzuraCast", isAzuraCast, readAzuraCast},
	{"AzuraCast's CSV", isAzuraCastCSV, refuseAzuraCastCSV},
	{"Rivendell", isRivendell, readRivendell},
	{"other JSON", isJSON, refuseJSON},
}

func isJSON(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[")
}

func refuseJSON(string, LogOptions) ([]Row, []counterpoint.Rejection, error) {
	return nil, nil, counterpoint.Invalid{{Field: "log", Message: "is JSON, and neither LibreTime's (an object with schedule, files and live_logs) nor AzuraCast's (the list of a station's history)"}}
}

// decoded is JSON text as T, or an error that says where it breaks off.
func decoded[T any](text string) (T, error) {
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return out, counterpoint.Invalid{{Field: "log", Message: fmt.Sprintf("is not whole: %v; export it again", err)}}
	}
	return out, nil
}

// firstLine is the header of a table.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	return strings.TrimRight(line, "\r")
}

// hasColumns reports whether a header names all of the columns.
func hasColumns(text string, names ...string) bool {
	line := firstLine(text)
	cells, err := fields(line, separator(line))
	if err != nil {
		return false
	}
	have := map[string]bool{}
	for _, c := range cells {
		have[strings.ToLower(c)] = true
	}
	for _, n := range names {
		if !have[n] {
			return false
		}
	}
	return true
}
