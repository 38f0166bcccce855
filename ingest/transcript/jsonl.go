package transcript

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/encoding/unicode"

	"counterpoint"
)

// maxJSONLine is the longest line of JSONL: a day of speech with times.
const maxJSONLine = 8 << 20

// JSONL reads one item a line. A bad line is rejected alone, and so is a bad segment of a good line.
func JSONL(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, unicode.UTF8)
	if err != nil {
		return err
	}
	l := newLines(in, maxJSONLine)
	for l.next() {
		text := bytes.TrimSpace(l.text)
		if len(text) == 0 {
			continue
		}
		if l.long {
			o.rejectItem(l.n, "a line of more than %d MiB; split the item", maxJSONLine>>20)
			continue
		}
		p, err := parseItem(l.n, text, o)
		if err != nil {
			o.rejectItem(l.n, "%s", err)
			continue
		}
		if err := emit(p); err != nil {
			return err
		}
	}
	in.tell(o)
	return l.err
}

func (o Options) rejectItem(line int, format string, args ...any) {
	if o.Reject != nil {
		o.Reject(counterpoint.Rejection{File: o.Name, Line: line, Reason: fmt.Sprintf(format, args...)}, true)
	}
}

// line is an item as JSONL has it.
type line struct {
	ID        string        `json:"id"`
	Source    string        `json:"source"`
	Locator   string        `json:"locator"`
	Title     string        `json:"title"`
	Lang      string        `json:"lang"`
	Recorded  string        `json:"recorded"`
	Published string        `json:"published"`
	URL       string        `json:"url"`
	Audio     string        `json:"audio"`
	Author    string        `json:"author"`
	Segments  []lineSegment `json:"segments"`
}

type lineSegment struct {
	Text    string   `json:"text"`
	StartMS *float64 `json:"start_ms"`
	EndMS   *float64 `json:"end_ms"`
	Speaker string   `json:"speaker"`
	Lang    string   `json:"lang"`
}

var (
	lineKeys    = []string{"id", "source", "locator", "title", "lang", "recorded", "published", "url", "audio", "author", "segments"}
	segmentKeys = []string{"text", "start_ms", "end_ms", "speaker", "lang"}
)

func parseItem(n int, text []byte, o Options) (Parsed, error) {
	var l line
	if err := decodeLine(text, &l); err != nil {
		return Parsed{}, err
	}
	p := Parsed{
		Source: l.Source, Locator: l.Locator, Title: tidy(l.Title), URL: l.URL, Audio: l.Audio, Author: o.author(l.Author), Line: n,
	}
	if p.Locator == "" {
		p.Locator = l.ID
	}
	sum := sha256.Sum256(text)
	p.Digest = hex.EncodeToString(sum[:])
	p.Lang = o.lang(n, l.Lang)
	if err := p.times(l, o.Zone); err != nil {
		return Parsed{}, err
	}
	var b builder
	for i, s := range l.Segments {
		if err := o.segment(&b, n, i, s); err != nil {
			return Parsed{}, err
		}
	}
	if len(b.segments) == 0 {
		return Parsed{}, errors.New(`has no segment with words; give "segments":[{"text":"…"}]`)
	}
	p.Segments = b.segments
	return p, nil
}

func (p *Parsed) times(l line, zone *time.Location) error {
	for _, f := range []struct {
		name, value string
		at          **time.Time
	}{{"published", l.Published, &p.Published}, {"recorded", l.Recorded, &p.Recorded}} {
		if f.value == "" {
			continue
		}
		t, precision, err := ParseTime(f.value, zone)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		*f.at, p.Precision = &t, precision
	}
	return nil
}

// lang maps a declared code; one that is not known is ignored and said.
func (o Options) lang(n int, code string) string {
	if code == "" {
		return ""
	}
	three, ok := counterpoint.Lang(code)
	if !ok {
		o.note("line %d: language %q is not an ISO 639 code and was ignored", n, clip(code))
	}
	return three
}

func (o Options) segment(b *builder, n, i int, s lineSegment) error {
	start, end := millis(s.StartMS), millis(s.EndMS)
	if bad := checkTimes(start, end); bad != "" {
		o.reject(n, "segment %d: %s", i+1, bad)
		return nil
	}
	name, role := o.speaker(s.Speaker)
	return b.add(counterpoint.Segment{
		Text: s.Text, StartMS: start, EndMS: end, Speaker: name, Role: role, Lang: o.lang(n, s.Lang), Quality: counterpoint.Good,
	})
}

func millis(f *float64) *int64 {
	if f == nil {
		return nil
	}
	ms := *f / 1000
	return seconds(&ms)
}

// decodeLine is strict, so that a misspelt key is an error and not a loss.
func decodeLine(text []byte, l *line) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(l); err != nil {
		return explain(err)
	}
	if dec.More() {
		return errors.New("more than one value on the line; put each item on a line of its own")
	}
	return nil
}

func explain(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("%s cannot be a %s", kind.Field, kind.Value)
	case errors.As(err, &syntax):
		return fmt.Errorf("is not JSON: %s", syntax.Error())
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("is not JSON: it ends in the middle")
	}
	if _, key, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return unknownKey(strings.Trim(key, `"`))
	}
	return err
}

// unknownKey tells a key that stands in the wrong place from one that there is not.
func unknownKey(key string) error {
	switch {
	case slices.Contains(segmentKeys, strings.ToLower(key)):
		return fmt.Errorf(`key %q belongs into segments: "segments":[{%q:…}]`, key, strings.ToLower(key))
	case slices.Contains(lineKeys, strings.ToLower(key)):
		return fmt.Errorf("key %q belongs to the item, beside segments and not into one", key)
	}
	return fmt.Errorf("unknown key %q%s", clip(key), counterpoint.DidYouMean(key, slices.Concat(lineKeys, segmentKeys)))
}
