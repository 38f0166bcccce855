package indextest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"counterpoint"
	"counterpoint/index"
)

// Differential loads the world into each store and demands that all answer the questions like the oracle.
func Differential(t *testing.T, w *World, questions []Question, least Least, names []string, stores ...index.Store) {
	t.Helper()
	all := []Answerer{w.Oracle()}
	for _, s := range stores {
		w.Load(t, s)
		all = append(all, Asked{s})
	}
	const shown = 10
	coverage, found, err := Compare(t.Context(), questions, shown, append([]string{"oracle"}, names...), all...)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		t.Error(d)
	}
	t.Logf("%d segments in %d items, %d flags", len(w.Segments), len(w.Items), len(w.Flags))
	if len(found) < shown {
		coverage.Report(t, least)
	}
}

// Planted breaks one side in ways that engines differ in, and demands that comparing it with each of the plain
// ones finds that. The store, which holds the world, is written to and then set right again.
func Planted(t *testing.T, w *World, questions []Question, s index.Store, names []string, plain ...Answerer) {
	for _, p := range []struct {
		name string
		make func(*testing.T) Answerer
	}{
		{harmless, func(t *testing.T) Answerer { return w.reanalysed(t, s, 4, norm.NFD.String) }},
		{"apostrophes cut words", func(t *testing.T) Answerer { return w.reanalysed(t, s, 1, cutApostrophes) }},
		{"marks are letters", func(t *testing.T) Answerer { return w.reanalysed(t, s, 4, keepMarks) }},
		{"capitals are letters", func(t *testing.T) Answerer { return w.reanalysed(t, s, 4, keepCapitals) }},
		{"ties in another order", func(*testing.T) Answerer { return Asked{tiesTurned{s}} }},
		{"pages repeat one", func(*testing.T) Answerer { return Asked{pagesRepeat{s}} }},
		{"pages leave one out", func(*testing.T) Answerer { return Asked{pagesLose{s}} }},
		{"only ten groups", func(*testing.T) Answerer { return Asked{tenGroups{s}} }},
		{"prefixes stand for 50 words", func(*testing.T) Answerer { return w.fiftyWords() }},
	} {
		t.Run(p.name, func(t *testing.T) {
			broken, questions := p.make(t), questions
			if p.name == harmless { // the others end early
				questions = questions[:min(150, len(questions))]
			}
			for i, other := range plain {
				c, found, err := Compare(t.Context(), questions, 3, []string{names[i], p.name}, other, broken)
				if err != nil {
					t.Fatal(err)
				}
				if (len(found) > 0) == (p.name == harmless) {
					t.Errorf("%d of %d questions told %s from a store where %s: %v", len(found), c.Questions, names[i], p.name, found)
					continue
				}
				t.Logf("%s: %d of the first %d questions tell", names[i], len(found), c.Questions)
			}
		})
	}
}

// harmless is the plant that nobody may find: other bytes, the same words. It shows that what tells the other
// plants from a plain store is not the planting.
const harmless = "text is decomposed"

// reanalysed is the store with what it finds one in so many segments by made from altered words, and what it shows
// as it was. To alter all takes long, and a few are enough to be found.
func (w *World) reanalysed(t *testing.T, s index.Store, oneIn int, alter func(string) string) Answerer {
	t.Helper()
	var altered, plain []any
	original := map[string]counterpoint.SegmentView{}
	for i, v := range w.Segments {
		if text := alter(v.Text); i%oneIn == 0 && text != v.Text {
			original[v.ID] = v
			plain = append(plain, v)
			v.Text = text
			altered = append(altered, v)
		}
	}
	if len(altered) == 0 {
		t.Fatal("the plant alters nothing")
	}
	putAll(t.Context(), t, s, altered)
	t.Cleanup(func() { putAll(context.WithoutCancel(t.Context()), t, s, plain) })
	return restored{Asked{s}, w, original}
}

// restored shows documents as they were before their words were altered.
type restored struct {
	Asked
	world    *World
	original map[string]counterpoint.SegmentView
}

func (r restored) Answer(ctx context.Context, q Question) (Answer, error) {
	a, err := r.Asked.Answer(ctx, q)
	if err != nil {
		return a, err
	}
	words, _ := index.ParseWords(q.Query.Text)
	for i, f := range a.Found {
		switch v, ok := r.original[f.ID]; {
		case q.Kind == counterpoint.KindItem:
			a.Found[i].Doc = r.world.docs[f.ID]
		case ok && q.Search:
			a.Found[i] = Found{f.ID, encoded(v), words.Highlights(v.Text)}
		case ok:
			a.Found[i].Doc = encoded(v)
		}
	}
	return a, nil
}

