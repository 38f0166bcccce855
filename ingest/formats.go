package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"counterpoint/ingest/transcript"
)

// Format is a kind of file that the door reads.
type Format struct {
	Name   string
	Detect func(name string, head []byte) bool
	Parse  func(r io.Reader, o transcript.Options, emit func(transcript.Parsed) error) error
}

// Formats is the table of formats. The first that knows a file reads it.
var Formats = []Format{
	{"vtt", detectVTT, transcript.VTT},
	{"trs", detectTRS, transcript.TRS},
	{"jsonl", detectJSONL, transcript.JSONL},
	{"whisper", detectWhisper, transcript.Whisper},
	{"srt", detectSRT, transcript.SRT},
	{"stm", detectSTM, transcript.STM},
	{"text", detectText, transcript.Text},
}

// FormatNames lists the formats as --format takes them.
func FormatNames() []string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return names
}

// format finds the parser of a file, by the name asked for or by looking.
func format(asked, name string, head []byte) (Format, error) {
	for _, f := range Formats {
		if f.Name == asked {
			return f, nil
		}
	}
	if asked != "" && asked != "auto" {
		return Format{}, fmt.Errorf("format %q is not known; known are auto, %s", asked, strings.Join(FormatNames(), ", "))
	}
	if why := unsupported(name, head); why != "" {
		return Format{}, fmt.Errorf("%s", why)
	}
	for _, f := range Formats {
		if f.Detect(name, narrow(head)) {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("is of no format known here (%s); name it: --format on the command line, format in the configuration", strings.Join(FormatNames(), ", "))
}

func ext(name string) string { return strings.ToLower(filepath.Ext(name)) }

// narrow makes UTF-16 look like the bytes the detectors know, well enough to tell the format.
func narrow(head []byte) []byte {
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if i := bytes.IndexByte(head[:min(len(head), 64)], 0); i >= 0 {
		head = bytes.TrimPrefix(bytes.TrimPrefix(head, []byte("\xff\xfe")), []byte("\xfe\xff"))
		head = bytes.ReplaceAll(head, []byte{0}, nil)
	}
	return head
}

func detectVTT(name string, head []byte) bool {
	return ext(name) == ".vtt" || bytes.HasPrefix(bytes.TrimSpace(head), []byte("WEBVTT"))
}

func detectTRS(name string, head []byte) bool {
	return ext(name) == ".trs" || bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) && bytes.Contains(head, []byte("<Trans"))
}

// itemKey tells a line of JSONL from a recogniser's JSON.
var itemKey = regexp.MustCompile(`"(source|locator|start_ms|end_ms|recorded)"\s*:`)

func detectJSONL(name string, head []byte) bool {
	if e := ext(name); e == ".jsonl" || e == ".ndjson" {
		return true
	}
	head = bytes.TrimSpace(head)
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if whole && !json.Valid(bytes.TrimSpace(line)) {
		return false // an object over many lines
	}
	return bytes.HasPrefix(head, []byte("{")) && itemKey.Match(line)
}

var asrKey = regexp.MustCompile(`"(segments|transcription|text|avg_logprob)"\s*:`)

func detectWhisper(_ string, head []byte) bool {
	t := bytes.TrimSpace(head)
	return (bytes.HasPrefix(t, []byte("{")) || bytes.HasPrefix(t, []byte("["))) && asrKey.Match(head)
}

var srtTime = regexp.MustCompile(`(?m)^\s*\d+:\d\d:\d\d[,.]\d+\s*-->\s*\d+:\d\d`)

func detectSRT(name string, head []byte) bool {
	return ext(name) == ".srt" || bytes.Contains(head, []byte("-->")) && srtTime.Match(bytes.ReplaceAll(head, []byte("\r"), []byte("\n")))
}

var stmLine = regexp.MustCompile(`^[^\s\[(]\S*\s+\S+\s+\S+\s+\d+(\.\d+)?\s+\d+(\.\d+)?(\s|$)`)

// detectSTM asks of the first lines that all be STM's: one line of plain text may look like it by chance.
func detectSTM(name string, head []byte) bool {
	if ext(name) == ".stm" {
		return true
	}
	n := 0
	for l := range bytes.Lines(head) {
		switch l = bytes.TrimSpace(l); {
		case len(l) == 0 || bytes.HasPrefix(l, []byte(";;")):
		case !stmLine.Match(l):
			return false
		case n == 4:
			return true
		default:
			n++
		}
	}
	return n > 0
}

// detectText takes what is text and claims to be nothing else.
func detectText(name string, head []byte) bool {
	switch ext(name) {
	case ".txt", ".text", ".md", "":
		return !bytes.Contains(head, []byte{0}) && !bytes.HasPrefix(bytes.TrimSpace(head), []byte("{"))
	}
	return false
}

// unsupported knows what people will send though it cannot be read, and says what to do instead.
func unsupported(name string, head []byte) string {
	if why := otherFormats[ext(name)]; why != "" {
		return why
	}
	t := bytes.TrimSpace(head)
	for _, m := range otherContents {
		if bytes.HasPrefix(t, []byte(m.start)) || m.anywhere && bytes.Contains(head, []byte(m.start)) {
			return otherFormats[m.ext]
		}
	}
	return ""
}

var otherFormats = func() map[string]string {
	m := map[string]string{
		".ttml": "TTML captions are not read yet; convert to WebVTT",
		".dfxp": "TTML captions are not read yet; convert to WebVTT",
		".sbv":  "YouTube's SBV captions are not read yet; convert to SRT or WebVTT",
		".stl":  "EBU STL captions are not read yet; convert to WebVTT",
		".ssa":  "SSA captions are not read yet; convert to WebVTT",
		".ass":  "ASS captions are not read yet; convert to WebVTT",
		".sub":  "MicroDVD and VobSub captions are not read; convert to SRT or WebVTT",
		".tsv":  "tables are not read yet; use the JSON, SRT or WebVTT of the same program",
		".csv":  "tables are not read yet; convert to JSONL",
		".eaf":  "ELAN files are not read yet; export as SRT or WebVTT",
		".pdf":  "PDF is not read; save the text as .txt",
		".docx": "Word files are not read; save the text as .txt",
		".zip":  "archives are not read; unpack it first",
		".xz":   "xz files are not read; unpack it first",
		".html": "web pages are not read from files yet; save the text as .txt",

		".textgrid": "Praat TextGrids are not read yet; export as text or WebVTT",
	}
	for _, e := range strings.Fields(".mp3 .wav .ogg .oga .opus .m4a .aac .flac .wma .mp4 .mkv .webm .mov .avi") {
		m[e] = "sound and video are not transcribed here; give the transcript, and the sound with --audio"
	}
	return m
}()

var otherContents = []struct {
	start, ext string
	anywhere   bool
}{
	{"[Script Info]", ".ssa", false},
	{"<tt ", ".ttml", false}, {"<tt>", ".ttml", false}, {"http://www.w3.org/ns/ttml", ".ttml", true},
	{"%PDF-", ".pdf", false},
	{"PK\x03\x04", ".zip", false},
	{"ID3", ".mp3", false}, {"RIFF", ".wav", false}, {"OggS", ".ogg", false}, {"fLaC", ".flac", false},
	{"<!DOCTYPE html", ".html", false}, {"<html", ".html", false},
}
