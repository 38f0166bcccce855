package elastic

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"

	"counterpoint"
	"counterpoint/index"
)

// maxID is the longest id the server takes, in bytes.
const maxID = 512

// docID is the id under which a document is stored: its own, or a hash of one that the server would not take.
func docID(id string) string {
	if id != "" && len(id) <= maxID && utf8.ValidString(id) {
		return id
	}
	h := sha256.Sum256([]byte(id))
	return "sha256-" + hex.EncodeToString(h[:])
}

// key is a value as filters compare it. One too long for the server is cut and told apart by its hash.
func key(s string) string {
	if len(s) <= maxTerm {
		return s
	}
	h := sha256.Sum256([]byte(s))
	return cut(s, maxTerm-80) + "…" + hex.EncodeToString(h[:])
}

func keys(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, key(s))
		}
	}
	return out
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// source is a document as the server stores it.
type source struct {
	Doc       docString `json:"doc"`
	Rank      float64   `json:"rank"`
	Time      int64     `json:"time"`
	Tie       string    `json:"tie"`
	Day       int64     `json:"day"`
	Hour      int64     `json:"hour"`
	Source    []string  `json:"source,omitempty"`
	Lang      []string  `json:"lang,omitempty"`
	Label     []string  `json:"label,omitempty"`
	Level     *int      `json:"level,omitempty"`
	State     string    `json:"state,omitempty"`
	Item      []string  `json:"item,omitempty"`
	Narrative string    `json:"narrative,omitempty"`
	Message   string    `json:"message,omitempty"`
	Station   string    `json:"station,omitempty"`
	Terms     string    `json:"terms,omitempty"`
	Claim     string    `json:"claim,omitempty"` // of a record: by whom
}

// docString is JSON in a JSON string.
type docString []byte

// MarshalJSON quotes it. Compact JSON has no control characters, so two signs are all there is to escape.
func (d docString) MarshalJSON() ([]byte, error) {
	return d.quoted(make([]byte, 0, len(d)+len(d)/8+2)), nil
}

func (d docString) quoted(out []byte) []byte {
	out = append(out, '"')
	for _, c := range d {
		if c == '"' || c == '\\' {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return append(out, '"')
}

const emptyDoc = `{"doc":""`

// encode is json.Marshal, which would go through the document once more to see whether it is JSON.
func (s source) encode() ([]byte, error) {
	doc := s.Doc
	s.Doc = nil
	rest, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(rest, []byte(emptyDoc)) {
		return nil, fmt.Errorf("no place for the document in %.20s", rest)
	}
	out := make([]byte, 0, len(doc)+len(doc)/5+len(rest))
	out = doc.quoted(append(out, `{"doc":`...))
	return append(out, rest[len(emptyDoc):]...), nil
}

// UnmarshalJSON takes the string apart again.
func (d *docString) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*d = docString(s)
	return nil
}

func sourceOf(c index.Change) ([]byte, error) {
	f := c.Fields
	at := index.Nanos(f.Time)
	s := source{
		Doc: c.Doc, Rank: f.Rank, Time: at, Tie: key(tieOf(c)), Hour: bucket(at, time.Hour), Day: bucket(at, 24*time.Hour),
		Source: keys(single(c.Kind, "source", f.Source)), Lang: keys(single(c.Kind, "lang", f.Lang)), Label: keys(f.Label),
		Level: f.Level, State: key(f.State), Item: keys(single(c.Kind, "item", f.Item)), Narrative: key(f.Narrative),
		Message: key(f.Message), Station: key(f.Station), Terms: terms(f.Text),
	}
	b, err := s.encode()
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", c.Kind, c.ID, err)
	}
	return b, nil
}

func tieOf(c index.Change) string {
	if c.Fields.Tie != "" {
		return c.Fields.Tie
	}
	return c.ID
}

// single leaves the first value of a field that documents of the kind have once.
func single(kind counterpoint.Kind, field string, list []string) []string {
	if len(list) > 1 && !(field == "item" && kind == counterpoint.KindFlag) && !index.Multiple(kind, counterpoint.GroupBy(field)) {
		return list[:1]
	}
	return list
}

// terms are the terms of a text, separated by spaces, those too long for the server cut.
func terms(text string) string {
	if len(text) < maxTerm/maxFolded {
		return index.Joined(text)
	}
	list := index.Terms(text)
	for i := range list {
		list[i].Text = cut(list[i].Text, maxTerm)
	}
	return index.Join(list)
}

// maxFolded is more than how much longer folding makes a text.
const maxFolded = 16

// bucket is the number of the bucket a moment stands in, also before 1970.
func bucket(nanos int64, size time.Duration) int64 {
	n := nanos / int64(size)
	if nanos%int64(size) < 0 {
		n--
	}
	return n
}

func bucketKey(number int64, size time.Duration) string {
	return time.Unix(number*int64(size/time.Second), 0).UTC().Format(time.RFC3339)
}

// decode makes the fields of a stored document.
func decode(kind counterpoint.Kind, doc []byte) (index.Fields, error) {
	var v any
	switch kind {
	case counterpoint.KindItem:
		v = new(counterpoint.ItemView)
	case counterpoint.KindSegment:
		v = new(counterpoint.SegmentView)
	case counterpoint.KindFlag:
		v = new(counterpoint.Flag)
	case counterpoint.KindNarrative:
		v = new(counterpoint.Narrative)
	case counterpoint.KindMessage:
		v = new(counterpoint.Message)
	case counterpoint.KindAiring:
		v = new(counterpoint.Airing)
	case counterpoint.KindSource:
		v = new(counterpoint.Source)
	case counterpoint.KindAccount:
		v = new(counterpoint.Account)
	case counterpoint.KindAlert:
		v = new(counterpoint.Alert)
	case counterpoint.KindFollowup:
		v = new(counterpoint.Followup)
	case counterpoint.KindCollectors:
		v = new(counterpoint.Collectors)
	case counterpoint.KindEvent:
		v = new(counterpoint.Outcome)
	default:
		return index.Fields{}, nil
	}
	if err := json.Unmarshal(doc, v); err != nil {
		return index.Fields{}, fmt.Errorf("%s in the index: %w", kind, err)
	}
	return index.FieldsOf(v), nil
}

func positionID(topic string, part int) string {
	return docID("position." + topic + "." + strconv.Itoa(part))
}

func commitID(event string) string { return docID("outcome." + event) }
