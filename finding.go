package counterpoint

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Label is what a classifier says of a segment. The list is closed.
type Label string

// The labels. Definitions follow the UN Strategy and Plan of Action on Hate Speech (2019) for hate, ICCPR
// art. 20(2) for incitement, and the Dangerous Speech Project's Practical Guide for the hallmarks.
const (
	Hate              Label = "hate"               // attacks or uses pejorative language about a person or group for who they are
	Offensive         Label = "offensive"          // insult or profanity, hateful or not
	Violence          Label = "violence"           // threat, wish or call for harm
	Dehumanization    Label = "dehumanization"     // describes people as animals, disease, filth or evil (also a hallmark)
	Incitement        Label = "incitement"         // advocacy of hatred that calls on others to discriminate, be hostile or violent
	MisinformationCue Label = "misinformation_cue" // marks of an unverified claim; never a verdict of truth
	Mirror            Label = "mirror"             // accusation in a mirror: "they are about to kill us"
	Purity            Label = "purity"             // threat to group integrity or purity
	Women             Label = "attack_on_women"    // assertion of attack against women and girls
	Loyalty           Label = "loyalty"            // questioning in-group loyalty
)

// Labels lists every label, scored ones first.
var Labels = []Label{Hate, Offensive, Violence, Dehumanization, Incitement, MisinformationCue, Mirror, Purity, Women, Loyalty}

// Scored are the labels that every assessment scores, flagged or not.
var Scored = []Label{Hate, Offensive, Violence, Dehumanization, Incitement}

// Stance is what the speaker does with the words: the same words asserted, quoted or condemned are three
// different things.
type Stance string

// The stances. Quoting, condemning and reporting raise no flag by themselves; unclear goes to people.
const (
	Assert    Stance = "assert"
	Quote     Stance = "quote"
	Condemn   Stance = "condemn"
	ReportOn  Stance = "report"
	Question  Stance = "question"
	Uncertain Stance = "unclear"
)

// Basis says what a level rests on. Where a language has no training data it rests on cues alone, and says so.
type Basis string

// The bases. The zero Basis is that of level 0.
const (
	ByModel Basis = "model"
	ByCues  Basis = "cues"
	ByBoth  Basis = "both"
	ByHand  Basis = "hand" // a person flagged it
)

// Finding is one classifier's word on one span.
type Finding struct {
	Label        Label   `json:"label"`
	Score        float64 `json:"score"`             // calibrated probability of the label for the segment
	Start        int     `json:"start"`             // runes of the text it is shown with, End exclusive
	End          int     `json:"end"`               //
	Contribution float64 `json:"contribution"`      // share of the logit; negative in Against
	Reason       string  `json:"reason"`            // in words a reviewer understands
	Cue          string  `json:"cue,omitempty"`     // GROUP, HARM, CALL …, or empty for a model's n-grams
	Entry        string  `json:"entry,omitempty"`   // lexicon entry id
	Segment      int     `json:"segment"`           // Segment.Seq
	Version      string  `json:"version,omitempty"` // of the classifier or lexicon
}

// SegmentAssessment is what classify says of one segment.
type SegmentAssessment struct {
	Seq        int               `json:"seq"`
	Lang       string            `json:"lang"`           // Undetermined where the detector abstains
	Best       string            `json:"best,omitempty"` // the likeliest language even then
	Confidence float64           `json:"confidence"`     // of Lang
	DecidedBy  string            `json:"decided_by"`     // own, lingua, both, script, declared, none
	Scores     map[Label]float64 `json:"scores"`         // every Scored label
	Level      int               `json:"level"`          // 0 none, 1 hate, 2 dehumanizes, threatens, justifies or mirrors, 3 calls on others to harm or expel
	Flag       bool              `json:"flag"`           // goes to the review queue
	Stance     Stance            `json:"stance"`
	Basis      Basis             `json:"basis,omitempty"`
	Imminence  int               `json:"imminence"` // 3 names a time or place, 2 calls to act, 1 neither
	Quality    Quality           `json:"quality"`
	Findings   []Finding         `json:"findings,omitempty"`
	Against    []Finding         `json:"against,omitempty"`
	Threshold  *Threshold        `json:"threshold,omitempty"` // of a flagged one: what it had to reach
}

