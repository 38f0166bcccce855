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

// forget takes the words of erased items out of what people decided, and says from what. Done again, it takes them out
// of that and no more.
func forget(tx Tx, x counterpoint.Erasure, before map[string]int) (map[string]int, error) {
	forgot := map[string]int{}
	for _, id := range x.Flags {
		if err := forgetFlag(tx, id, x.Items, before, forgot); err != nil {
			return nil, err
		}
	}
	for _, item := range x.Items {
		if err := forgetHand(tx, item, before, forgot); err != nil {
			return nil, err
		}
		if err := forgetFollowup(tx, item, before, forgot); err != nil {
			return nil, err
		}
	}
	return forgot, nil
}

// forgetFlag leaves a flag alone that no person touched: it holds no words of theirs, however much the machine has
// heard by then.
func forgetFlag(tx Tx, id string, items []string, before, forgot map[string]int) error {
	f := counterpoint.Flag{ID: id}
	err := tx.Get(counterpoint.KindFlag, id, &f)
	if errors.Is(err, counterpoint.ErrNotFound) || err == nil && !f.Touched() {
		return nil
	}
	if err != nil || before != nil && before[id] != f.Version {
		return err
	}
	forgot[id] = f.Version
	f.Forget(items...)
	return tx.Put(counterpoint.KindFlag, id, &f)
}

// forgetHand makes the passages wordless that people flagged in the item.
func forgetHand(tx Tx, item string, before, forgot map[string]int) error {
	rec, err := loadRecord(tx, item)
	if err != nil {
		return err
	}
	n := len(rec.Hand)
	if before != nil {
		n = min(n, before[item])
	}
	if n == 0 {
		return nil
	}
	forgot[item] = n
	for i := range rec.Hand[:n] {
		rec.Hand[i].Passage = rec.Hand[i].Passage.Wordless()
	}
	return putErased(tx, rec) // an item that came again is no longer told by those words
}

// forgetFollowup takes the words out of what was done about a report.
func forgetFollowup(tx Tx, item string, before, forgot map[string]int) error {
	f := counterpoint.Followup{ID: item}
	err := tx.Get(counterpoint.KindFollowup, item, &f)
	if errors.Is(err, counterpoint.ErrNotFound) {
		return nil
	}
	name := string(counterpoint.KindFollowup) + " " + item
	if err != nil || before != nil && before[name] != f.Version {
		return err
	}
	forgot[name] = f.Version
	f.Forget()
	return tx.Put(counterpoint.KindFollowup, item, &f)
}

// Purger is a store that can make sure that what was deleted is in none of its files. One on servers is none: there
// it goes when the engine merges its segments.
type Purger interface {
	Purge(ctx context.Context) error
}
