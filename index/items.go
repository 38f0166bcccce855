package index

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"counterpoint"
)

func assessmentID(item string, part int, revision string) string {
	return item + "." + strconv.Itoa(part) + "." + revision
}

// putItem applies one part of an item: its segments replace what stood in their place.
func putItem(tx Tx, at counterpoint.Position, it counterpoint.Item) error {
	rec, err := loadRecord(tx, it.ID)
	if err != nil {
		return err
	}
	if it.Erased {
		return eraseHeard(tx, rec, at)
	}
	if !rec.Heard.take(at) {
		return mendItem(tx, rec, it)
	}
	known := rec.known()
	revised := rec.revise(it.Revision)
	if err := makeRoom(tx, rec, it, revised); err != nil {
		return err
	}
	a, err := rec.judgementOf(tx, it.Part, it.Revision)
	if err != nil {
		return err
	}
	views := make([]counterpoint.SegmentView, len(it.Segments))
	for i, g := range it.Segments {
		views[i] = segmentView(it, g, rec.Version)
	}
	p := newPart(it)
	if err := putSegments(putFresh(tx), views, a, &p); err != nil {
		return err
	}
	rec.Parts = append(slices.DeleteFunc(rec.Parts, func(o partRecord) bool { return o.Part == p.Part }), p)
	slices.SortFunc(rec.Parts, func(a, b partRecord) int { return cmp.Compare(a.Part, b.Part) })
	if revised { // other assessments may count as old now
		if err := putFlags(tx, rec); err != nil {
			return err
		}
	}
	v := itemView(it)
	rec.describe(&v)
	put := tx.Put
	if !known && whole(tx) {
		put = putFresh(tx)
	}
	if err := put(counterpoint.KindItem, it.ID, &v); err != nil {
		return err
	}
	return tx.Put(kindRecord, it.ID, rec)
}

// mendItem takes back what a process that had stood still wrote of a part, after others had gone on without it:
// segments that the item no longer has.
func mendItem(tx Tx, rec *record, it counterpoint.Item) error {
	if whole(tx) {
		return nil
	}
	for _, g := range it.Segments {
		if rec.has(g.Seq) {
			continue
		}
		if err := tx.Delete(counterpoint.KindSegment, counterpoint.SegmentID(it.ID, g.Seq)); err != nil {
			return err
		}
	}
	return mend(tx, rec)
}

// mend makes what is shown of an item again from its record.
func mend(tx Tx, rec *record) error {
	if whole(tx) {
		return nil
	}
	if err := putFlags(tx, rec); err != nil {
		return err
	}
	return putRecord(tx, rec)
}

// makeRoom deletes the segments that the part replaces: all of another revision, those of parts that there are
// no longer, and those of parts that were cut elsewhere and will come again.
func makeRoom(tx Tx, rec *record, it counterpoint.Item, revised bool) error {
	n := newPart(it)
	var kept []partRecord
	for _, p := range rec.Parts {
		if !revised && !n.replaces(p, it) {
			kept = append(kept, p)
			continue
		}
		for seq := p.From; seq <= p.To; seq++ {
			if err := tx.Delete(counterpoint.KindSegment, counterpoint.SegmentID(it.ID, seq)); err != nil {
				return err
			}
		}
	}
	rec.Parts = kept
	return nil
}

// replaces reports whether another part of the same revision goes when p, a part of the item, comes.
func (p partRecord) replaces(o partRecord, it counterpoint.Item) bool {
	return o.Part == it.Part || o.Part > it.Parts || (o.From <= p.To && p.From <= o.To)
}

func newPart(it counterpoint.Item) partRecord {
	p := partRecord{Part: it.Part, From: 0, To: -1}
	if n := len(it.Segments); n > 0 {
		p.From, p.To = it.Segments[0].Seq, it.Segments[n-1].Seq
	}
	return p
}

// putSegments stores the segments with what the assessment says of them, and counts them for the item.
func putSegments(put func(counterpoint.Kind, string, any) error, views []counterpoint.SegmentView, a judgement, p *partRecord) error {
	by := make(map[int]*judged, len(a.Segments))
	for i := range a.Segments {
		by[a.Segments[i].Seq] = &a.Segments[i]
	}
	p.Words, p.Quality, p.Errors = map[string]int{}, map[counterpoint.Quality]int{}, a.Errors
	for i := range views {
		v := &views[i]
		if j := by[v.Seq]; j != nil {
			j.judge(v)
		}
		p.Words[v.Lang] += wordsIn(v.Text)
		p.Quality[v.Quality]++
		if err := put(counterpoint.KindSegment, v.ID, v); err != nil {
			return err
		}
	}
	return nil
}

