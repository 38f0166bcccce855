package web

import (
	"counterpoint"
)

// searchPage is segments that were found, by the item they stand in.
type searchPage struct {
	Filter  filter
	Choices choices
	Labels  []counterpoint.Label
	Asked   bool
	Groups  []found
	Total   int
	Shown   int
	Next    string
	Cover   coverage
	Saved   savedForm
}

type found struct {
	Item  string
	Title string
	Lang  string
	Where string
	Hits  []hit
}

type hit struct {
	counterpoint.SegmentView
	Time   string
	Pieces []Piece
	Hidden bool
	From   int // page of the transcript
}

func (p *Pages) search(r *request) error {
	v := r.page("search", "search.title")
	v.Wide = true
	f := newFilter(r.URL.Query(), p.zone)
	b := searchPage{Filter: f, Choices: r.choices(v), Labels: counterpoint.Labels, Asked: f.Set()}
	b.Saved = r.savedForm("/search", f.Encode())
	if !b.Asked {
		return r.show(v, b)
	}
	q := f.query()
	var err error
	if b.Total, err = p.total(r.Context(), counterpoint.KindSegment, q); err == nil {
		err = b.cover(r, v, q)
	}
	if err != nil {
		return r.againSearch(v, b, err)
	}
	q.Limit, q.Cursor = 25, r.URL.Query().Get("cursor")
	page, err := p.find(r, q)
	if err != nil {
		return r.againSearch(v, b, err)
	}
	b.Next, b.Shown = page.Next, len(page.Data)
	b.Groups = r.group(page.Data)
	return r.show(v, b)
}

// find is a page of what is asked for. Filters alone find too: whoever follows a label does not know the words.
func (p *Pages) find(r *request, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	if q.Text != "" {
		return p.views().Search(r.Context(), q)
	}
	list, err := counterpoint.List[counterpoint.SegmentView](r.Context(), p.views(), q)
	found := counterpoint.Page[counterpoint.Hit]{Next: list.Next}
	for _, s := range list.Data {
		found.Data = append(found.Data, counterpoint.Hit{Found: s})
	}
	return found, err
}

// againSearch shows what is wrong with a query above what was typed. It counts nothing: "nothing was found" would be
// taken for an answer.
func (r *request) againSearch(v *view, b searchPage, err error) error {
	status := statusOf(err)
	if !v.Form.rejected(err) {
		return err
	}
	v.Form.name, r.status, b.Asked = "search", status, false
	return r.show(v, b)
}

// group puts hits under their items, in the order in which they were found.
func (r *request) group(hits []counterpoint.Hit) []found {
	var out []found
	at := map[string]int{}
	for _, h := range hits {
		s := h.Found
		i, ok := at[s.Item]
		if !ok {
			i = len(out)
			at[s.Item] = i
			g := found{Item: s.Item, Title: s.Item, Where: s.Source, Lang: s.Lang}
			if it, err := counterpoint.Load[counterpoint.ItemView](r.Context(), r.p.views(), s.Item); err == nil {
				g.Title, g.Lang = it.Title, it.Lang
			}
			out = append(out, g)
		}
		out[i].Hits = append(out[i].Hits, hit{
			SegmentView: s, Time: timecode(s.StartMS), Pieces: lit(s.Text, h.Highlights), Hidden: r.by.Blur && s.Level > 0 && r.URL.Query().Get("show") != "1", From: s.Seq + 1,
		})
	}
	return out
}

// lit cuts a text at its highlights.
func lit(text string, spans []counterpoint.Span) []Piece {
	fs := make([]counterpoint.Finding, len(spans))
	for i, s := range spans {
		fs[i] = counterpoint.Finding{Start: s.Start, End: s.End}
	}
	return cut(text, 0, fs, nil, nil)
}

// cover judges what was collected where the search looks, so that few hits are not taken for silence.
func (b *searchPage) cover(r *request, v *view, q counterpoint.Query) error {
	c, err := r.p.desk.Cover(r.Context(), q)
	b.Cover = v.Covered(c)
	return err
}
