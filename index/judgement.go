package index

import (
	"cmp"
	"errors"
	"slices"

	"counterpoint"
)

// judgement is what an assessment says of the segments of a part. It is kept for a part that comes later, or
// again: in the item's record where it is small, else as a document of its own, so that the record of an item
// of many parts stays small. What the assessment says decides where, not when it came.
type judgement struct {
	ID       string   `json:"id,omitempty"` // of a document of its own
	Revision string   `json:"revision"`
	Part     int      `json:"part"`
	Segments []judged `json:"segments"`
	Errors   []string `json:"errors,omitempty"`
}

// judged is the part of a counterpoint.SegmentAssessment that the segment shows.
type judged struct {
	Seq      int                            `json:"seq"`
	Lang     string                         `json:"lang,omitempty"`
	Level    int                            `json:"level,omitempty"`
	Stance   counterpoint.Stance            `json:"stance,omitempty"`
	Quality  counterpoint.Quality           `json:"quality,omitempty"`
	Scores   map[counterpoint.Label]float64 `json:"scores,omitempty"`
	Findings []counterpoint.Finding         `json:"findings,omitempty"`
	Against  []counterpoint.Finding         `json:"against,omitempty"`
}

// fewJudged is how many segments a judgement may have that is kept in the record: a post has one.
const fewJudged = 2

func newJudgement(a counterpoint.Assessment) judgement {
	j := judgement{Revision: a.Revision, Part: a.Part, Segments: make([]judged, len(a.Segments)), Errors: a.Errors}
	for i, s := range a.Segments {
		j.Segments[i] = judged{s.Seq, s.Lang, s.Level, s.Stance, s.Quality, s.Scores, s.Findings, s.Against}
	}
	if len(j.Segments) > fewJudged {
		j.ID = assessmentID(a.Item, a.Part, a.Revision)
	}
	return j
}

func (j *judged) judge(v *counterpoint.SegmentView) {
	v.Assessed, v.Lang, v.Level, v.Stance = true, cmp.Or(j.Lang, counterpoint.Undetermined), j.Level, j.Stance
	v.Scores, v.Findings, v.Against = j.Scores, j.Findings, j.Against
	v.Quality = cmp.Or(j.Quality, v.Quality)
	if v.Labels = (counterpoint.SegmentAssessment{Findings: j.Findings}).Labels(); v.Labels == nil {
		v.Labels = []counterpoint.Label{}
	}
}

// keepJudgement replaces what was said of the part and revision before, wherever it was kept.
func (r *record) keepJudgement(tx Tx, j judgement) error {
	alone := r.judgedAlone(j.Part, j.Revision)
	i := r.judgedIn(j.Part, j.Revision)
	switch {
	case j.ID != "" && i >= 0:
		r.Judgements = slices.Delete(r.Judgements, i, i+1)
	case j.ID == "" && i >= 0:
		r.Judgements[i] = j
	case j.ID == "":
		r.Judgements = append(r.Judgements, j)
	}
	switch {
	case j.ID != "" && !alone && whole(tx):
		return putFresh(tx)(kindAssessment, j.ID, j)
	case j.ID != "":
		return tx.Put(kindAssessment, j.ID, j)
	case alone:
		return tx.Delete(kindAssessment, assessmentID(r.ID, j.Part, j.Revision))
	}
	return nil
}

// judgementOf is what was said of the part last, nothing where nobody has judged it.
func (r *record) judgementOf(tx Tx, part int, revision string) (j judgement, err error) {
	if i := r.judgedIn(part, revision); i >= 0 {
		return r.Judgements[i], nil
	}
	if !r.judgedAlone(part, revision) {
		return j, nil
	}
	err = tx.Get(kindAssessment, assessmentID(r.ID, part, revision), &j)
	if errors.Is(err, counterpoint.ErrNotFound) {
		err = nil
	}
	return j, err
}

// judgedIn is where in the record the judgement is, or -1.
func (r *record) judgedIn(part int, revision string) int {
	return slices.IndexFunc(r.Judgements, func(j judgement) bool { return j.Part == part && j.Revision == revision })
}

// judgedAlone reports whether the judgement is a document of its own.
func (r *record) judgedAlone(part int, revision string) bool {
	return r.judgedIn(part, revision) < 0 &&
		slices.ContainsFunc(r.Assessed, func(a assessed) bool { return a.Part == part && a.Revision == revision })
}