// wordsIn counts what white space divides. All white space beyond ASCII begins with one of four bytes.
func wordsIn(text string) (n int) {
	inside := false
	for i := 0; i < len(text); i++ {
		space := false
		switch b := text[i]; b {
		case ' ', '\t', '\n', '\v', '\f', '\r':
			space = true
		case 0xc2, 0xe1, 0xe2, 0xe3:
			r, size := utf8.DecodeRuneInString(text[i:])
			space = unicode.IsSpace(r)
			i += size - 1
		}
		if !space && !inside {
			n++
		}
		inside = !space
	}
	return n
}

// putFresh is how segments are written that were not read: those that stood in their place were deleted.
func putFresh(tx Tx) func(counterpoint.Kind, string, any) error {
	if b, ok := tx.(*Buffer); ok {
		return b.putNew
	}
	return tx.Put
}

func segmentView(it counterpoint.Item, g counterpoint.Segment, version int) counterpoint.SegmentView {
	return counterpoint.SegmentView{
		ID: counterpoint.SegmentID(it.ID, g.Seq), Item: it.ID, Source: it.Source, Seq: g.Seq, Text: g.Text,
		StartMS: g.StartMS, EndMS: g.EndMS, Heard: it.HeardAt(g.StartMS), Seen: it.Seen, Speaker: g.Speaker, Role: g.Role,
		Quality: g.Quality, Doubt: g.Doubt, Weak: g.Weak, Lang: cmp.Or(g.Lang, it.Lang, counterpoint.Undetermined),
		Labels: []counterpoint.Label{}, Example: it.Example, Version: version,
	}
}

func itemView(it counterpoint.Item) counterpoint.ItemView {
	return counterpoint.ItemView{
		ID: it.ID, Source: it.Source, Kind: it.Kind, Title: it.Title, Lang: cmp.Or(it.Lang, counterpoint.Undetermined), URL: it.URL, Audio: it.Audio,
		Locator: it.Locator, Format: it.Format, Cell: it.Cell, Place: it.Place, MayName: it.MayName, Voice: it.Voice(), Revision: it.Revision, Recorded: it.Recorded, Published: it.Published,
		Precision: it.Precision, Seen: it.Seen, Parts: it.Parts, Segments: []counterpoint.SegmentView{}, Example: it.Example,
	}
}

// describe fills in what all parts together say of the item.
func (r *record) describe(v *counterpoint.ItemView) {
	words, quality := map[string]int{}, map[counterpoint.Quality]int{}
	v.Count, v.Errors = 0, nil
	for _, p := range r.Parts {
		for l, n := range p.Words {
			words[l] += n
		}
		for q, n := range p.Quality {
			quality[q] += n
			v.Count += n
		}
		v.Errors = append(v.Errors, p.Errors...)
	}
	v.Lang = most(words, v.Lang)
	v.Quality = most(quality, counterpoint.Good)
	v.Flags, v.Version = append([]string{}, r.Flags...), r.Version
}

// most is the key with the highest count; of several the first in their order.
func most[K ~string](counts map[K]int, none K) K {
	best, n := none, 0
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > n {
			best, n = k, counts[k]
		}
	}
	return best
}

// putAssessment applies what classify says of a part, whether the part is here already or not.
func putAssessment(tx Tx, at counterpoint.Position, a counterpoint.Assessment) error {
	rec, err := loadRecord(tx, a.Item)
	if err != nil {
		return err
	}
	if a.Erased {
		return eraseJudged(tx, rec, at)
	}
	if !rec.Judged.take(at) {
		return mend(tx, rec)
	}
	j := newJudgement(a)
	if err := rec.keepJudgement(tx, j); err != nil {
		return err
	}
	if p := rec.part(a.Part); p != nil && rec.current() == a.Revision {
		if err := judgePart(tx, a.Item, p, j); err != nil {
			return err
		}
	}
	rec.note(a)
	if err := putFlags(tx, rec); err != nil {
		return err
	}
	return putRecord(tx, rec)
}

func judgePart(tx Tx, item string, p *partRecord, a judgement) error {
	var views []counterpoint.SegmentView
	for seq := p.From; seq <= p.To; seq++ {
		var v counterpoint.SegmentView
		err := tx.Get(counterpoint.KindSegment, counterpoint.SegmentID(item, seq), &v)
		if errors.Is(err, counterpoint.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		views = append(views, v)
	}
	return putSegments(tx.Put, views, a, p)
}

// putRecord stores the record and brings the item's view up to it, where the item is known.
func putRecord(tx Tx, rec *record) error {
	if !rec.known() && whole(tx) {
		return tx.Put(kindRecord, rec.ID, rec)
	}
	var v counterpoint.ItemView
	err := tx.Get(counterpoint.KindItem, rec.ID, &v)
	switch {
	case err == nil:
		rec.describe(&v)
		if err := tx.Put(counterpoint.KindItem, rec.ID, v); err != nil {
			return err
		}
	case !errors.Is(err, counterpoint.ErrNotFound):
		return err
	}
	return tx.Put(kindRecord, rec.ID, rec)
}
