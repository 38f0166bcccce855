package counterpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Precision says how exactly a time is known. It is carried into every interval made from that time.
type Precision string

// The precisions, from exact to none.
const (
	Second  Precision = "second"
	Minute  Precision = "minute"
	Hour    Precision = "hour"
	Day     Precision = "day"
	Unknown Precision = "unknown"
)

// Quality is how far the words of a segment can be trusted.
type Quality string

// The qualities. Weak is also what an engine without confidences gets, until a person listens.
const (
	Good     Quality = "good"
	Weak     Quality = "weak"
	Unusable Quality = "unusable"
)

// Item is one page, post, broadcast recording or report, or one numbered part of it: a stream record is
// bounded, so the segments of a long recording travel as several parts that share every field but
// Part, Segments and Context.
type Item struct {
	ID        string     `json:"id"`     // ItemID(Source, Locator)
	Source    string     `json:"source"` // Source.ID
	Kind      SourceKind `json:"kind"`   // the source's, so that classify needs no register
	Owner     string     `json:"owner"`  // the source's owner; where none is named the host of what was collected, else the source's id
	Reach     int        `json:"reach"`  // the source's listeners or followers; 0 is unknown
	Country   string     `json:"country,omitempty"`
	Locator   string     `json:"locator"`  // canonical URL, feed guid, recording id, or hash of the bytes
	Revision  string     `json:"revision"` // Revision(segments)
	Title     string     `json:"title"`
	Lang      string     `json:"lang,omitempty"`      // as declared by the file or the person who sent it
	Languages []string   `json:"languages,omitempty"` // the source's
	URL       string     `json:"url,omitempty"`
	Audio     string     `json:"audio,omitempty"`    // URL or file of the sound, for playing at an offset
	Author    string     `json:"author,omitempty"`   // keyed pseudonym, never a name
	Cell      string     `json:"cell,omitempty"`     // of a community report: the cell of the grid it came from, never finer
	Place     string     `json:"place,omitempty"`    // of a community report: an area of the mission's closed list
	MayName   bool       `json:"may_name,omitempty"` // the words seem to name people
	Format    string     `json:"format,omitempty"`   // vtt, srt, whisper, trs, stm, text, jsonl; web, feed

	Recorded  *time.Time `json:"recorded"`          // start of the recording; nil is unknown
	Precision Precision  `json:"precision"`         // of Recorded or Published
	Published *time.Time `json:"published"`         // of a page, post or report; for radio see HeardAt
	Seen      time.Time  `json:"seen"`              // when it came through the door
	Own       bool       `json:"own,omitempty"`     // of a station of ours: may prove an airing
	Example   bool       `json:"example,omitempty"` // part of the built-in example
	Clock     bool       `json:"clock,omitempty"`   // segments have times
	Erased    bool       `json:"erased,omitempty"`  // a mark: see ErasedItem

	Part     int       `json:"part"`  // from 1
	Parts    int       `json:"parts"` // how many there are
	Segments []Segment `json:"segments"`
	// Context is the last minute of the part before, so that a passage may cross the cut. It is
	// judged with its own part, not with this one.
	Context []Segment `json:"context,omitempty"`
}

// Segment is a paragraph, or an utterance with its times: the unit of search, filters and counts.
type Segment struct {
	Seq     int     `json:"seq"` // from 0 through the whole item, across parts
	Text    string  `json:"text"`
	StartMS *int64  `json:"start_ms"` // from the start of the recording; nil for text without time
	EndMS   *int64  `json:"end_ms"`
	Speaker string  `json:"speaker,omitempty"`
	Role    Role    `json:"role,omitempty"`
	Lang    string  `json:"lang,omitempty"` // as marked in the file, such as Kallaama's :fra
	Quality Quality `json:"quality"`
	Doubt   string  `json:"doubt,omitempty"` // why the quality is not good, in words
	Weak    []Span  `json:"weak,omitempty"`  // words the recogniser was unsure of
}

// Role is a speaker's part in a broadcast, where the transcript says it.
type Role string

// The roles. The zero Role is unknown.
const (
	Host     Role = "host"
	Caller   Role = "caller"
	Guest    Role = "guest"
	Reporter Role = "reporter"
)

