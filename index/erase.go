package index

import (
	"context"
	"errors"

	"counterpoint"
)

// An erased item is marked in both topics of the machine's half, each in its own order, and each mark ends what its
// topic said before. The people's half is made wordless by the event. So, as with everything else, it does not
// matter how the three logs interleave.

// eraseHeard ends what the items topic said of an item.
func eraseHeard(tx Tx, rec *record, at counterpoint.Position) error {
	if !rec.Heard.take(at) {
		return mend(tx, rec)
	}
	for _, p := range rec.Parts {
		for seq := p.From; seq <= p.To; seq++ {
			if err := tx.Delete(counterpoint.KindSegment, counterpoint.SegmentID(rec.ID, seq)); err != nil {
				return err
			}
		}
	}
	if err := tx.Delete(counterpoint.KindItem, rec.ID); err != nil {
		return err
	}
	rec.Parts, rec.Revisions, rec.Version = nil, nil, 0
	return putErased(tx, rec)
}

// eraseJudged ends what the assessments topic said of an item.
func eraseJudged(tx Tx, rec *record, at counterpoint.Position) error {
	if !rec.Judged.take(at) {
		return mend(tx, rec)
	}
	for _, a := range rec.Assessed {
		if !rec.judgedAlone(a.Part, a.Revision) {
			continue
		}
		if err := tx.Delete(kindAssessment, assessmentID(rec.ID, a.Part, a.Revision)); err != nil {
			return err
		}
	}
	rec.Flags = rec.mayFlag(false) // when the assessments are gone they tell no longer
	rec.Assessed, rec.Judgements = nil, nil
	return putErased(tx, rec)
}

func putErased(tx Tx, rec *record) error {
	if err := putFlags(tx, rec); err != nil {
		return err
	}
	return putRecord(tx, rec)
}

// forget takes the words of erased items out of what people decided.
func forget(tx Tx, e counterpoint.Event) error {
	x, _ := e.Erasure()
	for _, id := range x.Flags {
		if err := forgetFlag(tx, id, x.Items); err != nil {
			return err
		}
	}
	for _, item := range x.Items {
		if err := forgetHand(tx, item); err != nil {
			return err
		}
	}
	return nil
}

func forgetFlag(tx Tx, id string, items []string) error {
	f := counterpoint.Flag{ID: id}
	err := tx.Get(counterpoint.KindFlag, id, &f)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, item := range items {
		f.Forget(item)
	}
	return tx.Put(counterpoint.KindFlag, id, &f)
}

// forgetHand makes the passages wordless that people flagged in the item.
func forgetHand(tx Tx, item string) error {
	rec, err := loadRecord(tx, item)
	if err != nil || len(rec.Hand) == 0 {
		return err
	}
	for i := range rec.Hand {
		rec.Hand[i].Passage = rec.Hand[i].Passage.Wordless()
	}
	return putRecord(tx, rec)
}

// Purger is a store that can make sure that what was deleted is in none of its files. One on servers is none: there
// it goes when the engine merges its segments.
type Purger interface {
	Purge(ctx context.Context) error
}