func cutApostrophes(s string) string {
	return strings.NewReplacer("'", " ", "’", " ", "ʼ", " ", "`", " ").Replace(s)
}

// keepMarks makes a letter of each mark that people leave out, so that words with and without are two.
func keepMarks(s string) string {
	left, _ := optionalIn(s)
	d := norm.NFD.String(s)
	if !strings.ContainsFunc(d, left) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if left(r) {
			return 'x'
		}
		return r
	}, d)
}

// keepCapitals makes other words of those that begin with a capital.
func keepCapitals(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
		if unicode.IsUpper(r) {
			b.WriteByte('q')
		}
	}
	return b.String()
}

// tiesTurned lists documents of one time in the opposite order of their ids, within a page.
type tiesTurned struct{ counterpoint.Views }

func (s tiesTurned) List(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, each func([]byte) error) (string, error) {
	var docs [][]byte
	next, err := s.Views.List(ctx, kind, q, func(doc []byte) error {
		docs = append(docs, slices.Clone(doc))
		return nil
	})
	if err != nil {
		return "", err
	}
	for i := 1; i < len(docs); i++ {
		if placeOf(docs[i-1]) == placeOf(docs[i]) {
			docs[i-1], docs[i] = docs[i], docs[i-1]
			i++
		}
	}
	for _, doc := range docs {
		if err := each(doc); err != nil {
			return "", err
		}
	}
	return next, nil
}

// placeOf is what comes before the id in the order of a list.
func placeOf(doc []byte) string {
	var v struct {
		Priority                         float64
		Heard, Recorded, Published, Seen string
	}
	if err := json.Unmarshal(doc, &v); err != nil {
		panic("indextest: a document does not decode: " + err.Error())
	}
	return fmt.Sprint(v)
}

// pagesRepeat gives one document twice in place of the last.
type pagesRepeat struct{ counterpoint.Views }

func (s pagesRepeat) Search(ctx context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	p, err := s.Views.Search(ctx, q)
	if q.Cursor != "" && err == nil && len(p.Data) > 1 {
		p.Data = append(p.Data[:1], p.Data[:len(p.Data)-1]...)
	}
	return p, err
}

// pagesLose loses a document where one page ends.
type pagesLose struct{ counterpoint.Views }

func (s pagesLose) Search(ctx context.Context, q counterpoint.Query) (counterpoint.Page[counterpoint.Hit], error) {
	p, err := s.Views.Search(ctx, q)
	if q.Cursor != "" && err == nil && p.Next == "" && len(p.Data) > 0 {
		p.Data = p.Data[1:]
	}
	return p, err
}

// tenGroups counts the ten largest groups, as a terms aggregation does unless told otherwise.
type tenGroups struct{ counterpoint.Views }

func (s tenGroups) Count(ctx context.Context, kind counterpoint.Kind, q counterpoint.Query, by counterpoint.GroupBy) ([]counterpoint.Group, error) {
	list, err := s.Views.Count(ctx, kind, q, by)
	if len(list) <= 10 {
		return list, err
	}
	sizes := slices.Clone(list)
	slices.SortFunc(sizes, func(a, b counterpoint.Group) int { return b.Count - a.Count })
	return slices.DeleteFunc(list, func(g counterpoint.Group) bool { return !slices.Contains(sizes[:10], g) }), err
}

// fiftyWords is the oracle with prefixes that stand for the first fifty words only, as a phrase prefix does in
// Elasticsearch unless told otherwise.
func (w *World) fiftyWords() *Oracle {
	known := map[string]bool{}
	for _, rows := range w.rows {
		for _, r := range rows {
			for _, t := range r.terms {
				known[t.Text] = true
			}
		}
	}
	words := make([]string, 0, len(known))
	for t := range known {
		words = append(words, t)
	}
	slices.Sort(words)
	o := w.Oracle()
	o.begin = func(prefix, term string) bool {
		from, _ := slices.BinarySearch(words, prefix)
		at, _ := slices.BinarySearch(words, term)
		return at < from+50
	}
	return o
}
