package counterpoint

import (
	"fmt"
	"strings"
	"time"
)

// Query asks for documents of one kind. The zero Query asks for all, in the order of the kind: flags by rank,
// everything else by time, newest first, then by id. Several values of one field mean any of them.
type Query struct {
	Text      string // words (all must occur), "a phrase", prefix*
	Source    []string
	Lang      []string
	Label     []Label
	Level     []int
	State     []string
	Item      []string
	Narrative []string
	Message   []string
	Station   []string
	From, To  time.Time // From inclusive, To exclusive; zero is open
	Limit     int       // 1 to 200; 0 is 50
	Cursor    string    // from the page before
}

// DefaultLimit and MaxLimit bound a page.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Page is one page of a list.
type Page[T any] struct {
	Data []T    `json:"data"`
	Next string `json:"next"` // cursor of the page after, empty on the last
}

// Hit is a segment found, with where the words stand in it.
type Hit struct {
	Found      SegmentView `json:"segment"`
	Highlights []Span      `json:"highlights,omitempty"` // runes of Found.Text
}

// ItemView is an item as people see it: all its parts, without what only the line needs.
type ItemView struct {
	ID        string        `json:"id"`
	Source    string        `json:"source"`
	Kind      SourceKind    `json:"kind"`
	Owner     string        `json:"owner,omitempty"`
	Country   string        `json:"country,omitempty"`
	Reach     int           `json:"reach,omitempty"`
	Title     string        `json:"title"`
	Lang      string        `json:"lang"` // of most of its words
	URL       string        `json:"url,omitempty"`
	Audio     string        `json:"audio,omitempty"`
	Locator   string        `json:"locator"`
	Format    string        `json:"format,omitempty"`
	Cell      string        `json:"cell,omitempty"`     // see Item
	Place     string        `json:"place,omitempty"`    // see Item
	MayName   bool          `json:"may_name,omitempty"` // see Item
	Voice     string        `json:"voice,omitempty"`    // see Item.Voice
	Revision  string        `json:"revision"`
	Recorded  *time.Time    `json:"recorded"`
	Published *time.Time    `json:"published"`
	Precision Precision     `json:"precision"`
	Seen      time.Time     `json:"seen"`
	Quality   Quality       `json:"quality"` // of most of its segments
	Parts     int           `json:"parts"`
	Count     int           `json:"segment_count"`
	Flags     []string      `json:"flags"`
	Segments  []SegmentView `json:"segments"`
	Errors    []string      `json:"errors,omitempty"` // classifiers that could not judge a part
	Example   bool          `json:"example,omitempty"`
	Version   int           `json:"version"` // grows with each revision
}

// ItemFailed is the state of an item of which a classifier could not judge a part. Other items have none.
const ItemFailed = "failed"

// State is ItemFailed or empty.
func (v *ItemView) State() string {
	if len(v.Errors) > 0 {
		return ItemFailed
	}
	return ""
}

// SegmentView is a segment as people see it, with what was found in it.
type SegmentView struct {
	ID       string            `json:"id"`
	Item     string            `json:"item"`
	Source   string            `json:"source"`
	Seq      int               `json:"seq"`
	Text     string            `json:"text"`
	StartMS  *int64            `json:"start_ms"`
	EndMS    *int64            `json:"end_ms"`
	Heard    *time.Time        `json:"heard"`
	Seen     time.Time         `json:"seen"`
	Speaker  string            `json:"speaker,omitempty"`
	Role     Role              `json:"role,omitempty"`
	Quality  Quality           `json:"quality"`
	Doubt    string            `json:"doubt,omitempty"`
	Weak     []Span            `json:"weak,omitempty"`
	Lang     string            `json:"lang"`
	Assessed bool              `json:"assessed"`
	Level    int               `json:"level"`
	Stance   Stance            `json:"stance,omitempty"`
	Labels   []Label           `json:"labels"`
	Scores   map[Label]float64 `json:"scores,omitempty"`
	Findings []Finding         `json:"findings,omitempty"`
	Against  []Finding         `json:"against,omitempty"`
	Example  bool              `json:"example,omitempty"`
	Version  int               `json:"version"`
}

// GroupBy is what Count groups by.
type GroupBy string

// The groups. ByDay and ByHour are time buckets in UTC.
const (
	BySource    GroupBy = "source"
	ByLang      GroupBy = "lang"
	ByLabel     GroupBy = "label"
	ByLevel     GroupBy = "level"
	ByState     GroupBy = "state"
	ByNarrative GroupBy = "narrative"
	ByDay       GroupBy = "day"
	ByHour      GroupBy = "hour"
)

const eachDay = " each day"

// EachDay groups by the field and the day at once. The keys are those of ByDay, a space, and the field's value,
// as Group.Daily reads them. Time buckets themselves have no EachDay.
func (by GroupBy) EachDay() GroupBy { return by + eachDay }

// Field is what is grouped by, and whether it is for each day. ok says whether there is such a group.
func (by GroupBy) Field() (field GroupBy, daily, ok bool) {
	name, daily := strings.CutSuffix(string(by), eachDay)
	switch field = GroupBy(name); field {
	case BySource, ByLang, ByLabel, ByLevel, ByState, ByNarrative:
		return field, daily, true
	case ByDay, ByHour, "":
		return field, false, !daily
	}
	return field, daily, false
}

// Check says what is wrong with it.
func (by GroupBy) Check() error {
	if _, _, ok := by.Field(); ok {
		return nil
	}
	return Invalid{{"by", fmt.Sprintf("%q is not one of source, lang, label, level, state, narrative, day, hour", string(by))}}
}

// Group is an exact count.
type Group struct {
	Key   string `json:"key"` // the value, or the start of the bucket in RFC 3339
	Count int    `json:"count"`
}

// Daily cuts the key of a group of EachDay.
func (g Group) Daily() (day time.Time, value string) {
	start, value, _ := strings.Cut(g.Key, " ")
	day, _ = time.Parse(time.RFC3339, start) // a key of Count's own
	return day, value
}
