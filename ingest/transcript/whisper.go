package transcript

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"counterpoint"
)

// Whisper reads the JSON of openai-whisper, faster-whisper, whisperX, and whisper.cpp's command line (-oj, -ojf)
// and server (verbose_json). Word and token lists become weak spans and a mean; they are not kept.
func Whisper(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, unicode.UTF8)
	if err != nil {
		return err
	}
	w := &whisper{o: o, fix: &fixJSON{}}
	w.left = &budget{r: transform.NewReader(in, w.fix), left: maxValue, err: errValue}
	w.dec = json.NewDecoder(w.left)
	if err := w.top(); err != nil {
		if err := w.broken(w.why(err)); err != nil {
			return err
		}
	}
	if len(w.b.segments) == 0 && w.text != "" { // an answer without segments
		if err := w.segment(asrSegment{Text: w.text}); err != nil {
			return err
		}
	}
	if len(w.b.segments) == 0 {
		return refuse(0, "has no segment with words; Whisper's JSON has them under segments or transcription")
	}
	in.tell(o)
	if w.torn > 0 {
		o.note("%d segments have characters the recogniser tore, shown as \uFFFD", w.torn)
	}
	return emit(Parsed{Lang: w.lang, Segments: w.b.segments})
}

type whisper struct {
	o    Options
	b    builder
	fix  *fixJSON
	left *budget
	dec  *json.Decoder
	lang string
	text string
	torn int
}

// why turns the decoder's errors into refusals; errors of the disk stay what they are.
func (w *whisper) why(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	line := w.fix.lineAt(w.dec.InputOffset())
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return refuse(line, "the JSON ends in the middle: the file is cut off")
	case errors.As(err, &syntax):
		return refuse(line, "is not JSON: %s", syntax.Error())
	case errors.As(err, &kind):
		return refuse(line, "%s is a %s here", kind.Field, kind.Value)
	}
	return err
}

// broken keeps what was read before the fault and says where the rest was lost.
func (w *whisper) broken(err error) error {
	var refusal *Refusal
	if len(w.b.segments) == 0 || !errors.As(err, &refusal) {
		return err
	}
	w.o.reject(refusal.Line, "%s; the rest was not read", refusal.Reason)
	return nil
}

// top walks the outermost value: an object with the segments under a key, or a bare list of them.
func (w *whisper) top() error {
	t, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('['):
		return w.segments()
	case json.Delim('{'):
		return w.object()
	}
	return refuse(1, "is JSON but not of a recogniser: it starts with %v", t)
}

