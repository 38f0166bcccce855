// Package examples is the built-in example: a small invented mission that a newcomer sees when the program
// starts in an empty folder. Places, people and groups in it do not exist; what is hateful in it is so only
// as far as the example needs.
package examples

import (
	"embed"
	"io"
	"time"

	"counterpoint"
)

//go:embed mission
var mission embed.FS

// File is one file of the example, as it would lie in a watched folder.
type File struct {
	Source string        // Source.ID it belongs to
	Name   string        // as given to ingest
	Title  string        // of the programme
	Format string        // as in the table of formats
	Lang   string        // declared; empty lets the detector decide
	Ago    time.Duration // how long before now the recording began
}

// Files are the example's files in the order they are heard.
var Files = []File{
	{"radio-savane", "morning-line.vtt", "Morning Line", "vtt", "eng", 9 * time.Hour},
	{"sms-bolo", "field-reports.jsonl", "", "jsonl", "", 8 * time.Hour},
	{"radio-savane", "village-voices.jsonl", "", "jsonl", "", 7 * time.Hour},
	{"radio-savane", "journal-de-midi.srt", "Journal de midi", "srt", "fra", 6 * time.Hour},
	{"radio-savane", "magazine.trs", "برنامج السوق", "trs", "ara", 5 * time.Hour},
	{"radio-savane", "jioni.json", "Habari za jioni", "whisper", "swa", 4 * time.Hour},
	{"radio-umoja", "bulletin.txt", "Evening bulletin", "text", "eng", 2 * time.Hour},
}

// Open is the content of a file.
func Open(name string) ([]byte, error) { return mission.ReadFile("mission/" + name) }

// Reader is a file for reading.
func Reader(name string) (io.ReadCloser, error) { return mission.Open("mission/" + name) }

// Sources are the example's sources.
func Sources() []counterpoint.Source {
	return []counterpoint.Source{
		{
			ID: "radio-savane", Name: "Radio Savane", Kind: counterpoint.Radio, Owner: "Savane Media", Country: "XA",
			Languages: []string{"eng", "fra", "swa", "ara", "hau", "lin", "som", "por"}, Reach: 40_000, Basis: "public broadcast", Example: true,
		},
		{
			ID: "radio-umoja", Name: "Radio Umoja", Kind: counterpoint.Radio, Owner: "The mission", Country: "XA",
			Languages: []string{"eng", "swa"}, Reach: 25_000, Basis: "own station", Own: true, Example: true,
		},
		{
			ID: "sms-bolo", Name: "SMS line of Bolo", Kind: counterpoint.Report, Owner: "Community alert network", Country: "XA",
			Languages: []string{"eng"}, Basis: "reports sent to the mission", Example: true,
		},
	}
}

// Narrative, Script and Audience are the answer that the example already gave.
const (
	Narrative = "The well at Bolo was poisoned"
	Summary   = "A rumour says that one group put poison into the well at Bolo. Nobody saw it; the health office was asked to test the water."
	Audience  = "Families around Bolo and Kanzara"
	Avoid     = "Do not repeat who is accused."
	Script    = "The health office tested the well at Bolo on Tuesday. The water is safe to drink, for everybody. " +
		"Nobody put anything in it. If you hear another story, ask who saw it, and call the health office on the green number."
	ScriptSwahili = "Ofisi ya afya ilipima kisima cha Bolo siku ya Jumanne. Maji ni salama kwa kila mtu. " +
		"Ukisikia habari nyingine, uliza nani aliona, na upige simu kwa ofisi ya afya."
	Station = "radio-umoja"
)