// Labels are the distinct labels of the findings, in the order of Labels.
func (s SegmentAssessment) Labels() []Label { return labelsOf(s.Findings) }

func labelsOf(fs []Finding) []Label {
	var out []Label
	for _, l := range Labels {
		for _, f := range fs {
			if f.Label == l {
				out = append(out, l)
				break
			}
		}
	}
	return out
}

// Assessment is what classify says of one part of an item. It carries all that raising a flag needs, so that
// the index never has to ask what else was known at the time.
type Assessment struct {
	Item      string              `json:"item"`
	Source    string              `json:"source"`
	Revision  string              `json:"revision"`
	Part      int                 `json:"part"`
	Parts     int                 `json:"parts"`
	Versions  Versions            `json:"versions"` // classifier and lexicon to version
	At        time.Time           `json:"at"`
	Segments  []SegmentAssessment `json:"segments"`
	Sightings []Sighting          `json:"sightings,omitempty"` // one per passage that is flagged
	Errors    []string            `json:"errors,omitempty"`    // classifiers that could not judge, and why
	Erased    bool                `json:"erased,omitempty"`    // a mark: see ErasedItem
}

// Sighting is a passage (neighbouring flagged segments) heard in one item: what a flag is raised from. The
// same passage elsewhere is a second sighting of the same flag.
type Sighting struct {
	Item      string            `json:"item"`
	Title     string            `json:"title"`
	Source    string            `json:"source"`
	Owner     string            `json:"owner"`
	Country   string            `json:"country,omitempty"`
	Reach     int               `json:"reach"`
	Revision  string            `json:"revision"`
	From      int               `json:"from"` // Segment.Seq, first and
	To        int               `json:"to"`   // last
	StartMS   *int64            `json:"start_ms"`
	EndMS     *int64            `json:"end_ms"`
	Audio     string            `json:"audio,omitempty"`
	Speaker   string            `json:"speaker,omitempty"`
	Heard     *time.Time        `json:"heard"` // when it was broadcast or published; nil is unknown
	Precision Precision         `json:"precision"`
	Seen      time.Time         `json:"seen"`    // when the item came through the door
	Flagged   time.Time         `json:"flagged"` // when classify first said so
	Text      string            `json:"text"`    // segments joined by a line feed
	Lang      string            `json:"lang"`
	Level     int               `json:"level"`
	Stance    Stance            `json:"stance"`
	Basis     Basis             `json:"basis"`
	Quality   Quality           `json:"quality"`
	Imminence int               `json:"imminence"`
	Scores    map[Label]float64 `json:"scores"`
	Findings  []Finding         `json:"findings"` // offsets into Text
	Against   []Finding         `json:"against,omitempty"`
	Versions  Versions          `json:"versions,omitempty"`
	Threshold *Threshold        `json:"threshold,omitempty"` // of the gravest segment; nil before there were any, and by hand
	Example   bool              `json:"example,omitempty"`
	ByHand    bool              `json:"by_hand,omitempty"`
}

// PassageGap is how many unflagged segments, and PassagePause how long a pause, may lie between two flagged
// segments of one passage.
const (
	PassageGap   = 1
	PassagePause = 30 * time.Second
)

// PassageRunes is how long a passage may grow: what a person reads in one go, and small enough that a decision
// which carries it fits into a record. Longer speech becomes several passages.
const PassageRunes = 4000

// Passages groups the flagged segments of an assessed part into sightings. segs are the part's context and
// segments, judged those of both (so a passage may begin in the context); a passage that lies in the context
// alone belongs to the part before and is left out.
func Passages(it Item, segs []Segment, judged []SegmentAssessment, at time.Time, versions map[string]string) []Sighting {
	var out []Sighting
	first, runes := -1, 0
	flush := func(last int) {
		if first >= 0 && (len(it.Segments) == 0 || segs[last].Seq >= it.Segments[0].Seq) {
			out = append(out, sight(it, segs[first:last+1], judged[first:last+1], at, versions))
		}
		first = -1
	}
	last := -1
	for i := range judged {
		if !judged[i].Flag {
			continue
		}
		if first >= 0 && (!neighbours(segs[last], segs[i]) || runes+runesOf(segs[last+1:i+1]) > PassageRunes) {
			flush(last)
		}
		if first < 0 {
			first, runes, last = i, 0, i-1
		}
		runes += runesOf(segs[last+1 : i+1])
		last = i
	}
	if first >= 0 {
		flush(last)
	}
	return out
}

