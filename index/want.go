package index

import "counterpoint"

// want announces all documents that the entries will touch, in two rounds: what their names tell, and what the
// records of their items tell. A backend far away needs no other reads.
func want(tx Tx, list []entry) error {
	if b, ok := tx.(*Buffer); ok && b.FetchAll == nil {
		return nil
	}
	named := wanted{whole: whole(tx)}
	for _, e := range list {
		named.name(e)
	}
	if err := tx.Want(named.keys...); err != nil {
		return err
	}
	told := wanted{whole: whole(tx)}
	records := map[string]*record{}
	for _, e := range list {
		item := itemOf(e)
		if item == "" {
			continue
		}
		rec := records[item]
		if rec == nil {
			var err error
			if rec, err = loadRecord(tx, item); err != nil {
				return err
			}
			records[item] = rec
			told.flags(rec)
			if rec.known() {
				told.add(counterpoint.KindItem, item)
			}
		}
		told.told(tx, e, rec)
	}
	if len(told.keys) == 0 {
		return nil
	}
	return tx.Want(told.keys...)
}

// itemOf is the item whose record the entry touches.
func itemOf(e entry) string {
	switch v := e.value.(type) {
	case *counterpoint.Item:
		return v.ID
	case *counterpoint.Assessment:
		return v.Item
	case *counterpoint.Event:
		if v.Type == "flag.raise" && v.Judged != nil {
			return v.Judged.Item
		}
	}
	return ""
}

type wanted struct {
	keys  []Key
	whole bool // no batch was ever cut off
}

func (w *wanted) add(kind counterpoint.Kind, id string) { w.keys = append(w.keys, Key{kind, id}) }

// flag adds a flag and, where a batch may be cut off, whether one left it half moved.
func (w *wanted) flag(id string) {
	w.add(counterpoint.KindFlag, id)
	if !w.whole {
		w.add(kindBucket, movingID(id))
	}
}

func (w *wanted) ref(r counterpoint.Ref) {
	if r.Kind == counterpoint.KindFlag {
		w.flag(r.ID)
		return
	}
	w.add(r.Kind, r.ID)
}

// name adds what the entry names itself. Where no batch was ever cut off, the record tells what there is of its
// item.
func (w *wanted) name(e entry) {
	if item := itemOf(e); item != "" {
		w.add(kindRecord, item)
		if !w.whole {
			w.add(counterpoint.KindItem, item)
		}
	}
	switch v := e.value.(type) {
	case *counterpoint.Assessment:
		if !w.whole && len(v.Segments) > fewJudged {
			w.add(kindAssessment, assessmentID(v.Item, v.Part, v.Revision))
		}
		for _, s := range v.Sightings {
			w.flag(s.FlagID())
		}
	case *counterpoint.Event:
		w.add(counterpoint.KindEvent, v.ID)
		w.ref(v.On)
		if v.Also != nil {
			w.ref(*v.Also)
		}
		w.erasure(*v)
	}
}

// flags adds the flags that the item speaks of, or may come to speak of.
func (w *wanted) flags(rec *record) {
	for _, id := range rec.mayFlag(false) {
		w.flag(id)
	}
}

// told adds the segments that the entry replaces or judges. Those of a new part are not there, unless a batch
// was cut off, and then its writer may find out.
func (w *wanted) told(tx Tx, e entry, rec *record) {
	switch v := e.value.(type) {
	case *counterpoint.Item:
		w.judgement(rec, v.Part, v.Revision)
		for _, p := range rec.Parts {
			if rec.current() != v.Revision || newPart(*v).replaces(p, *v) {
				w.segments(rec.ID, p)
			}
		}
		if heard := rec.Heard; !fresh(tx) || !heard.take(e.Position) {
			w.segments(rec.ID, newPart(*v))
		}
	case *counterpoint.Assessment:
		if v.Erased {
			w.judgements(rec)
			return
		}
		w.judgement(rec, v.Part, v.Revision)
		if p := rec.part(v.Part); p != nil && rec.current() == v.Revision {
			w.segments(rec.ID, *p)
		}
	}
}

func (w *wanted) judgement(rec *record, part int, revision string) {
	if rec.judgedAlone(part, revision) {
		w.add(kindAssessment, assessmentID(rec.ID, part, revision))
	}
}

func (w *wanted) judgements(rec *record) {
	for _, a := range rec.Assessed {
		w.judgement(rec, a.Part, a.Revision)
	}
}

// erasure adds what an erasure takes the words out of.
func (w *wanted) erasure(e counterpoint.Event) {
	x, _ := e.Erasure()
	for _, id := range x.Items {
		w.add(kindRecord, id)
		w.add(counterpoint.KindFollowup, id)
	}
	for _, id := range x.Flags {
		w.flag(id)
	}
}

func (w *wanted) segments(item string, p partRecord) {
	for seq := p.From; seq <= p.To; seq++ {
		w.add(counterpoint.KindSegment, counterpoint.SegmentID(item, seq))
	}
}

// fresh reports whether segments that no record names are written without a look at what is there.
func fresh(tx Tx) bool {
	b, ok := tx.(*Buffer)
	return ok && (b.Whole || b.Fresh)
}
