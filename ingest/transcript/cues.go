package transcript

import (
	"bytes"
	"html"
	"slices"
	"strings"

	"counterpoint"
)

// doubtCaptions is why captions are weak: most are made by a recogniser, and none of them says.
const doubtCaptions = "the file does not say how sure the recogniser was"

// cue is a caption on its way to being segments.
type cue struct {
	start, end int64
	line       int
	lines      []string
	size       int
}

// maxCue is the most text a cue may hold; more is a file that is not what its name says.
const maxCue = 64 << 10

// cues is what WebVTT and SRT share: lines to cues, cues to segments.
type cues struct {
	o       Options
	b       builder
	cur     *cue
	skip    bool  // the current cue was rejected: its text goes too
	loose   int   // how many lines of text stand here that no time line came before
	first   int   // the first of them
	shift   int64 // added to every time
	rolling bool  // inline times were seen: this is a recogniser's rolling caption
	last    cue   // the cue before, cleaned
}

// line takes one line of the body.
func (c *cues) line(n int, text []byte) error {
	switch t := bytes.TrimSpace(text); {
	case bytes.Contains(t, []byte("-->")):
		return c.timing(n, string(t))
	case len(t) == 0 && len(text) > 0 && c.cur != nil && len(c.cur.lines) == 0:
		// A line of spaces is no blank line: rolling captions begin with one.
	case len(t) == 0:
		c.orphans(0)
		c.skip = false
		return c.flush()
	case c.skip:
	case c.cur == nil:
		if c.loose == 0 {
			c.first = n
		}
		if c.loose > 0 || !isNumber(t) { // a lone number is an index
			c.loose++
		}
	case c.cur.size+len(t) > maxCue:
		c.o.reject(c.cur.line, "a caption of more than %d KiB: is a blank line missing?", maxCue>>10)
		c.cur, c.skip = nil, true
	default:
		c.cur.lines = append(c.cur.lines, string(t))
		c.cur.size += len(t)
	}
	return nil
}

func isNumber(b []byte) bool { return len(bytes.Trim(b, "0123456789")) == 0 }

// timing ends the cue before, whose last line may be the index or id of this one, and starts the next.
func (c *cues) timing(n int, text string) error {
	c.skip = false
	if c.cur != nil {
		if k := len(c.cur.lines); k > 0 && isNumber([]byte(c.cur.lines[k-1])) {
			c.cur.lines = c.cur.lines[:k-1]
		}
	}
	c.orphans(1)
	if err := c.flush(); err != nil {
		return err
	}
	start, end, ok := parseTiming(text)
	if !ok {
		c.o.reject(n, "%q is not a time line such as 00:01:02.500 --> 00:01:04.000", clip(text))
		c.skip = true
		return nil
	}
	start, end = start+c.shift, end+c.shift
	if bad := checkTimes(&start, &end); bad != "" {
		c.o.reject(n, "%s", bad)
		c.skip = true
		return nil
	}
	c.cur = &cue{start: start, end: end, line: n}
	return nil
}

// orphans rejects text that no time line came before, except the last keep lines, which are a cue's name.
func (c *cues) orphans(keep int) {
	if c.loose > keep {
		c.o.reject(c.first, "text without a time line before it")
	}
	c.loose = 0
}

func (c *cues) flush() error {
	q := c.cur
	c.cur = nil
	if q == nil {
		return nil
	}
	voice := ""
	var said []utterance
	var clean []string
	for _, l := range q.lines {
		if !c.rolling && inlineTime(l) {
			c.rolling = true
		}
		var us []utterance
		us, voice = voices(l, voice)
		said = append(said, us...)
		clean = append(clean, joined(us, ""))
	}
	if k := c.repeated(q, clean); k > 0 {
		return c.roll(q, clean, k)
	}
	c.last = cue{start: q.start, end: q.end, lines: clean}
	return c.utterances(q, said)
}

// roll takes what is new of a rolling caption: the lines after the first k, which the cue before showed.
func (c *cues) roll(q *cue, clean []string, k int) error {
	fresh := strings.Join(clean[k:], " ")
	if tidy(fresh) == "" {
		if n := len(c.b.segments); n > 0 {
			end := max(q.end, *c.b.segments[n-1].EndMS)
			c.b.segments[n-1].EndMS = &end
		}
		c.last.end = max(c.last.end, q.end)
		return nil
	}
	c.last = cue{start: q.start, end: q.end, lines: clean}
	return c.utterances(q, []utterance{{text: fresh}})
}

