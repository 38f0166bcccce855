package web

import (
	"net/http"
	"slices"
	"strconv"

	"counterpoint"
)

// itemsPage lists what was heard, the newest first.
type itemsPage struct {
	Filter filter
	Rows   []counterpoint.ItemView
	Total  int
	Next   string
}

func (p *Pages) items(r *request) error {
	v := r.page("items", "items.title")
	f := newFilter(r.URL.Query(), p.zone)
	q := f.query()
	total, err := p.total(r.Context(), counterpoint.KindItem, q)
	if err != nil {
		return err
	}
	q.Limit, q.Cursor = 25, r.URL.Query().Get("cursor")
	page, err := counterpoint.List[counterpoint.ItemView](r.Context(), p.views(), q)
	if err != nil {
		return err
	}
	return r.show(v, itemsPage{f, page.Data, total, page.Next})
}

// itemPage is one transcript, a stretch of it at a time.
type itemPage struct {
	Item     counterpoint.ItemView
	Lines    []itemLine
	From, To int // segments shown, counted from 1
	Prev     string
	Next     string
	Play     string
	Hidden   bool
	Spoken   []string
	Levels   []int
}

type itemLine struct {
	line
	Segment counterpoint.SegmentView
	Flag    string // id of the flag that begins here
	State   counterpoint.FlagState
	Level   int
	In      bool // inside a flag
	Hidden  bool
}

// What one page shows of a transcript, so that it stays light on a slow line: stretchBytes of words and
// markup, and no more of one segment than segmentRunes.
const (
	stretchBytes = 38 << 10
	segmentRunes = 6000
	lineBytes    = 900 // the markup of a segment
)

// stretch is the stretch of the transcript in which a segment stands. The cuts are always the same.
func stretch(segs []counterpoint.SegmentView, seq int) (from, to int) {
	size := 0
	for i, s := range segs {
		n := lineBytes + min(len(s.Text), 3*segmentRunes) + 100*len(s.Findings)
		if size += n; size > stretchBytes && i > from {
			if seq < i {
				return from, i
			}
			from, size = i, n
		}
	}
	return from, len(segs)
}

func (p *Pages) item(r *request) error {
	it, err := counterpoint.Load[counterpoint.ItemView](r.Context(), p.views(), r.PathValue("id"))
	if err != nil {
		return err
	}
	v := r.page("item", "item.title").titled(it.Title, it.Lang)
	v.Wide = true
	first, end := stretch(it.Segments, toInt(r.URL.Query().Get("from"))-1)
	if seq := r.form.Value("segment"); r.Method == http.MethodPost && seq != "" {
		first, end = stretch(it.Segments, toInt(seq))
	}
	b := itemPage{Item: it, Play: play(it.Audio, nil, nil), Levels: []int{1, 2, 3}, Hidden: r.by.Blur && r.URL.Query().Get("show") != "1"}
	flags := r.flagsOf(it)
	for _, s := range it.Segments {
		if !slices.Contains(b.Spoken, s.Lang) {
			b.Spoken = append(b.Spoken, s.Lang)
		}
		if s.Seq >= first && s.Seq < end {
			b.Lines = append(b.Lines, r.itemLine(it, s, flags, b.Hidden))
		}
	}
	b.From, b.To = first+1, first+len(b.Lines)
	if first > 0 {
		b.Prev = strconv.Itoa(first) // the segment before: its stretch
	}
	if b.To < len(it.Segments) {
		b.Next = strconv.Itoa(b.To + 1)
	}
	return r.show(v, b)
}

func toInt(s string) int { return form{values: map[string][]string{"n": {s}}}.int("n") }

func (r *request) flagsOf(it counterpoint.ItemView) []counterpoint.Flag {
	var out []counterpoint.Flag
	for _, id := range it.Flags {
		f, err := counterpoint.Load[counterpoint.Flag](r.Context(), r.p.views(), id)
		if err != nil {
			r.p.missed("flag", err)
			continue
		}
		out = append(out, f)
	}
	return out
}

func (r *request) itemLine(it counterpoint.ItemView, s counterpoint.SegmentView, flags []counterpoint.Flag, hide bool) itemLine {
	l := itemLine{line: r.line(it, s), Segment: s}
	for _, f := range flags {
		for _, at := range heardIn(f) {
			if at.Item != it.ID || s.Seq < at.From || s.Seq > at.To {
				continue
			}
			l.In, l.Hidden = true, hide
			if s.Seq == at.From {
				l.Flag, l.State, l.Level = f.ID, f.State, f.Level
			}
		}
	}
	if l.In {
		l.Pieces = cut(l.Text, 0, s.Findings[:min(len(s.Findings), maxReasons)], nil, s.Weak)
	}
	return l
}

// heardIn are the places of a flag.
func heardIn(f counterpoint.Flag) []counterpoint.Sighting {
	if f.ByHand != nil {
		return append(slices.Clone(f.Sightings), *f.ByHand)
	}
	return f.Sightings
}

// raiseFlag flags the ticked segments, which must stand side by side.
func (p *Pages) raiseFlag(r *request) error {
	id := r.PathValue("id")
	var seqs []int
	for _, s := range r.form.values["segment"] {
		seqs = append(seqs, toInt(s))
	}
	if len(seqs) == 0 {
		return r.again("raise", counterpoint.Invalid{{Field: "segment", Message: r.locale.t("raise.none")}}, p.item)
	}
	from, to := slices.Min(seqs), slices.Max(seqs)
	if to-from+1 != len(seqs) {
		return r.again("raise", counterpoint.Invalid{{Field: "segment", Message: r.locale.t("raise.gap")}}, p.item)
	}
	a, err := p.desk.RaiseFlag(r.Context(), r.call(), id, from, to, r.form.int("level"), r.form.Value("reason"))
	if err != nil {
		return r.again("raise", err, p.item)
	}
	return r.to("/flags/"+a.ID, "done", done(a, "raised"))
}
