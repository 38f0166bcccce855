package counterpoint

import "time"

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
	BySource GroupBy = "source"
	ByLang   GroupBy = "lang"
	ByLabel  GroupBy = "label"
	ByLevel  GroupBy = "level"
	ByState  GroupBy = "state"
	ByDay    GroupBy = "day"
	ByHour   GroupBy = "hour"
)

// Group is an exact count.
type Group struct {
	Key   string `json:"key"` // the value, or the start of the bucket in RFC 3339
	Count int    `json:"count"`
}