// repeated is how many leading lines of a cue the cue before ended with. It looks only where captions roll
// (inline times, cues that overlap or last a frame): elsewhere a repetition was said.
func (c *cues) repeated(q *cue, clean []string) int {
	if q.start > c.last.end+100 || !(c.rolling || q.start < c.last.end || q.end-q.start <= 20) {
		return 0
	}
	old, now := filled(c.last.lines), filled(clean)
	for k := min(len(old), len(now), 4); k > 0; k-- {
		if slices.Equal(old[len(old)-k:], now[:k]) {
			return len(clean) - len(now) + k
		}
	}
	return 0
}

// filled is the lines without empty ones at either end.
func filled(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// utterances makes a segment of what each voice says in a cue.
func (c *cues) utterances(q *cue, said []utterance) error {
	for i := 0; i < len(said); {
		voice, from := said[i].voice, i
		for ; i < len(said) && said[i].voice == voice; i++ {
		}
		text := joined(said[from:i], " ")
		if voice == "" {
			voice, text = splitLabel(text, false)
		}
		name, role := c.o.speaker(voice)
		s := counterpoint.Segment{
			Text: text, StartMS: &q.start, EndMS: &q.end, Speaker: name, Role: role,
			Quality: counterpoint.Weak, Doubt: doubtCaptions,
		}
		if err := c.b.add(s); err != nil {
			return err
		}
	}
	return nil
}

// end closes the last cue and says what kind of nothing an empty file is.
func (c *cues) finish(format string) error {
	c.orphans(0)
	if err := c.flush(); err != nil {
		return err
	}
	if len(c.b.segments) == 0 {
		return refuse(0, "has no %s caption with a time and words", format)
	}
	return nil
}

// parseTiming reads "start --> end settings".
func parseTiming(text string) (start, end int64, ok bool) {
	from, to, _ := strings.Cut(text, "-->")
	to = strings.TrimSpace(to)
	if i := strings.IndexAny(to, " \t"); i >= 0 {
		to = to[:i]
	}
	start, ok1 := parseClock(from)
	end, ok2 := parseClock(to)
	return start, end, ok1 && ok2
}

// utterance is a run of text in one voice.
type utterance struct{ voice, text string }

// voices strips the markup of a caption line: <v Name> changes the voice, other tags and SRT's {\an8} go,
// entities are decoded last, so that an escaped tag stays text. It returns the voice the line ends in.
func voices(line, voice string) ([]utterance, string) {
	var out []utterance
	var b strings.Builder
	say := func() {
		if b.Len() > 0 {
			out = append(out, utterance{voice, html.UnescapeString(b.String())})
			b.Reset()
		}
	}
	for line != "" {
		i := strings.IndexAny(line, "<{")
		if i < 0 {
			break
		}
		n := tagLength(line[i:])
		if n == 0 {
			b.WriteString(line[:i+1])
			line = line[i+1:]
			continue
		}
		b.WriteString(line[:i])
		tag := line[i : i+n]
		line = line[i+n:]
		if name, ok := voiceName(tag); ok {
			say()
			voice = name
		}
	}
	b.WriteString(line)
	say()
	return out, voice
}

// maxTag bounds the search for the end of a tag, so that a line of open brackets costs no more than its length.
const maxTag = 400

// tagLength is the length of the tag at the start of s, 0 where there is none: "3 < 4" is text.
func tagLength(s string) int {
	closing := byte('>')
	switch {
	case len(s) < 2:
		return 0
	case s[0] == '{' && s[1] != '\\':
		return 0
	case s[0] == '{':
		closing = '}'
	case s[1] != '/' && !(s[1] >= 'a' && s[1] <= 'z' || s[1] >= 'A' && s[1] <= 'Z' || s[1] >= '0' && s[1] <= '9'):
		return 0
	}
	return strings.IndexByte(s[:min(len(s), maxTag)], closing) + 1
}

// voiceName is the name in <v Name> or <v.loud Name>; </v> ends the voice.
func voiceName(tag string) (string, bool) {
	if tag == "</v>" {
		return "", true
	}
	if !strings.HasPrefix(tag, "<v") || len(tag) < 4 || tag[2] != ' ' && tag[2] != '.' && tag[2] != '\t' {
		return "", false
	}
	_, name, _ := strings.Cut(strings.TrimSuffix(tag, ">"), " ")
	return html.UnescapeString(tidy(name)), true
}

func joined(us []utterance, by string) string {
	var b strings.Builder
	for _, u := range us {
		b.WriteString(u.text)
		b.WriteString(by)
	}
	return tidy(b.String())
}

// inlineTime finds a <00:00:17.500> or <c> between words: a recogniser's rolling captions have them.
func inlineTime(line string) bool {
	for {
		i := strings.IndexByte(line, '<')
		if i < 0 || i+2 > len(line) {
			return false
		}
		line = line[i+1:]
		if line[0] >= '0' && line[0] <= '9' && strings.Contains(line[:min(len(line), 16)], ":") {
			return true
		}
	}
}

// clip keeps a quotation in a message short.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
