package transcript

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"

	"counterpoint"
)

// TRS reads Transcriber's XML in the encoding it declares. Each Sync (and each Who where two speak at once)
// begins a segment; noises, comments and pronunciations are not words. External entities are never read.
func TRS(r io.Reader, o Options, emit func(Parsed) error) error {
	head := make([]byte, 256)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head = head[:n]
	in, err := open(io.MultiReader(bytes.NewReader(head), r), declared(head))
	if err != nil {
		return err
	}
	t := trs{o: o, speakers: map[string]string{}}
	t.src = &budget{r: in, left: maxTRS, err: errTRS}
	t.dec = xml.NewDecoder(t.src)
	t.dec.Strict = false
	t.dec.Entity = xml.HTMLEntity
	t.dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // open has decoded
	if err := t.read(); err != nil {
		return err
	}
	if len(t.b.segments) == 0 {
		return refuse(0, "has no Turn with words in it; Transcriber's XML has them inside Trans")
	}
	in.tell(o)
	t.item.Segments = t.b.segments
	return emit(t.item)
}

// maxTRS bounds the file, as an XML decoder holds a run of text whole. A day of speech is a hundredth of it.
const maxTRS = 64 << 20

var errTRS = refuse(0, "is larger than %d MiB; split it", maxTRS>>20)

var xmlEncoding = regexp.MustCompile(`^\s*<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)

// declared is the encoding of an XML declaration; nil for UTF-8 and what is not known, which is then guessed.
func declared(head []byte) encoding.Encoding {
	m := xmlEncoding.FindSubmatch(head)
	if m == nil {
		return nil
	}
	e, err := htmlindex.Get(string(m[1]))
	if err != nil {
		return nil
	}
	if name, _ := htmlindex.Name(e); strings.HasPrefix(name, "utf-") {
		return nil
	}
	return e
}

type trs struct {
	o        Options
	b        builder
	src      *budget
	dec      *xml.Decoder
	item     Parsed
	speakers map[string]string // id to name

	inTurn  bool
	voices  []string // names of the turn's speakers
	who     int      // which of them speaks, from 1; 0 is the first
	from    *int64
	until   *int64 // end of the turn
	line    int
	text    strings.Builder
	waiting int // segments of this Sync whose end is not known yet
}

func (t *trs) read() error {
	for {
		tok, err := t.dec.Token()
		if errors.Is(err, io.EOF) {
			return t.endTurn()
		}
		if t.src.failed != nil {
			return t.src.failed
		}
		if err != nil {
			return t.broken(err)
		}
		if err := t.token(tok); err != nil {
			return err
		}
	}
}

// broken keeps what was read before the fault and says where the rest was lost.
func (t *trs) broken(fault error) error {
	line, _ := t.dec.InputPos()
	why := strings.TrimPrefix(fault.Error(), "xml: ")
	var syntax *xml.SyntaxError
	if errors.As(fault, &syntax) {
		line, why = syntax.Line, syntax.Msg
	}
	if err := t.endTurn(); err != nil {
		return err
	}
	if len(t.b.segments) == 0 {
		return refuse(line, "is not readable XML: %s", why)
	}
	t.o.reject(line, "the XML is broken from here on and the rest was not read: %s", why)
	return nil
}

func (t *trs) token(tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		return t.start(tok)
	case xml.EndElement:
		if tok.Name.Local == "Turn" {
			return t.endTurn()
		}
	case xml.CharData:
		if t.inTurn && t.text.Len() < maxText {
			t.text.Write(tok)
		}
	}
	return nil
}

func (t *trs) start(e xml.StartElement) error {
	switch e.Name.Local {
	case "Trans":
		t.item.Locator = recordingID(attr(e, "audio_filename"))
		t.item.Lang, _ = counterpoint.Lang(attr(e, "lang"))
	case "Episode":
		t.item.Title = tidy(attr(e, "program"))
		t.aired(attr(e, "air_date"))
	case "Speaker":
		if len(t.speakers) < 10_000 {
			t.speakers[attr(e, "id")] = attr(e, "name")
		}
	case "Turn":
		return t.turn(e)
	case "Sync":
		return t.sync(e)
	case "Who":
		if err := t.segment(); err != nil {
			return err
		}
		t.who, _ = strconv.Atoi(attr(e, "nb"))
	case "Event", "Comment", "Background":
		t.text.WriteByte(' ')
	}
	return nil
}

// aired reads the date of an episode: it says on which day the recording began, at best.
func (t *trs) aired(date string) {
	for _, layout := range []string{"2006-01-02", "20060102", "060102", "02/01/2006"} {
		if at, err := time.Parse(layout, strings.TrimSpace(date)); err == nil {
			t.item.Recorded, t.item.Precision = &at, counterpoint.Day
			return
		}
	}
}

func (t *trs) turn(e xml.StartElement) error {
	if err := t.endTurn(); err != nil {
		return err
	}
	t.inTurn, t.who, t.voices = true, 0, nil
	t.line, _ = t.dec.InputPos()
	t.from, t.until = t.seconds(e, "startTime"), t.seconds(e, "endTime")
	for id := range strings.FieldsSeq(attr(e, "speaker")) {
		if len(t.voices) < 10 {
			t.voices = append(t.voices, t.speakers[id])
		}
	}
	return nil
}

func (t *trs) sync(e xml.StartElement) error {
	at := t.seconds(e, "time")
	if err := t.segment(); err != nil {
		return err
	}
	t.close(at)
	t.from, t.who = at, 0
	t.line, _ = t.dec.InputPos()
	return nil
}

func (t *trs) endTurn() error {
	err := t.segment()
	t.close(t.until)
	t.inTurn = false
	return err
}

// segment ends the running text. Its end is told by the next Sync.
func (t *trs) segment() error {
	said := t.text.String()
	t.text.Reset()
	clean, lang := unmark(said)
	if clean == "" {
		return nil
	}
	name, role := t.o.speaker(t.voice())
	before := len(t.b.segments)
	err := t.b.add(counterpoint.Segment{
		Text: clean, StartMS: t.from, Speaker: name, Role: role, Lang: lang, Quality: counterpoint.Good,
	})
	t.waiting += len(t.b.segments) - before
	return err
}

func (t *trs) voice() string {
	switch {
	case t.who > 0 && t.who <= len(t.voices):
		return t.voices[t.who-1]
	case len(t.voices) > 0:
		return t.voices[0]
	}
	return ""
}

// close gives the waiting segments their end, and takes those back whose times cannot be.
func (t *trs) close(end *int64) {
	if t.waiting == 0 {
		return
	}
	first := len(t.b.segments) - t.waiting
	t.waiting = 0
	if bad := checkTimes(t.from, end); bad != "" {
		t.o.reject(t.line, "%s", bad)
		t.b.segments = t.b.segments[:first]
		return
	}
	for i := first; i < len(t.b.segments); i++ {
		t.b.segments[i].EndMS = end
	}
}

func (t *trs) seconds(e xml.StartElement, name string) *int64 {
	s := attr(e, name)
	at, ok := stmTime(s)
	if !ok {
		line, _ := t.dec.InputPos()
		t.o.reject(line, "%s %q of a %s is not a number of seconds; the words are kept without it", name, clip(s), e.Name.Local)
	}
	return at
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
