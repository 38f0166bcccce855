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

	Answered bool          // it belongs to the story that is answered already
	Took     time.Duration // how long after its beginning it came in, for those
}

// Told is how long ago the rumour that was answered came in.
const Told = 6 * time.Hour

// Files are the example's files in the order they are heard.
var Files = []File{
	{Source: "radio-savane", Name: "morning-line.vtt", Title: "Morning Line", Format: "vtt", Lang: "eng", Ago: 9 * time.Hour},
	{Source: "sms-bolo", Name: "field-reports.jsonl", Format: "jsonl", Ago: Told, Answered: true, Took: time.Minute},
	{Source: "radio-savane", Name: "village-voices.jsonl", Format: "jsonl", Ago: 7 * time.Hour},
	{Source: "radio-savane", Name: "journal-de-midi.srt", Title: "Journal de midi", Format: "srt", Lang: "fra", Ago: 6 * time.Hour},
	{Source: "radio-savane", Name: "magazine.trs", Title: "برنامج السوق", Format: "trs", Lang: "ara", Ago: 5 * time.Hour},
	{Source: "radio-savane", Name: "jioni.json", Title: "Habari za jioni", Format: "whisper", Lang: "swa", Ago: 4 * time.Hour},
	{Source: "radio-umoja", Name: "bulletin.txt", Title: "Bulletin", Format: "text", Lang: "eng", Ago: 3 * time.Hour, Answered: true, Took: 5 * time.Minute},
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
	Avoid     = "The accusation, and the name of the group that is accused."
	Script    = "The health office tested the well at Bolo on Tuesday. The water is safe to drink, for everybody. " +
		"Nobody put anything in it. If you hear another story, ask who saw it, and call the health office on the green number."
	ScriptSwahili = "Ofisi ya afya ilipima kisima cha Bolo siku ya Jumanne. Maji ni salama kwa kila mtu. " +
		"Ukisikia habari nyingine, uliza nani aliona, na upige simu kwa ofisi ya afya."
	Station = "radio-umoja"
)

// Rabat is the answer of the example's reviewer to the six questions on the rumour.
func Rabat() counterpoint.Rabat {
	part := func(r counterpoint.Rating, evidence string) counterpoint.Part {
		return counterpoint.Part{Rating: r, Evidence: evidence}
	}
	return counterpoint.Rabat{
		Context:    part(counterpoint.Met, "The wells are low, and the two sides of the bridge have not met since the dry season."),
		Speaker:    part(counterpoint.NotAssessable, ""),
		Intent:     part(counterpoint.Partly, "“people should chase them away tonight”; some only pass on what they heard."),
		Content:    part(counterpoint.Met, "A call to act, with a time."),
		Extent:     part(counterpoint.Partly, "Told at the bridge, not on air."),
		Likelihood: part(counterpoint.Met, "“tonight”; families are afraid."),
	}
}
