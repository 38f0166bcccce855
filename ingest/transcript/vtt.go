package transcript

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"counterpoint"
)

// VTT reads WebVTT: voices, settings, notes, styles, regions, HLS's shifted clock, and the rolling captions
// of recognisers, each line of which it takes once.
func VTT(r io.Reader, o Options, emit func(Parsed) error) error {
	in, err := open(r, nil)
	if err != nil {
		return err
	}
	v := vtt{cues: cues{o: o}, lines: newLines(in, maxLine)}
	if err := v.read(); err != nil {
		return err
	}
	if v.lines.err != nil {
		return v.lines.err
	}
	if err := v.finish("WebVTT"); err != nil {
		return err
	}
	in.tell(o)
	return emit(Parsed{Title: v.title, Lang: v.lang, Segments: v.b.segments})
}

type vtt struct {
	cues
	lines  *lines
	header bool // in the lines under WEBVTT
	aside  bool // in a NOTE, STYLE or REGION block
	open   int  // braces open in a STYLE block: one may hold blank lines
	title  string
	lang   string
}

func (v *vtt) read() error {
	for v.lines.next() {
		n, t := v.lines.n, bytes.TrimSpace(v.lines.text)
		if v.lines.long {
			v.o.reject(n, "a line of more than %d KiB was cut", maxLine>>10)
		}
		if n == 1 && !bytes.HasPrefix(t, []byte("WEBVTT")) {
			v.o.note("the first line is not WEBVTT")
		}
		if v.beside(n, t) {
			continue
		}
		if err := v.line(n, v.lines.text); err != nil {
			return err
		}
	}
	return nil
}

// beside takes the lines that are not captions.
func (v *vtt) beside(n int, t []byte) bool {
	timing := bytes.Contains(t, []byte("-->"))
	switch {
	case bytes.HasPrefix(t, []byte("WEBVTT")) && (v.cur == nil || n == 1): // also where files were joined
		v.orphans(0)
		v.header, v.shift = true, 0
		v.first(tidy(strings.TrimLeft(string(t[len("WEBVTT"):]), " \t-")))
	case timing:
		v.header, v.aside, v.open = false, false, 0
		return false
	case v.header:
		v.header = len(t) > 0
		v.meta(string(t))
	case v.aside:
		v.open += bytes.Count(t, []byte("{")) - bytes.Count(t, []byte("}"))
		v.aside = len(t) > 0 || v.open > 0
	case v.cur == nil && !v.skip && v.loose == 0 && blockName(t):
		v.aside, v.open = true, 0
	default:
		return false
	}
	return true
}

// first reads what follows WEBVTT: a title, or YouTube's "Kind: captions; Language: sw".
func (v *vtt) first(rest string) {
	if !strings.HasPrefix(rest, "Kind:") {
		v.title = rest
		return
	}
	for f := range strings.SplitSeq(rest, ";") {
		v.meta(strings.TrimSpace(f))
	}
}

// blockName knows the blocks that hold no caption, among them the Region: lines of older files.
func blockName(t []byte) bool {
	for _, name := range []string{"NOTE", "STYLE", "REGION", "Region:"} {
		rest, ok := bytes.CutPrefix(t, []byte(name))
		if ok && (len(rest) == 0 || rest[0] == ' ' || rest[0] == '\t' || name == "Region:") {
			return true
		}
	}
	return false
}

// meta reads a header line: Language, and the X-TIMESTAMP-MAP by which HLS shifts the clock.
func (v *vtt) meta(line string) {
	if lang, ok := strings.CutPrefix(line, "Language:"); ok {
		if code, ok := counterpoint.Lang(lang); ok {
			v.lang = code
		}
	}
	stamps, ok := strings.CutPrefix(line, "X-TIMESTAMP-MAP=")
	if !ok {
		return
	}
	var local, mpeg int64
	for f := range strings.SplitSeq(stamps, ",") {
		if s, ok := strings.CutPrefix(f, "LOCAL:"); ok {
			local, _ = parseClock(s)
		}
		if s, ok := strings.CutPrefix(f, "MPEGTS:"); ok {
			ticks, _ := strconv.ParseInt(strings.TrimSpace(s), 10, 40)
			mpeg = ticks / 90
		}
	}
	v.shift = mpeg - local
}