func runesOf(segs []Segment) (n int) {
	for _, s := range segs {
		n += utf8.RuneCountInString(s.Text) + 1
	}
	return n
}

func neighbours(a, b Segment) bool {
	if b.Seq-a.Seq-1 > PassageGap {
		return false
	}
	return a.EndMS == nil || b.StartMS == nil || *b.StartMS-*a.EndMS <= PassagePause.Milliseconds()
}

func sight(it Item, segs []Segment, judged []SegmentAssessment, at time.Time, versions map[string]string) Sighting {
	s := NewSighting(it, segs)
	s.Flagged, s.Versions = at, versions
	s.Stance, s.Quality, s.Imminence = Uncertain, Unusable, 1
	best := -1.0
	offset := 0
	for i, j := range judged {
		if j.Flag {
			score := float64(j.Level) + j.Scores[Incitement]
			if score > best {
				best, s.Level, s.Stance, s.Lang, s.Basis, s.Threshold = score, j.Level, j.Stance, j.Lang, j.Basis, j.Threshold
			}
			if qualityRank(j.Quality) > qualityRank(s.Quality) {
				s.Quality = j.Quality
			}
			s.Imminence = max(s.Imminence, j.Imminence)
			for l, p := range j.Scores {
				s.Scores[l] = max(s.Scores[l], p)
			}
		}
		s.Findings = append(s.Findings, shift(j.Findings, offset)...)
		s.Against = append(s.Against, shift(j.Against, offset)...)
		offset += len([]rune(segs[i].Text)) + 1
	}
	return s
}

// NewSighting is the passage made of segs as it stands in the item, not yet judged.
func NewSighting(it Item, segs []Segment) Sighting {
	texts := make([]string, len(segs))
	for i, g := range segs {
		texts[i] = g.Text
	}
	a, z := segs[0], segs[len(segs)-1]
	return Sighting{
		Item: it.ID, Title: it.Title, Source: it.Source, Owner: it.Owner, Country: it.Country, Reach: it.Reach,
		Revision: it.Revision, From: a.Seq, To: z.Seq, StartMS: a.StartMS, EndMS: z.EndMS, Audio: it.Audio,
		Speaker: a.Speaker, Heard: it.HeardAt(a.StartMS), Precision: it.Precision, Seen: it.Seen,
		Text: strings.Join(texts, "\n"), Lang: Undetermined, Quality: a.Quality, Imminence: 1,
		Scores: map[Label]float64{}, Findings: []Finding{}, Example: it.Example,
	}
}

func qualityRank(q Quality) int {
	switch q {
	case Good:
		return 2
	case Weak:
		return 1
	}
	return 0
}

func shift(fs []Finding, by int) []Finding {
	out := make([]Finding, len(fs))
	for i, f := range fs {
		f.Start += by
		f.End += by
		out[i] = f
	}
	return out
}

// Key is what makes two passages the same: their words.
func (s Sighting) Key() string { return Fold(s.Text) }

// FlagID is the id of the flag a passage raises when no flag of the item overlaps it. It comes from the words,
// so that every replay, in any order, names it alike, and the same passage elsewhere meets the same flag.
//
// A passage without a letter or digit (emoji alone) is named by its place instead.
func (s Sighting) FlagID() string {
	if key := s.Key(); key != "" {
		return ID("flag", key)
	}
	return ID("flag", s.Item, fmt.Sprint(s.From), s.Text)
}

// wordless is the sighting without what was said or who said it.
func (s Sighting) wordless() *Sighting {
	s.Text, s.Title, s.Speaker, s.Findings, s.Against = "", "", "", nil, nil
	return &s
}

// Overlaps reports whether two passages of one item share a segment, or are one passage cut in two.
func (s Sighting) Overlaps(o Sighting) bool {
	return s.Item == o.Item && s.From <= o.To && o.From <= s.To
}

// Place is the passage's address in words for messages and logs.
func (s Sighting) Place() string { return fmt.Sprintf("%s#%d-%d", s.Item, s.From, s.To) }