func (w *whisper) object() error {
	for w.dec.More() {
		key, err := w.dec.Token()
		if err != nil {
			return err
		}
		if err := w.member(key); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w *whisper) member(key json.Token) error {
	t, err := w.dec.Token()
	if err != nil {
		return err
	}
	w.left.left = maxValue
	switch open, _ := t.(json.Delim); {
	case (key == "segments" || key == "transcription") && open == '[':
		return w.segments()
	case (key == "result" || key == "info") && open == '{':
		return w.object()
	case open == '[' || open == '{':
		return w.pass()
	case key == "language":
		w.language(t)
	case key == "text":
		w.text, _ = t.(string)
	}
	return nil
}

func (w *whisper) language(t json.Token) {
	name, _ := t.(string)
	if name == "" {
		return
	}
	code, ok := counterpoint.Lang(name)
	if !ok {
		w.o.note("language %q is not known and was ignored", clip(name))
		return
	}
	w.lang = code
}

// pass skips the rest of a value that was opened.
func (w *whisper) pass() error {
	for depth := 1; depth > 0; {
		t, err := w.dec.Token()
		if err != nil {
			return err
		}
		w.left.left = maxValue
		line := w.fix.lineAt(w.dec.InputOffset())
		switch t {
		case json.Delim('['), json.Delim('{'):
			depth++
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
		if depth > 500 {
			return refuse(line, "is nested more than 500 deep")
		}
	}
	return nil
}

// segments decodes one segment at a time, so that memory holds the words of one only.
func (w *whisper) segments() error {
	for n := 1; w.dec.More(); n++ {
		var s asrSegment
		err := w.dec.Decode(&s)
		line := w.fix.lineAt(w.dec.InputOffset())
		w.left.left = maxValue
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			w.o.reject(line, "segment %d: %s cannot be a %s", n, kind.Field, kind.Value)
			continue
		}
		if err != nil {
			return err
		}
		if bad := checkTimes(s.times()); bad != "" {
			w.o.reject(line, "segment %d: %s", n, bad)
			continue
		}
		if err := w.segment(s); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w *whisper) segment(s asrSegment) error {
	text := tidy(s.Text)
	if strings.ContainsRune(text, utf8.RuneError) {
		w.torn++
	}
	label := string(s.Speaker)
	if label == "" {
		var rest string
		if label, rest = splitLabel(text, false); label != "" {
			text = rest
		}
	}
	name, role := w.o.speaker(label)
	words, weak := s.words(text)
	quality, doubt := gate(evidence{s.AvgLogprob, s.Compression, s.NoSpeech, words, text})
	start, end := s.times()
	return w.b.add(counterpoint.Segment{
		Text: text, StartMS: start, EndMS: end, Speaker: name, Role: role, Quality: quality, Doubt: doubt, Weak: weak,
	})
}

// asrSegment is a segment in any of the dialects; absent and null are nil.
type asrSegment struct {
	Start       *float64 `json:"start"`
	End         *float64 `json:"end"`
	Text        string   `json:"text"`
	AvgLogprob  *float64 `json:"avg_logprob"`
	Compression *float64 `json:"compression_ratio"`
	NoSpeech    *float64 `json:"no_speech_prob"`
	Words       []word   `json:"words"`
	Tokens      tokens   `json:"tokens"`
	Speaker     label    `json:"speaker"`
	Offsets     *struct {
		From *int64 `json:"from"`
		To   *int64 `json:"to"`
	} `json:"offsets"` // whisper.cpp's, in milliseconds
}

func (s asrSegment) times() (start, end *int64) {
	if s.Offsets != nil {
		return s.Offsets.From, s.Offsets.To
	}
	return seconds(s.Start), seconds(s.End)
}

// words are the mean probability of a segment's words (nil: not told) and where in its text the doubtful stand.
func (s asrSegment) words(text string) (mean *float64, weak []counterpoint.Span) {
	words := s.Words
	if len(words) == 0 {
		words = s.Tokens
	}
	sum, n := 0.0, 0
	at := finder{text: text}
	for _, w := range words {
		p := w.probability()
		form := strings.TrimSpace(w.form())
		if p == nil || form == "" || strings.HasPrefix(form, "[_") {
			continue
		}
		sum += *p
		n++
		if span, ok := at.find(form); ok && *p < .5 {
			weak = joinSpans(weak, span)
		}
	}
	if n == 0 {
		return nil, nil
	}
	sum /= float64(n)
	return &sum, weak
}

// word is a word with its probability, or a token of whisper.cpp with its p.
type word struct {
	Word        string   `json:"word"`
	Text        string   `json:"text"`
	Probability *float64 `json:"probability"`
	P           *float64 `json:"p"`
}

func (w word) form() string {
	if w.Word != "" {
		return w.Word
	}
	return w.Text
}

func (w word) probability() *float64 {
	p := w.Probability
	if p == nil {
		p = w.P
	}
	if p == nil || *p < 0 || *p > 1 {
		return nil
	}
	return p
}

// tokens are whisper.cpp's token objects. The bare numbers that openai-whisper has here tell nothing.
type tokens []word

// UnmarshalJSON ignores a list of numbers.
func (t *tokens) UnmarshalJSON(b []byte) error {
	rest := strings.TrimLeft(string(b[:min(len(b), 64)]), "[ \t\r\n")
	if !strings.HasPrefix(rest, "{") {
		return nil
	}
	return json.Unmarshal(b, (*[]word)(t))
}

// label is a speaker given as a word or a number; whisper.cpp's "?" is nobody.
type label string

// UnmarshalJSON takes a string, a number or null.
func (l *label) UnmarshalJSON(b []byte) error {
	s := string(b)
	if strings.HasPrefix(s, `"`) {
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
	}
	switch s = strings.TrimSpace(s); {
	case s == "null", s == "?", strings.HasPrefix(s, "{"), strings.HasPrefix(s, "["):
		return nil
	case generic(s):
		s = "SPEAKER " + s
	}
	*l = label(s)
	return nil
}

// finder finds the words of a segment one after the other in its text. It looks only a little ahead, so that
// words that are not there cost little.
type finder struct {
	text        string
	bytes, rune int
}

func (f *finder) find(form string) (counterpoint.Span, bool) {
	ahead := f.text[f.bytes:min(len(f.text), f.bytes+len(form)+64)]
	i := strings.Index(ahead, form)
	if i < 0 {
		return counterpoint.Span{}, false
	}
	start := f.rune + utf8.RuneCountInString(ahead[:i])
	f.bytes += i + len(form)
	f.rune = start + utf8.RuneCountInString(form)
	return counterpoint.Span{Start: start, End: f.rune}, true
}

// joinSpans appends a span, as one with the span before where nothing or a space lies between.
func joinSpans(spans []counterpoint.Span, s counterpoint.Span) []counterpoint.Span {
	if n := len(spans); n > 0 && s.Start-spans[n-1].End <= 1 {
		spans[n-1].End = s.End
		return spans
	}
	return append(spans, s)
}