// Span is a range of runes of the original text, End exclusive.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Revision is the hash of an item's text as identity sees it: new timecodes or spacing are not a revision,
// new words are.
func Revision(segments []Segment) string {
	h := sha256.New()
	var b []byte
	for _, s := range segments {
		b = slices.Grow(b[:0], len(s.Speaker)+len(s.Text)+2)
		b = append(append(b, s.Speaker...), 0)
		b = append(appendFold(b, s.Text), 0)
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// SegmentID names a segment for search results and links.
func SegmentID(item string, seq int) string { return fmt.Sprintf("%s.%d", item, seq) }

// HeardAt is the wall-clock time of an offset into the item: start of the recording plus offset for sound,
// time of publication for text; nil where neither is known.
func (it Item) HeardAt(offset *int64) *time.Time {
	if it.Recorded != nil {
		t := *it.Recorded
		if offset != nil {
			t = t.Add(time.Duration(*offset) * time.Millisecond)
		}
		if !CredibleTime(t) {
			return nil // the document that holds it could not be written
		}
		return &t
	}
	return it.Published
}

// Voice tells apart who reported in one cell in one week, for counting people, and nothing beyond: the same person has
// another one elsewhere and later.
func (it Item) Voice() string {
	if it.Kind != Report || it.Author == "" {
		return ""
	}
	at := it.Seen
	if it.Published != nil {
		at = *it.Published
	}
	return ID("v", it.Author, it.Cell, Week(at))[:10]
}

// Week is the ISO week of a moment in UTC, such as 2026-W05.
func Week(t time.Time) string {
	year, week := t.UTC().ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, week)
}

// PartLimit is the size in bytes of JSON that one part's segments may have; a record may be twice that.
const PartLimit = 256 << 10

// ContextWindow is how far the context of a part reaches back.
const ContextWindow = 60 * time.Second

// SplitParts cuts the item into parts of at most limit bytes of segment JSON, each cut at the longest pause
// in the last quarter before the limit (the last segment boundary where there are no times). The item's own
// Part, Parts and Context are ignored. An item without segments is one part.
func SplitParts(it Item, limit int) []Item {
	var cuts []int // index of the first segment of each part
	for start := 0; start < len(it.Segments); {
		cuts = append(cuts, start)
		start = nextCut(it.Segments, start, limit)
	}
	if len(cuts) == 0 {
		cuts = []int{0}
	}
	parts := make([]Item, len(cuts))
	for i, from := range cuts {
		to := len(it.Segments)
		if i+1 < len(cuts) {
			to = cuts[i+1]
		}
		p := it
		p.Part, p.Parts = i+1, len(cuts)
		p.Segments = it.Segments[from:to]
		p.Context = contextBefore(it.Segments, from, limit/4)
		parts[i] = p
	}
	return parts
}

func nextCut(segs []Segment, start, limit int) int {
	if fits(segs[start:], limit) {
		return len(segs)
	}
	size, end := 0, start
	for end < len(segs) {
		size += segmentSize(segs[end])
		if size > limit && end > start {
			break
		}
		end++
	}
	if end == len(segs) {
		return end
	}
	best, longest := end, int64(-1)
	for i := end; i > start+(end-start)*3/4 && i > start; i-- {
		a, b := segs[i-1].EndMS, segs[i].StartMS
		if a != nil && b != nil && *b-*a > longest {
			best, longest = i, *b-*a
		}
	}
	return best
}

// fits is true of segments whose size is in the limit even if JSON made six bytes of every byte of theirs, as is
// nearly every item: it saves looking at each letter.
func fits(segs []Segment, limit int) bool {
	size := 0
	for _, s := range segs {
		size += 6*(len(s.Text)+len(s.Speaker)+len(s.Doubt)+len(s.Lang)) + 64*len(s.Weak) + 220
		if size > limit {
			return false
		}
	}
	return true
}

// segmentSize is at least the size of the segment's JSON: 200 bytes for names and numbers, 64 for the two
// numbers of a span.
func segmentSize(s Segment) int {
	return jsonSize(s.Text) + jsonSize(s.Speaker) + jsonSize(s.Doubt) + jsonSize(s.Lang) + 64*len(s.Weak) + 220
}

// jsonSize is the length of the string as encoding/json writes it, which makes six bytes of a control
// character, of <, > and & and of a byte that is not UTF-8.
func jsonSize(s string) int {
	n := 0
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			n += 2
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029':
			n += 6
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			n += 6
		default:
			n += utf8.RuneLen(r)
		}
	}
	return n
}

func contextBefore(segs []Segment, from, limit int) []Segment {
	at, size := from, 0
	for at > 0 {
		s := segs[at-1]
		size += segmentSize(s)
		if size > limit || from-at >= 30 {
			break
		}
		if first := segs[from].StartMS; first != nil && s.EndMS != nil && *first-*s.EndMS > ContextWindow.Milliseconds() {
			break
		}
		at--
	}
	return segs[at:from]
}
